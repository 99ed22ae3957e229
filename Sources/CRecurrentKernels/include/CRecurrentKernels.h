// Part of forecastd. SPDX-License-Identifier: Apache-2.0
//
// One LSTM step (nn.LSTM followed by nn.Linear) for a batch of streams, built for several instruction sets, in
// float32 and in bf16. The caller packs the weights, owns all memory, and picks the step.
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "RecurrentGradient.h"

/// One layer's weights, packed for vectors of `width` floats.
///
/// Units stand in panels of `width`; a panel's weights are k-major, so that the four gates of its units end
/// in four vectors and the cell is finished in registers. k runs over the layer's input, then over h:
///
///     panel p:  k = 0:  i[width] f[width] g[width] o[width]
///               k = 1:  i[width] f[width] g[width] o[width]
///               ...
///
/// The `t = hidden_size % width` units that fill no panel form the tail, whose 4 t gate rows are packed
/// without gaps and padded once to a half vector (50 units of 16 a vector: 200 rows instead of 256):
///
///     tail:     k = 0:  i[t] f[t] g[t] o[t] 0...
///
/// Rows are scaled so that a gate comes out as the exponent its activation needs: i, f, o by -log2(e) for
/// sigmoid(x) = 1 / (1 + 2^(-x log2 e)), g by -2 log2(e) for tanh(x) = 2 sigmoid(2x) - 1.
///
/// For bf16 a lane of the weights holds a pair instead, and k runs in pairs: first over the input, then over h,
/// either padded with a zero where it is odd:
///
///     panel p:  pair 0:  i[width] f[width] g[width] o[width]      bits 0…15: k = 0, bits 16…31: k = 1
///               pair 1:  i[width] f[width] g[width] o[width]      bits 0…15: k = 2, bits 16…31: k = 3
///               ...
struct recurrent_layer {
    /// Values that enter the layer, at least 1.
    int32_t input_size;
    /// [panels][input_size + hidden_size][4][width], then the tail; for bf16 [panels][pairs][4][width], then the
    /// tail. 64-byte aligned.
    const float *weights;
    /// [panels][4][width], then the tail: b_ih + b_hh, scaled likewise; 64-byte aligned.
    const float *bias;
};

/// A model. All sizes are at least 1.
struct recurrent_model {
    int32_t input_size;
    int32_t hidden_size;
    int32_t layer_count;
    int32_t output_size;
    /// Floats from one stream's state to the next, a multiple of 16. A row holds for each layer h
    /// [hidden_size], then c [hidden_size]; what is left is zero, and 16 floats can be read from any h.
    int32_t state_stride;
    const struct recurrent_layer *layers;
    /// The readout, in float32 always. With fewer outputs than `width`: [output_size][hidden_size rounded up to
    /// width], a row per output. Else an output per lane, in blocks of four vectors, the last with what is left:
    /// [blocks][hidden_size][4 or fewer][width]. Padded with zeros, aligned.
    const float *readout;
    /// [output_size rounded up to width]; aligned.
    const float *readout_bias;
};

/// Takes `count` streams one tick further.
///
/// state: the table's first row, 64-byte aligned. rows: row numbers, each at most once. inputs: [count]
/// [input_size]. outputs: [count][output_size]. scratch: count * recurrent_scratch_stride floats, overlaps
/// nothing. Returns whether every new h and every output is finite.
///
/// Every stream's sums run over k in the same order whatever the batch, so that its result does not depend
/// on the batch, to the bit.
typedef bool recurrent_step(
    const struct recurrent_model *model, float *state, const uint32_t *rows, int32_t count,
    const float *inputs, float *outputs, float *scratch);

/// Floats of scratch memory per stream of a batch: the widest layer's input and h, rounded up to 16. (In bf16
/// they take half of it, and the last group of 8 pairs may reach beyond that half by 8.)
static inline int32_t recurrent_scratch_stride(const struct recurrent_model *model) {
    const bool is_stacked = model->layer_count > 1 && model->hidden_size > model->input_size;
    const int32_t widest = (is_stacked ? model->hidden_size : model->input_size) + model->hidden_size;
    return (widest + 15) / 16 * 16;
}

typedef recurrent_step *recurrent_step_function;

/// Vectors of 4 floats, for any processor.
recurrent_step recurrent_step_portable;
#if defined(__x86_64__)
/// Vectors of 8 floats; needs AVX2 and FMA.
recurrent_step recurrent_step_avx2;
/// Vectors of 16 floats; needs AVX-512 F, DQ and VL.
recurrent_step recurrent_step_avx512;
/// The weights of the layers, and x and h where they meet them, rounded to nearest even bf16; sums, cells, state
/// and readout in float32. Vectors of 16 floats; needs AVX-512 F, DQ, VL and BF16.
recurrent_step recurrent_step_bf16;
#endif

/// Asks the processor to fetch `count` floats at `start`, a multiple of 64 bytes, for writing.
static inline void recurrent_prefetch(const float *start, int32_t count) {
    for (int32_t offset = 0; offset < count; offset += 16) __builtin_prefetch(start + offset, 1);
}

/// Whether this machine, processor and system, can run the variant with vectors of `width` floats.
bool recurrent_width_is_available(int32_t width);

/// Whether this machine can run the step in bf16.
bool recurrent_bf16_is_available(void);
