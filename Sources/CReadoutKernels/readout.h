// Part of forecastd. SPDX-License-Identifier: Apache-2.0
//
// The readout's tick, written once for vectors of WIDTH doubles, a divisor of 8. Included by one file per instruction
// set, which defines WIDTH, and STEP, the function's name.
#include <assert.h>
#include <math.h>
#include <string.h>

#include "CReadoutKernels.h"

#define INLINE static inline __attribute__((always_inline))
#define BLOCK 8

typedef double vector __attribute__((ext_vector_type(WIDTH)));

INLINE vector load(const double *p) { return *(const vector *)p; }
INLINE void store(double *p, vector x) { *(vector *)p = x; }
INLINE vector broadcast(double x) { return (vector)x; }

INLINE double sum_of_lanes(vector x) {
    _Pragma("clang loop unroll(full)") for (int half = WIDTH / 2; half > 0; half /= 2) {
        _Pragma("clang loop unroll(full)") for (int lane = 0; lane < half; lane++) x[lane] += x[lane + half];
    }
    return x[0];
}

INLINE double dot(const double *a, const double *b, int count) {
    vector sum = 0;
    for (int i = 0; i < count; i += WIDTH) sum += load(a + i) * load(b + i);
    return sum_of_lanes(sum);
}

// Row number `row` of the inverse, and how many doubles it has.
INLINE int row_length(int row) { return (row / BLOCK + 1) * BLOCK; }
INLINE double *row_of(double *inverse, int row) { return inverse + readout_inverse_row(row); }

// to = P x. A row gives its own entry and, left of its diagonal block, one addend to each entry before.
INLINE void multiply(struct readout_shape shape, double *inverse, const double *x, double *to) {
    memset(to, 0, readout_stride(shape) * sizeof *to);
    for (int r = 0; r < shape.features; r++) {
        const double *row = row_of(inverse, r);
        const int begin = r / BLOCK * BLOCK;
        const vector factor = broadcast(x[r]);
        vector sum = 0;
        for (int i = 0; i < begin; i += WIDTH) {
            const vector entries = load(row + i);
            sum += entries * load(x + i);
            store(to + i, load(to + i) + entries * factor);
        }
        for (int i = begin; i < begin + BLOCK; i += WIDTH) sum += load(row + i) * load(x + i);
        to[r] += sum_of_lanes(sum);
    }
}

// P = (P - u uᵀ) factor - w wᵀ. Symmetric to the bit, because products do not heed the order of their factors.
INLINE void downdate(
    struct readout_shape shape, double *inverse, const double *u, double factor, const double *w) {
    const vector factors = broadcast(factor);
    for (int r = 0; r < shape.features; r++) {
        double *row = row_of(inverse, r);
        const vector ur = broadcast(-u[r]), wr = broadcast(-w[r]);
        for (int i = 0; i < row_length(r); i += WIDTH) {
            store(row + i, (load(row + i) + ur * load(u + i)) * factors + wr * load(w + i));
        }
    }
}

// to = column `column` of P.
INLINE void copy_column(struct readout_shape shape, double *inverse, int column, double *to) {
    const int stride = readout_stride(shape), length = row_length(column);
    memset(to, 0, stride * sizeof *to);
    memcpy(to, row_of(inverse, column), length * sizeof *to);
    for (int r = length; r < shape.features; r++) to[r] = row_of(inverse, r)[column];
}

// What one tick does to the weights of all horizons.
struct update {
    // The feature that the ridge is put back on, its column of the inverse, and how far along it the weights go.
    int ridge_feature;
    const double *ridge_column;
    double ridge_gain;
};

// Takes one horizon's weights further, by the error of an old forecast and by the ridge, and forecasts with them.
INLINE double learn(
    int stride, const struct update *update, double *weights, double target, const double *old_features,
    const double *old_gain, const double *features) {
    double error = target - dot(weights, old_features, stride);
    if (error != error) error = 0;  // the target is not known
    const double ridge_weight = weights[update->ridge_feature] + error * old_gain[update->ridge_feature];
    const vector along_gain = broadcast(error), along_column = broadcast(-update->ridge_gain * ridge_weight);
    vector sum = 0;
    for (int i = 0; i < stride; i += WIDTH) {
        const vector learned = load(weights + i) + along_gain * load(old_gain + i);
        const vector shrunk = learned + along_column * load(update->ridge_column + i);
        store(weights + i, shrunk);
        sum += shrunk * load(features + i);
    }
    return sum_of_lanes(sum);
}

void STEP(
    struct readout_shape shape, struct readout_forgetting forgetting, double *memory, uint64_t tick,
    const double *features, const double *targets, double *scratch, double *forecasts) {
    assert(shape.features >= 1 && shape.horizon >= 1);
    assert(((uintptr_t)memory | (uintptr_t)features | (uintptr_t)scratch) % 64 == 0);
    assert(forgetting.factor > 0 && forgetting.factor <= 1 && forgetting.ridge >= 0);
    const int stride = readout_stride(shape), horizon = shape.horizon;
    const size_t table = (size_t)horizon * stride;
    double *inverse = memory, *weights = memory + readout_inverse_length(shape);
    double *old_features = weights + table, *old_gains = old_features + table;
    double *u = scratch, *column = scratch + stride, *w = scratch + 2 * stride;

    // v = P x stands in u until the gain is known.
    multiply(shape, inverse, features, u);
    const double scale = forgetting.factor + dot(features, u, stride), root = 1 / sqrt(scale);
    const int feature = tick % shape.features;
    copy_column(shape, inverse, feature, column);
    double gain[stride] __attribute__((aligned(64)));
    const double own = u[feature] / scale;
    for (int i = 0; i < stride; i += WIDTH) {
        const vector v = load(u + i);
        store(gain + i, v * broadcast(1 / scale));
        store(column + i, (load(column + i) - v * broadcast(own)) * broadcast(1 / forgetting.factor));
        store(u + i, v * broadcast(root));
    }
    const double ridge_gain = forgetting.ridge / (1 + forgetting.ridge * column[feature]);
    for (int i = 0; i < stride; i += WIDTH) store(w + i, load(column + i) * broadcast(sqrt(ridge_gain)));
    downdate(shape, inverse, u, 1 / forgetting.factor, w);

    const struct update update = {.ridge_feature = feature, .ridge_column = column, .ridge_gain = ridge_gain};
    for (int h = 1; h <= horizon; h++) {
        const size_t old = (tick + horizon - h) % horizon * stride;
        forecasts[h - 1] = learn(
            stride, &update, weights + (size_t)(h - 1) * stride, tick >= (uint64_t)h ? targets[h - 1] : NAN,
            old_features + old, old_gains + old, features);
    }
    const size_t now = tick % horizon * stride;
    memcpy(old_features + now, features, stride * sizeof *features);
    memcpy(old_gains + now, gain, stride * sizeof *gain);
}
