#!/usr/bin/env python3
# Part of forecastd. SPDX-License-Identifier: Apache-2.0
"""Sends values to a loss-free input of forecastd (socket: router): a producer in one file, with pyzmq alone.

    producer = Producer("tcp://127.0.0.1:5559", "plant-7")
    producer.send(b"plant.boiler.temp", b'{"value": 20.5}')   # waits while too much is unacknowledged
    producer.flush()                                          # waits until all is kept
    producer.close()

As a program it sends the lines `topic payload` of standard input. What it does is described in
Documentation/LossFreeInput.md; any client can be held against that with Clients/conformance.py.
"""
import argparse
import collections
import os
import pathlib
import struct
import sys
import time

import zmq

VERSION = 1
STRANGER, OTHER_VERSION, NO_HELLO, REPLACED, CROWDED = 1, 2, 3, 4, 5
RETRY = 1.0


class Refused(Exception):
    """The daemon will not have this producer, and why."""


class Producer:
    """One producer: numbers messages, keeps them until they are acknowledged, sends again what was lost.

    `limit` is how many messages may be unacknowledged before `send` waits. Where the input asks for proof (CURVE), `secret_key`
    is this side's secret key and `server_key` the daemon's public one, each of 40 characters. Not for several threads.
    """

    def __init__(self, endpoint, identifier, limit=100_000, secret_key=None, server_key=None):
        self.endpoint, self.identifier, self.limit = endpoint, identifier.encode(), limit
        self.pending = collections.deque()  # unacknowledged messages, the first of which has the number `base`
        self.base = None  # unknown before the first welcome
        self.sent = self.through = self.received = 0
        self.interval, self.timeout = 5.0, 15.0
        self.asked = None  # at the last question: (sent, received)
        if (secret_key is None) != (server_key is None):
            raise ValueError("expected secret_key and server_key together, found one of them")
        self.secret_key, self.server_key = secret_key, server_key
        self.context = zmq.Context.instance()
        self.socket = None
        self.connect()

    def connect(self):
        if self.socket is not None:
            self.socket.close(linger=0)
        self.socket = self.context.socket(zmq.DEALER)
        self.socket.setsockopt(zmq.LINGER, 0)
        self.socket.setsockopt(zmq.IMMEDIATE, 1)
        self.socket.setsockopt(zmq.RECONNECT_IVL_MAX, 2000)
        if self.secret_key is not None:
            self.socket.curve_secretkey = self.secret_key.encode()
            self.socket.curve_publickey = zmq.curve_public(self.secret_key.encode())
            self.socket.curve_serverkey = self.server_key.encode()
        self.socket.connect(self.endpoint)
        self.is_welcome = False
        self.heard = self.spoken = time.monotonic()
        self.greeted = float("-inf")

    def send(self, topic, payload):
        """Takes a message over; waits while `limit` messages are unacknowledged."""
        while len(self.pending) >= self.limit:
            self.advance(1.0)
        self.pending.append((topic, payload))
        self.advance(0)

    def flush(self):
        """Waits until all messages are acknowledged."""
        while self.pending:
            self.advance(1.0)

    def close(self):
        self.socket.close(linger=0)

    def advance(self, seconds, descriptor=None):
        """Sends and receives what there is, and waits for more at most so long; True if `descriptor` can be read."""
        self.speak()
        poller = zmq.Poller()
        poller.register(self.socket, zmq.POLLIN)
        if descriptor is not None:
            poller.register(descriptor, zmq.POLLIN)
        # A quarter of the shortest pause: that is how late a question may come.
        ready = dict(poller.poll(1000 * min(seconds, RETRY / 4, self.interval / 4 or RETRY)))
        while self.socket.poll(0):
            self.hear(self.socket.recv_multipart())
        self.speak()
        return descriptor in ready

    def speak(self):
        now = time.monotonic()
        if now - self.heard > self.timeout and (self.interval or self.pending):
            self.connect()
        if not self.is_welcome:
            if now - self.greeted >= RETRY and self.put(struct.pack("<cBQ", b"H", VERSION, self.base or 0), self.identifier):
                self.greeted = now
            return
        while self.sent < min(self.through, self.base + len(self.pending) - 1):
            if not self.put(struct.pack("<cQ", b"M", self.sent + 1), *self.pending[self.sent + 1 - self.base]):
                break
            self.sent += 1
        quiet = now - max(self.heard, self.spoken)
        if (self.pending and quiet >= RETRY) or (self.interval and now - self.spoken >= self.interval):
            if self.put(b"Q"):
                self.asked = (self.sent, self.received)

    def put(self, *frames):
        try:
            self.socket.send_multipart(frames, zmq.DONTWAIT)
        except zmq.Again:
            return False
        self.spoken = time.monotonic()
        return True

    def hear(self, frames):
        self.heard = time.monotonic()
        kind, head = frames[0][:1], frames[0]
        if kind == b"X" and len(head) == 2:
            if head[1] in (OTHER_VERSION, NO_HELLO, REPLACED):
                raise Refused(frames[1].decode(errors="replace") if len(frames) > 1 else f"reason {head[1]}")
            if head[1] in (STRANGER, CROWDED):
                self.is_welcome = False
            if head[1] == STRANGER:
                self.greeted = float("-inf")
        elif kind == b"W" and len(head) == 33:
            _, acknowledged, received, through, interval, timeout = struct.unpack("<cQQQII", head)
            self.welcome(received, through, interval / 1000, timeout / 1000)
        elif kind in (b"A", b"R") and len(head) == 25 and self.is_welcome:
            _, acknowledged, received, through = struct.unpack("<cQQQ", head)
            self.acknowledge(acknowledged)
            self.received, self.through = max(self.received, received), max(self.through, through)
            # Nothing more has arrived since the question, which was sent behind all messages.
            is_lost = self.asked is not None and received < self.asked[0] and received == self.asked[1]
            if (kind == b"R" or is_lost) and self.base - 1 <= received < self.sent:
                self.sent = received
            self.asked = None

    def welcome(self, received, through, interval, timeout):
        if self.base is None:
            self.base = received + 1
        if not self.base - 1 <= received < self.base + len(self.pending):
            raise Refused(f"the daemon has message {received} of {self.identifier.decode()}, which was never sent: give each "
                          "producer an id of its own")
        self.sent = received
        self.acknowledge(received)
        self.received, self.through, self.is_welcome, self.asked = received, through, True, None
        self.interval, self.timeout = interval, timeout or 15.0

    def acknowledge(self, number):
        while self.pending and self.base <= min(number, self.sent):
            self.pending.popleft()
            self.base += 1


