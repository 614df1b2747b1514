"""The whole command tree: importing this module builds it."""

from mlmon.commands import (
    completion,
    dataset,
    demo,
    diff,
    drift,
    drift_calibrate,
    drift_explain,
    drift_schedule,
    handoff,
    logs,
    ls,
    metrics,
    pages,
    pull,
    query,
    request,
    services,
    serving,
    switches,
    traces,
    workspace,
)
from mlmon.commands.command import Group, app

__all__ = [
    "app",
    "completion",
    "dataset",
    "demo",
    "diff",
    "drift",
    "drift_calibrate",
    "drift_explain",
    "drift_schedule",
    "handoff",
    "logs",
    "ls",
    "metrics",
    "pages",
    "pull",
    "query",
    "request",
    "services",
    "serving",
    "switches",
    "traces",
    "workspace",
]

_ORDER = (
    "logs",
    "traces",
    "query",
    "metrics",
    "request",
    "open",
    "ls",
    "pull",
    "dataset",
    "handoff",
    "drift",
    "drift-explain",
    "drift-calibrate",
    "drift-schedule",
    "diff",
)
"""Commands of one group that stand in modules of their own, in the order of the work."""


def _place(name: str, group: str) -> tuple[int, int]:
    """Modules are imported in the order of the alphabet; people read in the order of the work."""
    return list(Group).index(Group(group)), _ORDER.index(name) if name in _ORDER else 0


app.registered_commands.sort(key=lambda one: _place(str(one.name), str(one.rich_help_panel)))
