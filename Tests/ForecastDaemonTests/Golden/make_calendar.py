#!/usr/bin/python3
# Part of forecastd. SPDX-License-Identifier: Apache-2.0
"""Makes calendar.json: what Python's zoneinfo says of times, as positions in the day, the week and the year.

The time zone database must be one of 2025 or later; apt: tzdata.
"""
import datetime
import json
import math
import pathlib
import random
import zoneinfo

ZONES = [
    "UTC", "Europe/Berlin", "Europe/London", "America/New_York", "America/St_Johns", "America/Sao_Paulo",
    "Asia/Kolkata", "Asia/Kathmandu", "Australia/Sydney", "Australia/Adelaide", "Australia/Lord_Howe",
    "Pacific/Auckland", "Pacific/Apia", "Europe/Moscow", "Asia/Tokyo"]


def row(seconds, zone):
    local = datetime.datetime.fromtimestamp(seconds, zoneinfo.ZoneInfo(zone))
    day = (local.hour * 3600 + local.minute * 60 + local.second + local.microsecond / 1e6) / 86400
    days = 366 if local.year % 4 == 0 and (local.year % 100 != 0 or local.year % 400 == 0) else 365
    positions = [day, (local.weekday() + day) / 7, (local.timetuple().tm_yday - 1 + day) / days]
    angles = [round(f(2 * math.pi * p), 12) for p in positions for f in (math.sin, math.cos)]
    return [zone, seconds, *angles]


def utc(*fields):
    return int(datetime.datetime(*fields, tzinfo=datetime.timezone.utc).timestamp())


times = [0, 1, utc(1972, 2, 29, 12), utc(1999, 12, 31, 23, 59, 59), utc(2000, 2, 29), utc(2000, 12, 31, 18)]
times += [utc(2024, 2, 28, 23), utc(2024, 2, 29, 1), utc(2024, 12, 31, 23, 30), utc(2025, 1, 1, 0, 30)]
# Both changes of daylight saving in the north and in the south, by half hours around them.
for change in [(2025, 3, 30, 1), (2025, 10, 26, 1), (2025, 3, 9, 7), (2025, 11, 2, 6), (2025, 4, 5, 16),
               (2025, 10, 4, 16), (2025, 4, 5, 14), (2025, 9, 27, 14), (2011, 12, 30, 10), (2014, 10, 25, 22)]:
    times += [utc(*change) + 1800 * half for half in range(-3, 4)]
# Beyond what the database lists one by one.
times += [utc(2037, 7, 1), utc(2050, 1, 15, 3), utc(2050, 7, 15, 3), utc(2099, 6, 1, 9, 30), utc(2099, 12, 1)]
generator = random.Random(20261126)
times += [generator.randrange(0, 4_102_000_000) for _ in range(25)]
rows = [row(seconds, zone) for zone in ZONES for seconds in times]
text = "[\n" + ",\n".join(json.dumps(r, separators=(",", ":")) for r in rows) + "\n]\n"
pathlib.Path(__file__).with_name("calendar.json").write_text(text)
