"""mlmon as processes that can be killed, started by the hundred: forked from one that has everything imported.

The process that forks has no threads, so what it forks is as good as new. `python forked.py` is that process.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

HEAVY = ("azure.identity", "azure.storage.blob", "obstore.store", "requests", "rich.progress", "typer")


@dataclass(frozen=True, slots=True)
class Ended:
    """How a process ended; `code` is negative for a signal, as in `subprocess`."""

    code: int
    out: str
    err: str


@dataclass(frozen=True, slots=True)
class Process:
    """One mlmon, which must be waited for or killed."""

    _forge: Forge
    _pid: int
    _files: Sequence[Path]

    def wait(self) -> Ended:
        """How it ends by itself."""
        code = self._forge.ask({"wait": self._pid})
        out, err = (file.read_text() for file in self._files)
        assert "Traceback" not in err, err
        return Ended(code, out, err)

    def kill(self) -> Ended:
        """End it now. Its code is 0 or more where it was faster."""
        os.kill(self._pid, signal.SIGKILL)  # the pid stays taken until it is waited for
        return self.wait()


class Forge:
    """Starts mlmon in a folder with an environment."""

    def __init__(self, server: subprocess.Popen[str], folder: Path) -> None:
        self._server = server
        self._folder = folder
        self._numbers = count()

    def start(self, argv: Sequence[str], folder: Path, environ: Mapping[str, str] | None = None) -> Process:
        """Start `mlmon` with these words."""
        number = next(self._numbers)
        files = [self._folder / f"{number}.{stream}" for stream in ("out", "err")]
        for file in files:
            file.touch()  # it may be killed before it has made them
        asked = {"argv": [*argv], "cwd": str(folder), "environ": dict(environ or {}), "files": [*map(str, files)]}
        return Process(self, self.ask(asked), files)

    def ask(self, question: Mapping[str, object]) -> int:
        """What the process that forks answers: a pid, or an exit code."""
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.write(json.dumps(question) + "\n")
        self._server.stdin.flush()
        return int(self._server.stdout.readline())


@contextmanager
def forge(folder: Path) -> Iterator[Forge]:
    """The process that forks, until the end of the block."""
    folder.mkdir(exist_ok=True)
    environ = {"PATH": os.environ["PATH"], "HOME": str(folder), "NO_COLOR": "1"}
    command = [sys.executable, __file__]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environ) as server:
        yield Forge(server, folder)


def serve() -> None:
    """Fork and wait as the lines of stdin ask, until it is closed."""
    for name in (*HEAVY, *ours()):
        __import__(name)
    for line in sys.stdin:
        asked = json.loads(line)
        if "wait" in asked:
            print(os.waitstatus_to_exitcode(os.waitpid(asked["wait"], 0)[1]), flush=True)
            continue
        pid = os.fork()
        if not pid:
            be_mlmon(asked)
        print(pid, flush=True)


def ours() -> list[str]:
    """Every module of mlmon's but those that only `init` needs, which take longer than all others together."""
    import pkgutil

    import mlmon

    skipped = ("mlmon.azure.setup", "mlmon.__main__", "mlmon.local.demo")
    found = [each.name for each in pkgutil.walk_packages(mlmon.__path__, "mlmon.", onerror=lambda _: None)]
    return [name for name in found if not name.startswith(skipped)]


def be_mlmon(asked: Mapping[str, Any]) -> None:
    """Run one command in this process, and end it."""
    from mlmon.main import main
    from mlmon.session import World
    from running import NOW

    os.chdir(asked["cwd"])
    os.environ.update(asked["environ"])
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for file, descriptor in zip(asked["files"], (1, 2), strict=True):
        os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), descriptor)
    world = World(sys.stdin, sys.stdout, sys.stderr, os.environ, Path(asked["cwd"]), lambda: NOW, main)
    code = 70
    try:
        code = main(asked["argv"], world)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)  # the loop above is not this process's


if __name__ == "__main__":
    serve()
