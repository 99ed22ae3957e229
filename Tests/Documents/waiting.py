# Part of forecastd. SPDX-License-Identifier: Apache-2.0
"""Waiting for what another process does."""
import time

# For one step; a loaded machine takes long for what else takes a moment.
PATIENCE = 120


def until(what, condition):
    """Waits for something to become true; `what` says, or is asked, what that is where it does not."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        result = condition()
        if result:
            return result
        time.sleep(0.02)
    raise AssertionError(f"not within {PATIENCE} s: {what() if callable(what) else what}")
