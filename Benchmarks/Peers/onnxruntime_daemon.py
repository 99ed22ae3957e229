# Part of forecastd. SPDX-License-Identifier: Apache-2.0
"""The script after some work: pyzmq and ONNX Runtime, all waiting streams in one step, states in arrays.

Usage: onnxruntime_daemon.py INPUT OUTPUT MODEL     (a SUB socket connects to INPUT, a PUB socket binds OUTPUT;
shape S as make_models.py wrote it)
"""
import json
import sys

import numpy as np
import onnxruntime
import zmq

STREAM_LIMIT = 20000
BATCH_LIMIT = 256


class Forecaster:
    """A state per stream, as a row of one array for each state that the model has."""

    def __init__(self, path):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        self.names = [value.name for value in self.session.get_inputs()]
        hidden = self.session.get_inputs()[1].shape[2]
        self.states = [np.zeros((STREAM_LIMIT, hidden), np.float32) for _ in self.names[1:]]
        self.rows = {}

    def step(self, streams, values):
        """The forecasts for one new value of each of these streams; no stream may come twice."""
        rows = np.array([self.rows.setdefault(stream, len(self.rows)) for stream in streams])
        inputs = [np.array(values, np.float32)[:, np.newaxis], *(state[rows][np.newaxis] for state in self.states)]
        forecasts, *next_states = self.session.run(None, dict(zip(self.names, inputs)))
        for state, next_state in zip(self.states, next_states):
            state[rows] = next_state[0]
        return forecasts.tolist()


def waiting_messages(socket):
    """All messages that are there now, the first of them waited for."""
    try:
        yield socket.recv_multipart()
        while True:
            yield socket.recv_multipart(zmq.NOBLOCK)
    except zmq.Again:
        return


def main():
    if len(sys.argv) != 4:
        sys.exit("usage: onnxruntime_daemon.py INPUT OUTPUT MODEL")
    forecaster = Forecaster(sys.argv[3])
    context = zmq.Context()
    values, forecasts = context.socket(zmq.SUB), context.socket(zmq.PUB)
    values.subscribe("")
    forecasts.bind(sys.argv[2])
    values.connect(sys.argv[1])

    def forecast(wave):
        answers = forecaster.step(wave, [message["value"] for message in wave.values()])
        for (stream, message), yhat in zip(wave.items(), answers):
            forecasts.send_multipart([stream, json.dumps({"ts": message["ts"], "yhat": yhat}).encode()])

    while True:
        wave = {}
        for stream, payload in waiting_messages(values):
            if stream in wave or len(wave) == BATCH_LIMIT:
                forecast(wave)
                wave = {}
            wave[stream] = json.loads(payload)
        forecast(wave)


if __name__ == "__main__":
    main()
