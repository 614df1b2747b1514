"""Why a part of a story is not there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from mlmon.collected.selecting.layout import same_collection
from mlmon.core.model import Generation, Service
from mlmon.monitoring.story.collected import MOST_BYTES, Search
from mlmon.monitoring.story.parts import Event, Looked, Source, Story

_ARRIVES: Final = timedelta(minutes=15)
_KEPT: Final = timedelta(days=90)  # Application Insights keeps rows so long unless told otherwise
_DESIGNATIONS: Final = ("inputs", "predictions")


def looked_in_telemetry(
    source: Source, events: Sequence[Event], service: Service | None, time: datetime | None, *, now: datetime
) -> Looked:
    """What was found of a kind of rows, and why nothing was."""
    found = [event for event in events if event.source is source]
    if found:
        return Looked(source, len(found), tuple(dict.fromkeys(event.by for event in found)))
    return Looked(source, why=_no_rows(source, service, time, now=now))


def _no_rows(source: Source, service: Service | None, time: datetime | None, *, now: datetime) -> str:
    if service and not service.insights:
        return "Application Insights is off"
    if time and now - time < _ARRIVES:
        return "not there yet: telemetry takes some minutes to arrive"
    if time and now - time > _KEPT:
        return "perhaps gone: rows are kept 90 days unless the component says otherwise"
    return _NONE[source]


_NONE: Final = {
    Source.REQUEST: "no row has this id",
    Source.TRACE: "nothing was printed at that time, and no trace has an id of the request",
    Source.DEPENDENCY: "no call to others was reported with an id of the request",
    Source.EXCEPTION: "none was raised",
}


def looked_in_blobs(search: Search, service: Service, story: Story, *, now: datetime) -> Iterator[Looked]:
    """What was found in each collection, and why nothing was."""
    if search.error:
        yield Looked(Source.COLLECTED, error=search.error)
        return
    for name in _collections(search, service):
        kept = [one for one in search.kept if same_collection(one.collection, name)]
        count = sum(len(one.rows) + one.more for one in kept)
        by = tuple(dict.fromkeys(one.by for one in kept))
        why = "" if kept else _not_collected(name, search, service, story, now=now)
        if any(one.more for one in kept):
            why = f"the first {sum(len(one.rows) for one in kept)} rows are here: mlmon pull has them all"
        yield Looked(Source.COLLECTED, count, by, why, collection=name)


def _collections(search: Search, service: Service) -> list[str]:
    """Those that the service has, inputs before what came of them, and those that were found besides."""
    usual = _DESIGNATIONS if service.generation is Generation.V1 else [each.name for each in service.collections]
    return list(dict.fromkeys([*usual, *sorted(search.looked_at)]))


def _not_collected(name: str, search: Search, service: Service, story: Story, *, now: datetime) -> str:
    setting = next((each for each in service.collections if same_collection(each.name, name)), None)
    failed = story.request is not None and not story.request.succeeded
    sampled = setting is not None and setting.sampling_rate < 1
    reasons = {
        "its collection is off": not service.collection or (setting is not None and not setting.enabled),
        f"not in the {MOST_BYTES // 10**6} MB that were read of the blobs of that time": bool(search.unread),
        "the request failed, so that there was nothing to collect": failed and same_collection(name, "predictions"),
        "its rows have no ids": name in search.without_ids,
        f"only {setting.sampling_rate if setting else 1:.0%} of the requests are collected": sampled,
        "not there yet: collected data takes some minutes to arrive": bool(
            story.start and now - story.start < _ARRIVES
        ),
        "no blob of that time": not search.looked_at.get(name),
    }
    unread = f"; {len(search.asides)} lines could not be read" if search.asides else ""
    usual = f"no row in the blobs of that time has an id of the request{unread}"
    if failed:
        usual = f"not in the blobs of that time: the request may have failed before{unread}"
    return next((reason for reason, holds in reasons.items() if holds), usual)
