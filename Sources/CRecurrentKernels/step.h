// Part of forecastd. SPDX-License-Identifier: Apache-2.0
//
// The LSTM step, written once for vectors of WIDTH floats. Included by one file per instruction set, which
// defines STEP (the function's name), WIDTH, TILE (streams per register tile), and FUSED where the
// processor has fused multiply-add. Functions with parameters `const int` are always inlined with constants,
// so that their loops unroll and their arrays live in registers.
#include "cell.h"

// One layer's part of a step: where the weights and the batch's rows lie.
struct pass {
    const struct recurrent_layer *layer;
    int hidden_size;
    // Full panels, units in the tail, vectors that the tail's rows fill.
    int panels, tail, tail_vectors;
    float *state;
    const uint32_t *rows;
    // Floats from one row to the next, and from a row's start to the layer's h.
    int stride, offset;
    // The inputs of the batch for the first layer; NULL above it, where the input is the h just below.
    const float *inputs;
    // [count][hidden_size]: h after the step. The old h is needed until the whole layer is done.
    float *new_h;
};

INLINE float *old_h(const struct pass *pass, int stream) {
    return pass->state + (size_t)pass->rows[stream] * pass->stride + pass->offset;
}

INLINE float *cells(const struct pass *pass, int stream) { return old_h(pass, stream) + pass->hidden_size; }

INLINE const float *input_of(const struct pass *pass, int stream) {
    return pass->inputs ? pass->inputs + (size_t)stream * pass->layer->input_size
                        : old_h(pass, stream) - 2 * pass->hidden_size;
}

INLINE const float *panel_weights(const struct pass *pass, int panel) {
    return pass->layer->weights + (size_t)panel * 4 * WIDTH * (pass->layer->input_size + pass->hidden_size);
}

// acc[j][s] += sum over k of weights[k][j] * source[s][k], for `vectors` row vectors and `n` streams.
INLINE const float *accumulate(
    const int vectors, const int n, const float *weights, const float *const source[], int length,
    vector acc[][TILE]) {
    for (int k = 0; k < length; k++, weights += vectors * WIDTH) {
        vector x[TILE];
        UNROLL for (int s = 0; s < n; s++) x[s] = broadcast(source[s][k]);
        UNROLL for (int j = 0; j < vectors; j++) {
            const vector w = load(weights + j * WIDTH);
            UNROLL for (int s = 0; s < n; s++) acc[j][s] = multiply_add(w, x[s], acc[j][s]);
        }
    }
    return weights;
}

// The gate sums of `vectors` row vectors for the streams stream…stream + n - 1: bias, input, then h.
INLINE void gates(
    const int vectors, const int n, const struct pass *pass, const float *weights, const float *bias, int stream,
    vector acc[][TILE]) {
    const float *x[TILE], *h[TILE];
    UNROLL for (int s = 0; s < n; s++) x[s] = input_of(pass, stream + s), h[s] = old_h(pass, stream + s);
    UNROLL for (int j = 0; j < vectors; j++) {
        UNROLL for (int s = 0; s < n; s++) acc[j][s] = load(bias + j * WIDTH);
    }
    weights = accumulate(vectors, n, weights, x, pass->layer->input_size, acc);
    accumulate(vectors, n, weights, h, pass->hidden_size, acc);
}

// One panel for n streams.
INLINE void panel(const int n, const struct pass *pass, int panel, int stream) {
    vector acc[4][TILE];
    gates(4, n, pass, panel_weights(pass, panel), pass->layer->bias + panel * 4 * WIDTH, stream, acc);
    UNROLL for (int s = 0; s < n; s++) {
        float *c = cells(pass, stream + s) + panel * WIDTH;
        vector cs = load_unaligned(c);
        const vector h = cell(acc[0][s], acc[1][s], acc[2][s], acc[3][s], &cs);
        store_unaligned(c, cs);
        store_unaligned(pass->new_h + (size_t)(stream + s) * pass->hidden_size + panel * WIDTH, h);
    }
}

// Finishes the tail's units of n streams from their gate rows, as many streams per vector as fit.
INLINE void tail_cells(const int n, const struct pass *pass, int stream, const float rows[][4 * WIDTH]) {
    const int t = pass->tail, first = pass->panels * WIDTH, per_vector = WIDTH / t;
    for (int begin = 0; begin < n; begin += per_vector) {
        const int end = begin + per_vector < n ? begin + per_vector : n;
        _Alignas(64) float gate[4][WIDTH] = {{0}}, c[WIDTH] = {0}, h[WIDTH];
        for (int s = begin; s < end; s++) {
            const float *old = cells(pass, stream + s) + first;
            for (int u = 0; u < t; u++) {
                const int lane = (s - begin) * t + u;
                for (int j = 0; j < 4; j++) gate[j][lane] = rows[s][j * t + u];
                c[lane] = old[u];
            }
        }
        vector cs = load(c);
        *(vector *)h = cell(load(gate[0]), load(gate[1]), load(gate[2]), load(gate[3]), &cs);
        *(vector *)c = cs;
        for (int s = begin; s < end; s++) {
            float *new_c = cells(pass, stream + s) + first;
            float *new_h = pass->new_h + (size_t)(stream + s) * pass->hidden_size + first;
            for (int u = 0; u < t; u++) {
                new_c[u] = c[(s - begin) * t + u];
                new_h[u] = h[(s - begin) * t + u];
            }
        }
    }
}

