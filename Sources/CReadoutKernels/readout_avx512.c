// Part of forecastd. SPDX-License-Identifier: Apache-2.0
//
// The readout's tick for AVX-512.
#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("avx512f,avx2,fma,evex512"))), apply_to = function)
#define WIDTH 8
#define STEP readout_step_avx512
#include "readout.h"
#pragma clang attribute pop
#endif
