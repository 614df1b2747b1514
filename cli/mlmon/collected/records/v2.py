"""v2 files: one JSON object a line, with the rows of one or more requests in its `data`.

https://learn.microsoft.com/azure/machine-learning/how-to-collect-production-data
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

from mlmon.collected.records.block import Aside, Block, OnAside
from mlmon.collected.records.payload import Record, parsed, records
from mlmon.collected.records.text import Line, identifier, moment
from mlmon.collected.selecting.layout import CollectedBlob
from mlmon.core.errors import MlmonError
from mlmon.core.model import Json

Follow = Callable[[str], Json]
"""What stands at a URL that a line points to. Raises `ValueError` with a reason that follows the place."""


def blocks(
    source: CollectedBlob, lines: Iterator[Line], *, on_aside: OnAside, growing: bool, follow: Follow
) -> Iterator[Block]:
    """The rows of a v2 file. Rows that have other columns begin a block of their own."""
    block = Block(source, ())
    for line in lines:
        if not line.data.strip():
            continue
        try:
            event = _event(line)
            rows = records(_data(event, follow))
        except ValueError as fault:
            on_aside(Aside(source, line.number, str(fault), growing and not line.ended))
            continue
        text = line.data.rstrip(b"\r\n").decode()
        meta = _Meta.of(event)
        for position, row in enumerate(rows):
            if tuple(row) != block.names or block.full:
                if len(block):
                    yield block
                block = Block(source, tuple(row))
            _append(block, row, meta, place=(line.number, position, text))
            block.size += len(text) // len(rows)
    if len(block):
        yield block


class _Meta:
    """What a line says of its rows."""

    __slots__ = ("correlation", "request", "time", "version")

    def __init__(self, time: datetime | None, request: str | None, correlation: str | None, version: str) -> None:
        self.time, self.request, self.correlation, self.version = time, request, correlation, version

    @classmethod
    def of(cls, event: Mapping[str, Json]) -> _Meta:
        time, version = event.get("time"), event.get("modelversion")
        return cls(
            moment(time) if isinstance(time, str) else None,
            identifier(event.get("xrequestid")),
            identifier(event.get("correlationid")),
            version if isinstance(version, str) else "",
        )


def _event(line: Line) -> Mapping[str, Json]:
    try:
        event = parsed(line.data.decode())
    except UnicodeDecodeError:
        raise ValueError("is not UTF-8") from None
    except ValueError:
        raise ValueError("is no JSON" if line.ended else "breaks off") from None
    if not isinstance(event, dict):
        raise ValueError("is no JSON object")
    return event


def _data(event: Mapping[str, Json], follow: Follow) -> Json:
    if "data" not in event:
        raise ValueError("has no data in it")
    data = event["data"]
    if str(event.get("datainblob", "")).lower() != "true":
        return data
    if not isinstance(data, str):
        raise ValueError("points to data elsewhere, but not where")
    try:
        return follow(data)
    except MlmonError as error:
        raise ValueError(f"points to data that cannot be read: {error.message}") from None


def _append(block: Block, row: Record, meta: _Meta, *, place: tuple[int, int, str]) -> None:
    line, position, text = place
    block.lines.append(line)
    block.positions.append(position)
    block.digests.append(text)
    block.times.append(meta.time)
    block.requests.append(meta.request)
    block.correlations.append(meta.correlation)
    block.versions.append(meta.version or None)
    for column, cell in zip(block.columns, row.values(), strict=True):
        column.append(cell)
