#!/usr/bin/python3
# Part of forecastd. SPDX-License-Identifier: Apache-2.0
"""Records this machine's metrics once a second into a CSV file, until interrupted.

    python3 config/models/record_host.py host-metrics.csv [seconds]

The streams and their definitions are those of `forecastd generate --host` (Documentation/Model.md lists them).
Rates are the growth of a kernel counter since the previous row, divided by the time that really passed.
"""
import os
import sys
import time

STREAMS = ["cpu.busy", "cpu.system", "load.1m", "memory.used", "memory.cached", "disk.read", "disk.write",
           "network.received", "network.sent", "processes.running", "context_switches"]
# Devices that hold no data of their own: their traffic is counted on the disks below them, or is none.
NOT_A_DISK = ("loop", "ram", "dm-", "sr", "md")


def read(path):
    with open(path) as file:
        return file.read().splitlines()


def counters():
    """What the kernel counts up: CPU ticks by kind, disk and network KiB, context switches; and what runs now."""
    stat = {key: values for key, *values in map(str.split, read("/proc/stat"))}
    disks = [line.split() for line in read("/proc/diskstats")]
    # Whole disks only: a partition has no entry of its own in /sys/block, and would count the same bytes twice.
    disks = [d for d in disks if not d[2].startswith(NOT_A_DISK) and os.path.exists("/sys/block/" + d[2])]
    links = [line.split(":")[1].split() for line in read("/proc/net/dev")[2:]]
    return {
        "cpu": [int(x) for x in stat["cpu"]],
        "running": int(stat["procs_running"][0]),
        "switches": int(stat["ctxt"][0]),
        "disk": [sum(int(d[column]) for d in disks) * 512 / 1024 for column in (5, 9)],   # sectors of 512 bytes
        "network": [sum(int(x[column]) for x in links) / 1024 for column in (0, 8)],
    }


def sample(before, after, seconds):
    """One row, in the order of STREAMS."""
    user, nice, system, idle, iowait, irq, softirq, steal = \
        (b - a for a, b in zip(before["cpu"][:8], after["cpu"][:8]))
    total = user + nice + system + idle + iowait + irq + softirq + steal or 1
    memory = {key: int(value.split()[0]) for key, value in (line.split(":") for line in read("/proc/meminfo"))}

    def rates(key):
        return [(b - a) / seconds for a, b in zip(before[key], after[key])]

    return [
        100 * (total - idle - iowait) / total,
        100 * (system + irq + softirq) / total,
        float(read("/proc/loadavg")[0].split()[0]),
        100 * (1 - memory["MemAvailable"] / memory["MemTotal"]),
        memory["Cached"] / 1024,
        *rates("disk"),
        *rates("network"),
        after["running"],
        (after["switches"] - before["switches"]) / seconds,
    ]


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit("expected a file to write and, if wanted, a number of seconds: record_host.py FILE [SECONDS]")
    rows = int(sys.argv[2]) if len(sys.argv) == 3 else sys.maxsize
    with open(sys.argv[1], "w") as out:
        print("ts", *("host." + name for name in STREAMS), sep=",", file=out)
        before, read_at = counters(), time.time()
        due = int(read_at) + 1
        for _ in range(rows):
            time.sleep(max(0, due - time.time()))
            now, after = time.time(), counters()
            row = sample(before, after, now - read_at)
            print(round(now), *("%.6g" % value for value in row), sep=",", file=out, flush=True)
            before, read_at = after, now
            due = max(due + 1, int(now) + 1)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        pass
