"""The page of a drift report: what it says, that nothing in it acts, how large it is, and what can be read of it."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from html.parser import HTMLParser
from itertools import pairwise
from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from drift import reports
from mlmon.drift.page import page
from mlmon.drift.page.style import style
from mlmon.drift.result import DriftReport, FeatureDrift, Verdict
from mlmon.output.controls import HIDDEN

_LARGEST: Final = 300_000
_HEADLINES: Final = {
    Verdict.DRIFT: "3 of 4 features have drifted",
    Verdict.NO_DRIFT: "No drift in 4 features",
    Verdict.NOT_ENOUGH_DATA: "Not enough data to tell",
    Verdict.NO_DATA: "No data to compare",
    Verdict.STALE: "The data have stopped coming",
    Verdict.SCHEMA_CHANGED: "The schema has changed in 2 features",
}
_VOID: Final = frozenset({"meta", "br", "wbr"})


@dataclass(frozen=True, slots=True)
class Element:
    name: str
    attributes: Mapping[str, str | None]
    words: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())


class Reader(HTMLParser):
    """The elements of a page in order, each with all the text in it. End tags that HTML lets out are put in."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[Element] = []
        self.open: list[Element] = []
        self.others: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for ended in {"td": ("td", "th"), "th": ("td", "th"), "tr": ("td", "th", "tr")}.get(tag, ()):
            if self.open[-1].name == ended:
                self.open.pop()
        element = Element(tag, dict(attrs))
        assert len(element.attributes) == len(attrs), f"an attribute twice: {attrs}"
        self.elements.append(element)
        if tag not in _VOID:
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(Element(tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        while self.open[-1].name in {"td", "th", "tr"} and self.open[-1].name != tag:
            self.open.pop()
        assert self.open.pop().name == tag

    def handle_data(self, data: str) -> None:
        for element in self.open:
            element.words.append(data)

    def handle_comment(self, data: str) -> None:
        self.others.append(data)

    def unknown_decl(self, data: str) -> None:
        self.others.append(data)

    def handle_pi(self, data: str) -> None:
        self.others.append(data)


def read(report: DriftReport) -> list[Element]:
    reader = Reader()
    reader.feed(page(report))
    reader.close()
    assert not reader.open
    assert not reader.others, "a comment, a declaration or a processing instruction"
    return reader.elements


def named(elements: Sequence[Element], name: str) -> list[Element]:
    return [each for each in elements if each.name == name]


def all_reports() -> Iterator[DriftReport]:
    yield from reports.every_verdict().values()
    yield reports.report()
    yield reports.without_days()
    yield reports.hostile()


@pytest.mark.parametrize("verdict", Verdict)
def test_the_verdict_is_a_sentence_and_comes_first(verdict: Verdict) -> None:
    elements = read(reports.of_verdict(verdict))

    (headline,) = named(elements, "h1")

    assert headline.text == _HEADLINES[verdict]
    assert named(elements, "title")[0].text == f"churn/blue: {_HEADLINES[verdict]}"
    assert elements.index(headline) < elements.index(named(elements, "nav")[0])


def test_what_drifted_and_how_much_is_said_in_words() -> None:
    lead = next(each for each in read(reports.report()) if each.attributes.get("class") == "lead")

    assert lead.text == (
        "income has moved most: by 0.85 standard deviations of the baseline (threshold 0.1). debt_to_income, country "
        "and tenure_months have drifted too. It has lasted since 2 Mar 2026. A classifier tells the target from the "
        "baseline with an AUC of 0.9 (0.5 is chance)."
    )


def test_the_parts_stand_in_the_order_in_which_they_are_asked_for() -> None:
    elements = read(reports.report())

    assert [each.text for each in named(elements, "h2")] == [
        "Over time",
        "What moved",
        "Feature by day",
        "Baseline and target",
        "Data quality",
        "How it was computed",
    ]
    assert [each.text for each in named(elements, "h3")][:4] == ["income", "debt_to_income", "country", "tenure_months"]


def test_without_days_and_without_a_classifier_there_are_no_such_parts() -> None:
    elements = read(reports.without_days())

    assert [each.text for each in named(elements, "h2")] == [
        "What moved",
        "Baseline and target",
        "Data quality",
        "How it was computed",
    ]
    assert "Contribution" not in [each.text for each in named(elements, "th")]
    assert "Without scikit-learn there is no coefficient" in named(elements, "main")[0].text


def test_contributions_to_what_is_chance_are_said_to_be_that() -> None:
    written = page(reports.by_chance())
    assert "It does so no better than chance, so there is none to show." in written
    assert written.count('<span class="nil">chance</span>') == len(reports.by_chance().whole.features)


def test_where_the_whole_is_judged_alone_no_feature_has_a_verdict() -> None:
    elements = read(reports.judged_together())

    assert named(elements, "h1")[0].text == "The features have drifted, taken together"
    assert [each.text for each in named(elements, "h2")] == [
        "Over time",
        "What moved",
        "Baseline and target",
        "Data quality",
        "How it was computed",
    ]
    what = next(each for each in elements if each.attributes.get("id") == "features")
    assert what.text == (
        "What movedContribution: a feature's part in what the classifier tells both sides apart by. "
        "No feature is judged by itself, but all of them together, by the coefficient."
        "Every feature, what moved most firstFeatureContributionincome72 %debt_to_income20 %country7.8 %age0 %"
    )
    assert [each.text for each in named(elements, "dt")][:4] == [
        "Datadrift coefficient",
        "AUC",
        "Drifting since",
        "Rows",
    ]
    heads = [each.text for each in named(elements, "h3")]
    assert heads == ["income", "debt_to_income", "country", "age"]
    assert all("no drift" not in each.text for each in named(elements, "article"))
    (how,) = [each for each in named(elements, "dl") if each.attributes.get("class") == "how"]
    assert how.text == (
        "Baselinetraining.csv, 48 000 rowsTargetchurn/blue, 5 924 rows, 1 Jan 2026 to 5 Jan 2026"
        "Drift is judgedas azure-v1 does, by the coefficient alone, be it chance or not"
        "Thresholds0.2 for the coefficientSeed33EnginenumpyFormulasazure-v1Versionmlmon 0.1.0"
        "NotesThe classifier has seen 10 000 rows a day, drawn by the hash of the row."
    )


def test_how_it_was_computed_is_there_to_be_done_again() -> None:
    elements = read(reports.report())
    (how,) = [each for each in named(elements, "dl") if each.attributes.get("class") == "how"]

    for words in ("Holm", "Seed33", "alpha 0.0111", "mlmon 0.1.0", "0.2 for age", "numpy", "training.csv, 48 000 rows"):
        assert words in how.text


def test_every_drawing_says_what_it_is_or_is_left_out_of_reading() -> None:
    for report in all_reports():
        for each in read(report):
            if each.name == "svg" and "viewBox".lower() not in each.attributes and "overflow" not in each.attributes:
                assert each.attributes.get("aria-hidden") == "true" or each.attributes["aria-label"]


def test_behind_each_chart_is_a_table_with_its_figures() -> None:
    elements = read(reports.small())
    captions = {each.text for each in named(elements, "caption")}
    rows = [each.text for each in named(elements, "tr")]

    assert {
        "The coefficient of every day",
        "The effect of every feature in every day; ◆ is drift",
        "Every feature with its verdict, what moved most first",
        "Shares of the values in each bin",
        "Data quality of every feature",
    } <= captions
    assert "4 Jan 2026drift1 33720.189−0.054 to 0.0540.5950.002" in rows


def test_headings_go_down_one_step_at_a_time_and_every_link_leads_somewhere() -> None:
    for report in all_reports():
        elements = read(report)
        levels = [int(each.name[1]) for each in elements if re.fullmatch("h[1-6]", each.name)]
        ids = [each.attributes["id"] for each in elements if "id" in each.attributes]
        links = [each.attributes["href"] or "" for each in elements if "href" in each.attributes]

        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(after <= before + 1 for before, after in pairwise(levels))
        assert len(ids) == len(set(ids))
        assert links
        assert all(link.startswith("#") and link[1:] in ids for link in links)


def test_nothing_in_the_page_acts_and_nothing_is_fetched() -> None:
    for report in all_reports():
        elements = read(report)
        names = {name for each in elements for name in each.attributes}
        (sheet,) = named(elements, "style")

        assert not {each.name for each in elements} & {"script", "img", "iframe", "object", "embed", "link", "base"}
        assert not [name for name in names if name.startswith("on") or name in {"src", "style", "srcdoc", "action"}]
        assert "url(" not in sheet.text
        assert "@import" not in sheet.text


def test_the_policy_allows_this_style_sheet_and_nothing_else() -> None:
    elements = read(reports.small())
    (policy,) = [each for each in named(elements, "meta") if each.attributes.get("http-equiv")]
    digest = b64encode(sha256(style(5).encode()).digest()).decode()

    assert "".join(named(elements, "style")[0].words) == style(5)
    assert policy.attributes["http-equiv"] == "Content-Security-Policy"
    assert policy.attributes["content"] == (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )


def test_hostile_names_are_shown_as_text() -> None:
    written = page(reports.hostile())
    elements = read(reports.hostile())
    titles = [each.text for each in named(elements, "h3")]

    assert not re.search(f"[{HIDDEN}\ufffe\uffff]", written.replace("\n", ""))
    assert written.encode("utf-8").decode("utf-8") == written
    assert "</style><script>alert(1)</script>" in titles
    assert "]]></svg><svg onload=alert(1)>" in titles
    assert '" onmouseover="alert(1)" \'' in titles
    assert "&amp;&#60;&lt;b&gt;" in titles
    assert r"right\u202eto\u2066left\u200f" in titles
    assert r"nul\x00bell\x07escape\x1b[31m\x9bdelete\x7f" in titles
    assert r"lone \ud800 surrogate \ufffe\uffff" in titles
    assert titles.count("(blank)") == 2
    assert max(map(len, titles)) == 121


_CALM: Final = [f"f{at}" for at in range(4)]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.text(alphabet=st.characters(codec=None), min_size=1, max_size=12)
        | st.sampled_from([name for name in reports.HOSTILE if name]),
        min_size=4,
        max_size=4,
        unique=True,
    )
)
def test_whatever_names_are_the_elements_stay_the_same(names: list[str]) -> None:
    """A name can only ever become text: no name adds, drops or changes an element or an attribute."""

    def skeleton(known: Sequence[str]) -> list[tuple[str, tuple[str, ...]]]:
        elements = read(reports.with_names(reports.small(), known))
        return [(each.name, tuple(each.attributes)) for each in elements if each.name != "wbr"]

    assert skeleton(names) == skeleton(_CALM)


