# Part of forecastd. SPDX-License-Identifier: Apache-2.0
"""Each document's commands and examples, run as its reader would, with what they need before."""
import datetime
import json
import re
import shutil
import signal
import time
import urllib.request

from shown import keys_of, says
from stage import CONFIGURATION, ETC, ROOT, Feed, until

CLASS = """
import safetensors.torch, torch
class Model(torch.nn.Module):
    def __init__(self, inputs=1):
        super().__init__()
        self.lstm = torch.nn.LSTM(inputs, 8, 1, batch_first=True)
        self.linear = torch.nn.Linear(8, 1)
"""
# Training that takes a moment; how good it would be is no matter here.
SHORTER = " --iterations 20"
GENERAL = f"models: {{general: {{weights: {ROOT}/config/models/general.safetensors}}}}\n"
SOCKETS = """\
inputs: {plant: {socket: sub, connect: ["tcp://127.0.0.1:5556"], format: json}}
outputs: {forecasts: {socket: pub, bind: ["tcp://127.0.0.1:5557"]}}
http: {bind: "127.0.0.1:8080"}
"""


def play(document, stage):
    scene = SCENES.get(document.name)
    if scene:
        scene(document, stage)
    for block in document.blocks:
        if block.language == "yaml" and not block.is_held:
            checks(document.block("yaml", block.text), stage)


def checks(text, stage):
    """An excerpt of a configuration is right with what it leaves out."""
    keys = re.findall(r"^(\w+):", text, re.MULTILINE)
    names = set(re.findall(r"model: (\w+)", text)) | set(re.findall(r"^  (\w+): \{weights", text, re.MULTILINE)) or {"general"}
    files = [f"{name}.safetensors" for name in names]
    random_models(stage, *(file for file in files if not (stage.folder / file).exists()))
    left_out = {
        "inputs": 'inputs: {plant: {socket: sub, connect: ["tcp://127.0.0.1:5556"], format: json}}',
        "outputs": 'outputs: {forecasts: {socket: pub, bind: ["tcp://127.0.0.1:5557"]}}',
        "models": "models: {" + ", ".join(f"{name}: {{weights: {name}.safetensors}}" for name in sorted(names)) + "}",
        "streams": f'streams: [{{match: "*", model: {min(names)}}}]',
    }
    (stage.folder / "excerpt.yaml").write_text("\n".join([text, *(line for key, line in left_out.items() if key not in keys)]) + "\n")
    stage.run("forecastd check --config excerpt.yaml")


def random_models(stage, *names):
    """Model files with PyTorch's initial weights, each with others."""
    if not names:
        return
    lines = (f"safetensors.torch.save_file(Model().state_dict(), {name!r})" for name in names)
    stage.python(CLASS, *lines).wait()


def readme(document, stage):
    shown = document.command("make run")
    demonstration = stage.begin(stage.run("make -n run").splitlines()[-1])
    demonstration.until(r"host\.context_switches")
    subscriber = stage.python(document.block("python", "socket.subscribe"))
    subscriber.until(r"host\.cpu\.\w+ \[")
    subscriber.end(signal.SIGKILL, -signal.SIGKILL)
    stage.watch(document.command("forecastd top").text, r"host\.cpu\.busy")
    assert "host.load.1m" in stage.run(document.command("forecastd state show").text)
    for start in ("forecastd state show host.load.1m", "forecastd why host.load.1m"):
        assert "host.load.1m" in stage.run(document.command(start).text)
    stage.run(document.command("forecastd tap --drops").text + " --duration 1s")
    demonstration.end()
    # Its streams and its other lines are those that the document shows.
    samples = [line for line in shown.output if " → " in line and "host." in line]
    printed = says([line for line in shown.output if line not in [*samples, "…", "^C"]], demonstration)
    assert {line.split()[1] for line in samples} <= set(re.findall(r"host\.[\w.]+", printed)), printed

    generator = stage.begin(document.command("forecastd generate --host").text)
    daemon = stage.daemon(document.command("forecastd run --config config/demo.yaml").text)
    tap = stage.begin(document.command("forecastd tap").text)
    tap.until(r"host\.cpu\.busy")
    for each in (tap, daemon, generator):
        each.end()

    stage.history("history.csv", 24 * 150)
    stage.run(document.command(".build/release/forecastd train").text + SHORTER)
    assert (stage.folder / "plant.svg").exists()
    assert "in 90 %" in stage.run(document.command("forecastd backtest").text + SHORTER)

    stage.python(
        document.block("python", "class Model"), "model = Model()", document.block("python", "save_file")).wait()
    (stage.folder / "forecastd.yaml").write_text(document.block("yaml"))
    stage.run(document.command(".build/release/forecastd model show").text)
    stage.run(document.command(".build/release/forecastd check").text)
    daemon = stage.daemon(document.command(".build/release/forecastd run").text)
    publisher = stage.python(document.block("python", "zmq.PUB"))
    tap = stage.begin(document.command("forecastd tap").text)
    tap.until("pump.flow .*→")
    for each in (tap, daemon):
        each.end()
    publisher.kill()
    stage.run(document.command(".build/release/forecastd bench").text + " --duration 100ms")


