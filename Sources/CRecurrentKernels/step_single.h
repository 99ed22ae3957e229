// Part of forecastd. SPDX-License-Identifier: Apache-2.0
//
// The step for a batch of one. A panel alone has 4 sums, too few to hide the latency of the additions, so two
// panels, or a panel and the tail, run side by side. Included by step.h.

// The blocks from `first` on: `panels` panels, at most 2, then the tail's `vectors` row vectors, if any.
INLINE void blocks(const int panels, const int vectors, const struct pass *pass, int first) {
    const float *weights[2], *source = inputs_of(pass, 0);
    const float *rest_weights = block_weights(pass, first + panels), *rest_bias = block_bias(pass, first + panels);
    vector sum[2][4], rest[4];
    UNROLL for (int p = 0; p < panels; p++) {
        weights[p] = block_weights(pass, first + p);
        UNROLL for (int j = 0; j < 4; j++) sum[p][j] = load(block_bias(pass, first + p) + j * WIDTH);
    }
    UNROLL for (int j = 0; j < vectors; j++) rest[j] = load(rest_bias + j * WIDTH);
    for (int k = 0; k < pass->length; k++) {
        const vector x = broadcast(source[k]);
        UNROLL for (int p = 0; p < panels; p++) {
            UNROLL for (int j = 0; j < 4; j++) sum[p][j] = add_products(load(weights[p] + j * WIDTH), x, sum[p][j]);
            weights[p] += 4 * WIDTH;
        }
        UNROLL for (int j = 0; j < vectors; j++) rest[j] = add_products(load(rest_weights + j * WIDTH), x, rest[j]);
        rest_weights += vectors * WIDTH;
    }
    UNROLL for (int p = 0; p < panels; p++) {
        panel_cells(pass, first + p, 0, sum[p][0], sum[p][1], sum[p][2], sum[p][3]);
    }
    if (vectors > 0) tail_cells_of_one(vectors, pass, rest);
}

INLINE void panels_and_tail(const int panels, const struct pass *pass, int first) {
    switch (pass->tail_vectors) {
    case 0: blocks(panels, 0, pass, first); break;
    case 1: blocks(panels, 1, pass, first); break;
    case 2: blocks(panels, 2, pass, first); break;
    case 3: blocks(panels, 3, pass, first); break;
    default: blocks(panels, 4, pass, first); break;
    }
}

static void single(const struct pass *pass) {
    int index = 0;
    for (; index + 2 < pass->panels; index += 2) blocks(2, 0, pass, index);
    switch (pass->panels - index) {
    case 0: panels_and_tail(0, pass, index); break;
    case 1: panels_and_tail(1, pass, index); break;
    default: panels_and_tail(2, pass, index); break;
    }
}
