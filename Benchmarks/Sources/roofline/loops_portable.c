// Part of forecastd. SPDX-License-Identifier: Apache-2.0

#define INSTRUCTIONS
#define LANES 4
#if defined(__x86_64__)
#define CHAINS 12 // of 16 registers
#else
#define CHAINS 24 // of 32 registers
#endif
#define LOOPS portable_loops
#include "vector_loops.h"
