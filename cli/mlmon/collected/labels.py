"""Labels: a file of the person's own, joined by one column that the dataset has too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mlmon.collected.columns import Out, of_our_years, quoted
from mlmon.collected.staging import Staging
from mlmon.core.errors import NotFound, UsageError, did_you_mean

_READERS: Final = {
    ".csv": "read_csv(?)",
    ".parquet": "read_parquet(?)",
    ".jsonl": "read_ndjson(?)",
    ".json": "read_json(?)",
}
_NUMBERS: Final = frozenset({"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "FLOAT", "DOUBLE"})
_KEPT: Final = _NUMBERS | {"BOOLEAN", "VARCHAR"}


@dataclass(frozen=True, slots=True)
class Labels:
    """A file's rows, one for each value of the column `on`; `duplicates` had a value that was there before."""

    name: str
    on: str
    types: dict[str, str]
    count: int
    duplicates: int

    def columns(self) -> list[Out]:
        """The file's columns but the one that joins."""
        return [_out(name, kind) for name, kind in self.types.items() if name != self.on]

    def join(self, columns: Sequence[Out]) -> str:
        """The join, behind the tables that `columns` are made of.

        Raises:
            UsageError: the dataset has no such column.
        """
        ours = next((one for one in columns if one.name == self.on and not one.expression.startswith("l.")), None)
        if ours is None:
            known = [one.name for one in columns if not one.expression.startswith("l.")]
            hint = did_you_mean(self.on, known) or f"it has: {', '.join(known)}"
            raise UsageError(f"the dataset has no column {self.on!r} to join {self.name} on", hint=hint)
        numbers = ours.type in _NUMBERS and self.types[self.on] in _NUMBERS
        kind = "DOUBLE" if numbers else "VARCHAR"
        return f" LEFT JOIN labels l ON CAST({ours.expression} AS {kind}) = CAST(l.{quoted(self.on)} AS {kind})"


def load(staging: Staging, path: Path, *, on: str) -> Labels:
    """Read a file of labels: csv, parquet, jsonl or json, by the end of its name.

    Raises:
        NotFound: there is no such file.
        UsageError: it cannot be read, or has no such column.
    """
    import duckdb

    if not path.is_file():
        raise NotFound(f"there is no file {str(path)!r}", hint="--with names a csv, parquet or jsonl file")
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise UsageError(f"{path.name!r} is no file of labels", hint=f"its name ends in {', '.join(_READERS)}")
    try:
        # the path is a value, but the readers take * and ? in it for patterns
        found = staging.connection.execute(f"CREATE TABLE given AS SELECT * FROM {reader}", [_literal_path(path)])
        types = {str(row[0]): str(row[1]) for row in found.execute("DESCRIBE given").fetchall()}
    except duckdb.Error as error:
        said = str(error).partition("\n")[0]
        raise UsageError(f"{path.name!r} cannot be read: {said}", hint="see that it is what its name says") from None
    if on not in types:
        hint = did_you_mean(on, [*types]) or f"it has: {', '.join(types)}"
        raise UsageError(f"{path.name!r} has no column {on!r}", hint=hint)
    staging.connection.execute(
        f"""CREATE TABLE labels AS SELECT * FROM given WHERE {quoted(on)} IS NOT NULL
            QUALIFY row_number() OVER (PARTITION BY {quoted(on)} ORDER BY rowid) = 1"""
    )
    total, kept = (
        staging.connection.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0] for table in ("given", "labels")
    )
    return Labels(path.stem, on, types, count=int(kept), duplicates=int(total) - int(kept))


def _out(name: str, kind: str) -> Out:
    if kind in _KEPT:
        return Out(name, f"l.{quoted(name)}", kind)
    if kind.startswith(("TIMESTAMP", "DATE")):
        return Out(name, of_our_years(f"CAST(l.{quoted(name)} AS TIMESTAMP)"), "TIMESTAMP")
    return Out(name, f"CAST(l.{quoted(name)} AS VARCHAR)", "VARCHAR")


def _literal_path(path: Path) -> str:
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in str(path))
