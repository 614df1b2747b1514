"""Whose rows of telemetry are whose."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlmon.core.model import RequestCounts, ServiceName
from mlmon.monitoring.attribution import attributed, names_of, owners

SVC, BLUE, GREEN, MAIN = (ServiceName.parse(text) for text in ("svc", "ep/blue", "ep/green", "edge/main"))


@pytest.mark.parametrize(
    ("service", "services", "names"),
    [
        (SVC, [SVC], ("svc",)),
        # alone on its endpoint, and the only deployment of its name
        (MAIN, [SVC, BLUE, GREEN, MAIN], ("edge/main", "edge", "edge-main", "main")),
        # the endpoint's name could mean either of its deployments
        (BLUE, [BLUE, GREEN], ("ep/blue", "blue", "ep-blue")),
        # a deployment's name that two endpoints have
        (BLUE, [BLUE, ServiceName("other", "blue")], ("ep/blue", "ep", "ep-blue")),
        (BLUE, [BLUE, GREEN, ServiceName("other", "blue")], ("ep/blue", "ep-blue")),
        # v1 services write their own names, so these are theirs
        (BLUE, [BLUE, ServiceName("ep"), ServiceName("blue"), ServiceName("ep-blue")], ("ep/blue",)),
        # `a-b-c` could be either
        (ServiceName("a", "b-c"), [ServiceName("a", "b-c"), ServiceName("a-b", "c")], ("a/b-c", "a", "b-c")),
        # one endpoint is called like another's deployment: the endpoint's claim is the better one
        (ServiceName("x", "y"), [ServiceName("x", "y"), ServiceName("y", "z")], ("x/y", "x", "x-y")),
        # one that is not listed any more is asked for by name all the same
        (BLUE, [], ("ep/blue", "blue", "ep", "ep-blue")),
    ],
)
def test_the_names_a_service_goes_by(service: ServiceName, services: list[ServiceName], names: tuple[str, ...]) -> None:
    assert names_of(service, services) == names


def test_rows_are_counted_for_whom_they_name_first_and_else_for_whom_they_run_as() -> None:
    counts = {
        ("svc", ""): RequestCounts(1, 0),
        ("", "svc"): RequestCounts(2, 1),
        ("nobody", "svc"): RequestCounts(4, 0),
        ("ep-blue", "ep"): RequestCounts(8, 2),
        ("", "ep"): RequestCounts(16, 0),
        ("who", "knows"): RequestCounts(32, 0),
        ("", ""): RequestCounts(64, 0),
    }
    assert attributed(counts, [SVC, BLUE, GREEN]) == (
        {SVC: RequestCounts(7, 1), BLUE: RequestCounts(8, 2)},
        [("", ""), ("", "ep"), ("who", "knows")],
    )


PART = st.sampled_from(["a", "b", "a-b", "b-a", "a-a"])
NAME = st.builds(ServiceName, PART, st.one_of(st.just(""), PART))


@given(st.lists(NAME, unique=True))
def test_no_name_is_two_services_and_every_service_has_its_own(services: list[ServiceName]) -> None:
    """Whatever the services are called, and in whatever order they come."""
    named = {service: names_of(service, services) for service in services}
    every = [name for names in named.values() for name in names]
    assert len(every) == len(set(every))
    assert all(names[0] == str(service) for service, names in named.items())
    assert {name: owner for owner, names in named.items() for name in names} == owners(services)
    assert owners(services) == owners(services[::-1])