def main():
    parser = argparse.ArgumentParser(description="Sends the lines `topic payload` of standard input to forecastd, without loss.")
    parser.add_argument("--connect", required=True, help="endpoint of the input, as tcp://127.0.0.1:5559")
    parser.add_argument("--producer", required=True, help="the id of this producer, which no other one has")
    parser.add_argument("--limit", type=int, default=100_000, help="messages that may be unacknowledged")
    parser.add_argument("--curve-key", metavar="FILE", help="file of the secret key, as forecastd keygen makes it")
    parser.add_argument("--server-key", metavar="KEY", help="the daemon's public key")
    options = parser.parse_args()
    if (options.curve_key is None) != (options.server_key is None):
        parser.error("expected --curve-key and --server-key together")
    secret_key = pathlib.Path(options.curve_key).read_text().strip() if options.curve_key else None
    producer = Producer(options.connect, options.producer, options.limit, secret_key, options.server_key)
    rest, is_open = b"", True
    try:
        while is_open or producer.pending:
            has_room = len(producer.pending) < options.limit
            if producer.advance(1.0, 0 if is_open and has_room else None):
                chunk = os.read(0, 1 << 16)
                is_open = bool(chunk)
                *lines, rest = (rest + chunk).split(b"\n") if chunk else [rest, b""]
                for line in filter(None, lines):
                    topic, _, payload = line.partition(b" ")
                    producer.pending.append((topic, payload))
    except Refused as reason:
        sys.exit(f"{options.producer}: refused: {reason}")
    producer.close()


if __name__ == "__main__":
    main()
