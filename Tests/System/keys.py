# Part of forecastd. SPDX-License-Identifier: Apache-2.0
"""A step of service.py about who is let in: keys and a token that root alone can read, which systemd hands to the service."""
import re
import urllib.error
import urllib.request

import zmq

from operations import call, edit
from streams import until
from unit import CONFIGURATION, UNIT, health, is_ready, says, show
from waiting import PATIENCE

FOLDER = CONFIGURATION.parent
CREDENTIALS = "".join(f"LoadCredential={name}:{FOLDER}/{name}\n" for name in ("forecastd.secret", "token"))
# Addresses that other machines reach, without insecure: true.
PUSHED = '\n  pushed: {socket: pull, bind: ["tcp://*:5558"]}'
SECURED = '\n  secured: {socket: pub, bind: ["tcp://*:5559"]}'


def request(path, token=None):
    """The status and the text of an answer."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        asked = urllib.request.Request(f"http://127.0.0.1:8080/{path}", headers=headers)
        with urllib.request.urlopen(asked, timeout=PATIENCE) as answer:
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
        self.sub.connect("tcp://127.0.0.1:5559")
        self.name = f"by.{name}".encode()

    def is_served(self):
        """Whether a value is taken, and a forecast comes."""
        try:
            self.push.send_multipart([self.name, b'{"value": 1}'])
            return self.sub.recv_multipart()[0] == self.name
        except zmq.Again:
            return False


def lets_in_who_has_a_key(streams, *_):
    for name in ("forecastd", "plant", "stranger"):
        call("forecastd", "keygen", name, "--directory", FOLDER)
    clients, token = FOLDER / "clients", "0123456789abcdef"
    clients.write_text((FOLDER / "plant.public").read_text())
    (FOLDER / "token").touch(0o600)
    (FOLDER / "token").write_text(token)
    text = CONFIGURATION.read_text()
    secured = text + "curve: {secret_key: AT/forecastd.secret, clients: clients}\n"
    for before, now in (('format: json}', 'format: json, insecure: true}' + PUSHED), ('5557"]}', '5557"], insecure: true}' + SECURED),
                        ('8080"}', '8080", token: AT/token}')):
        assert before in secured, secured
        secured = secured.replace(before, now)

    # The service's user cannot read what is root's alone.
    CONFIGURATION.write_text(secured.replace("AT/", ""))
    call("systemctl", "restart", UNIT, status=None)
    until("the end", lambda: show("ActiveState") == "failed")
    assert show("ExecMainStatus") == "77"
    until("the reason", lambda: says("forecastd.secret", "LoadCredential="))

    edit("[Service]\n" + CREDENTIALS)
    CONFIGURATION.write_text(secured.replace("AT/", "$CREDENTIALS_DIRECTORY/"))
    call("systemctl", "start", UNIT)
    process = show("MainPID")
    assert health() == 200 and request("metrics")[0] == 401 and request("metrics", "another")[0] == 401
    assert streams.goes_on()

    def count(name, side):
        """A count of the input or the output that asks for keys."""
        figures = request("metrics", token)[1]
        return int(re.search(rf'^forecastd_{side}put_{name}_total{{{side}put="(pushed|secured)"}} (\d+)', figures, re.MULTILINE)[2])

    def is_refused(key, name):
        """Waits until who has a key, or none, is turned away at both doors."""
        before = [count(name, side) for side in ("in", "out")]
        client = Client(key)
        until(f"refusals of {key}", lambda: not client.is_served() and all(
            count(name, side) > past for side, past in zip(("in", "out"), before)))
    plant = Client("plant")
    until("a forecast", plant.is_served)
    is_refused("stranger", "client_refusals")
    is_refused(None, "handshake_failures")
    until("another forecast", plant.is_served)

    # A key that is taken back.
    before = count("client_refusals", "out")
    clients.write_text((FOLDER / "stranger.public").read_text())
    call("systemctl", "reload", UNIT)
    until("one that has become a stranger", lambda: not plant.is_served() and count("client_refusals", "out") > before)
    until("a forecast for another", Client("stranger").is_served)
    assert show("MainPID") == process

    CONFIGURATION.write_text(text)
    edit("")
    call("systemctl", "restart", UNIT)
    assert is_ready() and streams.goes_on()
    for path in (clients, FOLDER / "token", *FOLDER.glob("*.secret"), *FOLDER.glob("*.public")):
        path.unlink()
