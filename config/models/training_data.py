#!/usr/bin/python3
# Part of forecastd. SPDX-License-Identifier: Apache-2.0
"""What the bundled model learns from: seeded synthetic signals, and host metrics recorded by record_host.py.

    python3 config/models/training_data.py FOLDER    # writes synthetic.csv and host.csv, for `forecastd train`

Needs numpy.
"""
import gzip
import os
import sys

import numpy as np

SEED = 20261124
TICKS = 6000                # rows of either file
SYNTHETIC, HOST = 900, 159  # streams: 15 % are from the recording
FITTED = 0.5                # the part of the recording that may be trained on, from its beginning
RECORDING = os.path.join(os.path.dirname(os.path.abspath(__file__)), "host-metrics.csv.gz")


# ---- Synthetic signals: what sensors and machines do, one function per family, (generator, ticks) -> values ----

def log_uniform(g, low, high):
    return float(np.exp(g.uniform(np.log(low), np.log(high))))


def noise(g, n, low=0.003, high=1.0):
    return log_uniform(g, low, high) * g.standard_normal(n)


def recursive(x, *phi):
    """y_t = x_t + sum of phi_k y_{t-k}."""
    y = np.zeros(len(x) + len(phi))
    for t in range(len(x)):
        y[t + len(phi)] = x[t] + sum(p * y[t + len(phi) - 1 - k] for k, p in enumerate(phi))
    return y[len(phi):]


def held(g, n, dwell):
    """The index of the piece each tick lies in, pieces of random length around `dwell`."""
    return np.cumsum(g.random(n) < 1 / dwell)


def sine(g, n):
    return np.sin(2 * np.pi * (np.arange(n) / log_uniform(g, 4, 2000) + g.random())) + noise(g, n)


def seasons(g, n):
    t, y = np.arange(n), noise(g, n, 0.003, 0.5)
    for _ in range(g.integers(1, 4)):       # each a random periodic shape of a few harmonics
        period, weight = log_uniform(g, 6, 1500), g.uniform(0.3, 1)
        for k in range(1, g.integers(2, 7)):
            y = y + weight / k * g.standard_normal() * np.sin(2 * np.pi * k * (t / period + g.random()))
    return y


def autoregressive(g, n):
    x = g.standard_normal(n)
    if g.random() < 0.5:
        return recursive(x, 1 - log_uniform(g, 0.002, 0.9))
    radius, angle = 1 - log_uniform(g, 0.002, 0.3), 2 * np.pi / log_uniform(g, 4, 200)
    return recursive(x, 2 * radius * np.cos(angle), -radius ** 2)


def walk(g, n):
    y = np.cumsum(g.standard_normal(n))
    return y + g.choice([0, log_uniform(g, 0.1, 5)]) * g.standard_normal(n)


def steps(g, n):
    if g.random() < 0.3:                    # a relay: two levels in a steady cycle
        period = log_uniform(g, 8, 400)
        return (np.arange(n) / period % 1 < g.uniform(0.1, 0.9)) + noise(g, n, 0.001, 0.3)
    return g.standard_normal(n + 1)[held(g, n, log_uniform(g, 10, 1000))] + noise(g, n, 0.001, 1)


def ramps(g, n):
    if g.random() < 0.4:                    # sawtooth or triangle
        x = np.arange(n) / log_uniform(g, 10, 1500) % 1
        return (x if g.random() < 0.5 else 2 * np.abs(x - 0.5)) + noise(g, n, 0.0005, 0.3)
    slope = g.standard_normal(n + 1)[held(g, n, log_uniform(g, 30, 2000))]
    return np.cumsum(slope) + log_uniform(g, 0.01, 10) * g.standard_normal(n)


def spikes(g, n):
    hits = (g.random(n) < 1 / log_uniform(g, 5, 300)) * g.lognormal(0, g.uniform(0, 1), n)
    return recursive(hits, g.choice([0, g.uniform(0.3, 0.99)])) + noise(g, n, 0.001, 0.3)


def lagged(g, n):
    """A first-order lag behind steps: temperatures, levels, smoothed meters."""
    rate = log_uniform(g, 0.005, 0.5)
    return recursive(rate * g.standard_normal(n + 1)[held(g, n, log_uniform(g, 20, 1000))], 1 - rate) \
        + noise(g, n, 0.0005, 0.1)


