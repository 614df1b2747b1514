"""How `drift` shows what it found: a table for people, a document for programs, a page in a file."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from mlmon.core.errors import ExitCode, Failure, UsageError
from mlmon.core.model import Json
from mlmon.core.timerange import TimeRange, rfc3339
from mlmon.drift.result import Coefficient, DriftReport, FeatureDrift, Interval, Side, Verdict
from mlmon.output.results import Faces, Field, Record, Result, Row, Rows
from mlmon.session import Session

_NOTHING_TO_COMPARE: Final = frozenset({Verdict.NO_DATA, Verdict.STALE})
_DOCUMENT: Final = tuple(
    Field(key, kind="json")
    for key in (
        "verdict",
        "reason",
        "service",
        "collection",
        "baseline",
        "target",
        "datadrift_coefficient",
        "intervals",
        "method",
        "made",
    )
)
_FEATURE: Final = tuple(
    Field(key, kind="json")
    for key in (
        "feature",
        "kind",
        "verdict",
        "reason",
        "contribution",
        "effect_metric",
        "effect",
        "threshold",
        "p_value",
        "metrics",
    )
)
_PEOPLE: Final = (
    Field("feature", whole=True),
    Field("kind", optional=True),
    Field("verdict"),
    Field("effect", kind="number"),
    Field("threshold", kind="number", optional=True),
    Field("p_value", header="p", kind="number"),
    Field("contribution", kind="number", optional=True),
)
_SUMMED_UP: Final = tuple(Field(key) for key in ("verdict", "reason", "baseline", "target"))


def exit_code_of(report: DriftReport, *, fail_on_drift: bool, fail_on_no_data: bool) -> ExitCode:
    """What a script sees: drift and missing data are failures only where that is asked for."""
    if fail_on_drift and report.verdict is Verdict.DRIFT:
        return ExitCode.DRIFT
    if fail_on_no_data and report.verdict in _NOTHING_TO_COMPARE:
        return ExitCode.NOT_FOUND
    return ExitCode.DONE


def shown(report: DriftReport, code: ExitCode, *, ending: Callable[[], None]) -> Result:
    """The report in every format. `ending` is called when it has been printed."""

    def ended() -> ExitCode:
        ending()
        return code

    people = Record(
        _SUMMED_UP, _summed_up(report), Rows(_PEOPLE, [_person_row(each) for each in report.whole.features])
    )
    rows = [_feature(each) for each in report.whole.features]
    machines = Record(_DOCUMENT, _document(report), Rows(_FEATURE, rows), rows_key="features")
    return Faces(people, machines, exit_code=code, ending=ended)


def nothing_new(session: Session) -> Result:
    """No day has ended since the last run: a document without a verdict, and no row."""
    said = "nothing new: no day has ended since the last check"
    session.terminal.note(said)
    return Faces(Rows(_PEOPLE, ()), Record(_DOCUMENT, {"reason": said}, Rows(_FEATURE, ()), rows_key="features"))


def _summed_up(report: DriftReport) -> Row:
    return {
        "verdict": report.verdict,
        "reason": report.whole.reason,
        "baseline": _side_text(report.baseline),
        "target": _side_text(report.target),
    }


def _side_text(side: Side) -> str:
    return f"{side.name}, {side.rows} rows" + (f", {side.between}" if side.between else "")


def _person_row(each: FeatureDrift) -> Row:
    return {
        "feature": each.feature,
        "kind": each.kind,
        "verdict": each.verdict,
        "effect": _rounded(each.effect),
        "threshold": each.threshold,
        "p_value": _rounded(each.p_value),
        "contribution": _rounded(each.contribution),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.3g}")


def _document(report: DriftReport) -> dict[str, Json]:
    return {
        "verdict": report.verdict,
        "reason": report.whole.reason,
        "service": report.service or None,
        "collection": report.collection or None,
        "baseline": _side(report.baseline),
        "target": _side(report.target),
        "datadrift_coefficient": _coefficient(report.whole.coefficient),
        "intervals": [_interval(each) for each in report.intervals],
        "method": {
            "alpha": report.method.alpha,
            "correction": report.method.correction,
            "thresholds": dict(report.method.thresholds),
            "seed": report.method.seed,
            "engine": report.method.engine,
            "compat": report.method.compat or None,
            "version": report.method.version,
            "notes": [*report.method.notes],
        },
        "made": rfc3339(report.made),
    }


def _side(side: Side) -> Json:
    return {"name": side.name, "rows": side.rows, **_times(side.between)}


def _times(between: TimeRange | None) -> Mapping[str, Json]:
    return {"from": rfc3339(between.start) if between else None, "to": rfc3339(between.end) if between else None}


def _coefficient(one: Coefficient | None) -> Json:
    if one is None:
        return None
    return {
        "value": one.value,
        "mcc": one.mcc,
        "auc": one.auc,
        "band": [*one.band],
        "p_value": one.p_value,
        "rows": one.rows,
    }


def _interval(one: Interval) -> Json:
    return {
        **_times(one.between),
        "rows": one.rows,
        "verdict": one.verdict,
        "reason": one.reason,
        "datadrift_coefficient": _coefficient(one.coefficient),
        "features": [_feature(each) for each in one.features],
    }


def _feature(each: FeatureDrift) -> dict[str, Json]:
    metrics: dict[str, Json] = {
        name: {"value": metric.value, "bound": metric.bound, "p_value": metric.p_value}
        for name, metric in each.metrics.items()
    }
    return {
        "feature": each.feature,
        "kind": each.kind,
        "verdict": each.verdict,
        "reason": each.reason,
        "contribution": each.contribution,
        "effect_metric": each.effect_metric or None,
        "effect": each.effect,
        "threshold": each.threshold,
        "p_value": each.p_value,
        "metrics": metrics,
    }


def see_writable(path: Path) -> None:
    """Refuse a file that cannot be written, before any work is done. Raises `UsageError`."""
    if path.is_dir():
        raise UsageError(f"{str(path)!r} is a folder", hint="name a file, such as drift.html")
    if not path.parent.is_dir():
        raise UsageError(f"there is no folder {str(path.parent)!r}", hint="make it, or name another file")


def write_page(path: Path, report: DriftReport) -> None:
    """Write the report as a page of HTML. Raises as `write_whole`."""
    from mlmon.drift.page import page  # why here: few runs write one

    write_whole(path, page(report))


def write_whole(path: Path, text: str) -> None:
    """Write a file whole or not at all: who reads it meanwhile has the old one. Raises `Failure`."""
    partial = ""
    try:
        descriptor, partial = tempfile.mkstemp(prefix=f".{path.name[:50]}.", dir=path.parent)
        with open(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:  # noqa: PTH123 - a descriptor, not a path
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(partial).chmod(0o644)  # mkstemp makes it private; a report is shown to others
        Path(partial).replace(path)
    except OSError as error:
        raise Failure(f"{str(path)!r} cannot be written: {error.strerror or error}", hint="name another file") from None
    finally:
        if partial:
            Path(partial).unlink(missing_ok=True)
