"""Chromium without a window, told what to do over its own protocol (https://chromedevtools.github.io/devtools-protocol/).

It is driven through a pipe, which needs nothing but the browser: no driver of its version, no port.
"""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest

_PATIENCE: Final = 60.0
_AXE: Final = Path(__file__).parent / "node_modules/axe-core/axe.min.js"
_INSTALL: Final = "apt-get install -y chromium"
_INSTALL_AXE: Final = ".venv/bin/npm ci --ignore-scripts --prefix tests/drift"


@dataclass(slots=True)
class Chromium:
    """A browser with one page. `events` is all that the page did: what it fetched, logged and threw."""

    into: int
    out: int
    session: str = ""
    asked: int = 0
    unread: bytes = b""
    events: list[dict[str, Any]] = field(default_factory=list)

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """Ask, and wait for the answer; what happens meanwhile is kept."""
        self.asked += 1
        message = {"id": self.asked, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.into, json.dumps(message).encode() + b"\0")
        while True:
            told = self._next()
            if told.get("id") == self.asked:
                assert "error" not in told, f"{method}: {told['error']}"
                return told["result"]
            self.events.append(told)

    def wait_for(self, event: str) -> None:
        """Wait until something has happened since the page was opened."""
        while not any(told.get("method") == event for told in self.events):
            self.events.append(self._next())

    def open(self, path: Path, *, width: int, dark: bool, height: int = 900) -> None:
        """Show a file, in a window of so many pixels."""
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.ask("Emulation.setEmulatedMedia", features=[scheme])
        self.events.clear()
        self.ask("Page.navigate", url=path.as_uri())
        self.wait_for("Page.loadEventFired")

    def run(self, script: str) -> Any:
        """The value of an expression in the page, of a promise what it comes to."""
        ran = self.ask("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in ran, ran["exceptionDetails"]
        return ran["result"].get("value")

    def press(self, key: str) -> None:
        """Press and let go of a key that has a name."""
        code = {"Tab": 9, "Enter": 13, "ArrowRight": 39}[key]
        text = {"text": "\r"} if key == "Enter" else {}
        for kind in ("keyDown", "keyUp"):
            self.ask("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code, **text)

    def picture(self, path: Path) -> None:
        """The whole page as it is now, for people to look at."""
        shot = self.ask("Page.captureScreenshot", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(shot["data"]))

    def axe(self) -> list[str]:
        """What axe finds wrong: each rule with the elements that break it."""
        if not _AXE.exists():
            pytest.fail(f"axe is missing; install it with: {_INSTALL_AXE}", pytrace=False)
        self.run(_AXE.read_text(encoding="utf-8") + ";0")
        found = self.run("axe.run(document, {resultTypes: ['violations']})")
        assert found["passes"], "axe looked at nothing"
        return [f"{each['id']}: {[node['html'][:120] for node in each['nodes']][:3]}" for each in found["violations"]]

    @property
    def fetched(self) -> list[str]:
        """The address of everything that was asked for since the page was opened."""
        requests = (told["params"] for told in self.events if told.get("method") == "Network.requestWillBeSent")
        return [each["request"]["url"] for each in requests]

    @property
    def complaints(self) -> list[str]:
        """What the console says, and what was thrown."""
        kinds = {"Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded", "Audits.issueAdded"}
        return [json.dumps(told["params"])[:500] for told in self.events if told.get("method") in kinds]

    def _next(self) -> dict[str, Any]:
        until = time.monotonic() + _PATIENCE
        while b"\0" not in self.unread:
            ready, _, _ = select.select([self.out], [], [], max(0.0, until - time.monotonic()))
            more = os.read(self.out, 1 << 20) if ready else b""
            assert more, "the browser says nothing any more"
            self.unread += more
        told, _, self.unread = self.unread.partition(b"\0")
        return json.loads(told)


@contextmanager
def chromium(profile: Path) -> Iterator[Chromium]:
    """A browser of one's own, with an empty page. A machine without one fails: these tests are not to be skipped."""
    program = shutil.which("chromium")
    if program is None:
        pytest.fail(f"Chromium is missing; install it with: {_INSTALL}", pytrace=False)
    (theirs_in, into), (out, theirs_out) = os.pipe(), os.pipe()
    command = [
        program,
        "--headless",
        "--no-sandbox",  # a container has no user namespaces
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        f"--user-data-dir={profile}",
        "--remote-debugging-pipe",
    ]
    browser = subprocess.Popen(
        # the browser reads from descriptor 3 and writes to 4; the shell's own way, 3<&10, knows one digit only
        ["sh", "-c", f'exec "$0" "$@" 3</dev/fd/{theirs_in} 4>/dev/fd/{theirs_out}', *command],
        pass_fds=(theirs_in, theirs_out),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(theirs_in)
    os.close(theirs_out)
    try:
        yield _with_page(Chromium(into, out))
    finally:
        with suppress(OSError):
            os.write(into, b'{"id": 0, "method": "Browser.close"}\0')
        try:
            browser.wait(10)
        except subprocess.TimeoutExpired:
            browser.kill()
            browser.wait()
        os.close(into)
        os.close(out)


def _with_page(browser: Chromium) -> Chromium:
    target = browser.ask("Target.createTarget", url="about:blank")["targetId"]
    browser.session = browser.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
    for domain in ("Page", "Runtime", "Network", "Log", "Audits"):
        browser.ask(f"{domain}.enable")
    return browser
