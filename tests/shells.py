"""Real shells on real terminals: type into them as a person does, see what they offer and what mlmon is then given.

`mlmon` on their PATH is a wrapper: `__complete` goes to the real mlmon, anything else writes its arguments to a file.
A shell that is not installed is an error, never a skip.
"""

from __future__ import annotations

import os
import pty
import re
import shutil
import subprocess
import sys
import termios
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final

SCRIPTS: Final = Path(__file__).parents[1] / "completions"
_DEADLINE: Final = 30.0
_DONE: Final = "mlmon has run"
_PROMPT: Final = "READY> "

HOSTILE: Final = (
    "a$(touch x)",
    "a`touch x`",
    "a;touch x",
    "a|touch x",
    "a&touch x",
    "a b",
    " a ",
    "a'b\"c",
    "'",
    '"',
    "-rf",
    "*",
    "a~b",
    "$HOME",
    "!!",
    "#a",
    "{a,b}",
    "a\\b",
    "a:b=c",
    "=ls",
    "%s",
    "é√n",
)
"""Names that do harm, or arrive as something else, where a shell is given them unquoted."""

_WRAPPER: Final = f"""#!/bin/sh
case $1 in
  __complete) echo "$*" >> "$MLMON_TEST/asked"; exec '{sys.executable}' -m mlmon "$@" ;;
esac
: > "$MLMON_TEST/partial"
for word in "$@"; do printf '%s\\0' "$word" >> "$MLMON_TEST/partial"; done
mv "$MLMON_TEST/partial" "$MLMON_TEST/received"
echo {_DONE}
"""

_BASHRC: Final = """
PS1='READY> '
bind 'set bell-style none'
source '{scripts}/mlmon.bash'
"""

_ZSHRC: Final = """
PROMPT='READY> '
setopt no_beep no_list_beep
autoload -Uz compinit && compinit -D -u
# what is offered is also written down, before it goes to where it is shown
compadd() {{
  if [[ ${{@[1,(i)(-|--)]}} != *-(O|A|D)\\ * ]]; then
    local -a offered
    builtin compadd -O offered "$@"
    (( ! $#offered )) || printf '%s\\0' "${{(@)offered}}" >> "$MLMON_TEST/offers"
  fi
  builtin compadd "$@"
}}
"""

_FISH: Final = """
function fish_prompt; echo -n 'READY> '; end
function fish_greeting; end
source '{scripts}/mlmon.fish'
"""


@dataclass
class World:
    """A folder to stand in, a home, a PATH with the wrapper."""

    root: Path

    def __post_init__(self) -> None:
        for folder in (self.folder, self.home, self.notes, self.root / "bin"):
            folder.mkdir()
        wrapper = self.root / "bin" / "mlmon"
        wrapper.write_text(_WRAPPER)
        wrapper.chmod(0o755)

    @property
    def folder(self) -> Path:
        """Where the person stands."""
        return self.root / "here"

    @property
    def home(self) -> Path:
        return self.root / "home"

    @property
    def notes(self) -> Path:
        """What the wrapper and the shells write down."""
        return self.root / "notes"

    @property
    def environ(self) -> dict[str, str]:
        return {
            "PATH": f"{self.root / 'bin'}:/usr/bin:/bin",
            "HOME": str(self.home),
            "ZDOTDIR": str(self.home),
            "XDG_CONFIG_HOME": str(self.home / ".config"),
            "XDG_DATA_HOME": str(self.home / ".local/share"),
            "MLMON_TEST": str(self.notes),
            "TERM": "xterm",
            "LANG": "C.UTF-8",
            "COLUMNS": "200",
        }

    def take(self, note: str) -> list[str] | None:
        """A note's NUL-separated words, once; None when there is none."""
        path = self.notes / note
        if not path.exists():
            return None
        words = path.read_bytes().decode().split("\0")[:-1]
        path.unlink()
        return words


def program(name: str) -> str:
    """A shell's path. Fails where it is not installed: a test left out would look like one that passed."""
    found = shutil.which(name)
    assert found, f"{name} is needed to test its completion: apt-get install {name}"
    return found


class Shell:
    """An interactive shell on a terminal of its own."""

    def __init__(self, name: str, world: World) -> None:
        self.world = world
        self.name = name
        self._primary, secondary = pty.openpty()
        termios.tcsetwinsize(secondary, (200, 200))  # room for any list: a smaller screen makes zsh ask first
        self._process = subprocess.Popen(
            [program("setsid"), "--ctty", *self._command()],
            stdin=secondary,
            stdout=secondary,
            stderr=secondary,
            cwd=world.folder,
            env=world.environ,
        )
        os.close(secondary)
        os.set_blocking(self._primary, False)
        self.screen = ""
        self._await(_PROMPT)

    def _command(self) -> list[str]:
        home = self.world.home
        match self.name:
            case "bash":
                (home / "bashrc").write_text(_BASHRC.format(scripts=SCRIPTS))
                return [program("bash"), "--noprofile", "--rcfile", str(home / "bashrc"), "-i"]
            case "zsh":
                (home / ".zshrc").write_text(f"fpath=('{SCRIPTS}' $fpath)\n{_ZSHRC.format()}")
                return [program("zsh"), "-d", "-i"]
            case _:
                (home / "mlmon.fish").write_text(_FISH.format(scripts=SCRIPTS))
                return [program("fish"), "--no-config", "-i", "-C", f"source {home / 'mlmon.fish'}"]

    def __enter__(self) -> Shell:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._primary)

    def run(self, typed: str) -> list[str]:
        """Type, press Enter, and return the arguments that mlmon was given."""
        self.screen = ""
        self.type(typed + "\r")
        # what is typed before the next prompt would be the terminal driver's to edit, not the shell's
        self._await(_DONE, _PROMPT)
        words = self.world.take("received")
        assert words is not None
        return words

    def offers(self, line: str) -> list[str]:
        """What stands to choose from at the end of a line, in the order offered."""
        base, _, last = line.rpartition(" ")
        prefix = last[: last.index("=") + 1] if last.startswith("--") and "=" in last else ""
        match self.name:
            case "bash":  # Alt-* puts everything that is offered into the line
                words = self.run(f"{line}\x1b*")[len(base.split()) - 1 :]
            case "zsh":
                self.world.take("offers")
                self.run(f"{line}\t\x15mlmon")
                words = list(dict.fromkeys(self.world.take("offers") or []))
            case _:
                self.world.take("offers")
                self.run(f"printf '%s\\0' (complete -C '{line}' | string split -f 1 \\t) > $MLMON_TEST/offers; mlmon")
                words = self.world.take("offers") or []
        # where nothing begins like that, fish goes on to what merely contains it
        shown = [word.removeprefix(prefix) for word in words if self.name != "fish" or word.startswith(last)]
        return [] if shown in ([last.removeprefix(prefix)], [""]) else shown

    def type(self, keys: str) -> None:
        os.write(self._primary, keys.encode())

    def _await(self, *texts: str) -> None:
        """Wait until these texts stand on the screen, in this order."""
        end = time.monotonic() + _DEADLINE
        while not re.search(".*".join(map(re.escape, texts)), self.screen, re.DOTALL):
            self._read()
            assert time.monotonic() < end, f"{self.name}: no {texts}; the screen:\n{self.screen}"
            time.sleep(0.002)

    def _read(self) -> None:
        with suppress(BlockingIOError):
            self.screen += os.read(self._primary, 65536).decode(errors="replace")
