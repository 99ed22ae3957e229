# Part of forecastd. SPDX-License-Identifier: Apache-2.0
"""The time that no LSTM step can beat on this core, from rates measured in the same run.

A step multiplies and adds (2 operations per weight) and then finishes its cells; neither can be faster than
the core does that alone. At the same time every weight is read once per batch, however many streams share it:

    bound = max(operations / flops + cells / cell rate, weight bytes / read rate / batch)

The read rate is that of a buffer as large as the weights, so it is that of the cache in which they lie.
Reading and writing the streams' states is left out: it is below 50 ns per step for all shapes here.
"""
import json
import subprocess

from harness.machine import start_pinned

CACHE_SIZES = {"L1": 24 << 10, "L2": 384 << 10, "L3": 4 << 20}


def multiply_adds(shape):
    inputs, hidden, layers, outputs = shape
    gates = sum(4 * hidden * ((inputs if layer == 0 else hidden) + hidden) for layer in range(layers))
    return gates + hidden * outputs


def weight_bytes(shape):
    """Bytes of float32 weights, the two biases of a layer added up."""
    _, hidden, layers, outputs = shape
    return 4 * (multiply_adds(shape) + layers * 4 * hidden + outputs)


class Ceilings:
    """The best rates that any round of the run has seen, per nanosecond."""

    def __init__(self, binary, core, shapes):
        self.sizes = [*CACHE_SIZES.values(), *map(weight_bytes, shapes.values())]
        self.command = [str(binary), *map(str, self.sizes)]
        self.core = core
        self.instructions = ""
        self.flops = self.cells = 0.0
        self.read = dict.fromkeys(self.sizes, 0.0)

    def measure(self):
        process = start_pinned(self.command, self.core, stdout=subprocess.PIPE, text=True)
        found = json.loads(process.communicate()[0])
        self.instructions = found["instructions"]
        self.flops = max(self.flops, found["flops"])
        self.cells = max(self.cells, found["cells"])
        for size in self.sizes:
            self.read[size] = max(self.read[size], found["read"][str(size)])

    def bound(self, shape, batch):
        """Nanoseconds per step of one stream, and what they are spent on."""
        _, hidden, layers, _ = shape
        compute = 2 * multiply_adds(shape) / self.flops + layers * hidden / self.cells
        memory = weight_bytes(shape) / self.read[weight_bytes(shape)] / batch
        return max(compute, memory), "compute" if compute > memory else "memory"

    def description(self):
        reads = ", ".join(f"{name} {self.read[size]:.0f}" for name, size in CACHE_SIZES.items())
        return (f"ceilings  {self.instructions}: {self.flops:.1f} GFLOP/s; read {reads} GB/s; "
                f"{self.cells:.3f} G cells/s")
