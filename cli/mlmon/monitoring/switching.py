"""Switching many services: each is planned and applied on its own, and one failure stops nobody else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from threading import Event
from typing import Final

from mlmon.core.errors import Failure, Interrupted, MlmonError, UsageError
from mlmon.core.model import FieldChange, ServiceName, SwitchPlan, SwitchRequest
from mlmon.core.parallel import map_bounded
from mlmon.core.ports import Services
from mlmon.monitoring.planning import needs_change

AT_ONCE: Final = 4
"""How many services are planned, and changed, at the same time."""


@dataclass(frozen=True, slots=True)
class SwitchStep:
    """How far one service has come: planned, changed, skipped or failed. Without waiting, changed means begun."""

    service: ServiceName
    plan: SwitchPlan | None = None
    changed: bool = False
    error: MlmonError | None = None

    @property
    def skipped(self) -> bool:
        """Whether nothing is wrong but that such a service cannot do what is asked."""
        return self.plan is None and isinstance(self.error, UsageError)

    @property
    def failed(self) -> bool:
        return self.error is not None and not self.skipped

    @property
    def changes(self) -> tuple[FieldChange, ...]:
        return self.plan.changes if self.plan else ()


def plan(services: Services, name: ServiceName, request: SwitchRequest) -> SwitchStep:
    """What the request means for one service; what makes it impossible is kept, not raised."""
    try:
        return SwitchStep(name, services.plan(name, request))
    except MlmonError as error:
        return SwitchStep(name, error=error)


def plan_all(services: Services, names: Iterable[ServiceName], request: SwitchRequest) -> list[SwitchStep]:
    """What the request means for each of these services, in their order."""
    return list(map_bounded(lambda name: plan(services, name, request), names, workers=AT_ONCE, only_reads=True))


def apply(services: Services, step: SwitchStep, *, wait: bool = True, stop: Event | None = None) -> SwitchStep:
    """Carry out a planned step. One that failed, or needs no change, comes back as it is.

    What was waited for is compared with what was asked for: a service that did not keep the change is a failure.
    """
    if step.plan is None or not step.changes:
        return step
    try:
        after = services.apply(step.plan, wait=wait, stop=stop)
        kept = not wait or not needs_change(after, step.plan.request)
    except MlmonError as error:
        return replace(step, error=error)
    if not kept:
        return replace(step, error=Failure(f"{step.service} did not keep the change", hint="see mlmon status"))
    return replace(step, changed=True)


def apply_all(
    services: Services, steps: Sequence[SwitchStep], *, wait: bool = True, ended: Callable[[SwitchStep], None]
) -> list[SwitchStep]:
    """Carry out planned steps, a few at a time; they come back in their order.

    `ended` hears of each that had something to change as it ends, from any thread.

    Raises:
        Interrupted: Ctrl-C. Nothing more was begun, and what was begun goes on.
    """
    stop = Event()
    seen: list[SwitchStep] = []

    def run(step: SwitchStep) -> SwitchStep:
        after = apply(services, step, wait=wait, stop=stop)
        if step.changes:
            seen.append(after)
            ended(after)
        return after

    try:
        with closing(map_bounded(run, steps, workers=AT_ONCE, stop=stop)) as results:
            return list(results)
    except KeyboardInterrupt:
        raise _interrupted(seen, of=len(steps)) from None


def _interrupted(seen: Sequence[SwitchStep], *, of: int) -> Interrupted:
    left = sorted(str(step.service) for step in seen if isinstance(step.error, Interrupted))
    done = f"interrupted: {sum(step.changed for step in seen)} of {of} changed"
    return Interrupted(
        f"{done}, and what was begun goes on: {', '.join(left)}" if left else done,
        hint="mlmon status shows what holds now",
    )


def raise_if_all_skipped(steps: Sequence[SwitchStep]) -> None:
    """Raise what the first service is skipped for when nobody is left: then the request itself is wrong here."""
    if all(step.skipped for step in steps):
        raise_if_failed(steps)


def raise_if_failed(steps: Sequence[SwitchStep]) -> None:
    """Raise the first failure there is."""
    for step in steps:
        if step.error:
            raise step.error
