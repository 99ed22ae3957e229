# Part of forecastd. SPDX-License-Identifier: Apache-2.0
"""What happens to the daemon of soak.py. Each actor goes on until all is to end, and counts what it did.

As a program, `hostile.py FOLDER SEED`, it is the peers, until its standard input ends. They have a process of their own because libzmq
4.3 ends one that closes a socket in the middle of a message (zeromq/libzmq#3442); `peers` then begins another.
"""
import json
import pathlib
import random
import signal
import socket
import subprocess
import sys
import threading
import time

import zmq


def bad_messages(soak):
    """A publisher that says anything, and comes back as another one every few seconds."""
    chance = random.Random(soak.random.random())
    while soak.wait(chance.uniform(0, 0.5)):
        publisher = zmq.Context.instance().socket(zmq.PUB)
        publisher.setsockopt(zmq.LINGER, 0)
        publisher.connect(f"ipc://{soak.folder}/hostile")
        for _ in range(chance.randrange(40)):
            if not soak.wait(0.05):
                break
            for _ in range(chance.randrange(50)):
                publisher.send_multipart(bad_message(chance))
                soak.count("bad messages")
        publisher.close()


def bad_message(chance):
    topic = chance.choice([b"hostile.%d" % chance.randrange(3000), b"", b"\xff\xfe", b"x" * 300, b"a b", b"meter.1"])
    payload = chance.choice([
        b'{"value": %d}' % chance.randrange(100), b"", b"{", b'{"value": NaN}', b'{"value": 1e999}', b'{"value": "x"}',
        b'{"ts": "2300-01-01T00:00:00Z", "value": 1}', b'{"ts": -1e30, "value": 1}', b"[" * 1000, chance.randbytes(100),
        b'{"value": 1e308}', b'{"value": -1e308}', b"x" * 70000, b'{"values": {"a": 1, "b": null}}',
    ])
    # Values for meters would count there: they come by another way only.
    if topic == b"meter.1":
        payload = b"{"
    return [topic, payload] + [chance.randbytes(chance.randrange(12)) for _ in range(chance.choice([0] * 8 + [1, 2, 30]))]


def strangers(soak):
    """Peers at the loss-free input that are no producers, and producers that are never heard of again."""
    chance = random.Random(soak.random.random())
    while soak.wait(chance.uniform(0, 2)):
        peer = zmq.Context.instance().socket(zmq.DEALER)
        peer.setsockopt(zmq.LINGER, 0)
        peer.connect(f"ipc://{soak.folder}/meters")
        if chance.random() < 0.5:
            peer.send_multipart([b"H\x01" + bytes(8), b"stranger-%d" % chance.randrange(50)])
        for _ in range(20):
            peer.send_multipart([chance.choice([b"M", b"H", b"Q", b""]) + chance.randbytes(chance.randrange(12)),
                                 chance.randbytes(5)])
        soak.wait(0.1)
        peer.close()
        soak.count("strangers at the loss-free input")


def subscribers(soak):
    """Subscribers that come and go, and never read."""
    chance = random.Random(soak.random.random())
    kept = []
    while soak.wait(chance.uniform(0, 1)):
        subscriber = zmq.Context.instance().socket(zmq.SUB)
        subscriber.setsockopt(zmq.RCVHWM, 10)
        for _ in range(chance.randrange(20)):
            subscriber.subscribe(chance.choice([b"", b"steady.1", b"hostile.", chance.randbytes(4)]))
        subscriber.connect(f"ipc://{soak.folder}/forecasts")
        kept.append(subscriber)
        if len(kept) > 10:
            kept.pop(chance.randrange(len(kept))).close(linger=0)
        soak.count("subscribers")
    for subscriber in kept:
        subscriber.close(linger=0)


def pages(soak):
    """Pages that listen for a while, and are closed in the middle of something, or do not read."""
    chance = random.Random(soak.random.random())
    while soak.wait(chance.uniform(0, 2)):
        with socket.create_connection(("127.0.0.1", soak.port), timeout=10) as page:
            page.sendall(f"GET /api/v1/events HTTP/1.1\r\nHost: 127.0.0.1:{soak.port}\r\n\r\n".encode())
            end, reads = time.monotonic() + chance.uniform(0, 5), chance.random() < 0.8
            while time.monotonic() < end and soak.wait(0.05):
                if reads and not page.recv(1 << 20):
                    break
        soak.count("pages")


