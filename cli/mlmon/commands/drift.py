"""Whether a model still sees what it was trained on: drift."""

from pathlib import Path
from typing import Annotated

import typer

from mlmon.commands.command import Group, command
from mlmon.commands.driftoptions import (
    BYS,
    COMPATS,
    BaselineOption,
    BaselineRangeOption,
    CategoryOption,
    EngineOption,
    ExcludeOption,
    FeaturesOption,
    InstanceTypeOption,
    JobOption,
    LabelOption,
    MasterOption,
    NumberOption,
    OnOption,
    StaleAfterOption,
    TargetOption,
    WriteJobOption,
    names_in,
    see_sides,
    thresholds_in,
)
from mlmon.commands.options import AlertOption, DayOption, FromOption, MonthOption, ServiceArgument, ToOption, one_of
from mlmon.core.errors import UsageError
from mlmon.core.timerange import parse_duration, resolve
from mlmon.output.results import Result
from mlmon.session import Session

_OUTCOME = "Outcome"


@command(
    "drift",
    Group.DRIFT,
    rows=True,
    examples=[
        "mlmon drift --baseline data/diabetes.csv --month 3 --fail-on-drift",
        "mlmon drift diabetes-v2/blue --baseline-range 2026-01 --from 2026-07-01 --by month",
        "mlmon drift --since 30d --by week --html drift.html",
        "mlmon drift --baseline data/diabetes.csv --target data/diabetes.csv -o json",
    ],
)
def drift(
    session: Session,
    *,
    service: ServiceArgument = None,
    baseline: BaselineOption = None,
    baseline_range: BaselineRangeOption = None,
    target: TargetOption = None,
    month: MonthOption = None,
    day: DayOption = None,
    start: FromOption = None,
    end: ToOption = None,
    by: Annotated[
        str | None,
        typer.Option(
            "--by", metavar="|".join(BYS), parser=one_of(BYS, "something to part by"), help="Each of these besides all."
        ),
    ] = None,
    on: OnOption = "inputs",
    features: FeaturesOption = None,
    exclude: ExcludeOption = None,
    label: LabelOption = None,
    number: NumberOption = None,
    category: CategoryOption = None,
    threshold: Annotated[
        list[str] | None,
        typer.Option(
            "--threshold",
            metavar="T",
            help="The effect above which a difference matters: 0.1, or age=0.2 for one feature; repeatable.",
        ),
    ] = None,
    compat: Annotated[
        str | None,
        typer.Option(
            "--compat",
            metavar="|".join(COMPATS),
            parser=one_of(COMPATS, "a generation of Azure's monitors"),
            help="Compute the figures as Azure's own monitors do, faults included.",
        ),
    ] = None,
    html: Annotated[
        Path | None,
        typer.Option("--html", metavar="FILE", help="Write a page that opens offline.", rich_help_panel=_OUTCOME),
    ] = None,
    fail_on_drift: Annotated[
        bool, typer.Option("--fail-on-drift", help="Exit with 3 when there is drift.", rich_help_panel=_OUTCOME)
    ] = False,
    fail_on_no_data: Annotated[
        bool,
        typer.Option(
            "--fail-on-no-data", help="Exit with 5 when there are no data, or stale ones.", rich_help_panel=_OUTCOME
        ),
    ] = False,
    since_last: Annotated[
        bool,
        typer.Option(
            "--since-last",
            help="The days that have ended since the last such run; at first the last seven.",
            rich_help_panel="Time range",
        ),
    ] = False,
    stale_after: StaleAfterOption = "3d",
    engine: EngineOption = None,
    master: MasterOption = None,
    instance_type: InstanceTypeOption = None,
    job: JobOption = None,
    write_job: WriteJobOption = None,
    alert: AlertOption = None,
    alert_dry_run: Annotated[
        bool, typer.Option("--alert-dry-run", help="Show what --alert would send, and send nothing.")
    ] = False,
) -> Result:
    """Tell whether a service is still given what its model was trained on.

    A feature has drifted where the difference is more than chance (Holm, over all features) and its effect is above
    the threshold. Numbers are judged by the normalized Wasserstein distance, categories by the Jensen-Shannon distance.
    Ranges are whole UTC days. Without a range: all there is.
    """
    see_sides(target, baseline, baseline_range, of_service=(service, month, day, start, end, by, since_last))
    between = resolve(session.now, month=month, day=day, start=start, end=end)
    if since_last and between:
        raise UsageError("--since-last says the range itself", hint="leave the other range out")

    if alert_dry_run and not alert:
        raise UsageError(
            "--alert-dry-run shows what --alert would send, and there is no --alert",
            hint="add --alert webhook, slack, teams or smtp",
        )

    from mlmon.commands import (
        drifted,
        driftengine,
        drifting,
        driftwanted,
        telling,
    )  # why here: other commands need none

    excluded = {"--target": target, "--baseline-range": baseline_range, "--compat": compat}
    job_folder = session.path(write_job) if write_job else None
    of_report = {
        "--html": html,
        "--alert": alert,
        "--alert-dry-run": alert_dry_run,
        "--fail-on-drift": fail_on_drift,
        "--fail-on-no-data": fail_on_no_data,
    }
    by_spark = driftengine.Said(engine, master, instance_type, job, job_folder).meant(
        excluded=excluded, of_report=of_report
    )

    to = telling.channels(session, alert or ())
    page = session.path(html) if html else None
    if page:
        drifted.see_writable(page)
    usual, single = thresholds_in(threshold)
    said = driftwanted.Features(
        names_in(features),
        names_in(exclude),
        label or "",
        names_in(number),
        names_in(category),
        single,
        rows=driftwanted.rows_for(compat or ""),
    )
    options = driftwanted.options_of(session, usual, single)
    if target:
        sides = drifting.files(session, driftwanted.baseline_of(session, baseline), target, said)
    else:
        whole_days, stale = driftwanted.whole_days(between), parse_duration(stale_after)
        wanted = driftwanted.Collected(service, on, whole_days, stale, by=by, since_last=since_last, engine=by_spark)
        sides = drifting.collected(session, wanted, said, driftwanted.baseline_given(session, baseline, baseline_range))
    if sides is drifting.NOTHING_NEW:
        return drifted.nothing_new(session)
    if sides.job and job_folder:
        return drifted.job_written(session, sides.job, job_folder)
    report = drifting.reported(session, sides, options, compat=compat or "")
    if page:
        drifted.write_page(page, report)
    code = drifted.exit_code_of(report, fail_on_drift=fail_on_drift, fail_on_no_data=fail_on_no_data)
    tell = telling.Telling(session, report, to, workspace=sides.workspace, dry_run=alert_dry_run)
    return drifted.shown(session, report, ending=lambda: tell.ended(code or sides.code, sides.remember))
