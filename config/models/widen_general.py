#!/usr/bin/python3
# Part of forecastd. SPDX-License-Identifier: Apache-2.0
"""Makes line.safetensors: general.safetensors with three more inputs, which have no weight yet.

It forecasts just as general.safetensors does, and is a place to start from when it is trained on with several inputs.
"""
import json
import pathlib
import struct

INPUTS = ["temp", "hum", "calendar.hour.sin", "calendar.hour.cos"]
folder = pathlib.Path(__file__).parent
file = (folder / "general.safetensors").read_bytes()
length = struct.unpack("<Q", file[:8])[0]
header, data = json.loads(file[8:8 + length]), file[8 + length:]
header["__metadata__"].update(
    inputs=",".join(INPUTS), name="line", script="config/models/widen_general.py")
body = b""
for name, tensor in header.items():
    if name == "__metadata__":
        continue
    begin, end = tensor["data_offsets"]
    values = data[begin:end]
    if tensor["shape"][1:] == [1]:  # weight_ih_l0: a row per gate and unit, a column per input
        padding = bytes(4 * (len(INPUTS) - 1))
        values = b"".join(values[row:row + 4] + padding for row in range(0, len(values), 4))
        tensor["shape"][1] = len(INPUTS)
    tensor["data_offsets"] = [len(body), len(body) + len(values)]
    body += values
text = json.dumps(header).encode()
text += b" " * (-len(text) % 8)
(folder / "line.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + body)
