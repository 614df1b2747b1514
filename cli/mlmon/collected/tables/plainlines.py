"""The plain lines of v2 files, read by DuckDB many at a time.

Plain is a line of valid JSON whose data is a list of flat objects that have the same keys, none of them twice, and no
value that two JSON readers take differently.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Final

from mlmon.collected.records.text import Line
from mlmon.collected.tables import likeness
from mlmon.collected.tables.parts import DIGEST, PLACE_BITS, STORED, Part, Sort
from mlmon.collected.tables.plain import A_TIME, Load, Loaded, NotAsWritten, Spooled, discard, identifier, literal
from mlmon.collected.tables.staging import explained

if TYPE_CHECKING:
    import duckdb

_SORTS: Final[dict[str, Sort | None]] = {
    "UBIGINT": "int",
    "BIGINT": "int",
    "DOUBLE": "float",
    "BOOLEAN": "bool",
    "VARCHAR": "str",
    "NULL": None,
}
_ENVELOPE: Final = ("time", "xrequestid", "correlationid", "modelversion")
_LONG: Final = "9007199254740992"  # from here on a float may stand for another whole number
_LONG_NUMBER: Final = "[0-9]{16}"
_EMPTY_PLACE: Final = r",[ \t]*[\]}]"
"""A comma before an end, which DuckDB passes over."""
_MOST_SHAPES: Final = 8
_SOME: Final = 16


@dataclass(slots=True)
class Shape:
    """Lines that can be read together: which keys they have, and what the values of their rows are."""

    envelope: tuple[str, ...]
    names: tuple[str, ...]
    sorts: dict[str, Sort | None] = field(default_factory=dict)
    structures: list[str] = field(default_factory=list)
    first: int = 0
    is_proven: bool = False
    """Whether all lines are known to be of it."""

    def takes(self, sorts: Mapping[str, Sort | None]) -> bool:
        """Whether lines with such values can be read with these; if so they are from now on."""
        merged = {name: _merged(self.sorts.get(name), sort) for name, sort in sorts.items()}
        if any(sort == "text" for sort in merged.values()):
            return False
        self.sorts = {name: sort for name, sort in merged.items() if sort != "text"}
        return True


def _merged(one: Sort | None, other: Sort | None) -> Sort | None:
    """What values of both sorts can be read as; "text" where there is nothing but that."""
    if one is None or other is None or one == other:
        return one or other
    return "float" if {one, other} == {"int", "float"} else "text"


def load(connection: duckdb.DuckDBPyConnection, given: Load, *, name: str) -> Loaded:
    """Read lines into tables called after `name`. What is not plain is given back.

    Raises:
        Failure: there is no room for the rows.
        NotAsWritten: there are empty lines.
        duckdb.Error: there is a line that cannot be held as a text.
    """
    with explained():
        without: set[int] = set()
        while True:
            parts, odd = _loaded(connection, given, name, without)
            if odd <= without:
                return Loaded(parts, [*_by_file(given, _texts(connection, given, odd))])
            # what is odd has no say in how the others are read
            without |= odd
            discard(connection, parts)


def _loaded(
    connection: duckdb.DuckDBPyConnection, given: Load, name: str, without: set[int]
) -> tuple[list[Part], set[int]]:
    """Tables of the plain lines, and the numbers of all others."""
    lines, parts, read = _lines(given, without), list[Part](), 0
    alike = None if without else _alike(connection, given)
    if not alike:
        lines = f"SELECT * FROM ({lines}) WHERE NOT regexp_matches(text, '{_EMPTY_PLACE}')"
    shapes, all_plain = ([alike], True) if alike else _shapes(connection, lines)
    all_plain = all_plain and not without
    for at, shape in enumerate(shapes):
        part = _part(f"{name}_{at}", shape, given)
        is_all = all_plain and len(shapes) == 1
        part.rows = _one(connection, _table(part, shape, lines if is_all else _of(shape, lines), given))
        _drop_long(connection, part, given)
        read += _one(connection, f"SELECT count(*) FROM {part.table} WHERE n = run")
        parts.append(part)
    if all_plain and read == given.count:
        return parts, set()
    known = "".join(
        f" UNION ALL SELECT (run - {given.first}) >> {PLACE_BITS} FROM {one.table} WHERE n = run" for one in parts
    )
    found = connection.execute(f"SELECT line FROM ({_lines(given)}) EXCEPT (SELECT NULL::BIGINT{known})").fetchall()
    if read + len(found) != given.count:
        discard(connection, parts)
        raise NotAsWritten
    return parts, {line for (line,) in found}


def _lines(given: Load, without: Collection[int] = ()) -> str:
    """The SQL of the lines by their numbers in the load, but for some."""
    reader = given.reader({"text": "VARCHAR"}, delimiter="\x1f")
    lines = f"SELECT {given.before} + row_number() OVER () AS line, text FROM {reader}"
    return f"SELECT * FROM ({lines}) WHERE line NOT IN ({', '.join(map(str, without))})" if without else lines


def _alike(connection: duckdb.DuckDBPyConnection, given: Load) -> Shape | None:
    """The shape of all lines, where all are like the first of them."""
    texts = [line.data.decode() for one in given.spooled[:_SOME] for line in given.lines(one, 1)]
    some = f"SELECT {given.before + 1} AS line, unnest([{', '.join(map(literal, texts))}]) AS text"
    shapes, all_plain = _shapes(connection, some)
    if not all_plain or len(shapes) != 1:
        return None
    pattern = likeness.pattern(texts[0], shapes[0].sorts)
    if pattern is None:
        return None
    others = f"SELECT 1 FROM ({_lines(given)}) WHERE NOT regexp_full_match(text, {literal(pattern)}) LIMIT 1"
    shapes[0].is_proven = connection.execute(others).fetchone() is None
    return shapes[0] if shapes[0].is_proven else None


def _shapes(connection: duckdb.DuckDBPyConnection, lines: str) -> tuple[list[Shape], bool]:
    """The shapes of the plain ones among lines, and whether all look plain."""
    found = connection.execute(
        f"SELECT TRY(json_structure(text))::VARCHAR AS structure, min(line) FROM ({lines}) GROUP BY 1 ORDER BY 2"
    ).fetchall()
    shapes: dict[tuple[tuple[str, ...], frozenset[str]], Shape] = {}
    all_plain = True
    for structure, line in found:
        plain = _plain(structure) if structure is not None else None
        if plain is None:
            all_plain = False
            continue
        envelope, sorts = plain
        key = (envelope, frozenset(sorts))
        if key not in shapes and len(shapes) == _MOST_SHAPES:
            all_plain = False
            continue
        shape = shapes.setdefault(key, Shape(envelope, tuple(sorts), first=line))
        if shape.takes(sorts):
            shape.structures.append(structure)
        else:
            all_plain = False
    return [*shapes.values()], all_plain


def _part(table: str, shape: Shape, given: Load) -> Part:
    row = given.first + (shape.first << PLACE_BITS)
    part = Part(table)
    for at, name in enumerate(shape.names):
        sort = shape.sorts.get(name)
        part.stored[name] = f"c{at}"
        part.sorts[name] = {sort} if sort else set()
        part.first[name] = row
    return part


def _of(shape: Shape, lines: str) -> str:
    """Those of the lines that are of a shape."""
    structures = ", ".join(map(literal, shape.structures))
    return f"SELECT * FROM ({lines}) WHERE TRY(json_structure(text))::VARCHAR IN ({structures})"


def _table(part: Part, shape: Shape, lines: str, given: Load) -> str:
    """A table of the rows of lines that are of a shape and turn out to be plain in everything else too."""
    kinds = {name: STORED[shape.sorts.get(name) or "str"] for name in shape.names}
    form = literal(json.dumps({**dict.fromkeys(shape.envelope, "VARCHAR"), "data": [kinds]}))
    told = {key: f"event['{key}']" if key in shape.envelope else "NULL::VARCHAR" for key in _ENVELOPE}
    cells = "".join(f", cells[{literal(name)}] AS {part.stored[name]}" for name in shape.names)
    # an event that is null has no rows; a condition that asks for it once has DuckDB read each line's JSON twice
    has_objects = "" if shape.is_proven else "len(event.data) = list_count(event.data) AND "
    is_read_alike = (
        f"{has_objects}({told['time']} IS NULL OR"
        f" (regexp_full_match({told['time']}, '{A_TIME}') AND TRY_CAST({told['time']} AS TIMESTAMPTZ) IS NOT NULL))"
    )
    return f"""CREATE TABLE {part.table} AS
        SELECT start + place AS n, start AS run,
            CASE WHEN place = 0 THEN file END AS file,
            CASE WHEN place = 0 THEN epoch_us(TRY_CAST({told["time"]} AS TIMESTAMPTZ)) END AS time,
            CASE WHEN place = 0 THEN {identifier(told["xrequestid"])} END AS request,
            CASE WHEN place = 0 THEN {identifier(told["correlationid"])} END AS correlation,
            CASE WHEN place = 0 THEN nullif({told["modelversion"]}, '') END AS version,
            CASE WHEN place = 0 THEN digest END AS digest{cells}
        FROM (SELECT start, file, digest, event, unnest(event.data) AS cells, unnest(range(len(event.data))) AS place
            FROM (SELECT {given.first} + (line << {PLACE_BITS}) AS start, {given.files} AS file,
                         {DIGEST.format("text")} AS digest,
                         TRY(from_json_strict(text, {form})) AS event
                  FROM ({lines}))
            WHERE {is_read_alike})"""


def _drop_long(connection: duckdb.DuckDBPyConnection, part: Part, given: Load) -> None:
    """Give up lines whose numbers may be whole ones that a float changes, or none that JSON has."""
    floats = [part.stored[name] for name, sorts in part.sorts.items() if sorts == {"float"}]
    long = " OR ".join(f"abs({stored}) >= {_LONG}" for stored in floats)  # so is NaN
    if not floats or not _one(connection, f"SELECT count(*) FROM {part.table} WHERE {long}"):
        return
    odd = " OR ".join(f"NOT isfinite({stored})" for stored in floats)
    connection.execute(
        f"""DELETE FROM {part.table} WHERE run IN (
            SELECT run FROM {part.table} WHERE {odd} UNION ALL
            SELECT run FROM ({_lines(given)}) JOIN (SELECT DISTINCT run FROM {part.table} WHERE {long})
                ON run = {given.first} + (line << {PLACE_BITS}) WHERE regexp_matches(text, '{_LONG_NUMBER}'))"""
    )


def _texts(connection: duckdb.DuckDBPyConnection, given: Load, lines: set[int]) -> list[tuple[int, str]]:
    """Lines by their numbers, in order."""
    if not lines:
        return []
    return connection.execute(
        f"""SELECT line, coalesce(text, '') FROM ({_lines(given)})
            JOIN (SELECT unnest($1::BIGINT[]) AS line) USING (line) ORDER BY line""",
        [[*lines]],
    ).fetchall()


def _by_file(given: Load, left: list[tuple[int, str]]) -> Iterator[tuple[Spooled, list[Line]]]:
    starts = [one.before for one in given.spooled]
    for at, found in groupby(left, key=lambda one: bisect_left(starts, one[0]) - 1):
        spooled = given.spooled[at]
        shift = spooled.number - spooled.before - 1
        yield spooled, [Line(line + shift, f"{text}\n".encode()) for line, text in found]


def is_plain(data: bytes) -> bool:
    """Whether whole lines, each ending in a line feed, can be read here; if so DuckDB sees to each of them."""
    return not (b"\x1f" in data or b"\r" in data or b"\0" in data)


def _plain(structure: str) -> tuple[tuple[str, ...], dict[str, Sort | None]] | None:
    """What of the envelope is there, and the sorts of the values in rows that are flat objects; else None."""
    event = json.loads(structure)
    if not isinstance(event, dict) or "datainblob" in event:
        return None
    envelope = tuple(key for key in _ENVELOPE if key in event)
    found = event.pop("data", None)
    if any(event[key] not in ("VARCHAR", "NULL") for key in envelope) or "DOUBLE" in json.dumps(event):
        return None  # a float may be a NaN in another spelling than JSON's readers know
    if not isinstance(found, list) or len(found) != 1 or not isinstance(found[0], dict) or not found[0]:
        return None
    kinds = found[0]
    if not all(isinstance(kind, str) and kind in _SORTS for kind in kinds.values()):
        return None
    if "" in kinds or any(min(name) < " " for name in kinds) or len({name.casefold() for name in kinds}) != len(kinds):
        return None
    return envelope, {name: _SORTS[kind] for name, kind in kinds.items()}


def _one(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    found = connection.execute(query).fetchone()
    return int(found[0]) if found else 0
