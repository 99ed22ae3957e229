#!/usr/bin/env python3
# Part of forecastd. SPDX-License-Identifier: Apache-2.0
"""Kills a real daemon at random moments, fills its disk, lets its disk fail, and holds its forecasts against those of a
daemon that nothing happened to.

A value whose forecast does not come is sent again after the restart, with its time: if the daemon had it, it is a duplicate
and refused. So each value counts once, and where forecasts were lost on their way, those that come must still be right.
Values without a time, which no daemon can tell from one another, go by the loss-free client: each must count exactly once.
Needs root for the full disk, which is a tmpfs.
"""
import argparse
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time

import zmq

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get("FORECASTD_BINARY", ROOT / ".build/release/forecastd")
sys.path.insert(0, str(ROOT / "Clients/python"))
from forecastd_producer import Producer  # noqa: E402
STREAMS = 5
SHIM = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
static int count;
int fdatasync(int file) {
    static int (*real)(int);
    if (!real) real = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    if (++count == atoi(getenv("FAIL_AT"))) { errno = EIO; return -1; }
    return real(file);
}
"""


def configuration(folder, state, more=""):
    return f"""
inputs:
  plant: {{socket: pull, bind: ["ipc://{folder}/in"], format: json}}
  meters: {{socket: router, bind: ["ipc://{folder}/loss-free"], format: json}}
outputs: {{forecasts: {{socket: pub, bind: ["ipc://{folder}/out"], linger: 0s}}}}
models: {{general: {{weights: {ROOT}/config/models/general.safetensors}}}}
streams:
  - {{match: bulk, model: general, adapt: off}}
  - {{match: "*", model: general, season: 12, anomaly: {{}}}}
