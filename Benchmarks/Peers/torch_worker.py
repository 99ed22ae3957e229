# Part of forecastd. SPDX-License-Identifier: Apache-2.0
"""PyTorch under the worker protocol of StepHarness.h, one thread.

Usage: torch_worker.py (cell | lstm). Inputs are tensors beforehand and outputs stay tensors: what is measured is
the call of the module.
"""
import os
import sys
from pathlib import Path
from time import perf_counter_ns

import numpy as np
import torch

from shape_files import SHAPES, read_inputs_and_references, read_weights
from torch_model import CellStep, LSTMStep

DATA = Path(os.environ["LSTM_DATA"])
INPUT_SETS = 16  # inputs that a run takes in turn


class Stepper:
    def __init__(self, make_module, shape):
        self.module = make_module(*SHAPES[shape]).eval()
        self.module.load(read_weights(DATA / f"{shape}.safetensors"))
        self.state = None

    def step(self, values):
        outputs, self.state = self.module(values, self.state)
        return outputs


def check(stepper, shape, batch):
    """The largest error over all chained steps. A batch larger than the data repeats its streams."""
    inputs, references = read_inputs_and_references(DATA, shape)
    streams = np.arange(batch) % inputs.shape[1]
    largest = 0.0
    for values, reference in zip(inputs, references):
        outputs = stepper.step(torch.from_numpy(values[streams])).numpy()
        largest = np.maximum(largest, np.abs(outputs - reference[streams]).max())
    return f"OK maxerr={largest:.3g}"


def run(stepper, shape, batch, milliseconds):
    """Steps for `milliseconds` after a warm-up of a fifth of that."""
    size = batch * SHAPES[shape][0]
    sets = [torch.sin(0.37 * torch.arange(first, first + size)).reshape(batch, -1)
            for first in range(0, INPUT_SETS * size, size)]
    warm_until = perf_counter_ns() + milliseconds * 2e5
    stepper.step(sets[0])
    while perf_counter_ns() < warm_until:
        stepper.step(sets[0])
    samples = []
    start = previous = perf_counter_ns()
    while previous < start + milliseconds * 1e6:
        stepper.step(sets[len(samples) % INPUT_SETS])
        now = perf_counter_ns()
        samples.append(now - previous)
        previous = now
    count = len(samples)
    samples.sort()
    # Python cannot count the allocations of what it calls.
    return (f"OK iters={count} sec={(previous - start) * 1e-9:.6f} p50_ns={samples[count // 2]} "
            f"p99_ns={samples[count * 99 // 100]} allocs=nan")


def answer(make_module, words):
    match words:
        case ["CHECK", shape, batch] if shape in SHAPES:
            return check(Stepper(make_module, shape), shape, int(batch))
        case ["RUN", shape, batch, milliseconds] if shape in SHAPES:
            return run(Stepper(make_module, shape), shape, int(batch), float(milliseconds))
    return "NA expected CHECK <shape> <batch> or RUN <shape> <batch> <ms>"


def main():
    modules = {"cell": CellStep, "lstm": LSTMStep}
    if len(sys.argv) != 2 or sys.argv[1] not in modules:
        sys.exit("usage: torch_worker.py (cell | lstm)")
    torch.set_num_threads(1)
    with torch.inference_mode():
        for line in sys.stdin:
            print(answer(modules[sys.argv[1]], line.split()), flush=True)


if __name__ == "__main__":
    main()
