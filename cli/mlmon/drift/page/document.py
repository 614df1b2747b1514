"""The whole page."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256

from mlmon.drift.page import sections
from mlmon.drift.page.marks import drawings
from mlmon.drift.page.markup import Markup, element
from mlmon.drift.page.style import style
from mlmon.drift.result import DriftReport
from mlmon.drift.wording import headline, name_of, ordered, unit_of


def page(report: DriftReport) -> str:
    """The report as one HTML document, to be written as UTF-8.

    It needs no script and fetches nothing, and its policy allows neither. Of very many features or intervals it shows
    those that moved most and the newest, and says so.
    """
    parts = dict(_parts(report))
    opening = sections.opening(report)
    top = element("header", opening, _contents(parts))
    main = element("main", *parts.values())
    body = element("body", drawings(), top, main, sections.closing(report))
    return f"<!doctype html>\n{element('html', _head(report), body, lang='en')}\n"


def _parts(report: DriftReport) -> Iterator[tuple[str, Markup]]:
    features = ordered(report.whole.features)
    intervals = report.intervals[-sections.MOST_INTERVALS :]
    if intervals:
        earlier = len(report.intervals) - len(intervals)
        yield "Over time", sections.over_time(intervals, report.method.coefficient_threshold, earlier=earlier)
    if features:
        yield "What moved", sections.features(features)
    if intervals and any(each.judged for each in features):
        yield f"Feature by {unit_of(intervals)}", sections.by_interval(features, intervals)
    if any(each.histogram for each in features):
        yield "Baseline and target", sections.shapes(features)
    if features:
        yield "Data quality", sections.quality(features)
    yield "How it was computed", sections.method(report)


def _contents(parts: dict[str, Markup]) -> Markup:
    """Links to the parts, by keyboard as by pointer."""
    links = (element("li", element("a", title, href=f"#{_anchor(title)}")) for title in parts)
    return element("nav", element("ul", *links), aria_label="Parts of this report")


def _anchor(title: str) -> str:
    known = {
        "Over time": "time",
        "What moved": "features",
        "Baseline and target": "shapes",
        "Data quality": "quality",
        "How it was computed": "method",
    }
    return known.get(title, "map")


def _head(report: DriftReport) -> Markup:
    sheet = style(min(len(report.intervals), sections.MOST_INTERVALS))
    digest = b64encode(sha256(sheet.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    about = f"{name_of(report.service)}: " if report.service else ""
    return element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", name="referrer", content="no-referrer"),
        element("title", f"{about}{headline(report)}"),
        element("style", Markup(sheet)),
    )