state: {{directory: {state}, snapshot_every: 1s, ballast: 8MiB{more}}}
"""


class Run:
    """A daemon, and a client that sends it value after value."""

    has_times = True  # whether the values have times, so that forecasts always have the same ones

    def __init__(self, folder, state, environment=None, more=""):
        self.folder, self.environment = folder, environment or {}
        (folder / "f.yaml").write_text(configuration(folder, state, more))
        context = zmq.Context.instance()
        self.push, self.sub = context.socket(zmq.PUSH), context.socket(zmq.SUB)
        for socket in (self.push, self.sub):
            socket.setsockopt(zmq.LINGER, 0)
            socket.setsockopt(zmq.RECONNECT_IVL, 5)
        self.push.setsockopt(zmq.IMMEDIATE, 1)
        for stream in ("s", "probe", "kept"):
            self.sub.subscribe(stream)
        self.push.connect(f"ipc://{folder}/in")
        self.sub.connect(f"ipc://{folder}/out")
        self.forecasts, self.errors, self.process, self.probes = {}, "", None, 0
        self.kept = []  # forecasts of what the loss-free client sends while the disk is full

    def start(self):
        self.process = subprocess.Popen(
            [BINARY, "run", "--config", self.folder / "f.yaml"],
            env=os.environ | self.environment, stderr=open(self.folder / "log", "ab"))

    def push_message(self, stream, fields):
        """Sends a message to the daemon; False if it ends first. A daemon killed just now is no longer there to wait for."""
        while True:
            try:
                self.push.send_multipart([stream.encode(), json.dumps(fields).encode()], zmq.NOBLOCK)
                return True
            except zmq.Again:
                if self.process.poll() is not None:
                    return False
                self.push.poll(10, zmq.POLLOUT)

    def join(self):
        """Sends values of a stream of its own until a forecast of the last one comes; False if the daemon ends."""
        while self.process.poll() is None:
            self.probes += 1
            if self.push_message("probe", {"value": self.probes}):
                while self.sub.poll(50):
                    if self.takes_probe():
                        return True
        return False

    def takes_probe(self):
        """Takes a forecast; whether it is that of the last probe."""
        frames = self.sub.recv_multipart()
        self.take(frames)
        return frames[0] == b"probe" and json.loads(frames[1])["y"] == self.probes

    def take(self, frames):
        stream, payload, sequence = frames[0].decode(), json.loads(frames[1]), int.from_bytes(frames[2], "little")
        if stream == "probe":
            return
        for field in ("epoch", "seq"):
            payload.pop(field)
        is_durable = payload["quality"].pop("durable", True)
        if stream == "kept":
            self.kept.append((sequence, payload["y"], is_durable))
            return
        payload["quality"].pop("age")
        if not self.has_times:
            payload.pop("ts")
            payload.pop("score", None)  # it fades by the clock
        text = json.dumps(payload, sort_keys=True)
        if self.forecasts.setdefault((stream, sequence), text) != text:
            sys.exit(f"{stream} {sequence}: told twice, and not the same:\n{self.forecasts[stream, sequence]}\n{text}")

    def send(self, second):
        """Sends a value of every stream, and waits until all are forecast or refused; False if the daemon ended first."""
        messages = []
        for stream in range(STREAMS):
            value = random.Random(second * STREAMS + stream).gauss(second % 12, 1)
            messages.append((f"s{stream}", {"ts": 1700000000 + second, "value": value}))
        self.probes += 1
        for stream, fields in messages + [("probe", {"value": self.probes})]:
            if not self.push_message(stream, fields):
                return False
        while True:
            if self.sub.poll(10):
                if self.takes_probe():
                    return True
            elif self.process.poll() is not None:
                return False

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait()


def reference(folder, seconds):
    run = Run(folder, folder / "state")
    run.start()
    run.join()
    for second in range(seconds):
        run.send(second)
    assert run.stop() == 0
    return run.forecasts


def compare(name, run, expected, least=0.5):
    wrong = [key for key, text in run.forecasts.items() if expected.get(key) != text]
    print(f"{name}: {len(run.forecasts)} of {len(expected)} forecasts came, {len(wrong)} are not as they would have been")
    if wrong or len(run.forecasts) < least * len(expected):
        first = sorted(wrong)[:1]
        sys.exit(f"{name}: wrong: {sorted(wrong)[:5]}" + "".join(
            f"\nexpected {expected.get(key)}\nfound {run.forecasts[key]}" for key in first))


def kills(folder, expected, seconds, count):
    """Kills at random moments; values are sent again that have no forecast."""
    run, done, second = Run(folder, folder / "state"), 0, 0
    run.start()
    run.join()
    while second < seconds:
        if done < count:
            threading.Timer(random.uniform(0, 0.06), run.process.kill).start()
        while second < seconds and run.send(second):
            second += 1
        if second < seconds:
            run.process.wait()
            done += 1
            run.start()
            run.join()
    print(f"kills: {done}")
    run.stop()
    compare("kills", run, expected)


class LossFreeRun(Run):
    """A daemon that may be killed at any time, and the loss-free client, which sends on values without times."""

    has_times = False

    def __init__(self, folder, pipelines):
        folder.mkdir()
        super().__init__(folder, folder / "state", more=", durability: commit")
        with open(folder / "f.yaml", "a") as file:
            file.write(f"pipelines: {pipelines}\n")
        self.start()
        self.join()
        self.producer, self.seconds = Producer(f"ipc://{folder}/loss-free", "client", limit=400), 0

    def kill(self, count, ended):
        try:
            for number in range(count):
                time.sleep(random.uniform(0, 0.4))
                if number % 4 == 3:
                    # Its producer takes it for dead; it goes on as if nothing had been.
                    self.process.send_signal(signal.SIGSTOP)
                    time.sleep(random.uniform(0, 1))
                    self.process.send_signal(signal.SIGCONT)
                    continue
                self.process.kill()
                self.process.wait()
                self.start()
        finally:
            ended.set()

    def send_second(self):
        for stream in range(STREAMS):
            value = random.Random(self.seconds * STREAMS + stream).gauss(self.seconds % 12, 1)
            self.producer.send(f"s{stream}".encode(), json.dumps({"value": value}).encode())
        self.seconds += 1
        while self.sub.poll(0):
            self.take(self.sub.recv_multipart())

    def finish(self):
        """Sends a last second, whose forecasts must be those of as many values as were sent."""
        self.producer.flush()
        assert self.join()
        self.send_second()
        self.producer.flush()
        last = {(f"s{stream}", self.seconds) for stream in range(STREAMS)}
        while not last <= self.forecasts.keys() and self.sub.poll(10000):
            self.take(self.sub.recv_multipart())
        counted = {stream: max(number for name, number in self.forecasts if name == stream) for stream, _ in last}
        if set(counted.items()) != last:
            sys.exit(f"loss-free: expected {self.seconds} values of each stream to count once, found {counted}")
        self.producer.close()
        assert self.stop() == 0


def lossfree(base, count, pipelines):
    """Kills at random moments, and stops for a while, as the loss-free client sends: all counts exactly once, in order."""
    run, ended = LossFreeRun(base / f"lossfree-{pipelines}", pipelines), threading.Event()
    killer = threading.Thread(target=run.kill, args=(count, ended))
    killer.start()
    while not ended.is_set():
        run.send_second()
    killer.join()
    run.finish()
    undisturbed = LossFreeRun(base / f"undisturbed-{pipelines}", pipelines)
    while undisturbed.seconds < run.seconds - 1:
        undisturbed.send_second()
    undisturbed.finish()
    name = f"loss-free, pipelines {pipelines}"
    print(f"{name}: {count} kills and stops, {run.seconds} values of each of {STREAMS} streams counted once")
    compare(name, run, undisturbed.forecasts, least=0)


def hostile(base):
    """Peers that say anything while the loss-free client sends: the daemon goes on, and drops what it does not know."""
    run = LossFreeRun(base / "hostile", 1)
    heads = [b"H\x01" + bytes(8), b"H\x02" + bytes(8), b"M\x01" + bytes(7), b"M" + bytes(8), b"Q", b"A" + bytes(24), b""]
    peers = [zmq.Context.instance().socket(zmq.DEALER) for _ in range(5)]
    for peer in peers:
        peer.setsockopt(zmq.LINGER, 0)
        peer.connect(f"ipc://{run.folder}/loss-free")
    for _ in range(20000):
        head = bytearray(random.choice(heads))
        if head and random.random() < 0.3:
            head[random.randrange(len(head))] = random.randrange(256)
        frames = [bytes(head[:random.choice([len(head)] * 5 + [3])])]
        frames += random.choices([b"evil", b"client2", b"x.y", b'{"value": 1}', b"", random.randbytes(70)], k=random.randrange(4))
        random.choice(peers).send_multipart(frames)
        if random.random() < 0.01:
            run.send_second()
    run.finish()
    print(f"hostile peers: {run.seconds} values of each of {STREAMS} streams of the loss-free client counted once")


def failure(folder, expected, seconds):
    """fdatasync fails once: the daemon ends with 74, and goes on after a restart."""
    (folder / "shim.c").write_text(SHIM)
    subprocess.run(["cc", "-shared", "-fPIC", "-o", folder / "shim.so", folder / "shim.c"], check=True)
    run, second, statuses = Run(folder, folder / "state"), 0, []
    while second < seconds:
        fails = len(statuses) < 3
        run.environment = {"LD_PRELOAD": str(folder / "shim.so"), "FAIL_AT": str(random.randint(8, 16))} if fails else {}
        run.start()
        run.join()
        while second < seconds and run.send(second):
            second += 1
            if fails:
                time.sleep(0.05)
        if second < seconds:
            statuses.append(run.process.wait())
    assert run.stop() == 0
    if statuses != [74] * 3:
        sys.exit(f"failing disk: expected the daemon to end with 74 three times, found {statuses}")
    compare("failing disk", run, expected)


def full(folder, expected, seconds):
    """The disk becomes full and has room again: forecasts go on, and a restart afterwards forgets nothing."""
    disk, log = folder / "disk", folder / "log"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=240m,mode=700", "none", disk], check=True)
    run = Run(folder, disk / "state")
    kept = Kept(run)
    try:
        run.start()
        run.join()
        kept.send()
        kept.wait_for_all("before the disk is full")
        for second in range(seconds):
            if second == seconds // 4:
                # What the ballast gives up is taken as well, so that no snapshot has room and the journal's segments,
                # which are there already, are used up.
                for number in range(9000):
                    if number % 50 == 0:
                        fill(disk / "filler")
                        if "disk is full" in log.read_text():
                            break
                    run.push.send_multipart([b"bulk", bulk(number)])
                wait("disk is full", log)
                fill(disk / "filler")
                kept.is_not_acknowledged()
            if second == seconds // 2:
                (disk / "filler").unlink()
                wait("there is room on the disk again", log)
                kept.wait_for_all("after there was room")
            if second == 3 * seconds // 4:
                time.sleep(2.5)  # a snapshot is taken, which has what the journal lacks
                run.process.kill()
                run.process.wait()
                run.start()
                run.join()
            assert run.send(second), log.read_text()
        kept.counts_once()
        assert run.stop() == 0
        compare("full disk", run, expected)
    finally:
        run.process.kill()
        run.process.wait()
        subprocess.run(["umount", disk], check=True)


class Kept:
    """The loss-free client while the disk becomes full."""

    def __init__(self, run):
        self.run, self.sent = run, 0
        self.producer = Producer(f"ipc://{run.folder}/loss-free", "client")

    def send(self):
        self.sent += 1
        self.producer.send(b"kept", json.dumps({"value": self.sent}).encode())

    def forecast_of_last(self):
        """The forecast of the value sent last: its number, and whether it is said to be durable."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            self.producer.advance(0.01)
            while self.run.sub.poll(0):
                self.run.take(self.run.sub.recv_multipart())
            for sequence, value, is_durable in self.run.kept:
                if value == self.sent:
                    return sequence, is_durable
        sys.exit("full disk: expected a forecast of the loss-free client's value, found none")

    def wait_for_all(self, when):
        deadline = time.monotonic() + 60
        while self.producer.pending:
            self.producer.advance(0.1)
            if time.monotonic() > deadline:
                sys.exit(f"full disk: {when}: {len(self.producer.pending)} messages are not acknowledged")

    def is_not_acknowledged(self):
        """While the disk is full, values are forecast, which says so, and not acknowledged."""
        for _ in range(20):
            self.send()
        if self.forecast_of_last() != (self.sent, False):
            sys.exit(f"full disk: expected forecast {self.sent}, not durable, found {self.forecast_of_last()}")
        deadline = time.monotonic() + 2
        while time.monotonic() < deadline:
            self.producer.advance(0.1)
        if len(self.producer.pending) != 20:
            sys.exit(f"full disk: expected no acknowledgement, found {20 - len(self.producer.pending)}")

    def counts_once(self):
        self.send()
        if self.forecast_of_last() != (self.sent, True):
            sys.exit(f"full disk: expected forecast {self.sent}, durable, found {self.forecast_of_last()}")
        print(f"full disk: {self.sent} values of the loss-free client counted once, none acknowledged while it was full")


