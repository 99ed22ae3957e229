// Part of forecastd. SPDX-License-Identifier: Apache-2.0

// Drives a daemon over ZeroMQ and measures what it answers. Prints one JSON object.
//
// Usage: load-generator INPUT OUTPUT STREAMS (window COUNT | rate PER_SECOND) SECONDS PID
//
// A PUB socket binds INPUT (where the daemon's SUB connects), a SUB socket connects to OUTPUT (where its PUB
// binds). PID is the daemon's, for its processor time and memory.
//   window  closed loop: COUNT messages are on their way at any time. How much the daemon can do. Keep COUNT
//           below every high-water mark on the way, so that nothing may be dropped.
//   rate    open loop: a message is sent at every due time, whatever comes back. How long an answer takes.

#include "link.h"
#include "process.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct options {
    const char *input, *output;
    uint32_t stream_count;
    bool is_window;
    double value; ///< messages on their way, or messages per second
    double seconds;
    int pid;
};

/// What one phase of load came to.
struct outcome {
    uint64_t answered;
    double seconds, processor_seconds;
};

static void stop(const char *problem) {
    fprintf(stderr, "load-generator: %s\n", problem);
    exit(EXIT_FAILURE);
}

static struct options read_options(int count, char **arguments) {
    if (count != 8)
        stop("usage: load-generator INPUT OUTPUT STREAMS (window COUNT | rate PER_SECOND) SECONDS PID");
    struct options options = {
        .input = arguments[1],
        .output = arguments[2],
        .stream_count = (uint32_t)strtoul(arguments[3], NULL, 10),
        .is_window = strcmp(arguments[4], "window") == 0,
        .value = atof(arguments[5]),
        .seconds = atof(arguments[6]),
        .pid = atoi(arguments[7]),
    };
    if (options.stream_count < 1 || options.stream_count > 100000) stop("STREAMS: expected 1 to 100000");
    if (!options.is_window && strcmp(arguments[4], "rate") != 0) stop("expected `window` or `rate`");
    if (!(options.value > 0 && options.seconds > 0)) stop("COUNT, PER_SECOND and SECONDS are positive");
    if (options.is_window && options.value > OUTSTANDING_LIMIT / 2) stop("COUNT is too large");
    return options;
}

/// Keeps `window` messages on their way for `seconds`, or until `answers` came if that is not 0.
static void keep_window(struct link *link, uint64_t window, double seconds, uint64_t answers) {
    struct measurement *measurement = &link->measurement;
    uint64_t target = measurement->answered + answers;
    int64_t end = nanoseconds_now() + (int64_t)(seconds * 1e9);
    while (nanoseconds_now() < end && (answers == 0 || measurement->answered < target)) {
        while (outstanding(measurement) < window) send_next(link);
        if (!receive_waiting(link, 64)) wait_for_answer(link, 5);
    }
}

/// Sends at every due time for `seconds` and receives in between.
static void keep_rate(struct link *link, double per_second, double seconds) {
    int64_t start = nanoseconds_now(), end = start + (int64_t)(seconds * 1e9), now;
    for (uint64_t sent = 0; (now = nanoseconds_now()) < end;) {
        int64_t due = start + (int64_t)((double)sent * 1e9 / per_second);
        if (now >= due) {
            send_next(link);
            sent++;
        } else if (!receive_waiting(link, 64)) {
            wait_for_answer_until(link, due);
        }
    }
}

/// Receives until nothing is on its way, at most `seconds` long.
static void receive_rest(struct link *link, double seconds) {
    int64_t end = nanoseconds_now() + (int64_t)(seconds * 1e9);
    while (outstanding(&link->measurement) > 0 && nanoseconds_now() < end)
        if (!receive_waiting(link, 64)) wait_for_answer(link, 20);
}

/// Waits until both directions carry messages, then sends every stream its first value.
static void warm_up(struct link *link) {
    if (!reach_daemon(link, 30)) stop("no answer within 30 s");
    uint64_t answers = link->stream_count > 2000 ? link->stream_count : 2000;
    keep_window(link, 400, 60, answers);
    receive_rest(link, 3);
    if (outstanding(&link->measurement) > 0) stop("messages were lost while warming up");
}

static struct outcome measure(struct link *link, const struct options *options) {
    struct measurement *measurement = &link->measurement;
    clear_latencies(measurement);
    uint64_t answered_before = measurement->answered;
    double processor_before = processor_seconds(options->pid);
    int64_t start = nanoseconds_now();
    if (options->is_window) keep_window(link, (uint64_t)options->value, options->seconds, 0);
    else keep_rate(link, options->value, options->seconds);
    return (struct outcome){
        .answered = measurement->answered - answered_before,
        .seconds = (double)(nanoseconds_now() - start) * 1e-9,
        .processor_seconds = processor_seconds(options->pid) - processor_before,
    };
}

int main(int count, char **arguments) {
    struct options options = read_options(count, arguments);
    struct link link;
    const char *problem = open_link(&link, options.input, options.output, options.stream_count);
    if (problem) stop(problem);
    warm_up(&link);
    struct outcome outcome = measure(&link, &options);
    long resident = resident_kibibytes(options.pid);
    receive_rest(&link, 3);

    const struct measurement *measurement = &link.measurement;
    sort_latencies(&link.measurement);
    printf("{\"streams\": %u, \"answered\": %lu, \"lost\": %lu, \"unexpected\": %lu, \"rate\": %.1f, ",
           options.stream_count, outcome.answered, outstanding(measurement), measurement->unexpected,
           (double)outcome.answered / outcome.seconds);
    printf("\"processor_us\": %.3f, \"resident_kib\": %ld, ",
           outcome.processor_seconds * 1e6 / (double)(outcome.answered ? outcome.answered : 1), resident);
    printf("\"p50_us\": %.1f, \"p99_us\": %.1f, \"max_us\": %.1f, ",
           latency_at(measurement, 0.5), latency_at(measurement, 0.99), latency_at(measurement, 1));
    printf("\"has_forecast\": %s, \"libzmq\": \"%s\"}\n", link.last_has_forecast ? "true" : "false",
           link.library_version);
    close_link(&link);
    return EXIT_SUCCESS;
}
