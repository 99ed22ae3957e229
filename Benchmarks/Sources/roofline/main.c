// Part of forecastd. SPDX-License-Identifier: Apache-2.0

// Measures on the core it runs on what no step can exceed: floating point operations, bytes read from working
// sets of given sizes, and finished LSTM cells. Prints one JSON object, rates per nanosecond.
//
// Usage: roofline BYTES...     (sizes of the working sets to read)

#include "ceilings.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { ROUNDS = 5, CELL_UNITS = 512 };
static const double round_seconds = 0.004;

/// Where results go, so that the compiler must compute them; and where factors come from, so that it cannot.
static volatile float sink;
static volatile float factor = 0.999f, term = 0.001f;

static double seconds_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/// The work of one call of a measured loop, as long as its caller likes.
struct loop {
    const struct vector_loops *loops;
    float *memory;
    size_t count;
};

static double operations(const struct loop *loop) {
    sink = loop->loops->multiply_add(1000, factor, term);
    return 1000 * loop->loops->operations_per_round;
}

static double bytes_read(const struct loop *loop) {
    sink = loop->loops->read(loop->memory, loop->count, factor);
    return (double)(loop->count * sizeof(float));
}

static double cells(const struct loop *loop) {
    float *gates = loop->memory, *states = gates + 4 * CELL_UNITS, *hidden = states + CELL_UNITS;
    loop->loops->cell(gates, states, hidden, CELL_UNITS);
    sink = hidden[0];
    return CELL_UNITS;
}

/// The best rate over several rounds, in units of `work` per nanosecond: a ceiling is what the core can do when
/// nobody disturbs it.
static double best_rate(double (*work)(const struct loop *), const struct loop *loop) {
    double best = 0;
    for (int round = 0; round < ROUNDS; round++) {
        double done = 0, start = seconds_now(), now;
        do {
            for (int call = 0; call < 8; call++) done += work(loop);
            now = seconds_now();
        } while (now - start < round_seconds);
        double rate = done / (now - start) * 1e-9;
        if (rate > best) best = rate;
    }
    return best;
}

static const struct vector_loops *best_loops(const char **name) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl")) {
        *name = "avx512";
        return &avx512_loops;
    }
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
        *name = "avx2";
        return &avx2_loops;
    }
#endif
    *name = "portable";
    return &portable_loops;
}

static void fill(float *memory, size_t bytes) {
    for (size_t index = 0; index < bytes / sizeof(float); index++)
        memory[index] = (float)(index % 97) * 0.03f - 1.4f;
}

int main(int count, char **arguments) {
    const char *name;
    struct loop loop = {.loops = best_loops(&name)};
    size_t largest = 64 << 10;
    for (int index = 1; index < count; index++) {
        size_t bytes = strtoul(arguments[index], NULL, 10);
        if (bytes > largest) largest = bytes;
    }
    largest = (largest + 4095) / 4096 * 4096;
    loop.memory = aligned_alloc(4096, largest);
    fill(loop.memory, largest);

    printf("{\"instructions\": \"%s\", \"flops\": %.2f", name, best_rate(operations, &loop));
    printf(", \"cells\": %.4f, \"read\": {", best_rate(cells, &loop));
    fill(loop.memory, largest);
    for (int index = 1; index < count; index++) {
        loop.count = strtoul(arguments[index], NULL, 10) / sizeof(float);
        printf("%s\"%s\": %.2f", index > 1 ? ", " : "", arguments[index], best_rate(bytes_read, &loop));
    }
    printf("}}\n");
    free(loop.memory);
    return EXIT_SUCCESS;
}
