# Part of forecastd. SPDX-License-Identifier: Apache-2.0
"""Reads what make_data.py wrote, for the peers in Python."""
import json
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from make_data import SHAPES, STEPS, STREAMS  # noqa: E402


def read_weights(path):
    """The tensors of a safetensors file by their names, those of PyTorch's state_dict."""
    content = path.read_bytes()
    start = 8 + int.from_bytes(content[:8], "little")
    weights = {}
    for name, entry in json.loads(content[8:start]).items():
        first, end = entry["data_offsets"]
        weights[name] = np.frombuffer(content[start + first:start + end], "<f4").reshape(entry["shape"])
    return weights


def read_inputs_and_references(folder, shape):
    """Arrays [STEPS][STREAMS][inputs] of float32 and [STEPS][STREAMS][outputs] of float64."""
    inputs, _, _, outputs = SHAPES[shape]
    return (np.fromfile(folder / shape / "x.bin", "<f4").reshape(STEPS, STREAMS, inputs),
            np.fromfile(folder / shape / "ref.bin", "<f8").reshape(STEPS, STREAMS, outputs))
