# Part of forecastd. SPDX-License-Identifier: Apache-2.0
"""The script that one starts with: pyzmq and PyTorch's nn.LSTM, one message after another, a state per stream.

Usage: torch_daemon.py INPUT OUTPUT WEIGHTS     (a SUB socket connects to INPUT, a PUB socket binds OUTPUT;
a safetensors file of shape S)
"""
import json
import sys
from pathlib import Path

import torch
import zmq

from shape_files import SHAPES, read_weights
from torch_model import LSTMStep


def main():
    if len(sys.argv) != 4:
        sys.exit("usage: torch_daemon.py INPUT OUTPUT WEIGHTS")
    torch.set_num_threads(1)
    model = LSTMStep(*SHAPES["S"]).eval()
    model.load(read_weights(Path(sys.argv[3])))
    context = zmq.Context()
    values, forecasts = context.socket(zmq.SUB), context.socket(zmq.PUB)
    values.subscribe("")
    forecasts.bind(sys.argv[2])
    values.connect(sys.argv[1])
    states = {}
    with torch.inference_mode():
        while True:
            stream, payload = values.recv_multipart()
            message = json.loads(payload)
            forecast, states[stream] = model(torch.tensor([[message["value"]]]), states.get(stream))
            answer = {"ts": message["ts"], "yhat": forecast[0].tolist()}
            forecasts.send_multipart([stream, json.dumps(answer).encode()])


if __name__ == "__main__":
    main()
