"""The last records of one or several logs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Final

from mlmon.commands.logrows import Source, line_by_line, record_entry
from mlmon.core.errors import MlmonError, UsageError
from mlmon.core.model import LogSnapshot, Service
from mlmon.core.ports import Workspace
from mlmon.output.results import Entry
from mlmon.session import Session

if TYPE_CHECKING:
    from mlmon.monitoring.logrecords import LogRecord, Wanted

LINES_ABOVE: Final = 200
_WHOLE_LOG: Final = 10**9
_AT_ONCE: Final = 4  # services that are read at the same time


@dataclass(frozen=True, slots=True)
class Asked:
    """What of each log is asked for; all of it where `last` is None."""

    wanted: Wanted
    last: int | None
    container: str
    raw: bool


@dataclass(frozen=True, slots=True)
class Read:
    """What was found in one service's log."""

    service: Service
    snapshot: LogSnapshot
    records: Sequence[LogRecord]


def chosen_services(
    session: Session, workspace: Workspace, *, names: Sequence[str], everything: bool
) -> Sequence[Service]:
    """Those named, each once; without names the folder's. Raises as `Session.service`."""
    if everything and names:
        raise UsageError("--all and a service cannot be combined", hint="name services, or choose --all")
    if everything:
        listed = workspace.services.list()
        for sentence in workspace.services.unseen:
            session.terminal.note(sentence, level="warning")
        return listed
    found = [session.service(workspace, name) for name in names or (None,)]
    return list({service.name: service for service in found}.values())


def read_all(session: Session, workspace: Workspace, chosen: Sequence[Service], *, asked: Asked) -> Sequence[Read]:
    """What could be read. Where it is one of several services that cannot be, that is said; raises what is wrong with
    all of them."""
    from mlmon.core.parallel import map_bounded

    read = partial(_tried, workspace, asked=asked)
    outcomes = list(map_bounded(read, chosen, workers=_AT_ONCE, only_reads=True))
    found = [one for one in outcomes if isinstance(one, Read)]
    failed = [(service, one) for service, one in zip(chosen, outcomes, strict=True) if isinstance(one, MlmonError)]
    if failed and not found:
        raise failed[0][1]
    for service, error in failed:
        session.terminal.note(f"{service.name}: {error.message}", level="warning", hint=error.hint)
    for each in found:
        if each.snapshot.status:
            whose = f"{each.service.name}: " if len(chosen) > 1 else ""
            session.terminal.note(f"{whose}{each.snapshot.status}")
    return [_chosen(one, asked) for one in found]


def _tried(workspace: Workspace, service: Service, *, asked: Asked) -> Read | MlmonError:
    try:
        return _read(workspace, service, asked=asked)
    except MlmonError as error:
        return error


def _read(workspace: Workspace, service: Service, *, asked: Asked) -> Read:
    """All records, of so many lines as the last of them that are asked for take. Filters wait: see `core.patterns`."""
    from mlmon.monitoring.logrecords import records

    # a filter looks at the whole log: a match further back must not be missed; else some lines more than are shown,
    # because a record may have many, and one without a time has that of the record above it
    last = asked.last if asked.wanted.everything else None
    lines = _WHOLE_LOG if last is None else last + LINES_ABOVE
    while True:
        snapshot = workspace.logs.snapshot(service.name, lines=lines, container=asked.container)
        found = list(records(snapshot.lines))
        # the first record of a part of a log may be the end of a longer one
        if len(snapshot.lines) + snapshot.left_out < lines or (last is not None and len(_parts(found, asked)) > last):
            return Read(service, snapshot, found)
        lines *= 8


def _chosen(read: Read, asked: Asked) -> Read:
    """The last of the records that are wanted."""
    found = _parts([record for record in read.records if record in asked.wanted], asked)
    return replace(read, records=found if asked.last is None else found[max(0, len(found) - asked.last) :])


def _parts(found: Sequence[LogRecord], asked: Asked) -> Sequence[LogRecord]:
    return [line for record in found for line in line_by_line(record)] if asked.raw else found


def merged_entries(found: Sequence[Read], *, several: bool) -> Iterator[Entry]:
    """By time; `several` says whose each of them is."""
    from mlmon.monitoring.logrecords import merged

    sources = {}
    for number, one in enumerate(found):
        name = str(one.service.name)
        sources[number] = Source(name, one.snapshot.container, label=name if several else "")
    by_time = merged({number: one.records for number, one in enumerate(found)})
    return (record_entry(record, sources[number]) for number, record in by_time)


def nothing_found(chosen: Sequence[Service], found: Sequence[Read]) -> str:
    """What is said where there is nothing to show."""
    if not chosen:
        return "the workspace has no services; mlmon status says more"
    whose = f"log of {chosen[0].name}" if len(chosen) == 1 else f"logs of {', '.join(str(one.name) for one in chosen)}"
    some = any(one.snapshot.lines for one in found)
    return f"no lines in the {whose}{' match' if some else ''}"
