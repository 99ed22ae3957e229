// Part of forecastd. SPDX-License-Identifier: Apache-2.0
//
// The gradient for any processor that the compiler knows.
#include <string.h>

#include "CRecurrentKernels.h"

// How vectors that the processor lacks are passed concerns nobody: all such functions are inlined.
#pragma clang diagnostic ignored "-Wpsabi"

#define GRADIENT recurrent_gradient_portable
#define TILE 6
#if defined(__aarch64__)
#define FUSED 1
#endif
#include "gradient.h"

size_t recurrent_workspace_count(const struct recurrent_training *training) { return arrange(training, NULL).count; }
