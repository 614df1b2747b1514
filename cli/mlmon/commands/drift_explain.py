"""What moved a feature: drift-explain."""

from typing import Annotated

import typer

from mlmon.commands.command import Group, command
from mlmon.commands.driftoptions import (
    BaselineOption,
    BaselineRangeOption,
    CategoryOption,
    NumberOption,
    OnOption,
    TargetOption,
    names_in,
    see_sides,
)
from mlmon.commands.options import DayOption, FromOption, MonthOption, ServiceArgument, ToOption
from mlmon.core.timerange import resolve
from mlmon.output.results import Result
from mlmon.session import Session


@command(
    "drift-explain",
    Group.DRIFT,
    rows=True,
    examples=[
        "mlmon drift-explain bmi --baseline data/diabetes.csv --month 10",
        "mlmon drift-explain bp diabetes-v2/blue --baseline-range 2026-01 --since 7d --rows 5 -o jsonl",
    ],
)
def drift_explain(
    session: Session,
    *,
    feature: Annotated[str, typer.Argument(metavar="FEATURE", help="The feature.", show_default=False)],
    service: ServiceArgument = None,
    baseline: BaselineOption = None,
    baseline_range: BaselineRangeOption = None,
    target: TargetOption = None,
    month: MonthOption = None,
    day: DayOption = None,
    start: FromOption = None,
    end: ToOption = None,
    on: OnOption = "inputs",
    number: NumberOption = None,
    category: CategoryOption = None,
    rows: Annotated[int, typer.Option("--rows", metavar="N", min=1, max=10_000, help="So many records.")] = 20,
) -> Result:
    """Show how a feature is distributed in baseline and target, and the records that moved it.

    Those are the records whose values are more frequent in the target than in the baseline, what is most so first, the
    newest of them before others, with what the model answered.
    """
    see_sides(target, baseline, baseline_range, of_service=(service, month, day, start, end))
    between = resolve(session.now, month=month, day=day, start=start, end=end)

    from mlmon.commands import (  # why here: every command would pay for what these load
        drifting,
        driftwanted,
        explaining,
    )

    said = driftwanted.Features((feature,), numbers=names_in(number), categories=names_in(category))
    if target:
        name = driftwanted.baseline_of(session, baseline)
        sides = drifting.files(session, name, target, said)
        found = explaining.compared(session, sides, feature)
        return explaining.shown(found, explaining.file_records(session, target, found, most=rows))
    wanted = driftwanted.Collected(service, on, driftwanted.whole_days(between))
    given = driftwanted.baseline_given(session, baseline, baseline_range)
    sides = drifting.collected(session, wanted, said, given)
    found = explaining.compared(session, sides, feature)
    return explaining.shown(found, explaining.collected_records(session, wanted, sides, found, most=rows))
