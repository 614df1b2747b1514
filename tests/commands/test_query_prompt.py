"""The prompt of `mlmon query`, in a terminal of its own."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import subprocess
import sys
from pathlib import Path
from time import monotonic
from types import TracebackType

import pytest

from mlmon.commands.prompt import history_file, runnable, whole
from mlmon.core.ports import Dialect
from mlmon.kql.words import words
from running import Runner

_ESCAPES = re.compile(r"\x1b(?:\[[0-9;?]*[a-zA-Z]|[()][0-9A-B]|[=>])")
SECONDS = 10


class Typist:
    """mlmon in a pseudo-terminal, and somebody who types."""

    def __init__(self, folder: Path, *words: str, **environ: str) -> None:
        self._main, side = pty.openpty()
        env = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder / "home"),
            "TERM": "xterm",
            "NO_COLOR": "1",
            "LC_ALL": "C.UTF-8",
            "COLUMNS": "100",
            "PROMPT_TOOLKIT_NO_CPR": "1",  # nobody answers where the cursor is
            **environ,
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "mlmon", "query", *words],
            cwd=folder,
            env=env,
            stdin=side,
            stdout=side,
            stderr=side,
            start_new_session=True,
        )
        os.close(side)
        self.seen = ""

    def __enter__(self) -> Typist:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        os.close(self._main)

    def type(self, keys: str) -> None:
        os.write(self._main, keys.encode())

    def sees(self, text: str) -> str:
        """What was shown since the last time, up to and with the text."""
        end = monotonic() + SECONDS
        while text not in self.seen:
            assert monotonic() < end, f"{text!r} is not in {self.seen!r}"
            if select.select([self._main], [], [], 0.2)[0]:
                self._read()
        before, found, self.seen = self.seen.partition(text)
        return before + found

    def waits(self) -> None:
        """Until nothing is drawn any more: a menu may have shown the word before it stands in the line."""
        while self.process.poll() is None and select.select([self._main], [], [], 1.0)[0]:
            self._read()

    def leaves(self) -> None:
        """Ctrl-D at the next prompt, which ends well."""
        self.sees("kql>")
        self.type("\x04")
        assert self.ends() == 0

    def ends(self) -> int:
        """The exit code, once everything is read."""
        end = monotonic() + SECONDS
        while self.process.poll() is None and monotonic() < end:
            if select.select([self._main], [], [], 0.2)[0]:
                self._read()
        assert self.process.poll() is not None, self.seen
        return self.process.wait()

    def _read(self) -> None:
        try:
            self.seen = _ESCAPES.sub("", self.seen + os.read(self._main, 65536).decode(errors="replace"))
        except OSError:  # the other side is closed
            return


def test_a_conversation(churn: Runner) -> None:
    """Queries over several lines, an error in between, Ctrl-C and Ctrl-D; what was asked is remembered."""
    with Typist(churn.folder) as person:
        person.sees("Ctrl-D leaves")
        person.sees("kql>")
        person.type("requests |\r")
        person.sees("   |")
        person.type("count\r")
        person.sees("Count")
        person.sees("kql>")
        person.type("print nonsense(\x03")  # thrown away
        person.sees("kql>")
        person.type("requests | where nowhere == 1\r")
        person.sees("error: line 1, column 18: there is no column named 'nowhere' here")
        person.sees("kql>")
        person.type("print 'multi', \x1b\r 6 * 7\r")
        person.sees("42")
        person.leaves()
    history = churn.folder / "home" / ".local" / "state" / "mlmon" / "query-history"
    kept = [line for line in history.read_text().splitlines() if line.startswith("+")]
    assert kept == ["+requests |", "+count", "+requests | where nowhere == 1", "+print 'multi', ", "+ 6 * 7"]
    assert history.stat().st_mode & 0o777 == 0o600
    with Typist(churn.folder) as person:
        person.sees("kql>")
        person.type("\x1b[A\x1b[A\x1b[A\r")  # up to the last one's error
        person.sees("there is no column named 'nowhere'")
        person.sees("kql>")
        person.type("exit\r")
        assert person.ends() == 0


def test_a_table_alone_waits_and_an_empty_line_runs_it(churn: Runner) -> None:
    with Typist(churn.folder, "--var", "n=20") as person:
        person.sees("kql>")
        person.type("traces\r\r")
        person.sees("the query returned no rows")
        person.sees("kql>")
        person.type("print n + 1;;\r")
        person.sees("21")
        person.leaves()


def test_tab_completes_what_is_typed(churn: Runner) -> None:
    with Typist(churn.folder) as person:
        person.sees("kql>")
        person.type("exceptio\t")
        person.sees("ns")
        person.waits()
        person.type(" | summ\t")
        person.sees("arize")
        person.waits()
        person.type(" dcount(operation_Paren\t")
        person.sees("tId")
        person.waits()
        person.type(")\r")
        person.sees("dcount_operation_ParentId")
        person.leaves()
    kept = history_file({"HOME": str(churn.folder / "home")}).read_text()
    assert kept.splitlines()[-1] == "+exceptions | summarize dcount(operation_ParentId)"


def test_a_secret_and_what_stands_behind_a_blank_are_not_remembered(churn: Runner) -> None:
    with Typist(churn.folder) as person:
        for query in ("print 1, h'hush'", " print 2, 'blank'", "print 3, 'kept'"):
            person.sees("kql>")
            person.type(f"{query}\r")
            person.sees("print_1")
        person.leaves()
    text = history_file({"HOME": str(churn.folder / "home")}).read_text()
    assert "kept" in text
    assert "hush" not in text
    assert "blank" not in text


def test_cells_cannot_drive_the_terminal(churn: Runner) -> None:
    with Typist(churn.folder) as person:
        person.sees("kql>")
        person.type("print cell = '\\\\u001b]0;title'\r")
        person.sees("cell")
        person.type("print cell = '\\u001b]0;title\\u202e'\r")
        assert "\x1b]0" not in person.sees("\\x1b]0;title\\u202e")
        person.leaves()


@pytest.mark.parametrize("typed", ["", "print 1 +"])
def test_who_is_asked_to_end_ends(churn: Runner, typed: str) -> None:
    """Ctrl-C throws a line away; SIGTERM does not."""
    with Typist(churn.folder) as person:
        person.sees("kql>")
        person.type(typed)
        person.waits()
        person.process.send_signal(signal.SIGTERM)
        assert person.ends() == 143


def test_ctrl_c_ends_a_query_and_not_the_prompt(churn: Runner) -> None:
    many = "range {0} from 1 to 300000 step 1 | extend k = 1"
    forever = f"{many.format('a')} | join kind=inner ({many.format('b')}) on k | summarize max(a * b)"
    with Typist(churn.folder) as person:
        person.sees("kql>")
        person.type(f"{forever}\r")
        person.waits()
        person.process.send_signal(signal.SIGINT)  # this terminal controls no process, so that it sends none
        person.sees("the query was interrupted")
        person.leaves()


def test_without_prompt_toolkit_it_says_what_brings_it(churn: Runner, tmp_path: Path) -> None:
    """The extra is not installed: a module of that name that cannot be imported stands before it."""
    (tmp_path / "without" / "prompt_toolkit").mkdir(parents=True)
    (tmp_path / "without" / "prompt_toolkit" / "__init__.py").write_text("raise ModuleNotFoundError(name=__name__)")
    with Typist(churn.folder, PYTHONPATH=str(tmp_path / "without")) as person:
        person.sees("error: there is no query, and the prompt that asks for one is not installed")
        person.sees("hint: pip install 'mlmon[prompt]' installs it")
        assert person.ends() == 2


def test_a_history_that_cannot_be_written_is_kept_for_the_run(churn: Runner) -> None:
    (churn.folder / "home").write_text("no folder")
    with Typist(churn.folder) as person:
        person.sees("kql>")
        person.type("print 41 + 1\r")
        person.sees("42")
        person.leaves()


@pytest.mark.parametrize(
    ("typed", "is_whole"),
    [
        ("", True),
        ("exit", True),
        ("traces", False),
        ("traces\n", True),
        ("traces;;", True),
        ("traces |", False),
        ("traces | take 1", True),
        ("traces |\n  ", True),
        ("print 'a", False),
    ],
)
def test_when_enter_runs(typed: str, is_whole: bool) -> None:  # noqa: FBT001 - a case
    assert whole(typed) is is_whole
    assert runnable(" print 1;; ") == "print 1"


@pytest.mark.parametrize(
    ("before", "offered"),
    [
        ("", ["traces", "let"]),
        ("requests | ", ["where", "summarize"]),
        ("requests | wh", ["where"]),
        ("requests | where resultC", ["resultCode"]),
        ("requests | where R", ["resultCode", "round"]),
        ("traces | render ", ["timechart", "table"]),
        ("requests | summarize per", ["percentile"]),
        ("requests | extend fast = duration < 5 | where fa", ["fast"]),
        ("print 'tra", []),
        ("exceptions | where outer", ["outerMessage", "outerType"]),
    ],
)
def test_words_that_may_come_next(before: str, offered: list[str]) -> None:
    found = [word for word, _ in words(before, Dialect.CLASSIC)]
    assert set(offered) <= set(found)
    assert bool(found) is bool(offered)
    assert len(found) == len(set(found))


def test_in_a_workspace_its_own_names_are_offered() -> None:
    assert [word for word, _ in words("AppRequests | where Res", Dialect.WORKSPACE)] == ["ResourceGUID", "ResultCode"]
