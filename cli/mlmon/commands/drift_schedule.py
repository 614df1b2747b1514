"""A file that runs drift checks regularly: drift-schedule."""

import re
import shutil
from pathlib import PurePath
from typing import Annotated, Final

import typer

from mlmon.commands.command import Group, command, see_text
from mlmon.commands.driftoptions import thresholds_in
from mlmon.commands.options import AlertOption, ServiceArgument, one_of
from mlmon.core.errors import UsageError
from mlmon.core.model import ServiceName
from mlmon.output.results import Result, Text
from mlmon.session import Session

_TOOLS: Final = ("cron", "systemd", "github", "azure-devops")
_OF_THIS_MACHINE: Final = ("cron", "systemd")
_EVERY: Final = ("day", "week", "hour")
_CLOCK: Final = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")


@command(
    "drift-schedule",
    Group.DRIFT,
    examples=[
        "mlmon drift-schedule cron --baseline training.csv",
        "mlmon drift-schedule github diabetes-v2/blue --baseline training.csv --at 06:30 --alert slack",
        "mlmon drift-schedule systemd diabetes --baseline training.csv --every hour --alert smtp --threshold bmi=0.2",
    ],
)
def drift_schedule(
    session: Session,
    *,
    tool: Annotated[
        str,
        typer.Argument(
            metavar="|".join(_TOOLS), parser=one_of(_TOOLS, "a tool that runs things regularly"), help="What runs it."
        ),
    ],
    service: ServiceArgument = None,
    baseline: Annotated[
        str,
        typer.Option("--baseline", metavar="FILE", help="As mlmon drift takes it: a file, or azureml:NAME:VERSION."),
    ],
    every: Annotated[
        str,
        typer.Option(
            "--every",
            metavar="|".join(_EVERY),
            parser=one_of(_EVERY, "a pace"),
            help="How often. Weekly is on Mondays.",
        ),
    ] = "day",
    at: Annotated[
        str, typer.Option("--at", metavar="HH:MM", help="When: in this machine's time for cron and systemd, else UTC.")
    ] = "06:30",
    alert: AlertOption = None,
    threshold: Annotated[
        list[str] | None,
        typer.Option("--threshold", metavar="[FEATURE=]X", help="As mlmon drift takes it; repeatable."),
    ] = None,
) -> Result:
    """Print a file with which another tool checks for drift regularly.

    It runs mlmon drift over the days that came since the last run, and fails where there is drift. Its comments say
    what is to be set. No secret is in it: addresses of alerts are taken from the tool's own store of secrets.
    """
    from mlmon.monitoring.scheduling import WRITERS, Check, printable  # why here: no other command needs them

    see_text(session, "drift-schedule")
    thresholds_in(threshold)  # said now, not by the first run
    here = tool in _OF_THIS_MACHINE
    program = shutil.which("mlmon", path=session.world.environ.get("PATH", "")) if here else ""
    check = Check(
        service=str(ServiceName.parse(service)) if service else "",
        baseline=printable(_baseline(baseline, here=here), "the baseline"),
        every=every,
        at=_clock(at),
        alerts=tuple(dict.fromkeys(alert or ())),
        thresholds=tuple(printable(each, "the threshold") for each in threshold or ()),
        program=printable(program or "mlmon", "the program"),
        folder=printable(str(session.world.cwd), "the folder") if here else "",
    )
    written = WRITERS[tool](check)
    if program is None:
        session.terminal.note("mlmon is not on the PATH: write its whole path where the file says mlmon")
    return Text(written)


def _baseline(text: str, *, here: bool) -> str:
    """As it was written: cron and systemd start in this folder. Raises `UsageError` for what a runner cannot have."""
    if not here and (PurePath(text).is_absolute() or text.startswith("~") or ".." in PurePath(text).parts):
        raise UsageError(
            f"{text!r} is a file of this machine, and the check runs elsewhere",
            hint="name a file of the repository by its path there, or a data asset: azureml:NAME:VERSION",
        )
    return text


def _clock(text: str) -> tuple[int, int]:
    """Raises `UsageError` for what is no time of day."""
    if found := _CLOCK.fullmatch(text):
        return int(found[1]), int(found[2])
    raise UsageError(f"{text!r} is not a time of day", hint="write it like 06:30")
