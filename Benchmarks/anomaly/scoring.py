# Part of forecastd. SPDX-License-Identifier: Apache-2.0
"""What alarms are worth: anomalies found, false alarms, and the score of the Numenta Anomaly Benchmark."""
import math
from collections import Counter

FOUND_AFTER = 5  # ticks after an anomaly in which an alarm still counts as one for it
IGNORED_AFTER = 100  # ticks after an anomaly in which an alarm is no false one: the series comes back


def begins_above(scores, threshold):
    return [tick for tick, score in enumerate(scores) if score > threshold and (tick == 0 or scores[tick - 1] <= threshold)]


class Tally:
    """Counts over series."""

    def __init__(self):
        self.found, self.all = Counter(), Counter()
        self.false_alarms = self.ticks = self.nab = self.windows = 0

    def add(self, ticks, labels, begins):
        for first, end, kind in labels:
            self.all[kind] += 1
            self.found[kind] += any(first <= begin < end + FOUND_AFTER for begin in begins)
        self.false_alarms += sum(
            not any(first <= begin < end + IGNORED_AFTER for first, end, _ in labels) for begin in begins)
        self.ticks += ticks
        self.nab += nab_score(ticks, [(first, end - 1) for first, end, _ in labels], begins)
        self.windows += len(labels)

    @property
    def nab_percent(self):
        """0 for no alarm at all, 100 for one at the first tick of each window and no other."""
        return 100 * (self.nab + self.windows) / (2 * self.windows) if self.windows else math.nan


def sigmoid(position):
    return 2 / (1 + math.exp(5 * position)) - 1 if position <= 3 else -1.0


def nab_score(ticks, windows, begins):
    """The raw score by the standard profile (Lavin, Ahmad 2015): 1 for a window found at its first tick, less the later,
    -1 for one missed, up to -0.11 for each alarm outside, the less the nearer it follows a window. The first 15 % of the
    ticks, at most 750, are not scored."""
    begins = [begin for begin in begins if begin >= min(int(0.15 * ticks), 750)]
    score = 0.0
    for first, last in windows:
        inside = [begin for begin in begins if first <= begin <= last]
        score += sigmoid(-(last - inside[0] + 1) / (last - first + 1)) / sigmoid(-1) if inside else -1
    for begin in begins:
        if any(first <= begin <= last for first, last in windows):
            continue
        before = max((window for window in windows if window[1] < begin), default=None, key=lambda window: window[1])
        position = (begin - before[1]) / max(before[1] - before[0], 1) if before else math.inf
        score += 0.11 * (sigmoid(position) if math.isfinite(position) else -1)
    return score
