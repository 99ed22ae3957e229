#!/usr/bin/env python3
# Part of forecastd. SPDX-License-Identifier: Apache-2.0
"""The life of the package and its service under a real systemd, from installation to purge. Runs in the container of box.sh.

service.py PACKAGE NEWER_PACKAGE
"""
import ctypes
import os
import pathlib
import queue
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request

from keys import lets_in_who_has_a_key
from operations import all_is_run, call, document, documented, edit
from sockets import is_started_by_a_request, refuses_nobody_while_it_restarts
from streams import Streams, until
from unit import CONFIGURATION, HTTP_SOCKET, UNIT, count, health, is_ready, journal, says, show
from waiting import PATIENCE

STATE = pathlib.Path("/var/lib/private/forecastd")
# linux/ptrace.h and linux/wait.h.
PTRACE_ATTACH, WAIT_FOR_THREADS = 16, 0x40000000
ARCHITECTURE = call("dpkg", "--print-architecture").strip()


def installs(package, newer):
    documented("apt install ./forecastd_0", amd64=ARCHITECTURE)
    until("the service", is_ready)
    assert call("systemctl", "is-enabled", UNIT).strip() == "enabled"
    documented("apt install libjs-dygraphs")
    documented("systemctl daemon-reload")
    units = [f"/lib/systemd/system/{name}" for name in (UNIT, "forecastd@.service", HTTP_SOCKET)]
    assert call("systemd-analyze", "verify", *units) == ""
    for unit in units[:2]:
        call("systemd-analyze", "security", "--offline=yes", "--threshold=12", unit)
    shown = documented("forecastd generate", "forecastd tap --limit", "systemctl status forecastd", then="\nkill %1\nwait %1 || true")
    assert shown.count(" host.") == 5 and "active (running)" in shown, shown
    assert "1.2" in documented("systemd-analyze security").splitlines()[-1]
    # Where a unit is that systemd does not look for.
    shutil.copy("/lib/systemd/system/forecastd@.service", "/opt/elsewhere@.service")
    documented("systemctl link", then=" /opt/elsewhere@.service")
    call("systemctl", "disable", "elsewhere@.service")


def first_forecast_is_new(streams, stream="pump"):
    return streams.forecast(stream)["status"] == "warming"


def speaks_http(streams, *_):
    assert first_forecast_is_new(streams)
    streams.warm()
    for path in ("readyz", "metrics", ""):
        assert urllib.request.urlopen(f"http://127.0.0.1:8080/{path}").status == 200
    figures = urllib.request.urlopen("http://127.0.0.1:8080/metrics").read().decode()
    for name in ("cpu_seconds_total", "open_fds", "resident_memory_bytes", "start_time_seconds"):
        assert re.search(rf"^process_{name} \d", figures, re.MULTILINE), f"{name} is not in {figures}"
    until("a status line", lambda: " streams" in show("StatusText"))
    assert "pump" in call("forecastd", "state", "show")


def logs_with_fields(*_):
    lines = journal("FORECASTD_BIND=127.0.0.1:8080")
    assert len(lines) == 1 and lines[0]["PRIORITY"] == "6" and lines[0]["_SYSTEMD_UNIT"] == UNIT, lines
    assert lines[0]["MESSAGE"] == "http open bind=127.0.0.1:8080", lines
    assert "http open" in documented("journalctl --unit forecastd")


