// Part of forecastd. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdint.h>
#include <time.h>

/// Seconds of the monotonic clock.
static inline double seconds_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/// A counter that is cheap to read beside a step of a microsecond. Not every processor lets a program
/// read its own; there it is the clock.
static inline uint64_t ticks_now(void) {
#if defined(__x86_64__)
    return __builtin_ia32_rdtsc();
#else
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
#endif
}

/// How many ticks a second has, measured over 50 ms.
static inline double ticks_per_second(void) {
    double start = seconds_now();
    uint64_t first = ticks_now();
    double end;
    do end = seconds_now();
    while (end - start < 0.05);
    return (double)(ticks_now() - first) / (end - start);
}
