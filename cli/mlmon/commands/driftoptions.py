"""Options that the commands about drift share, with the parsers that turn words into types."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Final

import typer

from mlmon.commands.options import one_of
from mlmon.core.errors import UsageError

ON: Final = ("inputs", "predictions")
COMPATS: Final = ("azure-v1", "azure-v2")
ENGINES: Final = ("spark", "azureml")
BYS: Final = ("day", "week", "month")

_FEATURES: Final = "Features"
_ENGINE: Final = "Engine"
BaselineOption = Annotated[
    str | None,
    typer.Option(
        "--baseline",
        metavar="FILE",
        help="What to compare with: a csv, parquet or jsonl file, or a data asset azureml:NAME:VERSION.",
    ),
]
BaselineRangeOption = Annotated[
    str | None,
    typer.Option(
        "--baseline-range",
        metavar="R",
        help="Or an earlier range of the service itself: 2026-01, 2026-01-15, or 2026-01-15..2026-02-01.",
    ),
]
TargetOption = Annotated[
    Path | None,
    typer.Option("--target", metavar="FILE", help="Compare this file instead of what a service collected."),
]
OnOption = Annotated[
    str,
    typer.Option(
        "--on",
        metavar="|".join(ON),
        parser=one_of(ON, "what a model is given or answers"),
        help="What the model was given, or what it answered.",
    ),
]
FeaturesOption = Annotated[
    list[str] | None,
    typer.Option("--features", metavar="NAME,…", help="Only these; repeatable.", rich_help_panel=_FEATURES),
]
ExcludeOption = Annotated[
    list[str] | None,
    typer.Option("--exclude", metavar="NAME,…", help="All but these; repeatable.", rich_help_panel=_FEATURES),
]
LabelOption = Annotated[
    str | None,
    typer.Option(
        "--label",
        metavar="NAME",
        help="The baseline's column that the model is not given. Default: the last one, where only it is missing.",
        rich_help_panel=_FEATURES,
    ),
]
NumberOption = Annotated[
    list[str] | None,
    typer.Option("--number", metavar="NAME,…", help="These are numbers.", rich_help_panel=_FEATURES),
]
CategoryOption = Annotated[
    list[str] | None,
    typer.Option("--category", metavar="NAME,…", help="These are categories.", rich_help_panel=_FEATURES),
]
StaleAfterOption = Annotated[
    str,
    typer.Option(
        "--stale-after",
        metavar="D",
        help="Call the data stale when its newest row is so much older than the end of the range.",
    ),
]
EngineOption = Annotated[
    str | None,
    typer.Option(
        "--engine",
        metavar="|".join(ENGINES),
        parser=one_of(ENGINES, "an engine"),
        help="Summarize collected data by Spark, one's own or a job on Azure's: for tens of GB a day.",
        rich_help_panel=_ENGINE,
    ),
]
MasterOption = Annotated[
    str | None,
    typer.Option(
        "--master",
        metavar="URL",
        help="Where Spark runs: local[2], spark://HOST:PORT, yarn. Default: local[*].",
        rich_help_panel=_ENGINE,
    ),
]
InstanceTypeOption = Annotated[
    str | None,
    typer.Option(
        "--instance-type",
        metavar="TYPE",
        help="The machines of a job: standard_e4s_v3 (the default) to standard_e64s_v3.",
        rich_help_panel=_ENGINE,
    ),
]
JobOption = Annotated[
    str | None,
    typer.Option(
        "--job",
        metavar="NAME",
        help="Submit none: wait for this job, and bring home what it made.",
        rich_help_panel=_ENGINE,
    ),
]
WriteJobOption = Annotated[
    Path | None,
    typer.Option(
        "--write-job",
        metavar="FOLDER",
        help="Submit none: write the job and its code there, to be read, or for az ml job create.",
        rich_help_panel=_ENGINE,
    ),
]


def see_sides(
    target: Path | None, baseline: str | None, baseline_range: str | None, *, of_service: tuple[object, ...]
) -> None:
    """Refuse options that say nothing together, before any work is done. `of_service` are those that a file has no use
    for. Raises `UsageError`."""
    if baseline and baseline_range:
        raise UsageError("--baseline and --baseline-range cannot be combined", hint="choose one of them")
    if target and (baseline_range or any(of_service)):
        raise UsageError(
            "a file has no times and is of no service, so --target goes with --baseline FILE alone",
            hint="leave --target out to check what a service collected",
        )


def names_in(said: Iterable[str] | None) -> tuple[str, ...]:
    """The names of an option that takes several, each time with commas between them or given again.

    A name with a comma in it stands in double quotes.
    """
    import csv  # why here: only some runs need it

    return tuple(name.strip() for name in (cell for row in csv.reader(said or ()) for cell in row) if name.strip())


def thresholds_in(said: Iterable[str] | None) -> tuple[float | None, dict[str, float]]:
    """The threshold of all features where one is given, and those of single ones (`age=0.2`).

    Raises:
        UsageError: a threshold is no number from 0 on, or several stand in one word.
    """
    usual: float | None = None
    single: dict[str, float] = {}
    for each in said or ():
        _see_one(each)
        name, equals, number = each.rpartition("=")
        if equals and name:
            single[name] = _threshold(number, each)
        else:
            usual = _threshold(each, each)
    return usual, single


def _see_one(said: str) -> None:
    """Refuse `a=1,b=2`. A value stands alone, as everywhere after NAME=: split, `age=0,2` would be two of them."""
    parts = [each.strip() for each in said.split(",")]
    if len(parts) > 1 and "=" in parts[-1] and all(_number(each.rpartition("=")[2]) is not None for each in parts):
        import shlex  # why here: only an error needs it

        again = " ".join(f"--threshold {shlex.quote(each)}" for each in parts)
        raise UsageError(f"{said!r} is more than one threshold", hint=f"write {again}")


def _threshold(text: str, said: str) -> float:
    number = _number(text)
    if number is None:
        raise UsageError(f"{said!r} is not a threshold", hint="write it like 0.1, or age=0.2 for one feature")
    return number


def _number(text: str) -> float | None:
    """A number from 0 on, else None."""
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 0 else None
