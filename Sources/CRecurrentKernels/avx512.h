// Part of forecastd. SPDX-License-Identifier: Apache-2.0
//
// What the steps for AVX-512 have in common. Of 32 registers a tile of 4 vectors by 6 streams takes 24.
#define WIDTH 16
#define TILE 6
#define FUSED 1
// Rounding and scaling by a power of two are one instruction each here.
#define EXP2_FRACTION(x) ((vector)_mm512_reduce_ps((__m512)(x), 0))
#define EXP2_SCALE(p, n) ((vector)_mm512_scalef_ps((__m512)(p), (__m512)(n)))
