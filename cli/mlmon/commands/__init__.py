"""Commands: parse, call, return a Result. One module for each family; importing this package builds the tree."""

from mlmon.commands import data, demo, logs, scoring, services, switches, telemetry, workspace
from mlmon.commands.command import app

__all__ = ["app", "data", "demo", "logs", "scoring", "services", "switches", "telemetry", "workspace"]