def bursts(g, n):
    """Heavy-tailed rates while on, zero or a trickle while off: disks and networks."""
    on = (np.cumsum(g.random(n) < 1 / log_uniform(g, 2, 200)) + g.integers(2)) % 2 == 0
    if g.random() < 0.5:
        on &= g.random(n) < g.uniform(0.1, 1)
    rate = np.exp(g.uniform(0.2, 1.5) * recursive(g.standard_normal(n), g.uniform(0, 0.9)))
    return on * rate + g.choice([0, 0.01]) * g.random(n)


def load(g, n):
    """A busy machine: jobs come and go; seen raw, in per cent, or as a load average in steps of 5 ticks."""
    jobs = np.zeros(n)
    for _ in range(g.integers(1, 6)):
        jobs += ((np.cumsum(g.random(n) < 1 / log_uniform(g, 3, 600)) + g.integers(2)) % 2) * g.uniform(0.2, 1)
    kind = g.integers(3)
    if kind == 0:
        return np.floor(jobs + 3 * g.random(n) ** 4)
    if kind == 1:
        return np.clip(30 * jobs + g.uniform(0.5, 10) * g.standard_normal(n), 0, 100)
    smooth = recursive((1 - np.exp(-1 / 12)) * jobs[::5], np.exp(-1 / 12))
    return np.round(np.repeat(smooth, 5)[:n], 2)


def constant(g, n):
    level = g.standard_normal() * log_uniform(g, 0.1, 1000)
    if g.random() < 0.5:
        return np.full(n, level)
    return level + np.round(g.standard_normal(n + 1)[held(g, n, log_uniform(g, 100, 3000))], 1)


def white(g, n):
    return [g.standard_normal(n), g.standard_t(3, n), g.lognormal(0, 1, n), g.exponential(1, n)][g.integers(4)]


def saturated(g, n):
    y = [sine, autoregressive, walk, seasons][g.integers(4)](g, n)
    low, high = np.quantile(y, [g.uniform(0, 0.4), g.uniform(0.6, 1)])
    return np.clip(y, low, high)


def quantised(g, n):
    y = [sine, autoregressive, walk, lagged, ramps][g.integers(5)](g, n)
    grain = np.std(y) * log_uniform(g, 0.02, 1) + 1e-9
    return np.round(y / grain) * grain


FAMILIES = [sine, seasons, autoregressive, walk, steps, ramps, spikes, lagged, bursts, load, constant, white,
            saturated, quantised]


def regimes(g, n):
    """Two families in turn and on top of each other, as plants change what they do."""
    a, b = (f(g, n) / log_uniform(g, 0.3, 3) for f in g.choice(np.array(FAMILIES, dtype=object), 2))
    return a + b * (held(g, n, log_uniform(g, 200, 2000)) % 2)


FAMILIES.append(regimes)


def synthetic(seed, count, ticks):
    """`count` streams, the families in turn, at random levels and scales; shape [count, ticks]."""
    g = np.random.default_rng(seed)
    y = np.stack([FAMILIES[i % len(FAMILIES)](g, ticks) for i in range(count)])
    return y * np.exp(g.normal(0, 3, (count, 1))) + g.normal(0, 1, (count, 1)) * np.exp(g.normal(0, 3, (count, 1)))


# ---- Host metrics ----

def host_metrics():
    """The streams' names and their values, [streams, ticks], as record_host.py wrote them."""
    with gzip.open(RECORDING, "rt") as file:
        names = file.readline().strip().split(",")[1:]
        return names, np.loadtxt(file, delimiter=",")[:, 1:].T.copy()


def host_training_streams(y, count, ticks, seed):
    """Stretches of the recording, some thinned to a slower rate, some with another stream on top, over and over."""
    g, rows, streams = np.random.default_rng(seed), y.shape[1], []
    lively = [x for x in y if np.ptp(x) > 0]
    for _ in range(count):
        x, other = (lively[i] / np.std(lively[i]) for i in g.integers(len(lively), size=2))
        x = x + g.choice([0, 0, g.uniform(0.1, 1)]) * other
        x = x[g.integers(rows // 3)::g.choice([1, 1, 1, 2, 3])]
        streams.append(np.tile(x, -(-ticks // len(x)))[:ticks])
    return np.stack(streams)


def write(path, y):
    """A column per stream."""
    names = ",".join(f"s{i}" for i in range(len(y)))
    np.savetxt(path, y.T, "%.7g", ",", header=names, comments="")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("expected a folder to write to: training_data.py FOLDER")
    recording = host_metrics()[1]
    fitted = recording[:, :int(FITTED * recording.shape[1])]
    write(os.path.join(sys.argv[1], "synthetic.csv"), synthetic(SEED, SYNTHETIC, TICKS))
    write(os.path.join(sys.argv[1], "host.csv"), host_training_streams(fitted, HOST, TICKS, SEED))