def test_ninety_days_of_twenty_features_are_less_than_300_kb() -> None:
    assert len(page(reports.report()).encode()) < 200_000
    assert len(page(_all_drifted(reports.report())).encode()) < _LARGEST


def _all_drifted(known: DriftReport) -> DriftReport:
    """The report that has most to show: every feature has drifted on every day."""

    def drifted(features: tuple[FeatureDrift, ...]) -> tuple[FeatureDrift, ...]:
        return tuple(replace(each, verdict=Verdict.DRIFT, effect=0.4567, p_value=0.0001234) for each in features)

    full = known.intervals[0]
    intervals = tuple(
        replace(full, between=each.between, verdict=Verdict.DRIFT, features=drifted(full.features))
        for each in known.intervals
    )
    return replace(known, whole=replace(known.whole, features=drifted(known.whole.features)), intervals=intervals)


def test_of_a_thousand_features_those_that_moved_most_are_shown_and_the_others_counted() -> None:
    written = page(reports.report(days=3, features=1000))

    assert len(written.encode()) < _LARGEST
    for shown in (100, 60, 30):  # in the table, in the map, as drawings
        assert f"{1000 - shown} features in the JSON document alone." in written


def test_of_very_many_days_the_newest_are_shown_and_the_others_counted() -> None:
    written = page(reports.report(days=400, features=2))

    assert len(written.encode()) < _LARGEST
    assert "34 earlier days in the JSON document alone." in written
    assert '<th scope="row">4 Feb 2026<' in written
    assert '<th scope="row">3 Feb 2026<' not in written


