# Part of forecastd. SPDX-License-Identifier: Apache-2.0
"""`viewers.py PORT COUNT`: listens to a daemon's events as COUNT pages would, until standard input ends.

Prints an empty line when all listen, and at the end what the one who was told least was told, as JSON.
"""
import json
import selectors
import socket
import sys
import time


def main():
    port, count = int(sys.argv[1]), int(sys.argv[2])
    selector = selectors.DefaultSelector()
    selector.register(sys.stdin, selectors.EVENT_READ)
    told = {}
    for _ in range(count):
        viewer = socket.create_connection(("127.0.0.1", port))
        viewer.sendall(f"GET /api/v1/events HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
        viewer.recv(1)
        told[viewer] = 0
        selector.register(viewer, selectors.EVENT_READ)
    print(flush=True)
    begin, room, total, is_over = time.monotonic(), bytearray(1 << 20), 0, False
    while not is_over:
        for key, _ in selector.select():
            if key.fileobj is sys.stdin:
                is_over = True
                continue
            length = key.fileobj.recv_into(room)
            if length == 0:
                raise SystemExit("a viewer was given up")
            told[key.fileobj] += room.count(b"event: rows", 0, length)
            total += length
    megabytes = total / 1e6 / (time.monotonic() - begin)
    print(json.dumps({"least": min(told.values(), default=0), "megabytes_per_second": megabytes}), flush=True)


main()
