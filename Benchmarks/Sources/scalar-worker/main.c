// Part of forecastd. SPDX-License-Identifier: Apache-2.0

// The step as one writes it down from the formula: plain C, one stream after another, libm's functions. What
// the measured step is compared with on any machine, whether or not a framework is installed there.

#include "StepHarness.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct stepper {
    const struct lstm_model *model;
    uint32_t batch;
    size_t state_size; ///< floats per stream: hidden and cell state of every layer
    float *states;     ///< [batch][layer_count][2][hidden_size]
    float *gates;      ///< [4 * hidden_size]
};

static void *open_stepper(const struct lstm_model *model, uint32_t batch) {
    struct stepper *stepper = malloc(sizeof *stepper);
    *stepper = (struct stepper){model, batch, 2 * (size_t)model->hidden_size * model->layer_count, NULL, NULL};
    stepper->states = calloc(batch * stepper->state_size, sizeof(float));
    stepper->gates = calloc(4 * (size_t)model->hidden_size, sizeof(float));
    return stepper;
}

static void reset(void *opaque) {
    struct stepper *stepper = opaque;
    memset(stepper->states, 0, stepper->batch * stepper->state_size * sizeof(float));
}

static float dot(const float *left, const float *right, size_t count) {
    float sum = 0;
    for (size_t index = 0; index < count; index++) sum += left[index] * right[index];
    return sum;
}

static float sigmoid(float x) { return 1 / (1 + expf(-x)); }

static void step_layer(const struct lstm_layer *layer, uint32_t units, const float *input, float *hidden,
                       float *cell, float *gates) {
    for (size_t row = 0; row < 4 * (size_t)units; row++)
        gates[row] = layer->input_bias[row] + layer->recurrent_bias[row] +
                     dot(layer->input_weights + row * layer->input_size, input, layer->input_size) +
                     dot(layer->recurrent_weights + row * units, hidden, units);
    for (size_t unit = 0; unit < units; unit++) {
        float i = sigmoid(gates[unit]), f = sigmoid(gates[units + unit]);
        float g = tanhf(gates[2 * units + unit]), o = sigmoid(gates[3 * units + unit]);
        cell[unit] = f * cell[unit] + i * g;
        hidden[unit] = o * tanhf(cell[unit]);
    }
}

static void step(void *opaque, const float *inputs, float *outputs) {
    struct stepper *stepper = opaque;
    const struct lstm_model *model = stepper->model;
    uint32_t units = model->hidden_size;
    for (size_t row = 0; row < stepper->batch; row++) {
        const float *input = inputs + row * model->input_size;
        for (uint32_t layer = 0; layer < model->layer_count; layer++) {
            float *hidden = stepper->states + row * stepper->state_size + (size_t)layer * 2 * units;
            step_layer(&model->layers[layer], units, input, hidden, hidden + units, stepper->gates);
            input = hidden;
        }
        for (size_t output = 0; output < model->output_size; output++)
            outputs[row * model->output_size + output] =
                model->readout_bias[output] + dot(model->readout_weights + output * units, input, units);
    }
}

static void close_stepper(void *opaque) {
    struct stepper *stepper = opaque;
    free(stepper->states);
    free(stepper->gates);
    free(stepper);
}

int main(void) {
    const struct step_implementation implementation = {open_stepper, reset, step, close_stepper};
    return run_step_worker(&implementation);
}
