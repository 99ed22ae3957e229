# Part of forecastd. SPDX-License-Identifier: Apache-2.0
"""A headless Chromium, driven through its DevTools protocol over two pipes: no port, no driver, no package."""

import base64
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time

PATIENCE = 60


class Browser:
    """One browser with one page. What the page complains of, and whom it asks, is kept."""

    def __init__(self, width=1440, height=900):
        self.folder = tempfile.mkdtemp(prefix="forecastd-browser.")
        down, up = os.pipe(), os.pipe()
        # The browser reads commands from descriptor 3 and answers on 4.
        def hand_over():
            read, write = os.dup(down[0]), os.dup(up[1])
            os.dup2(read, 3)
            os.dup2(write, 4)
        self.process = subprocess.Popen(
            ["/usr/bin/chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
             "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
             "--disable-extensions", "--remote-debugging-pipe", f"--user-data-dir={self.folder}", "about:blank"],
            preexec_fn=hand_over, pass_fds=(3, 4), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, start_new_session=True)
        os.close(down[0])
        os.close(up[1])
        self.commands, self.answers = down[1], up[0]
        self.unread = b""
        self.count = 0
        self.results = {}
        self.complaints = []
        self.requests = []
        self.overrides = {}
        self.session = None
        target = next(t for t in self.call("Target.getTargets")["targetInfos"] if t["type"] == "page")
        self.session = self.call("Target.attachToTarget", targetId=target["targetId"], flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        self.resize(width, height)

    def call(self, method, **parameters):
        """Gives a command, and what it came to."""
        number = self.begin(method, **parameters)
        # A page at work goes on telling things, whether it answers or not.
        end = time.monotonic() + PATIENCE
        while number not in self.results:
            if time.monotonic() > end:
                raise AssertionError(f"no answer within {PATIENCE} s: {method} {parameters}")
            self.take()
        answer = self.results.pop(number)
        if "error" in answer:
            raise AssertionError(f"{method}: {answer['error']}")
        return answer["result"]

    def begin(self, method, **parameters):
        self.count += 1
        message = {"id": self.count, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self.commands, data):]
        return self.count

    def take(self):
        """Takes in one message of the browser."""
        while b"\0" not in self.unread:
            if not select.select([self.answers], [], [], PATIENCE)[0]:
                raise AssertionError(f"the browser was silent for {PATIENCE} s")
            chunk = os.read(self.answers, 1 << 20)
            if not chunk:
                raise AssertionError("the browser has ended")
            self.unread += chunk
        data, self.unread = self.unread.split(b"\0", 1)
        message = json.loads(data)
        if "id" in message:
            self.results[message["id"]] = message
            return
        parameters = message.get("params", {})
        if message["method"] == "Runtime.exceptionThrown":
            details = parameters["exceptionDetails"]
            self.complaints.append(details.get("exception", {}).get("description") or details["text"])
        elif message["method"] == "Runtime.consoleAPICalled" and parameters["type"] in ("error", "warning", "assert"):
            self.complaints.append(" ".join(str(a.get("value", a.get("description"))) for a in parameters["args"]))
        elif message["method"] == "Log.entryAdded" and parameters["entry"]["level"] in ("error", "warning"):
            self.complaints.append(f'{parameters["entry"]["text"]} {parameters["entry"].get("url", "")}')
        elif message["method"] == "Network.requestWillBeSent":
            self.requests.append(parameters["request"]["url"])
        elif message["method"] == "Fetch.requestPaused":
            self.replace(parameters)

    def override(self, folder, root):
        """Serves the page's own files from a folder, to work on them without a build."""
        self.overrides = {"/": f"{folder}/index.html"}
        for name in os.listdir(folder):
            self.overrides[f"/page/{name}"] = f"{folder}/{name}"
        self.call("Fetch.enable", patterns=[{"urlPattern": f"{root}/"}, {"urlPattern": f"{root}/page/*"}])

    def replace(self, parameters):
        path = "/" + parameters["request"]["url"].split("/", 3)[3].split("#")[0].split("?")[0]
        if path not in self.overrides:
            self.begin("Fetch.continueRequest", requestId=parameters["requestId"])
            return
        kinds = {"html": "text/html", "css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
        with open(self.overrides[path], "rb") as file:
            body = base64.b64encode(file.read()).decode()
        policy = ("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
                  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
        self.begin("Fetch.fulfillRequest", requestId=parameters["requestId"], responseCode=200, body=body,
                   responseHeaders=[{"name": "Content-Type", "value": kinds[self.overrides[path].rsplit(".", 1)[1]]},
                                    {"name": "Content-Security-Policy", "value": policy}])

    def open(self, address):
        self.call("Page.navigate", url=address)

    def resize(self, width, height, is_phone=False, scale=1):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=scale, mobile=is_phone)

    def evaluate(self, expression):
        """What a JavaScript expression comes to."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            details = answer["exceptionDetails"]
            raise AssertionError(f'{expression}: {details.get("exception", {}).get("description", details["text"])}')
        return answer["result"].get("value")

    def wait(self, expression, why=None):
        """Waits until an expression is true, looking again every 20 ms; gives its value."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            try:
                value = self.evaluate(f"new Promise((done) => setTimeout(done, 20)).then(() => {expression})")
            except AssertionError as problem:  # the page is only just coming
                value, why = None, str(problem)
            if value:
                return value
        raise AssertionError(f"not true within {PATIENCE} s: {expression} {why or ''}; complaints: {self.complaints}")

    def key(self, key, text=None):
        for kind in ("keyDown", "keyUp"):
            parameters = {"type": kind, "key": key}
            if text and kind == "keyDown":
                parameters["text"] = text
            self.call("Input.dispatchKeyEvent", **parameters)

    def type(self, text):
        self.call("Input.insertText", text=text)

    def screenshot(self, path):
        image = self.call("Page.captureScreenshot", format="png")
        with open(path, "wb") as file:
            file.write(base64.b64decode(image["data"]))

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self.commands)
        os.close(self.answers)
        shutil.rmtree(self.folder, ignore_errors=True)


def main():
    """Reads one JSON request per line from standard input, answers with one JSON line: {"ok": ...} or {"error": ...}."""
    browser = Browser()
    operations = {
        "open": browser.open, "resize": browser.resize, "evaluate": browser.evaluate, "wait": browser.wait,
        "key": browser.key, "type": browser.type, "screenshot": browser.screenshot,
        "complaints": lambda: list(browser.complaints), "requests": lambda: list(browser.requests),
        "forget": lambda: browser.complaints.clear(),
    }
    for line in sys.stdin:
        request = json.loads(line)
        operation = request.pop("operation")
        if operation == "quit":
            break
        try:
            answer = {"ok": operations[operation](**request)}
        except AssertionError as problem:
            answer = {"error": str(problem)}
        print(json.dumps(answer), flush=True)
    browser.close()
    print('{}', flush=True)


if __name__ == "__main__":
    main()
