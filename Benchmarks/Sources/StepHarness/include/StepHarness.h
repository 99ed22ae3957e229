// Part of forecastd. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdbool.h>
#include <stdint.h>

// What every implementation of the LSTM step is measured with, so that all are measured alike: a worker is
// a process that reads commands, one per line, and answers each with one line:
//
//   CHECK <shape> <batch>             OK maxerr=<largest |output - reference| over the chained steps>
//   RUN <shape> <batch> <ms>          OK iters= sec= p50_ns= p99_ns= allocs=
//   what it cannot do                 NA <why>
//
// An iteration is one time step of <batch> streams, each with its own state, readout included; `p50_ns` and
// `p99_ns` are the time of one iteration, `allocs` the allocations per iteration.
// Weights, inputs and references lie under $LSTM_DATA/<shape>/, written by make_data.py, which
// documents the files.

enum { MAXIMUM_LAYERS = 8 };

/// One layer of nn.LSTM, row-major in PyTorch's order; gates i, f, g, o.
struct lstm_layer {
    uint32_t input_size;            ///< the model's input_size for the first layer, else hidden_size
    const float *input_weights;     ///< [4 * hidden_size][input_size]
    const float *recurrent_weights; ///< [4 * hidden_size][hidden_size]
    const float *input_bias;        ///< [4 * hidden_size]
    const float *recurrent_bias;    ///< [4 * hidden_size]
};

/// nn.LSTM followed by nn.Linear.
struct lstm_model {
    uint32_t input_size, hidden_size, layer_count, output_size;
    struct lstm_layer layers[MAXIMUM_LAYERS];
    const float *readout_weights; ///< [output_size][hidden_size]
    const float *readout_bias;    ///< [output_size]
};

/// An implementation under measurement. `stepper` is what `open` returned.
struct step_implementation {
    /// Prepares `batch` streams with zero state; null if it cannot. `model` outlives the stepper.
    void *(*open)(const struct lstm_model *model, uint32_t batch);
    /// Sets the state of every stream to zero.
    void (*reset)(void *stepper);
    /// One time step of all streams: reads inputs[batch][input_size], writes outputs[batch][output_size].
    void (*step)(void *stepper, const float *inputs, float *outputs);
    /// Frees what `open` made.
    void (*close)(void *stepper);
};

/// Answers commands from standard input until it ends; the worker's exit status.
int run_step_worker(const struct step_implementation *implementation);
