// Part of forecastd. SPDX-License-Identifier: Apache-2.0
//
// The step for a batch of one. A panel alone has 4 sums, too few to hide the latency of the additions, so two
// panels, or the last panel and the tail, run side by side. Included by step.h.

// Two row groups of one stream, side by side: the first of 4 vectors, the second of `vectors`.
INLINE void gates_pair(
    const int vectors, const struct pass *pass, const float *w0, const float *w1, const float *b0, const float *b1,
    vector a0[4], vector a1[4]) {
    const float *const source[2] = {input_of(pass, 0), old_h(pass, 0)};
    const int length[2] = {pass->layer->input_size, pass->hidden_size};
    UNROLL for (int j = 0; j < 4; j++) a0[j] = load(b0 + j * WIDTH);
    UNROLL for (int j = 0; j < vectors; j++) a1[j] = load(b1 + j * WIDTH);
    for (int part = 0; part < 2; part++) {
        for (int k = 0; k < length[part]; k++, w0 += 4 * WIDTH, w1 += vectors * WIDTH) {
            const vector x = broadcast(source[part][k]);
            UNROLL for (int j = 0; j < 4; j++) a0[j] = multiply_add(load(w0 + j * WIDTH), x, a0[j]);
            UNROLL for (int j = 0; j < vectors; j++) a1[j] = multiply_add(load(w1 + j * WIDTH), x, a1[j]);
        }
    }
}

INLINE void finish_panel(const struct pass *pass, int panel, const vector gate[4]) {
    float *c = cells(pass, 0) + panel * WIDTH;
    vector cs = load_unaligned(c);
    const vector h = cell(gate[0], gate[1], gate[2], gate[3], &cs);
    store_unaligned(c, cs);
    store_unaligned(pass->new_h + panel * WIDTH, h);
}

INLINE void panel_pair(const struct pass *pass, int panel) {
    vector first[4], second[4];
    const float *bias = pass->layer->bias + panel * 4 * WIDTH;
    gates_pair(
        4, pass, panel_weights(pass, panel), panel_weights(pass, panel + 1), bias, bias + 4 * WIDTH, first, second);
    finish_panel(pass, panel, first);
    finish_panel(pass, panel + 1, second);
}

INLINE void panel_and_tail(const int vectors, const struct pass *pass, int panel) {
    vector gate[4], rest[4];
    const float *bias = pass->layer->bias + panel * 4 * WIDTH;
    gates_pair(
        vectors, pass, panel_weights(pass, panel), panel_weights(pass, panel + 1), bias, bias + 4 * WIDTH, gate,
        rest);
    _Alignas(64) float rows[1][4 * WIDTH];
    UNROLL for (int j = 0; j < vectors; j++) *(vector *)(rows[0] + j * WIDTH) = rest[j];
    finish_panel(pass, panel, gate);
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
