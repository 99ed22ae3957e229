// Part of forecastd. SPDX-License-Identifier: Apache-2.0
//
// The step in bf16 for AVX-512 with BF16, whose dot product of pairs does the work of two multiply-adds.
#if defined(__x86_64__)
#include <assert.h>
#include <immintrin.h>
#include <string.h>

#include "CRecurrentKernels.h"
#include "avx512.h"

#pragma clang attribute push( \
    __attribute__((target("avx512f,avx512dq,avx512vl,avx512bf16,avx2,fma,evex512"))), apply_to = function)
#define STEP recurrent_step_bf16
#define BF16 1
#include "step.h"
#pragma clang attribute pop
#endif
