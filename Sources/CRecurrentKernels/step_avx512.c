// Part of forecastd. SPDX-License-Identifier: Apache-2.0
//
// The step for AVX-512. Of 32 registers a tile of 4 vectors by 6 streams takes 24.
#if defined(__x86_64__)
#include <assert.h>
#include <immintrin.h>
#include <string.h>

#include "CRecurrentKernels.h"

#pragma clang attribute push(__attribute__((target("avx512f,avx512dq,avx512vl,avx2,fma,evex512"))), apply_to = function)
#define STEP recurrent_step_avx512
#define WIDTH 16
#define TILE 6
#define FUSED 1
// Rounding and scaling by a power of two are one instruction each here.
#define EXP2_FRACTION(x) ((vector)_mm512_reduce_ps((__m512)(x), 0))
#define EXP2_SCALE(p, n) ((vector)_mm512_scalef_ps((__m512)(p), (__m512)(n)))
#include "step.h"
#pragma clang attribute pop
#endif
