// Part of forecastd. SPDX-License-Identifier: Apache-2.0

#if defined(__x86_64__)
#define INSTRUCTIONS __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,fma")))
#define LANES 16
#define CHAINS 16 // of 32 registers
#define LOOPS avx512_loops
#include "vector_loops.h"
#endif
