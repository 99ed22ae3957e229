#!/usr/bin/python3
# Part of forecastd. SPDX-License-Identifier: Apache-2.0
"""Trains the bundled model, writes general.safetensors, prints the tables of Documentation/Model.md.

    python3 config/models/train_general.py                    # train, write, evaluate
    python3 config/models/train_general.py --evaluate [FILE]  # evaluate a file: by default the bundled one
    python3 config/models/train_general.py --csv FOLDER       # write the training data for `forecastd train`

Needs numpy and PyTorch (Debian: python3-torch). Seeded: the same versions on the same kind of CPU give the same file.
"""
import json
import os
import struct
import sys
import time

import numpy as np
import torch
from torch import nn

from training_data import FAMILIES, host_metrics, host_training_streams, log_uniform, synthetic

HERE = os.path.dirname(os.path.abspath(__file__))
WEIGHTS = os.path.join(HERE, "general.safetensors")
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


def write_csv(folder, host):
    """The streams that training draws from, a column each, in about the same shares."""
    fitted = host[:, :int(TRAIN * host.shape[1])]
    share = round(STREAMS * HOST_SHARE / (1 - HOST_SHARE))
    for name, y in [("synthetic.csv", synthetic(SEED, STREAMS, TICKS)),
                    ("host.csv", host_training_streams(fitted, share, SEED))]:
        np.savetxt(os.path.join(folder, name), y.T, "%.7g", ",", header=",".join(f"s{i}" for i in range(len(y))),
                   comments="")


# ---- The model file: safetensors is a length, a JSON header and the numbers ----

