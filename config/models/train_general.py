#!/usr/bin/python3
# Part of forecastd. SPDX-License-Identifier: Apache-2.0
"""Trains the bundled model, writes general.safetensors, prints the tables of Documentation/Model.md.

    python3 config/models/train_general.py             # train, write, evaluate
    python3 config/models/train_general.py --evaluate  # evaluate the file that is there

Needs numpy and PyTorch (Debian: python3-torch). Seeded: the same versions on the same kind of CPU give the same file.
"""
import gzip
import json
import os
import struct
import sys
import time

import numpy as np
import torch
from torch import nn

from synthetic_signals import FAMILIES, log_uniform, synthetic

HERE = os.path.dirname(os.path.abspath(__file__))
WEIGHTS, RECORDING = os.path.join(HERE, "general.safetensors"), os.path.join(HERE, "host-metrics.csv.gz")
SEED, THREADS = 20261124, 2
HIDDEN, LAYERS, HORIZON = 24, 2, 24
HALF_LIFE, CLAMP = 120, 8.0                 # of the daemon's rolling scale
STREAMS, TICKS = 900, 6000                  # synthetic training streams and their length
UPDATES, BATCH, CHUNK, RATE = 3000, 64, 96, 0.02
HOST_SHARE = 0.15                           # part of each batch taken from the recording
TRAIN, HELD_OUT = 0.5, 0.7                  # rows [0, 50 %) fit, [50, 70 %) chose the settings here, the rest held out
TARGET_CLIP = 16.0
FLOOR = 0.03                                # of the typical change, in units of s: below it skill is not worth buying


class General(nn.Module):
    """The class everybody starts from; training reads out every time step, not only the last."""

    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(1, HIDDEN, LAYERS, batch_first=True)
        self.fc = nn.Linear(HIDDEN, HORIZON)
        nn.init.zeros_(self.fc.weight)      # so that the first forecast of training is persistence
        nn.init.zeros_(self.fc.bias)
        for layer in range(LAYERS):         # a forget gate that starts open lets long memories form
            getattr(self.lstm, f"bias_ih_l{layer}").data[HIDDEN:2 * HIDDEN] = 1

    def forward(self, u, state=None):
        h, state = self.lstm(u.unsqueeze(-1), state)
        return self.fc(h), state


def rolling_scale(y):
    """The daemon's `scale: rolling`: the input u and the scale s of every tick; y has shape [streams, ticks]."""
    m, v = y[:, 0].copy(), np.zeros(len(y))
    u, s = np.zeros_like(y), np.zeros_like(y)
    for t in range(y.shape[1]):
        a = max(1 - 2 ** (-1 / HALF_LIFE), 1 / (t + 1))
        e = y[:, t] - m
        m += a * e
        v = (1 - a) * (v + a * e * e)
        s[:, t] = np.maximum(np.maximum(np.sqrt(v), 1e-6 * np.abs(m)), 1e-9)
        u[:, t] = np.clip((y[:, t] - m) / s[:, t], -CLAMP, CLAMP)
    return u, s


# ---- Data ----

def host_metrics():
    """The streams' names and their values, [streams, ticks], as record_host.py wrote them."""
    with gzip.open(RECORDING, "rt") as file:
        names = file.readline().strip().split(",")[1:]
        return names, np.loadtxt(file, delimiter=",")[:, 1:].T.copy()


