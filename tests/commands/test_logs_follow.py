"""mlmon logs -f as a process of its own, beside a service that goes on writing its log."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread

import pytest

from mlmon.core.model import ServiceName
from mlmon.local.logs import log_path
from running import Runner

_PATIENCE = 20.0
AN_ERROR = "2026-11-20 10:25:00,000 | root | ERROR | failed"
FRAMES = ["Traceback (most recent call last):", '  File "score.py", line 3, in run']


@dataclass
class Following:
    """The process, and what it says."""

    process: subprocess.Popen[bytes]
    lines: SimpleQueue[str] = field(default_factory=SimpleQueue)

    def next(self, count: int) -> list[str]:
        """The next lines, as soon as they are there."""
        return [self.lines.get(timeout=_PATIENCE) for _ in range(count)]

    def read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.put(line.decode())

    def interrupted(self) -> tuple[int, list[str], str, float]:
        """How it ends after Ctrl-C: its code, the lines that still come, its stderr, and the seconds that it takes."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGINT)
        assert self.process.stderr is not None
        err = self.process.stderr.read().decode()
        code = self.process.wait(_PATIENCE)
        took, rest = time.monotonic() - began, []
        with suppress(Empty):
            while True:
                rest.append(self.lines.get(timeout=0.2))
        return code, rest, err, took


@contextmanager
def following(runner: Runner, *words: str, reads: bool = True) -> Iterator[Following]:
    process = started(runner, *words)
    found = Following(process)
    reader = Thread(target=found.read if reads else lambda: None)
    reader.start()
    try:
        yield found
    finally:
        process.kill()
        process.wait()
        reader.join()
        for stream in (process.stdout, process.stderr):
            assert stream is not None
            stream.close()


def started(runner: Runner, *words: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "mlmon", "logs", "-f", *words],
        cwd=runner.folder,
        env={**runner.environ, "HOME": str(runner.folder), "PATH": os.environ["PATH"]},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


@pytest.fixture
def log(churn: Runner) -> Path:
    """The log of a service that has written ten lines."""
    found = log_path(churn.folder, ServiceName("churn"), "scoring")
    found.parent.mkdir(parents=True)
    write(found, *(f"line {number}" for number in range(10)))
    return found


def write(log: Path, *lines: str) -> None:
    with log.open("a") as file:
        file.write("".join(f"{line}\n" for line in lines))


def test_each_line_comes_once_as_it_is_written_until_ctrl_c(churn: Runner, log: Path) -> None:
    with following(churn, "-n", "2") as seen:
        assert seen.next(2) == ["line 8\n", "line 9\n"]
        write(log, "line 9", "line 10")
        assert seen.next(2) == ["line 9\n", "line 10\n"]
        write(log, *("the same" for _ in range(40)))
        assert seen.next(40) == ["the same\n"] * 40
        write(log, "\x1b[2Jwiped")
        assert seen.next(1) == ["\\x1b[2Jwiped\n"]
        code, rest, err, took = seen.interrupted()
    assert (code, rest, err) == (130, [], "error: interrupted\n")
    assert took < 1.5


def test_a_line_that_is_written_in_two_halves_is_one_line(churn: Runner, log: Path) -> None:
    with following(churn, "-n", "1") as seen:
        assert seen.next(1) == ["line 9\n"]
        with log.open("a") as file:
            file.write("half a ")
            file.flush()
            time.sleep(2.5)  # it has looked at the log meanwhile
            file.write("line\nnext\n")
        assert seen.next(2) == ["half a line\n", "next\n"]


def test_a_last_line_without_an_end_is_shown_when_following_ends_and_no_more_than_once(
    churn: Runner, log: Path
) -> None:
    with log.open("a") as file:
        file.write("never ")
    with following(churn, "-n", "1") as seen:
        assert seen.next(1) == ["line 9\n"]
        with log.open("a") as file:
            file.write("ended\nlast words")
        assert seen.next(1) == ["never ended\n"]
        time.sleep(0.5)  # it has taken in what came with that line
        code, rest, err, _ = seen.interrupted()
    assert (code, rest, err) == (130, ["last words\n"], "error: interrupted\n")
    with following(churn, "-n", "1", "--for", "1s", "-i", "words") as seen:
        assert seen.next(1) == ["last words\n"]
        assert seen.process.wait(_PATIENCE) == 0
        with pytest.raises(Empty):
            seen.lines.get(timeout=0.5)


def test_a_log_that_begins_anew_is_followed_on_behind_a_gap(churn: Runner, log: Path) -> None:
    with following(churn, "-n", "1", "-o", "jsonl") as seen:
        seen.next(1)
        anew = log.with_suffix(".new")
        write(anew, "begins anew")
        anew.replace(log)
        gap, first = (json.loads(line) for line in seen.next(2))
        write(log, "and goes on")
        [second] = (json.loads(line) for line in seen.next(1))
    assert {key: value for key, value in gap.items() if value is not None} == {
        "type": "gap",
        "service": "churn",
        "container": "scoring",
        "message": "lines may be missing",
        "reason": "restarted",
    }
    assert [(one["type"], one["line"]) for one in (first, second)] == [
        ("record", "begins anew"),
        ("record", "and goes on"),
    ]