def requests(soak):
    """Requests, half of which no browser would make."""
    chance = random.Random(soak.random.random())
    while soak.wait(chance.uniform(0, 0.5)):
        path = chance.choice(["/metrics", "/api/v1/status", "/api/v1/streams?limit=1000", "/healthz", "/", "/%00", "/" + "a" * 9000,
                              "/api/v1/streams/steady.1/history", "/api/v1/streams/none"])
        text = f"{chance.choice(['GET', 'GET', 'GET', 'POST', 'X' * 50])} {path} HTTP/1.1\r\nHost: 127.0.0.1:{soak.port}\r\n"
        text += chance.choice(["", "", "Content-Length: 99999999999\r\n", "A: " + "b" * 20000 + "\r\n"]) + "\r\n"
        with socket.create_connection(("127.0.0.1", soak.port), timeout=10) as connection:
            connection.sendall(text[:chance.choice([len(text)] * 4 + [20])].encode())
            if chance.random() < 0.8:
                connection.settimeout(0.5)
                try:
                    connection.recv(1 << 16)
                except OSError:
                    pass
        soak.count("requests")


def reloads(soak):
    """Another horizon and back again, and now and then a file that is none."""
    chance = random.Random(soak.random.random())
    while soak.wait(chance.uniform(20, 60)):
        if chance.random() < 0.3:
            (soak.folder / "forecastd.yaml").write_text("streams: [")
        else:
            soak.configure(horizon=chance.choice([6, 12, 24]))
        soak.process.send_signal(signal.SIGHUP)
        soak.count("reloads")
    soak.configure(horizon=12)


def clock(soak):
    """The system's clock, as the daemon sees it, jumps and comes back."""
    chance = random.Random(soak.random.random())
    while soak.wait(chance.uniform(60, 240)):
        soak.set_clock(chance.choice([3600, -3600, 90, -90, 0.5]))
        soak.count("jumps of the clock")
        soak.wait(chance.uniform(5, 30))
        soak.set_clock(0)


def full_disk(soak):
    """The disk is full for a while, and has room again."""
    chance = random.Random(soak.random.random())
    while soak.wait(chance.uniform(200, 400)):
        filler = soak.disk / "filler"
        end = time.monotonic() + chance.uniform(5, 20)
        while time.monotonic() < end:
            with open(filler, "ab", buffering=0) as file:
                try:
                    while True:
                        file.write(bytes(1 << 16))
                except OSError:
                    pass
            if not soak.wait(0.2):
                break
        filler.unlink()
        soak.count("times that the disk was full")


class Peers:
    """Of soak.py, what peers need in a process of their own; what they count goes to a file, once a second."""

    def __init__(self, folder, seed):
        self.folder, self.random = pathlib.Path(folder), random.Random(int(seed))
        self.ended, self.counts = threading.Event(), {}

    def wait(self, seconds):
        return not self.ended.wait(seconds)

    def count(self, name, more=1):
        self.counts[name] = self.counts.get(name, 0) + more

    def run(self):
        threads = [threading.Thread(target=actor, args=[self]) for actor in (bad_messages, strangers, subscribers)]
        threads.append(threading.Thread(target=self.write))
        for thread in threads:
            thread.start()
        sys.stdin.read()
        self.ended.set()
        for thread in threads:
            thread.join()
        self.write()

    def write(self):
        while True:
            new = self.folder / "peers.new"
            new.write_text(json.dumps(self.counts))
            new.rename(self.folder / "peers.json")
            if not self.wait(1):
                return


def peers(soak):
    """Peers at all doors of ZeroMQ, again and again."""
    counts = soak.folder / "peers.json"
    while soak.wait(0):
        counts.write_text("{}")
        process = subprocess.Popen(
            ["/usr/bin/python3", __file__, soak.folder, str(soak.random.getrandbits(32))], stdin=subprocess.PIPE)
        while process.poll() is None and soak.wait(1):
            pass
        process.stdin.close()
        status = process.wait(60)
        for name, count in json.loads(counts.read_text()).items():
            soak.count(name, count)
        if status == -signal.SIGABRT:
            soak.count("times that libzmq ended the peers' process")
        elif status != 0:
            raise RuntimeError(f"expected the peers to end with 0, found {status}")


ACTORS = [peers, pages, requests, reloads, clock, full_disk]

if __name__ == "__main__":
    Peers(*sys.argv[1:]).run()
