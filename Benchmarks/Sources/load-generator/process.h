// Part of forecastd. SPDX-License-Identifier: Apache-2.0
#pragma once

/// Seconds of processor time that all threads of process `pid` have used; -1 if there is no such process.
double processor_seconds(int pid);

/// KiB of memory that process `pid` holds (resident set); -1 if there is no such process.
long resident_kibibytes(int pid);
