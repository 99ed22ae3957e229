// Part of forecastd. SPDX-License-Identifier: Apache-2.0

// What messaging alone costs: every frame that arrives goes out again as it came. This is the upper bound
// for a daemon that reads and writes the same number of messages on the same socket types.
//
// Usage: echo INPUT OUTPUT [SIZE]     (a SUB socket connects to INPUT, a PUB socket binds OUTPUT)
//
// With SIZE the answer has the frames of a forecast: the id, the payload followed by blanks up to SIZE bytes, and 8
// bytes for the sequence, all written anew. That is the upper bound for a daemon whose answers look like that.

#define _GNU_SOURCE // for SCHED_BATCH

#include <errno.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

static void fail(const char *action, const char *subject) {
    fprintf(stderr, "echo: cannot %s %s: %s\n", action, subject, zmq_strerror(errno));
    exit(EXIT_FAILURE);
}

/// Forwards what is waiting, frame by frame, and returns when nothing is left.
static void forward_waiting(void *input, void *output) {
    zmq_msg_t frame;
    zmq_msg_init(&frame);
    while (zmq_msg_recv(&frame, input, ZMQ_DONTWAIT) >= 0) {
        int flags = zmq_msg_more(&frame) ? ZMQ_SNDMORE : 0;
        if (zmq_msg_send(&frame, output, flags) < 0) fail("send to", "the output");
    }
    if (errno != EAGAIN) fail("receive from", "the input");
    zmq_msg_close(&frame);
}

/// As `forward_waiting`, with answers that have the frames of a forecast and `size` bytes of payload.
static void answer_waiting(void *input, void *output, size_t size) {
    static char payload[4096];
    static uint64_t sequence;
    char identifier[128];
    int length;
    while ((length = zmq_recv(input, identifier, sizeof identifier, ZMQ_DONTWAIT)) >= 0) {
        int filled = zmq_recv(input, payload, size, ZMQ_DONTWAIT);
        if (filled < 0) fail("receive from", "the input");
        if ((size_t)filled < size) memset(payload + filled, ' ', size - (size_t)filled);
        sequence++;
        if (zmq_send(output, identifier, (size_t)length, ZMQ_SNDMORE) < 0 ||
            zmq_send(output, payload, size, ZMQ_SNDMORE) < 0 ||
            zmq_send(output, &sequence, sizeof sequence, 0) < 0)
            fail("send to", "the output");
    }
    if (errno != EAGAIN) fail("receive from", "the input");
}

int main(int count, char **arguments) {
    size_t size = count == 4 ? strtoul(arguments[3], NULL, 10) : 0;
    if (count < 3 || count > 4 || size > 4096) {
        fprintf(stderr, "usage: echo INPUT OUTPUT [SIZE up to 4096]\n");
        return EXIT_FAILURE;
    }
    void *context = zmq_ctx_new();
    // The daemon's I/O thread runs under the same policy: it must not preempt the thread that works.
    zmq_ctx_set(context, ZMQ_THREAD_SCHED_POLICY, SCHED_BATCH);
    void *input = zmq_socket(context, ZMQ_SUB);
    void *output = zmq_socket(context, ZMQ_PUB);
    int unlimited = 0;
    zmq_setsockopt(input, ZMQ_RCVHWM, &unlimited, sizeof unlimited);
    zmq_setsockopt(output, ZMQ_SNDHWM, &unlimited, sizeof unlimited);
    zmq_setsockopt(input, ZMQ_SUBSCRIBE, "", 0);
    if (zmq_bind(output, arguments[2]) != 0) fail("bind", arguments[2]);
    if (zmq_connect(input, arguments[1]) != 0) fail("connect to", arguments[1]);

    zmq_pollitem_t readable = {.socket = input, .events = ZMQ_POLLIN};
    for (;;) {
        if (zmq_poll(&readable, 1, -1) < 0 && errno != EINTR) fail("poll", "the input");
        if (size > 0) answer_waiting(input, output, size);
        else forward_waiting(input, output);
    }
}
