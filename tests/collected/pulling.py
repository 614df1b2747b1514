"""A pull whose results are kept, to be compared as a whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from mlmon.collected.pulling.fetching import Overwrite
from mlmon.collected.pulling.missing import Within
from mlmon.collected.pulling.outcomes import Deleted, Ended, Failed, Fetched, SetAside
from mlmon.collected.pulling.planning import Plan
from mlmon.collected.pulling.transfer import Options, pull
from mlmon.core.ports import Blobs


@dataclass(frozen=True)
class Outcome:
    """What became of a plan, each part in the plan's order."""

    fetched: tuple[Fetched, ...]
    failed: tuple[Failed, ...]
    set_aside: tuple[SetAside, ...]
    deleted: tuple[Deleted, ...] = ()

    @property
    def bytes(self) -> int:
        """How many bytes were fetched."""
        return sum(fetched.came for fetched in self.fetched)

    @property
    def complete(self) -> bool:
        """Whether every selected blob is now a file."""
        return not self.failed and not self.set_aside


def run(
    planned: Plan,
    blobs: Blobs,
    *,
    on_file: Callable[[Ended], None] | None = None,
    workers: int = 8,
    now: datetime | None = None,
    overwrite: Overwrite = Overwrite.CHANGED,
    delete: Within | None = None,
) -> Outcome:
    """Pull to the end. `on_file` is told of each result as it comes."""
    results: list[Ended] = []
    steps = pull(planned, blobs, Options(parallel=workers, now=now, overwrite=overwrite, delete=delete))
    try:
        for step in steps:
            results.append(step.result)
            if on_file:
                on_file(step.result)
    except KeyboardInterrupt as interrupt:
        steps.throw(interrupt)
    return Outcome(
        fetched=tuple(result for result in results if isinstance(result, Fetched)),
        failed=tuple(result for result in results if isinstance(result, Failed)),
        set_aside=tuple(result for result in results if isinstance(result, SetAside)),
        deleted=tuple(result for result in results if isinstance(result, Deleted)),
    )
