"""`metrics --watch` on a real terminal: one page in the place of the other, through throttling, until Ctrl-C."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest

from azured import local_azure, runner
from emulators.azure import LocalAzure
from emulators.loganalytics import throttled

_PATIENCE: Final = 60.0


@dataclass
class Window:
    """What a terminal shows of the few sequences that a page is drawn with; anything else is a mistake."""

    columns: int
    lines: int
    cells: list[str] = field(default_factory=lambda: [""])
    row: int = 0
    column: int = 0

    def feed(self, text: str) -> None:
        for sequence, up, sign in re.findall(r"(\x1b\[(?:(\d+)A|K|J|H|2J))|(.|\n|\r)", text, re.DOTALL):
            if sequence:
                self._do(sequence, up)
            elif sign == "\n":
                self.row += 1
                self.cells += [""] * (self.row + 1 - len(self.cells))
            elif sign == "\r":
                self.column = 0
            else:
                assert sign >= " ", f"{sign!r} was written"
                line = self.cells[self.row].ljust(self.column)
                self.cells[self.row] = line[: self.column] + sign + line[self.column + 1 :]
                self.column += 1
                assert self.column <= self.columns, "a line is wider than the window"

    def _do(self, sequence: str, up: str) -> None:
        if up:
            self.row -= int(up)
            assert self.row >= max(0, len(self.cells) - self.lines), "the page begins above the window"
        elif sequence.endswith("[K"):
            self.cells[self.row] = self.cells[self.row][: self.column]
        elif sequence.endswith("[J"):
            self.cells[self.row] = self.cells[self.row][: self.column]
            del self.cells[self.row + 1 :]
        elif sequence.endswith("2J"):
            self.cells, self.row, self.column = [""], 0, 0

    @property
    def seen(self) -> str:
        return "\n".join(line.rstrip() for line in self.cells[-self.lines :])


@dataclass
class Watching:
    """mlmon on a pseudo-terminal of its own."""

    process: subprocess.Popen[bytes]
    master: int
    window: Window

    def until(self, wanted: Callable[[str], object]) -> str:
        """Read what it writes until the window shows what is wanted."""
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline:
            self.read(0.2)
            if wanted(self.window.seen):
                return self.window.seen
        raise AssertionError(f"the window never showed it:\n{self.window.seen}")

    def read(self, seconds: float) -> None:
        while select.select([self.master], [], [], seconds)[0]:
            try:
                data = os.read(self.master, 65_536)
            except OSError:  # it has ended
                return
            if not data:
                return
            self.window.feed(data.decode())

    def end(self) -> tuple[int, str]:
        """Press Ctrl-C; its exit code and what is on the window then."""
        os.write(self.master, b"\x03")
        self.read(0.5)
        code = self.process.wait(_PATIENCE)
        self.read(0.2)
        return code, self.window.seen


@contextmanager
def watching(
    words: str, folder: Path, environ: Mapping[str, str], *, columns: int = 80, lines: int = 60, err: Path | None = None
) -> Iterator[Watching]:
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
    plain = {"PATH": os.environ["PATH"], "HOME": str(folder / "no-home"), "TERM": "xterm", "NO_COLOR": "1"}
    with open(err, "wb") if err else open(os.devnull, "wb") as file:  # noqa: PTH123 - one of two
        process = subprocess.Popen(
            [sys.executable, "-m", "mlmon", *words.split()],
            cwd=folder,
            env={**plain, "LANG": "C.UTF-8", **environ},
            stdin=slave,
            stdout=slave,
            stderr=file if err else slave,
            start_new_session=True,
            # Ctrl-C is for whoever has the terminal
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509 - there are no threads that matter
        )
    os.close(slave)
    try:
        yield Watching(process, master, Window(columns, lines))
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
        process.wait()
        os.close(master)


@pytest.fixture
def azure(tmp_path: Path) -> Iterator[LocalAzure]:
    with local_azure(tmp_path / "azure") as made:
        made.webservices.add("svc", appInsightsEnabled=True)
        runner(made, tmp_path / "folder")
        yield made


def called(azure: LocalAzure, count: int) -> None:
    now = datetime.now(UTC).isoformat()
    row = {"timestamp": now, "cloud_RoleName": "svc", "duration": 5.0, "resultCode": "200", "success": "True"}
    azure.telemetry.extend("requests", [row] * count)


def requests_of(seen: str) -> int:
    found = re.findall(r"^requests +(\d+) ", seen, re.MULTILINE)
    return int(found[-1]) if found else -1


def test_a_page_takes_the_place_of_the_one_before_until_ctrl_c(azure: LocalAzure, tmp_path: Path) -> None:
    called(azure, 3)
    with watching("metrics svc --watch --interval 1s", tmp_path / "folder", azure.environ) as watched:
        first = watched.until(lambda seen: requests_of(seen) == 3)
        called(azure, 2)
        second = watched.until(lambda seen: requests_of(seen) == 5)
        code, left = watched.end()
    assert code == 130
    for seen in (first, second, left):
        assert seen.count("Ctrl-C ends") == 1
        assert seen.count("latency of requests") == 1
    assert re.fullmatch(r"svc  \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC, every 1s, Ctrl-C ends", first.splitlines()[0])
    assert left.splitlines()[-1] == "error: interrupted"
    assert "^C" not in left


def test_throttling_is_said_in_the_page_and_passes(azure: LocalAzure, tmp_path: Path) -> None:
    called(azure, 3)
    notes = tmp_path / "notes"
    with watching("metrics svc --watch --interval 1s", tmp_path / "folder", azure.environ, err=notes) as watched:
        watched.until(lambda seen: requests_of(seen) == 3)
        with azure.fault(throttled(0.1), plane="logs"):
            seen = watched.until(lambda seen: "not up to date" in seen)
            assert seen.splitlines()[1] == "not up to date: could not query telemetry: Azure throttles"
            assert requests_of(seen) == 3
            called(azure, 1)
        seen = watched.until(lambda seen: requests_of(seen) == 4)
        assert "not up to date" not in seen
        assert watched.end()[0] == 130
    assert "warning: not up to date: could not query telemetry: Azure throttles\n" in notes.read_text()
    assert "Traceback" not in notes.read_text()


def test_a_low_window_has_lower_charts_and_says_what_is_below(azure: LocalAzure, tmp_path: Path) -> None:
    called(azure, 3)
    size = {"columns": 60, "lines": 16}
    with watching("metrics svc --watch --interval 1s", tmp_path / "folder", azure.environ, **size) as watched:
        seen = watched.until(lambda seen: requests_of(seen) == 3)
        assert len(seen.rstrip("\n").splitlines()) <= 15
        assert re.fullmatch(r"… \d+ more lines: a higher window shows them", seen.rstrip("\n").splitlines()[-1])
        fcntl.ioctl(watched.master, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 60, 0, 0))
        watched.window.lines = 50
        seen = watched.until(lambda seen: "more lines" not in seen and "latency of requests" in seen)
        assert seen.count("Ctrl-C ends") == 1
        assert watched.end()[0] == 130


def test_a_page_is_as_wide_as_the_window_is_by_then(azure: LocalAzure, tmp_path: Path) -> None:
    called(azure, 3)
    with watching("metrics svc --watch --interval 1s", tmp_path / "folder", azure.environ, columns=60) as watched:
        watched.until(lambda seen: widest(seen) > 0)
        for columns in (110, 40):
            # what is drawn for the old width may still be on its way
            watched.window.columns = max(columns, watched.window.columns)
            fcntl.ioctl(watched.master, termios.TIOCSWINSZ, struct.pack("HHHH", 60, columns, 0, 0))
            watched.until(lambda seen, columns=columns: columns - 10 <= widest(seen) <= columns)
        assert watched.end()[0] == 130


@pytest.mark.parametrize(("said", "columns"), [("60", 120), ("200", 60)])
def test_a_width_that_is_said_is_kept_to_where_the_window_has_it(
    azure: LocalAzure, tmp_path: Path, said: str, columns: int
) -> None:
    called(azure, 3)
    environ = {**azure.environ, "COLUMNS": said}
    with watching("metrics svc --watch --interval 1s", tmp_path / "folder", environ, columns=columns) as watched:
        watched.until(lambda seen: 50 <= widest(seen) <= 60)
        assert watched.end()[0] == 130


def widest(seen: str) -> int:
    """The cells of the widest axis."""
    return max((len(line) for line in seen.splitlines() if "└" in line), default=0)


def test_nothing_to_see_yet_is_said_in_the_page(azure: LocalAzure, tmp_path: Path) -> None:
    with watching("metrics svc --since 1h --watch --interval 1s", tmp_path / "folder", azure.environ) as watched:
        watched.until(lambda seen: "\nno telemetry of svc in " in seen)
        called(azure, 1)
        watched.until(lambda seen: requests_of(seen) == 1 and "no telemetry" not in seen)
        assert watched.end()[0] == 130