def api(document, stage):
    daemon = stage.daemon("forecastd run --config config/demo.yaml")
    feed = Feed()
    example = document.command("curl -s")
    # No value of these is late.
    shown = set(re.findall(r'"(\w+)":', " ".join(example.output))) - {"late"}

    def is_told():
        feed.forecast("host.load.1m")
        return shown <= keys_of(json.loads(stage.run(example.text)))
    until(f"an answer with {shown}", is_told)
    try:
        urllib.request.urlopen("http://127.0.0.1:8080/api/v1/streams?limit=0")
        raise AssertionError("expected a problem")
    except urllib.error.HTTPError as problem:
        assert json.loads(problem.read()) == json.loads(document.block("json", "limit"))
    feed.close()
    daemon.end()

    decisions(stage)
    example = document.command("forecastd why plant.a.temp")
    says(example.output, stage.begin(example.text))


def decisions(stage):
    """A daemon that has filled ticks, met what cannot be read, and dropped late values."""
    stage.daemon(configuration=SOCKETS + GENERAL + """\
streams: [{match: "plant.*", model: general, every: 1s, gaps: {fill: hold, limit: 10s}, lateness: 2s}]
""")
    feed = Feed()
    feed.forecast("plant.probe")
    now = int(time.time()) - 30

    def send(second, value):
        stamp = datetime.datetime.fromtimestamp(now + second, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        feed.send("plant.a.temp", {"ts": stamp, "value": value})
    for second in [*range(4), *range(6, 15)]:
        send(second, 21.3)
    for _ in range(3):
        feed.send("plant.b.temp", b'{"value":')
    for _ in range(12):
        send(5, 20.9)
    until("all is counted", lambda: " 12 times" in stage.run("forecastd why plant.a.temp"))


def adaptation(document, stage):
    stage.history("history.csv", 24 * 150)
    stage.history("f.csv", 14400, streams=1)
    for start in ("forecastd backtest history.csv --season 24", "forecastd backtest history.csv --season auto"):
        assert "in 90 %" in stage.run(document.command(start).text + SHORTER)
    report = stage.run(document.command("forecastd backtest f.csv").text + SHORTER)
    json.loads(report[report.index("{"):])


def inputs(document, stage):
    stage.python(
        CLASS, "from safetensors.torch import save_file", "model = Model(5)", document.block("python", "save_file")).wait()
    stage.python(
        "import math\nfrom datetime import datetime\nfrom zoneinfo import ZoneInfo\nts = 1767225600",
        document.block("python", "ZoneInfo"), "assert abs(sin - math.sin(math.pi / 12)) < 1e-9 and cos > 0").wait()


def loss_free(document, stage):
    (stage.folder / "values.txt").write_text("".join(f'plant.boiler.temp {{"value": {20 + number}}}\n' for number in range(30)))
    stage.daemon(configuration=document.block("yaml") + GENERAL + """\
outputs: {forecasts: {socket: pub, bind: ["tcp://127.0.0.1:5557"]}}
http: {bind: "127.0.0.1:8080"}
streams: [{match: "*", model: general}]
""")
    sender = stage.begin(document.command("tail -F").text)
    until("the stream", lambda: "plant.boiler.temp" in stage.run("forecastd state show"))
    sender.end(signal.SIGTERM, -signal.SIGTERM)
    assert "right  sends all in order" in stage.run(document.command("Clients/conformance.py").text)


def model(document, stage):
    stage.python(
        document.block("python", "class PumpForecast"), document.block("python", "import safetensors"),
        document.block("python", "metadata")).wait()
    assert "pump.safetensors" in stage.run(document.command("forecastd model show").text)
    for name in ("a.csv", "b.csv"):
        stage.history(name, 24 * 150)
    stage.run(document.command("forecastd train a.csv").text + SHORTER)
    for name in ("synthetic.csv", "host.csv"):
        stage.history(name, 24 * 150)
    # The whole training takes minutes.
    text, count = re.subn(r"--iterations \d+", "--iterations 1", document.command("forecastd train synthetic.csv").text)
    assert count == 1
    stage.run(text)


def monitoring(document, stage):
    decisions(stage)
    example = document.command("forecastd tap --drops")
    tap = stage.begin(example.text)
    says(example.output, tap)
    tap.end()
    stage.watch(document.command("forecastd top --config").text, r"plant\.a\.temp")
    prometheus = stage.begin(document.command("prometheus --config.file").text)

    def scraped():
        try:
            with urllib.request.urlopen("http://127.0.0.1:9090/api/v1/query?query=up") as answer:
                return any(each["value"][1] == "1" for each in json.load(answer)["data"]["result"])
        except OSError:
            return False
    until("Prometheus has scraped", scraped)
    prometheus.end(signal.SIGTERM)


def reload(document, stage):
    configuration = SOCKETS + """\
models: {pump: {weights: pump.safetensors}, fan: {weights: fan.safetensors}}
streams:
  - {match: "plant.*", model: pump}
  - {match: "lab.*", model: fan}
"""
    random_models(stage, "/etc/forecastd/pump.safetensors", "/etc/forecastd/fan.safetensors", "newer.safetensors")
    daemon = stage.daemon(configuration=configuration)
    feed = Feed()
    for stream in ("plant.a", "plant.b", *(f"lab.{number}" for number in range(120))):
        feed.forecast(stream)
    shutil.move(stage.folder / "newer.safetensors", ETC / "pump.safetensors")
    changed = configuration.replace("model: pump}", "model: pump, season: 24}")
    CONFIGURATION.write_text(changed + '  - {match: "new.*", model: fan}\n')
    example = document.command("forecastd reload --plan")
    says(example.output, stage.begin(example.text))
    stage.run(document.command("forecastd reload").text)
    assert "new.a" == feed.forecast("new.a")["stream"]
    daemon.end()


def security(document, stage):
    for start in ("forecastd keygen forecastd", "forecastd keygen plant-7", "cat plant-7.public"):
        stage.run(document.command(start).text)
    (ETC / "readers").write_text((stage.folder / "plant-7.public").read_text())
    key = (ETC / "forecastd.public").read_text().split()[0]
    curve = document.block("yaml", "curve:").replace(
        "outputs:", '  meters: {socket: router, bind: ["tcp://10.0.0.9:5559"], format: json}\noutputs:')
    stage.run(document.command("(umask 077; openssl").text)
    daemon = stage.daemon(configuration=curve + GENERAL + """\
streams: [{match: "*", model: general}]
http: {bind: "127.0.0.1:8080", token: token}
state: {directory: /var/lib/forecastd, durability: commit}
""")
    tap = stage.begin(document.command("forecastd tap --connect").text.replace("KEY of forecastd.public", key))
    subscriber = stage.python(
        "import pathlib, zmq\nsocket = zmq.Context().socket(zmq.SUB)", document.block("python", "curve_secretkey").replace("…", key),
        "socket.connect('tcp://10.0.0.9:5557'); socket.subscribe('')\nwhile True: print(socket.recv_multipart())")
    (stage.folder / "line.txt").write_text('plant.boiler.temp {"value": 20.5}\n')
    senders = [
        document.command("forecastd send").text, document.command("python3 Clients/python").text.replace("…", "tcp://10.0.0.9:5559", 1)]

    def forecast():
        for sender in senders:
            stage.run(sender.replace("…", key) + " <line.txt")
        return all("plant.boiler.temp" in each.output() for each in (tap, subscriber))
    until("forecasts for both", forecast)
    tap.end()
    subscriber.end(signal.SIGKILL, -signal.SIGKILL)
    assert json.loads(stage.run(document.command("curl -H").text.replace("curl ", "curl -s ")))
    stage.watch(document.command("forecastd top --token").text, r"plant\.boiler\.temp")
    daemon.end()
    text = CONFIGURATION.read_text()
    assert "secret_key: forecastd.secret" in text
    CONFIGURATION.write_text(text.replace("secret_key: ", "secret_key: $CREDENTIALS_DIRECTORY/"))
    assert key in stage.run(document.command("CREDENTIALS_DIRECTORY=").text)


def wire_format(document, stage):
    for form_of, start in (("json", None), ("msgpack", "import msgpack")):
        daemon = stage.daemon(configuration=SOCKETS.replace("socket: pub,", f"socket: pub, format: {form_of},") + GENERAL + """\
streams: [{match: "*", model: general, horizon: 3}]
""")
        feed = Feed()
        if start is None:
            shown = keys_of(json.loads(document.block("json")))
            until(f"a forecast with {shown}", lambda: shown <= keys_of(feed.forecast("host.load")))
        else:
            subscriber = stage.python(document.block("python", start))
            until("a forecast", lambda: (feed.send("host.cpu", {"value": 1}), re.search(r"host\.cpu \[", subscriber.output()))[1])
            subscriber.end(signal.SIGKILL, -signal.SIGKILL)
        feed.close()
        daemon.end()


def manual(document, stage):
    stage.run(document.command("openssl rand").text)


SCENES = {
    "README.md": readme, "Documentation/API.md": api, "Documentation/Adaptation.md": adaptation, "Documentation/Inputs.md": inputs,
    "Documentation/LossFreeInput.md": loss_free, "Documentation/Model.md": model, "Documentation/Monitoring.md": monitoring,
    "Documentation/Reload.md": reload, "Documentation/Security.md": security, "Documentation/WireFormat.md": wire_format,
    "config/forecastd.yaml": manual,
}
