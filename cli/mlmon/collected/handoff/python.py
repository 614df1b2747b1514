"""pandas and Spark: a notebook cell that makes a DataFrame of each collection."""

from __future__ import annotations

import keyword
import re
from collections.abc import Sequence

from mlmon.collected.handoff.patterns import Source
from mlmon.collected.handoff.sql import escape
from mlmon.core.model import Generation

_JSON_ROWS = """\
def rows(opened):
    with opened as lines:
        for line in lines:
            event = json.loads(line)
            for at, row in enumerate(event["data"]):
                yield {key: event.get(key) for key in ("time", "correlationid", "xrequestid")} | {"row": at} | row

"""


def pandas(sources: Sequence[Source]) -> str:
    """A cell for pandas; on Azure it reads through adlfs, signed in as `az login` is."""
    local = all(source.is_local for source in sources)
    has_json = any(source.generation is Generation.V2 for source in sources)
    parts = [
        *(["import json\n"] if has_json else []),
        *(["from glob import glob\n"] if local else []),
        "\n" * (has_json or local),
        *([] if local else ["import fsspec  # with adlfs\n"]),
        "import pandas as pd\n\n",
        *([_JSON_ROWS] if has_json else []),
    ]
    if not local:
        account = sources[0].host.partition(".")[0]
        parts.append("# needs Storage Blob Data Reader on the account\n")
        parts.append(f'blobs = fsspec.filesystem("abfs", account_name={literal(account)}, anon=False)\n\n')
    return "".join([*parts, "\n".join(_frame(source) for source in sources)])


def databricks(sources: Sequence[Source]) -> str:
    """A cell for Spark, on Databricks or elsewhere: `spark` is its session."""
    lead = "" if sources[0].is_local else "# the cluster's identity needs Storage Blob Data Reader on the account\n"
    return lead + "\n".join(_spark(source) for source in sources)


def literal(text: str) -> str:
    """Text as Python, in ASCII and on one line."""
    return ascii(text)


def name_of(collection: str) -> str:
    """A variable's name for a collection."""
    name = re.sub(r"[^A-Za-z0-9_]", "_", collection) or "_"
    return f"_{name}" if name[0].isdigit() or keyword.iskeyword(name) else name


def _frame(source: Source) -> str:
    name = name_of(source.collection)
    lead = f"{escape(source.folder)}/" if source.is_local else f"{escape(source.container)}/"
    patterns = "".join(f"    {literal(lead + pattern.glob(escape))},\n" for pattern in source.patterns)
    find, opened = ("glob", "open(file") if source.is_local else ("blobs.glob", "blobs.open(file")
    files = f"{name}_files = sorted(file for pattern in [\n{patterns}] for file in {find}(pattern))\n"
    if source.generation is Generation.V1:
        read = "file" if source.is_local else f"{opened})"
        return f"{files}{name} = pd.concat((pd.read_csv({read}) for file in {name}_files), ignore_index=True)\n"
    mode = ', encoding="utf-8")' if source.is_local else ', "rt", encoding="utf-8")'
    return f"{files}{name} = pd.DataFrame([row for file in {name}_files for row in rows({opened}{mode})])\n"


def _spark(source: Source) -> str:
    name = name_of(source.collection)
    lead = _spark_root(source)
    patterns = "".join(f"    {literal(lead + pattern.glob(_hadoop))},\n" for pattern in source.patterns)
    if source.generation is Generation.V1:
        return f"{name} = spark.read.csv([\n{patterns}], header=True, inferSchema=True)\n"
    return (
        f"{name} = spark.read.json([\n{patterns}]).selectExpr(\n"
        '    "time", "correlationid", "xrequestid", "posexplode(data) AS (row, cells)"\n'
        ').select("time", "correlationid", "xrequestid", "row", "cells.*")\n'
    )


def _spark_root(source: Source) -> str:
    if source.is_local:
        return f"file://{_hadoop(source.folder)}/"
    # abfss is opened with an identity, wasbs with a key or a signature alone
    scheme, host = (
        ("abfss", source.host.replace(".blob.", ".dfs.", 1)) if ".blob." in source.host else ("wasbs", source.host)
    )
    return f"{scheme}://{source.container}@{host}/"


def _hadoop(text: str) -> str:
    """Text in which Hadoop's globbing sees no pattern."""
    return re.sub(r"[*?\[\]{}\\,^]", r"\\\g<0>", text)
