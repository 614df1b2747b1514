"""What a person sees: mlmon on a real terminal, which is a window of tmux, and the window as it stands then.

`python tmuxed.py WORDS` is what runs in the window.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import termios
import tty
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from mlmon.main import main
from mlmon.session import World
from running import NOW

_LINES: Final = 200  # of a window: what scrolls out of it would not be seen
_PATIENCE: Final = 120.0
_ASKED: Final = b"\x1b[5n"  # is all well?
_ANSWERED: Final = b"\x1b[0n"


@dataclass(frozen=True, slots=True)
class Seen:
    """A window after its command has ended: what stands in it, with tmux's sequences where there is colour."""

    code: int
    screen: str


@dataclass(frozen=True, slots=True)
class Tmux:
    """A tmux of its own, with nobody's settings. Its windows are open until it ends."""

    folder: Path

    def open(self, words: str, folder: Path, environ: Mapping[str, str], *, columns: int) -> str:
        """Run mlmon there in a window of that many columns; the window's name."""
        given = {"PATH": os.environ["PATH"], "HOME": str(folder / "no-home"), "TERM": "tmux", "LANG": "C.UTF-8"}
        variables = [f"{name}={value}" for name, value in {**given, **environ}.items()]
        inside = ["env", *variables, sys.executable, __file__, *words.split()]
        size = ["-x", str(columns), "-y", str(_LINES)]
        return self._run("new-session", "-d", *size, "-c", str(folder), "-P", "-F", "#{pane_id}", *inside).strip()

    def seen(self, window: str) -> Seen:
        """What stands in the window, as soon as its command has ended."""
        self._run("wait-for", window)
        code = self._run("display-message", "-p", "-t", window, "#{@code}")
        return Seen(int(code), self._run("capture-pane", "-e", "-p", "-t", window).rstrip("\n") + "\n")

    def end(self) -> None:
        """Close all windows."""
        with suppress(subprocess.CalledProcessError):  # none was opened
            self._run("kill-server")

    def _run(self, *words: str) -> str:
        environ = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "TMUX_TMPDIR": str(self.folder)}
        command = ["tmux", "-u", "-L", "mlmon", "-f", "/dev/null", *words]
        return subprocess.run(
            command, check=True, capture_output=True, text=True, encoding="utf-8", env=environ, timeout=_PATIENCE
        ).stdout


@contextmanager
def tmux(folder: Path) -> Iterator[Tmux]:
    """A tmux until the end of the block; its socket lies in the folder, whose path must be short."""
    if shutil.which("tmux") is None:
        pytest.fail("tmux is not installed, and screens are looked at in it: apt-get install tmux")
    made = Tmux(folder)
    try:
        yield made
    finally:
        made.end()


def be_seen(argv: list[str]) -> None:
    """Run mlmon at the tests' moment on the terminal that is here, say that it is drawn, and stay."""
    world = World(sys.stdin, sys.stdout, sys.stderr, os.environ, Path.cwd(), lambda: NOW, main)
    code = 70
    try:
        code = main(argv, world)
        sys.stdout.flush()
        _wait_until_drawn()
    finally:  # or the test would wait for nothing
        window = os.environ["TMUX_PANE"]
        subprocess.run(["tmux", "set-option", "-p", "@code", str(code), ";", "wait-for", "-S", window], check=True)
    signal.pause()  # a window without a program is gone


def _wait_until_drawn() -> None:
    """The program's end says nothing of what the terminal has read by then; an answer from the terminal does."""
    tty.setcbreak(0, termios.TCSANOW)
    os.write(1, _ASKED)
    answer = b""
    while not answer.endswith(_ANSWERED):
        answer += os.read(0, 1)


if __name__ == "__main__":
    be_seen(sys.argv[1:])
