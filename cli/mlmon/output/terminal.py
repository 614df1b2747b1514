"""The terminal: streams, width, colour, notes, errors, questions and progress. Only a session holds one."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, Literal, TextIO

from mlmon.core.errors import Failure, MlmonError, UsageError, did_you_mean
from mlmon.output.controls import json_safe, neutral
from mlmon.output.streams import Stream, said_width, terminal_width

if TYPE_CHECKING:
    from mlmon.output.progress import Bar, Progress, Unit

Level = Literal["info", "warning", "debug"]


@dataclass(frozen=True, slots=True)
class Terminal:
    """Where a run's words go. Data goes to stdout, everything else to stderr; each is judged on its own.

    `width` is that of the window at the start, unless it was said to be another: `resizable` is whether it may change.
    `machine` makes notes and errors JSON lines. `clock` counts seconds for progress.
    """

    stdin: TextIO | None
    stdout: Stream
    stderr: Stream
    width: int
    resizable: bool = False
    quiet: bool = False
    debug: bool = False
    machine: bool = False
    clock: Callable[[], float] = time.monotonic
    # what is drawn on stderr right now; other output takes it away while it writes
    _bars: list[Bar] = field(default_factory=list, compare=False, repr=False)

    @classmethod
    def of(
        cls,
        stdin: TextIO | None,
        stdout: TextIO | None,
        stderr: TextIO | None,
        environ: Mapping[str, str],
        *,
        width: int | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> Terminal:
        """Judge three streams by what they are and what the environment says."""
        return cls(
            stdin=stdin,
            stdout=Stream.of(stdout, environ),
            stderr=Stream.of(stderr, environ),
            width=width or terminal_width((stdout, stderr), environ),
            resizable=not (width or said_width(environ)),
            clock=clock,
        )

    def configured(
        self, *, quiet: bool = False, debug: bool = False, machine: bool = False, no_color: bool = False
    ) -> Terminal:
        """A copy with more switched on; what is on already stays on."""
        return replace(
            self,
            stdout=replace(self.stdout, colour=self.stdout.colour and not no_color),
            stderr=replace(self.stderr, colour=self.stderr.colour and not no_color),
            quiet=self.quiet or quiet,
            debug=self.debug or debug,
            machine=self.machine or machine,
        )

    @property
    def can_ask(self) -> bool:
        """Whether a person is there to answer: stdin and stderr are both terminals."""
        return self.stdin is not None and not self.stdin.closed and self.stdin.isatty() and self.stderr.is_terminal

    def write(self, text: str) -> None:
        """Text to stdout. Raises BrokenPipeError when the reader is gone, `Failure` when the device is full."""
        with self._undisturbed(self.stdout):
            self.stdout.write(text)

    def write_bytes(self, data: bytes) -> None:
        """Bytes to stdout, exactly. Raises as `write` does."""
        with self._undisturbed(self.stdout):
            self.stdout.write_bytes(data)

    def flush(self) -> None:
        """Hand over what was written to stdout. Raises as `write` does."""
        self.stdout.flush()

    def note(self, message: str, *, level: Level = "info", hint: str = "") -> None:
        """Say something on stderr, and what to do about it: info unless quiet, debug only when debugging, warnings
        always."""
        if (level == "info" and self.quiet) or (level == "debug" and not self.debug):
            return
        if self.machine:
            self._say(_json_line({"level": level, "message": message, **({"hint": hint} if hint else {})}))
            return
        told = self._told("" if level == "info" else f"{level}:", neutral(message, keep="\n\t"), _STYLE_OF[level])
        self._say("\n".join([told, *self._hints(hint)]))

    def error(self, error: MlmonError, *, exit_code: int | None = None) -> None:
        """Say an error on stderr: what went wrong, then the next step; one JSON object when `machine`.

        `exit_code` is the run's where that is not the error's own.
        """
        if self.machine:
            document = {"code": error.code, "message": error.message, "hint": error.hint}
            self._say(_json_line({**document, "exit_code": exit_code or int(error.exit_code)}))
            return
        told = self._told("error:", neutral(error.message), "error")
        self._say("\n".join([told, *self._hints(error.hint)]))

    def _hints(self, hint: str) -> list[str]:
        return [self._told("hint:", neutral(line), "hint") for line in hint.splitlines()]

    def _told(self, lead: str, text: str, style: str) -> str:
        """The text behind its lead. On a terminal it is broken at blanks, unless it has lines of its own."""
        before = f"{lead} " if lead else ""
        if self.stderr.is_terminal and "\n" not in text and len(before) + 2 * len(text) > self.width:
            from mlmon.output.wrapping import wrapped  # why here: what is short, as most is, needs none of it

            text = wrapped(text, self.width, taken=len(before))
        return f"{self.stderr.styled(lead, style)} {text}" if lead else text

    def confirm(self, question: str) -> bool:
        """Ask yes or no on stderr. Only y and yes are yes; the end of input is no.

        Raises:
            UsageError: nobody is there to answer.
        """
        if not self.can_ask:
            raise UsageError(
                "nobody is there to be asked, so this needs --yes",
                hint="add --yes to go ahead, or --dry-run to see what would change",
            )
        answer = self._ask(f"{question} [y/N] ")
        return answer is not None and answer.lower() in {"y", "yes"}

    def choose(self, question: str, options: Sequence[str], *, names: Sequence[str] = ()) -> str:
        """Ask on stderr for one of the options, by number or by name, until one is given.

        `names` are what each option may be called in short, in any case: several may have the same one.

        Raises:
            UsageError: nobody is there to answer; the hint names the options.
            Failure: the end of input came instead of an answer.
        """
        if not self.can_ask:
            raise UsageError(f"{question}: nobody is there to be asked", hint=f"name one of: {', '.join(options)}")
        numbered = [f"  {number}  {neutral(option)}" for number, option in enumerate(options, 1)]
        self._say("\n".join([neutral(question), *numbered]))
        while (answer := self._ask("number or name: ")) is not None:
            called = [option for option, name in zip(options, names) if name.lower() == answer.lower()]  # noqa: B905 - or there are no names
            if answer in options or len(called) == 1:
                return answer if answer in options else called[0]
            number = int(answer) if answer.isascii() and answer.isdigit() and len(answer) < _MOST_DIGITS else 0
            if 1 <= number <= len(options):
                return options[number - 1]
            self._say(neutral(f"{answer!r} is {_refusal(answer, options, names=names, called=called)}"))
        raise Failure("nothing was chosen", hint=f"name one of: {', '.join(options)}")

    @contextmanager
    def progress(
        self, label: str, *, total: int | None, unit: Unit = "files", ticking: bool = False
    ) -> Iterator[Progress]:
        """Show work going on: a bar on a terminal, a line every few seconds elsewhere, nothing when quiet.

        Work that is done within a second shows nothing. `advance` may be called from several threads. `ticking` shows
        by itself that time passes, for work that advances seldom; counted in seconds, it needs no `advance` at all.
        """
        from mlmon.output import progress  # why here: few commands have anything to wait for

        made = progress.measured(self, label, total=total, unit=unit)
        self._bars.append(made)
        clock = progress.ticking(made, seconds=unit == "seconds", moving=self.stderr.moving)
        try:
            with clock if ticking else nullcontext():
                yield made
        finally:
            self._bars.remove(made)
            made.close()

    def _ask(self, prompt: str) -> str | None:
        """One line of answer without blanks around it; None at the end of input."""
        with self._undisturbed(self.stderr):
            self.stderr.write(neutral(prompt))
            self.stderr.flush()
            try:
                line = self.stdin.readline() if self.stdin is not None else ""
            except UnicodeDecodeError:
                line = "\N{REPLACEMENT CHARACTER}\n"  # typed in another encoding: an answer, but to nothing asked
            if line:
                return line.strip()
            self.stderr.write("\n")
            return None

    def _say(self, line: str) -> None:
        if self.stderr.file is None or self.stderr.file.closed:
            return  # started with 2>&-: nobody wants to hear
        # whoever read this has gone, or the device is full: the data is what the run is for
        with suppress(BrokenPipeError, Failure), self._undisturbed(self.stderr):
            self.stderr.write(f"{line}\n")
            self.stderr.flush()

    @contextmanager
    def _undisturbed(self, stream: Stream) -> Iterator[None]:
        """Take the progress bars off the screen while something else is written to it."""
        bars = self._bars if stream.is_terminal else []
        with ExitStack() as stack:
            for bar in bars:
                stack.enter_context(bar.aside())
            yield
            if bars:
                stream.flush()  # before they are drawn again


_MOST_DIGITS: Final = 10


def _refusal(answer: str, options: Sequence[str], *, names: Sequence[str], called: Sequence[str]) -> str:
    """Why an answer chooses nothing, and what would."""
    span = f"type a number from 1 to {len(options)}"
    if called:
        return f"what {len(called)} of them are called; {span}"
    near = "" if answer.isdigit() else did_you_mean(answer, tuple(names or options))
    return f"none of them; {near or span}"


_STYLE_OF: Final[Mapping[Level, str]] = {"info": "", "warning": "warning", "debug": "dim"}


def _json_line(document: Mapping[str, str | int]) -> str:
    import json  # why here: most runs say nothing in JSON

    return json_safe(json.dumps(document))
