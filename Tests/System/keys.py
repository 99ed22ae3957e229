# Part of forecastd. SPDX-License-Identifier: Apache-2.0
"""A step of service.py about who is let in: keys and a token that root alone can read, which systemd hands to the service."""
import json
import os
import re
import urllib.error
import urllib.request

import zmq

from operations import call, edit
from streams import until
from unit import CONFIGURATION, UNIT, is_ready, journal, show

FOLDER = CONFIGURATION.parent
CREDENTIALS = "".join(f"LoadCredential={name}:{FOLDER}/{name}\n" for name in ("forecastd.secret", "token"))
# An address that other machines reach, without insecure: true.
PUSHED = '  pushed: {socket: pull, bind: ["tcp://*:5558"]}\n'


def request(path, token=None):
    """The status and the text of an answer."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        with urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:8080/{path}", headers=headers)) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, ""


class Client:
    """Sends values and gets forecasts with a key of its own, or with none."""

    def __init__(self, name):
        context = zmq.Context.instance()
        self.push, self.sub = context.socket(zmq.PUSH), context.socket(zmq.SUB)
        for each in (self.push, self.sub):
            each.setsockopt(zmq.LINGER, 0)
            if name is not None:
                key = (FOLDER / f"{name}.secret").read_text().strip().encode()
                each.curve_secretkey, each.curve_publickey = key, zmq.curve_public(key)
                each.curve_serverkey = (FOLDER / "forecastd.public").read_text().split()[0].encode()
        self.push.setsockopt(zmq.SNDTIMEO, 100)
        self.sub.setsockopt(zmq.RCVTIMEO, 100)
        self.sub.subscribe(f"by.{name}")
        self.push.connect("tcp://127.0.0.1:5558")
        self.sub.connect("tcp://127.0.0.1:5557")
        self.name = f"by.{name}".encode()

    def is_served(self):
        """Whether a value is taken, and a forecast comes."""
        try:
            self.push.send_multipart([self.name, json.dumps({"value": 1}).encode()])
            return self.sub.recv_multipart()[0] == self.name
        except zmq.Again:
            return False


def lets_in_who_has_a_key(streams, *_):
    for name in ("forecastd", "plant", "stranger"):
        call("forecastd", "keygen", name, "--directory", FOLDER)
    clients, token = FOLDER / "clients", "0123456789abcdef"
    clients.write_text((FOLDER / "plant.public").read_text())
    os.close(os.open(FOLDER / "token", os.O_CREAT, 0o600))
    (FOLDER / "token").write_text(token)
    text = CONFIGURATION.read_text()
    secured = (text.replace("format: json}", "format: json, insecure: true}\n" + PUSHED).replace(":8080\"}", ":8080\", token: TOKEN}")
               + "curve: {secret_key: SECRET, clients: clients}\n")

    # The service's user cannot read what is root's alone.
    CONFIGURATION.write_text(secured.replace("SECRET", "forecastd.secret").replace("TOKEN", "token"))
    call("systemctl", "restart", UNIT, status=None)
    until("the end", lambda: show("ActiveState") == "failed")
    assert show("ExecMainStatus") == "77"
    assert any("forecastd.secret" in line["MESSAGE"] and "LoadCredential=" in line["MESSAGE"] for line in journal("PRIORITY=3"))

    edit("[Service]\n" + CREDENTIALS)
    CONFIGURATION.write_text(re.sub("SECRET|TOKEN", lambda found: "$CREDENTIALS_DIRECTORY/" + (
        "token" if found[0] == "TOKEN" else "forecastd.secret"), secured))
    call("systemctl", "start", UNIT)
    process = show("MainPID")
    assert request("healthz")[0] == 200 and request("metrics")[0] == 401 and request("metrics", "another")[0] == 401
    plant, stranger, nobody = Client("plant"), Client("stranger"), Client(None)

    def refusals(side):
        figures = request("metrics", token)[1]
        return sum(int(value) for value in re.findall(rf"^forecastd_{side}_client_refusals_total\S* (\d+)", figures, re.MULTILINE))
    until("a forecast", plant.is_served)
    until("refusals", lambda: not stranger.is_served() and refusals("input") and refusals("output"))
    # Whoever were let in late would be served by now.
    until("another forecast", plant.is_served)
    assert not stranger.is_served() and not nobody.is_served()

    # A key that is taken back.
    before = refusals("output")
    clients.write_text((FOLDER / "stranger.public").read_text())
    call("systemctl", "reload", UNIT)
    until("one that has become a stranger", lambda: not plant.is_served() and refusals("output") > before)
    until("a forecast for another", Client("stranger").is_served)
    assert not plant.is_served() and show("MainPID") == process

    CONFIGURATION.write_text(text)
    edit("")
    call("systemctl", "restart", UNIT)
    assert is_ready() and streams.goes_on()
    for path in (clients, FOLDER / "token", *FOLDER.glob("*.secret"), *FOLDER.glob("*.public")):
        path.unlink()
