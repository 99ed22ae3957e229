#!/usr/bin/python3
# Part of forecastd. SPDX-License-Identifier: Apache-2.0
"""Makes the golden vectors beside this file with real PyTorch: `make golden`.

For each case NAME.safetensors is the state_dict of a module of that shape, as a user would save it, and NAME.f64 is
what PyTorch computes in float64 from those very weights, as raw little-endian doubles:

    input     [TICKS][input_size]   every number is a float32
    stateful  [TICKS][outputs]      one step per tick, h and c carried through all of them
    window    [WINDOWS][outputs]    the last WINDOW ticks from zero state, at each of the last WINDOWS ticks
"""
import json
import pathlib
import struct

import torch

TICKS, WINDOW, WINDOWS = 1000, 24, 50
FOLDER = pathlib.Path(__file__).parent

# input_size, hidden_size, num_layers, outputs; bias; type of the file; names of the two attributes.
CASES = [
    ((1, 50, 2, 1), True, "F32", "lstm.", "linear."),
    ((8, 64, 2, 24), True, "F32", "lstm.", "fc."),
    ((16, 128, 2, 24), True, "BF16", "rnn.", "head."),
    ((32, 256, 1, 96), True, "F16", "encoder.lstm.", "decoder.0."),
    ((1, 24, 2, 24), True, "F32", "lstm.", "linear."),
    ((1, 1, 1, 1), True, "F64", "", ""),
    ((1, 2, 1, 3), False, "F32", "lstm.", "linear."),
    ((2, 3, 3, 5), True, "F32", "", "fc."),
    ((3, 5, 1, 16), False, "F64", "rnn.", "linear."),
    ((1, 7, 2, 4), True, "F16", "lstm.", "out."),
    ((5, 15, 1, 17), True, "F32", "lstm.", "linear."),
    ((1, 16, 1, 33), False, "F32", "lstm.", "linear."),
    ((12, 17, 4, 40), False, "BF16", "model.rnn.", "model.fc."),
    ((7, 31, 1, 8), True, "F32", "lstm.", ""),
    ((2, 33, 2, 48), False, "F32", "lstm.", "head."),
]
TYPES = {"F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}


def raw(tensor):
    tensor = tensor.contiguous()
    return (tensor.view(torch.int16) if tensor.dtype == torch.bfloat16 else tensor).numpy().tobytes()


def save_safetensors(tensors, type_name, metadata, path):
    header, data = {"__metadata__": metadata}, b""
    for name, tensor in tensors.items():
        piece = raw(tensor)
        header[name] = {
            "dtype": type_name, "shape": list(tensor.shape), "data_offsets": [len(data), len(data) + len(piece)]}
        data += piece
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def make(index, shape, bias, type_name, recurrent_name, linear_name):
    inputs, hidden, layers, outputs = shape
    torch.manual_seed(1000 + index)
    lstm = torch.nn.LSTM(inputs, hidden, layers, batch_first=True, bias=bias)
    linear = torch.nn.Linear(hidden, outputs, bias=bias)
    tensors = {recurrent_name + name: tensor for name, tensor in lstm.state_dict().items()}
    tensors |= {linear_name + name: tensor for name, tensor in linear.state_dict().items()}
    tensors = {name: tensor.to(TYPES[type_name]) for name, tensor in tensors.items()}
    name = "-".join(str(size) for size in shape)
    save_safetensors(
        tensors, type_name,
        {"ticks": str(TICKS), "window": str(WINDOW), "windows": str(WINDOWS), "torch": torch.__version__},
        FOLDER / f"{name}.safetensors")

    # The truth: float64, from the float32 values that any reader of the file gets.
    def exact(prefix, module):
        module.double().load_state_dict(
            {key[len(prefix):]: value.float().double() for key, value in tensors.items()
             if key.startswith(prefix) and key[len(prefix):] in module.state_dict()})

    exact(recurrent_name, lstm)
    exact(linear_name, linear)
    x = (1.5 * torch.randn(1, TICKS, inputs)).double()
    with torch.no_grad():
        stateful, state = [], None
        for tick in range(TICKS):
            h, state = lstm(x[:, tick:tick + 1], state)
            stateful.append(linear(h[0, -1]))
        window = []
        for end in range(TICKS - WINDOWS + 1, TICKS + 1):
            h, _ = lstm(x[:, end - WINDOW:end])
            window.append(linear(h[0, -1]))
    (FOLDER / f"{name}.f64").write_bytes(raw(x[0]) + raw(torch.stack(stateful)) + raw(torch.stack(window)))
    print(name, "bias" if bias else "no bias", type_name)


for index, case in enumerate(CASES):
    make(index, *case)
