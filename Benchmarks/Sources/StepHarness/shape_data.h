// Part of forecastd. SPDX-License-Identifier: Apache-2.0
#pragma once

#include "StepHarness.h"

#include <stddef.h>

/// The files of one shape, read whole.
struct shape_data {
    struct lstm_model model;
    uint32_t stream_count, step_count;
    const float *inputs;      ///< [step_count][stream_count][input_size]
    const double *references; ///< [step_count][stream_count][output_size]
    float *weights;           ///< what `model` points into
};

/// Reads the data of `shape`; false, with a sentence in `problem`, if they are missing or damaged.
bool read_shape_data(const char *shape, struct shape_data *data, char *problem, size_t problem_size);

void free_shape_data(struct shape_data *data);
