#!/usr/bin/python3
# Part of forecastd. SPDX-License-Identifier: Apache-2.0
"""Makes the golden gradients beside this file with real PyTorch: `make golden`.

For each case NAME.safetensors has, as float32, the state_dict of a module of that shape, windows and targets, and what
PyTorch computes from them in float64:

    inputs            [windows][ticks][input_size]
    targets           [windows][ticks - burn_in][outputs]
    output_weights    [outputs]: half of the loss for the first output, half for the mean over all
    gradient.NAME     the loss's gradient by the parameter NAME
    trained.NAME      the parameter after ITERATIONS updates on these windows, by Adam along OneCycleLR
    loss              before the first update, and before the last
"""
import json
import pathlib
import struct

import torch

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


class Model(torch.nn.Module):
    def __init__(self, inputs, hidden, layers, outputs):
        super().__init__()
        self.lstm = torch.nn.LSTM(inputs, hidden, layers, batch_first=True)
        self.linear = torch.nn.Linear(hidden, outputs)

    def forward(self, x):
        return self.linear(self.lstm(x)[0])


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


def make(index, shape, ticks, burn_in, windows):
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
    model.double()
    optimizer = torch.optim.Adam(model.parameters())
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, ITERATIONS)
    losses = []
    for iteration in range(ITERATIONS):
        error = model(x.double())[:, burn_in:] - y.double()
        loss = (weights.double() * error ** 2).sum() / windows
        optimizer.zero_grad()
        loss.backward()
        if iteration == 0:
            tensors |= {"gradient." + name: p.grad.clone() for name, p in model.named_parameters()}
        optimizer.step()
        schedule.step()
        losses.append(loss.detach())
    tensors |= {"trained." + name: p for name, p in model.named_parameters()}
    tensors["loss"] = torch.stack([losses[0], losses[-1]])
    name = "-".join(str(size) for size in shape)
    save_safetensors(tensors, {"burn_in": str(burn_in), "torch": torch.__version__}, FOLDER / f"{name}.safetensors")
    print(name, losses[0].item(), losses[-1].item())


for index, case in enumerate(CASES):
    make(index, *case)
