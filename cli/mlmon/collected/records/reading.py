"""The rows of collected blobs, file after file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import partial

from mlmon.collected.records import v1, v2
from mlmon.collected.records.block import Aside, Block, OnAside
from mlmon.collected.records.pointers import follow
from mlmon.collected.records.text import Line, Piece, Unpacked, pieces
from mlmon.collected.selecting.layout import CollectedBlob
from mlmon.core.errors import MlmonError, NotFound
from mlmon.core.model import Generation
from mlmon.core.ports import Blobs


def read(blobs: Blobs, selected: Iterable[CollectedBlob], *, now: datetime, on_aside: OnAside) -> Iterator[Block]:
    """Every row of these blobs, in their order, a few thousand at a time.

    `on_aside` is told of every line that could not be read, and of every file that could not be read to its end; the
    others go on. A file is taken for growing while the time in its path has not passed.
    """
    for source in selected:
        found = (line for piece in pieces_of(blobs, source, on_aside=on_aside) for line in piece.lines())
        yield from blocks_of(blobs, source, found, now=now, on_aside=on_aside)


def pieces_of(blobs: Blobs, source: CollectedBlob, *, on_aside: OnAside) -> Iterator[Piece]:
    """What is in a file, until it ends or cannot be read any further."""
    seen = False
    try:
        for piece in pieces(blobs.read(source.blob)):
            seen = True
            yield piece
    except Unpacked as fault:
        on_aside(Aside(source, 0, str(fault)))
    except NotFound:
        on_aside(Aside(source, 0, "is gone from storage"))
    except MlmonError as error:
        on_aside(Aside(source, 0, f"could not be read{' to its end' if seen else ''}: {error.message}"))


def blocks_of(
    blobs: Blobs,
    source: CollectedBlob,
    read_lines: Iterator[Line],
    *,
    now: datetime,
    on_aside: OnAside,
    header: v1.Header | None = None,
) -> Iterator[Block]:
    """The rows in lines of one file; of a v1 file below a header that is known already, where it is."""
    growing = source.end > now
    if source.service.generation is Generation.V1:
        return v1.blocks(source, read_lines, on_aside=on_aside, growing=growing, header=header)
    followed = partial(follow, blobs=blobs, container=source.blob.container)
    return v2.blocks(source, read_lines, on_aside=on_aside, growing=growing, follow=followed)
