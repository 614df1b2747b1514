"""The state of many services where a plane is out of reach, over ports in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from mlmon.core.errors import MlmonError, NotAllowed, Unavailable
from mlmon.core.model import CollectedRoot, Generation, Kind, RequestCounts, RowNames, Service, ServiceName
from mlmon.core.ports import Workspace
from mlmon.core.timerange import TimeRange
from mlmon.monitoring.status import AT_ONCE, Report, status
from running import NOW

AWAY = Unavailable("storage is away")


@dataclass
class Planes:
    """A workspace of deployments that collect one thing each, and of what their planes say."""

    names: Sequence[ServiceName]
    counts: Mapping[RowNames, RequestCounts] = field(default_factory=dict)
    unseen: Sequence[str] = ()
    ended: Sequence[str] = ()
    listing: Callable[[ServiceName], MlmonError | None] = lambda _: None
    asked: list[ServiceName] = field(default_factory=list)

    @property
    def services(self) -> Planes:
        return self

    @property
    def telemetry(self) -> Planes:
        return self

    @property
    def blobs(self) -> Planes:
        return self

    def list(self, *place: str) -> Any:
        if place:
            return iter(())
        return [Service(name, Kind.MANAGED, "Succeeded", collection=True, insights=True) for name in self.names]

    def children(self, *_: str) -> Iterator[str]:
        return iter(())

    def roots(self, name: ServiceName) -> Sequence[CollectedRoot]:
        self.asked.append(name)
        if error := self.listing(name):
            raise error
        return [CollectedRoot("c", f"{name}/", Generation.V2, collection="model_inputs")]

    def request_counts(self, between: TimeRange) -> Mapping[RowNames, RequestCounts]:
        return self.counts


def looked_at(planes: Planes) -> Report:
    return status(cast("Workspace", planes), now=NOW, done=lambda: None)


FORTY = [ServiceName(f"ep{number:02}", "blue") for number in range(40)]


def test_storage_out_of_reach_is_not_waited_for_by_every_service() -> None:
    planes = Planes(FORTY, listing=lambda _: AWAY)
    report = looked_at(planes)
    # those that had begun by the time that the first few had waited in vain
    assert AT_ONCE <= len(planes.asked) < 2 * AT_ONCE
    assert [one.newest_failed for one in report.services] == [True] * 40
    assert [(trouble.error, trouble.services) for trouble in report.troubles] == [(AWAY, ())]


@pytest.mark.parametrize(
    "listing",
    [
        lambda name: NotAllowed("no") if name < FORTY[20] else None,
        lambda name: Unavailable(f"{name} is away") if name < FORTY[20] else None,
        lambda name: AWAY if FORTY[0] < name < FORTY[20] else None,
    ],
    ids=["a refusal is quick", "each for a reason of its own", "one was seen"],
)
def test_and_else_every_service_is_looked_at(listing: Callable[[ServiceName], MlmonError | None]) -> None:
    planes = Planes(FORTY, listing=listing)
    report = looked_at(planes)
    assert sorted(planes.asked) == FORTY
    assert [one.newest_failed for one in report.services] == [listing(name) is not None for name in FORTY]


def test_requests_that_a_service_out_of_sight_may_have_made_are_not_counted_for_another() -> None:
    blue, green, main = ServiceName("ep", "blue"), ServiceName("ep", "green"), ServiceName("edge", "main")
    counts = {
        ("ep/blue", "ep/blue"): RequestCounts(1, 0),
        ("ep/green", ""): RequestCounts(2, 1),
        ("", "green"): RequestCounts(4, 0),
        ("", "ep"): RequestCounts(8, 0),
    }
    names = [blue, green, main]
    everything = looked_at(Planes(names, counts=counts))
    assert [one.counts for one in everything.services] == [
        RequestCounts(1, 0),
        RequestCounts(6, 1),
        RequestCounts(0, 0),
    ]
    # a web service may be called green
    partly = looked_at(Planes(names, counts=counts, unseen=["the v1 web services are left out"]))
    assert [one.counts for one in partly.services] == [RequestCounts(1, 0), None, RequestCounts(0, 0)]
    assert (partly.unseen, partly.complete) == (("the v1 web services are left out",), False)
