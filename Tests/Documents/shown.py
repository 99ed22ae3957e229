# Part of forecastd. SPDX-License-Identifier: Apache-2.0
"""What a document shows beside what is printed."""
import re

from stage import until


def form(text):
    """What a line says but for numbers, times, digests and columns."""
    text = re.sub(r"\b[0-9a-f]{12}\b", "#", text)
    return " ".join(re.sub(r"[\d.:TZ-]*\d[\d.:TZ-]*", "#", text).split())


def says(shown, running):
    """What a document shows is printed in the end, but for numbers; gives all that is."""
    expected = {form(line) for line in shown}
    until(
        lambda: f"{running.text} to print\n" + "\n".join(shown) + f"\nit printed\n{running.output()}",
        lambda: expected <= {form(line) for line in running.output().splitlines()})
    return running.output()


def keys_of(value):
    """All names in what JSON says."""
    if isinstance(value, dict):
        return set(value).union(*(keys_of(each) for each in value.values()))
    return set().union(*(keys_of(each) for each in value)) if isinstance(value, list) else set()
