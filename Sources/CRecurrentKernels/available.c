// Part of forecastd. SPDX-License-Identifier: Apache-2.0
#include "CRecurrentKernels.h"

bool recurrent_width_is_available(int32_t width) {
    switch (width) {
    case 4: return true;
#if defined(__x86_64__)
    case 8: return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    case 16:
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
               __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("fma");
#endif
    default: return false;
    }
}

bool recurrent_bf16_is_available(void) {
#if defined(__x86_64__)
    return recurrent_width_is_available(16) && __builtin_cpu_supports("avx512bf16");
#else
    return false;
#endif
}
