// Part of forecastd. SPDX-License-Identifier: Apache-2.0
#pragma once

#include "measurement.h"

/// The two sockets to a daemon and what went through them.
struct link {
    void *context, *output, *input; ///< `output` carries values to the daemon, `input` its answers back
    uint32_t stream_count;
    int64_t first_time;     ///< microseconds since 1970: the time of message 0
    double values[256];     ///< one period of the signal that every stream follows at a phase of its own
    bool last_has_forecast; ///< whether the latest answer carried "yhat"
    char library_version[16];
    struct measurement measurement;
};

/// Opens the sockets; a sentence on what went wrong, or null.
const char *open_link(struct link *link, const char *input, const char *output, uint32_t stream_count);

void close_link(struct link *link);

/// Sends values now and then until answers come, at most `seconds` long, then starts the measurement anew;
/// false if none came.
bool reach_daemon(struct link *link, double seconds);

/// Sends the next value: streams take turns.
void send_next(struct link *link);

/// Receives what is there without waiting, at most `limit` answers; whether there was any.
bool receive_waiting(struct link *link, int limit);

/// Sleeps until an answer is there or `milliseconds` have passed.
void wait_for_answer(struct link *link, long milliseconds);

/// Sleeps until an answer is there or `due`, in nanoseconds of the monotonic clock, has come.
void wait_for_answer_until(struct link *link, int64_t due);
