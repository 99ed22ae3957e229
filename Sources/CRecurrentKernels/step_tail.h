// Part of forecastd. SPDX-License-Identifier: Apache-2.0
//
// The tail of a layer: the units that fill no panel. Included by step.h.
#if WIDTH >= 8
#include "tail_registers.h"
#endif

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
            float *new_c = cells(pass, stream + s) + first, *new_h = hidden(pass, stream + s) + first;
            for (int u = 0; u < t; u++) {
                new_c[u] = c[(s - begin) * t + u];
                new_h[u] = h[(s - begin) * t + u];
            }
        }
    }
}

// Finishes the tail's units of a batch of one from its gate rows.
INLINE void tail_cells_of_one(const int vectors, const struct pass *pass, const vector rows[4]) {
#if WIDTH >= 8
    const int t = pass->tail, first = pass->panels * WIDTH;
    float *c = cells(pass, 0) + first;
    vector cs = load_first(t, c), gate[4];
    UNROLL for (int j = 0; j < 4; j++) gate[j] = lanes_from(vectors, rows, j * t);
    store_first(t, hidden(pass, 0) + first, cell(gate[0], gate[1], gate[2], gate[3], &cs));
    store_first(t, c, cs);
#else
    _Alignas(64) float stored[1][4 * WIDTH];
    UNROLL for (int j = 0; j < vectors; j++) *(vector *)(stored[0] + j * WIDTH) = rows[j];
    tail_cells(1, pass, 0, stored);
#endif
}

INLINE void tail_rows(const int halves, const int n, const struct pass *pass, int stream, float rows[][4 * WIDTH]) {
    const int vectors = halves / 2, half = halves % 2;
    vector sum[4][TILE];
    half_vector last[TILE];
    sum_rows(GATES, vectors, half, n, pass, pass->panels, stream, sum, last);
    UNROLL for (int s = 0; s < n; s++) {
        UNROLL for (int j = 0; j < vectors; j++) *(vector *)(rows[s] + j * WIDTH) = sum[j][s];
        if (half) *(half_vector *)(rows[s] + vectors * WIDTH) = last[s];
    }
}

// The tail for n streams.
INLINE void tail(const int n, const struct pass *pass, int stream) {
    _Alignas(64) float rows[TILE][4 * WIDTH];
    switch (pass->tail_halves) {
    case 1: tail_rows(1, n, pass, stream, rows); break;
    case 2: tail_rows(2, n, pass, stream, rows); break;
    case 3: tail_rows(3, n, pass, stream, rows); break;
    case 4: tail_rows(4, n, pass, stream, rows); break;
    case 5: tail_rows(5, n, pass, stream, rows); break;
    case 6: tail_rows(6, n, pass, stream, rows); break;
    case 7: tail_rows(7, n, pass, stream, rows); break;
    default: tail_rows(8, n, pass, stream, rows); break;
    }
    tail_cells(n, pass, stream, rows);
}
