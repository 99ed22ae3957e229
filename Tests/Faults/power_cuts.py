#!/usr/bin/env python3
# Part of forecastd. SPDX-License-Identifier: Apache-2.0
"""Cuts the power under a store that is being written, and looks whether all that was durable is there.

A file system in a file is mounted; a process (Tests/StateStoreTests/PowerCutWorker.swift) writes to it; at some moment the
file system is shut down without writing out its log (FS_IOC_SHUTDOWN), which leaves on the "disk" what a power cut would.
Then it is mounted anew, and the next process recovers what is there, checks it, and says how far it came.

A synchronisation that is under way during the cut may report a success that is none, so that only those count that were
over before it began. Needs root. --plant nosync lets nothing be synchronised, to show that this would be found.
"""
import argparse
import fcntl
import os
import pathlib
import random
import struct
import subprocess
import tempfile
import time

SHUTDOWN = 0x8004587D  # FS_IOC_SHUTDOWN, _IOR('X', 125, __u32)
WITHOUT_LOG = 2  # FS_SHUTDOWN_FLAGS_NOLOGFLUSH
SIZES = {"ext4": 64, "xfs": 320}  # MiB; xfs takes no less
ROOT = pathlib.Path(__file__).resolve().parents[2]
SHIM = "int fsync(int f) { (void)f; return 0; } int fdatasync(int f) { (void)f; return 0; }"


def run(*command):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


class Findings:
    def __init__(self):
        self.cuts = self.durable = self.unsure = 0
        self.wrong = []

    def __str__(self):
        return (f"{self.cuts} power cuts, {self.durable} records synchronised before one, in {self.unsure} cuts a "
                f"synchronisation that was over only after it had begun; wrong: {len(self.wrong)}")


def cut(mount, log, worker, environment, findings, before):
    """Lets a process recover and write, cuts, and gives the last record that was certainly durable."""
    log.write_text("")
    process = subprocess.Popen(worker, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    deadline = time.monotonic() + 60
    while not log.read_text().endswith("\n") and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.002)
    time.sleep(random.uniform(0, 0.15))
    directory = os.open(mount, os.O_RDONLY)
    begin = time.monotonic_ns()
    fcntl.ioctl(directory, SHUTDOWN, struct.pack("I", WITHOUT_LOG))
    os.close(directory)
    output = process.communicate(timeout=60)[0]
    lines = [line.split() for line in log.read_text().splitlines()]
    if not lines or lines[0][0] != "recovered":
        findings.wrong.append(" ".join(lines[0]) if lines else output)
        return None
    recovered = int(lines[0][1])
    if recovered < before:
        findings.wrong.append(f"record {before} was durable, and {recovered} is the last")
    stamps = [(int(line[1]), int(line[2])) for line in lines[1:] if line[0] == "durable"]
    findings.wrong += [" ".join(line) for line in lines[1:] if line[0] == "wrong"]
    certain = [last for last, stamp in stamps if stamp < begin]
    findings.cuts += 1
    findings.durable += max(certain, default=recovered) - recovered
    findings.unsure += len(certain) < len(stamps)
    return max(certain, default=recovered)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--file-system", choices=SIZES, required=True)
    parser.add_argument("--cuts", type=int, default=100)
    parser.add_argument("--plant", choices=["nosync"])
    arguments = parser.parse_args()
    tests = next((ROOT / ".build" / "release").glob("*.xctest"))
    worker = [str(tests), "--testing-library", "swift-testing", "--filter", "PowerCutWorker"]
    findings = Findings()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        image, mount, log = folder / "image", folder / "mount", folder / "log"
        mount.mkdir()
        environment = dict(os.environ, FAULT_DIRECTORY=str(mount / "state"), FAULT_LOG=str(log))
        if arguments.plant:
            (folder / "shim.c").write_text(SHIM)
            run("cc", "-shared", "-fPIC", "-o", str(folder / "shim.so"), str(folder / "shim.c"))
            environment["LD_PRELOAD"] = str(folder / "shim.so")
        run("truncate", "-s", f"{SIZES[arguments.file_system]}M", str(image))
        run(f"mkfs.{arguments.file_system}", "-q", str(image))
        durable = 0
        while durable is not None and findings.cuts < arguments.cuts:
            run("mount", "-o", "loop", str(image), str(mount))
            try:
                durable = cut(mount, log, worker, environment, findings, durable)
            finally:
                run("umount", str(mount))
    print(f"{arguments.file_system}{', planted: ' + arguments.plant if arguments.plant else ''}: {findings}")
    for wrong in findings.wrong[:3]:
        print("  " + wrong)
    return 1 if bool(findings.wrong) != bool(arguments.plant) else 0


if __name__ == "__main__":
    raise SystemExit(main())
