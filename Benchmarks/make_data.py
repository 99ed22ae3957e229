#!/usr/bin/python3
# Part of forecastd. SPDX-License-Identifier: Apache-2.0
"""Writes the weights, inputs and float64 references that all workers share.

Usage: make_data.py FOLDER. For each shape:

  FOLDER/<shape>/meta.txt     "input hidden layers outputs"
  FOLDER/<shape>/weights.bin  float32; per layer W_ih[4H][I], W_hh[4H][H], b_ih[4H], b_hh[4H] in PyTorch's
                              order (gates i, f, g, o), then the readout W[O][H], b[O]
  FOLDER/<shape>/x.bin        float32 [1000][16][I]: 1000 steps of 16 independent streams
  FOLDER/<shape>/ref.bin      float64 [1000][16][O]: outputs of the chained steps from zero state
  FOLDER/<shape>.safetensors  the same weights for the daemon; also of the shapes that only the daemon runs

Little endian throughout. The same seed gives the same weights and inputs everywhere.
"""
import json
import sys
from pathlib import Path

import numpy as np

SHAPES = {  # input, hidden, layers, outputs
    "S": (1, 50, 2, 1),
    "M": (8, 64, 2, 24),
    "L": (16, 128, 2, 24),
    "XL": (32, 256, 1, 96),
}
# L for the daemon, whose streams give a model one value per tick.
DAEMON_SHAPES = {"L1": (1, 128, 2, 24)}
STEPS, STREAMS = 1000, 16


def make_weights(shape, random):
    """Tensors by PyTorch's names, drawn as PyTorch draws them: uniform within 1 / sqrt(hidden)."""
    inputs, hidden, layers, outputs = shape
    limit = 1 / np.sqrt(hidden)
    sizes = {}
    for layer in range(layers):
        sizes[f"lstm.weight_ih_l{layer}"] = (4 * hidden, inputs if layer == 0 else hidden)
        sizes[f"lstm.weight_hh_l{layer}"] = (4 * hidden, hidden)
        sizes[f"lstm.bias_ih_l{layer}"] = (4 * hidden,)
        sizes[f"lstm.bias_hh_l{layer}"] = (4 * hidden,)
    sizes["linear.weight"] = (outputs, hidden)
    sizes["linear.bias"] = (outputs,)
    return {name: random.uniform(-limit, limit, size).astype("<f4") for name, size in sizes.items()}


def make_inputs(shape, random):
    """Noisy sines, another frequency in each column and another phase in each stream."""
    step = np.arange(STEPS)[:, None, None]
    stream = np.arange(STREAMS)[None, :, None]
    column = np.arange(shape[0])[None, None, :]
    signal = np.sin(0.05 * step * (1 + 0.1 * column) + stream)
    return (signal + 0.3 * random.standard_normal((STEPS, STREAMS, shape[0]))).astype("<f4")


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def chained_outputs(shape, weights, inputs):
    """nn.LSTM and nn.Linear in float64, the state carried over all steps."""
    _, hidden_size, layers, outputs = shape
    exact = {name: tensor.astype(np.float64) for name, tensor in weights.items()}
    hidden = np.zeros((layers, STREAMS, hidden_size))
    cell = np.zeros((layers, STREAMS, hidden_size))
    result = np.zeros((STEPS, STREAMS, outputs), "<f8")
    for step in range(STEPS):
        value = inputs[step].astype(np.float64)
        for layer in range(layers):
            bias = exact[f"lstm.bias_ih_l{layer}"] + exact[f"lstm.bias_hh_l{layer}"]
            gates = bias + value @ exact[f"lstm.weight_ih_l{layer}"].T
            gates += hidden[layer] @ exact[f"lstm.weight_hh_l{layer}"].T
            i, f, g, o = np.split(gates, 4, axis=1)
            cell[layer] = sigmoid(f) * cell[layer] + sigmoid(i) * np.tanh(g)
            hidden[layer] = sigmoid(o) * np.tanh(cell[layer])
            value = hidden[layer]
        result[step] = value @ exact["linear.weight"].T + exact["linear.bias"]
    return result


def write_safetensors(path, weights):
    """8 bytes of header length, the header as JSON, the tensors one after another."""
    header, position = {}, 0
    for name, tensor in weights.items():
        end = position + tensor.nbytes
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [position, end]}
        position = end
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(len(text).to_bytes(8, "little") + text + b"".join(t.tobytes() for t in weights.values()))


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: make_data.py FOLDER")
    target = Path(sys.argv[1])
    for seed, (name, shape) in enumerate(SHAPES.items()):
        random = np.random.default_rng(seed)
        weights, inputs = make_weights(shape, random), make_inputs(shape, random)
        folder = target / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "weights.bin").write_bytes(b"".join(tensor.tobytes() for tensor in weights.values()))
        (folder / "x.bin").write_bytes(inputs.tobytes())
        (folder / "ref.bin").write_bytes(chained_outputs(shape, weights, inputs).tobytes())
        (folder / "meta.txt").write_text(" ".join(map(str, shape)) + "\n")
        write_safetensors(target / f"{name}.safetensors", weights)
    for seed, (name, shape) in enumerate(DAEMON_SHAPES.items(), len(SHAPES)):
        write_safetensors(target / f"{name}.safetensors", make_weights(shape, np.random.default_rng(seed)))


if __name__ == "__main__":
    main()
