// Part of forecastd. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Which messages were sent when, and which came back.
struct measurement {
    uint64_t sent, answered;
    uint64_t unexpected; ///< answers that name no message that is waiting: repeated, or never sent
    int64_t *send_times; ///< [OUTSTANDING_LIMIT], by message number modulo; 0 once answered
    float *latencies;    ///< microseconds, of the first LATENCY_LIMIT answers since `clear_latencies`
    size_t latency_count;
};

enum {
    OUTSTANDING_LIMIT = 1 << 20, ///< messages that can be told apart on their way
    LATENCY_LIMIT = 1 << 24,
};

/// Nanoseconds of the monotonic clock.
int64_t nanoseconds_now(void);

/// Allocates and touches all memory, so that measuring does not.
void open_measurement(struct measurement *measurement);

void close_measurement(struct measurement *measurement);

/// Notes that message number `sent` leaves now.
void note_sent(struct measurement *measurement);

/// Notes that the answer to message `number` is here.
void note_answered(struct measurement *measurement, int64_t number);

uint64_t outstanding(const struct measurement *measurement);

void clear_latencies(struct measurement *measurement);

void sort_latencies(struct measurement *measurement);

/// The latency in microseconds that a share of the answers did not exceed; 0 without answers. Sort first.
double latency_at(const struct measurement *measurement, double share);
