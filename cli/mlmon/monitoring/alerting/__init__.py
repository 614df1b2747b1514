"""Telling people of drift: one message when the verdict of a check changes.

`sending` has the work, and is imported where alerts are sent. Here is what the command line must know at every start.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Variables:
    """The names of environment variables that a channel reads. `optional` ones may be left out."""

    needed: tuple[str, ...]
    optional: tuple[str, ...] = ()


VARIABLES: Final[Mapping[str, Variables]] = {
    "webhook": Variables(("MLMON_ALERT_WEBHOOK_URL",), ("MLMON_ALERT_WEBHOOK_SECRET",)),
    "slack": Variables(("MLMON_ALERT_SLACK_URL",)),
    "teams": Variables(("MLMON_ALERT_TEAMS_URL",)),
    "smtp": Variables(
        ("MLMON_ALERT_SMTP_HOST", "MLMON_ALERT_SMTP_FROM", "MLMON_ALERT_SMTP_TO"),
        (
            "MLMON_ALERT_SMTP_USER",
            "MLMON_ALERT_SMTP_PASSWORD",
            "MLMON_ALERT_SMTP_PORT",
            "MLMON_ALERT_SMTP_SECURITY",
        ),
    ),
}
CHANNELS: Final = tuple(VARIABLES)
"""What `--alert` takes."""
