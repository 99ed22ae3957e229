#!/usr/bin/env python3
# Part of forecastd. SPDX-License-Identifier: Apache-2.0
"""Kills a real daemon at random moments, fills its disk, lets its disk fail, and holds its forecasts against those of a
daemon that nothing happened to.

A value whose forecast does not come is sent again after the restart, with its time: if the daemon had it, it is a duplicate
and refused. So each value counts once, and where forecasts were lost on their way, those that come must still be right.
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


def configuration(folder, state):
    return f"""
inputs: {{plant: {{socket: pull, bind: ["ipc://{folder}/in"], format: json}}}}
outputs: {{forecasts: {{socket: pub, bind: ["ipc://{folder}/out"], linger: 0s}}}}
models: {{general: {{weights: {ROOT}/config/models/general.safetensors}}}}
streams:
  - {{match: bulk, model: general, adapt: off}}
  - {{match: "*", model: general, season: 12, anomaly: {{}}}}
state: {{directory: {state}, snapshot_every: 1s, ballast: 8MiB}}
"""


class Run:
    """A daemon, and a client that sends it value after value."""

    def __init__(self, folder, state, environment=None):
        self.folder, self.environment = folder, environment or {}
        (folder / "f.yaml").write_text(configuration(folder, state))
        context = zmq.Context.instance()
        self.push, self.sub = context.socket(zmq.PUSH), context.socket(zmq.SUB)
        for socket in (self.push, self.sub):
            socket.setsockopt(zmq.LINGER, 0)
            socket.setsockopt(zmq.RECONNECT_IVL, 5)
        self.push.setsockopt(zmq.IMMEDIATE, 1)
        for stream in ("s", "probe"):
            self.sub.subscribe(stream)
        self.push.connect(f"ipc://{folder}/in")
        self.sub.connect(f"ipc://{folder}/out")
        self.forecasts, self.errors, self.process, self.probes = {}, "", None, 0

    def start(self):
        self.process = subprocess.Popen(
            [ROOT / ".build/release/forecastd", "run", "--config", self.folder / "f.yaml"],
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
        payload["quality"].pop("age")
        payload["quality"].pop("durable", None)
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


def compare(name, run, expected):
    wrong = [key for key, text in run.forecasts.items() if expected.get(key) != text]
    print(f"{name}: {len(run.forecasts)} of {len(expected)} forecasts came, {len(wrong)} are not as they would have been")
    if wrong or len(run.forecasts) < len(expected) // 2:
        sys.exit(f"{name}: wrong: {sorted(wrong)[:5]}")


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
    try:
        run.start()
        run.join()
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
            if second == seconds // 2:
                (disk / "filler").unlink()
                wait("there is room on the disk again", log)
            if second == 3 * seconds // 4:
                time.sleep(2.5)  # a snapshot is taken, which has what the journal lacks
                run.process.kill()
                run.process.wait()
                run.start()
                run.join()
            assert run.send(second), log.read_text()
        assert run.stop() == 0
        compare("full disk", run, expected)
    finally:
        run.process.kill()
        run.process.wait()
        subprocess.run(["umount", disk], check=True)


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
    parser.add_argument("--only", choices=["kills", "failure", "full"])
    options = parser.parse_args()
    seconds = max(1500, 30 * options.kills)
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        base = pathlib.Path(name)
        folders = {}
        for part in ("reference", "kills", "failure", "full"):
            folders[part] = base / part
            folders[part].mkdir()
        expected = reference(folders["reference"], seconds)
        for part, test in (("kills", lambda f: kills(f, expected, seconds, options.kills)),
                           ("failure", lambda f: failure(f, expected, seconds)),
                           ("full", lambda f: full(f, expected, seconds))):
            if options.only in (None, part):
                test(folders[part])


if __name__ == "__main__":
    main()
