// Part of forecastd. SPDX-License-Identifier: Apache-2.0
//
// The two products that training consists of, for a vector of windows. Functions with parameters `const int` are
// always inlined with constants, so that their sums live in registers.

INLINE float sum_of_lanes(vector x) {
    const half_vector four = x.lo + x.hi;
    return (four[0] + four[2]) + (four[1] + four[3]);
}

// n columns of y = x * matrix: y[j] = sum over k of matrix[k][j] x[k].
INLINE void product_tile(const int n, const float *matrix, size_t stride, int length, const vector *x, vector *y) {
    vector sum[TILE];
    UNROLL for (int j = 0; j < n; j++) sum[j] = broadcast(0.0f);
    for (int k = 0; k < length; k++) {
        const float *weights = matrix + k * stride;
        UNROLL for (int j = 0; j < n; j++) sum[j] = multiply_add(broadcast(weights[j]), x[k], sum[j]);
    }
    UNROLL for (int j = 0; j < n; j++) y[j] = sum[j];
}

// y = x * matrix, for the first `columns` of a matrix of `length` rows that lie `stride` floats apart.
static void product(const float *matrix, size_t stride, int length, const vector *x, int columns, vector *y) {
    int j = 0;
    for (; j + TILE <= columns; j += TILE) product_tile(TILE, matrix + j, stride, length, x, y + j);
    for (; j + TILE / 3 <= columns; j += TILE / 3) product_tile(TILE / 3, matrix + j, stride, length, x, y + j);
    for (; j < columns; j++) product_tile(1, matrix + j, stride, length, x, y + j);
}

// n rows and m columns of the sum of outer products.
INLINE void outer_tile(const int n, const int m, int ticks, const vector *x, size_t rows, const vector *dz,
                       size_t columns, float *gradient) {
    vector sum[n][m];
    UNROLL for (int i = 0; i < n; i++) {
        UNROLL for (int j = 0; j < m; j++) sum[i][j] = broadcast(0.0f);
    }
    for (int t = 0; t < ticks; t++) {
        const vector *left = x + t * rows, *right = dz + t * columns;
        UNROLL for (int i = 0; i < n; i++) {
            UNROLL for (int j = 0; j < m; j++) sum[i][j] = multiply_add(left[i], right[j], sum[i][j]);
        }
    }
    UNROLL for (int i = 0; i < n; i++) {
        UNROLL for (int j = 0; j < m; j++) gradient[i * columns + j] = sum_of_lanes(sum[i][j]);
    }
}

// gradient[k][j] = the sum over ticks and lanes of x[k] dz[j]: a matrix's gradient, from what entered it and the
// gradients of what left it. x: [ticks][rows]; dz: [ticks][columns].
static void outer_products(int ticks, const vector *x, int rows, const vector *dz, int columns, float *gradient) {
    int j = 0;
    for (; j + 4 <= columns; j += 4) {
        int k = 0;
        float *to = gradient + j;
        for (; k + 3 <= rows; k += 3) {
            outer_tile(3, 4, ticks, x + k, rows, dz + j, columns, to + (size_t)k * columns);
        }
        for (; k < rows; k++) outer_tile(1, 4, ticks, x + k, rows, dz + j, columns, to + (size_t)k * columns);
    }
    for (; j < columns; j++) {
        for (int k = 0; k < rows; k++) {
            outer_tile(1, 1, ticks, x + k, rows, dz + j, columns, gradient + (size_t)k * columns + j);
        }
    }
}
