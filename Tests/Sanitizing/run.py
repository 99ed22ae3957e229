#!/usr/bin/env python3
# Part of forecastd. SPDX-License-Identifier: Apache-2.0
"""Builds the tests and the daemon with a sanitizer, and runs the tests, which start that daemon.

The exit status is 1 if a test fails, or if the sanitizer reports anything in a process that the tests started or were. The reports
are printed at the end, and stay in .build-address/reports or .build-thread/reports. First of all a small program shows that the
sanitizer reports what it must, and nothing of what is in order. Two sanitizers run at the same time.
"""
import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
# Optimised as what is shipped: otherwise the standard library's way to raw memory is called instead of put in place, and nothing
# watches it. Gold, which would link, fails over the instruments.
COMPILED = ["-O", "-gline-tables-only", "-use-ld=lld"]
# What is planted in Planted.swift, and what a report of it says; None where there must be none.
PLANTED = {
    "address": {"typed": "heap-buffer-overflow", "raw": "heap-buffer-overflow", "load": "heap-buffer-overflow"},
    "thread": {"count": "Swift access race", "ring": "data race", "mutex": None, "unique": None, "continuation": None},
}
# What --short runs: the tests of raw memory, and of what threads hand over to each other.
SHORT = {
    "address": ["^WireFormatTests", "^StateStoreTests", "^ZeroMQTests", "BadInputTests", "PipelinesTests", "ControlSocketTests"],
    "thread": ["^MonitoringTests", "^ZeroMQTests", "^StateStoreTests", "RecordRingTests", "QuestionBoxTests", "DaemonMonitorTests",
               "PipelinesTests", "ControlSocketTests", r"IntegrationTests\.InputsTests", r"IntegrationTests\.ReloadTests", "TapTests",
               "DurabilityTests"],
}
# What cannot hold under a sanitizer, and why.
LEFT_OUT = {
    "AllocationTests": "the sanitizer stands where these count",
    "manyStreamsAreAdapted": "bounds the memory of the process, of which the sanitizer takes more",
    "roomForManyLargeStreamsIsNoMemory": "the same",
}


def toolchain():
    """Where the compiler is and what came with it: another clang has other instruments."""
    swift = shutil.which("swift") or sys.exit("swift expected in PATH, none found: install Swift")
    folder = Path(swift).resolve().parent
    for program in ("clang", "llvm-symbolizer", "swiftc"):
        if not (folder / program).exists():
            sys.exit(f"{program} expected beside {folder}/swift, none found: put the folder of Swift's toolchain first into PATH")
    return folder


