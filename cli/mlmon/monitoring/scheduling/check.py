"""A drift check that is to be run regularly, and its words in the grammars that all writers share."""

from __future__ import annotations

import hashlib
import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from mlmon.core.errors import UsageError
from mlmon.monitoring.alerting import VARIABLES, Variables

ENV_FILE: Final = ".config/mlmon/alerts.env"
"""Below the home folder: where cron and systemd find what must not stand in a schedule."""
_LONGEST_SLUG: Final = 60


@dataclass(frozen=True, slots=True)
class Check:
    """`mlmon drift` of what collected data came since it ran last, day by day.

    `program` is mlmon as the machine's own schedulers are to call it, and `folder` where it is to run; both are of
    this machine. `every` is day, week or hour. `at` is an hour and a minute; of an hourly check the minute counts.
    """

    service: str
    baseline: str
    every: str
    at: tuple[int, int]
    alerts: tuple[str, ...]
    thresholds: tuple[str, ...]
    program: str
    folder: str

    def arguments(self) -> Iterator[str]:
        """What follows `mlmon`. Values are joined to their options, and the service stands last, so that none of them
        can be taken for an option."""
        yield from ("drift", f"--baseline={self.baseline}", "--since-last", "--by", "day", "--fail-on-drift")
        yield from (f"--threshold={each}" for each in self.thresholds)
        yield from (f"--alert={each}" for each in self.alerts)
        if self.service:
            yield from ("--", self.service)

    @property
    def cron(self) -> str:
        """When, in the five fields of a crontab; a weekly check is on Mondays."""
        hour, minute = self.at
        return {"day": f"{minute} {hour} * * *", "week": f"{minute} {hour} * * 1", "hour": f"{minute} * * * *"}[
            self.every
        ]

    @property
    def slug(self) -> str:
        """A name for files, other for any other service."""
        plain = re.sub(r"[^A-Za-z0-9-]+", "-", self.service).strip("-")[:_LONGEST_SLUG]
        mark = hashlib.sha256(self.service.encode()).hexdigest()[:6]
        return "-".join(filter(None, ("mlmon-drift", plain, mark if plain != self.service else "")))

    @property
    def variables(self) -> Variables:
        """Those of all alerts, in their order."""
        found = [VARIABLES[each] for each in self.alerts]
        return Variables(
            tuple(name for each in found for name in each.needed),
            tuple(name for each in found for name in each.optional),
        )


def printable(text: str, what: str) -> str:
    """The text itself. Raises `UsageError` where it holds what no line of a schedule can hold."""
    if text.isprintable():
        return text
    raise UsageError(
        f"{what} {text!r} holds characters that cannot be printed", hint="rename it, or write the schedule by hand"
    )


def shell(words: Iterator[str] | tuple[str, ...]) -> str:
    """One word each for sh.

    `$(` and `${{` are what Azure Pipelines and GitHub look for in a script before any shell sees it. Inside single
    quotes, closing and opening them changes nothing for the shell, and takes such a mark apart.
    """
    return " ".join(map(_quoted, words))


def _quoted(word: str) -> str:
    quoted = shlex.quote(word)
    return quoted.replace("$(", "$''(").replace("${", "$''{").replace("$[", "$''[")


def text(value: str) -> str:
    """A YAML string in double quotes: JSON's are all valid ones."""
    return json.dumps(value, ensure_ascii=False)
