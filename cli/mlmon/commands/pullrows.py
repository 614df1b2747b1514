"""The rows of a pull, for scripts: what is known of each blob, and what became, or would become, of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from mlmon.collected.pulling.outcomes import Deleted, Ended, Failed, Fetched, Kept, Planned, SetAside, Target
from mlmon.collected.pulling.transfer import Step
from mlmon.commands.naming import EDITED, status_of
from mlmon.commands.selecting import BLOB, blob_row
from mlmon.core.model import Service
from mlmon.output.results import Field, Row

FIELDS: Final = (*BLOB, Field("status"), Field("reason", optional=True))


def row_of(service: Service, step: Step) -> Row:
    """A file, for scripts: what is known of its blob, and what became of it."""
    result = step.result
    size = {"bytes": result.bytes} if isinstance(result, Fetched | Deleted | Kept) else {}
    row = {**_described(service, step.target or result), **size, "status": status_of(result)}
    return {**row, "reason": _reason(result)}


def _reason(result: Ended) -> str | None:
    match result:
        case Failed() | SetAside():
            return result.reason
        case Fetched():
            return f"replaced {result.replaced}" if result.replaced else None
        case Kept():
            return EDITED
    return None


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What a pull would do about a blob, with so many bytes to fetch, and the reason where that needs one."""

    planned: Planned
    status: str
    bytes: int = 0
    reason: str = ""

    @property
    def day(self) -> date | None:
        """The day of what would be fetched."""
        fetched = isinstance(self.planned, Target) and self.status == "planned"
        return self.planned.collected.day if fetched and isinstance(self.planned, Target) else None

    def row(self, service: Service) -> Row:
        """A file that is not fetched yet, for scripts."""
        return {**_described(service, self.planned), "status": self.status, "reason": self.reason or None}


def _described(service: Service, blob: Ended | Planned) -> Row:
    if isinstance(blob, Target | SetAside) and blob.collected:
        return blob_row(blob.collected)
    known = {"path": blob.name, "bytes": blob.bytes} if isinstance(blob, SetAside) else {}
    return {**known, "service": str(service.name)}
