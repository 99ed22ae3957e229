# Part of forecastd. SPDX-License-Identifier: Apache-2.0
"""The machine: starting processes on a core of their own, and saying what they ran on."""
import os
import platform
import subprocess


def start_pinned(command, cores, **options):
    """Starts `command` on a core, or on several, ahead of other users' processes where that is allowed."""

    def pin():
        os.sched_setaffinity(0, {cores} if isinstance(cores, int) else cores)
        try:
            os.setpriority(os.PRIO_PROCESS, 0, -20)
        except PermissionError:
            pass

    return subprocess.Popen(command, preexec_fn=pin, **options)


def stop(process, seconds=10):
    """Ends a process that this run started; at once if it does not end by itself."""
    process.terminate()
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def default_cores():
    """The core for what is measured and the one for its load: the last two that we may use."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        raise SystemExit("the benchmarks need two processor cores: one for the daemon, one for its load")
    return cores[-1], cores[-2]


def output_of(command, folder):
    try:
        return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def processor():
    with open("/proc/cpuinfo") as file:
        models = {line.split(":", 1)[1].strip() for line in file if line.startswith("model name")}
    return ", ".join(sorted(models)) or platform.machine()


def description(folder):
    """Lines that say where and with what the figures were made; `folder` lies in the project."""
    swift = output_of(["swift", "--version"], folder).splitlines()
    commit = output_of(["git", "describe", "--always", "--dirty"], folder)
    return [
        f"machine   {processor()}, {os.cpu_count()} cores, {platform.machine()}, Linux {platform.release()}",
        f"versions  forecastd {commit or 'without git'}, {swift[0] if swift else 'no swift found'}",
    ]


def load_average():
    return os.getloadavg()[0]
