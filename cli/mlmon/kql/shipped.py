"""mlmon's own saved queries in the dialect that is asked.

They are files in the classic names, as a person reads them and pastes them into the portal. Three things are known of
their form, which a test holds: the table stands on a line of its own, no column that they make has the name of a
classic one, and the time is narrowed by the line `| where timestamp > ago(since)`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from mlmon.core.errors import UsageError
from mlmon.core.ports import Tables
from mlmon.core.timerange import TimeRange
from mlmon.kql.build import kql_datetime, rows_of
from mlmon.kql.dialect import Names
from mlmon.kql.schema import CLASSIC
from mlmon.kql.tokens import Kind, tokens
from mlmon.kql.variables import with_variables

_SINCE: Final = "| where timestamp > ago(since)\n"


def shipped_query(
    text: str, *, tables: Tables, values: Mapping[str, str], between: TimeRange | None, now: datetime
) -> str:
    """One of mlmon's own queries as it is sent: with its variables, and for `between` where that is given.

    Raises:
        UsageError: a value is wrong, or a range and the variable `since` both say from when.
    """
    if between is not None:
        if "since" in values:
            raise UsageError("--from/--to and --var since cannot be combined", hint="leave one of them out")
        text = _in_range(text, between)
    text = with_variables(text, values, now=now)
    table = next(line for line in text.splitlines() if line in CLASSIC)
    names = Names(table, tables.dialect)
    begin = "\n".join(rows_of(names, tables=tables, between=None))
    return _renamed(text, names).replace(f"\n{table}\n", f"\n{begin}\n", 1)


def _in_range(text: str, between: TimeRange) -> str:
    """The query for a range in place of `since`."""
    start, end = kql_datetime(between.start), kql_datetime(between.end)
    lines = [line for line in text.splitlines(keepends=True) if not line.startswith("let since ")]
    return "".join(lines).replace(_SINCE, f"| where timestamp >= {start} and timestamp < {end}\n", 1)


def _renamed(text: str, names: Names) -> str:
    """Columns under the names of the dialect. What stands behind a dot is a key of the bag."""
    parts: list[str] = []
    done = 0
    for token in tokens(text):
        if token.kind is Kind.WORD and text[token.start - 1 : token.start] != ".":
            parts += [text[done : token.start], names(token.text)]
            done = token.end
    return "".join([*parts, text[done:]])
