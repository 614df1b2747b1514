"""A drift report on a terminal: the verdict in words, what moved most first, and the coefficient over time."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Final

from mlmon.core.errors import ExitCode
from mlmon.core.timerange import TimeRange
from mlmon.drift.document import document
from mlmon.drift.result import DriftReport, FeatureDrift, Histogram, Interval
from mlmon.drift.wording import (
    brief,
    counted,
    headline,
    judged_by,
    name_of,
    ordered,
    probability,
    range_of,
    sentences,
    share,
    unit_of,
)
from mlmon.output.results import Faces, Field, Format, Page, Record, Row, Rows, Series, TimeChart

SPARK: Final = 12
"""So many cells a histogram takes at most."""
_NAMED: Final = 4
"""So many features are named of intervals one after the other."""
_LEVELS: Final = "▁▂▃▄▅▆▇█"
_PLAIN_LEVELS: Final = "_.,-=+*#"
_ASCII: Final = str.maketrans(
    {"\N{EN DASH}": "-", "\N{MINUS SIGN}": "-", "\N{NARROW NO-BREAK SPACE}": " ", "∞": "inf", "…": "..."}
)
_SHAPES: Final = Field("histogram")
"""In Markdown, where nothing is nested."""
_HEAD: Final = (
    Field("verdict"),
    Field("summary", prose=True),
    Field("compared", prose=True),
    Field("coefficient", "datadrift coefficient", prose=True),
    Field("judged", prose=True),
)
_TABLE: Final = (
    Field("feature"),
    Field("kind", "type", whole=True, optional=True),
    Field("verdict", whole=True),
    Field("contribution", kind="number", whole=True),
    Field("effect", kind="number", whole=True),
    Field("threshold", kind="number", whole=True, optional=True),
    Field("p", "p-value", kind="number", whole=True, optional=True),
    Field("histograms", "baseline and target", whole=True, optional=True, dear=True),
)


def faces(report: DriftReport, *, plain: bool, exit_code: ExitCode = ExitCode.DONE) -> Faces:
    """The report for people and for programs. `plain` keeps drawings to ASCII."""
    machines = document(report, exit_code=exit_code)
    rows = _drawn_in_markdown(machines.rows, report.whole.features) if machines.rows else None
    return Faces(page(report, plain=plain), replace(machines, rows=rows), exit_code)


def _drawn_in_markdown(rows: Rows, features: Iterable[FeatureDrift]) -> Rows:
    """The same rows. Markdown is read by people: its shapes are drawn, and what else is nested is left to JSON."""
    drawings = [_in_markdown(each.histogram) for each in ordered(features)]

    def written(format: Format) -> Iterator[str] | None:  # noqa: A002 - the option's name
        if format is not Format.MD:
            return None
        from mlmon.output.render import markdown  # why here: few runs write it

        drawn = ({**row, _SHAPES.key: one} for row, one in zip(rows.rows, drawings, strict=True))
        return markdown((*(each for each in rows.fields if each.kind != "json"), _SHAPES), drawn)

    return replace(rows, written=written)


def page(report: DriftReport, *, plain: bool) -> Page:
    """What people see."""
    parts: list[Record | Rows | TimeChart] = [_head(report, plain=plain)]
    if report.whole.features:
        parts.append(_table(report, plain=plain))
    if len(report.intervals) > 1:
        parts.append(_over_time(report.intervals))
    parts.extend(_charts(report))
    return Page(tuple(parts))


def spark(shares: Sequence[float], most: float, *, plain: bool) -> str:
    """A histogram in a cell for each bin, or for several where there are more bins than cells.

    Whatever is above 0 is at least the lowest block; nothing at all is a blank.
    """
    each = max(1, math.ceil(len(shares) / SPARK))
    cells = [_most(shares[at : at + each]) for at in range(0, len(shares), each)]
    levels = _PLAIN_LEVELS if plain else _LEVELS
    return "".join(_level(value, most, levels) for value in cells)


def _level(value: float, most: float, levels: str) -> str:
    if not (value > 0 and most > 0):
        return " "
    return levels[min(len(levels) - 1, int(value / most * len(levels)))]


def _most(shares: Sequence[float]) -> float:
    return max((value for value in shares if math.isfinite(value)), default=0.0)


def _head(report: DriftReport, *, plain: bool) -> Record:
    values: dict[str, str] = {
        "verdict": report.verdict.value,
        "summary": " ".join([f"{headline(report)}.", *sentences(report)]),
        "compared": compared(report),
    }
    if report.whole.rows:
        values["judged"] = judged_by(report)
    known = report.whole.coefficient
    if known is not None:
        low, high = map(brief, known.band)
        chance = "no more than chance, which gives" if known.within_chance else "chance gives"
        values["coefficient"] = f"{brief(known.mcc)} ({chance} {low} to {high}), AUC {brief(known.auc)}"
    fields = tuple(field for field in _HEAD if field.key in values)
    return Record(fields, {key: written(value, plain=plain) for key, value in values.items()})


def written(text: str, *, plain: bool) -> str:
    """Figures with the signs that ASCII has, where there is no more than that."""
    return text.translate(_ASCII) if plain else text


def compared(report: DriftReport) -> str:
    """Which data were compared with which, and how many rows both have."""
    between = range_of(report.target.between)
    target = f"{name_of(report.target.name)}{' of ' if between else ''}{between}"
    baseline = f"{name_of(report.baseline.name)} ({counted(report.baseline.rows, 'row')})"
    return f"{target} ({counted(report.whole.rows, 'row')}) with {baseline}"


def _table(report: DriftReport, *, plain: bool) -> Rows:
    features = ordered(report.whole.features)
    without = {"contribution", "effect", "threshold", "p"} - {key for one in features for key in _figures(one)}
    if not any(each.judged for each in features):
        without.add("verdict")  # "no drift" would say that they were
    fields = tuple(field for field in _TABLE if field.key not in without)
    return Rows(fields, [_row(each, plain=plain) for each in features])


def _figures(feature: FeatureDrift) -> set[str]:
    """The columns in which a feature has a figure; one that is kept for programs alone counts too."""
    values = {
        "contribution": feature.contribution,
        "effect": feature.effect,
        "threshold": feature.threshold,
        "p": feature.p_value,
    }
    return {key for key, value in values.items() if value is not None}


def _row(feature: FeatureDrift, *, plain: bool) -> Row:
    figures = {
        "contribution": share(feature.contributed),
        "effect": brief(feature.effect),
        "threshold": brief(feature.threshold),
        "p": probability(feature.p_value),
    }
    return {
        "feature": name_of(feature.feature),
        "kind": feature.known_kind,
        "verdict": feature.verdict.value,
        "histograms": _sparks(feature.histogram, plain=plain),
        **{name: written(value, plain=plain) for name, value in figures.items()},
    }


def _sparks(histogram: Histogram | None, *, plain: bool) -> str:
    """Both sides, one below the other in all rows."""
    if histogram is None:
        return ""
    before, now = _sides(histogram, plain=plain)
    return f"{before:{SPARK}}  {now:{SPARK}}"


def _in_markdown(histogram: Histogram | None) -> str:
    """Both sides in blocks, whatever the terminal has: it is read elsewhere, where ordinary blanks run together."""
    if histogram is None:
        return ""
    before, now = (each.replace(" ", "\N{FIGURE SPACE}") for each in _sides(histogram, plain=False))
    return f"{before} → {now}"


def _sides(histogram: Histogram, *, plain: bool) -> tuple[str, str]:
    """Both sides on one scale, so that they can be compared."""
    most = max(_most(histogram.baseline), _most(histogram.target))
    return spark(histogram.baseline, most, plain=plain), spark(histogram.target, most, plain=plain)


def _over_time(intervals: Sequence[Interval]) -> Rows:
    """The verdicts of the intervals, one row for those with the same one after the other."""
    unit = unit_of(intervals)
    fields = (
        Field("when", unit),
        Field("count", f"{unit}s", kind="number", whole=True, optional=True),
        Field("rows", kind="number", whole=True, optional=True),
        Field("verdict", whole=True),
        Field("drifted"),
    )
    return Rows(fields, [_run(list(run)) for _, run in groupby(intervals, key=lambda each: each.verdict)])


def _run(run: Sequence[Interval]) -> Row:
    first, last = run[0], run[-1]
    between = TimeRange(first.between.start, last.between.end) if first.between and last.between else None
    drifted = Counter(name_of(each.feature) for one in run for each in ordered(one.drifted))
    names = [name for name, _ in drifted.most_common()]
    more = [f"{len(names) - _NAMED} more"] if len(names) > _NAMED else []
    return {
        "when": range_of(between),
        "count": len(run),
        "rows": sum(each.rows for each in run),
        "verdict": first.verdict.value,
        "drifted": ", ".join([*names[:_NAMED], *more]),
    }


def _charts(report: DriftReport) -> Iterator[TimeChart]:
    """The coefficient over time, with the threshold."""
    known = [each for each in report.intervals if each.between is not None]
    if not any(each.coefficient for each in known):
        return
    threshold = report.method.coefficient_threshold
    series = [Series("coefficient", tuple(map(_value, known)))]
    if threshold is not None:
        series.append(Series("threshold", (threshold,) * len(known)))
    times = tuple(each.between.start for each in known if each.between is not None)
    yield TimeChart(f"datadrift coefficient by {unit_of(known)}", times, tuple(series))


def _value(interval: Interval) -> float | None:
    return interval.coefficient.value if interval.coefficient else None
