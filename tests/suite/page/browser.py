"""A headless Chromium by its WebDriver, no more of it than the page's test needs."""
import base64
import json
import re
import shutil
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-dev-shm-usage",
         "--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars"]
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
ENTER = "\ue007"


def lacks():
    """Why there is none; None: there is."""
    for tool in ("chromium", "chromedriver"):
        if not shutil.which(tool):
            return f"{tool} is not installed"
    return None


class Browser:
    def __init__(self):
        try:
            self.start()
        except (OSError, RuntimeError):
            self.close()
            raise

    def start(self):
        self.profile = tempfile.mkdtemp(prefix="finwait-chromium.")
        self.driver = subprocess.Popen([shutil.which("chromedriver"), "--port=0"], stdin=subprocess.DEVNULL,
                                       stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.base = self.session = None
        patience = threading.Timer(60, self.driver.kill)
        patience.start()
        for line in self.driver.stdout:
            port = re.search(r"started successfully on port (\d+)", line)
            if port:
                self.base = f"http://127.0.0.1:{port.group(1)}"
                break
        patience.cancel()
        if not self.base:
            raise RuntimeError("chromedriver does not start")
        options = {"binary": shutil.which("chromium"), "args": FLAGS + [f"--user-data-dir={self.profile}"]}
        value = self.ask("POST", "/session", {"capabilities": {"alwaysMatch": {
            "browserName": "chrome", "goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}}})
        self.session = "/session/" + value["sessionId"]

    def close(self):
        try:
            if self.session:
                self.ask("DELETE", self.session)
        finally:
            self.driver.terminate()
            self.driver.wait()
            shutil.rmtree(self.profile, ignore_errors=True)

    def ask(self, method, path, data=None):
        request = urllib.request.Request(self.base + path, method=method,
                                         data=None if data is None else json.dumps(data).encode(),
                                         headers={"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as e:
            raise RuntimeError(json.load(e)["value"]["message"]) from e

    def open(self, url):
        self.ask("POST", self.session + "/url", {"url": url})

    def run(self, script, *args):
        """The script's `return`."""
        return self.ask("POST", self.session + "/execute/sync", {"script": script, "args": list(args)})

    def wait(self, condition, seconds=10):
        """Until a script returns true: the page handles events in its own time. What does not come is the
        next check's to tell."""
        end = time.monotonic() + seconds
        while not self.run(condition) and time.monotonic() < end:
            time.sleep(.02)

    def find(self, selector):
        value = self.ask("POST", self.session + "/element", {"using": "css selector", "value": selector})
        return f"{self.session}/element/{value[ELEMENT]}"

    def click(self, selector):
        self.ask("POST", self.find(selector) + "/click", {})

    def type(self, selector, text):
        self.ask("POST", self.find(selector) + "/value", {"text": text})

    def devtools(self, command, **parameters):
        self.ask("POST", self.session + "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def size(self, width, height):
        self.devtools("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1,
                      mobile=False)

    def scheme(self, name):
        self.devtools("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": name}])

    def complaints(self):
        """Errors and warnings of the page so far."""
        return [e["message"] for e in self.ask("POST", self.session + "/se/log", {"type": "browser"})]

    def picture(self, path):
        with open(path, "wb") as f:
            f.write(base64.b64decode(self.ask("GET", self.session + "/screenshot")))
