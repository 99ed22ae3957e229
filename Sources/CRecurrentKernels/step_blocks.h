// Part of forecastd. SPDX-License-Identifier: Apache-2.0
//
// Sums of rows, and the panels of a layer, for tiles of up to TILE streams. Included by step.h.
#include "cell.h"
#ifdef BF16
#include "lanes_bf16.h"
#else
#include "lanes_float32.h"
#endif

// One layer's part of a step, or the readout's: where the weights and the batch's rows lie.
struct pass {
    const float *weights, *bias;
    int hidden_size;
    // Full panels, units in the tail, half vectors that the tail's rows fill.
    int panels, tail, tail_halves;
    float *state;
    const uint32_t *rows;
    // Floats from one row to the next, and from a row's start to the layer's h.
    int stride, offset;
    // [count][input_stride], of which `length` lanes count: the layer's input, then the old h. They stand apart
    // from the state, so that the new h can take the old one's place at once.
    float *inputs;
    int input_stride, length;
    // [count][output_size] for the readout, whose rows are outputs; NULL for a layer.
    float *outputs;
    int output_size;
};

INLINE float *hidden(const struct pass *pass, int stream) {
    return pass->state + (size_t)pass->rows[stream] * pass->stride + pass->offset;
}

INLINE float *cells(const struct pass *pass, int stream) { return hidden(pass, stream) + pass->hidden_size; }

INLINE float *inputs_of(const struct pass *pass, int stream) {
    return pass->inputs + (size_t)stream * pass->input_stride;
}

INLINE const float *block_weights(const struct pass *pass, int block) {
    return pass->weights + (size_t)block * 4 * WIDTH * pass->length;
}

INLINE const float *block_bias(const struct pass *pass, int block) { return pass->bias + block * 4 * WIDTH; }

// What a block's rows stand for: the readout multiplies h itself, in float32; the gates what was gathered.
enum rows { GATES, OUTPUTS };

// A vector of a block's rows; rows that end in half a vector stand at multiples of half a vector.
INLINE vector load_rows(const int half, const float *p) { return half ? load_unaligned(p) : load(p); }

// The sums of a block's first `vectors` row vectors, and of half a vector more if `half` is 1, for the streams
// stream…stream + n - 1: the bias, then the products in the order of k.
INLINE void sum_rows(
    const enum rows rows, const int vectors, const int half, const int n, const struct pass *pass, int block,
    int stream, vector sum[][TILE], half_vector last[TILE]) {
    const float *weights = block_weights(pass, block), *bias = block_bias(pass, block), *source[TILE];
    UNROLL for (int s = 0; s < n; s++) {
        source[s] = rows == OUTPUTS ? hidden(pass, stream + s) : inputs_of(pass, stream + s);
    }
    UNROLL for (int j = 0; j < vectors; j++) {
        UNROLL for (int s = 0; s < n; s++) sum[j][s] = load(bias + j * WIDTH);
    }
    UNROLL for (int s = 0; half && s < n; s++) last[s] = load_half(bias + vectors * WIDTH);
    for (int k = 0; k < pass->length; k++, weights += vectors * WIDTH + half * WIDTH / 2) {
        vector x[TILE];
        UNROLL for (int s = 0; s < n; s++) x[s] = broadcast(source[s][k]);
        UNROLL for (int j = 0; j < vectors; j++) {
            const vector w = load_rows(half, weights + j * WIDTH);
            UNROLL for (int s = 0; s < n; s++) {
                sum[j][s] = rows == OUTPUTS ? multiply_add(w, x[s], sum[j][s]) : add_products(w, x[s], sum[j][s]);
            }
        }
        if (half) {
            const half_vector w = load_half(weights + vectors * WIDTH);
            UNROLL for (int s = 0; s < n; s++) last[s] = add_half(w, x[s].lo, last[s]);
        }
    }
}

// Finishes a panel's units of one stream from their gates.
INLINE void panel_cells(const struct pass *pass, int panel, int stream, vector i, vector f, vector g, vector o) {
    float *c = cells(pass, stream) + panel * WIDTH;
    vector cs = load_unaligned(c);
    store_unaligned(hidden(pass, stream) + panel * WIDTH, cell(i, f, g, o, &cs));
    store_unaligned(c, cs);
}

// One panel for n streams.
INLINE void panel(const int n, const struct pass *pass, int panel, int stream) {
    vector sum[4][TILE];
    sum_rows(GATES, 4, 0, n, pass, panel, stream, sum, NULL);
    UNROLL for (int s = 0; s < n; s++) {
        panel_cells(pass, panel, stream + s, sum[0][s], sum[1][s], sum[2][s], sum[3][s]);
    }
}
