// Part of forecastd. SPDX-License-Identifier: Apache-2.0
//
// The step for a batch of one. A panel alone has 4 sums, too few to hide the latency of the additions, so two
// panels, or the last panel and the tail, run side by side. Included by step.h.

// The sums of a panel and of the block after it, which has `vectors` row vectors, side by side.
INLINE void sum_pair(const int vectors, const struct pass *pass, int panel, vector first[4], vector second[4]) {
    const float *w0 = block_weights(pass, panel), *w1 = block_weights(pass, panel + 1), *source = inputs_of(pass, 0);
    UNROLL for (int j = 0; j < 4; j++) first[j] = load(block_bias(pass, panel) + j * WIDTH);
    UNROLL for (int j = 0; j < vectors; j++) second[j] = load(block_bias(pass, panel + 1) + j * WIDTH);
    for (int k = 0; k < pass->length; k++, w0 += 4 * WIDTH, w1 += vectors * WIDTH) {
        const vector x = broadcast(source[k]);
        UNROLL for (int j = 0; j < 4; j++) first[j] = add_products(load(w0 + j * WIDTH), x, first[j]);
        UNROLL for (int j = 0; j < vectors; j++) second[j] = add_products(load(w1 + j * WIDTH), x, second[j]);
    }
}

INLINE void panel_pair(const struct pass *pass, int panel) {
    vector first[4], second[4];
    sum_pair(4, pass, panel, first, second);
    panel_cells(pass, panel, 0, first[0], first[1], first[2], first[3]);
    panel_cells(pass, panel + 1, 0, second[0], second[1], second[2], second[3]);
}

INLINE void panel_and_tail(const int vectors, const struct pass *pass, int panel) {
    vector gate[4], rest[4];
    sum_pair(vectors, pass, panel, gate, rest);
    _Alignas(64) float rows[1][4 * WIDTH];
    UNROLL for (int j = 0; j < vectors; j++) *(vector *)(rows[0] + j * WIDTH) = rest[j];
    panel_cells(pass, panel, 0, gate[0], gate[1], gate[2], gate[3]);
    tail_cells(1, pass, 0, rows);
}

static void single(const struct pass *pass) {
    // The last panel goes with the tail, where there is one.
    const int paired = pass->tail > 0 && pass->panels > 0 ? pass->panels - 1 : pass->panels;
    int index = 0;
    for (; index + 1 < paired; index += 2) panel_pair(pass, index);
    if (index < paired) panel(1, pass, index++, 0);
    if (pass->tail == 0) return;
    if (pass->panels == 0) {
        tail(1, pass, 0);
        return;
    }
    switch (pass->tail_vectors) {
    case 1: panel_and_tail(1, pass, index); break;
    case 2: panel_and_tail(2, pass, index); break;
    case 3: panel_and_tail(3, pass, index); break;
    default: panel_and_tail(4, pass, index); break;
    }
}