INLINE void tail_rows(const int vectors, const int n, const struct pass *pass, int stream, float rows[][4 * WIDTH]) {
    vector acc[4][TILE];
    const float *bias = pass->layer->bias + pass->panels * 4 * WIDTH;
    gates(vectors, n, pass, panel_weights(pass, pass->panels), bias, stream, acc);
    UNROLL for (int s = 0; s < n; s++) {
        UNROLL for (int j = 0; j < vectors; j++) *(vector *)(rows[s] + j * WIDTH) = acc[j][s];
    }
}

// The tail for n streams.
INLINE void tail(const int n, const struct pass *pass, int stream) {
    _Alignas(64) float rows[TILE][4 * WIDTH];
    switch (pass->tail_vectors) {
    case 1: tail_rows(1, n, pass, stream, rows); break;
    case 2: tail_rows(2, n, pass, stream, rows); break;
    case 3: tail_rows(3, n, pass, stream, rows); break;
    default: tail_rows(4, n, pass, stream, rows); break;
    }
    tail_cells(n, pass, stream, rows);
}

// A panel, or after the last one the tail, for n streams.
INLINE void block(const int n, const struct pass *pass, int index, int stream) {
    if (index < pass->panels) panel(n, pass, index, stream);
    else tail(n, pass, stream);
}

// A block for the whole batch, in tiles of at most TILE streams, evenly filled (8 = 4 + 4, not 6 + 2).
static void block_for_all(const struct pass *pass, int index, int count) {
    const int tiles = (count + TILE - 1) / TILE;
    int stream = 0;
    for (int tile = 0; tile < tiles; tile++) {
        const int n = (count - stream) / (tiles - tile);
        switch (n) {
        case 1: block(1, pass, index, stream); break;
        case 2: block(2, pass, index, stream); break;
#if TILE > 3
        case 3: block(3, pass, index, stream); break;
        case 4: block(4, pass, index, stream); break;
        case 5: block(5, pass, index, stream); break;
#endif
        default: block(TILE, pass, index, stream); break;
        }
        stream += n;
    }
}

#include "step_single.h"
#include "step_readout.h"

// Moves the new h of the whole batch into the rows; returns whether all of it is finite.
static bool keep_new_h(const struct pass *pass, int count) {
    float check = 0;
    for (int s = 0; s < count; s++) {
        const float *from = pass->new_h + (size_t)s * pass->hidden_size;
        float *to = old_h(pass, s);
        memcpy(to, from, pass->hidden_size * sizeof(float));
        // 0 * x is 0, or NaN where x is not finite; h is never above 1, so that the sum cannot overflow.
        float sum = 0;
        for (int u = 0; u < pass->hidden_size; u++) sum += 0 * from[u];
        check += sum;
    }
    return check == 0;
}

bool STEP(
    const struct recurrent_model *model, float *state, const uint32_t *rows, int32_t count, const float *inputs,
    float *outputs, float *scratch) {
    const int hidden_size = model->hidden_size;
    assert(count >= 0 && model->layer_count >= 1 && hidden_size >= 1);
    assert(((uintptr_t)state | model->state_stride * sizeof(float)) % 64 == 0);
    bool is_finite = true;
    for (int index = 0; index < model->layer_count; index++) {
        const int tail_units = hidden_size % WIDTH;
        const struct pass pass = {
            .layer = &model->layers[index],
            .hidden_size = hidden_size,
            .panels = hidden_size / WIDTH,
            .tail = tail_units,
            .tail_vectors = (4 * tail_units + WIDTH - 1) / WIDTH,
            .state = state,
            .rows = rows,
            .stride = model->state_stride,
            .offset = 2 * index * hidden_size,
            .inputs = index == 0 ? inputs : NULL,
            .new_h = scratch,
        };
        if (count == 1) {
            single(&pass);
        } else {
            // A block's weights stay in the first-level cache over all streams.
            for (int b = 0; b < pass.panels + (tail_units > 0); b++) block_for_all(&pass, b, count);
        }
        is_finite &= keep_new_h(&pass, count);
    }
    const size_t top = 2 * (size_t)(model->layer_count - 1) * hidden_size;
    for (int s = 0; s < count; s++) {
        const float *h = state + (size_t)rows[s] * model->state_stride + top;
        is_finite &= readout(model, h, outputs + (size_t)s * model->output_size);
    }
    return is_finite;
}
