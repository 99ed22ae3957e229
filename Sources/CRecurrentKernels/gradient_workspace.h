// Part of forecastd. SPDX-License-Identifier: Apache-2.0
//
// What the way forward leaves for the way back.

struct layer_work {
    // [ticks + 1][rows of the matrix]: x, then the h before, then 1. Of the readout: h, then 1.
    vector *entering;
    // [ticks][4 hidden_size]: the gates; on the way back the gradients of their sums.
    vector *gates;
    // [ticks + 1][hidden_size]: the c before each tick, and after the last.
    vector *c;
    // [ticks][hidden_size]
    vector *tanh_c;
};

struct workspace {
    // The layers, then the readout, which has `entering` only.
    struct layer_work layers[RECURRENT_MAXIMUM_LAYERS + 1];
    // [ticks - burn_in][output_size]: the outputs, then their gradients.
    vector *outputs;
    // [ticks][hidden_size]: the gradient of a layer's h by what is above it.
    vector *above;
    // [rows of a matrix]
    vector *dx;
    // [hidden_size]
    vector *dc;
    // Floats in all.
    size_t count;
};

static size_t matrix_count(const struct recurrent_training *training, int layer) {
    return (size_t)recurrent_matrix_rows(training, layer) * recurrent_matrix_columns(training, layer);
}

// The next `count` vectors.
static vector *take(vector **next, size_t count) {
    vector *start = *next;
    *next = (vector *)((char *)start + count * sizeof(vector));
    return start;
}

// Lays the workspace out from `start` on.
static struct workspace arrange(const struct recurrent_training *training, vector *start) {
    const size_t ticks = training->ticks, hidden_size = training->hidden_size;
    struct workspace work;
    vector *next = start;
    for (int layer = 0; layer <= training->layer_count; layer++) {
        struct layer_work *here = &work.layers[layer];
        here->entering = take(&next, (ticks + 1) * recurrent_matrix_rows(training, layer));
        if (layer == training->layer_count) break;
        here->gates = take(&next, ticks * 4 * hidden_size);
        here->c = take(&next, (ticks + 1) * hidden_size);
        here->tanh_c = take(&next, ticks * hidden_size);
    }
    work.outputs = take(&next, (ticks - training->burn_in) * training->output_size);
    work.above = take(&next, ticks * hidden_size);
    work.dx = take(&next, training->input_size + 2 * hidden_size);
    work.dc = take(&next, hidden_size);
    work.count = (size_t)((char *)next - (char *)start) / sizeof(float);
    return work;
}

// Sets what stands before the way forward: the inputs, the state, and the ones of the biases.
static void begin(const struct recurrent_training *training, const struct workspace *work, const vector *inputs,
                  const vector *state) {
    const int hidden_size = training->hidden_size, input_size = training->input_size;
    for (int layer = 0; layer <= training->layer_count; layer++) {
        const int rows = recurrent_matrix_rows(training, layer), entering = recurrent_entering(training, layer);
        vector *x = work->layers[layer].entering;
        for (int t = 0; t < training->ticks; t++) {
            if (layer == 0) memcpy(x + (size_t)t * rows, inputs + (size_t)t * input_size, input_size * sizeof(vector));
            x[(size_t)t * rows + rows - 1] = broadcast(1.0f);
        }
        if (layer == training->layer_count) break;
        memcpy(x + entering, state + (size_t)layer * 2 * hidden_size, hidden_size * sizeof(vector));
        memcpy(work->layers[layer].c, state + ((size_t)layer * 2 + 1) * hidden_size, hidden_size * sizeof(vector));
    }
}

// Copies the state that the way forward has led to.
static void end(const struct recurrent_training *training, const struct workspace *work, vector *state) {
    const int hidden_size = training->hidden_size;
    const size_t ticks = training->ticks;
    for (int layer = 0; layer < training->layer_count; layer++) {
        const struct layer_work *here = &work->layers[layer];
        const vector *h = here->entering + ticks * recurrent_matrix_rows(training, layer) +
                          recurrent_entering(training, layer);
        memcpy(state + (size_t)layer * 2 * hidden_size, h, hidden_size * sizeof(vector));
        memcpy(state + ((size_t)layer * 2 + 1) * hidden_size, here->c + ticks * hidden_size,
               hidden_size * sizeof(vector));
    }
}
