// Part of forecastd. SPDX-License-Identifier: Apache-2.0
//
// What the gates are summed from, in float32: a lane holds one value. Included by step_blocks.h.

// How many lanes hold `count` values.
INLINE int lanes_for(int count) { return count; }

// Puts `count` values into lanes.
INLINE void gather(float *to, const float *from, int count) { memcpy(to, from, count * sizeof(float)); }

// sum + weights * values, lane by lane.
INLINE vector add_products(vector weights, vector values, vector sum) { return multiply_add(weights, values, sum); }

// The same for half a vector.
INLINE half_vector add_half(half_vector weights, half_vector values, half_vector sum) {
    return multiply_add(weights, values, sum);
}
