"""The services of a workspace folder and their switches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from threading import Event

from mlmon.core.errors import Unavailable
from mlmon.core.model import FieldChange, Generation, Service, ServiceName, Switch, SwitchPlan, SwitchRequest
from mlmon.local.definition_file import DefinitionFile
from mlmon.monitoring.planning import collection_switches, refuse_impossible


class LocalServices:
    """`core.ports.Services` over `workspace.toml`."""

    def __init__(self, file: DefinitionFile) -> None:
        self._file = file

    def list(self) -> Sequence[Service]:
        return [entry.service() for entry in self._file.load().services.values()]

    @property
    def unseen(self) -> Sequence[str]:
        return ()

    @property
    def ended(self) -> Sequence[str]:
        return ()

    def get(self, name: ServiceName) -> Service:
        return self._file.load().entry(name).service()

    def plan(self, name: ServiceName, request: SwitchRequest) -> SwitchPlan:
        service = self.get(name)
        refuse_impossible(service, request)
        wanted = tuple(_changes(service, request))
        return SwitchPlan(service, request, tuple(change for change in wanted if change.before != change.after))

    def apply(self, plan: SwitchPlan, *, wait: bool = True, stop: Event | None = None) -> Service:  # noqa: ARG002 - a folder changes at once
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


def _changes(service: Service, request: SwitchRequest) -> Iterator[FieldChange]:
    if request.switch is Switch.INSIGHTS:
        yield FieldChange("insights", service.insights, request.on)
    elif service.generation is Generation.V1:
        yield FieldChange("collection", service.collection, request.on)
    else:
        for each in collection_switches(service, request):
            known = each.known
            yield FieldChange(f"collections.{each.name}.enabled", known.enabled if known else None, each.enabled)
            if each.rate is not None:
                yield FieldChange(
                    f"collections.{each.name}.sampling_rate", known.sampling_rate if known else None, each.rate
                )
