// Part of forecastd. SPDX-License-Identifier: Apache-2.0
//
// nn.Linear on the top layer's h. Included by step.h.

// The sum of all lanes, by halves: the upper lanes onto the lower ones, until one is left.
INLINE float sum_of_lanes(vector x) {
    UNROLL for (int half = WIDTH / 2; half > 0; half /= 2) {
        UNROLL for (int lane = 0; lane < half; lane++) x[lane] += x[lane + half];
    }
    return x[0];
}

// One output per pass over h: products in WIDTH lanes, then the lanes' sum. The lanes beyond hidden_size read
// what follows h in the row, which is finite where h is, and multiply it by zero.
INLINE float output_of_lanes(const struct recurrent_model *model, const float *h, int output) {
    const int padded = (model->hidden_size + WIDTH - 1) / WIDTH * WIDTH;
    const float *weights = model->readout + (size_t)output * padded;
    vector sum = broadcast(0);
    for (int k = 0; k < padded; k += WIDTH) sum = multiply_add(load(weights + k), load_unaligned(h + k), sum);
    return sum_of_lanes(sum) + model->readout_bias[output];
}

INLINE void output_rows(const int vectors, const int n, const struct pass *pass, int block, int stream) {
    vector sum[4][TILE];
    sum_rows(OUTPUTS, vectors, 0, n, pass, block, stream, sum, NULL);
    UNROLL for (int j = 0; j < vectors; j++) {
        const int begin = (block * 4 + j) * WIDTH, left = pass->output_size - begin;
        UNROLL for (int s = 0; s < n; s++) {
            float *to = pass->outputs + (size_t)(stream + s) * pass->output_size + begin;
            const vector result = sum[j][s];
            if (left >= WIDTH) store_unaligned(to, result);
            else memcpy(to, &result, left * sizeof(float));
        }
    }
}

// A block of up to 4 vectors of outputs for n streams, an output per lane.
INLINE void output_block(const int n, const struct pass *pass, int block, int stream) {
    switch ((pass->output_size - block * 4 * WIDTH + WIDTH - 1) / WIDTH) {
    case 1: output_rows(1, n, pass, block, stream); break;
    case 2: output_rows(2, n, pass, block, stream); break;
    case 3: output_rows(3, n, pass, block, stream); break;
    default: output_rows(4, n, pass, block, stream); break;
    }
}
