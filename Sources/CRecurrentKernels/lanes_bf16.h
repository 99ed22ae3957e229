// Part of forecastd. SPDX-License-Identifier: Apache-2.0
//
// What the gates are summed from, in bf16: a lane holds a pair of values, the first in its lower half; an odd
// count ends with a zero. Included by step_blocks.h.

// How many lanes hold `count` values.
INLINE int lanes_for(int count) { return (count + 1) / 2; }

// Puts `count` values into lanes, rounded to nearest even; writes whole groups of 8 lanes, the rest zero.
INLINE void gather(float *to, const float *from, int count) {
    for (; count > 0; count -= 16, from += 16, to += 8) {
        const __mmask16 mask = count < 16 ? (1u << count) - 1 : 0xFFFF;
        _mm256_storeu_ps(to, (__m256)_mm512_cvtneps_pbh(_mm512_maskz_loadu_ps(mask, from)));
    }
}

// sum + weights * values, for both of a lane's pair; products and sums are float32.
INLINE vector add_products(vector weights, vector values, vector sum) {
    return (vector)_mm512_dpbf16_ps((__m512)sum, (__m512bh)weights, (__m512bh)values);
}

// The same for half a vector.
INLINE half_vector add_half(half_vector weights, half_vector values, half_vector sum) {
    return (half_vector)_mm256_dpbf16_ps((__m256)sum, (__m256bh)weights, (__m256bh)values);
}
