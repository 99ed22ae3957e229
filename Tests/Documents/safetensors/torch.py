# Part of forecastd. SPDX-License-Identifier: Apache-2.0
"""Stands in for the package of that name, which Debian does not have: writes the same file."""
import json
import struct


def save_file(tensors, path, metadata=None):
    """Tensors of float32, in the order of their names."""
    header, body = {"__metadata__": metadata} if metadata else {}, b""
    for name, tensor in sorted(tensors.items()):
        data = tensor.detach().contiguous().numpy().astype("<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [len(body), len(body) + len(data)]}
        body += data
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + body)
