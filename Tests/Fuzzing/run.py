#!/usr/bin/env python3
# Part of forecastd. SPDX-License-Identifier: Apache-2.0
"""Builds the fuzz targets and gives each of them bytes for some time, as many at once as there are processors.

Prints a line per target. An input that something does not hold for is kept in a file below .build-fuzz/found; then the exit
status is 1, and the output says how to give that input once more. What was learned stays in .build-fuzz/corpus, so that the
next run goes on from there.
"""
import argparse
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
WORK = ROOT / ".build-fuzz"
BINARY = WORK / "debug" / "fuzz"
# The backtracer would take long, and hide a crash from libFuzzer. What Swift's regular expressions keep is no leak of ours.
ENVIRONMENT = {**os.environ, "SWIFT_BACKTRACE": "enable=no", "ASAN_OPTIONS": "detect_leaks=0"}
REASON = re.compile(r"FOUND: .*|Fatal error: .*|ERROR: AddressSanitizer: \S+|ERROR: libFuzzer: .*")


def build():
    command = ["swift", "build", "--package-path", HERE, "--scratch-path", WORK, "--product", "fuzz"]
    # Of two the compiler heeds the last, and which one that is is left to chance by SwiftPM: it is told of both once more.
    both = ["--sanitize=fuzzer", "--sanitize=address", "-Xswiftc", "-sanitize=fuzzer,address"]
    subprocess.run([*command, *both], check=True, stdout=sys.stderr)


def run(target, arguments, log):
    with open(log, "w") as output:
        return subprocess.run(
            [BINARY, *arguments], env={**ENVIRONMENT, "FUZZ_TARGET": target}, stdout=output, stderr=output
        ).returncode


def fuzz(target, seconds, seed):
    """The line of a target, and what is to be said of what was found; nothing where all holds."""
    learned, log, found = (WORK / name / target for name in ("corpus", "log", "found"))
    for folder in (learned, log.parent, found.parent):
        folder.mkdir(parents=True, exist_ok=True)
    arguments = [
        f"-max_total_time={seconds}", f"-seed={seed}", "-max_len=4096", "-timeout=10", "-rss_limit_mb=2048", "-print_final_stats=1",
        f"-artifact_prefix={found}-", learned, HERE / "Corpus" / target,
    ]
    dictionary = HERE / "Dictionaries" / target
    if dictionary.exists():
        arguments.insert(0, f"-dict={dictionary}")
    status = run(target, arguments, log)
    text = log.read_text(errors="replace")
    runs = re.search(r"number_of_executed_units: (\d+)", text)
    marks = re.findall(r"cov: (\d+).*?corp: (\d+)", text) or [(0, 0)]
    line = f"{target:14}{int(runs[1]) if runs else 0:12,} runs{int(marks[-1][0]):8,} edges{int(marks[-1][1]):7,} inputs"
    if status == 0 and int(marks[-1][0]) == 0:
        return line + "  BLIND", f"{target}: expected to see which code is reached, found none: see {log}"
    if status == 0:
        return line + "  all holds", None
    artifact = re.search(r"Test unit written to (\S+)", text)
    reason = REASON.search(text)
    repeat = f"FUZZ_TARGET={target} {BINARY.relative_to(ROOT)} {Path(artifact[1]).relative_to(ROOT)}" if artifact else f"see {log}"
    return line + "  FOUND", f"{target}: {reason[0][:400] if reason else 'ended with ' + str(status)}\n    {repeat}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--time", type=int, default=45, help="seconds per target")
    parser.add_argument("--target", action="append", help="only this one; may be given several times")
    parser.add_argument("--seed", type=int, default=0, help="the same inputs each time, as far as time and what was learned allow")
    options = parser.parse_args()
    build()
    names = sorted(folder.name for folder in (HERE / "Corpus").iterdir())
    if unknown := set(options.target or []) - set(names):
        parser.error(f"--target: expected one of {', '.join(names)}; found {', '.join(unknown)}")
    problems = []
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        for line, problem in pool.map(lambda name: fuzz(name, options.time, options.seed), options.target or names):
            print(line, flush=True)
            if problem:
                problems.append(problem)
    for problem in problems:
        print(problem)
    sys.exit(1 if problems else 0)


main()
