"""Files with which other tools run a drift check regularly."""

from collections.abc import Callable, Mapping
from typing import Final

from mlmon.monitoring.scheduling.azure_devops import pipeline
from mlmon.monitoring.scheduling.check import Check, printable
from mlmon.monitoring.scheduling.cron import crontab
from mlmon.monitoring.scheduling.github import workflow
from mlmon.monitoring.scheduling.systemd import script

WRITERS: Final[Mapping[str, Callable[[Check], str]]] = {
    "cron": crontab,
    "systemd": script,
    "github": workflow,
    "azure-devops": pipeline,
}
"""The whole file for each tool. They raise `UsageError` for what a tool cannot hold."""

__all__ = ["WRITERS", "Check", "printable"]
