#!/usr/bin/python3
# Part of forecastd. SPDX-License-Identifier: Apache-2.0
"""The other side of the integration tests: real pyzmq sockets and real PyTorch.

Reads one JSON request per line from standard input, answers with one JSON line: {"ok": ...} or {"error": ...}.
"""
import datetime
import json
import math
import pathlib
import re
import socket as socketlib
import struct
import sys
import time
import zoneinfo

import msgpack
import torch
import zmq

from zmtp import ask_rawly, overhear, overheard, talk_down

TIMEOUT_MS = 60_000

context = zmq.Context()
sockets = {}
models = {}
followers = {}


class Tutorial(torch.nn.Module):
    """The class everybody starts from."""

    def __init__(self, inputs, hidden, layers, outputs, bias):
        super().__init__()
        self.lstm = torch.nn.LSTM(inputs, hidden, layers, batch_first=True, bias=bias)
        self.fc = torch.nn.Linear(hidden, outputs, bias=bias)

    def forward(self, x, state=None):
        out, state = self.lstm(x, state)
        return self.fc(out[:, -1]), state


def save_safetensors(state_dict, path, metadata):
    header, data = {"__metadata__": metadata}, b""
    for name, tensor in state_dict.items():
        raw = tensor.to(torch.float32).contiguous().numpy().tobytes()
        header[name] = {
            "dtype": "F32", "shape": list(tensor.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


def model(path, seed, inputs=1, hidden=12, layers=2, outputs=1, bias=True, metadata={}):
    """Makes a random model, writes its state_dict, keeps it in float64 as the truth."""
    torch.manual_seed(seed)
    module = Tutorial(inputs, hidden, layers, outputs, bias)
    save_safetensors(module.state_dict(), path, metadata)
    models[path] = module.double().eval()


def reference(path, values, mode="stateful", window=None, horizon=1, mean=0.0, std=1.0):
    """The forecasts after each of `values`, by the module itself; recursion where it has one output."""
    module, scaled, forecasts = models[path], [(v - mean) / std for v in values], []

    def tensor(sequence):
        return torch.tensor(sequence, dtype=torch.float64).reshape(1, -1, 1)

    with torch.no_grad():
        state = None
        for end in range(1, len(scaled) + 1):
            if mode == "window":
                out, now = module(tensor(scaled[max(0, end - window):end]))
            else:
                out, now = state_out = module(tensor(scaled[end - 1:end]), state)
                state = state_out[1]
            if out.shape[1] > 1:
                steps = out[0, :horizon].tolist()
            else:
                steps = [out.item()]
                while len(steps) < horizon:
                    out, now = module(tensor(steps[-1:]), now)
                    steps.append(out.item())
            forecasts.append([mean + std * step for step in steps])
    return forecasts


def reference_vectors(path, ticks, zone, mode="stateful", window=None):
    """The forecasts after each of `ticks`, by the module itself.

    A tick is a time in seconds and values; its vector is hum, the hour as sine and cosine, temp: a scaled one of
    means 40 and 20 and deviations 10 and 5.
    """
    module, vectors, forecasts, state = models[path], [], [], None
    for seconds, temp, hum in ticks:
        local = datetime.datetime.fromtimestamp(seconds, zoneinfo.ZoneInfo(zone))
        angle = 2 * math.pi * (local.hour * 3600 + local.minute * 60 + local.second) / 86400
        vectors.append([(hum - 40) / 10, math.sin(angle), math.cos(angle), (temp - 20) / 5])
        with torch.no_grad():
            if mode == "window":
                out, _ = module(torch.tensor([vectors[-window:]], dtype=torch.float64))
            else:
                out, state = module(torch.tensor([vectors[-1:]], dtype=torch.float64), state)
        forecasts.append([20 + 5 * step for step in out[0].tolist()])
    return forecasts


def open_socket(name, kind, bind=None, connect=None, topics=(), limit=0, secret=None, server=None):
    """kind: xpub, push, sub, xsub, pull, dealer. Answers with the bound endpoint.

    With CURVE where there is a secret key: as a client that wants proof of the server's public key, or as a server that
    admits everybody.
    """
    kinds = {
        "xpub": zmq.XPUB, "push": zmq.PUSH, "sub": zmq.SUB, "xsub": zmq.XSUB, "pull": zmq.PULL, "dealer": zmq.DEALER}
    socket = context.socket(kinds[kind])
    socket.setsockopt(zmq.LINGER, 0)
    socket.set_hwm(limit)
    socket.setsockopt(zmq.RCVTIMEO, TIMEOUT_MS)
    socket.setsockopt(zmq.SNDTIMEO, TIMEOUT_MS)
    for topic in topics:
        socket.setsockopt(zmq.SUBSCRIBE, topic.encode())
    if secret:
        socket.curve_secretkey, socket.curve_publickey = secret.encode(), zmq.curve_public(secret.encode())
        if server:
            socket.curve_serverkey = server.encode()
        else:
            socket.curve_server = True
    if bind:
        bind_when_free(socket, bind)
    if connect:
        socket.connect(connect)
    sockets[name] = socket
    return socket.getsockopt(zmq.LAST_ENDPOINT).rstrip(b"\0").decode()


def bind_when_free(socket, endpoint):
    """Binds; a closed socket holds its endpoint a moment longer, until libzmq's own thread lets it go."""
    deadline = time.monotonic() + TIMEOUT_MS / 1000
    while True:
        try:
            return socket.bind(endpoint)
        except zmq.ZMQError as error:
            if error.errno != zmq.EADDRINUSE or time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def send(name, messages):
    """messages: lists of frames, each text in latin 1."""
    for frames in messages:
        sockets[name].send_multipart([frame.encode("latin-1") for frame in frames])


def offer(name, frames):
    """Sends a message if there is a connection; answers whether there is one."""
    try:
        sockets[name].send_multipart([frame.encode("latin-1") for frame in frames], zmq.DONTWAIT)
        return True
    except zmq.Again:
        return False


def drain(name):
    """Takes what has come and what comes within a fifth of a second after; answers with the number of messages."""
    count = 0
    while sockets[name].poll(200):
        sockets[name].recv_multipart()
        count += 1
    return count


def send_packed(name, messages):
    """messages: pairs of a stream and what is sent as MessagePack."""
    for stream, value in messages:
        sockets[name].send_multipart([stream.encode(), msgpack.packb(value)])


def brief(payload):
    """A payload of JSON without its forecasts, of which there may be many."""
    return json.loads(payload) | {"yhat": []}


def receive(name, count, skip=None, is_brief=False):
    """The next `count` forecasts, not counting streams that begin with `skip`."""
    answers = []
    while len(answers) < count:
        frames = sockets[name].recv_multipart()
        if skip is not None and frames[0].decode().startswith(skip):
            continue
        payload = json.loads(frames[1]) if frames[1].startswith(b"{") else msgpack.unpackb(frames[1])
        if is_brief:
            payload["yhat"] = []
        answers.append({
            "frames": len(frames), "topic": frames[0].decode(), "payload": payload,
            "sequence": struct.unpack("<Q", frames[2])[0]})
    return answers


def receive_values(name, count):
    """The next `count` messages of a generator that are good, as a consumer without forecastd would read them."""
    answers = []
    while len(answers) < count:
        stream, payload, sequence = sockets[name].recv_multipart()
        fields = json.loads(payload)
        answers.append({
            "stream": stream.decode(), "ts": fields["ts"], "value": fields["value"],
            "sequence": struct.unpack("<Q", sequence)[0]})
    return answers


def subscriptions(name, count):
    """Waits for `count` subscriptions to a publisher; answers with their prefixes."""
    return sorted(sockets[name].recv()[1:].decode() for _ in range(count))


def probe(publisher, subscriber, stream, payload):
    """Sends values of a stream of its own until a forecast of it arrives: then all sockets are joined.

    Answers with the number of forecasts received meanwhile.
    """
    deadline = time.monotonic() + TIMEOUT_MS / 1000
    socket, count = sockets[subscriber], 0
    while time.monotonic() < deadline:
        sockets[publisher].send_multipart([stream.encode(), payload.encode("latin-1")])
        if socket.poll(20):
            while socket.poll(200):
                socket.recv_multipart()
                count += 1
            return count
    raise TimeoutError("no forecast of the probe stream arrived")


def exchange(name, *request, identifier=b"7"):
    """The messages of a replay socket's answer to a request, but for the request's id."""
    sockets[name].send_multipart([identifier, *request])
    messages = []
    while not messages or messages[-1][0] == b"message":
        echo, *message = sockets[name].recv_multipart()
        assert echo == identifier, echo
        messages.append(message)
    return messages


def number(frame):
    return struct.unpack("<Q", frame)[0]


def ask(name, command, topic, epoch=None, after=None):
    """Asks a replay socket; answers with the messages and what the last frames say."""
    behind = [] if epoch is None else [epoch.encode(), struct.pack("<Q", after)]
    *messages, (kind, *frames) = exchange(name, command.encode(), topic.encode(), *behind)
    return {
        "messages": [
            {"frames": len(frames) - 1, "topic": frames[1].decode(), "payload": brief(frames[2]),
             "sequence": number(frames[3])} for frames in messages],
        "kind": kind.decode(), "epoch": frames[0].decode(), "numbers": [number(frame) for frame in frames[1:]]}


def refusals(name, requests):
    """What a replay socket answers to requests of frames, each text in latin 1."""
    answers = []
    for request in requests:
        sockets[name].send_multipart([frame.encode("latin-1") for frame in request])
        _, kind, text = sockets[name].recv_multipart()
        answers.append([kind.decode(), text.decode()])
    return answers


def follow(name, live, replay, prefix):
    """Begins to follow streams with the client that Documentation/WireFormat.md shows."""
    text = (pathlib.Path(__file__).parents[2] / "Documentation/WireFormat.md").read_text()
    code = next(code for code in re.findall(r"```python\n(.*?)```", text, re.DOTALL) if "def follow" in code)
    namespace = {}
    exec(code, namespace)
    zmq.Context.instance().setsockopt(zmq.RCVTIMEO, TIMEOUT_MS)
    zmq.Context.instance().setsockopt(zmq.LINGER, 0)
    followers[name] = namespace["follow"](live, replay, prefix.encode())


def followed(name, count):
    """The next `count` messages that a follower gets."""
    return [
        {"frames": 3, "topic": stream.decode(), "payload": brief(payload), "sequence": sequence}
        for stream, payload, sequence in (next(followers[name]) for _ in range(count))]


def talk(path, requests):
    """What is answered to each of `requests` on a connection of its own; nothing where it is closed."""
    answers = []
    for request in requests:
        with socketlib.socket(socketlib.AF_UNIX) as connection:
            connection.settimeout(TIMEOUT_MS / 1000)
            connection.connect(path)
            try:
                connection.sendall(request.encode())
                connection.shutdown(socketlib.SHUT_WR)
                answers.append(b"".join(iter(lambda: connection.recv(1 << 16), b"")).decode())
            except (BrokenPipeError, ConnectionResetError):
                answers.append("")
    return answers


def close(name):
    sockets.pop(name).close()


operations = {
    function.__name__: function
    for function in (
        offer, drain, model, reference, reference_vectors, open_socket, send, send_packed, receive, receive_values, subscriptions, probe,
        ask, refusals, follow, followed, talk, ask_rawly, talk_down, overhear, overheard, close)}

for line in sys.stdin:
    request = json.loads(line)
    try:
        answer = {"ok": operations[request.pop("operation")](**request)}
    except Exception as error:  # the test shows it
        answer = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer), flush=True)