def test_a_chart_marks_drift_by_its_shape_too() -> None:
    elements = read(reports.small())
    dots = next(each for each in named(elements, "path") if each.attributes.get("class") == "dot")
    points = [each for each in named(elements, "circle") if (each.attributes["cx"] or "").endswith("%")]
    drifted = sum(len(each.drifted) for each in reports.small().intervals)

    assert (dots.attributes["d"] or "").count("M") == drifted > 0
    assert len(points) == 2  # days without drift; the other three have diamonds
    assert "4 Jan 2026, drift: income 0.23 and debt_to_income 0.12" in [each.text for each in named(elements, "title")]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_and_signs_stand_out_from_what_is_behind_them(scheme: str) -> None:
    sheet = style(1)
    colours = dict(re.findall(r"--([\w-]+):(#[0-9a-f]{3,6})", sheet.split("@media")[0 if scheme == "light" else 1]))

    for text in ("ink", "soft", "here", "alarm", "calm", "odd", "limit"):
        assert contrast(colours[text], colours["paper"]) >= 4.5, text
    assert contrast(colours["soft"], colours["raised"]) >= 4.5
    for mark in ("base", "here", "alarm", "limit"):
        assert contrast(colours[mark], colours["paper"]) >= 2.9, mark
    for level in ("h2", "h3", "h4"):
        assert contrast(colours["dot"], colours[level]) >= 3, level


def contrast(one: str, other: str) -> float:
    """As WCAG 2.2 has it."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * each for each in colour[1:])
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
