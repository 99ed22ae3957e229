#!/usr/bin/python3
# Part of forecastd. SPDX-License-Identifier: Apache-2.0
"""How good anomaly scores are on labelled series, beside the plainest detector there is, with one setting for all.

The plain one is the change from tick to tick in its own deviations, forgotten at the same pace. Its threshold is chosen in
hindsight, for as many false alarms as forecastd has on the same series: it cannot be had so well in life.
`Documentation/Anomalies.md` says how alarms are counted, and shows what this printed.
"""
import argparse
import tempfile
from pathlib import Path

import numpy as np

from daemon import Daemon
from scoring import Tally, begins_above
from series import aeon_series, ett_series, nab_series, noise_series

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent


def read_options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ett", type=Path, metavar="FOLDER", help="ETTh2.csv and ETTm1.csv of zhouhaoyi/ETDataset")
    parser.add_argument("--nab", type=Path, metavar="FOLDER", help="a copy of numenta/NAB")
    parser.add_argument("--rule", default="adapt: light, anomaly: {}", help="keys of the rule")
    parser.add_argument("--seed", type=int, default=1, help="of the noise, and of the places of the anomalies that are put into ETT")
    return parser.parse_args()


def plain_scores(season, values):
    """|change - mean| / deviation, both forgotten by half in max(200, season) ticks."""
    least = 1 - 2 ** (-1 / max(200, season))
    mean = variance = 0.0
    scores = [0.0]
    for number, change in enumerate(np.diff(values), 1):
        difference = change - mean
        scores.append(abs(difference) / max(variance ** 0.5, 1e-12) if number > max(100, season) else 0.0)
        weight = max(least, 1 / number)
        mean += weight * difference
        variance = (1 - weight) * (variance + weight * difference ** 2)
    return scores


def tally(series, alarms):
    result = Tally()
    for (_, _, values, labels), begins in zip(series, alarms):
        result.add(len(values), labels, begins)
    return result


def plain_tally(series, limit):
    """The plain detector's tally at the lowest threshold with at most `limit` false alarms."""
    scores = [plain_scores(season, values) for _, season, values, _ in series]
    for threshold in np.geomspace(2, 200, 120):
        result = tally(series, [begins_above(each, threshold) for each in scores])
        if result.false_alarms <= limit:
            break
    return threshold, result


def print_row(name, result):
    kinds = ", ".join(f"{kind} {result.found[kind]}/{result.all[kind]}" for kind in sorted(result.all))
    print(f"  {name:28}found {sum(result.found.values())} of {sum(result.all.values())} ({kinds}), "
          f"{result.false_alarms} false alarms ({1e4 * result.false_alarms / result.ticks:.1f} in 10 000 ticks), "
          f"NAB score {result.nab_percent:.1f}", flush=True)


def alarms_of(series, rule):
    with tempfile.TemporaryDirectory() as folder:
        seasons = sorted({season for _, season, _, _ in series} | {0})
        weights = ROOT / "config" / "models" / "general.safetensors"
        with Daemon(ROOT / ".build" / "release" / "forecastd", weights, Path(folder), seasons, rule) as daemon:
            return [daemon.alarms(season, values) for _, season, values, _ in series]


def measure_noise(options):
    """Alarms in series without anomalies, by the share of false alarms that is asked for."""
    series = list(noise_series(options.seed))
    for share in (0.01, 0.001, 0.0001):
        alarms = alarms_of(series, f"adapt: light, anomaly: {{false_alarms: {share}}}")
        counts = ", ".join(f"{name} {len(begins)}" for (name, *_), begins in zip(series, alarms))
        print(f"no anomalies, false_alarms: {share}: of {len(series[0][2])} values each: {counts}", flush=True)


def measure(name, series, options):
    print(f"{name}: {len(series)} series, {sum(len(values) for _, _, values, _ in series)} ticks", flush=True)
    alarms = alarms_of(series, options.rule)
    found = tally(series, alarms)
    print_row("forecastd", found)
    threshold, plain = plain_tally(series, found.false_alarms)
    print_row(f"plain, above {threshold:.2f}", plain)


def main():
    options = read_options()
    print(f"rule: {options.rule}; seed {options.seed}")
    measure_noise(options)
    measure("labelled series of aeon", list(aeon_series(HERE / ".build")), options)
    if options.ett:
        measure("anomalies put into ETT", list(ett_series(options.ett, options.seed)), options)
    if options.nab:
        measure("NAB", list(nab_series(options.nab)), options)


if __name__ == "__main__":
    main()
