"""Labels: a file of the person's own, joined by one column that the dataset has too."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mlmon.collected.tables.columns import Out, of_our_years, quoted
from mlmon.collected.tables.matching import matching
from mlmon.collected.tables.plain import literal
from mlmon.collected.tables.staging import Staging, explained
from mlmon.core.errors import NotFound, UsageError, did_you_mean

_READERS: Final = {
    ".csv": "read_csv(?, header = true{more})",
    ".parquet": "read_parquet(?)",
    ".jsonl": "read_ndjson(?)",
    ".json": "read_json(?)",
}
_GZIP: Final = ".gz"  # parquet is compressed as it is
_KEPT: Final = frozenset(
    {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "FLOAT", "DOUBLE", "BOOLEAN", "VARCHAR"}
)
_NO_NAMES: Final = re.compile(r"column\d+")
_INDEX: Final = re.compile(r"__index_level_\d+__")
"""What pandas calls an index without a name, which it writes as a column."""
_IDS: Final = frozenset({"request_id", "correlation_id"})


@dataclass(slots=True)
class Labels:
    """A file's rows, in the table `given`, which `bind` makes the table `labels` of: one row for each value to join on.

    Then `count` is how many those are, `repeated` how many had a value that was there before, and `empty` how many
    had none. Once they are joined, `rows` and `rows_without` are the rows of the dataset with and without a label, and
    `met` the labels that rows have.
    """

    name: str
    on: str
    types: dict[str, str]
    join: str = ""
    count: int = 0
    repeated: int = 0
    empty: int = 0
    rows: int = 0
    rows_without: int = 0
    met: int = 0

    @property
    def unmet(self) -> int:
        """How many labels no row has."""
        return self.count - self.met

    def columns(self) -> list[Out]:
        """The file's columns but the one that joins."""
        return [_out(at, name, kind) for at, (name, kind) in enumerate(self.types.items()) if name != self.on]

    def bind(self, staging: Staging, columns: Sequence[Out]) -> None:
        """Make the table `labels` of those that can be joined, and the join behind the tables that `columns` are of.

        Raises:
            UsageError: the dataset has no such column, or one whose values can be none of the file's.
            Failure: there is no room for it.
        """
        own = {one.name: one for one in columns if not re.search(r"\bl\.", one.expression)}
        if self.on not in own:
            hint = did_you_mean(self.on, [*own]) or f"it has: {', '.join(own)}"
            raise UsageError(f"the dataset has no column {self.on!r} to join {self.name} on", hint=hint)
        cell = f"c{[*self.types].index(self.on)}"
        ours, theirs = matching(self.name, own[self.on], self.types[self.on], cell=cell, any_case=self.on in _IDS)
        self.join = f" LEFT JOIN labels l ON l.key = {ours}"
        with explained():
            staging.connection.execute(
                f"""CREATE TABLE labels AS SELECT *, row_number() OVER () AS id FROM (
                        SELECT *, {theirs} AS key FROM given WHERE {cell} IS NOT NULL)
                    QUALIFY key IS NULL OR row_number() OVER (PARTITION BY key ORDER BY place) = 1"""
            )
            [[total, given, kept]] = staging.connection.execute(
                f"SELECT count(*), count({cell}), (SELECT count(*) FROM labels) FROM given"
            ).fetchall()
        self.count, self.repeated, self.empty = int(kept), int(given - kept), int(total - given)


def load(staging: Staging, path: Path, *, on: str) -> Labels:
    """Read a file of labels: csv, parquet, jsonl or json, by the end of its name; also packed, as `.csv.gz`.

    Raises:
        NotFound: there is no such file.
        UsageError: it cannot be read, or has no such column.
        Failure: there is no room for it.
    """
    if path.is_dir():
        raise UsageError(f"{str(path)!r} is a folder", hint="--with names one file: csv, parquet or jsonl")
    if not path.is_file():
        raise NotFound(f"there is no file {str(path)!r}", hint="--with names a csv, parquet or jsonl file")
    plain = path.with_suffix("") if path.suffix.lower() == _GZIP else path
    kind = plain.suffix.lower()
    if kind not in _READERS or (kind == ".parquet" and plain is not path):
        raise UsageError(f"{path.name!r} is no file of labels", hint=f"its name ends in {', '.join(_READERS)}")
    types = _described(staging, path, kind)
    if on not in types:
        if kind == ".csv" and all(_NO_NAMES.fullmatch(name) or on in name for name in types):
            raise UsageError(
                f"{path.name!r} cannot be read as csv", hint="see that each line has as many cells as the first"
            )
        hint = did_you_mean(on, [*types]) or f"it has: {', '.join(types)}"
        raise UsageError(f"{path.name!r} has no column {on!r}", hint=hint)
    # what joins is read as it stands there: 007 is not 7
    more = f", types = {{{literal(on)}: 'VARCHAR'}}" if kind == ".csv" else ""
    wanted = [name for name in types if name == on or not _INDEX.fullmatch(name)]
    cells = ", ".join(f"{quoted(name)} AS c{at}" for at, name in enumerate(wanted))
    _ask(
        staging,
        path,
        f"CREATE TABLE given AS SELECT row_number() OVER () AS place, * FROM"
        f" (SELECT {cells} FROM {_READERS[kind].format(more=more)})",
    )
    if kind == ".csv":
        types[on] = "VARCHAR"
    return Labels(plain.stem, on, {name: types[name] for name in wanted})


def _described(staging: Staging, path: Path, kind: str) -> dict[str, str]:
    rows = _ask(staging, path, f"DESCRIBE SELECT * FROM {_READERS[kind].format(more='')}")
    return {str(row[0]): str(row[1]) for row in rows}


def _ask(staging: Staging, path: Path, query: str) -> list[tuple[object, ...]]:
    """What a query of the file gives; the path is its parameter."""
    import duckdb

    try:
        # the path is a value, but the readers take * and ? in it for patterns
        return staging.connection.execute(query, [_literal_path(path)]).fetchall()
    except duckdb.Error as error:
        said = str(error).partition("\n")[0]
        raise UsageError(f"{path.name!r} cannot be read: {said}", hint="see that it is what its name says") from None


def _out(at: int, name: str, kind: str) -> Out:
    if kind in _KEPT:
        return Out(name, f"l.c{at}", kind)
    if kind.startswith(("TIMESTAMP", "DATE")):
        return Out(name, of_our_years(f"CAST(l.c{at} AS TIMESTAMP)"), "TIMESTAMP")
    return Out(name, f"CAST(l.c{at} AS VARCHAR)", "VARCHAR")


def _literal_path(path: Path) -> str:
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in str(path))
