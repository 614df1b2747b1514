"""The services of a workspace folder and their switches."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Final

from mlmon.core.errors import Unavailable, UsageError, did_you_mean
from mlmon.core.model import (
    COLLECTION_OF_DESIGNATION,
    CollectionSetting,
    FieldChange,
    Generation,
    Service,
    ServiceName,
    Switch,
    SwitchPlan,
    SwitchRequest,
)
from mlmon.local.definition import COLLECTION_NAME
from mlmon.local.definition_file import DefinitionFile

USUAL_COLLECTIONS: Final = ("model_inputs", "model_outputs")


class LocalServices:
    """`core.ports.Services` over `workspace.toml`."""

    def __init__(self, file: DefinitionFile) -> None:
        self._file = file

    def list(self) -> Sequence[Service]:
        return [entry.service() for entry in self._file.load().services.values()]

    def get(self, name: ServiceName) -> Service:
        return self._file.load().entry(name).service()

    def plan(self, name: ServiceName, request: SwitchRequest) -> SwitchPlan:
        service = self.get(name)
        _refuse_impossible(service, request)
        if request.switch is Switch.INSIGHTS:
            wanted = [FieldChange("insights", service.insights, request.on)]
        elif service.generation is Generation.V1:
            wanted = [FieldChange("collection", service.collection, request.on)]
        else:
            wanted = list(_collection_changes(service, request))
        return SwitchPlan(service, request, tuple(change for change in wanted if change.before != change.after))

    def apply(self, plan: SwitchPlan, *, wait: bool = True) -> Service:  # noqa: ARG002 - a folder changes at once
        name = plan.service.name
        with self._file.locked():
            if self.get(name) != plan.service:
                raise Unavailable(
                    f"{name} was changed by someone else meanwhile; nothing was written",
                    hint="run the command again",
                )
            if plan.changes:
                self._file.write_fields(name, {change.field: change.after for change in plan.changes})
            return self.get(name)


def _refuse_impossible(service: Service, request: SwitchRequest) -> None:
    if request.switch is Switch.INSIGHTS and (request.collections or request.sampling_rate is not None):
        raise UsageError(
            "Application Insights has no collections and no sampling rate",
            hint="leave --collection and --sampling-rate out",
        )
    if service.generation is Generation.V1 and request.collections:
        raise UsageError(
            f"{service.name} is a v1 web service, where one switch covers every designation",
            hint="leave --collection out",
        )
    if service.generation is Generation.V1 and request.sampling_rate is not None:
        raise UsageError(
            f"{service.name} is a v1 web service, which collects every request", hint="leave --sampling-rate out"
        )
    _refuse_rate(request)


def _refuse_rate(request: SwitchRequest) -> None:
    rate = request.sampling_rate
    if rate is None:
        return
    if not request.on:
        raise UsageError("a sampling rate means nothing when switching off", hint="leave --sampling-rate out")
    if math.isnan(rate) or not 0 <= rate <= 1:
        raise UsageError(f"the sampling rate {rate:g} is not from 0 to 1", hint="0.25 collects every fourth request")


def _collection_changes(service: Service, request: SwitchRequest) -> Iterator[FieldChange]:
    known = {each.name: each for each in service.collections}
    chosen = [_resolve(name, known) for name in request.collections]
    if request.on:
        for name in dict.fromkeys(chosen or USUAL_COLLECTIONS):
            _refuse_slip(service, name, known)
            yield from _enabling(name, known.get(name), request.sampling_rate)
        return
    for name in dict.fromkeys(chosen or known):
        if name not in known:
            near = did_you_mean(name, list(known))
            known_text = f"it has {', '.join(known)}" if known else "it has none"
            raise UsageError(f"{service.name} has no collection {name!r}", hint=near or known_text)
        yield FieldChange(f"collections.{name}.enabled", known[name].enabled, False)


def _resolve(name: str, known: dict[str, CollectionSetting]) -> str:
    if not COLLECTION_NAME.fullmatch(name):
        near = did_you_mean(name, [*known, *USUAL_COLLECTIONS])
        raise UsageError(
            f"{name!r} is not a collection's name", hint=near or "its letters are A to Z, a to z, 0 to 9, _ and -"
        )
    folded = {each.casefold(): each for each in (*USUAL_COLLECTIONS, *known)}
    usual = COLLECTION_OF_DESIGNATION.get(name.casefold(), name.casefold())
    return folded.get(usual, name)


def _refuse_slip(service: Service, name: str, known: dict[str, CollectionSetting]) -> None:
    """A new name of the script's own is fine; one that is almost a known one would collect nothing."""
    usable = list(dict.fromkeys((*known, *USUAL_COLLECTIONS)))
    if name not in usable and (near := did_you_mean(name, usable, most=1, cutoff=0.85)):
        raise UsageError(f"{service.name} has no collection {name!r}", hint=near)


def _enabling(name: str, known: CollectionSetting | None, rate: float | None) -> Iterator[FieldChange]:
    yield FieldChange(f"collections.{name}.enabled", known.enabled if known else None, True)
    if rate is not None:
        yield FieldChange(f"collections.{name}.sampling_rate", known.sampling_rate if known else None, rate)
