"""DuckDB: a view for each collection."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from mlmon.collected.handoff.naming import distinct
from mlmon.collected.handoff.patterns import Source
from mlmon.core.model import Generation

_EVENTS: Final = "_events"


def duckdb(sources: Sequence[Source]) -> str:
    """SQL for the duckdb command line: a view for each collection, and a look at the first."""
    names = distinct([plain(source.collection) for source in sources], with_endings=("", _EVENTS))
    parts = [_secrets(sources)] if not sources[0].is_local else []
    parts += [_view(source, name, at=at) for at, (source, name) in enumerate(zip(sources, names, strict=True))]
    parts.append(f"SELECT * FROM {identifier(names[0])} LIMIT 10;\n")
    return "\n".join(parts)


def literal(text: str) -> str:
    """Text as SQL; control characters as `chr`, so that nothing leaves its line."""
    pieces = re.split(r"([\x00-\x1f\x7f-\x9f\u2028\u2029]+)", text)
    written = [
        " || ".join(f"chr({ord(letter)})" for letter in piece) if at % 2 else "'" + piece.replace("'", "''") + "'"
        for at, piece in enumerate(pieces)
        if piece
    ]
    return f"({' || '.join(written)})" if len(written) > 1 else (written or ["''"])[0]


def plain(name: str) -> str:
    """A name without control characters, which an identifier cannot escape."""
    return re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", "_", name)


def identifier(name: str) -> str:
    """A name as SQL, without control characters."""
    return '"' + plain(name).replace('"', '""') + '"'


def escape(text: str) -> str:
    """Text in which DuckDB and Python's glob see no pattern."""
    return re.sub(r"[*?\[]", r"[\g<0>]", text)


def _secrets(sources: Sequence[Source]) -> str:
    """What signs in to each account; where there are several, the one that an address begins with."""
    accounts = sorted({(source.account, _account(source)) for source in sources})
    created = [
        f"CREATE SECRET {identifier(f'mlmon {account}')} (TYPE azure, PROVIDER credential_chain, "
        f"ACCOUNT_NAME {literal(account)}, SCOPE {literal(scope)});\n"
        if len(accounts) > 1
        else f"CREATE SECRET (TYPE azure, PROVIDER credential_chain, ACCOUNT_NAME {literal(account)});\n"
        for account, scope in accounts
    ]
    said = "-- signs in as az login does; needs Storage Blob Data Reader on the account\n"
    return "".join(["INSTALL azure;\nLOAD azure;\n", said, *created])


def _account(source: Source) -> str:
    return f"az://{source.endpoint.partition('://')[2]}/"


def _view(source: Source, name: str, *, at: int) -> str:
    lead = f"{escape(source.folder)}/" if source.is_local else f"{escape(_account(source) + source.container)}/"
    files = ",\n    ".join(literal(lead + pattern.glob(escape)) for pattern in source.patterns)
    if source.generation is Generation.V1:
        # header lines end in CR LF and rows in LF, which strict mode refuses; a model called a=b is no partition
        written = "header = true, strict_mode = false, delim = ',', quote = '\"', escape = '\"'"
        options = f"union_by_name = true, filename = true, hive_partitioning = false, {written}"
        view = f"CREATE OR REPLACE TEMP VIEW {identifier(name)}"
        return f"{view} AS\nSELECT * FROM read_csv([\n    {files}\n], {options});\n"
    return _records(name, files, shape=f"shape_{at}")


def _records(name: str, files: str, *, shape: str) -> str:
    """A view of v2 files. DuckDB's own guess at their columns looks at a part of them; this reads all, to know."""
    view, events = identifier(name), identifier(f"{name}{_EVENTS}")
    return f"""\
-- A row for each record. What is no record, as payload logging keeps it, is in "value"; so is the URL of data that was
-- too large for its line. Lines that are no JSON, such as one still being written, are passed over.
CREATE OR REPLACE TEMP VIEW {events} AS
SELECT "time", correlationid, xrequestid, "row", filename,
    CASE json_type(cell) WHEN 'OBJECT' THEN cell ELSE json_object('value', cell) END AS cells
FROM (
    SELECT *, generate_subscripts(found, 1) - 1 AS "row", unnest(found) AS cell
    FROM (
        SELECT *, CASE json_type(data) WHEN 'ARRAY' THEN from_json(data, '["JSON"]') ELSE [data] END AS found
        FROM read_ndjson([
    {files}
], columns = {{"time": 'VARCHAR', correlationid: 'VARCHAR', xrequestid: 'VARCHAR', data: 'JSON'}},
            filename = true, hive_partitioning = false, ignore_errors = true)
        WHERE data IS NOT NULL
    )
);
SET VARIABLE {shape} = (SELECT coalesce(json_group_structure(cells), '{{"value":"JSON"}}') FROM {events});
CREATE OR REPLACE TEMP VIEW {view} AS
SELECT "time", correlationid, xrequestid, "row", unnest(from_json(cells, getvariable('{shape}'))), filename
FROM {events};
"""
