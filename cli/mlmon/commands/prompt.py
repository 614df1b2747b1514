"""The prompt of `mlmon query`: one query after the other, with history and completion, by prompt_toolkit.

Enter runs a query that is whole; one that is not goes on with the next line (`tokens.unfinished`), and so does a
table's name alone. An empty line, or `;;` at the end, runs it as it stands; Alt-Enter begins a line anywhere.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mlmon.commands.command import asked_format
from mlmon.commands.querying import Asking
from mlmon.core.errors import MlmonError, UsageError
from mlmon.core.ports import Dialect
from mlmon.output.results import Format, Nothing, Result
from mlmon.output.show import show

if TYPE_CHECKING:
    from prompt_toolkit import PromptSession
    from prompt_toolkit.history import History
    from prompt_toolkit.key_binding import KeyBindings

HISTORY: Final = "query-history"
_RUN: Final = ";;"
_LEAVE: Final = frozenset({"exit", "quit"})
_WELCOME: Final = (
    "a query runs with Enter once it is whole, or with an empty line or ;; at its end; Alt-Enter begins a line, "
    "Tab completes, Ctrl-D leaves"
)


def prompt(asking: Asking) -> Result:
    """Ask for queries and show their answers until Ctrl-D.

    Raises:
        UsageError: prompt_toolkit is not installed.
    """
    terminal, world = asking.session.terminal, asking.session.world
    try:
        import prompt_toolkit  # noqa: F401 - an extra: most people never need it
    except ModuleNotFoundError:
        raise UsageError(
            "there is no query, and the prompt that asks for one is not installed",
            hint="pip install 'mlmon[prompt]' installs it; or write one: mlmon query 'traces | take 10'",
        ) from None
    dialect = asking.dialect()
    session = _session(dialect, world.environ)
    terminal.note(_WELCOME)
    while True:
        try:
            typed = session.prompt("kql> ")
        except _Cleared:
            continue  # the line is thrown away, as a shell does
        except EOFError:
            return Nothing()
        query = runnable(typed)
        if query in _LEAVE:
            return Nothing()
        if query:
            _answer(asking, query)


def _answer(asking: Asking, query: str) -> None:
    """Run one query and show what it gives; what goes wrong is said, and the prompt goes on."""
    terminal = asking.session.terminal
    try:
        show(asking.run(query), format=asked_format(asking.session) or Format.TABLE, terminal=terminal)
    except MlmonError as error:
        terminal.error(error)
    except KeyboardInterrupt:
        if _is_to_end():
            raise
        terminal.note("the query was interrupted", level="warning")


class _Cleared(Exception):
    """Ctrl-C at the prompt. Another class than Python's, which SIGTERM raises too."""


def _is_to_end() -> bool:
    """Whether it was SIGTERM or SIGHUP that interrupted, which `main` answers once and then leaves to the system."""
    known = (getattr(signal, name, None) for name in ("SIGTERM", "SIGHUP"))  # Windows has no SIGHUP
    return any(signal.getsignal(each) is signal.SIG_DFL for each in known if each is not None)


def runnable(typed: str) -> str:
    """The query without what only says that it is to be run."""
    return typed.strip().removesuffix(_RUN).strip()


def whole(text: str) -> bool:
    """Whether Enter behind this text runs it, rather than beginning a line."""
    from mlmon.kql.tokens import unfinished

    last = text.rsplit("\n", 1)[-1]
    says_so = text.rstrip().endswith(_RUN) or ("\n" in text and not last.strip())
    return says_so or not text.strip() or text.strip() in _LEAVE or not unfinished(text)


def _session(dialect: Dialect, environ: Mapping[str, str]) -> PromptSession[str]:
    from prompt_toolkit import PromptSession
    from prompt_toolkit.completion import CompleteEvent, Completer, Completion, ThreadedCompleter
    from prompt_toolkit.document import Document

    from mlmon.kql.words import last_word, words

    class Words(Completer):
        def get_completions(self, document: Document, _: CompleteEvent) -> Iterable[Completion]:
            before = document.text_before_cursor
            for word, what in words(before, dialect):
                yield Completion(word, start_position=-len(last_word(before)), display_meta=what)

    return PromptSession(
        history=_history(environ),
        completer=ThreadedCompleter(Words()),  # the first Tab loads the list of functions
        complete_while_typing=False,
        multiline=True,
        key_bindings=_keys(),
        interrupt_exception=_Cleared,
        prompt_continuation=lambda width, _number, _wrapped: " " * (width - 2) + "| ",
        enable_open_in_editor=False,
    )


def _keys() -> KeyBindings:
    from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent

    keys = KeyBindings()

    @keys.add("enter")
    def _(event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        if buffer.complete_state and buffer.complete_state.current_completion:
            buffer.complete_state = None  # Enter takes the completion that is chosen
        elif whole(buffer.text):
            buffer.validate_and_handle()
        else:
            buffer.newline(copy_margin=False)

    @keys.add("escape", "enter")
    def _(event: KeyPressEvent) -> None:
        event.current_buffer.insert_text("\n")

    return keys


def _history(environ: Mapping[str, str]) -> History:
    """What was asked before, in a file of the person's own; for this run alone where none can be written."""
    from prompt_toolkit.history import FileHistory, InMemoryHistory

    class Careful(FileHistory):
        """Keeps no query with an obfuscated literal (h"…"), which is how KQL marks a secret, nor one behind a blank."""

        def append_string(self, string: str) -> None:
            if runnable(string) not in {"", *_LEAVE} and not string.startswith(" ") and not _has_secret(string):
                super().append_string(string)

        def store_string(self, string: str) -> None:
            with suppress(OSError):  # a full disk must not end the prompt
                super().store_string(string)

    path = history_file(environ)
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600))
    except OSError:
        return InMemoryHistory()
    return Careful(str(path))


def _has_secret(query: str) -> bool:
    from mlmon.kql.tokens import Kind, tokens

    return any(each.kind in {Kind.STRING, Kind.OPEN} and each.text[:1] in "hH" for each in tokens(query))


def history_file(environ: Mapping[str, str]) -> Path:
    """Where the history stands: beside what other programs of this person remember, and in no project."""
    home = environ.get("HOME") or environ.get("USERPROFILE") or ""
    state: Any = environ.get("XDG_STATE_HOME")
    if not state:
        state = environ.get("LOCALAPPDATA") if sys.platform == "win32" else Path(home, ".local", "state")
    return Path(state or home) / "mlmon" / HISTORY