def host_training_streams(y, count, seed):
    """Stretches of the recording, some thinned to a slower rate, some with another stream on top."""
    g, rows, streams = np.random.default_rng(seed), y.shape[1], []
    lively = [x for x in y if np.ptp(x) > 0]
    for _ in range(count):
        x, other = (lively[i] / np.std(lively[i]) for i in g.integers(len(lively), size=2))
        x = x + g.choice([0, 0, g.uniform(0.1, 1)]) * other
        x = x[g.integers(rows // 3)::g.choice([1, 1, 1, 2, 3])]
        streams.append(np.tile(x, -(-rows // len(x)))[:rows])
    return np.stack(streams)


class Chunks:
    """Deals out consecutive ticks; each slot of the batch carries its state through the life of one stream."""

    def __init__(self, y, slots, seed):
        self.y, self.g = y, np.random.default_rng(seed)
        self.u, self.s = rolling_scale(y)
        changes = [np.minimum(np.abs(y[:, k:] - y[:, :-k]) / self.s[:, :-k], TARGET_CLIP).mean(1)
                   for k in range(1, HORIZON + 1)]
        # An error divided by the typical change of its stream and horizon is what skill measures: without it
        # noisy streams would drown the smooth ones.
        self.weight = 1 / (np.stack(changes, 1)[:, None, :] + FLOOR)
        self.stream, self.at, self.end = (np.zeros(slots, int) for _ in range(3))

    def next(self):
        """Inputs [slots, CHUNK], targets [slots, CHUNK, HORIZON], their weights, and who starts from zero."""
        fresh = self.at + CHUNK + HORIZON > self.end
        for i in np.flatnonzero(fresh):     # many short lives, so that young states are as good as old ones
            self.stream[i], self.at[i] = self.g.integers(len(self.y)), 0
            self.end[i] = max(CHUNK + HORIZON, log_uniform(self.g, CHUNK, self.y.shape[1] + 1))
        row, now = self.stream[:, None], self.at[:, None] + np.arange(CHUNK)
        later = self.y[row[:, :, None], now[:, :, None] + np.arange(1, HORIZON + 1)]
        target = (later - self.y[row, now][:, :, None]) / self.s[row, now][:, :, None]
        self.at += CHUNK
        return self.u[row, now], np.clip(target, -TARGET_CLIP, TARGET_CLIP), self.weight[self.stream], ~fresh


# ---- Training ----

def loss_of(error):
    """Between squared and absolute error: the mean for the small, the median for the heavy tail."""
    r = (1.4 * (torch.sqrt(1 + error * error) - 1) + 0.3 * error.abs()).mean((0, 1))
    return 0.5 * r[0] + 0.5 * r.mean()


def train(host):
    torch.manual_seed(SEED)
    slots = int(BATCH * HOST_SHARE)
    fitted = host[:, :int(TRAIN * host.shape[1])]
    sources = [Chunks(synthetic(SEED, STREAMS, TICKS), BATCH - slots, SEED),
               Chunks(host_training_streams(fitted, 400, SEED), slots, SEED)]
    model, began = General(), time.time()
    optimizer = torch.optim.Adam(model.parameters(), lr=RATE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, UPDATES)
    h = c = torch.zeros(LAYERS, BATCH, HIDDEN)
    for update in range(1, UPDATES + 1):
        parts = zip(*(source.next() for source in sources))
        u, target, weight, keep = (torch.from_numpy(np.concatenate(part)).float() for part in parts)
        # The state goes on from chunk to chunk (only the gradient stops), so ages up to TICKS are trained.
        keep = keep[None, :, None]
        output, (h, c) = model(u, (h.detach() * keep, c.detach() * keep))
        loss = loss_of((output - target) * weight)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        if update % 100 == 0:
            print(f"\r{update} of {UPDATES} updates, {time.time() - began:.0f} s, loss {loss.item():.3f}",
                  end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return model


# ---- The model file: safetensors is a length, a JSON header and the numbers ----

def save(model):
    header = {"__metadata__": {
        "format": "pt", "name": "general", "target": "difference", "scale": "rolling", "half_life": str(HALF_LIFE),
        "script": "config/models/train_general.py", "seed": str(SEED), "torch": torch.__version__,
        "data": "synthetic_signals.py; first half of host-metrics.csv.gz"}}
    body = b""
    for name, tensor in model.state_dict().items():
        data = tensor.numpy().astype("<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [len(body), len(body) + len(data)]}
        body += data
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(WEIGHTS, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + body)


def load():
    with open(WEIGHTS, "rb") as file:
        header = json.loads(file.read(*struct.unpack("<Q", file.read(8))))
        body = file.read()
    model, tensors = General(), {}
    for name, entry in header.items():
        if name != "__metadata__":
            first, last = entry["data_offsets"]
            tensors[name] = torch.tensor(np.frombuffer(body[first:last], "<f4").reshape(entry["shape"]))
    model.load_state_dict(tensors)
    return model


# ---- Evaluation: stateful from row 0, one state per stream ----

def forecasts(model, y):
    """Forecasts of y[:, t + k] made at t, shape [streams, ticks, HORIZON]."""
    u, s = rolling_scale(y)
    with torch.no_grad():
        output, _ = model(torch.from_numpy(u).float())
    return y[:, :, None] + s[:, :, None] * output.double().numpy()


def ewma(y, half_life):
    level, a = y.copy(), 1 - 2 ** (-1 / half_life)
    for t in range(1, y.shape[1]):
        level[:, t] = level[:, t - 1] + a * (y[:, t] - level[:, t - 1])
    return np.repeat(level[:, :, None], HORIZON, 2)


def errors(forecast, y, first, last):
    """MAE and MSE, [2, streams, HORIZON], of targets in rows [first, last), divided by their standard deviation."""
    out = np.zeros((2, len(y), HORIZON))
    deviation = np.std(y[:, first:last], 1)
    for k in range(1, HORIZON + 1):
        origins = np.arange(max(first - k, 0), last - k)
        e = (forecast[:, origins, k - 1] - y[:, origins + k]) / deviation[:, None]
        out[:, :, k - 1] = np.abs(e).mean(1), (e * e).mean(1)
    return out


def best_half_life(y, first, last):
    y = y[np.ptp(y[:, first:last], 1) > 0]
    return min([0.5, 1, 2, 5, 10, 30], key=lambda x: errors(ewma(y, x), y, first, last)[0].mean())


def table(model, title, y, first, last, half_life, groups):
    """One line per group of streams and one over all, each the ratio of means of scaled errors."""
    changing = np.ptp(y[:, first:last], 1) > 0
    print(f"\n{title}\n\n| | skill h = 1 | 8 | 24 | 1…24 | MSE ratio h = 1 | 8 | 24 | 1…24 | EWMA skill | EWMA MSE ratio |")
    print("|---|" + "---:|" * 10)
    groups = groups + [("**all that change**", np.arange(len(y)))]
    y_changing = y[changing]
    ours, level, last_value = (errors(f, y_changing, first, last) for f in (
        forecasts(model, y_changing), ewma(y_changing, half_life), np.repeat(y_changing[:, :, None], HORIZON, 2)))
    place = np.cumsum(changing) - 1
    for name, members in groups:
        i = [place[j] for j in members if changing[j]]
        if not i:
            print(f"| {name} |" + " |" * 9 + " constant |")
            continue
        (mae, mse), (ewma_mae, ewma_mse), (mae_0, mse_0) = (x[:, i].mean(1) for x in (ours, level, last_value))
        at = [0, 7, 23]
        figures = [*(1 - mae / mae_0)[at], 1 - mae.mean() / mae_0.mean(), *(mse / mse_0)[at], mse.mean() / mse_0.mean(),
                   1 - ewma_mae.mean() / mae_0.mean(), ewma_mse.mean() / mse_0.mean()]
        print(f"| {name} | " + " | ".join(f"{x:.3f}" for x in figures) + " |")


def soak(model, ticks=100_000):
    """Does state carried for very long stay as good as young state? Error of first and last 10 000 ticks."""
    t, g = np.arange(ticks), np.random.default_rng(SEED + 3)
    signals = {
        "constant 5": np.full(ticks, 5.0), "constant 0": np.zeros(ticks), "step at 100, then constant": 1.0 + (t >= 100),
        "ramp": 0.01 * t, "noisy ramp": 0.01 * t + g.standard_normal(ticks),
        "sine, period 60": np.sin(2 * np.pi * t / 60), "the same, cut off at ±0.5": np.clip(np.sin(2 * np.pi * t / 60), -.5, .5),
        "noise": g.standard_normal(ticks), "random walk": np.cumsum(g.standard_normal(ticks)),
        "0 with 1 every 1000 ticks": 1.0 * (t % 1000 == 999), "20 000 ticks of 0, then noise": g.standard_normal(ticks) * (t >= 20_000)}
    y = np.stack(list(signals.values()))
    forecast = forecasts(model, y)
    print("\nLong runs, 100 000 ticks: mean absolute error over 1…24, first tick | ticks 1…100 | to 10 000 | last 10 000 | "
          "persistence, last 10 000\n\n| | first | 100 | 10 000 | last 10 000 | persistence |\n|---|" + "---:|" * 5)
    for name, x, f in zip(signals, y, forecast):
        e = np.stack([np.abs(f[:-HORIZON, k - 1] - x[k:len(x) - HORIZON + k]) for k in range(1, HORIZON + 1)], 1).mean(1)
        p = np.stack([np.abs(x[:-HORIZON] - x[k:len(x) - HORIZON + k]) for k in range(1, HORIZON + 1)], 1).mean(1)
        assert np.isfinite(f).all(), f"{name}: the forecast is not finite"
        figures = e[0], e[:100].mean(), e[:10_000].mean(), e[-10_000:].mean(), p[-10_000:].mean()
        print(f"| {name} | " + " | ".join(f"{q:.4g}" for q in figures) + " |")


def evaluate(model):
    names, host = host_metrics()
    rows = host.shape[1]
    first = int(HELD_OUT * rows)
    half_life = best_half_life(host, 0, first)
    table(model, f"Host metrics, held out: rows {first} to {rows - 1} of {rows}. EWMA half-life {half_life:g} (best before row {first}).",
          host, first, rows, half_life, [(name, [i]) for i, name in enumerate(names)])
    half_life = best_half_life(synthetic(SEED, 90, 2000), 0, 2000)
    signals = synthetic(SEED + 1, 16 * len(FAMILIES), 4000)
    groups = [(f.__name__, list(range(i, len(signals), len(FAMILIES)))) for i, f in enumerate(FAMILIES)]
    table(model, f"Synthetic signals, held out: 16 per family, 4000 ticks. EWMA half-life {half_life:g}.",
          signals, 0, 4000, half_life, groups)
    soak(model)


if __name__ == "__main__":
    torch.set_num_threads(THREADS)
    if "--evaluate" not in sys.argv:
        save(train(host_metrics()[1]))
    evaluate(load())
