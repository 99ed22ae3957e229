// Part of forecastd. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stddef.h>

/// The loops of vector_loops.h for one instruction set.
struct vector_loops {
    double operations_per_round; ///< floating point operations of one round of multiply_add
    float (*multiply_add)(long rounds, float factor, float term);
    float (*read)(const float *values, size_t count, float factor);
    void (*cell)(const float *gates, float *cells, float *hidden, size_t units);
};

extern const struct vector_loops portable_loops;
#if defined(__x86_64__)
extern const struct vector_loops avx2_loops, avx512_loops;
#endif
