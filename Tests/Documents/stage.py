# Part of forecastd. SPDX-License-Identifier: Apache-2.0
"""Where the commands of a document run: a folder that looks as that of the sources does, in namespaces of its own, so that ports,
addresses and `/etc/forecastd` are those that the document names, and nobody else's.
"""
import contextlib
import fcntl
import json
import os
import pathlib
import pty
import random
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import termios

import zmq

from waiting import until

ROOT = pathlib.Path(__file__).resolve().parents[2]
ETC = pathlib.Path("/etc/forecastd")
CONFIGURATION = ETC / "forecastd.yaml"


def enter_namespaces():
    """Goes on in namespaces of users, network and mounts, and without signals that whoever calls has blocked."""
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    if os.environ.get("FORECASTD_STAGE") != "1":
        os.environ["FORECASTD_STAGE"] = "1"
        os.execvp("unshare", ["unshare", "--map-root-user", "--net", "--mount", sys.executable, *sys.argv])


class Running:
    """A command at work, with its output so far."""

    def __init__(self, text, folder, on_terminal=False):
        self.text, self.keys = text, None
        out, path = tempfile.mkstemp(dir=folder)
        self.printed, entry = pathlib.Path(path), subprocess.DEVNULL
        if on_terminal:
            os.close(out)
            self.keys, out = pty.openpty()
            os.set_blocking(self.keys, False)
            fcntl.ioctl(out, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 160, 0, 0))
            entry = out
        self.process = subprocess.Popen(
            ["bash", "-euo", "pipefail", "-c", text], cwd=folder, stdin=entry, stdout=out, stderr=subprocess.STDOUT,
            start_new_session=True)
        os.close(out)

    def output(self):
        """All that was printed so far."""
        if self.keys is not None:
            with contextlib.suppress(OSError), open(self.printed, "ab") as file:
                while chunk := os.read(self.keys, 1 << 16):
                    file.write(chunk)
        return self.printed.read_text(errors="replace")

    def until(self, pattern):
        """Waits until the output so far shows a pattern; gives all of it."""
        def shows():
            has_ended, text = self.process.poll() is not None, self.output()
            is_shown = re.search(pattern, text) is not None
            assert is_shown or not has_ended, f"{self.text}: ended before it showed {pattern}:\n{text}"
            return text if is_shown else None
        return until(lambda: f"{self.text} to show {pattern}; it shows\n{self.output()[-2000:]}", shows)

    def end(self, number=signal.SIGINT, status=0):
        """Ends it as Ctrl-C does; gives all that it printed."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)
        return self.wait(status)

    def wait(self, status=0):
        until(f"the end of {self.text}", lambda: (self.output(), self.process.poll() is not None)[1])
        assert self.process.returncode == status, (
            f"{self.text}: expected status {status}, found {self.process.returncode}:\n{self.output()}")
        return self.output()

    def kill(self):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)


class Stage:
    def __init__(self, binary):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="fd-"))
        self.running = []
        self.mount("-t tmpfs tmpfs /run")
        self.mount("-t tmpfs tmpfs /var/lib")
        over = pathlib.Path("/run/over")
        for name in ("changes", "scratch"):
            (over / name).mkdir(parents=True)
        self.mount(f"-t overlay overlay -o lowerdir=/etc,upperdir={over}/changes,workdir={over}/scratch /etc")
        shutil.rmtree(ETC, ignore_errors=True)
        ETC.mkdir()
        # The addresses of other machines in the documents are this one's too.
        for change in ("link set lo up", "address add 10.0.0.5/32 dev lo", "address add 10.0.0.9/32 dev lo"):
            subprocess.run(["ip", *change.split()], check=True)
        for name in ("Benchmarks", "Clients", "Documentation", "Makefile", "Tests", "config"):
            (self.folder / name).symlink_to(ROOT / name)
        for place in (".build/release", "bin"):
            (self.folder / place).mkdir(parents=True)
            (self.folder / place / "forecastd").symlink_to(binary)
        # What a make that called this leaves would be passed on to those of the documents, which print differently then.
        for name in [name for name in os.environ if name.startswith("MAKE") or name == "MFLAGS"]:
            del os.environ[name]
        os.environ.update(
            PATH=f"{self.folder}/bin:/usr/sbin:/usr/bin:/sbin:/bin", PYTHONPATH=str(pathlib.Path(__file__).parent), TERM="xterm",
            HOME=str(self.folder), TMPDIR=str(self.folder), RUNTIME_DIRECTORY="/run/forecastd", PYTHONDONTWRITEBYTECODE="1")
        pathlib.Path("/run/forecastd").mkdir()

    @staticmethod
    def mount(arguments):
        subprocess.run(["mount", *arguments.split()], check=True)

    def close(self):
        for each in self.running:
            each.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def begin(self, text, on_terminal=False):
        self.running.append(Running(text, self.folder, on_terminal))
        return self.running[-1]

    def run(self, text, status=0):
        """Runs a command to its end; gives what it printed."""
        return self.begin(text).wait(status)

    def python(self, *parts):
        """Runs parts of documents and what has to stand between them."""
        path = self.folder / f"part{len(self.running)}.py"
        path.write_text("\n".join(parts))
        return self.begin(f"python3 -u {path.name}")

    def watch(self, text, pattern):
        """Runs a command that shows something until `q` is typed."""
        watched = self.begin(text, on_terminal=True)
        watched.until(pattern)
        os.write(watched.keys, b"q")
        return watched.wait()

    def daemon(self, command="forecastd run", configuration=None):
        """Runs a daemon until it is ready; with a text, that is its configuration."""
        if configuration is not None:
            CONFIGURATION.write_text(configuration)
        path = f"{self.folder}/notify{len(self.running)}"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.bind(path)
            notify.settimeout(0.02)
            daemon = self.begin(f"export NOTIFY_SOCKET={path}; exec {command}")

            def is_ready():
                assert daemon.process.poll() is None, f"{command}: ended:\n{daemon.output()}"
                with contextlib.suppress(TimeoutError):
                    return b"READY=1" in notify.recv(4096)
            until(f"{command}: ready", is_ready)
        return daemon

    def history(self, name, rows, streams=2):
        """A file of history: days of 24 ticks, with noise."""
        dice = random.Random(7)
        lines = ["time," + ",".join(f"s{stream}" for stream in range(streams))]
        for row in range(rows):
            values = (f"{10 + stream + abs(row % 24 - 12) + dice.gauss(0, 1):.3f}" for stream in range(streams))
            lines.append(f"{row}," + ",".join(values))
        (self.folder / name).write_text("\n".join(lines) + "\n")


class Feed:
    """A publisher of values and a subscriber to forecasts."""

    def __init__(self):
        context = zmq.Context.instance()
        self.pub, self.sub = context.socket(zmq.PUB), context.socket(zmq.SUB)
        self.sub.setsockopt(zmq.RCVTIMEO, 20)
        for each in (self.pub, self.sub):
            each.setsockopt(zmq.LINGER, 0)
        self.sub.subscribe("")
        self.pub.bind("tcp://127.0.0.1:5556")
        self.sub.connect("tcp://127.0.0.1:5557")

        self.sent = 0

    def send(self, stream, payload):
        self.pub.send_multipart([stream.encode(), payload if isinstance(payload, bytes) else json.dumps(payload).encode()])

    def forecast(self, stream):
        """Publishes values until a forecast of their stream comes."""
        def attempt():
            self.sent += 1
            self.send(stream, {"value": self.sent % 7})
            with contextlib.suppress(zmq.Again):
                while True:
                    name, payload, _ = self.sub.recv_multipart()
                    if name.decode() == stream:
                        return json.loads(payload)
        return until(f"a forecast of {stream}", attempt)

    def close(self):
        self.pub.close()
        self.sub.close()
