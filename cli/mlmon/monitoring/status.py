"""What is monitored and how it is doing, for many services and three planes at once.

Only the services themselves are needed: where telemetry or the collected data cannot be had, the rest is still told.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Event, Lock
from typing import Final

from mlmon.collected.selecting.layout import CollectedBlob
from mlmon.collected.selecting.newest import newest
from mlmon.core.errors import MlmonError, Unavailable
from mlmon.core.model import RequestCounts, RowNames, Service, ServiceName
from mlmon.core.parallel import map_bounded
from mlmon.core.ports import Workspace
from mlmon.core.timerange import TimeRange
from mlmon.monitoring.attribution import attributed, doubtful

AT_ONCE: Final = 8
"""How many services' newest data is looked for at the same time."""


@dataclass(frozen=True, slots=True)
class ServiceStatus:
    """A service, the requests of the last day, and its newest collected blob (None: none yet).

    A None of `counts` means that telemetry could not be had, or that a service which could not be seen may have made
    the requests; `newest_failed` that the collected data could not be had.
    """

    service: Service
    counts: RequestCounts | None
    newest: CollectedBlob | None
    newest_failed: bool = False


@dataclass(frozen=True, slots=True)
class Trouble:
    """What could not be had: `what` begins a sentence, `services` are whom it concerns (empty: all of them)."""

    what: str
    error: MlmonError
    services: tuple[ServiceName, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """The state of services, in their order. `nobodys` are the names of telemetry's rows that belong to none, and
    `unseen` and `ended` what `core.ports.Services` says there."""

    services: tuple[ServiceStatus, ...]
    troubles: tuple[Trouble, ...] = ()
    nobodys: tuple[RowNames, ...] = ()
    unseen: tuple[str, ...] = ()
    ended: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether everything could be had."""
        return not self.troubles and not self.unseen


Choose = Callable[[Sequence[Service]], Sequence[Service]]


def status(
    workspace: Workspace, *, now: datetime, choose: Choose = lambda services: services, done: Callable[[], None]
) -> Report:
    """The state of the services that `choose` takes of all there are. Counts cover the 24 hours before `now`.

    `done` is called from any thread, once for every service whose collected data has been looked at.

    Raises:
        MlmonError: the services cannot be listed, or whatever `choose` raises.
    """
    stop = Event()  # shared, so that Ctrl-C ends the looking inside the looking too
    data = _Data(workspace, choose=choose, done=done, stop=stop)
    telemetry = _Telemetry(workspace, now=now.astimezone(UTC))
    looks = [data.look, telemetry.look]
    with closing(map_bounded(lambda look: look(), looks, workers=2, stop=stop, only_reads=True)) as looking:
        for _ in looking:
            pass
    known = [service.name for service in data.listed]
    unseen = tuple(workspace.services.unseen)
    counts, nobodys = attributed(telemetry.counts, known)
    unsure = doubtful(telemetry.counts, known) if unseen else set()
    nothing = None if telemetry.error else RequestCounts(0, 0)
    services = tuple(
        ServiceStatus(
            service,
            counts=None if service.name in unsure else counts.get(service.name, nothing),
            newest=data.newest.get(service.name),
            newest_failed=service.name in data.errors,
        )
        for service in data.chosen
    )
    troubles = [*([Trouble("requests", telemetry.error)] if telemetry.error else []), *data.troubles()]
    return Report(services, tuple(troubles), tuple(nobodys), unseen, tuple(workspace.services.ended))


@dataclass(slots=True)
class _Telemetry:
    """The requests of the last day."""

    workspace: Workspace
    now: datetime
    counts: Mapping[RowNames, RequestCounts] = field(default_factory=dict)
    error: MlmonError | None = None

    def look(self) -> None:
        # the end is not part of a range, and this moment is part of the last day
        day = TimeRange(self.now - timedelta(days=1), self.now + timedelta(microseconds=1))
        try:
            self.counts = self.workspace.telemetry.request_counts(day)
        except MlmonError as error:
            self.error = error


@dataclass(slots=True)
class _Data:
    """The services, and the newest collected data of each that is chosen."""

    workspace: Workspace
    choose: Choose
    done: Callable[[], None]
    stop: Event
    listed: Sequence[Service] = ()
    chosen: Sequence[Service] = ()
    newest: dict[ServiceName, CollectedBlob | None] = field(default_factory=dict)
    errors: dict[ServiceName, MlmonError] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def look(self) -> None:
        self.listed = self.workspace.services.list()
        self.chosen = self.choose(self.listed)
        looking = map_bounded(self._look_at, self.chosen, workers=AT_ONCE, stop=self.stop, only_reads=True)
        with closing(looking):
            for _ in looking:
                self.done()

    def troubles(self) -> list[Trouble]:
        """One for each different error, with the services that met it."""
        by_words: dict[tuple[str, str], list[ServiceName]] = {}
        for service in self.chosen:
            if error := self.errors.get(service.name):
                by_words.setdefault((error.message, error.hint), []).append(service.name)
        return [
            Trouble("collected data", self.errors[names[0]], () if len(names) == len(self.chosen) else tuple(names))
            for names in by_words.values()
        ]

    def _look_at(self, service: Service) -> None:
        found, error = None, self._hopeless()
        if error is None:
            try:
                found = newest(self.workspace.blobs, service.name)
            except MlmonError as met:
                error = met
        with self._lock:
            if error is None:
                self.newest[service.name] = found
            else:
                self.errors[service.name] = error

    def _hopeless(self) -> MlmonError | None:
        """The error that the first few all waited for, and nobody did not meet: the storage is out of reach, and every
        further service would wait for that again."""
        with self._lock:
            if self.newest or len(self.errors) < AT_ONCE:
                return None
            first, *others = self.errors.values()
            alike = all(error.message == first.message for error in others)
            # a refusal takes no time, and the next service's data may stand in another account
            return first if alike and isinstance(first, Unavailable) else None
