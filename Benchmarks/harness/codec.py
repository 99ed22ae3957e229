# Part of forecastd. SPDX-License-Identifier: Apache-2.0
"""Decoding a message and encoding a forecast, beside the C library's number functions and beside JSON."""
import json
import subprocess
from collections import defaultdict
from statistics import median

from harness.machine import start_pinned

# What each piece of work is compared with, measured in the same process.
COMPARED_WITH = {
    "decode-json": "strtod-twice",
    "decode-text": "strtod-twice",
    "decode-lineprotocol": "decode-json",
    "decode-msgpack": "decode-json",
    "decode-f64": "decode-json",
    "encode-horizon-1": "gcvt",
    "encode-horizon-24": "gcvt",
    "write-number": "gcvt",
    "encode-msgpack-horizon-1": "encode-horizon-1",
    "encode-msgpack-horizon-24": "encode-horizon-24",
    "encode-adapted-horizon-1": "encode-horizon-1",
    "encode-adapted-horizon-24": "encode-horizon-24",
    "encode-adapted-msgpack-horizon-1": "encode-adapted-horizon-1",
    "encode-adapted-msgpack-horizon-24": "encode-adapted-horizon-24",
}


class CodecBenchmark:
    def __init__(self, binary, core, milliseconds):
        self.command, self.core = [str(binary), str(milliseconds)], core
        self.nanoseconds = defaultdict(list)
        self.allocations = defaultdict(float)

    def measure_round(self):
        process = start_pinned(self.command, self.core, stdout=subprocess.PIPE, text=True)
        for line in process.communicate()[0].splitlines():
            found = json.loads(line)
            self.nanoseconds[found["work"]].append(found["ns"])
            self.allocations[found["work"]] = max(self.allocations[found["work"]], found["allocations"])
        # The encoder writes its numbers inside: what one more of them takes.
        short, long = self.nanoseconds["encode-horizon-1"][-1], self.nanoseconds["encode-horizon-24"][-1]
        self.nanoseconds["write-number"].append((long - short) / 23)

    def figures(self):
        figures = {}
        for work, reference in COMPARED_WITH.items():
            figures[f"codec/{work}/ns"] = median(self.nanoseconds[work])
            figures[f"codec/{work}/allocations"] = self.allocations[work]
            figures[f"codec/{work}/time-of-{reference}"] = (
                median(self.nanoseconds[work]) / median(self.nanoseconds[reference]))
        return figures

    def table(self):
        rows = [["work", "ns", "allocs", "compared with", "ns", "ratio"]]
        for work, reference in COMPARED_WITH.items():
            time, other = median(self.nanoseconds[work]), median(self.nanoseconds[reference])
            rows.append([work, f"{time:.1f}", f"{self.allocations[work]:g}", reference, f"{other:.1f}",
                         f"{time / other:.2f}"])
        return rows
