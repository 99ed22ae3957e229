// Part of forecastd. SPDX-License-Identifier: Apache-2.0

// The three loops whose rates bound a step, written for one instruction set. A file that includes this defines
//   INSTRUCTIONS  the attribute that allows the instructions
//   LANES         floats per vector
//   CHAINS        independent sums: enough to hide the latency, few enough to stay in registers
//   LOOPS         the name of the table of the three

#include "ceilings.h"

typedef float vector __attribute__((vector_size(4 * LANES)));
typedef int integers __attribute__((vector_size(4 * LANES)));

INSTRUCTIONS static inline __attribute__((always_inline)) vector splat(float value) { return value - (vector){}; }

INSTRUCTIONS static float sum_of(const vector sums[CHAINS]) {
    vector total = sums[0];
    for (int chain = 1; chain < CHAINS; chain++) total += sums[chain];
    float sum = 0;
    for (int lane = 0; lane < LANES; lane++) sum += total[lane];
    return sum;
}

/// Multiplies and adds in registers only.
INSTRUCTIONS static float multiply_add(long rounds, float factor, float term) {
    vector sums[CHAINS], factors = splat(factor), terms = splat(term);
    for (int chain = 0; chain < CHAINS; chain++) sums[chain] = splat((float)chain);
    for (long round = 0; round < rounds; round++)
#pragma unroll
        for (int chain = 0; chain < CHAINS; chain++) sums[chain] = sums[chain] * factors + terms;
    return sum_of(sums);
}

/// Reads `count` floats once, as the operands of multiply-adds: what a step of one stream does with weights.
INSTRUCTIONS static float read(const float *values, size_t count, float factor) {
    const vector *source = (const vector *)values, *end = source + count / LANES;
    vector sums[CHAINS] = {}, factors = splat(factor);
    for (; source + CHAINS <= end; source += CHAINS)
#pragma unroll
        for (int chain = 0; chain < CHAINS; chain++) sums[chain] = source[chain] * factors + sums[chain];
    return sum_of(sums);
}

/// 2^x for |x| < 126, relative error below 2e-7: the whole part goes into the exponent, the rest through a
/// polynomial (the Taylor terms of 2^x; |rest| <= 0.5).
INSTRUCTIONS static inline __attribute__((always_inline)) vector power_of_two(vector x) {
    vector to_whole = splat(12582912.0f); // 1.5 * 2^23: adding it rounds to whole numbers
    vector shifted = x + to_whole;
    vector rest = x - (shifted - to_whole);
    vector p = splat(1.5403530e-4f);
    p = p * rest + 1.3333558e-3f;
    p = p * rest + 9.6181291e-3f;
    p = p * rest + 5.5504109e-2f;
    p = p * rest + 2.4022651e-1f;
    p = p * rest + 6.9314718e-1f;
    p = p * rest + 1.0f;
    return (vector)((integers)p + ((integers)shifted << 23));
}

/// Finishes the cells of `units` units from gates that are already scaled for powers of two (-log2 e for the
/// sigmoids, -2 log2 e for tanh): five powers and three divisions per unit. gates[4][units] in order i, f, g, o.
INSTRUCTIONS static void cell(const float *gates, float *cells, float *hidden, size_t units) {
    for (size_t unit = 0; unit < units; unit += LANES) {
        vector i = power_of_two(*(const vector *)(gates + unit));
        vector f = power_of_two(*(const vector *)(gates + units + unit));
        vector g = power_of_two(*(const vector *)(gates + 2 * units + unit));
        vector o = power_of_two(*(const vector *)(gates + 3 * units + unit));
        vector state = *(vector *)(cells + unit) / (f + 1.0f) + (1.0f - g) / ((i + 1.0f) * (g + 1.0f));
        vector t = power_of_two(state * -2.885390f);
        *(vector *)(cells + unit) = state;
        *(vector *)(hidden + unit) = (1.0f - t) / ((o + 1.0f) * (t + 1.0f));
    }
}

const struct vector_loops LOOPS = {
    .operations_per_round = 2.0 * CHAINS * LANES,
    .multiply_add = multiply_add,
    .read = read,
    .cell = cell,
};
