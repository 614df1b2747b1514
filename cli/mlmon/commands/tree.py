"""The whole command tree: importing this module builds it."""

from mlmon.commands import completion, data, demo, logs, scoring, services, switches, telemetry, workspace
from mlmon.commands.command import app

__all__ = ["app", "completion", "data", "demo", "logs", "scoring", "services", "switches", "telemetry", "workspace"]
