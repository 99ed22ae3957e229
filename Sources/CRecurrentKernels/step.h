// Part of forecastd. SPDX-License-Identifier: Apache-2.0
//
// The LSTM step, written once for vectors of WIDTH floats. Included by one file per instruction set, which
// defines STEP (the function's name), WIDTH, TILE (streams per register tile), FUSED where the processor has
// fused multiply-add, and BF16 where weights and what they are multiplied by are bf16. Functions with
// parameters `const int` are always inlined with constants, so that their loops unroll and their arrays live
// in registers.
#include "step_blocks.h"
#include "step_tail.h"
#include "step_readout.h"
#include "step_single.h"

// A panel, after the last one the tail, or a block of outputs, for n streams.
INLINE void block(const int n, const struct pass *pass, int index, int stream) {
    if (pass->outputs) output_block(n, pass, index, stream);
    else if (index < pass->panels) panel(n, pass, index, stream);
    else tail(n, pass, stream);
}

// A block for the whole batch, in tiles of at most TILE streams, evenly filled (8 = 4 + 4, not 6 + 2). The
// block's weights stay in the first-level cache over all streams.
static void block_for_all(const struct pass *pass, int index, int count) {
    const int tiles = (count + TILE - 1) / TILE;
    int stream = 0;
    for (int tile = 0; tile < tiles; tile++) {
        const int n = (count - stream) / (tiles - tile);
        switch (n) {
        case 1: block(1, pass, index, stream); break;
        case 2: block(2, pass, index, stream); break;
#if TILE > 3
        case 3: block(3, pass, index, stream); break;
        case 4: block(4, pass, index, stream); break;
        case 5: block(5, pass, index, stream); break;
#endif
        default: block(TILE, pass, index, stream); break;
        }
        stream += n;
    }
}

// Whether the values are finite: whether none has all bits of the exponent set. (Sums of floats would have an
// order, which the compiler must keep; bits are gathered in vectors.)
INLINE bool are_finite(const float *values, size_t count) {
    uint32_t found = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, values + i, sizeof bits);
        found |= (bits & 0x7F800000) == 0x7F800000;
    }
    return !found;
}

// Takes one layer further. `below` is what enters the first layer, [count][input_size], and NULL above it, where the
// h just below does.
static void layer(struct pass *pass, const struct recurrent_layer *layer, const float *below, int count) {
    const int hidden_size = pass->hidden_size, input_size = layer->input_size;
    pass->weights = layer->weights;
    pass->bias = layer->bias;
    pass->length = lanes_for(input_size) + lanes_for(hidden_size);
    for (int s = 0; s < count; s++) {
        const float *h = hidden(pass, s);
        gather(inputs_of(pass, s), below ? below + (size_t)s * input_size : h - 2 * hidden_size, input_size);
        gather(inputs_of(pass, s) + lanes_for(input_size), h, hidden_size);
    }
    if (count == 1) {
        single(pass);
    } else {
        for (int b = 0; b < pass->panels + (pass->tail > 0); b++) block_for_all(pass, b, count);
    }
}

// The outputs of the whole batch; returns whether all are finite. They tell of every h below them: each output, and
// each gate, is a sum over all of an h, in which one NaN makes the whole a NaN; and h cannot be infinite.
static bool readout(struct pass *pass, const struct recurrent_model *model, int count, float *outputs) {
    const int size = model->output_size;
    if (size < WIDTH) {
        for (int s = 0; s < count; s++) {
            float *to = outputs + (size_t)s * size;
            for (int o = 0; o < size; o++) to[o] = output_of_lanes(model, hidden(pass, s), o);
        }
    } else {
        pass->weights = model->readout;
        pass->bias = model->readout_bias;
        pass->length = model->hidden_size;
        pass->outputs = outputs;
        pass->output_size = size;
        for (int b = 0; b * 4 * WIDTH < size; b++) block_for_all(pass, b, count);
    }
    return are_finite(outputs, (size_t)count * size);
}

bool STEP(
    const struct recurrent_model *model, float *state, const uint32_t *rows, int32_t count, const float *inputs,
    float *outputs, float *scratch) {
    const int hidden_size = model->hidden_size, tail_units = hidden_size % WIDTH;
    assert(count >= 0 && model->layer_count >= 1 && hidden_size >= 1);
    assert(((uintptr_t)state | model->state_stride * sizeof(float)) % 64 == 0);
    struct pass pass = {
        .hidden_size = hidden_size,
        .panels = hidden_size / WIDTH,
        .tail = tail_units,
        .tail_halves = (4 * tail_units + WIDTH / 2 - 1) / (WIDTH / 2),
        .state = state,
        .rows = rows,
        .stride = model->state_stride,
        .inputs = scratch,
        .input_stride = recurrent_scratch_stride(model),
    };
    for (int index = 0; index < model->layer_count; index++) {
        pass.offset = 2 * index * hidden_size;
        layer(&pass, &model->layers[index], index == 0 ? inputs : NULL, count);
    }
    return readout(&pass, model, count, outputs);
}
