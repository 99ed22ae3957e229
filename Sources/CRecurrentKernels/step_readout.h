// Part of forecastd. SPDX-License-Identifier: Apache-2.0
//
// nn.Linear on the top layer's h, for one stream at a time. Included by step.h.

// One output per pass: products in WIDTH lanes, then the lanes' sum. The lanes beyond hidden_size read what
// follows h in the row, which is finite where h is, and multiply it by zero.
INLINE float output_of_lanes(const struct recurrent_model *model, const float *h, int output) {
    const int padded = (model->hidden_size + WIDTH - 1) / WIDTH * WIDTH;
    const float *weights = model->readout + (size_t)output * padded;
    vector sum = broadcast(0);
    for (int k = 0; k < padded; k += WIDTH) sum = multiply_add(load(weights + k), load_unaligned(h + k), sum);
    float total = 0;
    UNROLL for (int lane = 0; lane < WIDTH; lane++) total += sum[lane];
    return total + model->readout_bias[output];
}

// WIDTH outputs per vector, `vectors` of them at a time.
INLINE void outputs_per_lane(
    const int vectors, const struct recurrent_model *model, const float *h, int first, float *outputs) {
    vector sum[4];
    const float *weights = model->readout + (size_t)first * model->hidden_size * WIDTH;
    UNROLL for (int j = 0; j < vectors; j++) sum[j] = load(model->readout_bias + (first + j) * WIDTH);
    for (int k = 0; k < model->hidden_size; k++) {
        const vector x = broadcast(h[k]);
        UNROLL for (int j = 0; j < vectors; j++) {
            const float *w = weights + ((size_t)j * model->hidden_size + k) * WIDTH;
            sum[j] = multiply_add(load(w), x, sum[j]);
        }
    }
    UNROLL for (int j = 0; j < vectors; j++) {
        const int begin = (first + j) * WIDTH;
        const int count = model->output_size - begin < WIDTH ? model->output_size - begin : WIDTH;
        memcpy(outputs + begin, &sum[j], count * sizeof(float));
    }
}

// Returns whether all outputs are finite.
static bool readout(const struct recurrent_model *model, const float *h, float *outputs) {
    if (model->output_size < WIDTH) {
        for (int output = 0; output < model->output_size; output++) {
            outputs[output] = output_of_lanes(model, h, output);
        }
    } else {
        const int vectors = (model->output_size + WIDTH - 1) / WIDTH;
        int first = 0;
        for (; first + 4 <= vectors; first += 4) outputs_per_lane(4, model, h, first, outputs);
        switch (vectors - first) {
        case 1: outputs_per_lane(1, model, h, first, outputs); break;
        case 2: outputs_per_lane(2, model, h, first, outputs); break;
        case 3: outputs_per_lane(3, model, h, first, outputs); break;
        }
    }
    float check = 0;
    for (int output = 0; output < model->output_size; output++) check += 0 * outputs[output];
    return check == 0;
}
