"""The inputs and predictions that were collected of a request: rows with its ids, in the blobs of its time.

Only the dates that the time touches are listed, and of their blobs no more bytes are read than are allowed. Lines
without the id in them are passed over unread.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import chain, islice
from typing import Final

from mlmon.collected.records import Block, v1
from mlmon.collected.records.block import Aside
from mlmon.collected.records.reading import blocks_of, pieces_of
from mlmon.collected.records.text import Line, Piece
from mlmon.collected.selecting.layout import CollectedBlob
from mlmon.collected.selecting.selection import Selection, select
from mlmon.core.errors import MlmonError
from mlmon.core.model import Generation, Json, ServiceName
from mlmon.core.ports import Blobs
from mlmon.core.timerange import TimeRange
from mlmon.monitoring.story.parts import By, Ids, same

MOST_BYTES: Final = 256 * 1000 * 1000
"""So many bytes of blobs are read for one request."""
MOST_ROWS: Final = 1_000
"""So many rows of a collection are kept."""
_META: Final = (b"$aml_", b"$timestamp")
_AROUND: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Kept:
    """Rows of a request in one collection. Ids are "" where the rows have none."""

    collection: str
    by: By
    time: datetime | None
    request: str
    correlation: str
    path: str
    rows: tuple[dict[str, Json], ...]
    more: int = 0


@dataclass(slots=True)
class Search:
    """Looks for the rows of one request in the blobs of services. `on_bytes` is told how many were read."""

    blobs: Blobs
    ids: Ids
    now: datetime
    on_bytes: Callable[[int], None]
    left: int = MOST_BYTES
    kept: list[Kept] = field(default_factory=list)
    looked_at: dict[str, int] = field(default_factory=dict)
    """Blobs of that time that were read, by collection."""
    without_ids: set[str] = field(default_factory=set)
    unread: int = 0
    asides: list[str] = field(default_factory=list)
    error: MlmonError | None = None

    def look(self, service: ServiceName, ran: TimeRange) -> None:
        """Look at what was collected while a request ran, or in a range in which it may have run."""
        between = TimeRange(ran.start - _AROUND, ran.end + _AROUND)
        try:
            chosen = list(select(self.blobs, service, Selection(between), now=self.now))
        except MlmonError as error:
            self.error = error
            return
        for source in sorted(chosen, key=lambda one: (one.start, one.blob.last_modified), reverse=True):
            if self.left <= 0:
                self.unread += 1
                continue
            self.looked_at[source.collection] = self.looked_at.get(source.collection, 0) + 1
            for block in self._blocks(source):
                self._keep(block)

    def _blocks(self, source: CollectedBlob) -> Iterator[Block]:
        needles = _needles(self.ids)
        pieces = self._pieces(source)
        if source.service.generation is Generation.V2:
            lines = (line for piece in pieces for line in piece.lines() if _has(line.data, needles))
            return blocks_of(self.blobs, source, lines, now=self.now, on_aside=self._aside)
        first = next(pieces, None)
        header, is_line = v1.first_header(list(islice(first.lines(), 2))) if first else (None, False)
        if header and header.request is None and header.correlation is None:
            self.without_ids.add(source.collection)
        below = _v1_lines(chain([first] if first else [], pieces), needles, skip=is_line, all_=header is None)
        return blocks_of(self.blobs, source, below, now=self.now, on_aside=self._aside, header=header)

    def _pieces(self, source: CollectedBlob) -> Iterator[Piece]:
        for piece in pieces_of(self.blobs, source, on_aside=self._aside):
            self.left -= len(piece.data)
            self.on_bytes(len(piece.data))
            yield piece
            if self.left <= 0:
                self.unread += 1
                return

    def _aside(self, aside: Aside) -> None:
        if not aside.growing:
            self.asides.append(aside.reason)

    def _keep(self, block: Block) -> None:
        for at in range(len(block)):
            request, correlation = block.requests[at] or "", block.correlations[at] or ""
            if by := self._by(request, correlation, block.source.service.generation):
                values = dict(zip(block.names, block.cells(at), strict=True))
                source = block.source
                one = Kept(source.collection, by, block.times[at], request, correlation, source.blob.name, (values,))
                self._add(one)

    def _add(self, one: Kept) -> None:
        """Rows of one blob that were matched alike belong together."""
        for at, known in enumerate(self.kept):
            if (known.collection, known.path, known.by) == (one.collection, one.path, one.by):
                full = len(known.rows) >= MOST_ROWS
                rows = known.rows if full else (*known.rows, *one.rows)
                self.kept[at] = replace(known, rows=rows, more=known.more + full)
                return
        self.kept.append(one)

    def _by(self, request: str, correlation: str, generation: Generation) -> By | None:
        ids = self.ids
        if ids.request and request and not same(request, ids.request):
            return None
        if any(same(request, id_) for id_ in (ids.request, ids.asked)):
            return By.REQUEST_ID
        # v1 collectors put a number of their own behind the id that a script gave
        own = correlation.casefold().startswith(f"{ids.asked.casefold()}-") and generation is Generation.V1
        if own or any(same(correlation, id_) for id_ in (ids.request, ids.asked)):
            return By.CORRELATION
        return None


def _needles(ids: Ids) -> tuple[bytes, ...]:
    """What a line must have one of, in lower case: the ids as text, and as JSON writes them."""
    texts = [form for id_ in {ids.request, ids.asked} if id_ for form in (id_, json.dumps(id_)[1:-1])]
    return tuple(text.casefold().encode("utf-8", "replace") for text in dict.fromkeys(texts))


def _has(data: bytes, needles: Sequence[bytes]) -> bool:
    folded = data.lower() if data.isascii() else data.decode("utf-8", "replace").casefold().encode()
    return any(needle in folded for needle in needles)


def _v1_lines(pieces: Iterable[Piece], needles: Sequence[bytes], *, skip: bool, all_: bool) -> Iterator[Line]:
    """The lines that matter. Where there are quotes a row may have several lines, and all of them do."""
    for piece in pieces:
        whole = all_ or b'"' in piece.data
        for line in piece.lines():
            if skip and line.number == 1:
                continue
            if whole or _has(line.data, needles) or any(mark in line.data.lower() for mark in _META):
                yield line
