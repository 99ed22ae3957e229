// Part of forecastd. SPDX-License-Identifier: Apache-2.0
//
// The portable step on another processor: packs random weights as CRecurrentKernels.h draws the layout, chains 1000
// steps, and holds them against the formulas in double precision; and a batch against its streams one by one.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "CRecurrentKernels.h"

enum { WIDTH = 4, STREAMS = 7, TICKS = 1000, MAXIMUM_LAYERS = 4 };
static const double LOG2_E = 1.4426950408889634;

static uint64_t seed = 20261125;

// Evenly from -bound to bound (the generator of Knuth's MMIX).
static float draw(float bound) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return bound * ((float)(seed >> 40) * 0x1p-23f - 1);
}

static float *aligned(size_t count) {
    const size_t bytes = (count * sizeof(float) + 127) / 64 * 64;
    float *floats = aligned_alloc(64, bytes);
    memset(floats, 0, bytes);
    return floats;
}

static float *random_floats(size_t count, float bound) {
    float *floats = aligned(count);
    for (size_t i = 0; i < count; i++) floats[i] = draw(bound);
    return floats;
}

// Weights in PyTorch's order: row gate * hidden + unit, gates i, f, g, o.
struct weights {
    int inputs, hidden, layers, outputs;
    const float *input[MAXIMUM_LAYERS], *recurrent[MAXIMUM_LAYERS], *bias[MAXIMUM_LAYERS];
    const float *readout, *readout_bias;
};

static int layer_inputs(const struct weights *w, int layer) { return layer == 0 ? w->inputs : w->hidden; }

// Packs one block of rows (a panel of WIDTH units, or the tail) for each k, then its bias.
static void pack_block(
    const struct weights *w, int layer, int first, int units, float **weights, float **bias) {
    const int inputs = layer_inputs(w, layer), rows = (4 * units + WIDTH - 1) / WIDTH * WIDTH;
    for (int k = -1; k < inputs + w->hidden; k++) {
        float *to = k < 0 ? *bias : *weights;
        for (int gate = 0; gate < 4; gate++) {
            for (int unit = 0; unit < units; unit++) {
                const int row = gate * w->hidden + first + unit;
                const float weight = k < 0         ? w->bias[layer][row]
                                     : k < inputs ? w->input[layer][row * inputs + k]
                                                  : w->recurrent[layer][row * w->hidden + k - inputs];
                to[gate * units + unit] = (float)(gate == 2 ? -2 * LOG2_E : -LOG2_E) * weight;
            }
        }
        if (k < 0) *bias += rows;
        else *weights += rows;
    }
}

static struct recurrent_layer pack_layer(const struct weights *w, int layer) {
    const int inputs = layer_inputs(w, layer), rows = 4 * (w->hidden + WIDTH);
    float *weights = aligned((size_t)rows * (inputs + w->hidden)), *bias = aligned(rows);
    const struct recurrent_layer packed = {.input_size = inputs, .weights = weights, .bias = bias};
    int unit = 0;
    for (; unit + WIDTH <= w->hidden; unit += WIDTH) pack_block(w, layer, unit, WIDTH, &weights, &bias);
    if (unit < w->hidden) pack_block(w, layer, unit, w->hidden - unit, &weights, &bias);
    return packed;
}

static float *pack_readout(const struct weights *w) {
    const int padded = (w->hidden + WIDTH - 1) / WIDTH * WIDTH, vectors = (w->outputs + WIDTH - 1) / WIDTH;
    float *packed = aligned((size_t)vectors * WIDTH * padded);
    for (int output = 0; output < w->outputs; output++) {
        for (int k = 0; k < w->hidden; k++) {
            // Behind whole blocks of four vectors stands one with those that are left.
            const int block = output / (4 * WIDTH), left = vectors - 4 * block, lanes = (left < 4 ? left : 4) * WIDTH;
            const int place = w->outputs < WIDTH
                                  ? output * padded + k
                                  : block * 4 * WIDTH * w->hidden + k * lanes + output % (4 * WIDTH);
            packed[place] = w->readout[output * w->hidden + k];
        }
    }
    return packed;
}

static double sigmoid(double x) { return 1 / (1 + exp(-x)); }

