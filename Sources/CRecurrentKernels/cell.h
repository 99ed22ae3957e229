// Part of forecastd. SPDX-License-Identifier: Apache-2.0
//
// Vectors of WIDTH floats, and the LSTM cell on them.
#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("clang loop unroll(full)")

typedef float vector __attribute__((ext_vector_type(WIDTH)));
typedef float half_vector __attribute__((ext_vector_type(WIDTH / 2)));
typedef float unaligned_vector __attribute__((ext_vector_type(WIDTH), aligned(4)));
typedef int int_vector __attribute__((ext_vector_type(WIDTH)));

INLINE vector broadcast(float x) { return (vector)x; }
INLINE vector load(const float *p) { return *(const vector *)p; }
INLINE vector load_unaligned(const float *p) { return *(const unaligned_vector *)p; }
INLINE void store_unaligned(float *p, vector x) { *(unaligned_vector *)p = x; }

INLINE half_vector load_half(const float *p) { return *(const half_vector *)p; }

// The vector that begins with x; zeros beyond.
INLINE vector extended(half_vector x) {
    union {
        half_vector half[2];
        vector whole;
    } both = {{x, (half_vector)0.0f}};
    return both.whole;
}

// a * b + c, of whole or of half vectors.
#ifdef FUSED
#define multiply_add(a, b, c) __builtin_elementwise_fma(a, b, c)
#else
#define multiply_add(a, b, c) ((a) * (b) + (c))
#endif

// The smaller of x and top; NaN where x is NaN.
INLINE vector at_most(vector x, float top) { return x > top ? broadcast(top) : x; }

#ifndef EXP2_FRACTION
// Adding 1.5 * 2^23 leaves no room for a fraction: |x| < 2^22 rounds to the nearest integer.
#define EXP2_FRACTION(x) ((x) - (((x) + 12582912.0f) - 12582912.0f))
// p times 2^n by way of p's exponent; p in 0.7…1.42, n in -126…126.
#define EXP2_SCALE(p, n) \
    ((vector)((int_vector)(p) + (__builtin_convertvector((n), int_vector) << 23)))
#endif

// 2^x for x <= 126, relative error below 2e-7; NaN for NaN. A polynomial of degree 6 in the fraction
// (the Taylor series, whose error on ±0.5 is below float32's rounding), scaled by the integer part.
INLINE vector exp2_vector(vector x) {
    x = x < -126.0f ? broadcast(-126.0f) : x;
    const vector r = EXP2_FRACTION(x);
    vector p = broadcast(1.5403530e-4f);
    p = multiply_add(p, r, broadcast(1.3333558e-3f));
    p = multiply_add(p, r, broadcast(9.6181291e-3f));
    p = multiply_add(p, r, broadcast(5.5504109e-2f));
    p = multiply_add(p, r, broadcast(2.4022651e-1f));
    p = multiply_add(p, r, broadcast(6.9314718e-1f));
    p = multiply_add(p, r, broadcast(1.0f));
    return EXP2_SCALE(p, x - r);
}

// One step of the cell. i, f, g, o are the exponents of the gates: log2 of e^-i, e^-f, e^-2g, e^-o. c is
// updated in place, the result is h. With E = 2^exponent:
//     c = c / (1 + Ef) + (1 - Eg) / ((1 + Ei) (1 + Eg))          sigmoid(f) c + sigmoid(i) tanh(g)
//     h = (1 - Ec) / ((1 + Eo) (1 + Ec)), Ec = e^-2c              sigmoid(o) tanh(c)
// Exponents above 60 are cut: there the activation is its limit, and no product overflows.
INLINE vector cell(vector i, vector f, vector g, vector o, vector *c) {
    const float top = 60.0f;
    const vector one = broadcast(1.0f);
    const vector ei = exp2_vector(at_most(i, top)), ef = exp2_vector(at_most(f, top));
    const vector eg = exp2_vector(at_most(g, top)), eo = exp2_vector(at_most(o, top));
    *c = *c / (one + ef) + (one - eg) / ((one + ei) * (one + eg));
    const vector ec = exp2_vector(at_most(*c * -2.8853900817779268f, top));
    return (one - ec) / ((one + eo) * (one + ec));
}
