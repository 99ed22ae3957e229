#!/usr/bin/env python3
# Part of forecastd. SPDX-License-Identifier: Apache-2.0
"""Runs a daemon for hours under a load that wishes it ill, and says whether it is at the end what it was at the beginning.

All at once: a loss-free producer whose values must count exactly once, steady values whose forecasts are timed, and the
actors of hostile.py: bad messages, peers that come and go, slow readers, pages, nonsense over HTTP, reloads good and bad,
a clock that jumps, a disk that is full now and then. Every 10 s a line goes to samples.csv. Needs root for the disk, which is a
tmpfs.

    soak.py --hours 2 --out FOLDER      # FOLDER gets samples.csv, the daemon's log, soak.png and report.json
"""
import argparse
import csv
import http.client
import json
import os
import pathlib
import random
import signal
import statistics
import struct
import subprocess
import sys
import threading
import time

import zmq

import hostile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Clients/python"))
from forecastd_producer import Producer  # noqa: E402

STEADY_STREAMS, STEADY_RATE = 200, 500
METER_STREAMS = 20
SAMPLE_SECONDS = 10
# How long the last values may wait to be acknowledged.
PATIENCE = 120
# Of the median of the second quarter, what that of the last one may be.
GROWTH = {"resident_mib": 1.1, "descriptors": 1.3, "p50_us": 1.5, "p99_us": 3}
# The system's clock jumps by the nanoseconds that a file of eight bytes says.
SHIM = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
static const volatile long *offset;
static int (*real)(clockid_t, struct timespec *);
__attribute__((constructor)) static void prepare(void) {
    offset = mmap(NULL, sizeof *offset, PROT_READ, MAP_SHARED, open(getenv("CLOCK_OFFSET"), O_RDONLY | O_CLOEXEC), 0);
    real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
}
int clock_gettime(clockid_t clock, struct timespec *time) {
    int status = real(clock, time);
    if (clock == CLOCK_REALTIME && status == 0) {
        long nanoseconds = time->tv_sec * 1000000000L + time->tv_nsec + *offset;
        *time = (struct timespec){nanoseconds / 1000000000L, nanoseconds % 1000000000L};
    }
    return status;
}
"""
CONFIGURATION = """
inputs:
  steady: {{socket: pull, bind: ["ipc://{folder}/steady"], format: json}}
  hostile: {{socket: sub, bind: ["ipc://{folder}/hostile"], format: json, maximum_message_size: 64KiB}}
  meters: {{socket: router, bind: ["ipc://{folder}/meters"], format: json}}
outputs:
  forecasts: {{socket: pub, bind: ["ipc://{folder}/forecasts"], last_value: true, high_water_mark: 10000}}
models: {{general: {{weights: {root}/config/models/general.safetensors}}}}
streams:
  - {{match: "meter.*", model: general, adapt: off}}
  - {{match: "*", model: general, adapt: light, horizon: {horizon}, anomaly: {{}}}}
