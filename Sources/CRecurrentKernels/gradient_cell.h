// Part of forecastd. SPDX-License-Identifier: Apache-2.0
//
// The LSTM cell, forward and backward, for all units of a layer at one tick.

INLINE vector sigmoid(vector x) { return 1.0f / (1.0f + exp2_vector(at_most(x * -1.4426950408889634f, 60.0f))); }

INLINE vector tanh_vector(vector x) {
    const vector e = exp2_vector(at_most(x * -2.8853900817779268f, 60.0f));
    return (1.0f - e) / (1.0f + e);
}

// z: the sums of i, f, g, o; receives the gates. c_before -> c, tanh(c), h.
static void cell_forward(int hidden_size, vector *z, const vector *c_before, vector *c, vector *tanh_c, vector *h) {
    vector *zi = z, *zf = z + hidden_size, *zg = zf + hidden_size, *zo = zg + hidden_size;
    for (int unit = 0; unit < hidden_size; unit++) {
        const vector i = sigmoid(zi[unit]), f = sigmoid(zf[unit]);
        const vector g = tanh_vector(zg[unit]), o = sigmoid(zo[unit]);
        c[unit] = f * c_before[unit] + i * g;
        tanh_c[unit] = tanh_vector(c[unit]);
        h[unit] = o * tanh_c[unit];
        zi[unit] = i, zf[unit] = f, zg[unit] = g, zo[unit] = o;
    }
}

// z: the gates; receives the gradients of their sums. dh: the gradient of h. dc: that of c by the ticks after this;
// receives that of the c before.
static void cell_backward(int hidden_size, vector *z, const vector *c_before, const vector *tanh_c, const vector *dh,
                          vector *dc) {
    vector *zi = z, *zf = z + hidden_size, *zg = zf + hidden_size, *zo = zg + hidden_size;
    for (int unit = 0; unit < hidden_size; unit++) {
        const vector i = zi[unit], f = zf[unit], g = zg[unit], o = zo[unit];
        const vector d = dc[unit] + dh[unit] * o * (1.0f - tanh_c[unit] * tanh_c[unit]);
        zi[unit] = d * g * i * (1.0f - i);
        zf[unit] = d * c_before[unit] * f * (1.0f - f);
        zg[unit] = d * i * (1.0f - g * g);
        zo[unit] = dh[unit] * tanh_c[unit] * o * (1.0f - o);
        dc[unit] = d * f;
    }
}
