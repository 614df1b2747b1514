"""From files into tables: what is plain in loads of many files, two at once; everything else line by line.

files -> pieces -> loads -> tables of typed columns
               \\-> odd lines -> `records` -> a table of texts
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import chain, groupby
from typing import Final

from mlmon.collected.records import Block, OnAside
from mlmon.collected.records.reading import blocks_of, pieces_of
from mlmon.collected.records.text import Line, Piece
from mlmon.collected.records.v1 import FIRST, Header, first_header
from mlmon.collected.selecting.layout import CollectedBlob
from mlmon.collected.tables import plainlines, plainrows
from mlmon.collected.tables.ahead import reading_ahead
from mlmon.collected.tables.columns import numbers_that_are_text
from mlmon.collected.tables.parts import LOAD_BITS, PLACE_BITS, Collection
from mlmon.collected.tables.plain import Load, Loaded, NotAsWritten
from mlmon.collected.tables.staging import NoRoom, Staging
from mlmon.collected.tables.turns import Turns
from mlmon.core.parallel import map_bounded
from mlmon.core.ports import Blobs

_AT_ONCE: Final = 2
_SOME_BYTES: Final = 16 * 1024


@dataclass(slots=True)
class Work:
    """What is loaded at once: lines for DuckDB, or those of one file for `records` (`slow`)."""

    load: Load
    header: Header | None = None
    slow: Callable[[], Iterator[Block]] | None = None
    done: list[CollectedBlob] = field(default_factory=list)


def fill(
    staging: Staging, blobs: Blobs, selected: Iterable[CollectedBlob], *, now: datetime, on_aside: OnAside
) -> Iterator[CollectedBlob]:
    """Read files into the tables, collection by collection; each is handed out when it has been read.

    Raises:
        Failure: there is no room for the rows.
    """
    in_order = sorted(selected, key=lambda one: (one.collection, one.start, one.blob.name))
    turns, fillings = Turns(_AT_ONCE), list[_Filling]()
    for name, found in groupby(in_order, key=lambda one: one.collection):
        files = list(found)
        collection = staging.collection(name, v1=not files[0].service.deployment)
        fillings.append(_Filling(staging, blobs, collection, files, now=now, on_aside=on_aside, turns=turns))
    yield from _read(fillings)
    for one in fillings:
        if texts := numbers_that_are_text(staging, one.collection):
            # a later file has shown that a column is none of numbers; only the files know its texts
            one.collection.texts |= texts
            staging.forget(one.collection)
            for _ in _read([replace(one, on_aside=lambda _: None)]):
                pass
        if one.collection.parts:
            staging.settle(one.collection)
        else:
            del staging.collections[one.collection.name]
    staging.settle_files()


def _read(fillings: Sequence[_Filling]) -> Iterator[CollectedBlob]:
    """Load what each is of; the next begins while the last load of the one before it is still at work."""

    def load(item: tuple[_Filling, Work]) -> tuple[_Filling, Work, Loaded]:
        filling, work = item
        return filling, work, filling.load(work)

    works = ((one, work) for one in fillings for work in one.works())
    with closing(works), closing(map_bounded(load, works, workers=_AT_ONCE)) as found:
        for one, work, loaded in found:
            one.keep(work, loaded)
            yield from work.done


@dataclass(slots=True)
class _Filling:
    """The files of one collection."""

    staging: Staging
    blobs: Blobs
    collection: Collection
    files: Sequence[CollectedBlob]
    now: datetime
    on_aside: OnAside
    turns: Turns
    alone: bool = False
    """Whether two loads at once were more than fits into memory."""

    def works(self) -> Iterator[Work]:
        """The files cut up into what is loaded at once, in their order."""
        with reading_ahead(self.blobs, [one.blob for one in self.files]) as ahead:
            work = self._work()
            for source in self.files:
                of_one = self._of_v1 if self.collection.v1 else self._of_v2
                for next_work in of_one(pieces_of(ahead, source, on_aside=self.on_aside), source, work):
                    if next_work is not work:
                        yield work
                        work = next_work
                work.done.append(source)
                if work.load.full:
                    yield work
                    work = self._work()
            yield work

    def _work(self, header: Header | None = None) -> Work:
        first = self.staging.next_load()
        return Work(Load(first, self.staging.folder / f"{first >> LOAD_BITS}"), header)

    def _of_v2(self, found: Iterator[Piece], source: CollectedBlob, work: Work) -> Iterator[Work]:
        """Where the lines of a file go: to what is being prepared, or to new work behind it."""
        for piece in found:
            whole, last = _whole(piece)
            if not _is_text(whole.data) or not plainlines.is_plain(whole.data):
                work = self._slow(source, list(piece.lines()))
                yield work
                work = self._work()
                yield work
                continue
            self._spool(work, source, whole)
            if last:
                work = self._slow(source, [last])
                yield work
                work = self._work()
                yield work
            elif work.load.full:
                work = self._work()
                yield work

    def _of_v1(self, found: Iterator[Piece], source: CollectedBlob, work: Work) -> Iterator[Work]:
        header: Header | None = None
        for piece in found:
            if header is None:
                ahead = [line for line, _ in zip(piece.lines(), range(2), strict=False)]
                header, has_line = first_header(ahead)
                if header is not None and has_line:
                    piece = _below(piece, ahead[0])  # noqa: PLW2901 - what is below
            whole, last = _whole(piece)
            if header is None or last or not _is_text(whole.data) or not plainrows.is_plain(whole, header):
                # a row may go on behind the piece, so that the rest of the file goes with it
                rest = chain(piece.lines(), (line for more in found for line in more.lines()))
                yield self._slow(source, rest, header)
                yield self._work()
                return
            if not whole.data:
                continue
            if work.header != header or work.load.full or not _same_version(work, source):
                if work.load.spooled:
                    work = self._work()
                    yield work
                work.header = header
            self._spool(work, source, whole, first_generation=FIRST[0] in header.names)

    def _slow(self, source: CollectedBlob, lines: Iterable[Line], header: Header | None = None) -> Work:
        work = self._work(header)
        work.slow = lambda: blocks_of(
            self.blobs, source, iter(lines), now=self.now, on_aside=self.on_aside, header=header
        )
        return work

    def _spool(self, work: Work, source: CollectedBlob, piece: Piece, *, first_generation: bool = False) -> None:
        if not piece.data:
            return
        file = self.staging.file_of(source, first_generation=first_generation)
        cells = piece.ends * len(work.header.names) if work.header else _cells(piece.data)
        work.load.add(source, piece, file=file, cells=cells)

    def load(self, work: Work) -> Loaded:
        """Runs in a thread of its own."""
        if work.slow is not None or not work.load.spooled:
            return Loaded()
        try:
            return self._fitted(work)
        finally:
            work.load.let_go()

    def _fitted(self, work: Work) -> Loaded:
        """A load: where there is no room for it beside another, by itself, and with more memory if it has to be."""
        name = f"part{self.collection.number}_{work.load.first}_"
        if not self.alone:
            try:
                with self.turns.shared():
                    return self._loaded(work, work.load, name)
            except NoRoom:
                self.alone = True
        with self.turns.alone():
            return self.staging.with_room(lambda: self._again(work, name))

    def _again(self, work: Work, name: str) -> Loaded:
        self.staging.discard(name)
        return self._loaded(work, work.load, name)

    def _loaded(self, work: Work, load: Load, table: str) -> Loaded:
        import duckdb

        with self.staging.connection.cursor() as connection:
            connection.execute("USE staged")
            try:
                if work.header is None:
                    return plainlines.load(connection, load, name=table)
                version = load.spooled[0].source.model_version
                return plainrows.load(
                    connection, load, work.header, name=table, texts=self.collection.texts, version=version
                )
            except (NotAsWritten, duckdb.InvalidInputException, duckdb.ConversionException, duckdb.OutOfRangeException):
                if len(load.spooled) == 1:
                    return Loaded(odd=[(load.spooled[0], load.lines(load.spooled[0]))])
        loaded = Loaded()
        for at, one in enumerate(load.spooled):
            only = load.only(one)
            try:
                of_one = self._loaded(work, only, f"{table}{at}_")
            finally:
                only.let_go()
            loaded.parts += of_one.parts
            loaded.odd += of_one.odd
        return loaded

    def keep(self, work: Work, loaded: Loaded) -> None:
        """Have its rows in the collection, and read what is left of it line by line."""
        self.collection.parts += loaded.parts
        if rows := sum(part.rows for part in loaded.parts):
            self.collection.row_bytes = max(self.collection.row_bytes, work.load.size // rows)
        if work.slow is not None:
            for block in work.slow():
                self._add(block, first=work.load.first)
        for one, lines in loaded.odd:
            shift = one.before - one.number + 1
            first = work.load.first + (shift if self.collection.v1 else shift << PLACE_BITS)
            for block in blocks_of(
                self.blobs, one.source, iter(lines), now=self.now, on_aside=self.on_aside, header=work.header
            ):
                self._add(block, first=first)

    def _add(self, block: Block, *, first: int) -> None:
        try:
            self.staging.add(self.collection, block, first=first)
        except NoRoom:
            with self.turns.alone():
                self.staging.with_room(lambda: self.staging.add(self.collection, block, first=first))


def _same_version(work: Work, source: CollectedBlob) -> bool:
    return not work.load.spooled or work.load.spooled[0].source.model_version == source.model_version


def _below(piece: Piece, first: Line) -> Piece:
    """A piece without its first line."""
    return Piece(piece.number + 1, piece.data[len(first.data) :], piece.ends - first.ended)


def _whole(piece: Piece) -> tuple[Piece, Line | None]:
    """The lines of a piece that have an end, each with a line feed alone; and the last where it has none."""
    data = piece.data
    last = None
    if not data.endswith(b"\n"):
        data, ended, rest = data.rpartition(b"\n")
        data += ended
        last = Line(piece.number + piece.ends, rest) if rest else None
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n")
    return Piece(piece.number, data, piece.ends), last


def _cells(lines: bytes) -> int:
    """About how many cells are in lines of JSON, by the first of them: each has a colon, and a few others have."""
    some = lines[:_SOME_BYTES]
    return some.count(b":") * len(lines) // len(some)


def _is_text(data: bytes) -> bool:
    if data.isascii():
        return True
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
