// Part of forecastd. SPDX-License-Identifier: Apache-2.0
//
// The readout's tick for AVX2.
#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define WIDTH 4
#define STEP readout_step_avx2
#include "readout.h"
#pragma clang attribute pop
#endif