// One tick of one stream by the formulas; h and c are [layers][hidden].
static void reference(const struct weights *w, double *h, double *c, const float *inputs, double *outputs) {
    double x[512], gates[4 * 512];
    for (int i = 0; i < w->inputs; i++) x[i] = inputs[i];
    for (int layer = 0; layer < w->layers; layer++, h += w->hidden, c += w->hidden) {
        const int count = layer_inputs(w, layer);
        for (int row = 0; row < 4 * w->hidden; row++) {
            gates[row] = w->bias[layer][row];
            for (int k = 0; k < count; k++) gates[row] += (double)w->input[layer][row * count + k] * x[k];
            for (int k = 0; k < w->hidden; k++) {
                gates[row] += (double)w->recurrent[layer][row * w->hidden + k] * h[k];
            }
        }
        for (int u = 0; u < w->hidden; u++) {
            const double *gate = gates + u;
            c[u] = sigmoid(gate[w->hidden]) * c[u] + sigmoid(gate[0]) * tanh(gate[2 * w->hidden]);
            x[u] = sigmoid(gate[3 * w->hidden]) * tanh(c[u]);
        }
        memcpy(h, x, w->hidden * sizeof *h);
    }
    for (int output = 0; output < w->outputs; output++) {
        outputs[output] = w->readout_bias[output];
        for (int k = 0; k < w->hidden; k++) {
            outputs[output] += (double)w->readout[output * w->hidden + k] * x[k];
        }
    }
}

// Returns whether a shape passes.
static bool check(int inputs, int hidden, int layers, int outputs) {
    const float bound = 1 / sqrtf(hidden);
    struct weights w = {.inputs = inputs, .hidden = hidden, .layers = layers, .outputs = outputs};
    struct recurrent_layer packed[MAXIMUM_LAYERS];
    for (int layer = 0; layer < layers; layer++) {
        w.input[layer] = random_floats((size_t)4 * hidden * layer_inputs(&w, layer), bound);
        w.recurrent[layer] = random_floats((size_t)4 * hidden * hidden, bound);
        w.bias[layer] = random_floats((size_t)4 * hidden, bound);
        packed[layer] = pack_layer(&w, layer);
    }
    w.readout = random_floats((size_t)outputs * hidden, bound);
    w.readout_bias = random_floats(outputs, bound);
    const int stride = (2 * layers * hidden + 31) / 16 * 16;
    const struct recurrent_model model = {
        .input_size = inputs, .hidden_size = hidden, .layer_count = layers, .output_size = outputs,
        .state_stride = stride, .layers = packed, .readout = pack_readout(&w), .readout_bias = w.readout_bias};

    float *together = aligned((size_t)STREAMS * stride), *alone = aligned((size_t)STREAMS * stride);
    float *scratch = aligned((size_t)STREAMS * recurrent_scratch_stride(&model));
    double *h = calloc((size_t)layers * hidden, sizeof *h), *c = calloc((size_t)layers * hidden, sizeof *c);
    static float x[STREAMS * 64], y[STREAMS * 128], single[128];
    static double truth[128];
    const uint32_t rows[STREAMS] = {3, 0, 6, 1, 5, 2, 4};
    double worst = 0;
    bool are_equal = true, are_finite = true;
    for (int tick = 0; tick < TICKS; tick++) {
        for (int i = 0; i < STREAMS * inputs; i++) x[i] = draw(3);
        are_finite &= recurrent_step_portable(&model, together, rows, STREAMS, x, y, scratch);
        for (int s = 0; s < STREAMS; s++) {
            are_finite &= recurrent_step_portable(&model, alone, rows + s, 1, x + s * inputs, single, scratch);
            are_equal &= memcmp(single, y + s * outputs, outputs * sizeof(float)) == 0;
        }
        reference(&w, h, c, x, truth);
        for (int i = 0; i < outputs; i++) worst = fmax(worst, fabs(y[i] - truth[i]));
    }
    are_equal &= memcmp(together, alone, (size_t)STREAMS * stride * sizeof(float)) == 0;
    x[0] = NAN;
    const bool is_noticed = !recurrent_step_portable(&model, together, rows, STREAMS, x, y, scratch);
    const bool passes = worst <= 1e-6 && are_equal && are_finite && is_noticed;
    printf("%s (%d,%d,%d,%d): largest error %.1e after %d steps%s%s%s\n", passes ? "passed" : "FAILED", inputs, hidden,
           layers, outputs, worst, TICKS, are_equal ? "" : ", the batch matters", are_finite ? "" : ", not finite",
           is_noticed ? "" : ", NaN not noticed");
    return passes;
}

int main(void) {
    const int shapes[][4] = {{1, 50, 2, 1}, {8, 64, 2, 24}, {1, 24, 2, 24}, {1, 1, 1, 1}, {2, 3, 3, 5}, {5, 15, 1, 17}};
    int failures = 0;
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        failures += !check(shapes[i][0], shapes[i][1], shapes[i][2], shapes[i][3]);
    }
    return failures > 0;
}
