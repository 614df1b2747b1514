"""The whole command tree: importing this module builds it."""

from mlmon.commands import (
    completion,
    data,
    dataset,
    demo,
    handoff,
    logs,
    services,
    serving,
    switches,
    telemetry,
    workspace,
)
from mlmon.commands.command import Group, app

__all__ = [
    "app",
    "completion",
    "data",
    "dataset",
    "demo",
    "handoff",
    "logs",
    "services",
    "serving",
    "switches",
    "telemetry",
    "workspace",
]

# modules are imported in the order of the alphabet; people read the groups in the order of the work
app.registered_commands.sort(key=lambda one: list(Group).index(Group(str(one.rich_help_panel))))
