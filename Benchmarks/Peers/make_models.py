# Part of forecastd. SPDX-License-Identifier: Apache-2.0
"""Writes one time step of every shape as an ONNX graph, with ONNX's own LSTM operator.

Usage: make_models.py DATA MODELS. Reads DATA/<shape>.safetensors of make_data.py and writes
MODELS/<input>-<hidden>-<layers>-<outputs>.onnx: input[batch][input] and, per layer n, hidden<n> and cell<n>
[1][batch][hidden] become output[batch][outputs], next_hidden<n> and next_cell<n>. The batch is open.
"""
import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from shape_files import SHAPES, read_weights


def in_onnx_order(tensor):
    """The gates i, f, g, o of PyTorch as ONNX has them: i, o, f, g; with its axis for directions in front."""
    i, f, g, o = np.split(tensor, 4)
    return np.concatenate([i, o, f, g])[np.newaxis]


def layer_tensors(weights, layer):
    biases = [in_onnx_order(weights[f"lstm.bias_{part}_l{layer}"]) for part in ("ih", "hh")]
    return {
        f"W{layer}": in_onnx_order(weights[f"lstm.weight_ih_l{layer}"]),
        f"R{layer}": in_onnx_order(weights[f"lstm.weight_hh_l{layer}"]),
        f"B{layer}": np.concatenate(biases, axis=1),
    }


def make_step(shape, weights):
    inputs, hidden, layers, outputs = shape
    tensors = {"sequence_axis": np.array([0]), "direction_axis": np.array([1]),
               "readout_weight": weights["linear.weight"], "readout_bias": weights["linear.bias"]}
    nodes = [helper.make_node("Unsqueeze", ["input", "sequence_axis"], ["sequence0"])]
    for layer in range(layers):
        tensors |= layer_tensors(weights, layer)
        nodes += [
            helper.make_node(
                "LSTM",
                [f"sequence{layer}", f"W{layer}", f"R{layer}", f"B{layer}", "", f"hidden{layer}", f"cell{layer}"],
                [f"directions{layer}", f"next_hidden{layer}", f"next_cell{layer}"], hidden_size=hidden),
            helper.make_node("Squeeze", [f"directions{layer}", "direction_axis"], [f"sequence{layer + 1}"]),
        ]
    nodes += [helper.make_node("Squeeze", [f"sequence{layers}", "sequence_axis"], ["last"]),
              helper.make_node("Gemm", ["last", "readout_weight", "readout_bias"], ["output"], transB=1)]

    def value(name, size):
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, size)

    states = [f"{part}{layer}" for layer in range(layers) for part in ("hidden", "cell")]
    graph = helper.make_graph(
        nodes, "step",
        [value("input", ["batch", inputs]), *(value(name, [1, "batch", hidden]) for name in states)],
        [value("output", ["batch", outputs]), *(value(f"next_{name}", [1, "batch", hidden]) for name in states)],
        [numpy_helper.from_array(tensor, name) for name, tensor in tensors.items()])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: make_models.py DATA MODELS")
    data, models = map(Path, sys.argv[1:])
    models.mkdir(parents=True, exist_ok=True)
    for name, shape in SHAPES.items():
        model = make_step(shape, read_weights(data / f"{name}.safetensors"))
        onnx.checker.check_model(model, full_check=True)
        onnx.save(model, models / ("-".join(map(str, shape)) + ".onnx"))


if __name__ == "__main__":
    main()
