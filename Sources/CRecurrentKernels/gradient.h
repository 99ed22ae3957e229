// Part of forecastd. SPDX-License-Identifier: Apache-2.0
//
// Loss and gradient, written once. Included by one file per instruction set, which defines GRADIENT (the function's
// name), TILE (sums that are kept in registers), and FUSED where the processor has fused multiply-add.
#define WIDTH RECURRENT_LANES
#include "cell.h"
#include "gradient_products.h"
#include "gradient_cell.h"
#include "gradient_workspace.h"

// The layer's h and c at each tick, from those that enter it.
static void forward(const struct recurrent_training *training, const struct workspace *work, int layer,
                    const float *matrix) {
    const int hidden_size = training->hidden_size, entering = recurrent_entering(training, layer);
    const int rows = recurrent_matrix_rows(training, layer), gates = 4 * hidden_size;
    const int rows_above = recurrent_matrix_rows(training, layer + 1);
    const struct layer_work *here = &work->layers[layer];
    vector *x = work->layers[layer].entering, *above = work->layers[layer + 1].entering;
    for (int t = 0; t < training->ticks; t++) {
        vector *z = here->gates + (size_t)t * gates, *c = here->c + (size_t)(t + 1) * hidden_size;
        product(matrix, gates, rows, x + (size_t)t * rows, gates, z);
        vector *next = x + (size_t)(t + 1) * rows + entering, *up = above + (size_t)t * rows_above;
        cell_forward(hidden_size, z, c - hidden_size, c, here->tanh_c + (size_t)t * hidden_size, next);
        memcpy(up, next, hidden_size * sizeof(vector));
    }
}

// x within ± limit; NaN where x is NaN.
INLINE vector within(vector x, float limit) {
    x = at_most(x, limit);
    return x < -limit ? broadcast(-limit) : x;
}

// The loss; leaves the gradient of each output in its place.
static double loss(const struct recurrent_training *training, const struct workspace *work, const float *matrix,
                   const vector *targets, const vector *error_scales, int lanes) {
    const int rows = training->hidden_size + 1, outputs = training->output_size;
    const float delta = training->huber_delta;
    vector mask;
    for (int lane = 0; lane < WIDTH; lane++) mask[lane] = lane < lanes ? 1.0f : 0.0f;
    double sum = 0;
    for (int t = training->burn_in; t < training->ticks; t++) {
        const size_t row = (size_t)(t - training->burn_in) * outputs;
        vector *y = work->outputs + row;
        product(matrix, outputs, rows, work->layers[training->layer_count].entering + (size_t)t * rows, outputs, y);
        vector tick = broadcast(0.0f);
        for (int o = 0; o < outputs; o++) {
            const vector scale = error_scales[o] * mask, error = (y[o] - targets[row + o]) * scale;
            // huber(e) = near * (2 e - near), and its slope 2 near, with near = e within ± delta.
            const vector near = within(error, delta), weighted = near * training->output_weights[o];
            tick += weighted * (error + error - near);
            y[o] = weighted * 2.0f * scale;
        }
        sum += sum_of_lanes(tick);
    }
    return sum;
}

// From the gradient of each output to the readout's, and to that of the top layer's h.
static void readout_backward(const struct recurrent_training *training, const struct workspace *work,
                             const float *transposed, float *gradient) {
    const int hidden_size = training->hidden_size, rows = hidden_size + 1, outputs = training->output_size;
    const int burn_in = training->burn_in, counted = training->ticks - burn_in;
    for (int t = 0; t < counted; t++) {
        product(transposed, rows, outputs, work->outputs + (size_t)t * outputs, hidden_size,
                work->above + (size_t)(t + burn_in) * hidden_size);
    }
    memset(work->above, 0, (size_t)burn_in * hidden_size * sizeof(vector));
    const vector *top = work->layers[training->layer_count].entering + (size_t)burn_in * rows;
    outer_products(counted, top, rows, work->outputs, outputs, gradient);
}

// From the gradient of the layer's h, by what is above it, to the layer's, and to that of what is below.
static void layer_backward(const struct recurrent_training *training, const struct workspace *work, int layer,
                           const float *transposed, float *gradient) {
    const int hidden_size = training->hidden_size, entering = recurrent_entering(training, layer);
    const int rows = recurrent_matrix_rows(training, layer), gates = 4 * hidden_size;
    const struct layer_work *here = &work->layers[layer];
    // The gradients of c and of [x, h] that enter a tick, by the ticks after it.
    vector *dc = work->dc, *dx = work->dx, *dh = work->dx + entering;
    memset(dc, 0, hidden_size * sizeof(vector));
    memset(dh, 0, hidden_size * sizeof(vector));
    for (int t = training->ticks - 1; t >= 0; t--) {
        vector *dz = here->gates + (size_t)t * gates, *above = work->above + (size_t)t * hidden_size;
        for (int unit = 0; unit < hidden_size; unit++) dh[unit] += above[unit];
        cell_backward(hidden_size, dz, here->c + (size_t)t * hidden_size, here->tanh_c + (size_t)t * hidden_size, dh,
                      dc);
        // Nothing asks for the gradient of the network's input.
        const int first = layer == 0 ? entering : 0;
        product(transposed + first, rows, gates, dz, rows - 1 - first, dx + first);
        if (layer > 0) memcpy(above, dx, hidden_size * sizeof(vector));
    }
    outer_products(training->ticks, here->entering, rows, here->gates, gates, gradient);
}

double GRADIENT(const struct recurrent_training *training, const float *parameters, const float *transposed,
                const float *inputs, const float *targets, const float *error_scales, int32_t lanes, float *state,
                float *gradient, float *workspace) {
    const struct workspace work = arrange(training, (vector *)workspace);
    begin(training, &work, (const vector *)inputs, (const vector *)state);
    size_t offset = 0;
    for (int layer = 0; layer < training->layer_count; layer++) {
        forward(training, &work, layer, parameters + offset);
        offset += matrix_count(training, layer);
    }
    const double sum = loss(training, &work, parameters + offset, (const vector *)targets, (const vector *)error_scales,
                            lanes);
    end(training, &work, (vector *)state);
    if (!gradient) return sum;
    readout_backward(training, &work, transposed + offset, gradient + offset);
    for (int layer = training->layer_count - 1; layer >= 0; layer--) {
        offset -= matrix_count(training, layer);
        layer_backward(training, &work, layer, transposed + offset, gradient + offset);
    }
    return sum;
}