def fill(path):
    with open(path, "ab", buffering=0) as file:
        try:
            while True:
                file.write(bytes(1 << 16))
        except OSError:
            pass


def bulk(number):
    return json.dumps([{"ts": 1700000000 + 1000 * number + k, "value": k % 7} for k in range(1000)]).encode()


def wait(text, log):
    deadline = time.monotonic() + 60
    while text not in log.read_text():
        if time.monotonic() > deadline:
            sys.exit(f"full disk: expected \"{text}\" in\n{log.read_text()}")
        time.sleep(0.05)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--only", choices=["kills", "lossfree", "failure", "full"])
    options = parser.parse_args()
    seconds = max(1500, 30 * options.kills)
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        base = pathlib.Path(name)
        folders = {}
        for part in ("reference", "kills", "failure", "full"):
            folders[part] = base / part
            folders[part].mkdir()
        if options.only in (None, "lossfree"):
            for pipelines in (1, 3):
                lossfree(base, options.kills, pipelines)
            hostile(base)
        if options.only == "lossfree":
            return
        expected = reference(folders["reference"], seconds)
        for part, test in (("kills", lambda f: kills(f, expected, seconds, options.kills)),
                           ("failure", lambda f: failure(f, expected, seconds)),
                           ("full", lambda f: full(f, expected, seconds))):
            if options.only in (None, part):
                test(folders[part])


if __name__ == "__main__":
    main()
