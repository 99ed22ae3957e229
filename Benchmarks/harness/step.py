# Part of forecastd. SPDX-License-Identifier: Apache-2.0
"""One step of the model: every worker in turn, for every shape and batch, round after round."""
import re
import subprocess
from collections import defaultdict
from statistics import median

from harness.machine import start_pinned

BATCHES = (1, 2, 4, 8, 64, 256)
CHECKED_BATCH = 16


class Worker:
    """A process that speaks the worker protocol (Sources/StepHarness/include/StepHarness.h)."""

    def __init__(self, name, command, core, environment):
        self.name = name
        self.process = start_pinned(
            command, core, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)

    def ask(self, *words):
        """The fields of the answer by name, or None where the worker cannot do what is asked."""
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if answer.startswith("NA"):
            return None
        if not answer.startswith("OK"):
            raise SystemExit(f"worker {self.name}: expected OK or NA to {words}, found {answer!r}")
        return {name: float(value) for name, value in re.findall(r"(\w+)=(\S+)", answer)}

    def stop(self):
        self.process.stdin.close()
        self.process.wait()


class StepBenchmark:
    """Collects the times of all workers; the first one is the one that the others are compared with."""

    def __init__(self, workers, shapes, milliseconds):
        self.workers, self.shapes, self.milliseconds = workers, shapes, milliseconds
        self.nanoseconds = defaultdict(list)  # (worker, shape, batch): per stream and step, one per round
        self.slow_nanoseconds = defaultdict(list)  # the same, 99th percentile
        self.allocations = defaultdict(float)
        self.errors = {}

    def check(self):
        for worker in self.workers:
            for shape in self.shapes:
                answer = worker.ask("CHECK", shape, CHECKED_BATCH)
                if answer:
                    self.errors[worker.name, shape] = answer["maxerr"]

    def measure_round(self):
        for shape in self.shapes:
            for batch in BATCHES:
                for worker in self.workers:
                    answer = worker.ask("RUN", shape, batch, self.milliseconds)
                    if answer:
                        self._note((worker.name, shape, batch), answer)

    def _note(self, key, answer):
        batch = key[2]
        self.nanoseconds[key].append(answer["p50_ns"] / batch)
        self.slow_nanoseconds[key].append(answer["p99_ns"] / batch)
        self.allocations[key] = max(self.allocations[key], answer["allocs"])

    def nanoseconds_of(self, shape, batch):
        """Our time per stream and step so far."""
        return median(self.nanoseconds[self.workers[0].name, shape, batch])

    def figures(self, ceilings):
        """The figures that thresholds can name."""
        ours, *others = [worker.name for worker in self.workers]
        figures = {}
        for shape, sizes in self.shapes.items():
            figures[f"step/{shape}/max-error"] = self.errors[ours, shape]
            for batch in BATCHES:
                path = f"step/{shape}/batch-{batch}"
                time = median(self.nanoseconds[ours, shape, batch])
                figures[f"{path}/ns"] = time
                figures[f"{path}/share-of-bound"] = ceilings.bound(sizes, batch)[0] / time
                figures[f"{path}/allocations"] = self.allocations[ours, shape, batch]
                for other in others:
                    if self.nanoseconds[other, shape, batch]:
                        figures[f"{path}/time-of-{other}"] = time / median(self.nanoseconds[other, shape, batch])
        return figures

    def table(self, ceilings):
        """Rows of text, the first one the heads of the columns."""
        ours, *others = [worker.name for worker in self.workers]
        rows = [["shape", "batch", "bound ns", "limit", f"{ours} ns", "of bound", "p99 ns", "allocs", *others]]
        for shape, sizes in self.shapes.items():
            for batch in BATCHES:
                key = (ours, shape, batch)
                bound, limit = ceilings.bound(sizes, batch)
                time = median(self.nanoseconds[key])
                row = [shape, str(batch), f"{bound:.0f}", limit, f"{time:.0f}", f"{bound / time:.0%}",
                       f"{median(self.slow_nanoseconds[key]):.0f}", f"{self.allocations[key]:g}"]
                for other in others:
                    times = self.nanoseconds[other, shape, batch]
                    row.append(f"{median(times):.0f} {median(times) / time:7.2f}x" if times else "-")
                rows.append(row)
        return rows

    def error_table(self):
        names = [worker.name for worker in self.workers]
        rows = [["shape", *names]]
        for shape in self.shapes:
            errors = [self.errors.get((name, shape)) for name in names]
            rows.append([shape, *("-" if error is None else f"{error:.1e}" for error in errors)])
        return rows
