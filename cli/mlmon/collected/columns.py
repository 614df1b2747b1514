"""The columns of a dataset: what they are called, and which type their values have."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from mlmon.collected.staging import Collection, Column, Staging, explained

_NUMBER: Final = r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?"
_WHOLE: Final = r"-?(0|[1-9][0-9]*)"
_NOT_FINITE: Final = "('nan', 'NaN', 'inf', '-inf', 'Infinity', '-Infinity')"
_FLAGS: Final = "('True', 'False', 'true', 'false')"


@dataclass(frozen=True, slots=True)
class Out:
    """One column of a dataset: an SQL expression under a name, of a DuckDB type; `JSON` is text with a nested value."""

    name: str
    expression: str
    type: str


def typed(staging: Staging, collection: Collection, *, alias: str, moments: Sequence[str]) -> list[Out]:
    """A collection's own columns, in the order of the files, under their own names.

    A column of v1 is a number or a flag when all of its texts are; a text like `007` is none. `moments` names columns
    that hold times: milliseconds since 1970, as pandas writes them into JSON, or texts.
    """
    found = _of_texts(staging, collection, [one for one in collection.columns.values() if _is_asked(one)])
    out = []
    for column in collection.columns.values():
        kind = found.get(column.name) or _of_values(column)
        expression = _cast(f"{alias}.{column.stored}", kind)
        if column.name in moments:
            kind, expression = "TIMESTAMP", _moment(expression, kind)
        out.append(Out(column.name, expression, kind))
    return out


def distinct(taken: Iterable[str], columns: Sequence[Sequence[Out]], prefixes: Sequence[str]) -> list[Out]:
    """The columns of several collections under names that differ, also for who does not tell case apart.

    A name that is there twice, or is one of `taken`, gets its collection's name and a dot before it.
    """
    counts: dict[str, int] = {}
    for name in [*taken, *(one.name for own in columns for one in own)]:
        counts[name.casefold()] = counts.get(name.casefold(), 0) + 1
    known = {name.casefold() for name in taken}
    out = []
    for own, prefix in zip(columns, prefixes, strict=True):
        for one in own:
            name = one.name if counts[one.name.casefold()] == 1 else f"{prefix}.{one.name}"
            given, number = name or "_", 1
            while given.casefold() in known:
                number += 1
                given = f"{name}_{number}"
            known.add(given.casefold())
            out.append(Out(given, one.expression, one.type))
    return out


def quoted(name: str) -> str:
    """A column name in SQL. DuckDB knows none with a NUL."""
    safe = name.encode("utf-8", "backslashreplace").decode("utf-8").replace("\0", r"\x00")
    return '"' + safe.replace('"', '""') + '"'


def _is_asked(column: Column) -> bool:
    """Whether the type of a column is to be found by looking at its texts: v1 says nothing, and whole numbers may be
    too long for a type."""
    return column.sorts in ({"text"}, {"int"}, {"int", "float"})


def _of_values(column: Column) -> str:
    """The type of a column whose values came with theirs."""
    if column.sorts == {"bool"}:
        return "BOOLEAN"
    if column.sorts == {"float"}:
        return "DOUBLE"
    return "JSON" if column.sorts == {"nested"} else "VARCHAR"


def _of_texts(staging: Staging, collection: Collection, columns: Sequence[Column]) -> dict[str, str]:
    """The types of columns that are text in their files, by one look at all of it."""
    if not columns:
        return {}
    questions = ", ".join(question for column in columns for question in _questions(column.stored))
    with explained():
        row = staging.connection.execute(f"SELECT {questions} FROM {collection.table}").fetchone()
    found = list(row or ())
    return {column.name: _answered(*found[4 * at : 4 * at + 4]) for at, column in enumerate(columns)}


def _questions(cell: str) -> tuple[str, ...]:
    whole = f"regexp_full_match({cell}, '{_WHOLE}')"
    return (
        f"bool_and({cell} IN {_FLAGS})",
        f"bool_and({whole} AND TRY_CAST({cell} AS BIGINT) IS NOT NULL)",
        f"bool_and(regexp_full_match({cell}, '{_NUMBER}') OR {cell} IN {_NOT_FINITE})",
        f"coalesce(bool_or({whole} AND abs(TRY_CAST({cell} AS HUGEINT)) > 9007199254740992), false)",
    )


def _answered(flags: bool | None, whole: bool | None, numbers: bool | None, long: bool | None) -> str:  # noqa: FBT001 - a row of answers
    if flags:
        return "BOOLEAN"
    if whole:
        return "BIGINT"
    return "DOUBLE" if numbers and not long else "VARCHAR"


def _cast(cell: str, kind: str) -> str:
    if kind in {"VARCHAR", "JSON"}:
        return cell
    if kind == "DOUBLE":  # NaN is how a number that is missing is written
        return f"nullif(CAST({cell} AS DOUBLE), 'NaN'::DOUBLE)"
    return f"CAST({cell} AS {kind})"


def _moment(expression: str, kind: str) -> str:
    if kind in {"BIGINT", "DOUBLE"}:
        return f"make_timestamp(CAST({expression} AS BIGINT) * 1000)"
    return f"TRY_CAST({expression} AS TIMESTAMP)"
