#!/usr/bin/env python3
# Part of forecastd. SPDX-License-Identifier: Apache-2.0
"""Holds a producer's client against the protocol of loss-free inputs (Documentation/LossFreeInput.md).

The client is any command that sends the lines `topic payload` of its standard input, and ends with 0 when all are
acknowledged. {endpoint} and {producer} in it stand for where it is to connect and who it is:

    Clients/conformance.py -- python3 Clients/python/forecastd_producer.py --connect {endpoint} --producer {producer}

Plays a daemon that loses, repeats, delays, restarts and refuses, and says for each case whether the client did right.
"""
import argparse
import concurrent.futures
import pathlib
import struct
import subprocess
import sys
import tempfile
import time

import zmq

PATIENCE = 10  # seconds in which a client has to do what it must
START = 100  # seconds in which it has to say its first hello: all are started at once, on a machine that may be busy
STRANGER, VERSION, HELLO, REPLACED, CROWDED = 1, 2, 3, 4, 5


class Wrong(Exception):
    """What a client did that it must not, or did not that it must."""


class Daemon:
    """A daemon as a client sees one, and the client. Whatever comes is checked for what holds always."""

    def __init__(self, command, folder, lines, keeps_open=False):
        self.endpoint, self.lines, self.window = f"ipc://{folder}/in", lines, 10
        self.messages = {}  # all that came, by number
        self.has_begun = False
        self.is_skipping = False  # until what was asked for comes
        self.peer, self.expected, self.through, self.first = None, None, 0, 0
        self.open()
        words = [word.replace("{endpoint}", self.endpoint).replace("{producer}", "plant-7") for word in command]
        self.log = folder / "log"
        self.client = subprocess.Popen(words, stdin=subprocess.PIPE, stderr=open(self.log, "wb"))
        self.client.stdin.write(b"".join(line + b"\n" for line in lines))
        self.client.stdin.flush()
        if not keeps_open:
            self.client.stdin.close()

    def open(self):
        self.socket = zmq.Context.instance().socket(zmq.ROUTER)
        self.socket.setsockopt(zmq.LINGER, 0)
        self.socket.bind(self.endpoint)

    def restart(self):
        self.socket.close()
        self.peer = None
        self.open()

    def receive(self, seconds=PATIENCE):
        """The next thing that the client says: its kind and its number; None if there is none in time."""
        if not self.socket.poll(1000 * seconds):
            return None
        peer, head, *frames = self.socket.recv_multipart()
        kind = head[:1]
        if kind == b"H":
            self.has_begun, self.peer, self.expected = True, peer, None
            _, version, first = struct.unpack("<cBQ", head)
            self.check(version == 1, f"version 1 in its hello, not {version}")
            self.check(frames == [b"plant-7"], f"its id as the second frame of its hello, not {frames}")
            return kind, first
        if kind == b"Q":
            self.check(len(head) == 1 and not frames, "a question of one byte")
            return kind, 0
        self.check(kind == b"M" and len(head) == 9, f"a hello, a message or a question, not {head}")
        number = struct.unpack("<cQ", head)[1]
        if self.peer != peer or self.is_skipping and number != self.received + 1:
            return b"?", number
        if self.is_skipping:
            self.is_skipping, self.expected = False, number
        self.check(self.expected is not None, "no message before it is welcome")
        self.check(number == self.expected, f"message {self.expected}, not {number}")
        self.check(number <= self.through, f"no message beyond {self.through}, not {number}")
        self.check(len(frames) == 2, f"topic and payload, not {len(frames)} frames")
        self.check(self.messages.setdefault(number, b" ".join(frames)) == b" ".join(frames), f"the same message {number} again")
        self.expected += 1
        return kind, number

    def check(self, holds, expected):
        if not holds:
            raise Wrong(f"expected {expected}")

    def expect(self, kind, number=None, seconds=None):
        """The next thing that is no question has to be this one."""
        seconds = seconds or (PATIENCE if self.has_begun else START)
        deadline, has_ended = time.monotonic() + seconds, False
        while time.monotonic() < deadline:
            has_ended = self.client.poll() is not None
            heard = self.receive(0 if has_ended else min(1, max(0, deadline - time.monotonic())))
            if heard is None and has_ended:
                break
            if heard is None:
                continue
            if heard[0] == b"?":
                continue
            if heard[0] == b"Q" != kind:
                if not self.is_skipping:
                    self.answer()
                continue
            self.check(heard[0] == kind and number in (None, heard[1]), f"{kind} {number}, not {heard}")
            return heard[1]
        raise Wrong(f"expected {kind} {number} within {seconds} s, found {'its end' if has_ended else 'nothing'}")

    def say(self, *frames):
        self.socket.send_multipart([self.peer, *frames])

    def welcome(self, received, interval=5000, timeout=15000):
        self.acknowledged = self.received = received
        self.expected, self.through = received + 1, received + self.window
        self.say(struct.pack("<cQQQII", b"W", received, received, self.through, interval, timeout))

    def greet(self, first=0, received=0, **times):
        self.expect(b"H", first)
        self.first = received + 1
        self.welcome(received, **times)

    def expect_return(self):
        """A hello that says which message is the oldest that the client still has; acknowledgements may have been lost."""
        first = self.expect(b"H")
        self.check(1 <= first <= self.acknowledged + 1, f"a first message from 1 to {self.acknowledged + 1} in its hello, not {first}")

    def answer(self, kind=b"A"):
        if self.peer is not None:
            self.through = max(self.through, self.received + self.window)
            self.say(struct.pack("<cQQQ", kind, self.acknowledged, self.received, self.through))

    def take(self, count, acknowledges=True):
        """Takes messages in."""
        for _ in range(count):
            self.received = self.expect(b"M")
            if acknowledges:
                self.acknowledged = self.received
            self.answer()

    def take_all(self):
        self.take(self.first + len(self.lines) - 1 - self.received)
        self.ends()

    def ends(self, succeeds=True):
        deadline = time.monotonic() + PATIENCE
        while self.client.poll() is None and time.monotonic() < deadline:
            if self.receive(0.05):
                self.answer()
        self.check(self.client.poll() is not None, "an end")
        self.check((self.client.returncode == 0) == succeeds, f"an end with {'0' if succeeds else 'another status than 0'}, "
                   f"not {self.client.returncode}")
        if succeeds:
            sent = [self.messages[number] for number in sorted(self.messages)]
            self.check(sent == self.lines, f"the {len(self.lines)} lines in order, not {len(sent)} other ones")

    def is_quiet(self, seconds):
        """Nothing but questions comes, which are answered, and the client goes on."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            heard = self.receive(max(0, deadline - time.monotonic()))
            self.check(heard is None or heard[0] == b"Q", f"nothing but questions, not {heard}")
            if heard:
                self.answer()
        self.check(self.client.poll() is None, "that it waits, not that it ends")


def sends_all_in_order(daemon):
    daemon.greet()
    daemon.take_all()


def goes_on_behind_what_the_daemon_has(daemon):
    daemon.greet(received=41)
    daemon.take_all()


def keeps_within_the_window(daemon):
    daemon.window = 3
    daemon.greet()
    for _ in range(3):
        daemon.received = daemon.expect(b"M")
    daemon.is_quiet(0.5)
    daemon.acknowledged = daemon.received
    daemon.answer()
    daemon.take_all()


def waits_for_acknowledgements(daemon):
    """As when the disk is full: messages arrive, and are not kept. They are not to be sent again."""
    daemon.window = 1000
    daemon.greet()
    daemon.take(len(daemon.lines), acknowledges=False)
    daemon.is_quiet(3)
    daemon.acknowledged = daemon.received
    daemon.answer()
    daemon.ends()


def sends_again_after_a_restart(daemon):
    daemon.greet()
    daemon.take(10)
    daemon.take(5, acknowledges=False)
    daemon.restart()
    turn_away(daemon)
    daemon.expect_return()
    daemon.welcome(10)
    daemon.take_all()


def goes_on_where_the_restarted_daemon_is(daemon):
    daemon.greet()
    daemon.take(10)
    daemon.take(5, acknowledges=False)
    daemon.restart()
    turn_away(daemon)
    daemon.expect_return()
    daemon.welcome(13)
    daemon.take_all()


def turn_away(daemon):
    """Answers what a client says to a new daemon, until it says hello, which is left to be received."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if daemon.socket.poll(100):
            peer, head, *frames = daemon.socket.recv_multipart()
            if head[:1] == b"H":
                daemon.socket.close()  # as if it had been lost; the client has to say it again
                daemon.open()
                return
            daemon.socket.send_multipart([peer, bytes([ord("X"), STRANGER]), b"say hello"])
    raise Wrong("expected a hello after a restart")