def save(model):
    header = {"__metadata__": {
        "format": "pt", "name": "general", "target": "difference", "scale": "rolling", "half_life": str(HALF_LIFE),
        "script": "config/models/train_general.py", "seed": str(SEED), "torch": torch.__version__,
        "data": "training_data.py, first half of host-metrics.csv.gz"}}
    body = b""
    for name, tensor in model.state_dict().items():
        data = tensor.numpy().astype("<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [len(body), len(body) + len(data)]}
        body += data
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(WEIGHTS, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + body)


def load(path):
    with open(path, "rb") as file:
        header = json.loads(file.read(*struct.unpack("<Q", file.read(8))))
        body = file.read()
    model, tensors = General(), {}
    for name, entry in header.items():
        if name != "__metadata__":
            first, last = entry["data_offsets"]
            # `forecastd train` calls the readout linear.
            tensors[name.replace("linear.", "fc.")] = torch.tensor(np.frombuffer(body[first:last], "<f4").reshape(entry["shape"]))
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


def best_ewma(y, first, last):
    """The half-lives with the least MAE and with the least MSE over all streams, out of a few."""
    y = y[np.ptp(y[:, first:last], 1) > 0]
    tried = {x: errors(ewma(y, x), y, first, last).mean((1, 2)) for x in (0.5, 1, 2, 5, 10, 30, 100)}
    return [min(tried, key=lambda x: tried[x][measure]) for measure in (0, 1)]


def table(model, title, y, first, last, half_lives, groups):
    """One line per group of streams and one over all, each the ratio of the means of the scaled errors."""
    changing = np.ptp(y[:, first:last], 1) > 0
    y, place = y[changing], np.cumsum(changing) - 1
    (mae, mse), (mae_0, mse_0) = (
        errors(f, y, first, last) for f in (forecasts(model, y), np.repeat(y[:, :, None], HORIZON, 2)))
    ewma_mae, ewma_mse = (errors(ewma(y, x), y, first, last)[measure] for measure, x in enumerate(half_lives))
    print(f"\n{title} EWMA half-life {half_lives[0]:g} for MAE, {half_lives[1]:g} for MSE.\n")
    print("| | skill h = 1 | 8 | 24 | 1…24 | MSE ratio h = 1 | 8 | 24 | 1…24 | EWMA skill | EWMA MSE ratio |")
    print("|---|" + "---:|" * 10)
    for name, members in [*groups, ("**all that change**", range(len(changing)))]:
        i = [place[j] for j in members if changing[j]]
        if not i:
            print(f"| {name} | constant |" + " |" * 9)
            continue

        def ratios(a, b):
            a, b = a[i].mean(0), b[i].mean(0)
            return np.array([*(a / b)[[0, 7, 23]], a.mean() / b.mean()])

        figures = [*(1 - ratios(mae, mae_0)), *ratios(mse, mse_0), 1 - ratios(ewma_mae, mae_0)[3],
                   ratios(ewma_mse, mse_0)[3]]
        print(f"| {name} | " + " | ".join(f"{x:.3f}" for x in figures) + " |")


def soak(model, ticks=100_000):
    """Is a state carried for very long as good as a young one?"""
    t, noise = np.arange(ticks), np.random.default_rng(SEED + 2).standard_normal(ticks)
    wave = np.sin(2 * np.pi * t / 60)
    signals = {
        "constant 5": np.full(ticks, 5.0), "0, from tick 100 on 1": 1.0 * (t >= 100), "ramp": 0.01 * t,
        "noisy ramp": 0.01 * t + noise, "sine of period 60": wave,
        "the same, saturated at ±0.5": np.clip(wave, -0.5, 0.5), "white noise": noise,
        "random walk": np.cumsum(noise), "0, every 1000 ticks 1": 1.0 * (t % 1000 == 999),
        "0 for 90 000 ticks, then noise": noise * (t >= 90_000)}
    y = np.stack(list(signals.values()))
    forecast = forecasts(model, y)
    assert np.isfinite(forecast).all(), "a forecast is not finite"
    print("\nCarried state over 100 000 ticks: mean absolute error over horizons 1…24.\n")
    print("| | first tick | to 100 | to 10 000 | last 10 000 | persistence, last 10 000 |\n|---|" + "---:|" * 5)
    for name, x, f in zip(signals, y, forecast):
        actual = np.lib.stride_tricks.sliding_window_view(x[1:], HORIZON)
        e = np.abs(f[:-HORIZON] - actual).mean(1)
        p = np.abs(x[:-HORIZON, None] - actual).mean(1)
        figures = e[0], e[:100].mean(), e[:10_000].mean(), e[-10_000:].mean(), p[-10_000:].mean()
        print(f"| {name} | " + " | ".join(f"{x:.3g}" for x in figures) + " |")


def settle(model, ticks=10_000, each=20):
    """A carried state can settle in a wrong place and stay there: it takes many long streams to see that."""
    t, g = np.arange(ticks), np.random.default_rng(SEED + 3)
    kinds = {f"noise on a ramp of {slope}": lambda slope=slope: slope * t for slope in (0.005, 0.01, 0.02, 0.05)}
    kinds |= {f"noise on a sine of period {period}": lambda period=period: 3 * np.sin(2 * np.pi * t / period)
              for period in (30, 300)}
    kinds["random walk with drift 0.05"] = lambda: np.cumsum(0.05 + g.standard_normal(ticks))
    print(f"\nMAE / MAE of persistence, horizons 1…24, ticks 5000 to 10 000, {each} streams each.\n")
    print("| | median | worst |\n|---|---:|---:|")
    for name, make in kinds.items():
        y = np.stack([make() + (0 if "walk" in name else g.standard_normal(ticks)) for _ in range(each)])
        actual = np.lib.stride_tricks.sliding_window_view(y[:, 1:], HORIZON, axis=1)[:, ticks // 2:]
        origins = slice(ticks // 2, ticks - HORIZON)
        ratio = np.abs(forecasts(model, y)[:, origins] - actual).mean((1, 2)) \
            / np.abs(y[:, origins, None] - actual).mean((1, 2))
        print(f"| {name} | {np.median(ratio):.3f} | {ratio.max():.3f} |")


def evaluate(model):
    names, host = host_metrics()
    rows = host.shape[1]
    first = int(HELD_OUT * rows)
    table(model, f"Host metrics, held out: rows {first} to {rows - 1} of {rows}.", host, first, rows,
          best_ewma(host, 0, first), [(name, [i]) for i, name in enumerate(names)])
    signals = synthetic(SEED + 1, 16 * len(FAMILIES), 4000)
    table(model, "Synthetic signals, held out: 16 streams per family, 4000 ticks, all counted.", signals, 0, 4000,
          best_ewma(synthetic(SEED, 90, 2000), 0, 2000),
          [(f.__name__, range(i, len(signals), len(FAMILIES))) for i, f in enumerate(FAMILIES)])
    soak(model)
    settle(model)


if __name__ == "__main__":
    torch.set_num_threads(THREADS)
    option, path = [*sys.argv[1:], None, None][:2]
    if option == "--csv":
        write_csv(path, host_metrics()[1])
    elif option == "--evaluate":
        evaluate(load(path or WEIGHTS))
    else:
        save(train(host_metrics()[1]))
        evaluate(load(WEIGHTS))