def shows_what_is_wrong(streams, *_):
    assert "8080" in documented("ss -ltnp") and "Threads:" in documented("top -H", then=" -b -n 1")
    assert documented("systemctl show --property NRestarts") == "NRestarts=0\n"
    command = document.command("forecastd tap --inputs").text + " --limit 1"
    with subprocess.Popen(command, shell=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as tap:
        until("a value", lambda: streams.forecast() and tap.poll() is not None)
        assert b"pump" in tap.stdout.read()


def comes_back_after(streams, harm):
    """Does harm to the daemon, and waits for another one, in which the stream goes on."""
    before = show("MainPID"), int(show("NRestarts"))
    harm(int(before[0]))
    until("a restart", lambda: int(show("NRestarts")) > before[1] and is_ready())
    assert show("MainPID") != before[0]
    assert streams.goes_on()


def survives_kill(streams, *_):
    comes_back_after(streams, lambda process: os.kill(process, signal.SIGKILL))


def hang_one_thread(process):
    """Holds the daemon's pipeline, as a debugger would, while all other threads go on."""
    [thread] = [int(task.name) for task in pathlib.Path(f"/proc/{process}/task").iterdir()
                if (task / "comm").read_text() == "pipeline\n"]
    outcomes = queue.Queue()

    def hold():
        system = ctypes.CDLL(None, use_errno=True)
        if system.ptrace(PTRACE_ATTACH, thread, 0, 0) != 0:
            return outcomes.put(os.strerror(ctypes.get_errno()))
        while os.WIFSTOPPED(os.waitpid(thread, WAIT_FOR_THREADS)[1]):
            outcomes.put("held")
    threading.Thread(target=hold, daemon=True).start()
    outcome = outcomes.get(timeout=PATIENCE)
    assert outcome == "held", f"ptrace of thread {thread}: expected to hold it (root, kernel.yama.ptrace_scope below 3), found: {outcome}"


def survives_hanging(streams, *_):
    edit("[Service]\nWatchdogSec=3s\n")
    call("systemctl", "restart", UNIT)
    assert show("WatchdogUSec") == "3s" and streams.goes_on()
    for harm in (lambda process: os.kill(process, signal.SIGSTOP), hang_one_thread):
        before = count("Watchdog timeout")
        comes_back_after(streams, harm)
        until("the reason", lambda: count("Watchdog timeout") > before)
    edit("")


def is_held_to_its_memory(streams, *_):
    # The box's files are memory, too: two segments of the journal are 128 MiB.
    edit("[Service]\nMemoryMax=320M\n")
    call("systemctl", "restart", UNIT)

    def many_frames():
        # 512 MiB in one message, which libzmq gathers before the daemon sees any of it.
        yield streams.pub.send_multipart([b"flood"] + 8192 * [bytes(1 << 16)])

    def many_streams():
        while True:
            for number in range(2000):
                streams.pub.send_multipart([f"flood.{streams.sent}.{number}".encode(), b'{"value": 1}'])
            streams.sent += 1
            yield

    # Streams come last: a start recovers them, and as many do not fit again.
    for flood in (many_frames(), many_streams()):
        assert streams.goes_on()
        restarts, before = int(show("NRestarts")), count("status=9/KILL")
        until("a restart for want of memory", lambda: next(flood, None) or int(show("NRestarts")) > restarts)
        until("the reason", lambda: count("status=9/KILL") > before)
    edit("")
    call("systemctl", "restart", UNIT)
    assert streams.goes_on()


def backs_off(streams, *_):
    call("systemctl", "stop", UNIT)
    before = count("starts in a row ended soon")
    with socket.create_server(("127.0.0.1", 8080)):
        call("systemctl", "start", "--no-block", UNIT)
        until("pauses", lambda: count("starts in a row ended soon") > before + 1)
    until("the service, when its port is free", is_ready)
    assert streams.goes_on()


def does_not_try_again_what_is_wrong(streams, *_):
    text = CONFIGURATION.read_text()
    CONFIGURATION.write_text(text.replace("state:", "stat:"))
    call("systemctl", "restart", UNIT, status=None)
    until("the end", lambda: show("ActiveState") == "failed")
    assert show("ExecMainStatus") == "78" and show("NRestarts") == "0"
    until("the reason", lambda: says("did you mean"))
    CONFIGURATION.write_text(text)
    call("systemctl", "start", UNIT)
    assert streams.goes_on()


def reloads(streams, *_):
    text = CONFIGURATION.read_text()
    process = show("MainPID")
    assert len(streams.forecast()["yhat"]) != 5
    CONFIGURATION.write_text(text.replace("model: general}", "model: general, horizon: 5}"))
    assert "a reload would put" in documented("forecastd check", "forecastd reload --plan", "systemctl reload")
    until("the new horizon", lambda: len(streams.forecast()["yhat"]) == 5)
    CONFIGURATION.write_text(text.replace("model: general}", "model: generel}"))
    call("systemctl", "reload", UNIT, status=None)
    until("the reason", lambda: says("generel"))
    assert len(streams.forecast()["yhat"]) == 5 and show("MainPID") == process and is_ready()
    # A change of the administrator's own, which upgrades have to keep.
    CONFIGURATION.write_text(text.replace("model: general}", "model: general, horizon: 5}"))


def stops_and_starts(streams, *_):
    streams.warm()
    call("systemctl", "stop", UNIT)
    assert show("ExecMainStatus") == "0" and show("Result") == "success"
    assert STATE.is_dir() and STATE.stat().st_mode & 0o777 == 0o700
    call("systemctl", "start", UNIT)
    assert streams.goes_on()


def is_backed_up(streams, *_):
    boiler = "plant.boiler.temp"
    streams.warm(boiler)
    documented("systemctl stop forecastd", "tar -C /var/lib/private -czf")
    documented("systemd-run")
    documented("systemctl start forecastd")
    assert first_forecast_is_new(streams, boiler) and streams.goes_on()
    documented("systemctl stop forecastd")
    shutil.rmtree(STATE)
    documented("tar -C /var/lib/private -xzf")
    documented("systemctl start forecastd")
    assert streams.goes_on(boiler)


def upgrades(streams, package, newer):
    """There, and back."""
    for command, word, file in (("apt install ./forecastd_NEWER", "NEWER", newer), ("apt install --allow-downgrades", "OLDER", package)):
        process, version = show("MainPID"), re.search("_(.*)_", file)[1]
        documented(command, **{word: version, "amd64": ARCHITECTURE})
        until("the service", is_ready)
        assert call("dpkg-query", "--show", "--showformat", "${Version}", "forecastd") == version
        assert show("MainPID") != process and len(streams.forecast()["yhat"]) == 5
        assert streams.goes_on()


def runs_instances(streams, *_):
    text = CONFIGURATION.read_text()
    for before, now in ((":5556", ":6556"), (":5557", ":6557"), (":8080", ":9080"), ("lib/forecastd", "lib/forecastd-second")):
        text = text.replace(before, now)
    CONFIGURATION.with_name("second.yaml").write_text(text)
    documented("systemctl enable --now forecastd@NAME", NAME="second")
    second = Streams(6556, 6557)
    second.warm()
    call("systemctl", "reload", "forecastd@second")
    call("systemctl", "restart", "forecastd@second")
    assert second.goes_on() and is_ready()
    boiler = "plant.boiler.temp"
    second.warm(boiler)
    call("systemctl", "stop", "forecastd@second")
    documented("systemd-run", then=f" --config {CONFIGURATION.with_name('second.yaml')}", **{"=forecastd": "=forecastd-second"})
    call("systemctl", "start", "forecastd@second")
    assert first_forecast_is_new(second, boiler) and second.goes_on()


def is_removed(streams, package, newer):
    documented("systemctl stop forecastd", "systemctl enable --now forecastd-http.socket", "systemctl start forecastd")
    documented("apt remove")
    assert not is_ready() and all(show("ActiveState", unit) == "inactive" for unit in ("forecastd@second", HTTP_SOCKET))
    assert STATE.is_dir() and CONFIGURATION.exists() and not os.path.exists("/usr/bin/forecastd")
    call("dpkg", "--install", newer)
    until("the service", is_ready)
    assert streams.goes_on()
    until("the instance", lambda: show("ActiveState", "forecastd@second") == "active")
    assert show("ActiveState", HTTP_SOCKET) == "active" and health() == 200


def is_purged(*_):
    documented("apt purge")
    assert show("LoadState") == "not-found"
    left = [str(path) for folder in ("/var/lib", "/var/lib/private", "/run", "/etc/systemd") for path in
            pathlib.Path(folder).rglob("*forecastd*") if "dpkg" not in str(path)]
    assert left == [] and not CONFIGURATION.exists(), left


def runs_from_elsewhere(streams, *_):
    """After `make install PREFIX=/opt/forecastd`, on a machine without the package."""
    call("cp", "-rT", "/srv/box/elsewhere", "/")
    installed = pathlib.Path("/opt/forecastd")
    places = [*installed.glob("lib/systemd/system/*"), *installed.glob("share/man/*/*"), CONFIGURATION]
    assert len(places) == 6
    # It looks into compressed files, too.
    call("zgrep", "-E", "/usr/(bin|share)/", *places, status=1)
    call("systemctl", "link", f"/opt/forecastd/lib/systemd/system/{UNIT}")
    call("systemctl", "start", UNIT)
    assert os.readlink(f"/proc/{show('MainPID')}/exe") == "/opt/forecastd/bin/forecastd" and first_forecast_is_new(streams)
    call("systemctl", "reload", UNIT)
    streams.warm()


def main():
    # This machine's manual pages need no new index.
    pathlib.Path("/var/lib/man-db/auto-update").unlink(missing_ok=True)
    steps = (
        speaks_http, logs_with_fields, shows_what_is_wrong, is_started_by_a_request, refuses_nobody_while_it_restarts, survives_kill,
        survives_hanging, is_held_to_its_memory, backs_off, does_not_try_again_what_is_wrong, lets_in_who_has_a_key,
        reloads, stops_and_starts, is_backed_up, upgrades, runs_instances, is_removed, is_purged,
        runs_from_elsewhere)
    installs(*sys.argv[1:])
    print("ok  installs", flush=True)
    streams = Streams()
    for step in steps:
        start = time.monotonic()
        step(streams, *sys.argv[1:])
        print(f"ok  {step.__name__.replace('_', ' ')} ({time.monotonic() - start:.1f} s)", flush=True)
    all_is_run()
    print("ok  all commands of Operations.md were run", flush=True)


main()