streams_limit: 2000
http: {{bind: "127.0.0.1:{port}"}}
state: {{directory: {folder}/disk/state, durability: commit, snapshot_every: 10s, ballast: 8MiB}}
"""


class Soak:
    """The daemon, its folder, and until when all goes on."""

    def __init__(self, folder, seconds, seed):
        self.folder, self.seconds = folder, seconds
        self.port = 20000 + os.getpid() % 10000
        self.random = random.Random(seed)
        self.ended, self.process = threading.Event(), None
        self.problems, self.counts = [], {}
        self.disk = folder / "disk"
        self.clock = folder / "clock"
        self.set_clock(0)
        self.configure(horizon=12)

    def configure(self, horizon):
        # Written beside and renamed, as an editor does.
        new = self.folder / "new.yaml"
        new.write_text(CONFIGURATION.format(folder=self.folder, root=ROOT, port=self.port, horizon=horizon))
        new.rename(self.folder / "forecastd.yaml")

    def set_clock(self, seconds):
        """What the daemon takes for the system's time is so far from it."""
        with open(self.clock, "r+b" if self.clock.exists() else "wb", buffering=0) as file:
            file.write(struct.pack("<q", int(seconds * 1e9)))
        self.clock_offset = seconds

    def start(self):
        (self.folder / "shim.c").write_text(SHIM)
        subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", self.folder / "shim.so", self.folder / "shim.c"], check=True)
        self.disk.mkdir(exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400m,mode=700", "none", self.disk], check=True)
        environment = dict(os.environ, LD_PRELOAD=str(self.folder / "shim.so"), CLOCK_OFFSET=str(self.clock))
        self.process = subprocess.Popen(
            [ROOT / ".build/release/forecastd", "run", "--config", self.folder / "forecastd.yaml"], env=environment,
            stdout=subprocess.DEVNULL, stderr=open(self.folder / "daemon.log", "wb"))
        deadline = time.monotonic() + 30
        while self.status() is None:
            if self.process.poll() is not None or time.monotonic() > deadline:
                sys.exit(f"expected a daemon, found:\n{(self.folder / 'daemon.log').read_text()}")
            time.sleep(0.05)

    def status(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", "/api/v1/status")
            answer = connection.getresponse()
            return json.load(answer) if answer.status == 200 else None
        except OSError:
            return None
        finally:
            connection.close()

    def wait(self, seconds):
        """False when all is to end."""
        return not self.ended.wait(seconds)

    def run(self, actor):
        """A thread that acts until the end; what goes wrong with it ends all."""
        name = getattr(actor, "__name__", type(actor).__name__)

        def act():
            try:
                actor(self)
            except Exception as problem:  # whatever it is, the run has failed
                self.problems.append(f"{name}: {type(problem).__name__}: {problem}")
                self.ended.set()
        thread = threading.Thread(target=act, name=name)
        thread.start()
        return thread

    def count(self, name, more=1):
        self.counts[name] = self.counts.get(name, 0) + more

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.process.wait()
        if status != 0:
            self.problems.append(f"expected the daemon to end with 0, found {status}")

    def give_up(self):
        """Leaves nothing behind, however it ended."""
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if self.disk.is_mount():
            subprocess.run(["umount", self.disk], check=True)


class Steady:
    """Values at a steady rate, and how long their forecasts take."""

    def __init__(self):
        self.latencies, self.lock = [], threading.Lock()

    def __call__(self, soak):
        context = zmq.Context.instance()
        push, sub = context.socket(zmq.PUSH), context.socket(zmq.SUB)
        push.setsockopt(zmq.LINGER, 0)
        push.connect(f"ipc://{soak.folder}/steady")
        sub.setsockopt(zmq.RCVHWM, 0)
        sub.subscribe("steady.")
        sub.connect(f"ipc://{soak.folder}/forecasts")
        sent, number, due = {}, 0, time.monotonic()
        while not soak.ended.is_set():
            if time.monotonic() >= due:
                number, due = number + 1, due + 1 / STEADY_RATE
                sent[number] = time.perf_counter()
                push.send_multipart([b"steady.%d" % (number % STEADY_STREAMS), b'{"value": %d}' % number])
            if sub.poll(max(0, 1000 * (due - time.monotonic()))):
                value = json.loads(sub.recv_multipart()[1])["y"]
                begin = sent.pop(value, None)
                if begin is not None:
                    with self.lock:
                        self.latencies.append(1e6 * (time.perf_counter() - begin))
            oldest = next(iter(sent), None)
            if oldest is not None and time.perf_counter() - sent[oldest] > 60:
                del sent[oldest]
                soak.count("forecasts that did not come")
        push.close()
        sub.close()

    def take(self):
        with self.lock:
            taken, self.latencies = self.latencies, []
        return sorted(taken)


class Meters:
    """The loss-free client: each value must count exactly once, whatever else happens."""

    def __init__(self):
        self.rounds = 0

    def __call__(self, soak):
        producer = Producer(f"ipc://{soak.folder}/meters", "soak", limit=2000)
        while soak.wait(0.02):
            for stream in range(METER_STREAMS):
                producer.send(b"meter.%d" % stream, b'{"value": %d}' % (self.rounds % 12))
            self.rounds += 1
            producer.advance(0)
        end = time.monotonic() + PATIENCE
        while producer.pending and time.monotonic() < end:
            producer.advance(1)
        if producer.pending:
            soak.problems.append(f"expected all values of meters to be acknowledged, found {len(producer.pending)} that are not")
        producer.close()

    def check(self, soak):
        """The number of a stream's forecast is that of its values that counted; the last value of each is told to who subscribes."""
        sub = zmq.Context.instance().socket(zmq.SUB)
        sub.subscribe("meter.")
        sub.connect(f"ipc://{soak.folder}/forecasts")
        found = {}
        while len(found) < METER_STREAMS and sub.poll(30000):
            stream, _, number = sub.recv_multipart()
            found[stream] = int.from_bytes(number, "little")
        sub.close()
        if set(found.values()) != {self.rounds} or len(found) != METER_STREAMS:
            soak.problems.append(f"expected {self.rounds} values of each of {METER_STREAMS} meters to count once, found {found}")


class Samples:
    """What the daemon takes, every 10 s."""

    FIELDS = ["seconds", "resident_mib", "descriptors", "threads", "p50_us", "p99_us", "forecasts", "streams",
              "processor_seconds", "disk_is_full", "clock"]

    def __init__(self, steady):
        self.steady, self.rows = steady, []

    def __call__(self, soak):
        begin = time.monotonic()
        with open(soak.folder / "samples.csv", "w", newline="") as file:
            writer = csv.DictWriter(file, self.FIELDS)
            writer.writeheader()
            while soak.wait(SAMPLE_SECONDS):
                row = self.sample(soak, time.monotonic() - begin)
                self.rows.append(row)
                writer.writerow(row)
                file.flush()
                if row["seconds"] >= soak.seconds or soak.process.poll() is not None:
                    soak.ended.set()

    def sample(self, soak, seconds):
        process = pathlib.Path(f"/proc/{soak.process.pid}")
        memory = dict(line.split(":", 1) for line in (process / "status").read_text().splitlines())
        fields = (process / "stat").read_text().rpartition(")")[2].split()
        latencies = self.steady.take()
        quantile = (lambda share: round(latencies[int(share * (len(latencies) - 1))])) if latencies else (lambda _: "")
        status = soak.status() or {}
        return {
            "seconds": round(seconds), "resident_mib": round(int(memory["VmRSS"].split()[0]) / 1024, 1),
            "descriptors": len(os.listdir(process / "fd")), "threads": int(memory["Threads"]),
            "p50_us": quantile(0.5), "p99_us": quantile(0.99), "forecasts": len(latencies),
            "streams": status.get("streams", {}).get("known", ""),
            "processor_seconds": (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"),
            "disk_is_full": int((soak.disk / "filler").exists()), "clock": soak.clock_offset,
        }

    def quarters(self, field):
        """The medians of the second and of the last quarter; the first one is for filling what has a limit."""
        values = [row[field] for row in self.rows if row[field] != ""]
        quarter = len(values) // 4
        return statistics.median(values[quarter:2 * quarter]), statistics.median(values[-quarter:])

    def check(self, soak):
        if len(self.rows) < 8:
            return soak.problems.append(f"expected at least 8 samples, found {len(self.rows)}")
        for field, most in GROWTH.items():
            early, late = self.quarters(field)
            print(f"{field}: {early:g} in the second quarter, {late:g} in the last")
            if late > early * most:
                soak.problems.append(f"{field}: expected at most {most} of {early:g}, found {late:g}")

    def plot(self, path):
        import matplotlib
        matplotlib.use("svg" if path.suffix == ".svg" else "agg")
        from matplotlib import pyplot
        figure, axes = pyplot.subplots(3, 1, figsize=(9, 7), sharex=True)
        hours = [row["seconds"] / 3600 for row in self.rows]
        for axis, fields, label in ((axes[0], ["resident_mib"], "MiB"), (axes[1], ["p50_us", "p99_us"], "µs"),
                                    (axes[2], ["descriptors", "threads"], "count")):
            for field in fields:
                axis.plot(hours, [row[field] if row[field] != "" else float("nan") for row in self.rows], label=field,
                          linewidth=0.8)
            for row, hour in zip(self.rows, hours):
                if row["disk_is_full"]:
                    axis.axvspan(hour - SAMPLE_SECONDS / 3600, hour, color="0.85", linewidth=0)
            axis.set_ylabel(label)
            axis.legend(loc="upper right")
        axes[1].set_yscale("log")
        axes[2].set_xlabel("hours; grey: the disk is full")
        figure.tight_layout()
        figure.savefig(path, dpi=110)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=float, default=2)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--out", type=pathlib.Path, required=True)
    options = parser.parse_args()
    print(f"seed {options.seed}")
    options.out.mkdir(parents=True, exist_ok=True)
    soak = Soak(options.out.resolve(), options.hours * 3600, options.seed)
    steady, meters = Steady(), Meters()
    samples = Samples(steady)
    try:
        soak.start()
        threads = [soak.run(actor) for actor in (steady, meters, samples, *hostile.ACTORS)]
        for thread in threads:
            thread.join()
        if soak.process.poll() is None:
            meters.check(soak)
        soak.stop()
    finally:
        soak.give_up()
    samples.check(soak)
    samples.plot(soak.folder / "soak.png")
    report = {"seed": options.seed, "seconds": round(soak.seconds), "meter values": meters.rounds * METER_STREAMS,
              "counts": dict(sorted(soak.counts.items())), "problems": soak.problems}
    (soak.folder / "report.json").write_text(json.dumps(report, indent=1) + "\n")
    print(json.dumps(report, indent=1))
    return 1 if soak.problems else 0


if __name__ == "__main__":
    sys.exit(main())
