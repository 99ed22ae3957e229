// Part of forecastd. SPDX-License-Identifier: Apache-2.0
#pragma once
#include <stdint.h>

/// Allocations that the calling thread has made so far, by malloc and its kin.
uint64_t allocation_count(void);
