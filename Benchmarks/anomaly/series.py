# Part of forecastd. SPDX-License-Identifier: Apache-2.0
"""Labelled series: (name, ticks in a season or 0, values, [(first tick, tick after the last, kind)])."""
import csv
import io
import json
import subprocess
import sys
import zipfile
from datetime import datetime
from pathlib import Path

import numpy as np

AEON = "aeon==1.6.0"
SPIKE, LEVEL, DRIFT, BURST = "spike", "level", "drift", "burst"


def read_rows(lines):
    return list(csv.reader(lines))[1:]


def aeon_series(folder):
    """The series with anomalies of one channel that the Python package aeon carries, fetched from PyPI."""
    wheel = next(folder.glob("aeon-*.whl"), None)
    if wheel is None:
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder, AEON],
                       check=True)
        wheel = next(folder.glob("aeon-*.whl"))
    with zipfile.ZipFile(wheel) as archive:
        for name, parts in (("UCR 135 InternalBleeding16", ("KDD-TSAD_135/135_UCR_Anomaly_InternalBleeding16_TRAIN",
                                                           "KDD-TSAD_135/135_UCR_Anomaly_InternalBleeding16_TEST")),
                            ("GutenTAG ecg-diff-count-3", ("UnitTest/ecg-diff-count-3_TRAIN_NA",
                                                           "UnitTest/ecg-diff-count-3_TEST"))):
            rows = []
            for part in parts:
                with archive.open(f"aeon/datasets/data/{part}.csv") as file:
                    rows += read_rows(io.TextIOWrapper(file))
            edges = np.flatnonzero(np.diff([0] + [float(row[-1]) > 0 for row in rows] + [0]))
            yield (name, 0, np.array([float(row[1]) for row in rows]),
                   [(int(a), int(b), "labelled") for a, b in zip(edges[::2], edges[1::2])])


def nab_series(folder):
    """The Numenta Anomaly Benchmark, from a copy of numenta/NAB; the season is a day."""
    windows = json.loads((folder / "labels" / "combined_windows.json").read_text())
    for path in sorted(windows):
        rows = read_rows((folder / "data" / path).read_text().splitlines())
        times = [datetime.fromisoformat(row[0]) for row in rows]
        seconds = np.median([(b - a).total_seconds() for a, b in zip(times, times[1:])])
        labels = []
        for first, last in windows[path]:
            first, last = datetime.fromisoformat(first), datetime.fromisoformat(last)
            ticks = [tick for tick, time in enumerate(times) if first <= time <= last]
            labels.append((ticks[0], ticks[-1] + 1, "labelled"))
        yield path, int(86_400 / seconds) if seconds else 0, np.array([float(row[1]) for row in rows]), labels


def noise_series(seed, count=50_000):
    """Series without anomalies, of kinds that sensors have."""
    generator, ticks = np.random.default_rng(seed), np.arange(count)
    wave = np.sin(2 * np.pi * ticks / 96)
    normal = lambda: generator.normal(0, 1, count)
    yield "normal", 0, normal(), []
    yield "Laplace", 0, generator.laplace(0, 1, count), []
    yield "Student's t, 3", 0, generator.standard_t(3, count), []
    yield "season of 96", 96, 5 * wave + normal(), []
    yield "restless by day", 96, 5 * wave + normal() * (0.2 + 2 * np.maximum(wave, 0)), []
    levels = [0.0]
    for step in normal()[1:]:
        levels.append(0.95 * levels[-1] + step)
    yield "AR(1), 0.95", 0, np.array(levels), []
    yield "random walk", 0, np.cumsum(normal()), []
    yield "rising", 0, 0.01 * ticks + normal(), []


def ett_series(folder, seed):
    """Columns of ETTh2 and ETTm1 (zhouhaoyi/ETDataset), as they are and with six anomalies put in each."""
    for file, season in (("ETTh2.csv", 24), ("ETTm1.csv", 96)):
        # The folder may hold the first rows of a file only, under a longer name.
        path = next(Path(folder).glob(file.replace(".csv", "*.csv")))
        lines = path.read_text().splitlines()
        table = np.array([[float(value) for value in row[1:]] for row in read_rows(lines)[:14_400]])
        for column, name in enumerate(lines[0].split(",")[1:]):
            values = table[:, column]
            yield f"{file[:5]} {name}, as it is", season, values, []
            changed, labels = with_anomalies(values, np.random.default_rng([seed, season, column]))
            yield f"{file[:5]} {name}", season, changed, labels


def with_anomalies(values, generator):
    """Two spikes, two levels that hold for 60 to 200 ticks, a drift away and back over 300, a burst of 30, in any
    order after the first quarter. Spikes and bursts are counted in deviations of the change from tick to tick (by
    the median, at least 0.3 of the plain one), the others in deviations of the series."""
    values, change = values.copy(), np.diff(values)
    step = max(1.4826 * np.median(np.abs(change - np.median(change))), 0.3 * change.std())
    spread, start, labels = values.std(), len(values) // 4, []
    kinds = generator.permutation([SPIKE, SPIKE, LEVEL, LEVEL, DRIFT, BURST])
    stretch = (len(values) - start - 400) // len(kinds)
    for index, kind in enumerate(kinds):
        first = start + index * stretch + int(generator.integers(0, stretch - 350))
        sign, length = generator.choice([-1, 1]), 1
        if kind == SPIKE:
            values[first] += sign * generator.uniform(8, 16) * step
        elif kind == LEVEL:
            length = int(generator.integers(60, 200))
            values[first:first + length] += sign * generator.uniform(2, 4) * spread
        elif kind == DRIFT:
            length = 300
            ramp = np.minimum(np.arange(length), length - np.arange(length)) / (length / 2)
            values[first:first + length] += sign * generator.uniform(4, 6) * spread * ramp
        else:
            length = 30
            values[first:first + length] += generator.normal(0, 6 * step, length)
        labels.append((first, first + length, str(kind)))
    return values, labels
