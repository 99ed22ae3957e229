// Part of forecastd. SPDX-License-Identifier: Apache-2.0

// What messaging alone costs: every frame that arrives goes out again as it came. This is the upper bound
// for a daemon that reads and writes the same number of messages on the same socket types.
//
// Usage: echo INPUT OUTPUT     (a SUB socket connects to INPUT, a PUB socket binds OUTPUT)

#define _GNU_SOURCE // for SCHED_BATCH

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
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

int main(int count, char **arguments) {
    if (count != 3) {
        fprintf(stderr, "usage: echo INPUT OUTPUT\n");
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
        forward_waiting(input, output);
    }
}
