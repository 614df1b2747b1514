"""The parts of the page, from the verdict to how it was computed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Final

from mlmon.drift.page import tables
from mlmon.drift.page.heat import heat_map
from mlmon.drift.page.marks import said, sign
from mlmon.drift.page.markup import Markup, element, joined
from mlmon.drift.page.shapes import shape
from mlmon.drift.page.timeline import key, timeline
from mlmon.drift.result import DriftReport, FeatureDrift, Histogram, Interval, Side
from mlmon.drift.wording import (
    EFFECTS,
    began,
    brief,
    counted,
    date_of,
    figure,
    headline,
    interval_name,
    judged_by,
    name_of,
    probability,
    range_of,
    sentences,
    share,
    unit_of,
    whole_number,
)

CELLS: Final = 2400
"""So many cells the map has at most: what moved most is in it, JSON has all."""
MOST_ROWS: Final = 60
MOST_FEATURES: Final = 100
MOST_SHAPES: Final = 30
MOST_INTERVALS: Final = 366
_LONGEST: Final = 120
_EFFECTS: Final = (
    "Effect: normalized Wasserstein distance of numbers, Jensen-Shannon distance of categories. "
    "Its bar is in units of the threshold, which is the upright line."
)
_TOGETHER: Final = "No feature is judged by itself, but all of them together, by the coefficient."


def section(name: str, title: str, why: str, *content: str) -> Markup:
    """A part with its heading, and a sentence that says how to read it."""
    heading = element("h2", title, id=f"{name}-title")
    explained = element("p", why, class_="why") if why else ""
    return element("section", heading, explained, *content, id=name, aria_labelledby=f"{name}-title")


def opening(report: DriftReport) -> Markup:
    """The verdict, in a sentence and in a few figures."""
    whole = report.whole
    title = element(
        "h1",
        sign(report.verdict),
        element("span", headline(report)),
    )
    over = element("p", "Drift report", *_sources(report), class_="over")
    lead = element("p", " ".join(sentences(report)), class_="lead")
    facts = element("dl", *(element("div", *each) for each in _facts(report)), class_="facts")
    return joined(over, title, lead, facts if whole.rows else "")


def _sources(report: DriftReport) -> Iterator[str]:
    for each in (report.service, report.collection, range_of(report.whole.between)):
        if each:
            yield f" · {name_of(each, longest=_LONGEST)}"


def _fact(name: str, value: str, note: str) -> tuple[Markup, ...]:
    return element("dt", name), element("dd", value), element("dd", note)


def _facts(report: DriftReport) -> Iterator[tuple[Markup, ...]]:
    whole, since = report.whole, began(report.intervals)
    if any(each.judged for each in whole.features):
        yield _fact("Features drifted", str(len(whole.drifted)), f"of {whole_number(len(whole.features))}")
    if whole.coefficient is not None:
        low, high = map(brief, whole.coefficient.band)
        yield _fact("Datadrift coefficient", brief(whole.coefficient.mcc), f"chance gives {low} to {high}")
        yield _fact("AUC", brief(whole.coefficient.auc), "chance gives 0.5")
    if since is not None:
        intervals = len(report.intervals) - report.intervals.index(since)
        yield _fact("Drifting since", interval_name(since), counted(intervals, unit_of(report.intervals)))
    compared = f"against {whole_number(report.baseline.rows)} of {name_of(report.baseline.name)}"
    yield _fact("Rows", whole_number(whole.rows), compared)


def over_time(intervals: Sequence[Interval], threshold: float | None, *, earlier: int) -> Markup:
    """The coefficient of each interval, or why there is none; `earlier` ones are not shown."""
    unit = unit_of(intervals)
    known = any(each.coefficient and math.isfinite(each.coefficient.value) for each in intervals)
    drawn = tables.over_time(intervals, unit)
    figures = tables.behind("The figures as a table", drawn, scrolls=True, is_open=not known)
    left_out = _left_out(earlier, f"earlier {unit}")
    if not known:
        why = "No classifier was asked, so there is no coefficient: these are the verdicts."
        return section("time", "Over time", why, figures, left_out)
    why = (
        "The datadrift coefficient says how well a classifier tells the target from the baseline: 0 is not at all, "
        "1 is always. What lies in the grey band is chance."
    )
    return section("time", "Over time", why, element("figure", timeline(intervals, threshold), figures), left_out)


def features(known: Sequence[FeatureDrift]) -> Markup:
    """What moved, and how much."""
    shown = known[:MOST_FEATURES]
    contributed = any(each.contribution is not None for each in known)
    why, caption = _EFFECTS, "Every feature with its verdict, what moved most first"
    if not any(each.judged for each in known):
        why, caption = _TOGETHER, "Every feature, what moved most first"
    if contributed:
        by_chance = any(each.contribution_within_chance for each in known)
        nothing = " It does so no better than chance, so there is none to show." if by_chance else ""
        why = f"Contribution: a feature's part in what the classifier tells both sides apart by.{nothing} {why}"
    table = tables.what_moved(shown, caption=caption)
    return section("features", "What moved", why, table, _left_out(len(known) - len(shown), "feature"))


def by_interval(known: Sequence[FeatureDrift], intervals: Sequence[Interval]) -> Markup:
    """The map of features and intervals."""
    unit = unit_of(intervals)
    room = min(MOST_ROWS, max(5, CELLS // len(intervals)))
    names = [each.feature for each in known[:room]]
    column = f"{'an' if unit == 'interval' else 'a'} {unit}"
    why = f"Each row is a feature, each column {column}; the warmer, the farther above its threshold."
    table = tables.by_interval(names, intervals, unit)
    figures = tables.behind("The effects as a table", table, scrolls=True)
    figure_ = element("figure", heat_map(names, intervals), figures)
    return section("map", f"Feature by {unit}", why, figure_, _left_out(len(known) - len(names), "feature"))


def shapes(known: Sequence[FeatureDrift]) -> Markup:
    """Baseline and target of each feature."""
    drawn = [each for each in known if each.histogram is not None]
    shown = drawn[:MOST_SHAPES]
    why = "How the values are distributed in the baseline and in the target, what moved most first."
    cards = element("div", *map(_card, shown), class_="cards")
    entries = [
        (_sample("base", "base-line"), "baseline"),
        (_sample("here", "here-line"), "target"),
    ]
    left_out = _left_out(len(drawn) - len(shown), "feature")
    return section("shapes", "Baseline and target", why, key(entries), cards, left_out)


def _sample(area: str, line: str) -> Markup:
    back = element("rect", width=22, height=12, class_=area)
    return element("svg", back, element("path", d="M0 1h22", class_=line), aria_hidden="true")


def _card(feature: FeatureDrift) -> Markup:
    name = name_of(feature.feature, longest=_LONGEST)
    signed = joined(sign(feature.verdict), " ") if feature.judged else ""
    head = element("h3", signed, element("bdi", name))
    told = element("p", _told(feature)) if feature.judged else ""
    histogram = feature.histogram or Histogram((), ())
    drawn = shape(histogram, f"{name}: baseline and target. {_in_words(feature)}")
    figures = tables.behind("All figures", joined(tables.metrics(feature), tables.profiles(feature), _bins(histogram)))
    return element("article", head, told, drawn, figures)


def _told(feature: FeatureDrift) -> str:
    """The verdict, and what it rests on."""
    if feature.effect is None:
        return feature.verdict.value
    effect = f"{EFFECTS.get(feature.effect_metric, 'effect')} {brief(feature.effect)}"
    p_value = probability(feature.p_value)
    p_value = f"p {p_value}" if p_value.startswith("<") else f"p = {p_value}"
    return f"{feature.verdict.value}: {effect}, threshold {brief(feature.threshold)}, {p_value}"


def _in_words(feature: FeatureDrift) -> str:
    before, after = feature.baseline, feature.target
    if before and after and before.mean is not None and after.mean is not None:
        return f"Mean {figure(before.mean)} before, {figure(after.mean)} now."
    return "The figures follow."


def _bins(histogram: Histogram) -> Markup:
    if histogram.labels:
        return Markup()  # they stand in the drawing in words
    starts = [figure(edge) for edge in histogram.edges[: len(histogram.baseline)]]
    shares = zip(starts, histogram.baseline, histogram.target, strict=False)
    rows = [tables.row(start, share(before), share(now)) for start, before, now in shares]
    return tables.table(["From", "Baseline", "Target"], rows, caption="Shares of the values in each bin")


def quality(known: Sequence[FeatureDrift]) -> Markup:
    """What could not be used."""
    flawed = [each for each in known if tables.flawed(each)]
    shown = flawed[:MOST_FEATURES]
    sound = len(known) - len(flawed)
    if not flawed:
        why = "No value is missing, of another type or outside what the baseline has."
        return section("quality", "Data quality", why)
    why = "Values that are missing, of another type, or outside what the baseline has."
    if sound:
        why += f" {counted(sound, 'feature')} {'has' if sound == 1 else 'have'} none of these."
    table = element(
        "div", tables.quality(shown), class_="scroll", role="region", aria_label="Data quality by feature", tabindex="0"
    )
    return section("quality", "Data quality", why, table, _left_out(len(flawed) - len(shown), "feature"))


def method(report: DriftReport) -> Markup:
    """How it was computed, so that it can be done again."""
    entries = element("dl", *(element(*each) for each in _entries(report)), class_="how")
    return section("method", "How it was computed", "", entries)


def _entries(report: DriftReport) -> Iterator[tuple[str, str]]:
    known = report.method
    told: list[tuple[str, str]] = [
        ("Baseline", _side(report.baseline)),
        ("Target", _side(report.target)),
        *_judging(report),
        ("Thresholds", _thresholds(report)),
        ("Seed", str(known.seed)),
        ("Engine", name_of(known.engine, longest=_LONGEST)),
        ("Formulas", name_of(known.compat, longest=_LONGEST) if known.compat else "mlmon's own"),
        ("Version", f"mlmon {name_of(known.version)}" if known.version else "mlmon"),
    ]
    for name, value in told:
        yield from (("dt", name), ("dd", value))
    if known.notes:
        notes = element("ul", *(element("li", name_of(note, longest=400)) for note in known.notes))
        yield from (("dt", "Notes"), ("dd", notes))


def _judging(report: DriftReport) -> list[tuple[str, str]]:
    """Azure's formulas know nothing of chance."""
    known = report.method
    if known.compat:
        return [("Drift is judged", judged_by(report))]
    return [
        ("Drift means", "a difference that is more than chance, and an effect above the threshold"),
        ("False alarms", f"at most {share(known.alpha)} of the runs (alpha {figure(known.alpha)}), over all features"),
        ("Correction", f"{name_of(known.correction)}, over the tests of an interval"),
    ]


def _side(side: Side) -> str:
    between = range_of(side.between)
    named = name_of(side.name, longest=_LONGEST)
    return f"{named}, {counted(side.rows, 'row')}{', ' if between else ''}{between}"


def _thresholds(report: DriftReport) -> str:
    """The one that most features have, and those that have another."""
    known = report.method.thresholds if any(each.judged for each in report.whole.features) else {}
    usual = max(set(known.values()), key=list(known.values()).count, default=None)
    said_ = [] if usual is None else [f"{figure(usual)} for the effect"]
    said_ += [f"{figure(value)} for {name_of(name)}" for name, value in known.items() if value != usual][:20]
    if report.method.coefficient_threshold is not None:
        said_.append(f"{figure(report.method.coefficient_threshold)} for the coefficient")
    return "; ".join(said_) or "none"


def closing(report: DriftReport) -> Markup:
    """Where the page comes from."""
    made = f"{date_of(report.made)}, {report.made:%H:%M} UTC"
    return element("footer", element("p", f"Made by mlmon on {made}. ", said(report.verdict)))


def _left_out(count: int, noun: str) -> str:
    return element("p", f"{counted(count, noun)} in the JSON document alone.", class_="why") if count > 0 else ""
