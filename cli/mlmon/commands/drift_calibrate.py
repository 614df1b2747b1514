"""Thresholds from the baseline itself: drift-calibrate."""

from typing import Annotated

import typer

from mlmon.commands.command import Group, command
from mlmon.commands.driftoptions import (
    BaselineOption,
    BaselineRangeOption,
    CategoryOption,
    ExcludeOption,
    FeaturesOption,
    LabelOption,
    NumberOption,
    OnOption,
    names_in,
    see_sides,
)
from mlmon.commands.options import ServiceArgument
from mlmon.output.results import Result
from mlmon.session import Session


@command(
    "drift-calibrate",
    Group.DRIFT,
    rows=True,
    examples=[
        "mlmon drift-calibrate --baseline data/diabetes.csv --rows 300",
        "mlmon drift-calibrate diabetes-v2/blue --baseline-range 2026-01 -o json",
    ],
)
def drift_calibrate(
    session: Session,
    *,
    service: ServiceArgument = None,
    baseline: BaselineOption = None,
    baseline_range: BaselineRangeOption = None,
    on: OnOption = "inputs",
    features: FeaturesOption = None,
    exclude: ExcludeOption = None,
    label: LabelOption = None,
    number: NumberOption = None,
    category: CategoryOption = None,
    rows: Annotated[
        int | None,
        typer.Option(
            "--rows",
            metavar="N",
            min=1,
            help="So many rows a check will look at. Default: as many as the baseline has.",
        ),
    ] = None,
    runs: Annotated[
        int, typer.Option("--runs", metavar="N", min=2, help="One false alarm in so many checks is allowed.")
    ] = 90,
) -> Result:
    """Propose a threshold for each feature: what chance alone hardly ever makes of it.

    Two samples are drawn from the baseline again and again; how far they are apart is what a check finds without any
    drift. Below the table stands what mlmon.toml has to say for it.
    """
    see_sides(None, baseline, baseline_range, of_service=())

    from mlmon.commands import (  # why here: every command would pay for what these load
        calibrating,
        drifting,
        driftwanted,
    )

    said = driftwanted.Features(
        names_in(features), names_in(exclude), label or "", names_in(number), names_in(category)
    )
    given = driftwanted.baseline_given(session, baseline, baseline_range)
    known = drifting.baseline_alone(session, service, given, said, on=on)
    return calibrating.proposed(session, known, rows=rows or known.rows, runs=runs)
