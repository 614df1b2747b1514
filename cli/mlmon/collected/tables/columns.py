"""The columns of a dataset: what they are called, and which type their values have."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from mlmon.collected.tables.parts import STORED, Collection, Part, Sort
from mlmon.collected.tables.plainrows import NOT_FINITE, NUMBER, WHOLE
from mlmon.collected.tables.staging import Staging, explained

_LONGEST: Final = 9007199254740992
_SOME: Final = 2_000
_FLAGS: Final = "('True', 'False', 'true', 'false')"


@dataclass(frozen=True, slots=True)
class Out:
    """One column of a dataset: an SQL expression under a name, of a DuckDB type; `JSON` is text with a nested value.

    `own` is what it is called where it comes from, and before that the name of its collection.
    """

    name: str
    expression: str
    type: str
    own: tuple[str, str] = ("", "")


def view(staging: Staging, collection: Collection) -> dict[str, str]:
    """Make the view of a collection's rows, each column of one type, and say which: `JSON` is text in the view."""
    types = _types(staging, collection)
    parts = []
    for part in collection.parts:
        cells = "".join(
            f", {_cell(part, name, kind, v1=collection.v1)} AS c{at}" for at, (name, kind) in enumerate(types.items())
        )
        parts.append(f"SELECT n, run{cells} FROM {part.table}")
    staging.connection.execute(f"CREATE VIEW {collection.rows} AS {' UNION ALL '.join(parts)}")
    return types


def typed(types: Mapping[str, str], *, alias: str, moments: Sequence[str]) -> list[Out]:
    """A collection's own columns, in the order of the files, under their own names.

    `moments` names columns that hold times: milliseconds since 1970, as pandas writes them into JSON, or texts.
    """
    out = []
    for at, (name, kind) in enumerate(types.items()):
        expression = f"{alias}.c{at}"
        if name in moments:
            out.append(Out(name, _moment(expression, kind), "TIMESTAMP"))
        else:
            out.append(Out(name, expression, kind))
    return out


def numbers_that_are_text(staging: Staging, collection: Collection) -> set[str]:
    """Columns of v1 that were read as numbers in some loads and are none: only the files know their texts."""
    if not collection.v1:
        return set()
    types = _types(staging, collection)
    return {
        name
        for name, kind in types.items()
        if kind == "VARCHAR" and any(part.sorts.get(name, {"text"}) != {"text"} for part in collection.parts)
    }


def distinct(taken: Iterable[str], columns: Sequence[Sequence[Out]], prefixes: Sequence[str]) -> list[Out]:
    """The columns of several collections under names that differ, also for who does not tell case apart.

    A name that is there twice, or is one of `taken`, gets its collection's name and a dot before it. So does a number,
    which is how a column without a name is called: its name must not depend on whether another collection has such.
    """
    counts: dict[str, int] = {}
    for name in [*taken, *(one.name for own in columns for one in own)]:
        counts[name.casefold()] = counts.get(name.casefold(), 0) + 1
    known = {name.casefold() for name in taken}
    out = []
    for own, prefix in zip(columns, prefixes, strict=True):
        for one in own:
            is_alone = counts[one.name.casefold()] == 1 and not one.name.isdecimal()
            name = one.name if is_alone else f"{prefix}.{one.name}"
            given, number = name or "_", 1
            while given.casefold() in known:
                number += 1
                given = f"{name}_{number}"
            known.add(given.casefold())
            out.append(Out(given, one.expression, one.type, (prefix, one.name)))
    return out


def quoted(name: str) -> str:
    """A column name in SQL. DuckDB knows none with a NUL."""
    safe = name.encode("utf-8", "backslashreplace").decode("utf-8").replace("\0", r"\x00")
    return '"' + safe.replace('"', '""') + '"'


@dataclass(slots=True)
class _Texts:
    """What the texts of a column are: flags, whole numbers, numbers, and whether some are too long for a float."""

    flags: bool = True
    whole: bool = True
    numbers: bool = True
    long: bool = False
    any: bool = False

    def add(self, flags: bool | None, whole: bool | None, numbers: bool | None, long: bool | None) -> None:  # noqa: FBT001 - answers
        """Add what is known of more texts; all None where there are none."""
        if flags is None:
            return
        self.any = True
        self.flags, self.whole = self.flags and flags, self.whole and bool(whole)
        self.numbers, self.long = self.numbers and bool(numbers), self.long or bool(long)

    @property
    def are_words(self) -> bool:
        return self.any and not self.flags and not self.numbers


