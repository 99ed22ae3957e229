// Part of forecastd. SPDX-License-Identifier: Apache-2.0
#include "CReadoutKernels.h"

#include <string.h>

void readout_reset(struct readout_shape shape, double *memory) {
    memset(memory, 0, readout_length(shape) * sizeof *memory);
    for (int32_t i = 0; i < shape.features; i++) memory[readout_inverse_row(i) + i] = 1;
}
