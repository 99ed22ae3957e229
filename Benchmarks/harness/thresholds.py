# Part of forecastd. SPDX-License-Identifier: Apache-2.0
"""Limits on the figures of a run, most of them ratios, so that they hold on any machine."""
import fnmatch
import json


def broken_thresholds(path, figures):
    """A sentence for each threshold of the file that `figures` break.

    The file is an object: the name of a figure, in which * matches anything, to
    {"at_least" or "at_most": limit, "because": why the limit is what it is}.
    """
    problems = []
    for pattern, threshold in json.loads(path.read_text()).items():
        names = fnmatch.filter(figures, pattern)
        if not names:
            problems.append(f"{pattern}: no figure of this run has that name")
        for name in names:
            problems += [f"{name}: {problem}" for problem in breaks(threshold, figures[name])]
    return problems


def breaks(threshold, value):
    because = threshold.get("because", "")
    # Written so that a figure that is not a number breaks its threshold.
    if "at_least" in threshold and not value >= threshold["at_least"]:
        yield f"at least {threshold['at_least']:g} expected, {value:.4g} found ({because})"
    if "at_most" in threshold and not value <= threshold["at_most"]:
        yield f"at most {threshold['at_most']:g} expected, {value:.4g} found ({because})"
