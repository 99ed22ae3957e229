#!/usr/bin/python3
# Part of forecastd. SPDX-License-Identifier: Apache-2.0
"""Measures forecastd and prints one table; exits with 1 if a threshold is broken.

Everything is measured in turn, round after round, on one core; the load of the end-to-end part comes from a
second one. Step and codec times are medians over the rounds, end-to-end figures the best round, so that most
disturbances by others on the machine do not show. `make bench` builds what this needs.
"""
import argparse
import json
import os
import shlex
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from harness import machine  # noqa: E402
from harness.adaptation import AdaptationBenchmark  # noqa: E402
from harness.bound import Ceilings  # noqa: E402
from harness.codec import CodecBenchmark  # noqa: E402
from harness.durability import DurabilityBenchmark, RecoveryBenchmark  # noqa: E402
from harness.end_to_end import Daemon, EndToEndBenchmark, ScalingBenchmark  # noqa: E402
from harness.report import print_table  # noqa: E402
from harness.step import StepBenchmark, Worker  # noqa: E402
from harness.thresholds import broken_thresholds  # noqa: E402
from harness.watching import METRICS_STREAMS, RATE, STREAMS, WatchingBenchmark  # noqa: E402
from make_data import DAEMON_SHAPES, SHAPES  # noqa: E402

BINARIES = HERE / ".build" / "release"
DATA = HERE / ".build" / "data"
PARTS = ["step", "codec", "adaptation", "end-to-end", "scaling", "durability", "watching"]
DAEMON = HERE.parent / ".build" / "release" / "forecastd"


def named_command(text):
    name, separator, command = text.partition("=")
    if not separator or not command:
        raise argparse.ArgumentTypeError(f"expected NAME=COMMAND, found {text!r}")
    return name, shlex.split(command)


def read_options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a minute instead of five, with more noise")
    parser.add_argument("--only", choices=PARTS, help="one part, without thresholds")
    parser.add_argument("--worker", type=named_command, action="append", default=[], metavar="NAME=COMMAND",
                        help="another implementation of the step, by the worker protocol")
    parser.add_argument("--daemon", type=named_command, action="append", default=[], metavar="NAME=COMMAND",
                        help="another daemon; {input} and {output} in the command become endpoints")
    parser.add_argument("--thresholds", type=Path, action="append", default=[HERE / "thresholds.json"], metavar="FILE",
                        help="more limits on figures")
    parser.add_argument("--note", action="append", default=[], metavar="LINE", help="a line for the report's head")
    parser.add_argument("--out", type=Path, metavar="FILE", help="also write all figures as JSON")
    return parser.parse_args()


def make_step_benchmark(options, core):
    environment = dict(os.environ, LSTM_DATA=str(DATA), OMP_NUM_THREADS="1")
    commands = [("forecastd", [str(BINARIES / "step-worker")]),
                ("forecastd-bf16", [str(BINARIES / "step-worker"), "bf16"]),
                ("scalar", [str(BINARIES / "scalar-worker")])]
    workers = [Worker(name, command, core, environment) for name, command in commands + options.worker]
    return StepBenchmark(workers, SHAPES, milliseconds=10 if options.quick else 40)


def forecastd(name, shape, more="", **options):
    """The daemon with weights of make_data.py; `more` is added to its configuration."""
    config = (HERE / "daemon.yaml.in").read_text().replace("{weights}", str(DATA / f"{shape}.safetensors"))
    return Daemon(name, [str(DAEMON), "run", "--config", "{config}"], config + more, **options)


def make_end_to_end_benchmark(options, cores):
    echo = [str(BINARIES / "echo"), "{input}", "{output}"]
    daemons = [
        forecastd("forecastd", "S"),
        Daemon("echo", echo, forecasts=False),
        Daemon("echo-of-240-bytes", [*echo, "240"], forecasts=False),
        *(Daemon(name, command) for name, command in options.daemon),
    ]
    return EndToEndBenchmark(daemons, BINARIES / "load-generator", cores, HERE / ".build",
                             streams=(1, 100, 10000), seconds=0.5 if options.quick else 2)


def make_scaling_benchmark(options, cores):
    daemons = [
        forecastd("one-pipeline-one-core", "L1"),
        forecastd("one-pipeline-two-cores", "L1", cores=set(cores)),
        forecastd("two-pipelines-two-cores", "L1", more="pipelines: 2\n", cores=set(cores)),
    ]
    return ScalingBenchmark(daemons, BINARIES / "load-generator", cores, HERE / ".build", streams=(100,),
                            seconds=0.5 if options.quick else 2)


def make_durability_benchmark(options, cores):
    def daemon(durability):
        return forecastd(durability, "S", more=f"state: {{directory: {{state}}, durability: {durability}}}\n")

    return DurabilityBenchmark([daemon(name) for name in ("none", "interval", "commit")], BINARIES / "load-generator",
                               cores, HERE / ".build", streams=(100,), seconds=0.5 if options.quick else 2,
                               snapshot_bench=BINARIES / "snapshot-bench")


def make_recovery_benchmark(cores):
    # All in the journal, nothing in a snapshot.
    daemon = forecastd("recovery", "S", more="state: {directory: {state}, snapshot_every: 1h, snapshot_after: 8GiB}\n")
    daemon.config = daemon.config.replace("streams_limit: 20000", "streams_limit: 100000")
    return RecoveryBenchmark(daemon, BINARIES / "load-generator", cores, HERE / ".build")


