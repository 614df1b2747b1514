"""Whose rows of telemetry are whose: the names a service goes by there, and which of them are nobody else's.

A v1 web service writes its own name. What the inference server of a v2 deployment writes is the container's
SERVICE_NAME, whose spelling is documented nowhere; so every spelling is taken that can mean one deployment only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from mlmon.core.model import Generation, RequestCounts, RowNames, ServiceName


def owners(services: Sequence[ServiceName]) -> Mapping[str, ServiceName]:
    """Every name that telemetry may call one of these services, which are all there are, and no other.

    The surest reading of a name wins; where two services have equal claims to it, it is nobody's.
    """
    claims: dict[str, dict[int, set[ServiceName]]] = {}
    for service in services:
        for certainty, name in enumerate(_spellings(service)):
            claims.setdefault(name, {}).setdefault(certainty, set()).add(service)
    best = {name: by_certainty[min(by_certainty)] for name, by_certainty in claims.items()}
    return {name: claimants.pop() for name, claimants in best.items() if len(claimants) == 1}


def _spellings(service: ServiceName) -> Iterator[str]:
    """How a service's rows may be called, the surest first."""
    yield str(service)
    if service.generation is Generation.V2:
        yield f"{service.endpoint}-{service.deployment}"
        yield service.endpoint
        yield service.deployment


def names_of(service: ServiceName, services: Sequence[ServiceName]) -> tuple[str, ...]:
    """The names that telemetry may call one of `services` and no other of them, its own first."""
    names = [name for name, owner in owners([*services, service]).items() if owner == service]
    return (str(service), *sorted(name for name in names if name != str(service)))


def doubtful(counts: Mapping[RowNames, RequestCounts], services: Sequence[ServiceName]) -> set[ServiceName]:
    """Of services that are not all there are, those whose counts may hold another one's: by a name not quite theirs."""
    known = owners(services)
    called = (next((name for name in names if name in known), None) for names in counts)
    return {known[name] for name in called if name is not None and name != str(known[name])}


def attributed(
    counts: Mapping[RowNames, RequestCounts], services: Sequence[ServiceName]
) -> tuple[dict[ServiceName, RequestCounts], list[RowNames]]:
    """The counts of each service, and what the rows that belong to none of them are called, sorted."""
    known = owners(services)
    found: dict[ServiceName, RequestCounts] = {}
    nobodys: list[RowNames] = []
    for names, one in counts.items():
        owner = next((known[name] for name in names if name in known), None)
        if owner is None:
            nobodys.append(names)
            continue
        sofar = found.get(owner, RequestCounts(0, 0))
        found[owner] = RequestCounts(sofar.requests + one.requests, sofar.failed + one.failed)
    return found, sorted(nobodys)
