"""From files into tables: what is plain in bulk, everything else row by row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import groupby

from mlmon.collected.bulk import Bulk
from mlmon.collected.layout import CollectedBlob
from mlmon.collected.plainrows import PlainRows
from mlmon.collected.records import Block, OnAside
from mlmon.collected.records.reading import blocks_of, guarded
from mlmon.collected.records.text import Line, lines
from mlmon.collected.staging import Staging
from mlmon.core.ports import Blobs


def fill(
    staging: Staging, blobs: Blobs, selected: Iterable[CollectedBlob], *, now: datetime, on_aside: OnAside
) -> Iterator[CollectedBlob]:
    """Read files into the tables, collection by collection; each is handed out when it has been read.

    Raises:
        Failure: there is no room for the rows.
    """
    staging.begin()
    by_collection = sorted(selected, key=lambda one: one.collection)
    for _, files in groupby(by_collection, key=lambda one: one.collection):
        bulk, plain = Bulk(staging), PlainRows(staging)
        for source in files:
            if source.service.deployment:
                odd = guarded(source, _sorted_out(bulk, blobs, source), on_aside=on_aside)
                _add(staging, blobs, source, odd, now=now, on_aside=on_aside)
            else:
                _add_v1(staging, plain, blobs, source, now=now, on_aside=on_aside)
            if bulk.full:
                _flush(staging, bulk, blobs, now=now, on_aside=on_aside)
            yield source
        _flush(staging, bulk, blobs, now=now, on_aside=on_aside)
        plain.flush()
    staging.commit()


def _sorted_out(bulk: Bulk, blobs: Blobs, source: CollectedBlob) -> Iterator[Line]:
    """The lines of a file that cannot be read in bulk; the others are taken."""
    return (line for line in lines(blobs.read(source.blob)) if line.data.strip() and not bulk.take(source, line))


def _flush(staging: Staging, bulk: Bulk, blobs: Blobs, *, now: datetime, on_aside: OnAside) -> None:
    for source, found in groupby(bulk.flush(), key=lambda one: one[0]):
        _add(staging, blobs, source, (line for _, line in found), now=now, on_aside=on_aside)


def _add(
    staging: Staging, blobs: Blobs, source: CollectedBlob, odd: Iterator[Line], *, now: datetime, on_aside: OnAside
) -> None:
    for block in blocks_of(blobs, source, odd, now=now, on_aside=on_aside):
        staging.add(block)


def _add_v1(
    staging: Staging, plain: PlainRows, blobs: Blobs, source: CollectedBlob, *, now: datetime, on_aside: OnAside
) -> None:
    def rows() -> Iterator[Block]:
        header, odd = plain.sort_out(source, lines(blobs.read(source.blob)))
        yield from blocks_of(blobs, source, odd, now=now, on_aside=on_aside, header=header)

    for block in guarded(source, rows(), on_aside=on_aside):
        staging.add(block)
