# Part of forecastd. SPDX-License-Identifier: Apache-2.0
"""Values for a daemon, and what it says to them."""
import json

import zmq

import waiting
from operations import call


def until(what, condition):
    """Waits for something to become true; where it does not, the log says more."""
    return waiting.until(lambda: f"{what}; the log:\n{call('journalctl', '--no-pager', '-n', '40')}", condition)


class Streams:
    """A publisher and a subscriber of a daemon."""

    def __init__(self, values=5556, forecasts=5557):
        context = zmq.Context.instance()
        self.pub, self.sub = context.socket(zmq.PUB), context.socket(zmq.SUB)
        for each in (self.pub, self.sub):
            each.setsockopt(zmq.LINGER, 0)
            each.setsockopt(zmq.RECONNECT_IVL, 20)
        self.sub.setsockopt(zmq.RCVTIMEO, 100)
        self.sub.subscribe("")
        self.pub.bind(f"tcp://127.0.0.1:{values}")
        self.sub.connect(f"tcp://127.0.0.1:{forecasts}")
        self.sent = 0

    def forecast(self, stream="pump"):
        """Publishes values until a forecast of one of them comes, which takes some while connections are made."""
        def attempt():
            self.sent += 1
            self.pub.send_multipart([stream.encode(), json.dumps({"value": self.sent % 7}).encode()])
            try:
                while True:
                    name, payload, _ = self.sub.recv_multipart()
                    if name.decode() == stream:
                        return json.loads(payload)
            except zmq.Again:
                return None
        return until(f"a forecast of {stream}", attempt)

    def warm(self, stream="pump"):
        """Publishes values until the stream has its warm-up behind it."""
        return until("a forecast that is no longer warming", lambda: self.goes_on(stream))

    def goes_on(self, stream="pump"):
        """Whether the next forecast is of a stream that has had its warm-up, which needs its state."""
        return self.forecast(stream)["status"] == "ok"
