"""From argv to an exit code; the one place that turns an error into a sentence, a next step and a code."""

from __future__ import annotations

import gc
import os
import re
import signal
import sys
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Final, TextIO

from mlmon import VERSION_LINE
from mlmon.core.errors import Code, ExitCode, Failure, Interrupted, MlmonError, UsageError
from mlmon.session import World


def entry() -> None:
    """The installed command."""
    try:
        cwd = Path.cwd()
    except OSError:  # the folder was deleted under us
        cwd = Path(os.environ.get("PWD", "/"))
    asked = AskedToEnd()
    asked.listen()
    world = World(sys.stdin, sys.stdout, sys.stderr, os.environ, cwd, lambda: datetime.now(UTC), main, asked.code)
    code = main(sys.argv[1:], world)
    for stream in (sys.__stdout__, sys.__stderr__):
        _let_go(stream)
    # DuckDB's part that is not Python reports on stderr, as a leak, whatever the search for garbage did not end
    if asked.is_whole and {"duckdb", "duckdb_kql"}.isdisjoint(sys.modules):
        gc.freeze()  # all of it ends now, and need not be looked through for garbage first: a tenth of a short command
    sys.exit(code)


@dataclass(slots=True)
class AskedToEnd:
    """Signals that ask for an end: they are Ctrl-C by another name, so that nothing is left lying about."""

    signal: int = 0
    is_whole: bool = False
    """Whether the run came to its end. One that was broken off leaves iterators that clean up when they are found."""

    def listen(self) -> None:
        """From now on. What is ignored already, as nohup has it, stays ignored."""
        for name in ("SIGTERM", "SIGHUP"):
            number = getattr(signal, name, None)  # Windows has no SIGHUP
            if number is not None and signal.getsignal(number) is signal.SIG_DFL:
                signal.signal(number, self._end)

    def code(self, code: int) -> int:
        """The exit code of a run that was ended, as shells give it; else the one it has."""
        self.is_whole = code == ExitCode.DONE
        return 128 + self.signal if self.signal and code == ExitCode.INTERRUPTED else code

    def _end(self, number: int, _frame: FrameType | None) -> None:
        signal.signal(number, signal.SIG_DFL)  # who asks again need not wait
        self.signal = number
        raise KeyboardInterrupt


def _let_go(stream: TextIO | None) -> None:
    """Flush for the last time; where the reader has gone or the device is full, Python must not try again at exit."""
    if stream is None:  # started with >&-
        return
    try:
        stream.flush()
    except (OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def main(argv: Sequence[str], world: World) -> int:
    """Run one command. Never raises: whatever happens becomes a message on stderr and an exit code."""
    try:
        code = _run(argv, world)
        if sys.stdout is not None:  # started with >&-
            sys.stdout.flush()  # typer's help went there
    except BrokenPipeError:
        return ExitCode.DONE  # the reader has seen enough: `mlmon ls | head`
    except MlmonError as error:
        return _report(error, argv, world)
    except KeyboardInterrupt:
        return _report(Interrupted("interrupted"), argv, world)
    except OSError as error:
        return _report(_os_error(error), argv, world)
    except Exception as error:
        found = Interrupted("interrupted") if str(error) == _DUCKDB_INTERRUPTED else _fault(error, argv)
        return _report(found, argv, world)
    return world.exit_code(code)


_DUCKDB_INTERRUPTED: Final = "Query interrupted"
"""What DuckDB makes of Ctrl-C while it works: a RuntimeError instead of a KeyboardInterrupt."""


def _run(argv: Sequence[str], world: World) -> int:
    if argv[:1] == ["__complete"]:
        from mlmon.commands.complete import complete

        return complete(argv[1:], world)
    if list(argv) == ["--version"]:  # scripts ask this, and the tree takes longer to build than it does to answer
        from mlmon.output.streams import Stream

        Stream.of(world.stdout, world.environ).write(VERSION_LINE)
        return ExitCode.DONE
    argv = [_text(word) for word in argv]

    import typer

    from mlmon.commands.tree import tree

    try:
        work: Callable[[], int] | int | None = tree(argv)(
            list(argv), obj=world, prog_name="mlmon", standalone_mode=False
        )
    except typer.TyperException as error:
        from mlmon.commands.wording import worded

        raise worded(error) from None
    # a number is typer's own: 0 after --help, 130 after Ctrl-C while it parsed
    return int(work() if callable(work) else work or 0)


def _text(word: str) -> str:
    """An argument as text, also where the locale could not read it. Raises `UsageError` when nothing can."""
    if not any("\ud800" <= letter <= "\udfff" for letter in word):
        return word
    data = word.encode("utf-8", "surrogateescape")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise UsageError(
            f"the argument '{data.decode('utf-8', 'backslashreplace')}' is not valid UTF-8", hint="write it in UTF-8"
        ) from None


def _os_error(error: OSError) -> MlmonError:
    where = f": {error.filename}" if error.filename else ""
    return Failure(
        f"{(error.strerror or str(error)).lower()}{where}", hint="see that it is there and that you may use it"
    )


def _fault(error: Exception, argv: Sequence[str]) -> MlmonError:
    """A mistake of ours. People get a sentence; who asks with --debug gets the place."""
    if "--debug" in argv:
        traceback.print_exc()
    kind = f"{type(error).__name__}: {error}".splitlines()[0]
    return Failure(f"mlmon has a fault ({kind})", hint="please report it, with what --debug adds", code=Code.FAULT)


def _report(error: MlmonError, argv: Sequence[str], world: World) -> int:
    from mlmon.output.terminal import Terminal

    terminal = Terminal.of(world.stdin, world.stdout, world.stderr, world.environ)
    code = world.exit_code(error.exit_code)
    terminal.configured(machine=_wants_json(argv, world), no_color="--no-color" in argv).error(error, exit_code=code)
    return code


def _wants_json(argv: Sequence[str], world: World) -> bool:
    """Whether errors are to be JSON, found even when the command line itself is what is wrong."""
    wanted = world.environ.get("MLMON_OUTPUT", "")
    for word, following in zip(argv, [*argv, ""][1:], strict=True):
        if found := _OUTPUT.fullmatch(word):
            wanted = found["value"] or following
    return wanted in {"json", "jsonl"}


_OUTPUT: Final = re.compile(r"(?:--output=|--output$|-[qy]*o)(?P<value>.*)")  # also as -qo json, -ojson