def test_a_traceback_that_is_written_slowly_is_one_record_and_is_not_held_for_ever(churn: Runner, log: Path) -> None:
    with following(churn, "-n", "0", "-o", "jsonl", "--level", "error") as seen:
        time.sleep(2)  # it has looked at the log
        write(log, "printed", AN_ERROR, *FRAMES, "KeyError: 1", "printed")
        [whole] = (json.loads(line) for line in seen.next(1))
        write(log, AN_ERROR, *FRAMES)
        [early] = (json.loads(line) for line in seen.next(1))
        write(log, "KeyError: 2", "printed")
        [late] = (json.loads(line) for line in seen.next(1))
    assert whole["line"].splitlines() == [AN_ERROR, *FRAMES, "KeyError: 1"]
    assert (early["line"].splitlines(), early["level"]) == ([AN_ERROR, *FRAMES], "error")
    assert (late["line"], late["level"], late["time"]) == ("KeyError: 2", "error", early["time"])


def test_it_ends_by_itself_when_its_time_is_over(churn: Runner, log: Path) -> None:
    with following(churn, "-n", "1", "--for", "4s") as seen:
        assert seen.next(1) == ["line 9\n"]
        write(log, AN_ERROR, *FRAMES)
        assert seen.next(3) == [f"{line}\n" for line in (AN_ERROR, *FRAMES)]
        assert seen.process.wait(_PATIENCE) == 0


def test_what_was_said_since_comes_first_and_then_what_is_said_now(churn: Runner, log: Path) -> None:
    minute_ago = time.strftime("%Y-%m-%d %H:%M:%S,000", time.gmtime(time.time() - 60))
    write(log, "2020-01-01 10:00:00,000 old", f"{minute_ago} recent", "printed")
    with following(churn, "--since", "30m") as seen:
        assert seen.next(2) == [f"{minute_ago} recent\n", "printed\n"]
        write(log, "2020-01-01 10:00:00,000 by a clock that is wrong")
        assert seen.next(1) == ["2020-01-01 10:00:00,000 by a clock that is wrong\n"]
        code, _, err, _ = seen.interrupted()
    assert (code, err.splitlines()[-1]) == (130, "error: interrupted")
    assert err.startswith("time range: from 20")


def test_two_services_are_merged_first_and_then_come_as_they_write(churn: Runner, log: Path) -> None:
    other = log_path(churn.folder, ServiceName("churn-v2", "blue"), "inference-server")
    other.parent.mkdir(parents=True)
    write(log, "2026-11-20 10:02:00,000 | root | INFO | second")
    write(other, "2026-11-20 10:01:00,000 I [73] azmlinfsrv - first")
    with following(churn, "--all", "-n", "1") as seen:
        assert seen.next(2) == [
            "churn-v2/blue | 2026-11-20 10:01:00,000 I [73] azmlinfsrv - first\n",
            "churn         | 2026-11-20 10:02:00,000 | root | INFO | second\n",
        ]
        write(other, "third")
        assert seen.next(1) == ["churn-v2/blue | third\n"]
        write(log, "fourth")
        assert seen.next(1) == ["churn         | fourth\n"]


def test_a_reader_that_goes_away_ends_it_quietly_though_nothing_is_written(churn: Runner, log: Path) -> None:
    with following(churn, "-n", "1", reads=False) as seen:
        assert seen.process.stdout is not None
        assert seen.process.stderr is not None
        assert seen.process.stdout.readline() == b"line 9\n"
        seen.process.stdout.close()
        assert seen.process.wait(_PATIENCE) == 0
        assert seen.process.stderr.read() == b""


SLOW = "2026-11-20 10:26:00,000 D [7] a - slow, {}[2J".format("\x1b")
PLAIN = ["line 9", SLOW.replace("\x1b", "\\x1b"), "error: interrupted", ""]
COLOURED = [
    "line 9",
    "\x1b[2m2026-11-20 10:26:00,000 D [7] a - \x1b[0m\x1b[7mslow\x1b[0m\x1b[2m, \\x1b[2J\x1b[0m",
    "\x1b[1;31merror:\x1b[0m interrupted",
    "",
]


@pytest.mark.parametrize(
    ("width", "environ", "screen"),
    [
        (80, {"TERM": "xterm"}, COLOURED),
        (120, {"TERM": "xterm"}, COLOURED),
        (80, {"TERM": "xterm", "NO_COLOR": "1"}, PLAIN),
        (120, {"TERM": "dumb"}, PLAIN),
        (80, {"TERM": "xterm", "NO_COLOR": "1", "LC_ALL": "C"}, PLAIN),
    ],
)
def test_on_a_real_terminal(churn: Runner, log: Path, width: int, environ: dict[str, str], screen: list[str]) -> None:
    near, far = pty.openpty()
    fcntl.ioctl(far, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-m", "mlmon", "logs", "-f", "-n", "1", "-H", "slow"],
        cwd=churn.folder,
        env={"LANG": "C.UTF-8", "HOME": str(churn.folder), "PATH": os.environ["PATH"], **environ},
        stdin=far,
        stdout=far,
        stderr=far,
        start_new_session=True,
    )
    os.close(far)
    seen = until(near, b"line 9")
    write(log, SLOW)
    seen += until(near, b"[2J")
    process.send_signal(signal.SIGINT)
    seen += until(near, b"interrupted")
    assert process.wait(_PATIENCE) == 130
    os.close(near)
    assert seen.decode().split("\r\n") == screen


def until(near: int, wanted: bytes) -> bytes:
    """What the terminal shows up to the line in which that stands."""
    seen = b""
    while wanted not in seen or not seen.endswith(b"\n"):
        seen += os.read(near, 1)
    return seen
