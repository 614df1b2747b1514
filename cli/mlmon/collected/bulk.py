"""The plain lines of v2 files, read by DuckDB many at a time instead of one by one in Python.

Plain is a line of valid JSON whose data is a list of flat objects, with nothing in it that two JSON readers take
differently: whole numbers of more than 15 digits, exponents of three, keys that differ in case alone. What is not
plain is handed back and read line by line, so that the rows are the same whichever way they came.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from mlmon.collected.layout import CollectedBlob
from mlmon.collected.records.text import Line
from mlmon.collected.staging import PLACE_BITS, Staging, explained

_BATCH_BYTES: Final = 24 * 1024 * 1024
_LONGEST_LINE: Final = 512 * 1024
_SORTS: Final = {"UBIGINT": "int", "BIGINT": "int", "DOUBLE": "float", "BOOLEAN": "bool", "VARCHAR": "str", "NULL": ""}
_ENVELOPE: Final = dict.fromkeys(("time", "xrequestid", "correlationid", "modelversion"), "VARCHAR")
_READ_TWO_WAYS: Final = r"[:,\[]\s*-?[0-9]{16,}\s*[,}\]]|[:,\[]\s*-?[0-9.]+[eE]\+?[0-9]{3}"
_SEPARATOR: Final = b"\x1f"  # inside JSON it is always escaped
_READ: Final = """read_csv(?, columns = {'place': 'BIGINT', 'text': 'VARCHAR'}, delim = chr(31), quote = '',
    escape = '', header = false, auto_detect = false,
    new_line = '\\n', max_line_size = 1048576, buffer_size = 4194304)"""


@dataclass(slots=True)
class Bulk:
    """Lines of files of one collection, on their way into its table."""

    staging: Staging
    lines: list[bytes] = field(default_factory=list)
    sources: dict[int, CollectedBlob] = field(default_factory=dict)
    size: int = 0

    @property
    def full(self) -> bool:
        return self.size >= _BATCH_BYTES

    def take(self, source: CollectedBlob, line: Line) -> bool:
        """Keep a line for later; False for one that has to be read by itself."""
        data = line.data
        if len(data) > _LONGEST_LINE or not line.ended or _SEPARATOR in data or b"\r" in data[:-2]:
            return False
        file = self.staging.file_of(source)
        self.sources[file] = source
        self.lines.append(b"%d\x1f%b" % (self.staging.row_number(file, line.number, 0), data))
        self.size += len(data)
        return True

    def flush(self) -> list[tuple[CollectedBlob, Line]]:
        """Add the rows of what was taken, and give back the lines that are not plain, in their order."""
        if not self.lines:
            return []
        path = self.staging.folder / "lines"
        with path.open("wb") as file:
            file.writelines(self.lines)
        self.lines.clear()
        self.size = 0
        with explained():
            self._look(str(path))
            # a file is of one collection, and so is a batch
            self._add(next(iter(self.sources.values())))
            left = self._left()
        self.sources.clear()
        return left

    def _look(self, path: str) -> None:
        """A table of the lines with their structure, null where they are not plain."""
        self.staging.connection.execute(
            f"""CREATE OR REPLACE TEMP TABLE looked AS SELECT place, text, CASE
                WHEN json_valid(text) AND NOT regexp_matches(text, '{_READ_TWO_WAYS}')
                THEN json_structure(text)::VARCHAR END AS structure FROM {_READ}""",
            [path],
        )
        found = self.staging.connection.execute("SELECT DISTINCT structure FROM looked").fetchall()
        odd = [text for (text,) in found if text is not None and _plain(text) is None]
        if odd:
            self.staging.connection.execute(
                "UPDATE looked SET structure = NULL WHERE structure IN (SELECT unnest($1::VARCHAR[]))", [odd]
            )

    def _add(self, source: CollectedBlob) -> None:
        found = self.staging.connection.execute(
            "SELECT structure, min(place) FROM looked WHERE structure IS NOT NULL GROUP BY 1 ORDER BY 2"
        ).fetchall()
        known: dict[str, set[str]] = {}
        for text, _ in found:
            for name, kind in (_plain(text) or {}).items():
                known.setdefault(name, set()).add(kind)
        if not found:
            return
        groups = [list(known)] if len({name.casefold() for name in known}) == len(known) else []
        # columns that differ in case alone cannot stand in one structure: each structure is then read by itself
        for names in groups or [list(_plain(text) or {}) for text, _ in found]:
            self._insert(source, names, {name: known[name] for name in names}, None if groups else names)

    def _insert(
        self, source: CollectedBlob, names: Sequence[str], sorts: dict[str, set[str]], only: Sequence[str] | None
    ) -> None:
        columns = self.staging.columns_of(source.collection, sorts)
        # one look at the whole line is twice as fast as one at each part of it
        shape = json.dumps(_ENVELOPE | {"data": [dict.fromkeys(names, "VARCHAR")]})
        cells = "".join(f", {column}" for column in columns)
        values = "".join(f", cells['{_doubled(name)}']" for name in names)
        where = "structure IS NOT NULL"
        parameters = [shape]
        if only is not None:
            where += " AND list_sort(json_keys(json_extract(structure, '$.data[0]'))) = list_sort($2::VARCHAR[])"
            parameters.append(list(only))  # type: ignore[arg-type]  # DuckDB takes lists
        self.staging.connection.execute(
            f"""INSERT INTO {self.staging.table_of(source.collection)}
                (n, file, line, place, digest, time, request, correlation, version{cells})
                SELECT place + spot, {_FILE}, {_LINE}, spot, digest, time, request, correlation, version{values} FROM (
                    SELECT place, digest, time, version,
                           CASE WHEN trim(request, '0-') <> '' THEN request END AS request,
                           CASE WHEN trim(correlation, '0-') <> '' THEN correlation END AS correlation,
                           unnest(rows) AS cells, unnest(range(len(rows))) AS spot FROM (
                        SELECT place, (hash(text) >> 1)::BIGINT AS digest,
                               epoch_us(TRY_CAST(event.time AS TIMESTAMPTZ)) AS time, event.xrequestid AS request,
                               event.correlationid AS correlation, nullif(event.modelversion, '') AS version,
                               event.data AS rows FROM (
                            SELECT place, text, from_json(text, $1) AS event
                            FROM looked WHERE {where})))""",
            parameters,
        )

    def _left(self) -> list[tuple[CollectedBlob, Line]]:
        found = self.staging.connection.execute(
            f"SELECT {_FILE}, {_LINE}, text FROM looked WHERE structure IS NULL ORDER BY place"
        ).fetchall()
        return [(self.sources[file], Line(number, f"{text}\n".encode())) for file, number, text in found]


_FILE: Final = f"(place >> {PLACE_BITS[0]})"
_LINE: Final = f"((place >> {PLACE_BITS[1]}) & {(1 << (PLACE_BITS[0] - PLACE_BITS[1])) - 1})"


def _doubled(name: str) -> str:
    """A name inside an SQL literal. Names with control characters are not plain."""
    return name.replace("'", "''")


def _plain(structure: str) -> dict[str, str] | None:
    """The columns of a line whose data is a list of flat objects, with the sorts of their values; else None."""
    event = json.loads(structure)
    if not isinstance(event, dict) or "data" not in event or "datainblob" in event:
        return None
    found = event["data"]
    if not isinstance(found, list) or len(found) != 1 or not isinstance(found[0], dict) or not found[0]:
        return None
    kinds = found[0]
    if not all(isinstance(kind, str) and kind in _SORTS for kind in kinds.values()):
        return None
    if "" in kinds or any(min(name) < " " for name in kinds) or len({name.casefold() for name in kinds}) != len(kinds):
        return None
    return {name: _SORTS[kind] for name, kind in kinds.items()}
