"""Logs as they are followed: what they say from now on, below the last of what they said before.

A record that more lines may belong to (an error, whose traceback may follow; a traceback) is held until a line comes
that does not belong to it, or until the log is looked at and has brought nothing more. The lines that come of it later
still are a record of their own, of the same time and level.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain
from typing import Final

from mlmon.commands.logreading import LINES_ABOVE, Asked
from mlmon.commands.logrows import Source, gap_entry, line_by_line, record_entry
from mlmon.core.follow import Gap
from mlmon.core.model import LogSnapshot, Service
from mlmon.core.ports import Logs, Workspace
from mlmon.monitoring.following import Followed, Polled, Recovered, StatusChanged, Trouble, Unfinished, follow
from mlmon.monitoring.logrecords import Folding, LogRecord, Wanted, merged
from mlmon.monitoring.replaying import replay, saved
from mlmon.output.cells import human_duration
from mlmon.output.results import Entry
from mlmon.session import Session

_SAVED: Final = ""
"""What the log of saved snapshots is called: nobody knows whose it is."""


def followed(
    session: Session, workspace: Workspace, chosen: Sequence[Service], *, asked: Asked, seconds: float | None
) -> Iterator[Entry]:
    """What is asked for of these logs, then what they say until so many seconds are over. Raises as `follow`."""
    several = len(chosen) > 1
    names = [str(service.name) for service in chosen]
    sources = {name: Source(name, label=name if several else "") for name in names}
    logs = workspace.logs
    snapshots = {
        name: partial(_snapshot, logs, service, asked.container, sources[name])
        for name, service in zip(names, chosen, strict=True)
    }
    # a record may have many lines, and one without a time has that of the record above it
    tail = asked.last + LINES_ABOVE if asked.last is not None and asked.wanted.everything else None
    # what comes from now on is new, whatever time its clock, or the record above it, gives it
    since = replace(asked.wanted, between=None)
    return _Following(session, sources, asked, since=since).entries(follow(snapshots, tail=tail, duration=seconds))


def replayed(session: Session, files: Sequence[str], *, wanted: Wanted, raw: bool) -> Iterator[Entry]:
    """What following would have shown of saved snapshots. Raises as `saved`."""
    paths = [name if name == "-" else str(session.path(name)) for name in files]
    events = replay(saved(paths, stdin=session.world.stdin), service=_SAVED)
    asked = Asked(wanted, None, container="", raw=raw)
    return _Following(session, {_SAVED: Source(_SAVED)}, asked, since=wanted).entries(events)


def _snapshot(logs: Logs, service: Service, container: str, source: Source, lines: int) -> LogSnapshot:
    found = logs.snapshot(service.name, lines=lines, container=container)
    source.container = found.container
    return found


@dataclass(slots=True)
class _Log:
    """One log on its way: `before` is what it had said when it was first read, `since` what waits to be shown, and
    `unfinished` its last line while that has no end.

    `looks` counts the times it was asked for, `was_read` is whether it has ever answered.
    """

    source: Source
    folding: Folding = field(default_factory=Folding)
    before: list[LogRecord] = field(default_factory=list)
    since: list[LogRecord | Gap] = field(default_factory=list)
    status: Sequence[str] = ()
    unfinished: str = ""
    looks: int = 0
    was_read: bool = False

    def take(self, found: Iterable[LogRecord | Gap]) -> None:
        for one in found:
            if self.was_read or isinstance(one, Gap):
                self.since.append(one)
            else:
                self.before.append(one)


class _Following:
    """Makes entries of what happens in the logs."""

    def __init__(self, session: Session, sources: Mapping[str, Source], asked: Asked, *, since: Wanted) -> None:
        self._session = session
        self._logs = {name: _Log(source) for name, source in sources.items()}
        self._asked = asked
        self._since = since
        self._begun = False

    def entries(self, events: Iterable[Followed]) -> Iterator[Entry]:
        try:
            for each in events:
                self._happened(self._logs[each.service], each)
                yield from self._ready()
        except KeyboardInterrupt:
            yield from self._rest()
            raise
        yield from self._rest()

    def _happened(self, log: _Log, followed: Followed) -> None:
        match followed.event:
            case str(line):
                log.take(log.folding.push(line))
            case Gap() as gap:
                log.take([*log.folding.flush(), gap])
            case Polled(lines=lines):
                if not lines or not log.was_read:
                    log.take(log.folding.pause())
                self._looked(log)
            case Trouble(message, hint, pause):
                said = f"{message}; trying again in {human_duration(pause)}"
                self._say(log, said, level="warning", hint=hint)
                log.looks += 1
            case Recovered(after):
                self._say(log, f"the log is read again, after {human_duration(after)}")
            case Unfinished(text):
                log.unfinished = text
            case StatusChanged(text):
                self._tell_status(log, text.splitlines())

    def _looked(self, log: _Log) -> None:
        log.looks += 1
        log.was_read = True
        if self._session.terminal.stdout.abandoned:  # or an idle log would keep us until its next line
            raise BrokenPipeError

    def _tell_status(self, log: _Log, lines: Sequence[str]) -> None:
        """What the service says about the container now and did not say before: all the rest was said already."""
        told, log.status = log.status, lines
        new = [line for line in lines if line and line not in set(told)] if told else lines
        if new:
            self._say(log, "\n".join(new))

    def _say(self, log: _Log, text: str, **how: str) -> None:
        whose = f"{log.source.label}: " if log.source.label else ""
        self._session.terminal.note(f"{whose}{text}", **how)  # type: ignore[arg-type]  # levels are literals

    def _ready(self) -> Iterator[Entry]:
        """What can be shown: nothing before every log was looked at, unless one was already for the second time."""
        if not self._begun:
            looks = [log.looks for log in self._logs.values()]
            if not all(looks) and max(looks) < 2:
                return
            self._begun = True
        if any(log.was_read and log.before for log in self._logs.values()):
            yield from self._before()
        for log in self._logs.values():
            waiting, log.since = log.since, []
            for one in waiting:
                yield from self._shown(one, log.source)

    def _before(self) -> Iterator[Entry]:
        """The last of what the logs had said, by time; of one that answers late or failed at first, once it answers."""
        logs = {name: self._last(log.before) for name, log in self._logs.items() if log.was_read}
        for name, record in merged(logs):
            yield record_entry(record, self._logs[name].source)

    def _last(self, found: list[LogRecord]) -> Sequence[LogRecord]:
        kept = list(chain.from_iterable(map(self._parts, (one for one in found if one in self._asked.wanted))))
        found.clear()
        return kept if self._asked.last is None else kept[max(0, len(kept) - self._asked.last) :]

    def _shown(self, found: LogRecord | Gap, source: Source) -> Iterator[Entry]:
        if isinstance(found, Gap):
            yield gap_entry(found, source)
        elif found in self._since:
            for part in self._parts(found):
                yield record_entry(part, source)

    def _parts(self, record: LogRecord) -> Iterable[LogRecord]:
        return line_by_line(record) if self._asked.raw else (record,)

    def _rest(self) -> Iterator[Entry]:
        """What was held when following ended: a last line without its end will not get one any more, for us."""
        for log in self._logs.values():
            if log.unfinished:
                log.take(log.folding.push(log.unfinished))
            log.take(log.folding.flush())
            log.looks += 1
            log.was_read = True
        yield from self._ready()
