# Part of forecastd. SPDX-License-Identifier: Apache-2.0
"""The installed service, as systemd and whoever asks it see it."""
import json
import pathlib
import urllib.request

from operations import call
from waiting import PATIENCE

UNIT = "forecastd.service"
HTTP_SOCKET = "forecastd-http.socket"
CONFIGURATION = pathlib.Path("/etc/forecastd/forecastd.yaml")


def show(name, unit=UNIT):
    """A property of the service, as systemd says it."""
    return call("systemctl", "show", "--value", "--property", name, unit).strip()


def journal(*fields):
    """The messages of the daemon's log, or those with certain fields."""
    lines = call("journalctl", "--unit", UNIT, "--output", "json", *fields).splitlines()
    return [json.loads(line) for line in lines]


def says(*words):
    """Whether an error in the daemon's log has these words; the log takes a moment."""
    return any(all(word in line["MESSAGE"] for word in words) for line in journal("PRIORITY=3"))


def count(words):
    """How many lines of the daemon's log have these words."""
    return sum(words in line["MESSAGE"] for line in journal())


def is_ready():
    return show("ActiveState") == "active" and show("SubState") == "running"


def health():
    return urllib.request.urlopen("http://127.0.0.1:8080/healthz", timeout=PATIENCE).status
