# Part of forecastd. SPDX-License-Identifier: Apache-2.0
"""Whole daemons over TCP on loopback: values in, answers out, beside an echo that computes nothing."""
import itertools
import json
import os
import shutil
import subprocess
import time
from collections import defaultdict

from harness.machine import start_pinned, stop

WINDOW = 800  # messages on their way: below the high-water marks' 1000, so that nothing may be dropped
RATE = 1000  # messages per second for the latency


class Daemon:
    """A command with `{input}`, `{output}` and, where it reads a file, `{config}` in it.

    `config` is the text of that file with the same `{input}` and `{output}`, and `{state}` for a new directory. With `cores`, both the daemon and its
    load run on all of these.
    """

    def __init__(self, name, command, config=None, forecasts=True, cores=None):
        self.name, self.command, self.config, self.forecasts = name, command, config, forecasts
        self.cores = cores

    def start(self, core, endpoints, folder, log, keeps_state=False, **options):
        state = folder / f"{self.name}.state"
        if not keeps_state:
            shutil.rmtree(state, ignore_errors=True)
        places = dict(endpoints, config=str(folder / f"{self.name}.yaml"), state=str(state))
        if self.config:
            (folder / f"{self.name}.yaml").write_text(fill(self.config, places))
        command = [fill(word, places) for word in self.command]
        return start_pinned(command, core, stdout=log, stderr=log, **options)


def fill(text, places):
    for name, value in places.items():
        text = text.replace("{" + name + "}", value)
    return text


class EndToEndBenchmark:
    """Collects what the load generator says of each daemon; thresholds compare the first with the others;
    the second is the echo."""

    def __init__(self, daemons, generator, cores, folder, streams, seconds):
        self.daemons, self.generator, self.folder = daemons, generator, folder
        self.core, self.load_core = cores
        self.streams, self.seconds = streams, seconds
        self.found = defaultdict(list)  # (daemon, streams, mode): the load generator's objects
        self.ports = itertools.count(20000 + os.getpid() % 2500 * 4, 2)

    def measure_round(self):
        for streams in self.streams:
            for mode, value in (("window", WINDOW), ("rate", RATE)):
                for daemon in self.daemons:
                    self._measure(daemon, streams, mode, value)

    def _measure(self, daemon, streams, mode, value):
        self.found[daemon.name, streams, mode].append(self._drive(daemon, streams, mode, value))

    def _drive(self, daemon, streams, mode, value):
        port = next(self.ports)
        endpoints = {"input": f"tcp://127.0.0.1:{port}", "output": f"tcp://127.0.0.1:{port + 1}"}
        log_path = self.folder / f"{daemon.name}.log"
        with open(log_path, "w") as log:
            process = daemon.start(daemon.cores or self.core, endpoints, self.folder, log)
            load = start_pinned(
                [str(self.generator), *endpoints.values(), str(streams), mode, str(value), str(self.seconds),
                 str(process.pid)], daemon.cores or self.load_core, stdout=subprocess.PIPE, text=True)
            while load.poll() is None and process.poll() is None:
                time.sleep(0.02)
            stop(process)
            stop(load)
            answer = load.stdout.read()
        if load.returncode != 0:
            raise SystemExit(f"{daemon.name} with {streams} streams did not answer as it should:\n"
                             + log_path.read_text()[-2000:])
        found = json.loads(answer)
        if found["has_forecast"] != daemon.forecasts:
            raise SystemExit(f"{daemon.name}: answers without a forecast where one is expected, or the reverse")
        return found

    def _best(self, daemon, streams, mode, field):
        """The best round: others on the machine can only make a round worse, and often make most of them so."""
        choose = max if field == "rate" else min
        return choose(found[field] for found in self.found[daemon.name, streams, mode])

    def _lost(self, daemon, streams):
        rounds = self.found[daemon.name, streams, "window"] + self.found[daemon.name, streams, "rate"]
        return sum(found["lost"] + found["unexpected"] for found in rounds)

    def library_version(self):
        return next(iter(self.found.values()))[0]["libzmq"]

    def figures(self):
        """The figures that thresholds can name."""
        ours, *others = self.daemons
        figures = {}
        for streams in self.streams:
            path = f"end-to-end/{streams}"
            figures[f"{path}/lost"] = self._lost(ours, streams)
            if streams != 100 and 100 in self.streams:
                figures[f"{path}/rate-of-100-streams"] = (
                    self._best(ours, streams, "window", "rate") / self._best(ours, 100, "window", "rate"))
            figures[f"{path}/resident-mib"] = self._best(ours, streams, "window", "resident_kib") / 1024
            for other in others:
                for name, mode, field in (("rate", "window", "rate"), ("p50", "rate", "p50_us"),
                                          ("p99", "rate", "p99_us")):
                    figures[f"{path}/{name}-of-{other.name}"] = (
                        self._best(ours, streams, mode, field) / self._best(other, streams, mode, field))
        return figures

    def table(self):
        """Rows of text, the first one the heads of the columns."""
        ours, echo = self.daemons[:2]
        rows = [["streams", "daemon", "msg/s", f"of {echo.name}", "ours is", "CPU us/msg", f"p50 us @{RATE}/s",
                 "p99 us", "lost", "resident MiB"]]
        for streams in self.streams:
            for daemon in self.daemons:
                rate = self._best(daemon, streams, "window", "rate")
                rows.append([
                    str(streams), daemon.name, f"{rate:.0f}",
                    f"{rate / self._best(echo, streams, 'window', 'rate'):.2f}",
                    f"{self._best(ours, streams, 'window', 'rate') / rate:.2f}x",
                    f"{self._best(daemon, streams, 'window', 'processor_us'):.2f}",
                    f"{self._best(daemon, streams, 'rate', 'p50_us'):.0f}",
                    f"{self._best(daemon, streams, 'rate', 'p99_us'):.0f}",
                    str(self._lost(daemon, streams)),
                    f"{self._best(daemon, streams, 'window', 'resident_kib') / 1024:.1f}"])
        return rows


class ScalingBenchmark(EndToEndBenchmark):
    """What more pipelines and cores bring: the last of the daemons against the first, under full load."""

    def measure_round(self):
        for daemon in self.daemons:
            self._measure(daemon, self.streams[0], "window", WINDOW)

    def _rate(self, daemon):
        return self._best(daemon, self.streams[0], "window", "rate")

    def figures(self):
        return {"scaling/rate-of-one-pipeline": self._rate(self.daemons[-1]) / self._rate(self.daemons[0])}

    def table(self):
        rows = [["daemon", "msg/s", "ratio", "CPU us/msg"]]
        for daemon in self.daemons:
            rate = self._rate(daemon)
            rows.append([daemon.name, f"{rate:.0f}", f"{rate / self._rate(self.daemons[0]):.2f}",
                         f"{self._best(daemon, self.streams[0], 'window', 'processor_us'):.2f}"])
        return rows
