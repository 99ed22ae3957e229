# Part of forecastd. SPDX-License-Identifier: Apache-2.0
"""What no library of ZeroMQ says to a daemon, byte by byte: operations of peer.py, in ZMTP (https://rfc.zeromq.org/spec/23/)."""
import contextlib
import socket
import struct

TIMEOUT = 60
# What a connection begins with (ZMTP); since version 3 a revision and a mechanism follow.
SIGNATURE = b"\xff" + bytes(8) + b"\x7f"
# What was heard over connections that stay.
overhearing = {}


def ask_rawly(port, requests, rounds):
    """Sends requests as no library would, each text in latin 1, to a publisher without CURVE, and waits until it ends the
    connection; then again at once."""
    text = b"".join(frame(request.encode("latin-1")) for request in requests)
    for _ in range(rounds):
        with socket.create_connection(("127.0.0.1", port), TIMEOUT) as connection:
            say(connection, greeting(b"NULL"), ready("xsub"))
            # What comes before the other side is ready is an error.
            if is_ready(hear(connection, is_ready)):
                say(connection, text)
            hear(connection)


def talk_down(port, kind, opening):
    """Offers a socket less than proof, with a value or a subscription: the mechanism that it answers with, and what it says then."""
    with socket.create_connection(("127.0.0.1", port), TIMEOUT) as connection:
        heard = approach(connection, kind, opening)
        with contextlib.suppress(OSError):  # it has ended
            connection.shutdown(socket.SHUT_WR)
        heard += hear(connection)
    # Greetings before version 3 are of 12 bytes, and know no mechanism.
    mechanism, rest = (heard[12:32].rstrip(b"\0"), heard[64:]) if len(heard) >= 64 else (b"", heard[12:])
    return [mechanism.decode(), rest.decode("latin-1")]


def overhear(port, opening):
    """Subscribes to all that a publisher says, as `talk_down` does, and stays."""
    connection = socket.create_connection(("127.0.0.1", port), TIMEOUT)
    overhearing[connection] = approach(connection, "sub", opening)
    connection.setblocking(False)


def overheard():
    """What the connections of `overhear` were told until now."""
    for connection in overhearing:
        overhearing[connection] += hear(connection)
    return [heard.decode("latin-1") for heard in overhearing.values()]


def approach(connection, kind, opening):
    """Says what the opening is; what is heard meanwhile."""
    value = frame(b"\x01") if kind == "sub" else frame(b"evil", flags=1) + frame(b'{"value":1}')
    number = {"sub": 2, "dealer": 5, "push": 8}[kind]
    # What is said at once, and what is heard where no proof is asked for; a value before that is an error with NULL.
    said, is_enough = {
        "null": (greeting(b"NULL") + ready(kind), is_ready),
        "plain": (greeting(b"PLAIN") + frame(b"\x05HELLO\x01a\x01b", flags=4) + value, lambda _: True),
        "curve": (greeting(b"CURVE") + ready(kind) + value, lambda _: True),
        # A length that counts the flags, then these; first comes an empty identity.
        "version 1": (b"\x01\x00" + (b"\x02\x00\x01" if kind == "sub" else b"\x05\x01evil\x0c\x00" + b'{"value":1}'), lambda _: True),
        "version 2": (SIGNATURE + bytes([1, number]) + frame(b"") + value, lambda heard: len(heard) > 12),
    }[opening]
    say(connection, said)
    heard = hear(connection, is_enough)
    if is_ready(heard):
        say(connection, value)
    return heard


def frame(body, flags=0):
    return bytes([flags, len(body)]) + body


def greeting(mechanism):
    return SIGNATURE + b"\x03\x00" + mechanism.ljust(20, b"\0") + bytes(32)


def ready(kind):
    return frame(b"\x05READY\x0bSocket-Type" + struct.pack(">I", len(kind)) + kind.upper().encode(), flags=4)


def is_ready(heard):
    return b"READY" in heard


def say(connection, *parts):
    """Says something to whoever may have ended the connection."""
    try:
        for part in parts:
            connection.sendall(part)
    except (BrokenPipeError, ConnectionResetError):
        pass


def hear(connection, is_enough=lambda heard: False):
    """What comes until it is enough, or the connection ends; what is there, of one that does not block."""
    heard = b""
    try:
        while not is_enough(heard) and (more := connection.recv(1 << 16)):
            heard += more
    except (BlockingIOError, ConnectionResetError):
        pass
    return heard
