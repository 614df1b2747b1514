"""A line of a crontab."""

from __future__ import annotations

from typing import Final

from mlmon.core.errors import UsageError
from mlmon.monitoring.scheduling.check import ENV_FILE, Check, shell

_LONGEST: Final = 998
"""What cron reads of a command; the rest of a longer one is cut off, and that silently."""


def crontab(check: Check) -> str:
    """The line, below comments that say what to set. Raises `UsageError` where cron would cut it."""
    command = " && ".join(
        [f"cd {shell((check.folder,))}", *_environment(check), shell((check.program, *check.arguments()))]
    )
    escaped = _escaped(command)
    if len(escaped.encode()) > _LONGEST:
        raise UsageError(
            f"the line would be longer than the {_LONGEST} bytes that cron reads",
            hint="use shorter paths, put thresholds into mlmon.toml, or use systemd",
        )
    return "\n".join([*_comments(check), f"{check.cron} {escaped}", ""])


def _environment(check: Check) -> list[str]:
    return ["set -a", f'. "$HOME/{ENV_FILE}"', "set +a"] if check.alerts else []


def _comments(check: Check) -> list[str]:
    said = [
        "# Add this to your crontab (crontab -e). Times are those of this machine; cron mails what is printed.",
        "# Nobody is there to sign in: on Azure use a managed identity, or set AZURE_CLIENT_ID and what goes with it.",
    ]
    if not check.alerts:
        return said
    needed, optional = check.variables.needed, check.variables.optional
    return [
        *said,
        f"# Addresses and secrets stand in ~/{ENV_FILE}, which only you may read (chmod 600), as NAME='value':",
        f"#   {' '.join(needed)}",
        *([f"#   if wanted: {' '.join(optional)}"] if optional else []),
    ]


def _escaped(command: str) -> str:
    r"""As cron reads it: a bare % ends the command, \% is a %. Crons differ in what \\ is, so no two stand together:
    every backslash of a word is inside single quotes, which are closed and opened behind it."""
    return command.replace("\\", "\\''").replace("%", "\\%")
