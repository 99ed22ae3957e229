// Part of forecastd. SPDX-License-Identifier: Apache-2.0
//
// The step for AVX2 with FMA. Of 16 registers a tile of 4 vectors by 3 streams takes 12.
#if defined(__x86_64__)
#include <assert.h>
#include <immintrin.h>
#include <string.h>

#include "CRecurrentKernels.h"

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define STEP recurrent_step_avx2
#define WIDTH 8
#define TILE 3
#define FUSED 1
#include "step.h"
#pragma clang attribute pop
#endif
