"""A minute of following a service that never rests, with everything in it that a minute on Azure can bring.

2 000 lines a second, a restart, a burst of 429, an outage of 10 s, and tokens that run out: what `mlmon logs -f` prints
is compared line by line with what was written. It takes a minute and a half of wall time and little of a processor.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import pytest

from acceptance.conftest import Shell
from emulators import faults, seed
from emulators.__main__ import write
from emulators.azure import LocalAzure

RATE = 2000
SECONDS = 60
RESTART_AT = 15
THROTTLED = (22, 26)
OUTAGE = (35, 45)
LOG = ("ep1", "blue", "InferenceServer")
PROBE = "Liveness probe answered"
SPAN = 6
MOST_GROWTH = 0.5e6
"""Bytes in so many seconds, most of the time: the 12 000 lines alone are 1.5 MB, and what is made of them far more. A
snapshot that looks far back, after an outage or on a machine that does other things too, takes its room once."""
PATIENCE = 60.0
"""How long the last line is waited for, on a machine that does other things too."""


@dataclass
class Writer:
    """A service that writes. Each eighth line is a health probe's, and those are all alike."""

    azure: LocalAzure
    written: list[str] = field(default_factory=list)
    restarts: list[int] = field(default_factory=list)

    def until(self, due: int) -> None:
        """Have written so many lines, in all."""
        log = self.azure.contents.logs[LOG]
        assert isinstance(log, list)
        while len(self.written) < due:
            number = len(self.written)
            clock = f"08:{number // 60000:02}:{number // 1000 % 60:02},{number % 1000:03}"
            line = PROBE if number % 8 == 7 else f"2026-03-02 {clock} I [71] score - row {number}"
            self.written.append(line)
            log.append(line)

    def restart(self) -> None:
        self.azure.set_log(*LOG, [])
        self.restarts.append(len(self.written))


@pytest.fixture
def azure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAzure]:
    """Its tokens are good for a third of a minute."""
    with LocalAzure.start(tmp_path_factory.mktemp("azure")) as azure:
        azure.access.lifetime = 20
        seed.small(azure)
        azure.set_log(*LOG, ["before anybody looked"])
        yield azure


@contextmanager
def following(shell: Shell) -> Iterator[subprocess.Popen[bytes]]:
    """`mlmon logs -f`, whose stdout and stderr are the files `out` and `err`."""
    environ = {
        "PATH": f"{shell.environment / 'bin'}:{os.environ['PATH']}",
        "HOME": str(shell.folder),
        **shell.variables,
    }
    command = [str(shell.environment / "bin" / "mlmon"), "logs", "ep1/blue", "-f", "-n", "1", "-o", "jsonl"]
    with (shell.folder / "out").open("wb") as out, (shell.folder / "err").open("wb") as err:
        process = subprocess.Popen(command, cwd=shell.folder, env=environ, stdout=out, stderr=err)
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def resident(process: subprocess.Popen[bytes]) -> int:
    """Bytes of memory that a process has now."""
    pages = int(Path(f"/proc/{process.pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def wait_for(text: str, file: Path) -> None:
    end = time.monotonic() + PATIENCE
    while text not in file.read_text():
        assert time.monotonic() < end, f"{text!r} did not come: {(file.parent / 'err').read_text()}"
        time.sleep(0.1)


def live(writer: Writer, process: subprocess.Popen[bytes]) -> list[int]:
    """A minute of the service's life. How much memory the follower had in each second of it."""
    began, memory = time.monotonic(), []
    with ExitStack() as faulty:
        for tenth in range(SECONDS * 10):
            match tenth / 10:
                case second if second == RESTART_AT:
                    writer.restart()
                case second if second == THROTTLED[0]:
                    burst = faults.throttled(7)  # longer than one command waits: it is following that has to
                    faulty.enter_context(writer.azure.fault(burst, plane="arm", path="getLogs"))
                case second if second == OUTAGE[0]:
                    faulty.enter_context(writer.azure.stop_plane("arm"))
                case second if second in {THROTTLED[1], OUTAGE[1]}:
                    faulty.pop_all().close()
            writer.until((tenth + 1) * RATE // 10)
            if tenth % 10 == 0:
                memory.append(resident(process))
            time.sleep(max(0.0, began + (tenth + 1) / 10 - time.monotonic()))
    return memory


def stretches(out: Path) -> list[list[str]]:
    """The lines that were printed; each gap begins a new stretch of them."""
    found: list[list[str]] = [[]]
    for text in out.read_text().splitlines():
        record = json.loads(text)
        if record["type"] == "gap":
            found.append([])
        else:
            found[-1] += record["line"].split("\n")
    return found


def test_a_minute_of_everything_loses_nothing_without_a_gap(
    environment: Path, azure: LocalAzure, tmp_path: Path
) -> None:
    write(azure, tmp_path)
    shell = Shell(environment, tmp_path, azure.environ)
    shell("mlmon init --config config.json")
    writer = Writer(azure)
    with following(shell) as process:
        wait_for("before anybody looked", tmp_path / "out")
        memory = live(writer, process)
        writer.written.append("the last line")
        azure.contents.logs[LOG].append("the last line")  # type: ignore[union-attr]  # it is a list
        wait_for("the last line", tmp_path / "out")
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        assert process.wait(5) == 130
        assert time.monotonic() - began < 1

    first, *others = stretches(tmp_path / "out")
    assert first[0] == "before anybody looked"
    at, missing = 0, 0
    for lines in (first[1:], *others):
        stamped = next(index for index, line in enumerate(lines) if line != PROBE)
        start = writer.written.index(lines[stamped], at) - stamped
        assert lines == writer.written[start : start + len(lines)]
        missing += start - at
        at = start + len(lines)
    assert at == len(writer.written)
    assert len(others) <= 2, "there is one restart, and the outage may be longer than the log can be looked back"
    assert missing <= RATE * 5  # what the old log said at its very end, after it was last looked at

    growth = median(later - one for one, later in zip(memory[8:], memory[8 + SPAN :], strict=False))
    assert growth < MOST_GROWTH, [round(each / 1e6, 1) for each in memory]
    assert max(memory) < 2 * memory[8], [round(each / 1e6, 1) for each in memory]
    print(f"{missing} lines missing in {len(others)} gaps; MB: {[round(each / 1e6, 1) for each in memory]}")
    told = (tmp_path / "err").read_text()
    assert "Azure throttles" in told
    assert "the log is read again" in told
