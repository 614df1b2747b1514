"""What every backend must do: the docstrings of `core/ports.py`, as tests."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from mlmon.core.errors import NotFound, QueryError, Replaced, Unavailable, UsageError
from mlmon.core.flow import Flow
from mlmon.core.model import BlobInfo, Generation, LogSnapshot, PageKind, ServiceName, Switch, SwitchRequest
from mlmon.core.timerange import day_range
from mlmon.monitoring.attribution import attributed
from workspace.backend import FAILING, WORKING, Backend

NOBODY = ServiceName("nobody")
ON = SwitchRequest(Switch.COLLECTION, on=True)
OFF = SwitchRequest(Switch.COLLECTION, on=False)


def blobs_of(backend: Backend, name: ServiceName) -> list[BlobInfo]:
    blobs = backend.workspace.blobs
    return [blob for root in blobs.roots(name) for blob in blobs.list(root.container, root.prefix)]


def content(backend: Backend, blob: BlobInfo) -> bytes:
    return b"".join(backend.workspace.blobs.read(blob))


# services


def test_services_are_listed_by_name_and_as_they_are(backend: Backend) -> None:
    services = backend.workspace.services
    listed = services.list()
    assert [service.name for service in listed] == sorted([backend.v1, backend.v2, backend.sibling])
    assert listed == [services.get(service.name) for service in listed]
    assert [service.collection and service.insights for service in listed] == [True] * 3
    assert services.get(backend.v1).collections == ()
    assert [each.name for each in services.get(backend.v2).collections] == ["model_inputs", "model_outputs"]


@pytest.mark.parametrize("switch", Switch)
def test_a_switch_is_planned_applied_read_back_and_then_needs_no_change(backend: Backend, switch: Switch) -> None:
    services = backend.workspace.services
    for name in (backend.v1, backend.v2):
        others = {each.name: each for each in services.list() if each.name != name}
        for on in (True, False, False, True):
            before = services.get(name)
            plan = services.plan(name, SwitchRequest(switch, on=on))
            assert services.get(name) == before == plan.service
            assert bool(plan.changes) == (getattr(before, switch) is not on)
            after = services.apply(plan)
            assert after == services.get(name)
            assert getattr(after, switch) is on
            other = Switch.INSIGHTS if switch is Switch.COLLECTION else Switch.COLLECTION
            assert getattr(after, other) == getattr(before, other)
        assert {each.name: each for each in services.list() if each.name != name} == others


def test_a_plan_made_before_a_change_is_not_applied(backend: Backend) -> None:
    services = backend.workspace.services
    for name in (backend.v1, backend.v2):
        late = services.plan(name, OFF)
        services.apply(services.plan(name, SwitchRequest(Switch.INSIGHTS, on=False)))
        between = services.get(name)
        with pytest.raises(Unavailable):
            services.apply(late)
        assert services.get(name) == between


def test_what_a_kind_cannot_do_is_refused(backend: Backend) -> None:
    services = backend.workspace.services
    for name, request in (
        (backend.v1, dataclasses.replace(ON, collections=("inputs",))),
        (backend.v1, dataclasses.replace(ON, sampling_rate=0.5)),
        (backend.v2, dataclasses.replace(ON, sampling_rate=2.0)),
        (backend.v2, dataclasses.replace(OFF, collections=("no_such",))),
    ):
        with pytest.raises(UsageError):
            services.plan(name, request)


def test_one_collection_can_be_chosen_and_sampled(backend: Backend) -> None:
    services = backend.workspace.services
    services.apply(services.plan(backend.v2, OFF))
    request = dataclasses.replace(ON, collections=("model_outputs",), sampling_rate=0.25)
    after = services.apply(services.plan(backend.v2, request))
    assert [(each.name, each.enabled, each.sampling_rate) for each in after.collections] == [
        ("model_inputs", False, 1.0),
        ("model_outputs", True, 0.25),
    ]


def test_whoever_is_unknown_is_not_found(backend: Backend) -> None:
    workspace = backend.workspace
    for ask in (
        lambda: workspace.services.get(NOBODY),
        lambda: workspace.services.plan(NOBODY, ON),
        lambda: workspace.logs.containers(NOBODY),
        lambda: workspace.logs.snapshot(NOBODY, lines=1),
        lambda: workspace.blobs.roots(NOBODY),
        lambda: workspace.scoring.invoke(NOBODY, WORKING),
    ):
        with pytest.raises(NotFound) as caught:
            ask()
        assert caught.value.hint


# logs


def test_a_log_is_its_last_lines_oldest_first(backend: Backend) -> None:
    logs = backend.workspace.logs
    for name in (backend.v1, backend.v2):
        every = logs.snapshot(name, lines=10_000).lines
        assert any('{"input": ' in line for line in every)
        assert not any("\n" in line for line in every)
        for count in (1, 2, len(every)):
            assert logs.snapshot(name, lines=count).lines == every[-count:]
        scoring, *others = logs.containers(name)
        assert logs.snapshot(name, lines=10_000, container=scoring).lines == every
        for other in others:
            assert isinstance(logs.snapshot(name, lines=5, container=other), LogSnapshot)
        with pytest.raises(NotFound):
            logs.snapshot(name, lines=1, container="no-such-container")


# blobs


def test_collected_blobs_stand_below_the_roots_of_their_service_alone(backend: Backend) -> None:
    roots = {name: backend.workspace.blobs.roots(name) for name in (backend.v1, backend.v2, backend.sibling)}
    assert all(root.prefix.endswith("/") for each in roots.values() for root in each)
    assert [(root.generation, root.collection) for root in roots[backend.v1]] == [(Generation.V1, "")]
    assert [(root.generation, root.collection) for root in roots[backend.v2]] == [
        (Generation.V2, "model_inputs"),
        (Generation.V2, "model_outputs"),
    ]
    # inputs and predictions of three days
    names = {name: {blob.name for blob in blobs_of(backend, name)} for name in roots}
    assert [len(each) for each in names.values()] == [6, 6, 6]
    assert len(set().union(*names.values())) == 18


def test_a_listing_is_lazy_and_sorted_and_takes_any_prefix(backend: Backend) -> None:
    blobs = backend.workspace.blobs
    (root,) = blobs.roots(backend.v1)
    listing = blobs.list(root.container, root.prefix)
    assert isinstance(listing, Iterator)
    every = list(listing)
    assert [blob.name for blob in every] == sorted(blob.name for blob in every)
    for cut in range(len(root.prefix), len(every[0].name) + 1):
        prefix = every[0].name[:cut]
        assert list(blobs.list(root.container, prefix)) == [blob for blob in every if blob.name.startswith(prefix)]
    assert list(blobs.list(root.container, f"{every[0].name}/below")) == []
    assert list(blobs.list("no-such-container", "")) == []
    assert list(blobs.children("no-such-container", "a/")) == []


def test_children_are_the_next_level(backend: Backend) -> None:
    blobs = backend.workspace.blobs
    (root,) = blobs.roots(backend.v1)
    level, depth = root.prefix, 0
    while level.endswith("/"):
        known = {blob.name: blob for blob in blobs.list(root.container, level)}
        below = {"".join(name[len(level) :].partition("/")[:2]) for name in known}
        children = blobs.children(root.container, level)
        assert isinstance(children, Iterator)
        assert list(children) == [known.get(name, name) for name in sorted(level + each for each in below)]
        level, depth = level + min(below), depth + 1
    # model, version, designation, year, month, day, file
    assert depth == 7


def test_a_level_tells_the_blobs_beside_its_folders(backend: Backend) -> None:
    blobs = backend.workspace.blobs
    first = blobs_of(backend, backend.v1)[0]
    month = first.name.rpartition("/")[0].rpartition("/")[0] + "/"
    beside = [dataclasses.replace(first, name=month + file) for file in ("!before.csv", "~behind.csv")]
    for blob in beside:
        backend.grow(blob, b"beside\n")
    before, *folders, behind = blobs.children(first.container, month)
    listed = [blob for blob in blobs.list(first.container, month) if "/" not in blob.name[len(month) :]]
    for blob in beside:
        backend.delete(blob)
    assert [before, behind] == listed
    assert [(blob.name, blob.size) for blob in listed] == [(blob.name, 7) for blob in beside]
    assert all(isinstance(each, str) for each in folders)
    assert len(folders) == 3


def test_a_listing_begins_where_it_is_told_to(backend: Backend) -> None:
    blobs = backend.workspace.blobs
    (root,) = blobs.roots(backend.v1)
    every = list(blobs.list(root.container, root.prefix))
    folders = {f"{blob.name.rpartition('/')[0]}/" for blob in every}
    for start in [root.prefix, *folders, *(blob.name for blob in every), f"{root.prefix}~"]:
        listed = list(blobs.list(root.container, root.prefix, start_from=start))
        assert listed == [blob for blob in every if blob.name >= start]
    assert list(blobs.list("no-such-container", "a/", start_from="a/b")) == []


def test_an_address_is_that_of_the_container_and_opens_nothing(backend: Backend) -> None:
    blobs = backend.workspace.blobs
    containers = {root.container for name in (backend.v1, backend.v2) for root in blobs.roots(name)}
    addresses = {container: blobs.address(container) for container in containers}
    assert len(containers) == len(set(addresses.values())) == 2
    for container, address in addresses.items():
        parts = urlsplit(address)
        assert parts.scheme in {"https", "file"}
        assert (parts.query, parts.fragment, parts.username, parts.password) == ("", "", None, None)
        assert parts.path.rpartition("/")[2] == container
    # containers of one account, or of one folder
    assert len({address.rpartition("/")[0] for address in addresses.values()}) == 1


def test_a_blob_is_read_whole_and_no_further_while_it_grows(backend: Backend) -> None:
    for name in (backend.v1, backend.v2):
        blob = blobs_of(backend, name)[0]
        before = content(backend, blob)
        assert len(before) == blob.size
        reading = backend.workspace.blobs.read(blob)
        backend.grow(blob, b"more\n")
        if blob.lineage:
            assert b"".join(reading) == before
        else:  # nobody can tell one that is longer from another one
            with pytest.raises(Replaced):
                list(reading)
        grown = next(each for each in blobs_of(backend, name) if each.name == blob.name)
        assert (grown.size, grown.etag == blob.etag) == (blob.size + 5, False)
        assert content(backend, grown) == before + b"more\n"


def test_a_blob_is_read_from_anywhere_and_through_any_flow(backend: Backend) -> None:
    blob = blobs_of(backend, backend.v2)[0]
    piece = Flow(cap_mbps=0.1).piece
    backend.grow(blob, b"0123456789\n" * (piece // 4))
    grown = next(each for each in blobs_of(backend, backend.v2) if each.name == blob.name)
    whole = content(backend, grown)
    assert (len(whole), whole[blob.size :]) == (grown.size, b"0123456789\n" * (piece // 4))
    for start in (0, 1, blob.size, grown.size - 1, grown.size):
        for flow in (None, Flow(parallel=1), Flow(parallel=1 << 9)):
            assert b"".join(backend.workspace.blobs.read(grown, start=start, flow=flow)) == whole[start:]


def test_a_blob_that_is_gone_is_not_found(backend: Backend) -> None:
    blob = blobs_of(backend, backend.v1)[0]
    backend.delete(blob)
    with pytest.raises(NotFound):
        content(backend, blob)


# scoring and telemetry


def test_scoring_answers_and_collects_as_it_is_switched(backend: Backend) -> None:
    workspace = backend.workspace
    for name in (backend.v1, backend.v2):
        for request, grows in ((OFF, False), (ON, True)):
            workspace.services.apply(workspace.services.plan(name, request))
            before = sum(blob.size for blob in blobs_of(backend, name))
            answer = workspace.scoring.invoke(name, WORKING)
            assert (answer.status, json.loads(answer.body)) == (200, [3, 7])
            assert answer.request_id
            assert (sum(blob.size for blob in blobs_of(backend, name)) > before) is grows
        assert workspace.scoring.invoke(name, FAILING).status == 500


def test_requests_are_counted_by_service(backend: Backend) -> None:
    known = [service.name for service in backend.workspace.services.list()]
    assert attributed(backend.workspace.telemetry.request_counts(backend.day), known) == (backend.counts, [])
    long_ago = day_range(backend.day.start.date().replace(year=2001))
    assert not any(count.requests for count in backend.workspace.telemetry.request_counts(long_ago).values())


def test_a_query_answers_or_says_what_is_wrong(backend: Backend) -> None:
    telemetry = backend.workspace.telemetry
    requests = sum(count.requests for count in backend.counts.values())
    assert telemetry.query("requests | count", between=backend.day).rows == ((requests,),)
    with pytest.raises(QueryError):
        telemetry.query("requests | wher name == 1")


@pytest.mark.parametrize("kind", [PageKind.PORTAL, PageKind.INSIGHTS, PageKind.STORAGE])
def test_a_page_has_an_address_without_a_secret_or_there_is_none(backend: Backend, kind: PageKind) -> None:
    local = backend.workspace.name.startswith("/")
    for service in (None, backend.v1, backend.v2):
        if local and kind is not PageKind.STORAGE:
            with pytest.raises(NotFound):
                backend.workspace.page(kind, service)
            continue
        address = backend.workspace.page(kind, service)
        assert address.isprintable()
        assert " " not in address
        assert urlsplit(address).scheme == ("file" if local else "https")
        assert urlsplit(address).username is None
        assert "sig=" not in address
