// Part of forecastd. SPDX-License-Identifier: Apache-2.0
#include "CReadoutKernels.h"

#include <string.h>

void readout_reset(struct readout_shape shape, double *memory) {
    memset(memory, 0, readout_length(shape) * sizeof *memory);
    for (int32_t i = 0; i < shape.features; i++) memory[readout_inverse_row(i) + i] = 1;
}

readout_step_function readout_step_of_this_machine(void) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f")) return readout_step_avx512;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return readout_step_avx2;
#endif
    return readout_step_portable;
}
