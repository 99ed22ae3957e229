# Part of forecastd. SPDX-License-Identifier: Apache-2.0
"""Adapting a forecast of 24 ticks, beside the step of the same model, and the memory that a stream takes."""
import json
import subprocess
from collections import defaultdict
from statistics import median

from harness.machine import start_pinned

DEPTHS = ("light", "full")
STREAMS = (1, 100)


class AdaptationBenchmark:
    """What a value takes more than without adaptation; `step` gives the step that it is compared with."""

    def __init__(self, binary, core, milliseconds, step):
        self.command, self.core, self.step = [str(binary), str(milliseconds)], core, step
        self.nanoseconds = defaultdict(list)  # (depth, streams)
        self.allocations = defaultdict(float)
        self.bytes = defaultdict(list)
        self.predicted = {}

    def measure_round(self):
        process = start_pinned(self.command, self.core, stdout=subprocess.PIPE, text=True)
        for line in process.communicate()[0].splitlines():
            found = json.loads(line)
            if "predicted" in found:
                self.bytes[found["depth"]].append(found["bytes"])
                self.predicted[found["depth"]] = found["predicted"]
                continue
            key = found["depth"], found["streams"]
            self.nanoseconds[key].append(found["ns"])
            self.allocations[key] = max(self.allocations[key], found["allocations"])

    def added(self, depth, streams):
        """Nanoseconds that adaptation adds to a value: the median over the rounds."""
        pairs = zip(self.nanoseconds[depth, streams], self.nanoseconds["off", streams])
        return median(adapted - plain for adapted, plain in pairs)

    def figures(self):
        figures = {}
        for depth in DEPTHS:
            for streams in STREAMS:
                path = f"adaptation/{depth}/{streams}"
                figures[f"{path}/ns"] = self.added(depth, streams)
                figures[f"{path}/allocations"] = self.allocations[depth, streams]
                if self.step:
                    figures[f"{path}/time-of-step"] = self.added(depth, streams) / self.step()
            figures[f"adaptation/{depth}/memory-of-predicted"] = median(self.bytes[depth]) / self.predicted[depth]
        return figures

    def table(self):
        rows = [["depth", "streams", "ns", "of step", "value ns", "without ns", "allocs", "bytes per stream", "of predicted"]]
        for depth in DEPTHS:
            for streams in STREAMS:
                added, memory = self.added(depth, streams), median(self.bytes[depth])
                rows.append([
                    depth, str(streams), f"{added:.0f}", f"{added / self.step():.2f}" if self.step else "-",
                    f"{median(self.nanoseconds[depth, streams]):.0f}", f"{median(self.nanoseconds['off', streams]):.0f}",
                    f"{self.allocations[depth, streams]:g}", f"{memory:.0f}", f"{memory / self.predicted[depth]:.3f}"])
        return rows
