"""What stands before the message in the first line of a record, for every shape that is known.

inference-server  2026-03-01 10:00:00,123 I [70] azmlinfsrv - text    azureml-inference-server-http
pipes             2026-03-01 10:00:00,123 | root | INFO | text        the server of the v1 images; loguru
gunicorn          [2026-03-01 10:00:00 +0000] [7] [INFO] text
access            127.0.0.1 - - [01/Mar/2026:10:00:05 +0000] "POST /score HTTP/1.1" 200 18
json              {"level": "info", "ts": …, "message": …}            also Azure's image fetcher
iso               2026-03-01T10:00:00Z …                              any other line that begins with a time
python            WARNING:root:text                                   logging without a configuration; uvicorn
glog              I0301 10:00:00.123456 7 server.cc:1] text           Triton
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import Final

from mlmon.monitoring.logrecords.jsonlines import fields_of
from mlmon.monitoring.logrecords.record import level_of
from mlmon.monitoring.logrecords.times import access_time, iso_time

_SERVER: Final = re.compile(r" ([A-Z]) \[(\d{1,10})\] (\S{1,200}) - ")
_PYTHON: Final = re.compile(r"(DEBUG|INFO|WARNING|ERROR|CRITICAL):(?: {1,10}|([\w.-]{1,200}):)")
_GLOG: Final = re.compile(r"([IWEF])\d{4} \d\d:\d\d:\d\d\.\d{1,9} {1,10}(\d{1,10}) ([^\s\]]{1,200})\] ?")
_WORD: Final = re.compile(r"\S{1,200}")
_SEPARATOR: Final = re.compile(r"\A\]?\s{0,10}(?:[-:|] )?")
_REQUEST_ID: Final = re.compile(
    r"\brequest[ _-]?id[\"']?\s{0,2}[:=]\s{0,2}[\"']?([0-9a-z][\w.-]{5,63})(?![\w.-])", re.IGNORECASE
)
_LOOKED_AT: Final = 2_000  # characters in which a request id may stand
_WORDS: Final = 6
_TO_A_LEVEL: Final = 120


@dataclass(frozen=True, slots=True)
class Head:
    """As in `LogRecord`; `time` is None where the line has none of its own."""

    time: datetime | None
    level: str
    message: str
    shape: str
    logger: str = ""
    pid: str = ""
    request_id: str = ""


def head(line: str) -> Head | None:
    """What the line says of itself; None where its shape is not known."""
    found = _head(line)
    if found and not found.request_id and (named := _REQUEST_ID.search(found.message, 0, _LOOKED_AT)):
        return replace(found, request_id=named[1])
    return found


def plain(line: str) -> Head:
    """A line that says nothing of itself: what a script printed."""
    named = _REQUEST_ID.search(line, 0, _LOOKED_AT)
    return Head(None, "", line, "plain", request_id=named[1] if named else "")


def _head(line: str) -> Head | None:
    first = line[:1]
    if "0" <= first <= "9" and (found := iso_time(line)):
        return _after_time(line, *found)
    if first == "[" and (found := iso_time(line, 1)) and line[found[1] : found[1] + 1] == "]":
        return _in_brackets(line, found[0], found[1] + 1)
    if first == "{":
        return _of_json(line)
    if "A" <= first <= "Z" and (made := _without_time(line)):
        return made
    # the server logs every request at this level, also one that fails
    found = access_time(line)
    return Head(found[0], "info", line[found[1] :].lstrip(" "), "access") if found else None


def _of_json(line: str) -> Head | None:
    known = fields_of(line)
    if not known:
        return None
    return Head(known.time, known.level, known.message, "json", known.logger, known.pid, known.request_id)


def _without_time(line: str) -> Head | None:
    if named := _PYTHON.match(line):
        return Head(None, level_of(named[1]), line[named.end() :], "python", named[2] or "")
    if named := _GLOG.match(line):
        return Head(None, level_of(named[1]), line[named.end() :], "glog", named[3], named[2])
    return None


def _after_time(line: str, time: datetime, end: int) -> Head:
    if (found := _SERVER.match(line, end)) and (level := level_of(found[1])):
        return Head(time, level, line[found.end() :], "inference-server", found[3], found[2])
    rest = line[end:]
    for mark, shape in ((" | ", "pipes"), (" - ", "iso")):
        if rest.startswith(mark) and (made := _parted(rest.removeprefix(mark), mark, time, shape)):
            return made
    return _with_level(rest, time, "iso")


def _parted(text: str, mark: str, time: datetime, shape: str) -> Head | None:
    """`NAME | LEVEL | text`, or with the level first."""
    parts = text.split(mark, 2)
    if len(parts) == 3 and (level := level_of(parts[1])):
        return Head(time, level, parts[2], shape, parts[0].strip())
    if len(parts) > 1 and (level := level_of(parts[0])):
        name, dash, message = mark.join(parts[1:]).partition(" - ")
        named = dash and mark == " | " and " " not in name
        return Head(time, level, message if named else mark.join(parts[1:]), shape, name if named else "")
    return None


def _in_brackets(line: str, time: datetime, end: int) -> Head:
    """gunicorn's own lines: the process and the level follow, in brackets too."""
    made = _with_level(line[end:], time, "gunicorn")
    pid = line[end + 2 :].partition("]")[0] if line.startswith(" [", end) else ""
    return replace(made, pid=pid) if pid.isdecimal() and len(pid) <= 10 else replace(made, shape="iso")


def _with_level(rest: str, time: datetime, shape: str) -> Head:
    """The level among the first words. A single letter is one only right behind the time."""
    for at, word in enumerate(islice(_WORD.finditer(rest, 0, _TO_A_LEVEL), _WORDS)):
        bare = word[0].strip("[]()<>:|,-")
        if (len(bare) > 1 or not at or word.start() <= 2) and bare.isupper() and (level := level_of(bare)):
            return Head(time, level, rest[word.end() :].lstrip(" -:|"), shape)
        if len(bare) > 1 and word[0] != bare and (level := level_of(bare)):
            return Head(time, level, rest[word.end() :].lstrip(" -:|"), shape)
    return Head(time, "", _SEPARATOR.sub("", rest, count=1), shape)
