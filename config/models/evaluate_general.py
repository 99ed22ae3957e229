#!/usr/bin/python3
# Part of forecastd. SPDX-License-Identifier: Apache-2.0
"""Prints the tables of Documentation/Model.md for the bundled model, or for another of its shape and scale.

    python3 config/models/evaluate_general.py [FILE]

Needs numpy and PyTorch (Debian: python3-torch).
"""
import json
import os
import struct
import sys

import numpy as np
import torch
from torch import nn

from training_data import FAMILIES, SEED, host_metrics, synthetic

HERE = os.path.dirname(os.path.abspath(__file__))
WEIGHTS = os.path.join(HERE, "general.safetensors")
HIDDEN, LAYERS, HORIZON = 24, 2, 24
HALF_LIFE, CLAMP = 120, 8.0     # of the daemon's rolling scale
HELD_OUT = 0.7                  # rows [0, 50 %) fit, [50, 70 %) chose the settings of the training, the rest held out


class General(nn.Module):
    """The class everybody starts from, with an output for each tick."""

    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(1, HIDDEN, LAYERS, batch_first=True)
        self.linear = nn.Linear(HIDDEN, HORIZON)

    def forward(self, u):
        return self.linear(self.lstm(u.unsqueeze(-1))[0])


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


def load(path):
    with open(path, "rb") as file:
        header = json.loads(file.read(*struct.unpack("<Q", file.read(8))))
        body = file.read()
    model, tensors = General(), {}
    for name, entry in header.items():
        if name != "__metadata__":
            first, last = entry["data_offsets"]
            numbers = np.frombuffer(body[first:last], "<f4").reshape(entry["shape"])
            tensors[name] = torch.tensor(numbers)
    model.load_state_dict(tensors)
    return model


# ---- Evaluation: stateful from row 0, one state per stream ----

def forecasts(model, y):
    """Forecasts of y[:, t + k] made at t, shape [streams, ticks, HORIZON]."""
    u, s = rolling_scale(y)
    with torch.no_grad():
        output = model(torch.from_numpy(u).float())
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
    torch.set_num_threads(2)
    evaluate(load([*sys.argv, WEIGHTS][1]))