class Sanitizer:
    """One of the compiler's sanitizers: how to build with it, and what processes under it are told."""

    def __init__(self, name):
        self.name = name
        self.toolchain = toolchain()
        self.work = ROOT / f".build-{name}"
        self.reports = self.work / "reports"
        # Where threads are watched, Swift 6.3 makes of swift-collections' BasicContainers what LLVM calls invalid, and which runs all
        # the same.
        self.compiled = COMPILED if name == "address" else [*COMPILED, "-Xfrontend", "-disable-llvm-verify"]
        self.linked = [] if name == "address" else ["-Xlinker", self.ordering()]
        self.options = {
            "address": ("ASAN_OPTIONS", "detect_leaks=0"),
            # Tests look at exit statuses, so that a report does not change them.
            "thread": ("TSAN_OPTIONS", "exitcode=0"),
        }[name]

    def ordering(self):
        """What tells of the orders that Swift's libraries make, in a file named for its content, so that a change of it is linked."""
        source = HERE / "ordering.c"
        made = self.work / f"ordering-{hashlib.sha256(source.read_bytes()).hexdigest()[:12]}.o"
        self.work.mkdir(exist_ok=True)
        subprocess.run([self.toolchain / "clang", "-O2", "-Wall", "-Werror", "-c", source, "-o", made], check=True)
        return made

    def environment(self):
        """Lets every process write what it finds to a file of its own, and start another that does so."""
        name, options = self.options
        shutil.rmtree(self.reports, ignore_errors=True)
        self.reports.mkdir(parents=True)
        return {
            **os.environ,
            # Fewer histories than are simulated otherwise.
            "SEEDS": "100",
            "FORECASTD_BINARY": str(self.work / "release" / "forecastd"),
            # The tests start processes with hardly a PATH.
            name: f'log_path="{self.reports}/report":external_symbolizer_path="{self.toolchain}/llvm-symbolizer":{options}',
        }

    def found(self):
        return [report.read_text(errors="replace") for report in sorted(self.reports.iterdir())]

    def prove(self):
        """Ends the run unless what is planted is reported, and nothing else."""
        program = self.work / "planted"
        self.work.mkdir(exist_ok=True)
        compile = [self.toolchain / "swiftc", "-parse-as-library", "-swift-version", "6", f"-sanitize={self.name}"]
        subprocess.run([*compile, *self.compiled, *self.linked, HERE / "Planted.swift", "-o", program], check=True)
        for planted, expected in PLANTED[self.name].items():
            status = subprocess.run([program, planted], env=self.environment(), timeout=300).returncode
            found = "".join(self.found())
            # AddressSanitizer ends what it finds; whatever else ends a program is no proof.
            if (expected not in found if expected else found or status != 0):
                sys.exit(f"{found}\n{planted} in Planted.swift: a report of {expected or 'nothing'} expected, the above found, exit status "
                         f"{status}: the sanitizer is blind, or cries wolf")

    def swift(self, *command, **options):
        """Starts a command of swift whose builds have the sanitizer."""
        build = ["-c", "release", "--scratch-path", self.work, f"--sanitize={self.name}", *self.linked]
        build += [word for flag in self.compiled for word in ("-Xswiftc", flag)]
        return subprocess.Popen(["swift", *command, *build], cwd=ROOT, stdout=subprocess.PIPE, text=True, errors="replace", **options)

    def build(self):
        """Ends the run unless tests and daemon are built."""
        for product in ("forecastdPackageTests", "forecastd"):
            process = self.swift("build", "--product", product, stderr=subprocess.STDOUT)
            output = process.communicate()[0]
            if process.returncode != 0:
                sys.exit(f"{output}\n{self.name}: {product} expected to build, see above")
            print(f"{self.name}: {product} is built", flush=True)

    def test(self, filters):
        """Whether all holds in the tests that one of the filters chooses, or in all where there is none; prints what does not."""
        listing = self.swift("test", "list", "--skip-build", env=self.environment())
        listed = listing.communicate()[0]
        if listing.returncode != 0:
            sys.exit(f"{listed}\n{self.name}: the names of the tests expected from swift test list, see above")
        for name in filters:
            if not re.search(name, listed, re.MULTILINE):
                sys.exit(f"{name}: the name of a test, or a part of one, expected; none of the tests has it (swift test list)")
        chosen = [word for name in filters for word in ("--filter", name)]
        left_out = [word for name in LEFT_OUT for word in ("--skip", name)]
        tests = self.swift("test", "--skip-build", *chosen, *left_out, env=self.environment())
        ran = 0
        for line in tests.stdout:
            print(f"{self.name}: {line}", end="", flush=True)
            if summary := re.search(r"Test run with (\d+) tests?\b", line):
                ran += int(summary[1])
        passed = tests.wait() == 0 and ran > 0
        print("".join(self.found()))
        print(f"{self.name}: {ran} tests {'pass' if passed else 'FAIL'}; processes with reports: {len(self.found())}", flush=True)
        return passed and not self.found()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sanitizer", nargs="+", choices=["address", "thread"])
    chosen = parser.add_mutually_exclusive_group()
    chosen.add_argument("--filter", default="", help="only tests whose names match one of these words")
    chosen.add_argument("--short", action="store_true", help="only the tests of raw memory, or of what threads hand over")
    options = parser.parse_args()
    sanitizers = [Sanitizer(name) for name in dict.fromkeys(options.sanitizer)]
    for sanitizer in sanitizers:
        sanitizer.prove()
    print("building with", *options.sanitizer, flush=True)

    def holds(sanitizer):
        sanitizer.build()
        return sanitizer.test(SHORT[sanitizer.name] if options.short else options.filter.split())
    with ThreadPoolExecutor() as pool:
        sys.exit(0 if all(list(pool.map(holds, sanitizers))) else 1)


main()
