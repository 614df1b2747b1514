"""A script's exception as Application Insights and a log describe it."""

from __future__ import annotations

import traceback
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final

from mlmon.core.model import Json
from mlmon.local.runtime.text import Row

_MOST_LINKS: Final = 10
_MOST_FRAMES: Final = 50
_OWN_FOLDER: Final = str(Path(__file__).parent)
_SEVERITY_ERROR: Final = 3


@dataclass(frozen=True, slots=True)
class ScriptError:
    """What a script raised. Its own files are named from the workspace's folder on: that may move, or be shared."""

    error: BaseException
    folder: Path

    def log_text(self) -> str:
        """The traceback from the script's own frames on, without a line end."""
        described = traceback.TracebackException(type(self.error), self.error, _script_frames(self.error.__traceback__))
        link: traceback.TracebackException | None = described
        while link is not None:
            self._shorten(link.stack)
            link = link.__cause__ or link.__context__
        return "".join(described.format()).rstrip("\n")

    def columns(self) -> Row:
        """The columns that are the exceptions table's own. The outer exception is the one that was raised last."""
        links = _chain(self.error)
        method, assembly = _place(self.error)
        inner_method, inner_assembly = _place(links[-1])
        return {
            "problemId": f"{_type(self.error)} at {method}",
            "type": _type(self.error),
            "message": message(self.error),
            "method": method,
            "assembly": assembly,
            "outerType": _type(self.error),
            "outerMessage": message(self.error),
            "outerMethod": method,
            "outerAssembly": assembly,
            "innermostType": _type(links[-1]),
            "innermostMessage": message(links[-1]),
            "innermostMethod": inner_method,
            "innermostAssembly": inner_assembly,
            "handledAt": "UserCode",
            "severityLevel": _SEVERITY_ERROR,
            "details": [self._detail(link, number) for number, link in enumerate(links)],
        }

    def _detail(self, error: BaseException, number: int) -> Json:
        # the innermost frames tell where it broke, as in a traceback's last lines
        frames = traceback.extract_tb(_script_frames(error.__traceback__))[-_MOST_FRAMES:]
        self._shorten(frames)
        return {
            "id": str(number),
            "outerId": str(max(0, number - 1)),
            "type": _type(error),
            "message": message(error)[:1000],
            "parsedStack": [
                {
                    "level": level,
                    "method": frame.name,
                    "assembly": Path(frame.filename).name,
                    "fileName": frame.filename,
                    "line": frame.lineno,
                }
                for level, frame in enumerate(reversed(frames))
            ],
        }

    def _shorten(self, frames: Iterable[traceback.FrameSummary]) -> None:
        for frame in frames:
            if Path(frame.filename).is_relative_to(self.folder):
                _ = frame.line  # looked up by the whole path, once
                frame.filename = Path(frame.filename).relative_to(self.folder).as_posix()


def _chain(error: BaseException) -> list[BaseException]:
    """The exception, and what it was raised from, outermost first."""
    links: list[BaseException] = []
    link: BaseException | None = error
    while link is not None and link not in links and len(links) < _MOST_LINKS:
        links.append(link)
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)
    return links


def _type(error: BaseException) -> str:
    kind = type(error)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def message(error: BaseException) -> str:
    """What it says; a script's own `__str__` may do anything."""
    try:
        return str(error)
    except Exception:
        return "<exception str() failed>"


def _place(error: BaseException) -> tuple[str, str]:
    """The function and the file that raised it."""
    frames = traceback.extract_tb(_script_frames(error.__traceback__))
    return (frames[-1].name, Path(frames[-1].filename).name) if frames else ("", "")


def _script_frames(trace: TracebackType | None) -> TracebackType | None:
    """The traceback without the runtime's frames at its beginning."""
    while trace is not None and trace.tb_frame.f_code.co_filename.startswith((_OWN_FOLDER, "<frozen importlib")):
        trace = trace.tb_next
    return trace
