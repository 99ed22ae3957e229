// Part of forecastd. SPDX-License-Identifier: Apache-2.0

#include "measurement.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

int64_t nanoseconds_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

void open_measurement(struct measurement *measurement) {
    *measurement = (struct measurement){
        .send_times = malloc(OUTSTANDING_LIMIT * sizeof(int64_t)),
        .latencies = malloc(LATENCY_LIMIT * sizeof(float)),
    };
    memset(measurement->send_times, 0, OUTSTANDING_LIMIT * sizeof(int64_t));
    memset(measurement->latencies, 0, LATENCY_LIMIT * sizeof(float));
}

void close_measurement(struct measurement *measurement) {
    free(measurement->send_times);
    free(measurement->latencies);
}

void note_sent(struct measurement *measurement) {
    measurement->send_times[measurement->sent % OUTSTANDING_LIMIT] = nanoseconds_now();
    measurement->sent++;
}

void note_answered(struct measurement *measurement, int64_t number) {
    bool can_be_waiting = number >= 0 && (uint64_t)number < measurement->sent &&
                          (uint64_t)number + OUTSTANDING_LIMIT >= measurement->sent;
    int64_t *send_time = &measurement->send_times[(uint64_t)number % OUTSTANDING_LIMIT];
    if (!can_be_waiting || *send_time == 0) {
        measurement->unexpected++;
        return;
    }
    if (measurement->latency_count < LATENCY_LIMIT)
        measurement->latencies[measurement->latency_count++] = (float)(nanoseconds_now() - *send_time) * 1e-3f;
    *send_time = 0;
    measurement->answered++;
}

uint64_t outstanding(const struct measurement *measurement) { return measurement->sent - measurement->answered; }

void clear_latencies(struct measurement *measurement) { measurement->latency_count = 0; }

static int compare(const void *left, const void *right) {
    float a = *(const float *)left, b = *(const float *)right;
    return (a > b) - (a < b);
}

void sort_latencies(struct measurement *measurement) {
    qsort(measurement->latencies, measurement->latency_count, sizeof(float), compare);
}

double latency_at(const struct measurement *measurement, double share) {
    size_t count = measurement->latency_count;
    if (count == 0) return 0;
    size_t index = (size_t)((double)count * share);
    return measurement->latencies[index < count ? index : count - 1];
}
