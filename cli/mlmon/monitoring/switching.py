"""Switching many services: each is planned and applied on its own, and one failure stops nobody else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from mlmon.core.errors import Failure, MlmonError
from mlmon.core.model import FieldChange, ServiceName, SwitchPlan, SwitchRequest
from mlmon.core.ports import Services


@dataclass(frozen=True, slots=True)
class SwitchStep:
    """How far one service has come: planned, changed, or failed."""

    service: ServiceName
    plan: SwitchPlan | None = None
    changed: bool = False
    error: MlmonError | None = None

    @property
    def changes(self) -> tuple[FieldChange, ...]:
        return self.plan.changes if self.plan else ()


def plan(services: Services, name: ServiceName, request: SwitchRequest) -> SwitchStep:
    """What the request means for one service; what makes it impossible is kept, not raised."""
    try:
        return SwitchStep(name, services.plan(name, request))
    except MlmonError as error:
        return SwitchStep(name, error=error)


def apply(services: Services, step: SwitchStep) -> SwitchStep:
    """Carry out a planned step. One that failed, or needs no change, comes back as it is."""
    if step.plan is None or not step.changes:
        return step
    try:
        after = services.apply(step.plan)
    except MlmonError as error:
        return replace(step, error=error)
    if after == step.plan.service:
        return replace(step, error=Failure(f"{step.service} did not keep the change", hint="see mlmon status"))
    return replace(step, changed=True)


def raise_if_failed(steps: Sequence[SwitchStep]) -> None:
    """Raise the first failure there is."""
    for step in steps:
        if step.error:
            raise step.error
