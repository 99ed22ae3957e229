# Part of forecastd. SPDX-License-Identifier: Apache-2.0
"""Steps of service.py about sockets that systemd holds: one that it listens by, and those that it keeps over a restart."""
import errno
import os
import signal
import socket

import zmq

from operations import call, documented, edit
from streams import until
from unit import CONFIGURATION, HTTP_SOCKET, UNIT, health, is_ready, says, show


def is_started_by_a_request(streams, *_):
    streams.warm()
    documented("systemctl stop forecastd", "systemctl enable --now forecastd-http")
    assert show("ActiveState") == "inactive" and health() == 200
    until("the service", is_ready)
    process = int(show("MainPID"))
    os.kill(process, signal.SIGKILL)
    # Nobody is refused meanwhile.
    assert health() == 200 and int(show("MainPID")) not in (0, process)
    until("the service", is_ready)
    assert streams.goes_on()
    text = CONFIGURATION.read_text()
    CONFIGURATION.write_text(text.replace(":8080", ":8081"))
    call("systemctl", "restart", UNIT, status=None)
    until("the end", lambda: show("ActiveState") == "failed")
    assert show("ExecMainStatus") == "78"
    until("the reason", lambda: says("the same in both"))
    CONFIGURATION.write_text(text)
    documented("systemctl stop forecastd-http")
    call("systemctl", "disable", HTTP_SOCKET)
    call("systemctl", "start", UNIT)
    assert health() == 200 and streams.goes_on()


def refuses_nobody_while_it_restarts(streams, *_):
    streams.warm()
    text = CONFIGURATION.read_text()
    CONFIGURATION.write_text(text.replace("inputs:\n", "inputs:\n  pushed: {socket: pull, bind: [\"tcp://127.0.0.1:5558\"]}\n", 1))
    edit("[Service]\nRestartSec=3s\n")
    call("systemctl", "restart", UNIT)
    assert int(show("NFileDescriptorStore")) == 4
    os.kill(int(show("MainPID")), signal.SIGKILL)
    until("the pause before a restart", lambda: show("SubState") == "auto-restart")
    for port in (5557, 5558, 8080):
        socket.create_connection(("127.0.0.1", port)).close()
    with zmq.Context.instance().socket(zmq.PUSH) as push:
        # Only to a connection that stands, and never tried again: had it been refused, nothing would come.
        push.setsockopt(zmq.RECONNECT_IVL, -1)
        push.connect("tcp://127.0.0.1:5558")
        push.send_multipart([b"pushed", b'{"value": 1}'])
        assert health() == 200
        until("its value", lambda: "pushed" in call("forecastd", "state", "show"))
    assert streams.goes_on()
    # What is no longer configured is closed.
    CONFIGURATION.write_text(text)
    edit("")
    call("systemctl", "restart", UNIT)
    with socket.socket() as client:
        assert client.connect_ex(("127.0.0.1", 5558)) == errno.ECONNREFUSED
    until("one less in the store", lambda: int(show("NFileDescriptorStore")) == 3)
    call("systemctl", "stop", UNIT)
    until("an empty store", lambda: show("NFileDescriptorStore") == "0")
    call("systemctl", "start", UNIT)
    assert streams.goes_on()
