# Part of forecastd. SPDX-License-Identifier: Apache-2.0
"""What keeping state costs: throughput by durability, the pipeline's pauses for a snapshot, the time to recover."""
import json
import os
import shutil
import socket
import subprocess
import time
from collections import defaultdict

from harness.end_to_end import WINDOW, ScalingBenchmark
from harness.machine import start_pinned, stop

SNAPSHOT_STREAMS = 20000
RECOVERY_STREAMS = 100000
RECOVERY_MESSAGES = 10_000_000


class DurabilityBenchmark(ScalingBenchmark):
    """Daemons that differ in `durability`, the first with `none`, under full load."""

    def __init__(self, daemons, generator, cores, folder, streams, seconds, snapshot_bench):
        super().__init__(daemons, generator, cores, folder, streams, seconds)
        self.snapshot_bench = snapshot_bench
        self.copies = defaultdict(list)  # depth: what snapshot-bench said

    def measure_round(self):
        super().measure_round()
        command = [str(self.snapshot_bench), str(SNAPSHOT_STREAMS)]
        process = start_pinned(command, self.core, stdout=subprocess.PIPE, text=True)
        for line in process.communicate()[0].splitlines():
            found = json.loads(line)
            self.copies[found["depth"]].append(found)

    def _time(self, daemon):
        return self._best(daemon, self.streams[0], "window", "processor_us")

    def _copy(self, depth, field):
        """The best round, as end to end."""
        return min(found[field] for found in self.copies[depth])

    def figures(self):
        # Of one core, the processor time that a message takes is what bounds the rate, and others hardly disturb it.
        figures = {f"durability/time-of-none/{daemon.name}": self._time(daemon) / self._time(self.daemons[0])
                   for daemon in self.daemons[1:]}
        for depth in self.copies:
            figures[f"durability/snapshot/{depth}/longest-ms"] = self._copy(depth, "longest_us") / 1000
        return figures

    def copy_table(self):
        rows = [["adapt", "streams", "MB", "turn us", "with copy", "longest us"]]
        for depth in self.copies:
            rows.append([depth, str(self._copy(depth, "streams")), f"{self._copy(depth, 'bytes') / 1e6:.0f}",
                         *(f"{self._copy(depth, field):.0f}" for field in ("turn_us", "copied_us", "longest_us"))])
        return rows


class RecoveryBenchmark:
    """How long a daemon takes from its start until it is ready again, after it was killed; measured once."""

    def __init__(self, daemon, generator, cores, folder):
        self.daemon, self.generator, self.folder = daemon, generator, folder
        self.core, self.load_core = cores

    def measure(self):
        port = 20000 + os.getpid() % 10000
        endpoints = {"input": f"tcp://127.0.0.1:{port}", "output": f"tcp://127.0.0.1:{port + 1}"}
        self.messages = 0
        with open(self.folder / f"{self.daemon.name}.log", "w") as log:
            process = self.daemon.start(self.core, endpoints, self.folder, log)
            while self.messages < RECOVERY_MESSAGES:
                load = start_pinned(
                    [str(self.generator), *endpoints.values(), str(RECOVERY_STREAMS), "window", str(WINDOW), "10",
                     str(process.pid)], self.load_core, stdout=subprocess.PIPE, text=True)
                self.messages += json.loads(load.communicate()[0])["answered"]
            process.kill()
            process.wait()
            self.from_journal = self._start(endpoints, log)
            self.from_snapshot = self._start(endpoints, log)
        shutil.rmtree(self.folder / f"{self.daemon.name}.state")

    def _start(self, endpoints, log):
        """Seconds from the start of the process until it says that it is ready; it is then asked to stop."""
        path = self.folder / "ready"
        path.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notified:
            notified.bind(str(path))
            begin = time.monotonic()
            process = self.daemon.start(self.core, endpoints, self.folder, log, keeps_state=True,
                                        env=dict(os.environ, NOTIFY_SOCKET=str(path)))
            while b"READY=1" not in notified.recv(4096):
                pass
            seconds = time.monotonic() - begin
            stop(process, 60)
        return seconds

    def table(self):
        return [["streams", "journalled messages", "seconds from the journal", "from a snapshot"],
                [str(RECOVERY_STREAMS), str(self.messages), f"{self.from_journal:.1f}", f"{self.from_snapshot:.1f}"]]
