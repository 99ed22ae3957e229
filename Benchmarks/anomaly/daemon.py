# Part of forecastd. SPDX-License-Identifier: Apache-2.0
"""Alarms of a real daemon: values in over ZeroMQ, forecasts out."""
import json
import signal
import subprocess
import time

import zmq

CONFIGURATION = """
inputs: {{values: {{socket: pull, bind: ["ipc://{folder}/in"], format: text}}}}
outputs: {{forecasts: {{socket: pub, bind: ["ipc://{folder}/out"]}}}}
models: {{general: {{weights: "{weights}"}}}}
streams:
{rules}
"""
BATCH = 1000  # values on their way: far below the high-water marks, so that nothing is dropped


class Daemon:
    """forecastd with a rule for each season, to be used in a `with` statement."""

    def __init__(self, binary, weights, folder, seasons, rule):
        rules = "\n".join(
            f'  - {{match: "{season}.*", model: general, horizon: 1, {rule}'
            + (f", season: {season}" if season else "") + "}" for season in seasons)
        path = folder / "forecastd.yaml"
        path.write_text(CONFIGURATION.format(folder=folder, weights=weights, rules=rules))
        self.command, self.folder, self.count = [binary, "run", "--config", path], folder, 0

    def __enter__(self):
        with open(self.folder / "log", "w") as log:
            self.process = subprocess.Popen(self.command, stdout=log, stderr=log)
        context = zmq.Context.instance()
        self.input, self.output = context.socket(zmq.PUSH), context.socket(zmq.SUB)
        self.output.subscribe("")
        self.input.connect(f"ipc://{self.folder}/in")
        self.output.connect(f"ipc://{self.folder}/out")
        deadline = time.monotonic() + 20
        while not self.output.poll(100):  # until both sockets are joined
            self.input.send_multipart([b"0.probe", b"0"])
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"forecastd does not answer:\n{(self.folder / 'log').read_text()}")
        while self.output.poll(300):
            self.output.recv_multipart()
        return self

    def __exit__(self, *_):
        self.input.close(0)
        self.output.close(0)
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()

    def alarms(self, season, values):
        """The ticks at which alarms begin, in a stream of these values."""
        self.count += 1
        topic = f"{season}.{self.count}".encode()
        begins, is_on = [], False
        for start in range(0, len(values), BATCH):
            batch = values[start:start + BATCH]
            for value in batch:
                self.input.send_multipart([topic, repr(float(value)).encode()])
            for tick in range(start, start + len(batch)):
                was_on, is_on = is_on, json.loads(self.output.recv_multipart()[1])["status"] == "anomalous"
                if is_on and not was_on:
                    begins.append(tick)
        return begins
