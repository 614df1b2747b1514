"""What commands that ask telemetry share: where it is looked at, how it calls a service, and its rows as a result."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from mlmon.core.errors import ExitCode
from mlmon.core.model import Column, Generation, Service, Table
from mlmon.core.ports import Scope, Telemetry, Workspace
from mlmon.output.results import Field, FieldKind, Rows
from mlmon.session import Session

if TYPE_CHECKING:
    from mlmon.monitoring.decoding import Decoded

_KINDS: Final[dict[str, FieldKind]] = {
    "long": "number",
    "int": "number",
    "real": "number",
    "decimal": "number",
    "datetime": "time",
    "timespan": "duration",
    "dynamic": "json",
}


def looked_at(workspace: Workspace, scope: str | None) -> Telemetry:
    return workspace.telemetry.in_scope(Scope(scope)) if scope else workspace.telemetry


def names_in_telemetry(session: Session, workspace: Workspace, service: Service) -> Sequence[str]:
    """What telemetry may call a service. Only of a v2 deployment is that a question, and other services answer it.

    They are asked every time: a deployment that is new since may be called just the same.
    """
    from mlmon.monitoring.attribution import names_of

    if service.generation is Generation.V1:
        return [str(service.name)]
    names = names_of(service.name, [each.name for each in workspace.services.list()])
    for sentence in workspace.services.unseen if names[1:] else ():
        session.terminal.note(f"{sentence}; rows of one called {' or '.join(names[1:])} may be here", level="warning")
    return names


def say_insights_off(session: Session, found: Service, *, empty: bool) -> None:
    """Why there is nothing, or will be nothing newer, where the service sends no telemetry."""
    if found.insights:
        return
    since = "" if empty else "; what is here is from before"
    session.terminal.note(
        f"Application Insights is off for {found.name}, so that it sends no telemetry{since}",
        level="warning",
        hint=f"mlmon enable-insights {found.name}",
    )


def rows_of(session: Session, table: Table, *, empty: str) -> Rows:
    """The rows as they are; a warning when they are not all there are."""
    if table.partial:
        session.terminal.note("; ".join(filter(None, (table.partial, table.advice))), level="warning")
    # columns without a value in any row are the first to leave a table that is too wide
    filled = [any(row[at] is not None and row[at] != "" for row in table.rows) for at in range(len(table.columns))]
    fields = tuple(
        Field(column.name, kind=_kind(column), optional=not has_values)
        for column, has_values in zip(table.columns, filled, strict=True)
    )
    code = ExitCode.PARTIAL if table.partial else ExitCode.DONE
    return Rows(fields, table.records(), empty=empty, exit_code=code)


def say_decoded(session: Session, decoded: Decoded, *, of: str) -> None:
    """How many rows are not as they are stored, and how many are not whole."""
    if count := decoded.corrected:
        session.terminal.note(f"{correction(count, of=of)}; --as-stored shows {_them(count)}")
    if count := decoded.truncated:
        session.terminal.note(truncation(count))


def truncation(count: int) -> str:
    """That so many rows are not whole."""
    return f"{_rows_are(count)} cut at the length that telemetry allows: the collected data has the whole (mlmon pull)"


def correction(count: int, *, of: str) -> str:
    """That so many rows of a table are not what they say."""
    return f"{_rows_are(count)} corrected: {_WHY.get(of, _UNFOLDED)}"


_UNFOLDED: Final = "the parts of customDimensions were one text"
_WHY: Final = {"requests": "success, code, duration or name were wrong, and are those in customDimensions"}


def _rows_are(count: int) -> str:
    return "1 row is" if count == 1 else f"{count} rows are"


def _them(count: int) -> str:
    return "it as it is" if count == 1 else "them as they are"


def _kind(column: Column) -> FieldKind:
    return _KINDS.get(column.type, "flag" if column.type == "bool" else "text")
