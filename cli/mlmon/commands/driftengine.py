"""Where the collected data of a drift check are summarized: here, or by Spark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mlmon.core.errors import ExitCode, UsageError
from mlmon.core.model import BlobInfo, Service
from mlmon.core.ports import Workspace
from mlmon.core.timerange import TimeRange
from mlmon.drift.result import Kind
from mlmon.output.controls import neutral
from mlmon.session import Session

if TYPE_CHECKING:
    from mlmon.collected.selecting.layout import CollectedBlob
    from mlmon.drift.days import Days

_NAMED: Final = 20


@dataclass(frozen=True, slots=True)
class Spark:
    """A Spark by its master: local[2], spark://HOST:PORT, yarn."""

    master: str

    def read(
        self,
        session: Session,
        workspace: Workspace,
        found: Service,
        *,
        selected: Sequence[CollectedBlob],
        strays: Sequence[BlobInfo],
        kinds: Mapping[str, Kind],
        between: TimeRange | None,
        most: int,
    ) -> tuple[Days, ExitCode]:
        """The days of files of a service; `strays` stand between them. Raises as `drift.spark.session`."""
        from mlmon.drift.days import Days  # why here: who compares two files needs no collected data

        if not selected:
            return Days(dict(kinds), {}), ExitCode.DONE
        from mlmon.drift.spark.running import summarize_collected  # why here: few runs are by Spark
        from mlmon.drift.spark.session import session as started

        said, blobs = f"Reading {found.name} by Spark", workspace.blobs
        with session.terminal.progress(said, total=None, unit="seconds", ticking=True), started(self.master) as spark:
            days, left_out = summarize_collected(
                spark,
                selected,
                kinds,
                roots=blobs.roots(found.name),
                address=blobs.address,
                now=session.now,
                between=between,
                most=most,
                others=strays,
            )
        return days, _told(session, left_out)


def engine_of(engine: str | None, master: str | None, *, excluded: Mapping[str, object]) -> Spark | None:
    """The engine that was asked for, None for this process.

    `excluded` are what an engine cannot do, by the names of the options. Raises `UsageError`.
    """
    if engine is None:
        if master:
            raise UsageError("--master is for --engine spark", hint="say --engine spark too, or leave it out")
        return None
    if given := [name for name, value in excluded.items() if value]:
        raise UsageError(
            f"--engine {engine} reads collected data beside a baseline file, and {given[0]} is for what is read here",
            hint="leave one of the two out",
        )
    return Spark(master or "local[*]")


def _told(session: Session, left_out: Mapping[str, int]) -> ExitCode:
    """Say what could not be read."""
    for at, (what, count) in enumerate(left_out.items()):
        times = f" ({count} times)" if count > 1 else ""
        session.terminal.note(f"set aside: {neutral(what)}{times}", level="warning" if at < _NAMED else "debug")
    if len(left_out) > _NAMED:
        session.terminal.note(f"set aside: {len(left_out) - _NAMED} more; --debug names them", level="warning")
    return ExitCode.PARTIAL if left_out else ExitCode.DONE
