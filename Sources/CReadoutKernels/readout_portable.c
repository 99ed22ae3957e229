// Part of forecastd. SPDX-License-Identifier: Apache-2.0
//
// The readout's tick for any processor.
#define WIDTH 2
#define STEP readout_step_portable
#include "readout.h"