def _types(staging: Staging, collection: Collection) -> dict[str, str]:
    """The type of each column, in their order. In v1 it is that of all its texts; one like `007` is no number."""
    sorts = {name: set().union(*(part.sorts.get(name, ()) for part in collection.parts)) for name in collection.names}
    return {name: _type(staging, collection, name, found) for name, found in sorts.items()}


def _type(staging: Staging, collection: Collection, name: str, sorts: set[Sort]) -> str:
    for all_of, kind in (({"bool"}, "BOOLEAN"), ({"float"}, "DOUBLE"), ({"nested"}, "JSON")):
        if sorts == all_of:
            return kind
    if not sorts or not sorts <= {"int", "float", "text"}:
        return "VARCHAR"
    texts = _texts(staging, collection, name)
    if "text" in sorts and texts.flags and texts.any:
        return "BOOLEAN" if sorts == {"text"} else "VARCHAR"
    if sorts == {"text"} and not texts.any:
        return "VARCHAR"
    if "float" not in sorts and texts.whole:
        return "BIGINT"
    is_long = texts.long or _has_long(staging, collection, name)
    return "DOUBLE" if texts.numbers and not is_long else "VARCHAR"


def _texts(staging: Staging, collection: Collection, name: str) -> _Texts:
    """What is known of the cells of a column that are held as text: by some of them where that is enough."""
    found = _Texts()
    parts = [part for part in collection.parts if not part.typed or "text" in part.sorts.get(name, ())]
    for some in (f" LIMIT {_SOME}", ""):
        for part in parts:
            if name not in part.stored or found.are_words:
                continue
            cells = f"(SELECT {part.stored[name]} AS cell FROM {part.table} WHERE cell IS NOT NULL{some})"
            with explained():
                row = staging.connection.execute(f"SELECT {_QUESTIONS} FROM {cells}").fetchone()
            found.add(*(row or (None,) * 4))
    return found


def _has_long(staging: Staging, collection: Collection, name: str) -> bool:
    """Whether there are whole numbers, held as such, that a float does not tell from their neighbours."""
    for part in collection.parts:
        if part.typed and part.sorts.get(name) == {"int"}:
            cell = part.stored[name]
            with explained():
                row = staging.connection.execute(
                    f"SELECT max({cell}) > {_LONGEST} OR min({cell}) < -{_LONGEST} FROM {part.table}"
                ).fetchone()
            if row and row[0]:
                return True
    return False


_QUESTIONS: Final = ", ".join(
    (
        f"bool_and(cell IN {_FLAGS})",
        f"bool_and(regexp_full_match(cell, '{WHOLE}') AND TRY_CAST(cell AS BIGINT) IS NOT NULL)",
        f"bool_and(regexp_full_match(cell, '{NUMBER}') OR cell IN {NOT_FINITE})",
        f"coalesce(bool_or(regexp_full_match(cell, '{WHOLE}') AND abs(TRY_CAST(cell AS HUGEINT)) > {_LONGEST}), false)",
    )
)


def _cell(part: Part, name: str, kind: str, *, v1: bool) -> str:
    """A cell of a part's table, as the column's type."""
    stored = part.stored.get(name)
    held = "VARCHAR" if not part.typed else STORED[next(iter(part.sorts.get(name) or {"str"}))]
    wanted = "VARCHAR" if kind == "JSON" else kind
    if stored is None:
        return f"NULL::{wanted}"
    if held == "DOUBLE" and wanted == "VARCHAR" and not v1:
        whole = (
            f"{stored} = trunc({stored}) AND abs({stored}) < {_LONGEST} AND NOT ({stored} = 0 AND signbit({stored}))"
        )
        return f"CASE WHEN {whole} THEN CAST(CAST({stored} AS BIGINT) AS VARCHAR) ELSE CAST({stored} AS VARCHAR) END"
    if held == "VARCHAR" and wanted == "DOUBLE":  # NaN is how a number that is missing is written
        return f"nullif(CAST({stored} AS DOUBLE), 'NaN'::DOUBLE)"
    return stored if held == wanted else f"CAST({stored} AS {wanted})"


def _moment(expression: str, kind: str) -> str:
    if kind in {"BIGINT", "DOUBLE"}:
        first, last = -62_135_596_800_000, 253_402_300_799_999
        inside = f"{expression} >= {first} AND {expression} <= {last}"
        return f"CASE WHEN {inside} THEN make_timestamp(CAST({expression} AS BIGINT) * 1000) END"
    return of_our_years(f"TRY_CAST({expression} AS TIMESTAMP)")


def of_our_years(time: str) -> str:
    """A time, or null where it is in no year from 1 to 9999: nothing that reads the rows knows others."""
    return f"CASE WHEN {time} >= '0001-01-01' AND {time} <= '9999-12-31 23:59:59.999999' THEN {time} END"
