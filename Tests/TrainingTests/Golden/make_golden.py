#!/usr/bin/python3
# Part of forecastd. SPDX-License-Identifier: Apache-2.0
"""Makes the golden gradients beside this file with real PyTorch: `make golden`.

For each case NAME.safetensors has, as float32, the state_dict of a module of that shape, windows and targets, and what
PyTorch computes from them in float64:

    inputs            [windows][ticks][input_size]
    targets           [windows][ticks - burn_in][outputs]
    output_weights    [outputs]: half of the loss for the first output, half for the mean over all
    error_scales      [windows][outputs]: what errors are multiplied by
    state             [h, c][layers][windows][hidden]: what windows begin with
    state_after       what they end with before the first update
    gradient.NAME     the loss's gradient by the parameter NAME
    trained.NAME      the parameter after ITERATIONS updates on these windows, by Adam along OneCycleLR
    loss              before the first update, and before the last
"""
import json
import pathlib
import struct

import torch
from torch.nn.functional import huber_loss

ITERATIONS, RATE = 20, 4e-3
FOLDER = pathlib.Path(__file__).parent

# input_size, hidden_size, num_layers, outputs; ticks, burn-in, windows.
CASES = [
    ((1, 24, 1, 48), 30, 6, 8),
    ((1, 7, 2, 5), 13, 2, 11),
    ((3, 5, 3, 1), 9, 0, 3),
    ((1, 33, 2, 17), 12, 3, 16),
    ((1, 1, 1, 1), 5, 1, 1),
    ((2, 50, 1, 3), 10, 2, 5),
]
# The same and Huber's delta; errors are scaled, and windows begin with a state.
HUBER_CASES = [
    ((1, 9, 2, 6), 14, 0, 11, 0.25),
    ((2, 18, 1, 4), 8, 0, 5, 1.5),
    ((1, 5, 3, 2), 20, 4, 8, 0.01),
]


class Model(torch.nn.Module):
    def __init__(self, inputs, hidden, layers, outputs):
        super().__init__()
        self.lstm = torch.nn.LSTM(inputs, hidden, layers, batch_first=True)
        self.linear = torch.nn.Linear(hidden, outputs)

    def forward(self, x, state):
        h, state = self.lstm(x, state)
        return self.linear(h), state


def save_safetensors(tensors, metadata, path):
    header, data = {"__metadata__": metadata}, b""
    for name, tensor in tensors.items():
        piece = tensor.detach().float().contiguous().numpy().tobytes()
        header[name] = {
            "dtype": "F32", "shape": list(tensor.shape), "data_offsets": [len(data), len(data) + len(piece)]}
        data += piece
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def make(index, shape, ticks, burn_in, windows, delta=None):
    torch.manual_seed(2000 + index)
    inputs, hidden, layers, outputs = shape
    model = Model(*shape)
    tensors = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    x = 1.5 * torch.randn(windows, ticks, inputs)
    y = torch.randn(windows, ticks - burn_in, outputs)
    weights = torch.full((outputs,), 0.5 / outputs)
    weights[0] += 0.5
    weights /= ticks - burn_in
    tensors |= {"inputs": x, "targets": y, "output_weights": weights}
    metadata = {"burn_in": str(burn_in), "torch": torch.__version__}
    state, scales = None, torch.ones(1)
    if delta:
        state, scales = 0.5 * torch.randn(2, layers, windows, hidden), torch.rand(windows, outputs) + 0.2
        tensors |= {"error_scales": scales, "state": state}
        metadata["huber_delta"] = str(delta)
        state = tuple(state.double())
    model.double()
    optimizer = torch.optim.Adam(model.parameters())
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, ITERATIONS)
    losses = []
    for iteration in range(ITERATIONS):
        output, after = model(x.double(), state)
        error = (output[:, burn_in:] - y.double()) * scales.double().unsqueeze(-2)
        # PyTorch has half of what we call Huber's loss.
        curve = 2 * huber_loss(error, torch.zeros_like(error), reduction="none", delta=delta) if delta else error ** 2
        loss = (weights.double() * curve).sum() / windows
        optimizer.zero_grad()
        loss.backward()
        if iteration == 0:
            tensors |= {"gradient." + name: p.grad.clone() for name, p in model.named_parameters()}
            if delta:
                tensors["state_after"] = torch.stack(after)
        optimizer.step()
        schedule.step()
        losses.append(loss.detach())
    tensors |= {"trained." + name: p for name, p in model.named_parameters()}
    tensors["loss"] = torch.stack([losses[0], losses[-1]])
    name = "-".join(str(size) for size in shape)
    save_safetensors(tensors, metadata, FOLDER / f"{name}.safetensors")
    print(name, losses[0].item(), losses[-1].item())


for index, case in enumerate(CASES + HUBER_CASES):
    make(index, *case)
