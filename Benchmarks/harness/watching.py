# Part of forecastd. SPDX-License-Identifier: Apache-2.0
"""What it costs to be watched: viewers of the page beside the pipeline, the page in a browser, a scrape of /metrics."""
import http.client
import itertools
import json
import os
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path

from harness.end_to_end import WINDOW
from harness.machine import start_pinned, stop

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "Tests" / "IntegrationTests"))

from browser import Browser  # noqa: E402

VIEWERS = 50
STREAMS = 10000
RATE = 10000  # messages per second while a browser shows the page
METRICS_STREAMS = 100000
LOOK_SECONDS = 10


class WatchingBenchmark:
    """A daemon on all cores under full load, unwatched and with viewers, who listen to events as pages do."""

    def __init__(self, daemon, generator, cores, folder, seconds):
        self.daemon, self.generator, self.cores, self.folder, self.seconds = daemon, generator, cores, folder, seconds
        self.ports = itertools.count(30000 + os.getpid() % 2500 * 4, 4)
        self.found = defaultdict(list)  # viewers: what one round came to

    def measure_round(self):
        for viewers in (0, VIEWERS):
            self.found[viewers].append(self._measure(viewers))

    def _measure(self, viewers):
        with self._running(STREAMS) as run:
            run.reach()
            watching = start_pinned([sys.executable, str(HERE / "viewers.py"), str(run.port), str(viewers)],
                                    set(self.cores), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            watching.stdout.readline()
            before = run.pipeline_seconds()
            found = run.load("window", WINDOW, self.seconds)
            # The load's own warm-up is a part of it.
            found["pipeline_us"] = (run.pipeline_seconds() - before) * 1e6 / run.taken()
            watching.stdin.close()
            found |= json.loads(watching.stdout.readline())
            watching.wait()
        if found["least"] == 0 and viewers:
            raise SystemExit("a viewer was told nothing")
        return found

    def _running(self, streams):
        return RunningDaemon(self.daemon, self.generator, self.cores, self.folder, next(self.ports), streams)

    def measure_once(self):
        """The page in a browser, and /metrics with ten times the streams."""
        with self._running(STREAMS) as run:
            load = run.start_load("rate", RATE, 10 * LOOK_SECONDS)
            run.wait_for_streams(STREAMS)
            self.page = measure_page(run.port)
            stop(load)
        with self._running(METRICS_STREAMS) as run:
            run.load("rate", RATE, 1)
            self.scrapes = [run.time_of("/metrics") for _ in range(200)]

    def _best(self, viewers, choose, field):
        return choose(found[field] for found in self.found[viewers])

    def figures(self):
        figures = {
            "watching/pipeline-time-of-unwatched":
                self._best(VIEWERS, min, "pipeline_us") / self._best(0, min, "pipeline_us"),
            "watching/rate-of-unwatched": self._best(VIEWERS, max, "rate") / self._best(0, max, "rate"),
            "watching/lost": sum(found["lost"] for rounds in self.found.values() for found in rounds),
        }
        if hasattr(self, "page"):
            figures |= {f"watching/page/{name}": value for name, value in self.page.items()}
            figures["watching/metrics-ms"] = statistics.median(self.scrapes)
        return figures

    def table(self):
        rows = [["viewers", "msg/s", "of unwatched", "pipeline us/msg", "all CPU us/msg", "events each", "MB/s to all"]]
        for viewers, rounds in self.found.items():
            rate = self._best(viewers, max, "rate")
            rows.append([str(viewers), f"{rate:.0f}", f"{rate / self._best(0, max, 'rate'):.2f}",
                         f"{self._best(viewers, min, 'pipeline_us'):.3f}",
                         f"{self._best(viewers, min, 'processor_us'):.2f}",
                         f"{self._best(viewers, max, 'least')}", f"{self._best(viewers, max, 'megabytes_per_second'):.0f}"])
        return rows

    def page_table(self):
        return [["first paint ms", "all rows ms", "main thread busy", "updates in 10 s", "/metrics ms, median", "99th of 100"],
                [f"{self.page['first-paint-ms']:.0f}", f"{self.page['rows-ms']:.0f}", f"{self.page['busy']:.0%}",
                 f"{self.page['updates']}", f"{statistics.median(self.scrapes):.1f}",
                 f"{statistics.quantiles(self.scrapes, n=100)[-1]:.1f}"]]


def measure_page(port):
    """The overview of all streams in a new browser, as its own clocks say."""
    browser = Browser()
    try:
        browser.open(f"http://127.0.0.1:{port}/")
        browser.wait("performance.getEntriesByName('first-contentful-paint').length > 0")
        browser.wait(f"document.body.innerText.replace(/\\D/g, '').includes('{STREAMS}')")
        rows = browser.evaluate("performance.now()")
        browser.call("Performance.enable")
        browser.evaluate("""void (window.updates = 0, new MutationObserver(() => { window.updated = true; })
            .observe(document.body, {subtree: true, childList: true, characterData: true}),
            setInterval(() => { if (window.updated) { window.updates++; window.updated = false; } }, 1000))""")
        before = browser_times(browser)
        time.sleep(LOOK_SECONDS + 0.5)
        after = browser_times(browser)
        return {
            "first-paint-ms": browser.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime"),
            "rows-ms": rows,
            "busy": (after["TaskDuration"] - before["TaskDuration"]) / (after["Timestamp"] - before["Timestamp"]),
            "updates": browser.evaluate("window.updates"),
        }
    finally:
        browser.close()


def browser_times(browser):
    return {each["name"]: each["value"] for each in browser.call("Performance.getMetrics")["metrics"]}


class RunningDaemon:
    """A daemon with a port for pages, which runs as long as the block."""

    def __init__(self, daemon, generator, cores, folder, port, streams):
        self.port, self.streams = port, streams
        self.generator, self.cores = generator, set(cores)
        self.endpoints = {"input": f"tcp://127.0.0.1:{port + 1}", "output": f"tcp://127.0.0.1:{port + 2}"}
        self.log = open(folder / f"{daemon.name}.log", "w")
        self.process = daemon.start(self.cores, dict(self.endpoints, http=f"127.0.0.1:{port}"), folder, self.log)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        stop(self.process)
        self.log.close()

    def start_load(self, mode, value, seconds):
        return start_pinned([str(self.generator), *self.endpoints.values(), str(self.streams), mode, str(value),
                             str(seconds), str(self.process.pid)], self.cores, stdout=subprocess.PIPE, text=True)

    def load(self, mode, value, seconds):
        load = self.start_load(mode, value, seconds)
        answer = load.communicate()[0]
        if load.returncode != 0:
            raise SystemExit(f"{self.streams} watched streams were not answered as they should be")
        return json.loads(answer)

    def get(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request("GET", path)
        body = connection.getresponse().read()
        connection.close()
        return body

    def reach(self):
        for _ in range(1000):
            try:
                return self.get("/readyz")
            except OSError:
                time.sleep(0.02)
        raise SystemExit("no daemon answers over HTTP within 20 s")

    def status(self):
        return json.loads(self.get("/api/v1/status"))

    def wait_for_streams(self, count):
        self.reach()
        while self.status()["streams"]["known"] < count:
            time.sleep(0.1)

    def taken(self):
        """Messages that were taken in since the start."""
        return sum(each["messages"] for each in self.status()["inputs"])

    def time_of(self, path):
        """Milliseconds of a request, its connection included."""
        begin = time.perf_counter()
        self.get(path)
        return (time.perf_counter() - begin) * 1000

    def pipeline_seconds(self):
        """Processor time of the thread that owns the pipeline."""
        for task in Path(f"/proc/{self.process.pid}/task").iterdir():
            name, _, rest = (task / "stat").read_text().rpartition(")")
            if name.endswith("(pipeline"):
                fields = rest.split()
                return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        raise SystemExit("expected a thread named pipeline")
