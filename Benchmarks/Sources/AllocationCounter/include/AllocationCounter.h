// Part of forecastd. SPDX-License-Identifier: Apache-2.0
#pragma once

/// How often this process has asked the C library for memory so far, over all its threads.
///
/// A program that links this target has its malloc, calloc, realloc, aligned_alloc and posix_memalign
/// counted, whoever calls them: Swift's runtime as much as C.
unsigned long allocation_count(void);
