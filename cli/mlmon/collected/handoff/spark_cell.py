"""Spark: a notebook cell that makes a DataFrame of each collection."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby
from typing import Final

from mlmon.collected.handoff.patterns import Source
from mlmon.collected.handoff.python import listed, variables
from mlmon.core.model import Generation

_JSON_ROWS: Final = '''\
def rows(events):
    """A row for each record. What is no record, as payload logging keeps it, is in "value"; so is the URL of data
    that was too large for its line. Where a collection has both, "value" is the text of the whole data."""
    known = ["time", "correlationid", "xrequestid"]
    ids = [name if name in events.columns else f"CAST(NULL AS STRING) AS {name}" for name in known]
    kind = events.schema["data"].dataType
    if not kind.simpleString().startswith("array<"):
        return events.where("data IS NOT NULL").selectExpr(*ids, "0 AS row", "data AS value")
    cells = events.selectExpr(*ids, "posexplode(data) AS (row, value)")
    if not kind.simpleString().startswith("array<struct<"):
        return cells
    own = cells.columns[:-1]
    fields = [(name, f"data.{name}" if name in own else name) for name in kind.elementType.names]
    return cells.select(*own, *(cells["value"][name].alias(shown) for name, shown in fields))


'''


def databricks(sources: Sequence[Source]) -> str:
    """A cell for Spark, on Databricks or elsewhere: `spark` is its session."""
    frames = [_frame(source, name) for source, name in zip(sources, variables(sources), strict=True)]
    parts = [
        "from functools import reduce\n\n"
        if any(len(_series(source)) > 1 for source in sources if _is_csv(source))
        else "",
        _JSON_ROWS if not all(_is_csv(source) for source in sources) else "",
        "" if sources[0].is_local else "# the cluster's identity needs Storage Blob Data Reader on the account\n",
        "# Spark passes over files whose names begin with _ or .\n" if any(map(_has_hidden, sources)) else "",
    ]
    return "".join([*parts, "\n".join(frames)])


def uri_of(source: Source) -> str:
    """The address of a source's container as Spark opens it, with a `/` at its end; nothing in it is a wildcard."""
    return _root(source)


def globs_of(source: Source) -> list[str]:
    """The paths of a source below its container as Spark reads them, with its wildcards."""
    return [pattern.glob(_escape) for pattern in source.patterns]


def root_of(source: Source) -> str:
    """The path of a source's container in the addresses that Spark has for its files, with a `/` at its end."""
    # a container of a storage account is what Hadoop calls the authority
    return f"/{source.folder.strip('/')}/" if source.is_local else "/"


def _frame(source: Source, name: str) -> str:
    if not _is_csv(source):
        [paths] = _series(source)
        return f"{name} = rows(spark.read.json([\n{listed(paths)}]))\n"
    # as pandas writes CSV; a header that differs from the first file's is an error, not read into its columns
    options = "header=True, inferSchema=True, enforceSchema=False, escape='\"'"
    series = _series(source)
    if len(series) == 1:
        return f"{name} = spark.read.csv([\n{listed(series[0])}], {options})\n"
    # models may have other columns, and Spark gives all files of one read the columns of the first
    reads = "".join(f"    spark.read.csv([\n{listed(paths, indent=' ' * 8)}    ], {options}),\n" for paths in series)
    return f"{name} = reduce(lambda one, other: one.unionByName(other, allowMissingColumns=True), [\n{reads}])\n"


def _is_csv(source: Source) -> bool:
    return source.generation is Generation.V1


def _series(source: Source) -> list[list[str]]:
    """The paths of a source; of CSV apart for each model and version."""
    root = _root(source)
    by_series = groupby(source.patterns, lambda pattern: pattern.series if _is_csv(source) else "")
    return [[root + pattern.glob(_escape) for pattern in patterns] for _, patterns in by_series]


def _has_hidden(source: Source) -> bool:
    return any(pattern.name.startswith(("_", ".")) for pattern in source.patterns)


def _root(source: Source) -> str:
    if source.is_local:
        return f"file:///{_escape(source.folder.removeprefix('/'))}/"
    # abfss is opened with an identity, wasbs with a key or a signature alone
    authority = source.endpoint.partition("://")[2]
    scheme = "abfss" if ".blob." in source.host else "wasbs"
    return f"{scheme}://{source.container}@{authority.replace('.blob.', '.dfs.', 1)}/"


def _escape(text: str) -> str:
    """Text in which Hadoop's globbing sees no pattern."""
    return re.sub(r"[*?\[\]{}\\,^]", r"\\\g<0>", text)
