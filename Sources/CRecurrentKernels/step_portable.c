// Part of forecastd. SPDX-License-Identifier: Apache-2.0
//
// The step for any processor that the compiler knows: SSE2 on x86-64, NEON on arm64.
#include <assert.h>
#include <string.h>

#include "CRecurrentKernels.h"

#define STEP recurrent_step_portable
#define WIDTH 4
#define TILE 3
#if defined(__aarch64__)
#define FUSED 1
#endif
#include "step.h"
