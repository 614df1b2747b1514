"""The demo: a workspace made from nothing, and the main job done on it."""

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final

import typer

from mlmon.commands.command import Group, command
from mlmon.core.errors import Interrupted
from mlmon.core.model import Demo
from mlmon.output.results import Faces, Field, Lines, Record, Result
from mlmon.session import Session

_TOUR: Final = (
    ("What is monitored, and how it is doing:", "status"),
    ("Data collection off, and on again:", "disable-collection --yes"),
    ("", "enable-collection --yes"),
    ("The container log:", "logs -n 5"),
    ("What the script printed, found by a word in it:", "traces --where input --limit 3"),
    (
        "Any KQL query over the telemetry:",
        "query 'requests | summarize requests=count(), failed=countif(success == false) by cloud_RoleName'",
    ),
    ("What was collected yesterday:", "ls --day yesterday"),
    ("A month of collected data, downloaded:", "pull --month 3"),
)
_NEXT: Final = (
    (
        "compares what came since then with the training data: {drifted} have drifted",
        "mlmon drift --baseline data/diabetes.csv --from {day}",
    ),
    ("sends rows to the model: a request, a trace, collected data", "mlmon invoke --data rows.json"),
    ("serves it over HTTP", "mlmon serve scripts/diabetes.py --name diabetes"),
    ("makes the v2 deployment the one that commands mean", "mlmon use diabetes-v2/blue"),
    ("every command; each has its own --help with examples", "mlmon --help"),
    ("says how to have services and options completed on Tab", "mlmon completion --help"),
)


@command("demo", Group.START, examples=["mlmon demo", "mlmon demo try-it", "mlmon demo --force"])
def demo(
    session: Session,
    *,
    folder: Annotated[Path, typer.Argument(metavar="[DIR]", help="Where to make it.")] = Path("mlmon-demo"),
    force: Annotated[
        bool, typer.Option("--force", help="Make a demo that is there anew; everything in its folder is replaced.")
    ] = False,
) -> Result:
    """Make an embedded workspace with real services and history, and walk through the main job.

    Two services of one model: ridge regression on the diabetes data of Efron et al. (2004), as a v1 web service and
    as a v2 online deployment. Thirteen months of requests are scored by their scoring scripts, so that logs, telemetry
    and collected data are what such services leave behind. Two features drift from a day that the demo names.
    """
    target = session.path(folder).resolve()
    made = session.create_demo(target, replacing=force)
    record = Record(
        tuple(Field(key) for key in ("folder", "services", "first_day", "requests", "failed", "drift_day", "drifted")),
        {
            "folder": str(made.folder),
            "services": [str(name) for name in made.services],
            "first_day": made.first_day.isoformat(),
            "requests": made.requests,
            "failed": made.failed,
            "drift_day": made.drift_day.isoformat(),
            "drifted": list(made.drifted),
        },
    )
    return Faces(people=Lines(_tour(session, made, folder)), machines=record)


def _tour(session: Session, made: Demo, folder: Path) -> Iterator[str]:
    """The walk. Each command runs when its line has been printed, and prints its own output below it."""
    yield f"Made {made.folder}"
    yield (
        f"{len(made.services)} services ({', '.join(str(name) for name in made.services)}), {made.requests} requests "
        f"since {made.first_day}, {made.failed} of them failed."
    )
    yield f"From {made.drift_day} on {' and '.join(made.drifted)} are higher than in the training data."
    yield ""
    yield f"$ cd {shlex.quote(str(folder))}"
    for says, line in _TOUR:
        yield ""
        if says:
            yield f"# {says}"
        yield f"$ mlmon {line}"
        try:
            session.rehearse(shlex.split(line), cwd=made.folder)
        except Interrupted:
            # the demo leaves both switches on, also when the walk is cut short between off and on
            session.rehearse(["enable-collection", "--yes"], cwd=made.folder)
            raise
    yield ""
    yield f"# What to try next, in {made.folder}:"
    told = {"day": made.drift_day, "drifted": " and ".join(made.drifted)}
    for says, line in _NEXT:
        yield f"$ {line.format(**told)}"
        yield f"    {says.format(**told)}"