def make_watching_benchmark(options, cores):
    daemon = forecastd("watched", "S", more="http: {bind: \"{http}\"}\n")
    daemon.config = daemon.config.replace("streams_limit: 20000", "streams_limit: 100000")
    return WatchingBenchmark(daemon, BINARIES / "load-generator", cores, HERE / ".build",
                             seconds=2 if options.quick else 5)


def make_data():
    if not all((DATA / f"{shape}.safetensors").exists() for shape in [*SHAPES, *DAEMON_SHAPES]):
        print("writing weights, inputs and references", file=sys.stderr)
        subprocess.run([sys.executable, str(HERE / "make_data.py"), str(DATA)], check=True)


class Run:
    """The parts of one run and their common order."""

    def __init__(self, options):
        self.cores = machine.default_cores()
        self.rounds = 2 if options.quick else 5
        wanted = [options.only] if options.only else PARTS
        core = self.cores[0]
        self.ceilings = Ceilings(BINARIES / "roofline", core, SHAPES)
        self.step = make_step_benchmark(options, core) if "step" in wanted else None
        self.codec = CodecBenchmark(BINARIES / "codec-bench", core, 10) if "codec" in wanted else None
        step = (lambda: self.step.nanoseconds_of("S", 1)) if self.step else None
        self.adaptation = (AdaptationBenchmark(BINARIES / "adaptation-bench", core, 20 if options.quick else 100, step)
                           if "adaptation" in wanted else None)
        self.end_to_end = make_end_to_end_benchmark(options, self.cores) if "end-to-end" in wanted else None
        self.scaling = make_scaling_benchmark(options, self.cores) if "scaling" in wanted else None
        self.durability = make_durability_benchmark(options, self.cores) if "durability" in wanted else None
        self.watching = make_watching_benchmark(options, self.cores) if "watching" in wanted else None
        self.recovery = make_recovery_benchmark(self.cores) if self.durability and not options.quick else None

    def measure(self):
        started, self.load_before = time.monotonic(), machine.load_average()
        if self.step:
            self.step.check()
        for number in range(self.rounds):
            print(f"round {number + 1} of {self.rounds}, {time.monotonic() - started:.0f} s", file=sys.stderr)
            self.ceilings.measure()
            for part in (self.step, *self._others()):
                if part:
                    part.measure_round()
        if self.recovery:
            self.recovery.measure()
        if self.watching:
            self.watching.measure_once()
        self.load_after, self.seconds = machine.load_average(), time.monotonic() - started
        for worker in self.step.workers if self.step else []:
            worker.stop()

    def _others(self):
        return self.codec, self.adaptation, self.end_to_end, self.scaling, self.durability, self.watching

    def figures(self):
        figures = self.step.figures(self.ceilings) if self.step else {}
        for part in self._others():
            figures |= part.figures() if part else {}
        return figures

    def print_report(self, notes):
        library = f", libzmq {self.end_to_end.library_version()}" if self.end_to_end else ""
        first, second = machine.description(HERE.parent)
        print(first, second + library, *notes, self.ceilings.description(), sep="\n")
        print(f"run       {self.rounds} rounds, {self.seconds:.0f} s, on core {self.cores[0]}, load from core "
              f"{self.cores[1]}; load average {self.load_before:.1f} before, {self.load_after:.1f} after")
        if self.step:
            print_table("LSTM step, ns per stream (median of the rounds' medians); others as multiples of ours, too",
                        self.step.table(self.ceilings))
            print_table("largest error after 1000 chained steps, against float64", self.step.error_table())
        if self.codec:
            print_table("codecs, per message or number", self.codec.table())
        if self.adaptation:
            print_table("adapting a forecast of 24 ticks, shape S with 24 outputs: what it adds to a value, beside the step of "
                        "S at batch 1", self.adaptation.table())
        if self.end_to_end:
            print_table("end to end over TCP, shape S (best round)", self.end_to_end.table())
        if self.scaling:
            print_table("pipelines, end to end over TCP, 100 streams, shape L with one input (best round)",
                        self.scaling.table())
        if self.durability:
            print_table("durability, end to end over TCP, 100 streams, shape S (best round)", self.durability.table())
            print_table("a turn of 64 values while a snapshot is copied, processor time (best round)",
                        self.durability.copy_table())
        if self.watching:
            print_table(f"watched over HTTP, {STREAMS} streams, shape S, daemon and load on both cores (best round)",
                        self.watching.table())
            print_table(f"the page in a browser with {STREAMS} streams at {RATE} msg/s; /metrics with {METRICS_STREAMS} streams (once)",
                        self.watching.page_table())
        if self.recovery:
            print_table("from the start until ready, after kill -9 (once)", self.recovery.table())


def main():
    options = read_options()
    make_data()
    run = Run(options)
    run.measure()
    run.print_report(options.note)
    figures = run.figures()
    if options.out:
        options.out.write_text(json.dumps(figures, indent=1) + "\n")
    if options.only:
        return 0
    problems = [problem for file in options.thresholds for problem in broken_thresholds(file, figures)]
    print("\nthresholds: " + (f"{len(problems)} broken" if problems else "all hold"))
    for problem in problems:
        print(f"  BROKEN {problem}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
