"""Which commands there are, and the modules that they stand in: one is imported when its command is asked for."""

from collections.abc import Sequence
from importlib import import_module
from typing import Final

import typer

from mlmon.commands.command import app

MODULES: Final = {
    "demo": "demo",
    "init": "workspace",
    "use": "workspace",
    "status": "services",
    "serve": "serving",
    "invoke": "serving",
    "enable-collection": "switches",
    "disable-collection": "switches",
    "enable-insights": "switches",
    "disable-insights": "switches",
    "logs": "logs",
    "traces": "traces",
    "query": "query",
    "metrics": "metrics",
    "request": "request",
    "open": "pages",
    "ls": "ls",
    "pull": "pull",
    "dataset": "dataset",
    "handoff": "handoff",
    "drift": "drift",
    "drift-explain": "drift_explain",
    "drift-calibrate": "drift_calibrate",
    "drift-schedule": "drift_schedule",
    "diff": "diff",
    "completion": "completion",
}
"""Each command's module, in the order of the help, which is that of the work."""


def tree(words: Sequence[str] = ()) -> typer.Typer:
    """All commands, in that order; where the words of a command line begin with a command, that one is among them.

    Reading all of them takes longer than everything else that starts with a command.
    """
    wanted = [words[0]] if words and words[0] in MODULES else [*MODULES]
    for name in wanted:
        import_module(f"mlmon.commands.{MODULES[name]}")
    app.registered_commands.sort(key=lambda one: [*MODULES].index(str(one.name)))
    return app
