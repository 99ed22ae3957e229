// Part of forecastd. SPDX-License-Identifier: Apache-2.0
//
// The step for a batch of one. It waits for weights from beyond the first-level cache, not for the additions, so that a
// panel by itself is enough; but the tail, whose few sums would wait for each other, runs beside the last panel.
// Included by step.h.

// The panel `index`, if `panels` is 1, and the tail's `halves` half vectors of rows, if any.
INLINE void blocks(const int panels, const int halves, const struct pass *pass, int index) {
    const int vectors = halves / 2, half = halves % 2;
    const float *source = inputs_of(pass, 0), *weights = block_weights(pass, index);
    const float *bias = block_bias(pass, index), *rest_bias = block_bias(pass, pass->panels);
    const float *rest_weights = block_weights(pass, pass->panels);
    vector sum[4], rest[4];
    half_vector last;
    UNROLL for (int j = 0; j < 4 * panels; j++) sum[j] = load(bias + j * WIDTH);
    UNROLL for (int j = 0; j < vectors; j++) rest[j] = load(rest_bias + j * WIDTH);
    if (half) last = load_half(rest_bias + vectors * WIDTH);
    for (int k = 0; k < pass->length; k++) {
        const vector x = broadcast(source[k]);
        UNROLL for (int j = 0; j < 4 * panels; j++) sum[j] = add_products(load(weights + j * WIDTH), x, sum[j]);
        UNROLL for (int j = 0; j < vectors; j++) {
            rest[j] = add_products(load_rows(half, rest_weights + j * WIDTH), x, rest[j]);
        }
        if (half) last = add_half(load_half(rest_weights + vectors * WIDTH), x.lo, last);
        weights += 4 * WIDTH;
        rest_weights += vectors * WIDTH + half * WIDTH / 2;
    }
    if (panels > 0) panel_cells(pass, index, 0, sum[0], sum[1], sum[2], sum[3]);
    if (half) rest[vectors] = extended(last);
    if (halves > 0) tail_cells_of_one(vectors + half, pass, rest);
}

INLINE void panels_and_tail(const int panels, const struct pass *pass, int index) {
    switch (pass->tail_halves) {
    case 0: blocks(panels, 0, pass, index); break;
    case 1: blocks(panels, 1, pass, index); break;
    case 2: blocks(panels, 2, pass, index); break;
    case 3: blocks(panels, 3, pass, index); break;
    case 4: blocks(panels, 4, pass, index); break;
    case 5: blocks(panels, 5, pass, index); break;
    case 6: blocks(panels, 6, pass, index); break;
    case 7: blocks(panels, 7, pass, index); break;
    default: blocks(panels, 8, pass, index); break;
    }
}

static void single(const struct pass *pass) {
    const int last = pass->panels - 1;
    for (int index = 0; index < last; index++) blocks(1, 0, pass, index);
    if (last >= 0) panels_and_tail(1, pass, last);
    else panels_and_tail(0, pass, 0);
}
