#!/usr/bin/env python3
# Part of forecastd. SPDX-License-Identifier: Apache-2.0
"""Writes golden.json: messages of well-known libraries, and what they say.

Run once, outside of the repository:

    python3 -m venv /tmp/golden && /tmp/golden/bin/pip install msgpack influxdb-client
    /tmp/golden/bin/python make_golden.py
"""
import datetime
import json
import pathlib
from importlib.metadata import version

import msgpack
from influxdb_client import Point, WritePrecision

TIME = datetime.datetime(2026, 11, 23, 6, 59, 40, 250_000, tzinfo=datetime.timezone.utc)
NANOSECONDS = 1_795_417_180_250_000_000


def message(format, library, payload, *observations, unit=None):
    return {"format": format, "library": library, "payload": payload.hex(), "unit": unit,
            "observations": [list(observation) for observation in observations]}


def packed():
    library = f"msgpack {version('msgpack')}"
    long = {f"field{number}": number for number in range(20)}
    cases = [
        ({"value": 21.5}, {}, [("a", None, 21.5)]),
        ({"ts": 1_700_000_000.1, "value": 20.1234}, {}, [("a", 1_700_000_000_100_000_000, 20.1234)]),
        ({"ts": 1_700_000_000, "value": -3}, {}, [("a", 1_700_000_000_000_000_000, -3)]),
        ({"ts": TIME, "value": 1}, {"datetime": True}, [("a", NANOSECONDS, 1)]),
        ({"ts": msgpack.Timestamp(1_700_000_000), "y": 1}, {}, [("a", 1_700_000_000_000_000_000, 1)]),
        ({"ts": msgpack.Timestamp(5_000_000_000, 7), "y": 1}, {}, [("a", 5_000_000_000_000_000_007, 1)]),
        ({"ts": msgpack.Timestamp(-1, 7), "y": 1}, {}, [("a", -999_999_993, 1)]),
        ({"ts": TIME.isoformat(), "value": 2**40}, {}, [("a", NANOSECONDS, 2.0**40)]),
        ({"value": 2.5}, {"use_single_float": True}, [("a", None, 2.5)]),
        ({"values": {"temp": 1.5, "hum": -200, "gone": None}}, {}, [("a.temp", None, 1.5), ("a.hum", None, -200)]),
        ([{"value": 1}, {"value": 70_000}], {}, [("a", None, 1), ("a", None, 70_000)]),
        ({**long, "note": "x" * 300, "raw": b"\0" * 300, "value": 1}, {}, [("a", None, 1)]),
        ([{"value": number} for number in range(-40, 300)], {}, [("a", None, number) for number in range(-40, 300)]),
    ]
    for value, options, observations in cases:
        yield message("msgpack", library, msgpack.packb(value, **options), *observations)


def lines():
    library = f"influxdb-client {version('influxdb-client')}"
    point = Point("boiler").tag("unit", "3").tag("site", "north").field("temp", 21.5).field("hum", 40)
    yield message("lineprotocol", library, point.time(TIME).to_line_protocol().encode(),
                  ("a.boiler.north.3.hum", NANOSECONDS, 40), ("a.boiler.north.3.temp", NANOSECONDS, 21.5))
    point = Point("door").field("value", 1).field("state", 'half "open", \\ = stuck').field("locked", True)
    yield message("lineprotocol", library, point.to_line_protocol().encode(), ("a.door", None, 1))
    point = Point("m").field("small", 1e-7).field("large", 1e20).field("negative", -12)
    yield message("lineprotocol", library, point.time(7, WritePrecision.S).to_line_protocol().encode(),
                  ("a.m.large", 7_000_000_000, 1e20), ("a.m.negative", 7_000_000_000, -12),
                  ("a.m.small", 7_000_000_000, 1e-7), unit="s")
    both = "\n".join(Point("m").field("value", number).time(number, WritePrecision.MS).to_line_protocol()
                     for number in (1, 2))
    yield message("lineprotocol", library, both.encode(), ("a.m", 1_000_000, 1), ("a.m", 2_000_000, 2), unit="ms")


cases = [*packed(), *lines()]
text = "[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n"
(pathlib.Path(__file__).parent / "golden.json").write_text(text)
