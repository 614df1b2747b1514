"""A script's exception as Application Insights and a log describe it."""

from __future__ import annotations

import traceback
from pathlib import Path
from types import TracebackType
from typing import Final

from mlmon.core.model import Json
from mlmon.local.runtime.text import Row

_MOST_LINKS: Final = 10
_MOST_FRAMES: Final = 50
_OWN_FOLDER: Final = str(Path(__file__).parent)
_SEVERITY_ERROR: Final = 3


def log_text(error: BaseException) -> str:
    """The traceback from the script's own frames on, without a line end."""
    outer = _script_frames(error.__traceback__)
    return "".join(traceback.format_exception(type(error), error, outer)).rstrip("\n")


def columns(error: BaseException) -> Row:
    """The columns that are the exceptions table's own. The outer exception is the one that was raised last."""
    links = _chain(error)
    inner = links[-1]
    method, assembly = _place(error)
    inner_method, inner_assembly = _place(inner)
    return {
        "problemId": f"{_type(error)} at {method}",
        "type": _type(error),
        "message": message(error),
        "method": method,
        "assembly": assembly,
        "outerType": _type(error),
        "outerMessage": message(error),
        "outerMethod": method,
        "outerAssembly": assembly,
        "innermostType": _type(inner),
        "innermostMessage": message(inner),
        "innermostMethod": inner_method,
        "innermostAssembly": inner_assembly,
        "handledAt": "UserCode",
        "severityLevel": _SEVERITY_ERROR,
        "details": [_detail(link, number) for number, link in enumerate(links)],
    }


def _chain(error: BaseException) -> list[BaseException]:
    """The exception, and what it was raised from, outermost first."""
    links: list[BaseException] = []
    link: BaseException | None = error
    while link is not None and link not in links and len(links) < _MOST_LINKS:
        links.append(link)
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)
    return links


def _detail(error: BaseException, number: int) -> Json:
    # the innermost frames tell where it broke, as in a traceback's last lines
    frames = traceback.extract_tb(_script_frames(error.__traceback__))[-_MOST_FRAMES:]
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
