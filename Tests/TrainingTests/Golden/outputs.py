#!/usr/bin/python3
# Part of forecastd. SPDX-License-Identifier: Apache-2.0
"""Loads a model file as PyTorch's users do, and prints its outputs for the inputs given."""
import json
import struct
import sys

import numpy
import torch


class Model(torch.nn.Module):
    """The class in README.md, with an output for each tick."""

    def __init__(self, input_size=1, hidden_size=50, num_layers=2, outputs=1):
        super().__init__()
        self.lstm = torch.nn.LSTM(input_size, hidden_size, num_layers, batch_first=True)
        self.linear = torch.nn.Linear(hidden_size, outputs)

    def forward(self, x):
        return self.linear(self.lstm(x)[0])


path, hidden, layers, outputs, inputs = sys.argv[1], *map(int, sys.argv[2:5]), sys.argv[5]
data = open(path, "rb").read()
(size,) = struct.unpack("<Q", data[:8])
header = json.loads(data[8:8 + size])
header.pop("__metadata__")
state = {}
for name, entry in header.items():
    begin, end = entry["data_offsets"]
    numbers = numpy.frombuffer(data[8 + size + begin:8 + size + end], "<f4").copy()
    state[name] = torch.from_numpy(numbers).reshape(entry["shape"])
model = Model(1, hidden, layers, outputs)
model.load_state_dict(state, strict=True)
with torch.no_grad():
    x = torch.tensor(json.loads(inputs), dtype=torch.float32)[None, :, None]
    print(json.dumps(model(x)[0].tolist()))
