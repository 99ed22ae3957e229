// Part of forecastd. SPDX-License-Identifier: Apache-2.0
//
// One tick of a linear readout that learns: recursive least squares with delayed targets, one inverse for all
// horizons, and a cyclic ridge. Built for several instruction sets; the caller owns all memory and picks one.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// The sizes of a readout. Rows of features are padded with zeros to a multiple of 8.
struct readout_shape {
    /// Features, at least 1.
    int32_t features;
    /// Ticks ahead that are forecast, at least 1.
    int32_t horizon;
};

/// Doubles from one row of features to the next.
static inline int32_t readout_stride(struct readout_shape shape) { return (shape.features + 7) / 8 * 8; }

/// Where row number `row` of the inverse P begins, in doubles. P is its lower triangle in blocks of 8 rows, each as long as its diagonal block reaches, so that
/// these blocks, which are symmetric, stand whole:
///
///     rows 0…7:   [8]
///     rows 8…15:  [16]
///     ...
static inline size_t readout_inverse_row(int32_t row) {
    const size_t block = row / 8;
    return 32 * block * (block + 1) + row % 8 * (block + 1) * 8;
}

/// Doubles of the inverse.
static inline size_t readout_inverse_length(struct readout_shape shape) {
    return readout_inverse_row(readout_stride(shape));
}

/// Doubles that a readout takes: the inverse, then three tables of [horizon][stride]: the weights W, and for the last
/// `horizon` ticks the features and the gains.
static inline size_t readout_length(struct readout_shape shape) {
    return readout_inverse_length(shape) + 3 * (size_t)shape.horizon * readout_stride(shape);
}

/// How a readout learns.
struct readout_forgetting {
    /// What a tick's weight is multiplied by with each tick after it, above 0, at most 1.
    double factor;
    /// The weight of the ridge that is put back with each tick, on one feature after the other.
    double ridge;
};

/// Learns from the targets that tick number `tick` (from 0) shows, takes in its features, and forecasts.
///
/// memory: `readout_length` doubles, 64-byte aligned, by `readout_reset` at first. features: [stride], 64-byte aligned, 0
/// beyond the last. targets: [horizon]; number h - 1 is what the forecast h ahead made at tick `tick` - h should have
/// been, NaN where it is not known. scratch: 3 strides, 64-byte aligned. forecasts: receives [horizon].
typedef void readout_step(
    struct readout_shape shape, struct readout_forgetting forgetting, double *memory, uint64_t tick,
    const double *features, const double *targets, double *scratch, double *forecasts);

typedef readout_step *readout_step_function;

/// Makes the memory that of a readout that has learned nothing: P = I, W = 0.
void readout_reset(struct readout_shape shape, double *memory);

/// For any processor.
readout_step readout_step_portable;
#if defined(__x86_64__)
/// Needs AVX2 and FMA.
readout_step readout_step_avx2;
/// Needs AVX-512 F.
readout_step readout_step_avx512;
#endif
