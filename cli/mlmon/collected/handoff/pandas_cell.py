"""pandas: a notebook cell that makes a DataFrame of each collection."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from mlmon.collected.handoff.patterns import Source
from mlmon.collected.handoff.python import listed, literal, variables
from mlmon.collected.handoff.sql import escape
from mlmon.core.model import Generation

_PUBLIC: Final = ".blob.core.windows.net"
_JSON_ROWS: Final = '''\
def rows(opened):
    """A row for each record. What is no record, as payload logging keeps it, is in "value"; so is the URL of data
    that was too large for its line."""
    with opened as lines:
        for line in lines:
            if not line.strip():
                continue
            try:
                event = json.loads(line)
            except ValueError:
                if line.endswith("\\n"):
                    raise
                break  # the last line is still being written
            data = event["data"]
            for at, row in enumerate(data if isinstance(data, list) else [data]):
                ids = {key: event.get(key) for key in ("time", "correlationid", "xrequestid")} | {"row": at}
                cells = row if isinstance(row, dict) else {"value": row}
                yield ids | {f"data.{key}" if key in ids else key: cell for key, cell in cells.items()}


'''


def pandas(sources: Sequence[Source]) -> str:
    """A cell for pandas; on Azure it reads through adlfs, signed in as `az login` is."""
    local = sources[0].is_local
    has_json = any(source.generation is Generation.V2 for source in sources)
    accounts = _accounts(sources)
    parts = [
        *(["import json\n"] if has_json else []),
        *(["from glob import glob\n"] if local else []),
        "\n" * (has_json or local),
        *([] if local else ["import fsspec  # with adlfs\n"]),
        "import pandas as pd\n\n",
        *([f"\n{_JSON_ROWS}"] if has_json else []),
        *([] if local else ["# needs Storage Blob Data Reader on the account\n"]),
        *(f"{name} = {_filesystem(source)}\n" for name, source in accounts.values() if not local),
        "" if local else "\n",
    ]
    names = variables(sources, taken=[name for name, _ in accounts.values()], with_endings=("", "_files"))
    frames = [_frame(source, name, accounts[source.endpoint][0]) for source, name in zip(sources, names, strict=True)]
    return "".join([*parts, "\n".join(frames)])


def _accounts(sources: Sequence[Source]) -> dict[str, tuple[str, Source]]:
    """For each account's endpoint, what its file system is called and a source on it."""
    by_endpoint = {source.endpoint: source for source in reversed(sources)}
    return {
        endpoint: (f"_blobs_{at}" if len(by_endpoint) > 1 else "_blobs", source)
        for at, (endpoint, source) in enumerate(sorted(by_endpoint.items()))
    }


def _filesystem(source: Source) -> str:
    # adlfs knows the address of accounts in the public cloud alone
    host = "" if source.host.endswith(_PUBLIC) else f", account_host={literal(source.endpoint.partition('://')[2])}"
    return f'fsspec.filesystem("abfs", account_name={literal(source.account)}{host}, anon=False)'


def _frame(source: Source, name: str, blobs: str) -> str:
    lead = f"{escape(source.folder)}/" if source.is_local else f"{escape(source.container)}/"
    patterns = listed([lead + pattern.glob(escape) for pattern in source.patterns])
    find, opened = ("glob", "open(file") if source.is_local else (f"{blobs}.glob", f"{blobs}.open(file")
    files = f"{name}_files = sorted(file for pattern in [\n{patterns}] for file in {find}(pattern))\n"
    if source.generation is Generation.V1:
        read = "file" if source.is_local else f"{opened})"
        return f"{files}{name} = pd.concat((pd.read_csv({read}) for file in {name}_files), ignore_index=True)\n"
    mode = ', encoding="utf-8")' if source.is_local else ', "rt", encoding="utf-8")'
    return f"{files}{name} = pd.DataFrame([row for file in {name}_files for row in rows({opened}{mode})])\n"
