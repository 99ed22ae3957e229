// Part of forecastd. SPDX-License-Identifier: Apache-2.0
//
// Loss and gradient of nn.LSTM followed by nn.Linear over windows of ticks, by back-propagation through time, in
// float32. The caller owns all memory, and picks the variant.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// Windows that are computed side by side, one per lane of a vector.
#define RECURRENT_LANES 8

/// The deepest network.
#define RECURRENT_MAXIMUM_LAYERS 8

/// A network and the windows that it sees. All sizes are at least 1, the layers at most
/// `RECURRENT_MAXIMUM_LAYERS`.
///
/// A bias is the weight of an input that is always 1. So each matrix of the network, a layer's or the readout's, has
/// one row per value that enters it, and a column per sum that leaves it:
///
///     layer:    [entering + hidden_size + 1][4 hidden_size], gates in PyTorch's order i, f, g, o; entering is
///               input_size for the first layer, hidden_size for the others
///     readout:  [hidden_size + 1][output_size]
///
/// Parameters, and their gradient, are the matrices of the layers and the readout's, without gaps.
struct recurrent_training {
    int32_t input_size;
    int32_t hidden_size;
    int32_t layer_count;
    int32_t output_size;
    /// Ticks of a window.
    int32_t ticks;
    /// The first ticks of a window, fewer than `ticks`, whose outputs do not count.
    int32_t burn_in;
    /// What each output counts for in the loss, [output_size].
    const float *output_weights;
    /// The error up to which the loss grows as its square, and beyond which linearly; infinite for squares throughout.
    float huber_delta;
};

/// The loss of up to `RECURRENT_LANES` windows: the sum over windows, ticks and outputs of weight * huber(error), where
/// error = error_scale * (output - target), and huber(e) = e², or 2 delta |e| - delta² where |e| is above delta.
///
/// parameters: the matrices. transposed: the same, each transposed; NULL for the loss alone. inputs:
/// [ticks][input_size][RECURRENT_LANES]. targets: [ticks - burn_in][output_size][RECURRENT_LANES]. lanes: windows; the
/// lanes beyond count for nothing, and hold finite numbers. error_scales: [output_size][RECURRENT_LANES]. state: the
/// layers' h, then c, that the windows begin with; receives those that they end with, through which no gradient goes;
/// [layer_count][2][hidden_size][RECURRENT_LANES]. gradient: receives the loss's gradient; NULL with
/// `transposed`. workspace: recurrent_workspace_count floats. All memory is aligned to 32 bytes, and overlaps nothing.
///
/// A sum's terms are added in the same order always: the same arguments give the same bits, on the same variant.
typedef double recurrent_gradient(
    const struct recurrent_training *training, const float *parameters, const float *transposed, const float *inputs,
    const float *targets, const float *error_scales, int32_t lanes, float *state, float *gradient, float *workspace);

typedef recurrent_gradient *recurrent_gradient_function;

/// For any processor.
recurrent_gradient recurrent_gradient_portable;
#if defined(__x86_64__)
/// Needs AVX2 and FMA.
recurrent_gradient recurrent_gradient_avx2;
/// Needs AVX-512 F, DQ and VL: vectors as short as AVX2's, twice as many of them.
recurrent_gradient recurrent_gradient_avx512;
#endif

/// Values that enter a layer, beside its own h.
static inline int32_t recurrent_entering(const struct recurrent_training *training, int32_t layer) {
    return layer == 0 ? training->input_size : training->hidden_size;
}

/// Rows of a layer's matrix; of the readout's for `layer` = layer_count.
static inline int32_t recurrent_matrix_rows(const struct recurrent_training *training, int32_t layer) {
    return recurrent_entering(training, layer) + (layer < training->layer_count ? training->hidden_size : 0) + 1;
}

/// Columns of a layer's matrix; of the readout's for `layer` = layer_count.
static inline int32_t recurrent_matrix_columns(const struct recurrent_training *training, int32_t layer) {
    return layer < training->layer_count ? 4 * training->hidden_size : training->output_size;
}

/// Floats of workspace.
size_t recurrent_workspace_count(const struct recurrent_training *training);
