"""From a plan to a folder: fetching without harming anything that stands there."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Final

from mlmon.collected.pulling import folder
from mlmon.collected.pulling.fetching import Come, Fetching, Overwrite, Standing
from mlmon.collected.pulling.metering import Metered
from mlmon.collected.pulling.missing import Within, missing
from mlmon.collected.pulling.outcomes import Deleted, Ended, Failed, Fetched, Planned, Result, SetAside, Target
from mlmon.collected.pulling.planning import Plan
from mlmon.collected.pulling.pulled import Pulled, known, opened
from mlmon.core.errors import Interrupted
from mlmon.core.flow import PARALLEL
from mlmon.core.parallel import map_in_turn
from mlmon.core.ports import Blobs

_PATIENCE: Final = 2.0
"""Seconds that requests in flight have after Ctrl-C: storage that fell silent may take minutes to be given up. What
comes later finds that it was given up, and lands nowhere."""


@dataclass(frozen=True, slots=True)
class Step:
    """What became of one blob; `target` is None where its name was set aside."""

    target: Target | None
    result: Ended


@dataclass(frozen=True, slots=True)
class Options:
    """How a pull is to be done.

    `parallel` requests at once and `cap_mbps` megabits a second are for the whole pull; None caps nothing.
    A blob whose hour or day is not over at `now` is still written to: what follows its last line's end is left for the
    next pull. Without `now` every blob is taken byte for byte. `delete` says within what files are removed whose blobs
    are gone; None removes nothing.
    """

    parallel: int = PARALLEL
    cap_mbps: float | None = None
    now: datetime | None = None
    overwrite: Overwrite = Overwrite.CHANGED
    delete: Within | None = None


@dataclass(slots=True)
class _Counted:
    """How many files are whole, also those whose turn to be told has not come."""

    whole: int = 0


def pull(
    planned: Plan, blobs: Blobs, options: Options = Options(), *, on_bytes: Callable[[int], None] | None = None
) -> Generator[Step, None, None]:
    """Fetch what is planned and is not there yet, a few at once; each file is whole or not there, or as it was before.

    What became of each blob comes in the plan's order, as soon as it is known; deleted files come last. Nothing of it
    is kept. `blobs.read` is called from up to `parallel` threads. One blob's failure does not stop the others, until
    many in a row have waited in vain for the same. The folder is created when it is missing and there is something to
    fetch.
    Ctrl-C leaves whole files and no others, also where it is thrown in, and so does closing the generator; neither
    waits more than 2 seconds for requests in flight.

    Nothing is deleted before all is listed, nor where anything was raised. `on_bytes` is told of bytes as they are
    fetched, from those threads.

    Raises:
        Interrupted: Ctrl-C; it says how many files are whole.
        UsageError: the folder, or mlmon's own in it, is something else than a folder, or a symbolic link.
        Failure: the folder cannot be written to, or its disk is full; it says how many files are whole. They stay.
        MlmonError: whatever the listing failed with. Whole files stay.
    """
    counted = _Counted()
    try:
        yield from _pull(planned, Metered(blobs, on_bytes) if on_bytes else blobs, options, counted)
    except KeyboardInterrupt:
        raise _interrupted(planned, counted.whole, options.overwrite) from None
    except folder.Unwritable as error:
        if not counted.whole:
            raise
        raise folder.Unwritable(f"{error.message}: {_whole(planned, counted.whole)}", hint=error.hint) from None


def _interrupted(planned: Plan, whole: int, overwrite: Overwrite) -> Interrupted:
    if not planned.count:
        return Interrupted("interrupted before there was anything to fetch")
    hint = f"they stay; {overwrite.again}" if whole else "the same command again fetches them"
    return Interrupted(f"interrupted: {_whole(planned, whole)}", hint=hint)


def _whole(planned: Plan, whole: int) -> str:
    if planned.listed:
        return f"{whole} of {planned.count} files are whole"
    return f"{whole} files are whole, of {planned.count} that were listed so far"


def _pull(planned: Plan, blobs: Blobs, options: Options, counted: _Counted) -> Iterator[Step]:
    rest = iter(planned)
    for first in rest:
        if isinstance(first, Target):
            break
        yield Step(None, first)
    else:
        if not options.delete or not known(planned.to_dir):
            return
        first = None
    folder.prepare(planned.to_dir)
    with opened(planned.to_dir) as pulled:
        standing = Standing(planned.to_dir, pulled.entries, now=options.now, overwrite=options.overwrite)
        fetching = Fetching(
            blobs, planned.to_dir, pulled, standing, parallel=options.parallel, cap_mbps=options.cap_mbps
        )
        if first:
            yield from _fetched(chain([first], rest), fetching, workers=options.parallel, counted=counted)
        if options.delete:
            yield from _deleted(planned, options.delete, pulled)


def _fetched(items: Iterator[Planned], fetching: Fetching, *, workers: int, counted: _Counted) -> Iterator[Step]:
    def fetch(item: Planned) -> tuple[Planned, Result | Come]:
        return item, item if isinstance(item, SetAside) else fetching.fetch(item)

    def land(fetched: tuple[Planned, Result | Come]) -> Step:
        item, come = fetched
        result = fetching.land(come)
        counted.whole += isinstance(result, Fetched)
        return Step(item if isinstance(item, Target) else None, result)

    steps = map_in_turn(fetch, land, items, workers=workers, stop=fetching.stop, patience=_PATIENCE)
    with closing(steps):
        yield from steps


def _deleted(planned: Plan, within: Within, pulled: Pulled) -> Iterator[Step]:
    for target, kept in missing(planned, within, pulled.entries):
        blob = target.collected.blob
        if kept:
            yield Step(target, kept)
            continue
        try:
            if pulled.forget(target.path):
                yield Step(target, Deleted(target.path, blob.size))
        except folder.NotWritten as fault:
            yield Step(target, Failed(blob.container, blob.name, str(fault), fault.hint))