def asks_when_acknowledgements_are_lost(daemon):
    daemon.window = 1000
    daemon.greet()
    for _ in daemon.lines:
        daemon.received = daemon.expect(b"M")
    daemon.acknowledged = daemon.received
    daemon.expect(b"Q")
    daemon.answer()
    daemon.ends()


def sends_again_what_it_is_asked_for(daemon):
    daemon.greet()
    daemon.take(4)
    for _ in range(3):
        daemon.expect(b"M")  # lost
    daemon.is_skipping = True
    daemon.answer(b"R")
    daemon.take_all()


def bears_repeated_and_late_acknowledgements(daemon):
    daemon.greet()
    daemon.take(8)
    for _ in range(3):
        daemon.answer()
    daemon.say(struct.pack("<cQQQ", b"A", 2, 3, 5))
    daemon.take_all()


def bears_what_it_does_not_know(daemon):
    daemon.greet()
    for frame in (b"", b"Z", b"A", b"W" + bytes(7), b"Aacknowledged", bytes(100), b"X", b"X\x63"):
        daemon.say(frame)
    daemon.say(b"Z", b"more")
    daemon.take_all()


def tries_again_when_there_are_too_many_producers(daemon):
    daemon.expect(b"H", 0)
    daemon.say(bytes([ord("X"), CROWDED]), b"too many")
    daemon.greet()
    daemon.take_all()


