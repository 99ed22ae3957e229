// Part of forecastd. SPDX-License-Identifier: Apache-2.0
//
// The gradient for AVX2 with FMA. Of 16 registers a tile takes 14.
#if defined(__x86_64__)
#include <immintrin.h>
#include <string.h>

#include "CRecurrentKernels.h"

#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define GRADIENT recurrent_gradient_avx2
#define TILE 12
#define FUSED 1
#include "gradient.h"
#pragma clang attribute pop
#endif
