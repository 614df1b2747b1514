"""DuckDB: a view for each collection."""

from __future__ import annotations

import re
from collections.abc import Sequence

from mlmon.collected.handoff.patterns import Source
from mlmon.core.model import Generation


def duckdb(sources: Sequence[Source]) -> str:
    """SQL for the duckdb command line: a view for each collection, and a look at the first."""
    parts = [_secret(source) for source in sources[:1] if not source.is_local]
    parts += [_view(source) for source in sources]
    parts.append(f"SELECT * FROM {identifier(sources[0].collection)} LIMIT 10;\n")
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


def identifier(name: str) -> str:
    """A name as SQL, without control characters."""
    return '"' + re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", "_", name).replace('"', '""') + '"'


def escape(text: str) -> str:
    """Text in which DuckDB and Python's glob see no pattern."""
    return re.sub(r"[*?\[]", r"[\g<0>]", text)


def _secret(source: Source) -> str:
    return (
        "INSTALL azure;\n"
        "LOAD azure;\n"
        "-- signs in as az login does; needs Storage Blob Data Reader on the account\n"
        "CREATE SECRET (TYPE azure, PROVIDER credential_chain, "
        f"ACCOUNT_NAME {literal(source.host.partition('.')[0])});\n"
    )


def _view(source: Source) -> str:
    lead = f"{escape(source.folder)}/" if source.is_local else f"az://{escape(source.host)}/{escape(source.container)}/"
    files = ",\n    ".join(literal(lead + pattern.glob(escape)) for pattern in source.patterns)
    name = identifier(source.collection)
    if source.generation is Generation.V1:
        # header lines end in CR LF and rows in LF, which strict mode refuses
        options = "union_by_name = true, filename = true, strict_mode = false, header = true"
        return f"CREATE OR REPLACE VIEW {name} AS\nSELECT * FROM read_csv([\n    {files}\n], {options});\n"
    return (
        f"CREATE OR REPLACE VIEW {name} AS\n"
        'SELECT "time", correlationid, xrequestid, generate_subscripts(data, 1) - 1 AS "row", '
        "unnest(data, max_depth := 2), filename\n"
        f"FROM read_ndjson([\n    {files}\n], union_by_name = true, filename = true);\n"
    )
