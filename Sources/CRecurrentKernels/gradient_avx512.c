// Part of forecastd. SPDX-License-Identifier: Apache-2.0
//
// The gradient for AVX-512. Of 32 registers a tile takes 25.
#if defined(__x86_64__)
#include <immintrin.h>
#include <string.h>

#include "CRecurrentKernels.h"

#pragma clang attribute push(__attribute__((target("avx512f,avx512dq,avx512vl,avx2,fma"))), apply_to = function)
#define GRADIENT recurrent_gradient_avx512
#define TILE 24
#define FUSED 1
#include "gradient.h"
#pragma clang attribute pop
#endif
