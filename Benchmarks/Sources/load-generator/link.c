// Part of forecastd. SPDX-License-Identifier: Apache-2.0

#define _GNU_SOURCE // for memmem, ppoll and SCHED_BATCH

#include "link.h"

#include "message.h"

#include <math.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zmq.h>

const char *open_link(struct link *link, const char *input, const char *output, uint32_t stream_count) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    *link = (struct link){
        .context = zmq_ctx_new(),
        .stream_count = stream_count,
        .first_time = (int64_t)now.tv_sec * 1000000,
    };
    int major, minor, patch;
    zmq_version(&major, &minor, &patch);
    snprintf(link->library_version, sizeof link->library_version, "%d.%d.%d", major, minor, patch);
    for (int index = 0; index < 256; index++) link->values[index] = 20 + 5 * sin(index * 2 * 3.14159265 / 256);
    // Without this, the I/O thread preempts the sending one at every message where the two share a core.
    zmq_ctx_set(link->context, ZMQ_THREAD_SCHED_POLICY, SCHED_BATCH);
    open_measurement(&link->measurement);
    link->output = zmq_socket(link->context, ZMQ_PUB);
    link->input = zmq_socket(link->context, ZMQ_SUB);
    int unlimited = 0, at_once = 0;
    zmq_setsockopt(link->output, ZMQ_SNDHWM, &unlimited, sizeof unlimited);
    zmq_setsockopt(link->input, ZMQ_RCVHWM, &unlimited, sizeof unlimited);
    zmq_setsockopt(link->output, ZMQ_LINGER, &at_once, sizeof at_once);
    zmq_setsockopt(link->input, ZMQ_SUBSCRIBE, "", 0);
    if (zmq_bind(link->output, input) != 0) return "cannot bind INPUT; is the port in use?";
    if (zmq_connect(link->input, output) != 0) return "cannot connect to OUTPUT";
    return NULL;
}

void close_link(struct link *link) {
    zmq_close(link->output);
    zmq_close(link->input);
    zmq_ctx_term(link->context);
    close_measurement(&link->measurement);
}

void send_next(struct link *link) {
    uint64_t number = link->measurement.sent;
    uint32_t stream = (uint32_t)(number % link->stream_count);
    double value = link->values[(number / link->stream_count + stream * 37) % 256];
    char identifier[IDENTIFIER_LENGTH], payload[PAYLOAD_SIZE];
    write_identifier(stream, identifier);
    size_t size = write_payload(link->first_time + (int64_t)number, value, payload);
    note_sent(&link->measurement);
    zmq_send(link->output, identifier, sizeof identifier, ZMQ_SNDMORE);
    zmq_send(link->output, payload, size, 0);
}

/// Receives one answer: id, payload, and whatever frames follow, which are passed over.
static bool receive_one(struct link *link) {
    char identifier[256], payload[65536];
    if (zmq_recv(link->input, identifier, sizeof identifier, ZMQ_DONTWAIT) < 0) return false;
    int size = 0, more = 0;
    size_t more_size = sizeof more;
    for (int frame = 1; zmq_getsockopt(link->input, ZMQ_RCVMORE, &more, &more_size) == 0 && more; frame++) {
        char rest[256];
        if (frame == 1) size = zmq_recv(link->input, payload, sizeof payload, 0);
        else zmq_recv(link->input, rest, sizeof rest, 0);
    }
    int64_t time;
    bool is_whole = size > 0 && (size_t)size <= sizeof payload;
    if (is_whole && read_time(payload, (size_t)size, &time)) {
        note_answered(&link->measurement, time - link->first_time);
        link->last_has_forecast = memmem(payload, (size_t)size, "\"yhat\"", 6) != NULL;
    } else {
        link->measurement.unexpected++;
    }
    return true;
}

bool receive_waiting(struct link *link, int limit) {
    int count = 0;
    while (count < limit && receive_one(link)) count++;
    return count > 0;
}

void wait_for_answer(struct link *link, long milliseconds) {
    zmq_pollitem_t readable = {.socket = link->input, .events = ZMQ_POLLIN};
    zmq_poll(&readable, 1, milliseconds);
}

void wait_for_answer_until(struct link *link, int64_t due) {
    // zmq_poll only knows milliseconds. Its descriptor signals changes, not levels, so the caller has just seen
    // an empty socket and asks again after every wake-up.
    int descriptor;
    size_t size = sizeof descriptor;
    zmq_getsockopt(link->input, ZMQ_FD, &descriptor, &size);
    int events;
    size = sizeof events;
    zmq_getsockopt(link->input, ZMQ_EVENTS, &events, &size);
    int64_t left = due - nanoseconds_now();
    if (events & ZMQ_POLLIN || left <= 0) return;
    struct pollfd readable = {.fd = descriptor, .events = POLLIN};
    struct timespec timeout = {.tv_sec = left / 1000000000, .tv_nsec = left % 1000000000};
    ppoll(&readable, 1, &timeout, NULL);
}

bool reach_daemon(struct link *link, double seconds) {
    int64_t end = nanoseconds_now() + (int64_t)(seconds * 1e9);
    while (link->measurement.answered == 0 && nanoseconds_now() < end) {
        send_next(link);
        wait_for_answer(link, 50);
        receive_waiting(link, 64);
    }
    bool is_reached = link->measurement.answered > 0;
    // Answers to what was sent before the daemon was there never come: count only from here on, with later times.
    for (int quiet = 0; quiet < 4; quiet++) {
        wait_for_answer(link, 50);
        while (receive_waiting(link, 64)) quiet = 0;
    }
    link->first_time += (int64_t)link->measurement.sent;
    struct measurement *measurement = &link->measurement;
    memset(measurement->send_times, 0, OUTSTANDING_LIMIT * sizeof *measurement->send_times);
    measurement->sent = measurement->answered = measurement->unexpected = 0;
    return is_reached;
}
