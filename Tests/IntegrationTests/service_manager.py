#!/usr/bin/python3
# Part of forecastd. SPDX-License-Identifier: Apache-2.0
"""Stands in for the service manager: listens on behalf of a daemon, and keeps descriptors for it from start to start.

Reads one JSON request per line from standard input, answers with one JSON line: {"ok": ...} or {"error": ...}.
"""
import array
import fcntl
import json
import os
import signal
import socket
import sys
import tempfile

PATIENCE = 60

folder = tempfile.TemporaryDirectory()
notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
notify.bind(f"{folder.name}/notify")
notify.settimeout(PATIENCE)
# Names and descriptors: of socket units, and of the store.
units, store = [], []
clients = {}
daemon = None


def listen(name, port):
    """As a socket unit does."""
    units.append((name, socket.create_server(("127.0.0.1", port)).detach()))


def start(*command):
    """Starts a daemon with all descriptors, waits until it is ready. Answers with what it said if it ended instead."""
    global daemon
    passed = units + store
    errors = os.open(f"{folder.name}/log", os.O_CREAT | os.O_TRUNC | os.O_RDWR)
    daemon = os.fork()
    if daemon == 0:
        # Out of the way first: a number that is wanted may be one of those that are passed.
        copies = [fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 500) for _, descriptor in passed]
        for number, copy in enumerate(copies):
            os.dup2(copy, 3 + number)
        os.dup2(errors, 2)
        os.execve(command[0], command, {
            "PATH": "/usr/bin:/bin", "NOTIFY_SOCKET": f"{folder.name}/notify", "LISTEN_PID": str(os.getpid()),
            "LISTEN_FDS": str(len(passed)), "LISTEN_FDNAMES": ":".join(name for name, _ in passed)})
    os.close(errors)
    notify.settimeout(0.1)
    while True:
        try:
            if "READY=1" in hear():
                notify.settimeout(PATIENCE)
                return ""
        except TimeoutError:
            ended, status = os.waitpid(daemon, os.WNOHANG)
            if ended:
                daemon = None
                return f"{os.waitstatus_to_exitcode(status)}: {log()}"


def log():
    """What the daemon has said."""
    with open(f"{folder.name}/log") as text:
        return text.read()


def hear():
    """Takes in one message of the daemon."""
    message, control, _, _ = notify.recvmsg(4096, socket.CMSG_SPACE(4))
    lines = message.decode().split("\n")
    name = next((line.removeprefix("FDNAME=") for line in lines if line.startswith("FDNAME=")), None)
    if "FDSTORE=1" in lines:
        (_, _, data), = control
        store.append((name, array.array("i", data)[0]))
    if "FDSTOREREMOVE=1" in lines:
        for entry in [entry for entry in store if entry[0] == name]:
            os.close(entry[1])
            store.remove(entry)
    return lines


def stored():
    """The names in the store."""
    return sorted(name for name, _ in store)


def stop(kill=False):
    """Ends the daemon; answers with its exit status."""
    global daemon
    os.kill(daemon, signal.SIGKILL if kill else signal.SIGTERM)
    status = os.waitstatus_to_exitcode(os.waitpid(daemon, 0)[1])
    daemon = None
    return status


def connect(name, port, text=""):
    """Connects a client and lets it say something; whether it could."""
    try:
        clients[name] = socket.create_connection(("127.0.0.1", port), PATIENCE)
    except ConnectionRefusedError:
        return False
    clients[name].sendall(text.encode())
    return True


def answer(name):
    """All that a client hears until the daemon closes its connection."""
    text = b""
    while part := clients[name].recv(4096):
        text += part
    return text.decode()


for line in sys.stdin:
    request = json.loads(line)
    operation = {
        "listen": listen, "start": start, "log": log, "stored": stored, "stop": stop, "connect": connect,
        "answer": answer,
    }[request.pop("operation")]
    try:
        print(json.dumps({"ok": operation(*request.pop("command", []), **request)}), flush=True)
    except Exception as error:
        print(json.dumps({"error": repr(error)}), flush=True)

# A test that failed leaves nothing behind.
if daemon:
    stop(kill=True)