def asks_while_it_has_nothing_to_send(daemon):
    daemon.greet(interval=200, timeout=2000)
    daemon.take(len(daemon.lines))
    begin = time.monotonic()
    for _ in range(4):
        daemon.expect(b"Q", seconds=2)
        daemon.answer()
    daemon.check(time.monotonic() - begin < 4, "a question about every 200 ms")
    daemon.client.stdin.close()
    daemon.ends()


def connects_anew_when_nothing_is_heard(daemon):
    daemon.greet(interval=200, timeout=1000)
    daemon.take(3)
    former, deadline = daemon.peer, time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        heard = daemon.receive(1)
        if heard and heard[0] == b"H":
            break
    daemon.check(daemon.peer != former, "another connection when the daemon is silent")
    daemon.welcome(3)
    daemon.take_all()


def refused(code):
    def ends_when_it_is_refused(daemon):
        daemon.expect(b"H", 0)
        daemon.say(bytes([ord("X"), code]), b"this is why")
        daemon.ends(succeeds=False)
        daemon.check(daemon.log.stat().st_size > 0, "the reason on standard error")

    ends_when_it_is_refused.__name__ += f"_for_reason_{code}"
    return ends_when_it_is_refused


def ends_when_another_has_sent_as_this_producer(daemon):
    daemon.greet()
    daemon.take(5)
    daemon.restart()
    turn_away(daemon)
    daemon.expect_return()
    daemon.welcome(1000)
    daemon.expected = None
    daemon.ends(succeeds=False)


CASES = [
    sends_all_in_order, goes_on_behind_what_the_daemon_has, keeps_within_the_window, waits_for_acknowledgements,
    sends_again_after_a_restart, goes_on_where_the_restarted_daemon_is, asks_when_acknowledgements_are_lost,
    sends_again_what_it_is_asked_for, bears_repeated_and_late_acknowledgements, bears_what_it_does_not_know,
    tries_again_when_there_are_too_many_producers, asks_while_it_has_nothing_to_send,
    connects_anew_when_nothing_is_heard, refused(VERSION), refused(HELLO), refused(REPLACED),
    ends_when_another_has_sent_as_this_producer,
]


def run(case, command):
    with tempfile.TemporaryDirectory() as name:
        lines = [f"plant.{k % 3} {{\"value\": {k}}}".encode() for k in range(60)]
        daemon = Daemon(command, pathlib.Path(name), lines, keeps_open=case is asks_while_it_has_nothing_to_send)
        try:
            case(daemon)
        except Wrong as wrong:
            return f"{wrong}; standard error: {daemon.log.read_text(errors='replace').strip() or 'nothing'}"
        finally:
            daemon.client.kill()
            daemon.client.wait()
            daemon.socket.close()
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", help="part of the name of a case")
    parser.add_argument("command", nargs="+", help="the client, behind --")
    options = parser.parse_args()
    cases = [case for case in CASES if (options.only or "") in case.__name__]
    with concurrent.futures.ThreadPoolExecutor(len(cases)) as pool:
        wrong = list(pool.map(lambda case: run(case, options.command), cases))
    for case, what in zip(cases, wrong):
        print(f"{'wrong' if what else 'right'}  {case.__name__.replace('_', ' ')}{': ' + what if what else ''}")
    sys.exit(any(wrong))


if __name__ == "__main__":
    main()
