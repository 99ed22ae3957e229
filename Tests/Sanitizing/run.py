#!/usr/bin/env python3
# Part of forecastd. SPDX-License-Identifier: Apache-2.0
"""Builds the tests and the daemon with AddressSanitizer, and runs the tests, which start that daemon.

The exit status is 1 if a test fails, or if the sanitizer reports anything in a process that the tests started or were. The reports
are printed at the end, and stay in .build-asan/reports.
"""
import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
WORK = ROOT / ".build-asan"
# Optimised as what is shipped: without, the numerical tests take too long. Gold, which would link otherwise, fails over the
# instruments.
FLAGS = ["-c", "release", "--scratch-path", WORK, "--sanitize=address", "-Xswiftc", "-use-ld=lld"]
# What cannot hold under a sanitizer, and why.
LEFT_OUT = {
    "AllocationTests": "the sanitizer stands where these count",
    "manyStreamsAreAdapted": "bounds the memory of the process, of which the sanitizer takes more",
    "roomForManyLargeStreamsIsNoMemory": "the same",
}


def build():
    for product in ("forecastdPackageTests", "forecastd"):
        subprocess.run(["swift", "build", *FLAGS, "--product", product], cwd=ROOT, check=True)


def environment(reports):
    """Lets every process write what it finds to a file of its own, and start another that does so."""
    # The tests start processes with hardly a PATH.
    symbolizer = shutil.which("llvm-symbolizer")
    return {
        **os.environ,
        # A tenth of the histories that are simulated otherwise.
        "SEEDS": "100",
        "FORECASTD_BINARY": str(WORK / "release" / "forecastd"),
        "ASAN_OPTIONS": f'log_path="{reports}/report":external_symbolizer_path="{symbolizer}":detect_leaks=0',
    }


def test(filters):
    """Whether all holds; prints what does not."""
    reports = WORK / "reports"
    shutil.rmtree(reports, ignore_errors=True)
    reports.mkdir()
    chosen = [word for name in filters for word in ("--filter", name)]
    left_out = [word for name in LEFT_OUT for word in ("--skip", name)]
    command = ["swift", "test", "--skip-build", *FLAGS, *chosen, *left_out]
    passed = subprocess.run(command, cwd=ROOT, env=environment(reports)).returncode == 0
    found = sorted(reports.iterdir())
    for report in found:
        print(report.read_text(errors="replace"))
    print(f"the tests {'pass' if passed else 'FAIL'}; processes with reports: {len(found)}")
    return passed and not found


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--filter", action="append", default=[], help="only tests whose names match; may be given several times")
    options = parser.parse_args()
    build()
    sys.exit(0 if test(options.filter) else 1)


main()
