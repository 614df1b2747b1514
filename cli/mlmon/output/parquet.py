"""Rows as a parquet file, written by DuckDB.

Column types follow the values: BOOLEAN, BIGINT, DOUBLE, TIMESTAMP in UTC, else VARCHAR. Durations are seconds
(DOUBLE). Nested values, and columns whose values are of several sorts, are text, as in csv. A column without
any value has the type its field's kind suggests. Where the types are known beforehand (`Stored`) the columns have
those, whatever values there are today, except where a value is of another sort. Of two keys that differ only in case
DuckDB renames the second (`A` to `A_1`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final, Literal

from mlmon.core.errors import Failure
from mlmon.core.model import Value
from mlmon.output.cells import exact
from mlmon.output.results import Field, FieldKind, Row

if TYPE_CHECKING:
    import duckdb

_SUGGESTED: Final[dict[FieldKind, str]] = {
    "number": "DOUBLE",
    "bytes": "BIGINT",
    "duration": "DOUBLE",
    "time": "TIMESTAMPTZ",
    "flag": "BOOLEAN",
}
Stored = Literal["flag", "whole", "real", "decimal", "time", "duration", "text"]
"""A type known beforehand: BOOLEAN, BIGINT, DOUBLE, DECIMAL (of text), TIMESTAMP in UTC, seconds, and text."""

_STORED: Final[dict[Stored, tuple[str, tuple[type, ...]]]] = {
    "flag": ("BOOLEAN", (bool,)),
    "whole": ("BIGINT", (int,)),
    "real": ("DOUBLE", (float, int)),
    "time": ("TIMESTAMPTZ", (datetime,)),
    "duration": ("DOUBLE", (timedelta,)),
}
_DECIMAL: Final = re.compile(r"-?(\d+)(?:\.(\d+))?")
_DECIMAL_DIGITS: Final = 38
_ROWS_AT_ONCE: Final = 5_000
_BYTES_AT_ONCE: Final = 1 << 20


def parquet(fields: tuple[Field, ...], rows: Iterable[Row], *, types: Sequence[Stored | None] = ()) -> Iterator[bytes]:
    """The bytes of a parquet file with these rows. All rows are read before the first byte is given.

    `types` are those known beforehand, one for each field, None where it is not known.

    Raises:
        Failure: the temporary file that DuckDB writes cannot be made.
    """
    import duckdb

    records = list(rows)
    try:
        with TemporaryDirectory(prefix="mlmon-") as folder:
            path = Path(folder) / "rows.parquet"
            with closing(duckdb.connect(":memory:")) as connection:
                _write(connection, path, fields, records, types=types or [None] * len(fields))
            with path.open("rb") as file:
                while chunk := file.read(_BYTES_AT_ONCE):
                    yield chunk
    except (duckdb.Error, OSError) as error:
        raise Failure(
            f"the parquet file cannot be made: {str(error).partition(chr(10))[0]}",
            hint="TMPDIR names the folder where it is made; -o jsonl needs none",
        ) from error


def _write(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    fields: tuple[Field, ...],
    records: Sequence[Row],
    *,
    types: Sequence[Stored | None],
) -> None:
    sql_types = []
    for field, known in zip(fields, types, strict=True):
        values = [row.get(field.key) for row in records]
        sql_types.append((_as_known(known, values) if known else "") or _type(field, values))
    connection.execute(f"CREATE TABLE t ({', '.join(f'c{at} {name}' for at, name in enumerate(sql_types))})")
    # unnesting one list for each column is a hundred times faster than executemany
    lists = ", ".join(f"unnest(${at}::{name}[])" for at, name in enumerate(sql_types, 1))
    for start in range(0, len(records), _ROWS_AT_ONCE):
        block = records[start : start + _ROWS_AT_ONCE]
        columns = [
            [_stored(row.get(field.key), name) for row in block] for field, name in zip(fields, sql_types, strict=True)
        ]
        connection.execute(f"INSERT INTO t SELECT {lists}", columns)  # types of our own naming
    named = ", ".join(f"c{at} AS {_quoted(field.key)}" for at, field in enumerate(fields))
    target = str(path).replace("'", "''")
    connection.execute(f"COPY (SELECT {named} FROM t) TO '{target}' (FORMAT parquet)")  # noqa: S608 - quoted above


def _as_known(known: Stored, values: Sequence[Value]) -> str:
    """The type that is known beforehand; "" where a value is of another sort."""
    if known == "text":
        return "VARCHAR"
    if known == "decimal":
        return _decimal(values)
    name, sorts = _STORED[known]
    there = {type(value) for value in values if value is not None}
    if there <= set(sorts) and (known != "whole" or _fit(values)):
        return name
    return ""


def _decimal(values: Sequence[Value]) -> str:
    """The narrowest scale that keeps every digit; text where there is none."""
    before = after = 0
    for value in values:
        if value is not None:
            found = _DECIMAL.fullmatch(value) if isinstance(value, str) else None
            if found is None:
                return ""
            before, after = max(before, len(found[1])), max(after, len(found[2] or ""))
    return f"DECIMAL({_DECIMAL_DIGITS}, {after})" if before + after <= _DECIMAL_DIGITS else "VARCHAR"


def _fit(values: Sequence[Value]) -> bool:
    return all(-(2**63) <= value < 2**63 for value in values if isinstance(value, int))


def _type(field: Field, values: Sequence[Value]) -> str:
    sorts = {type(value) for value in values if value is not None}
    if not sorts:
        return _SUGGESTED.get(field.kind, "VARCHAR")
    if sorts == {bool}:
        return "BOOLEAN"
    if sorts == {int} and _fit(values):
        return "BIGINT"
    if sorts in ({float}, {timedelta}):
        return "DOUBLE"
    if sorts == {int, float} and all(abs(value) <= 2**53 for value in values if isinstance(value, int)):
        return "DOUBLE"  # every such whole number is one exactly
    return "TIMESTAMPTZ" if sorts == {datetime} else "VARCHAR"


def _stored(value: Value, name: str) -> Value | Decimal:
    if value is None:
        return None
    if name == "VARCHAR":
        return exact(value).encode("utf-8", "backslashreplace").decode("utf-8")  # parquet text is UTF-8
    if isinstance(value, str) and name.startswith("DECIMAL"):
        return Decimal(value)
    return value.total_seconds() if isinstance(value, timedelta) else value


def _quoted(key: str) -> str:
    """A column name in SQL. DuckDB knows no empty one, and none with a NUL."""
    safe = key.encode("utf-8", "backslashreplace").decode("utf-8").replace("\0", r"\x00") or "_"
    return '"' + safe.replace('"', '""') + '"'
