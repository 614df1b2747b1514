"""Queries built from a person's words, so that no word can become part of the query.

Azure Monitor takes no query parameters (https://learn.microsoft.com/azure/azure-monitor/logs/log-query-overview),
so values are written into the text: as literals of one shape whose every special character is escaped.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Final

from mlmon.core.errors import UsageError
from mlmon.core.ports import Tables
from mlmon.core.timerange import TimeRange
from mlmon.kql.dialect import Names

_ESCAPES: Final = {
    "\\": "\\\\",
    '"': '\\"',
    "\a": "\\a",
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\v": "\\v",
}
# Control characters, line and paragraph separators, the byte order mark, and the marks that reorder text on
# screen (https://trojansource.codes): a reader of the query must see what it does.
_UNSEEN: Final = re.compile(r'[\\"\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]')
_LONE_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_PLAIN_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PAYLOAD_DEPTH: Final = 2  # a payload, and a payload that stands in it as a string


def kql_string(text: str) -> str:
    """A string literal that means exactly `text`: double-quoted, not verbatim, on one line.

    Raises:
        UsageError: `text` has a lone surrogate, which no encoding of a query can carry.
    """
    if _LONE_SURROGATE.search(text):
        raise UsageError(
            f"{text!r} is not text that can be searched for: it is not valid Unicode", hint="write it in UTF-8"
        )
    return '"' + _UNSEEN.sub(lambda found: _ESCAPES.get(found[0], f"\\u{ord(found[0]):04x}"), text) + '"'


def kql_name(name: str, *, known: Iterable[str]) -> str:
    """A table or column name, written bare when it can be and as `["name"]` otherwise.

    Raises:
        UsageError: the name is not among the known ones.
    """
    from mlmon.core.errors import did_you_mean

    names = tuple(known)
    if name not in names:
        raise UsageError(
            f"there is no column or table named {name!r}", hint=did_you_mean(name, names) or ", ".join(names)
        )
    return name if _PLAIN_NAME.fullmatch(name) else f"[{kql_string(name)}]"


def kql_datetime(moment: datetime) -> str:
    """`datetime(2024-03-01T00:00:00Z)`, in UTC, with a fraction only when there is one. `moment` is aware."""
    text = moment.astimezone(UTC).replace(tzinfo=None).isoformat()
    return f"datetime({text}Z)"


def kql_timespan(step: timedelta) -> str:
    """The shortest literal that means exactly `step`: `7d`, `90s`, `1500ms`, or `timespan(1.02:03:04.000005)`."""
    micros = step // timedelta(microseconds=1)
    for unit, size in (("d", 86_400_000_000), ("h", 3_600_000_000), ("m", 60_000_000), ("s", 1_000_000), ("ms", 1000)):
        if micros > 0 and micros % size == 0:
            return f"{micros // size}{unit}"
    sign, whole = ("-" if micros < 0 else ""), abs(micros)
    seconds, fraction = divmod(whole, 1_000_000)
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    return f"timespan({sign}{days}.{hour:02}:{minute:02}:{second:02}.{fraction:06})"


def traces_query(
    *,
    service: Sequence[str] = (),
    where: Sequence[str],
    between: TimeRange | None,
    limit: int | None,
    tail: str = "",
    tables: Tables,
    conditions: Sequence[str] = (),
) -> str:
    """The traces that contain every one of `where`, ready to paste into the portal.

    With `service`, only rows that bear one of these names: what telemetry may call it.

    With a `limit` the newest so many, newest first; without one all there are, in no order.

    A text is looked for in `customDimensions` and in `message`, whatever its case: as typed, and as it stands
    escaped inside a JSON payload, so that it finds the same rows where the server puts the printed text into
    the bag (v1, where it is escaped once more) and where the text is the message itself (v2).

    `conditions` are lines of KQL that a row has to meet as well (`kql.filters`, `kql.failed`).

    `tail` is a person's own KQL, appended as it is; it starts with `|`.

    Raises:
        UsageError: a text that is not valid Unicode, a limit below 1, or a tail that does not start with `|`.
    """
    if limit is not None and limit < 1:
        raise UsageError(f"the limit {limit} is less than 1", hint="ask for at least one row")
    if tail.strip() and not tail.lstrip().startswith("|"):
        raise UsageError(
            "the KQL to append does not begin with '|'", hint="write it like: | project timestamp, message"
        )
    names = Names("traces", tables.dialect)
    time, bag, message = (names(c) for c in ("timestamp", "customDimensions", "message"))
    lines = rows_of(names, tables=tables, between=between)
    if service:
        lines.append(of_service(names, service, tables=tables, between=between))
    for text in where:
        places = [f"{bag} contains {kql_string(form)}" for form in _written(text, depth=_PAYLOAD_DEPTH + 1)]
        places += [f"{message} contains {kql_string(form)}" for form in _written(text, depth=_PAYLOAD_DEPTH)]
        lines.append("| where " + (" or " if len(places) == 2 else "\n    or ").join(places))
    lines += conditions
    if limit is not None:
        lines += [f"| order by {time} desc", f"| take {limit}"]
    if tail.strip():
        lines.append(tail.strip())
    return "\n".join(lines)


def rows_of(names: Names, *, tables: Tables, between: TimeRange | None) -> list[str]:
    """The lines of a query that begin it: a table, and its rows of one component and time range."""
    lines = [names.table]
    if tables.component:
        lines.append(f"| where _ResourceId =~ {kql_string(tables.component)}")
    if between is not None:
        time = names("timestamp")
        lines.append(f"| where {time} >= {kql_datetime(between.start)} and {time} < {kql_datetime(between.end)}")
    return lines


def of_service(names: Names, service: Sequence[str], *, tables: Tables, between: TimeRange | None) -> str:
    """The line that keeps the rows of the service that telemetry may call these names, one at least.

    Rows other than requests may name a program and no service: of these it keeps what a host sent whose requests are
    the service's. To tell by requests that came before and after the range, send it with the range of `around`.
    """
    called = _one_of(service)
    role, host = names("cloud_RoleName"), names("cloud_RoleInstance")
    named = f'tostring({names("customDimensions")}["Service Name"])'
    kept = f"| where {role} {called} or {named} {called}"
    if names.table == Names("requests", tables.dialect).table:
        return kept
    program = f"{role} {_one_of(_PROGRAMS)}"
    requests = rows_of(Names("requests", tables.dialect), tables=tables, between=between and around(between))
    return "\n".join(
        [
            kept,
            f"    or {program} and isempty({named})",
            f"        and {host} in ((",
            *(f"            {line}" for line in requests),
            f"            | where {program} and isnotempty({host})",
            f"            | where {named} {called}",
            f"            | distinct {host}))",
        ]
    )


# The role of each row of azureml-inference-server-http up to 1.3.4: what was run, as OpenCensus reads it off the
# command line. Only its requests and its model data name their service.
_PROGRAMS: Final = ("azmlinfsrv", "gunicorn")
_AROUND: Final = timedelta(hours=1)


def around(between: TimeRange) -> TimeRange:
    """The range with an hour on either side: a line may be printed long before its server answers a request."""
    first, last = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    return TimeRange(
        between.start - min(_AROUND, between.start - first), between.end + min(_AROUND, last - between.end)
    )


def containing(column: str, text: str) -> str:
    """The condition that a column has a text in it, in any case; in a bag also as JSON escapes it there."""
    return " or ".join(f"{column} contains {kql_string(form)}" for form in _written(text, depth=1))


def _one_of(words: Sequence[str]) -> str:
    """The end of a condition that is true of these words alone."""
    literals = [kql_string(word) for word in words]
    return f"== {literals[0]}" if len(literals) == 1 else f"in ({', '.join(literals)})"


def _written(text: str, *, depth: int) -> list[str]:
    """The ways a text can stand in JSON nested up to `depth` times, the text itself first.

    At each level a serializer writes other than ASCII either as it is or as `\\uXXXX`. A form that contains a
    shorter one is left out: whatever contains it contains that one too.
    """
    level, forms = [text], [text]
    for _ in range(depth):
        level = list(dict.fromkeys(chain.from_iterable(map(_escaped, level))))
        forms += level
    return [
        form
        for form in dict.fromkeys(forms)
        if form == text or not any(other in form for other in forms if other != form)
    ]


def _escaped(text: str) -> tuple[str, str]:
    return json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]
