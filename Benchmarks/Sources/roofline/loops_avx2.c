// Part of forecastd. SPDX-License-Identifier: Apache-2.0

#if defined(__x86_64__)
#define INSTRUCTIONS __attribute__((target("avx2,fma")))
#define LANES 8
#define CHAINS 12 // of 16 registers
#define LOOPS avx2_loops
#include "vector_loops.h"
#endif
