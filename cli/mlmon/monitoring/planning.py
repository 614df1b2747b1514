"""What a request to switch means for a service, whatever holds it: what is refused, and which switches it moves."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from mlmon.core.errors import UsageError, did_you_mean
from mlmon.core.model import (
    COLLECTION_NAME,
    COLLECTION_OF_DESIGNATION,
    CollectionSetting,
    Generation,
    Kind,
    Service,
    Switch,
    SwitchRequest,
)

USUAL_COLLECTIONS: Final = ("model_inputs", "model_outputs")
PAYLOAD_COLLECTIONS: Final = ("request", "response")
"""What the service collects by itself, without a word of the script."""
MOST_CUSTOM: Final = 5
"""https://learn.microsoft.com/azure/machine-learning/concept-data-collection: the custom collections of a deployment"""


@dataclass(frozen=True, slots=True)
class CollectionSwitch:
    """A collection as it is to be. `known` is as it is now (None: not there); a `rate` of None stays as it is."""

    name: str
    enabled: bool
    rate: float | None
    known: CollectionSetting | None

    @property
    def moves_switch(self) -> bool:
        """Whether the switch itself changes."""
        return self.known is None or self.known.enabled is not self.enabled

    @property
    def moves_rate(self) -> bool:
        """Whether the share that is collected changes."""
        return self.rate is not None and (self.known is None or self.known.sampling_rate != self.rate)


def refuse_impossible(service: Service, request: SwitchRequest) -> None:
    """Raise `UsageError` for what this kind of service cannot do, or what means nothing."""
    if request.switch is Switch.INSIGHTS:
        if request.collections or request.sampling_rate is not None:
            raise UsageError(
                "Application Insights has no collections and no sampling rate",
                hint="leave --collection and --sampling-rate out",
            )
        return
    if service.generation is Generation.V1:
        _refuse_in_v1(service, request)
    _refuse_rate(request)


def collection_switches(service: Service, request: SwitchRequest) -> tuple[CollectionSwitch, ...]:
    """The collections of a v2 service that a request is about, whether or not they have to change.

    Without names that is: the usual ones when switching on, all there are when switching off.

    Raises:
        UsageError: a name cannot be a collection's, or looks like a slip, or there is no such collection to switch
            off, or there would be more of them than a deployment may have.
    """
    known = {each.name: each for each in service.collections}
    chosen = list(dict.fromkeys(_resolved(name, known) for name in request.collections))
    if request.on:
        names = chosen or [_resolved(name, known) for name in USUAL_COLLECTIONS]
        _refuse_new(service, names, known)
    else:
        names = chosen or list(known)
        _refuse_unknown(service, names, known)
    return tuple(CollectionSwitch(name, request.on, request.sampling_rate, known.get(name)) for name in names)


def named_collections(service: Service, request: SwitchRequest) -> tuple[str, ...]:
    """The collections that a request names, as the service calls them; none where it means the usual ones, or where a
    service has no single ones. Raises as `collection_switches`."""
    if request.switch is Switch.INSIGHTS or not request.collections or service.generation is Generation.V1:
        return ()
    return tuple(each.name for each in collection_switches(service, request))


def needs_change(service: Service, request: SwitchRequest) -> bool:
    """Whether the service is not yet as the request wants it. Raises as `collection_switches`."""
    if request.switch is Switch.INSIGHTS:
        return service.insights is not request.on
    if service.generation is Generation.V1:
        return service.collection is not request.on
    return any(each.moves_switch or each.moves_rate for each in collection_switches(service, request))


def _refuse_in_v1(service: Service, request: SwitchRequest) -> None:
    if request.collections:
        raise UsageError(
            f"{service.name} is a v1 web service, where one switch covers every designation",
            hint="leave --collection out",
        )
    if request.sampling_rate is not None:
        raise UsageError(
            f"{service.name} is a v1 web service, which collects every request", hint="leave --sampling-rate out"
        )
    collects = service.kind in {Kind.AKS, Kind.LOCAL}
    if not collects and (request.on or service.collection):
        where = f"on {service.kind.upper()}" if service.kind is Kind.ACI else "on a compute that mlmon does not know"
        raise UsageError(
            f"{service.name} runs {where}, and v1 services collect model data on AKS only",
            hint="deploy it to AKS or as a v2 deployment; its telemetry can be switched: mlmon enable-insights",
        )


def _refuse_rate(request: SwitchRequest) -> None:
    rate = request.sampling_rate
    if rate is None:
        return
    if not request.on:
        raise UsageError("a sampling rate means nothing when switching off", hint="leave --sampling-rate out")
    if math.isnan(rate) or not 0 <= rate <= 1:
        raise UsageError(f"the sampling rate {rate:g} is not from 0 to 1", hint="0.25 collects every fourth request")


def _resolved(name: str, known: Mapping[str, CollectionSetting]) -> str:
    """The collection that a word of the command line means: in any case, and by the name of a v1 designation."""
    if name in known:
        return name
    if not COLLECTION_NAME.fullmatch(name):
        near = did_you_mean(name, [*known, *USUAL_COLLECTIONS])
        raise UsageError(
            f"{name!r} is not a collection's name", hint=near or "its letters are A to Z, a to z, 0 to 9, _ and -"
        )
    folded = {each.casefold(): each for each in (*PAYLOAD_COLLECTIONS, *USUAL_COLLECTIONS, *known)}
    usual = COLLECTION_OF_DESIGNATION.get(name.casefold(), name.casefold())
    return folded.get(usual, name)


def _refuse_new(service: Service, names: Sequence[str], known: Mapping[str, CollectionSetting]) -> None:
    """A new name of the script's own is fine; one that is almost a known one would collect nothing."""
    usable = list(dict.fromkeys((*known, *USUAL_COLLECTIONS, *PAYLOAD_COLLECTIONS)))
    new = [name for name in names if name not in known]
    for name in new:
        if name not in usable and (near := did_you_mean(name, usable, most=1, cutoff=0.85)):
            raise UsageError(f"{service.name} has no collection {name!r}", hint=near)
    custom = _custom([*known, *new])
    if len(custom) > MOST_CUSTOM and _custom(new):
        raise UsageError(
            f"{service.name} would have {len(custom)} custom collections, and a deployment has at most {MOST_CUSTOM}",
            hint=f"it has {', '.join(_custom(known)) or 'none'}; choose among them, or name fewer",
        )


def _custom(names: Iterable[str]) -> list[str]:
    return [name for name in names if name not in {*USUAL_COLLECTIONS, *PAYLOAD_COLLECTIONS}]


def _refuse_unknown(service: Service, names: Sequence[str], known: Mapping[str, CollectionSetting]) -> None:
    for name in names:
        if name not in known:
            near = did_you_mean(name, list(known))
            known_text = f"it has {', '.join(known)}" if known else "it has none"
            raise UsageError(f"{service.name} has no collection {name!r}", hint=near or known_text)
