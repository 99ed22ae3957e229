// Part of forecastd. SPDX-License-Identifier: Apache-2.0
//
// Lanes of a tail, moved between registers: a tail of one stream that went through memory would wait there for all
// that was stored before it. Included by step_tail.h where the instruction set can.
#if WIDTH == 16
// The lanes from `begin` on of up to 4 vectors in a row.
INLINE vector lanes_from(const int vectors, const vector rows[4], int begin) {
    const __m512i index = _mm512_add_epi32(
        _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0), _mm512_set1_epi32(begin));
    const int second = vectors > 1 ? 1 : 0, third = vectors > 2 ? 2 : 0, fourth = vectors > 3 ? 3 : third;
    const __m512 low = _mm512_permutex2var_ps((__m512)rows[0], index, (__m512)rows[second]);
    if (vectors <= 2) return (vector)low;
    const __m512 high = _mm512_permutex2var_ps((__m512)rows[third], index, (__m512)rows[fourth]);
    return (vector)_mm512_mask_blend_ps(_mm512_test_epi32_mask(index, _mm512_set1_epi32(2 * WIDTH)), low, high);
}

// The first `count` floats at p; zeros beyond, where nothing is read.
INLINE vector load_first(int count, const float *p) {
    return (vector)_mm512_maskz_loadu_ps((__mmask16)((1u << count) - 1), p);
}

INLINE void store_first(int count, float *p, vector x) {
    _mm512_mask_storeu_ps(p, (__mmask16)((1u << count) - 1), (__m512)x);
}
#else
INLINE __m256i lane_numbers(void) { return _mm256_set_epi32(7, 6, 5, 4, 3, 2, 1, 0); }

// The lanes from `begin` on of up to 4 vectors in a row.
INLINE vector lanes_from(const int vectors, const vector rows[4], int begin) {
    const __m256i index = _mm256_add_epi32(lane_numbers(), _mm256_set1_epi32(begin));
    __m256 lanes = _mm256_permutevar8x32_ps((__m256)rows[0], index);
    UNROLL for (int j = 1; j < vectors; j++) {
        const __m256i is_here = _mm256_cmpeq_epi32(_mm256_srli_epi32(index, 3), _mm256_set1_epi32(j));
        const __m256 found = _mm256_permutevar8x32_ps((__m256)rows[j], index);
        lanes = _mm256_blendv_ps(lanes, found, _mm256_castsi256_ps(is_here));
    }
    return (vector)lanes;
}

INLINE __m256i first_lanes(int count) { return _mm256_cmpgt_epi32(_mm256_set1_epi32(count), lane_numbers()); }

// The first `count` floats at p; zeros beyond, where nothing is read.
INLINE vector load_first(int count, const float *p) { return (vector)_mm256_maskload_ps(p, first_lanes(count)); }

INLINE void store_first(int count, float *p, vector x) { _mm256_maskstore_ps(p, first_lanes(count), (__m256)x); }
#endif
