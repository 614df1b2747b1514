"""Commands: parse, call, return a Result. One module for each family; importing this package builds the tree."""

from mlmon.commands import completion, data, demo, logs, services, telemetry, workspace
from mlmon.commands.command import app

__all__ = ["app", "completion", "data", "demo", "logs", "services", "telemetry", "workspace"]
