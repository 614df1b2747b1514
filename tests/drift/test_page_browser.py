"""The page in a browser: nothing is fetched or complained of, axe finds nothing, and it fits and works by keyboard."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from drift import reports
from drift.browser import Chromium, chromium
from mlmon.drift.page import page
from mlmon.drift.result import DriftReport, Verdict

PAGES = {
    "90 days": reports.report,
    "hostile": reports.hostile,
    "two files": reports.without_days,
    **{verdict.value: lambda verdict=verdict: reports.of_verdict(verdict) for verdict in Verdict},
}

Write = Callable[[DriftReport], Path]


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    with chromium(tmp_path_factory.mktemp("profile")) as running:
        yield running


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(report: DriftReport) -> Path:
        path = tmp_path / "drift.html"
        path.write_text(page(report), encoding="utf-8")
        return path

    return written


@pytest.mark.parametrize(
    ("name", "scheme"), [*((name, "light") for name in PAGES), ("schema changed", "dark"), ("drift", "dark")]
)
def test_the_page_fetches_nothing_and_axe_finds_nothing(
    browser: Chromium, write: Write, name: str, scheme: str
) -> None:
    path = write(PAGES[name]())

    browser.open(path, width=1200, dark=scheme == "dark")

    browser.run("document.querySelectorAll('details').forEach(each => { each.open = true })")
    assert browser.axe() == []
    assert browser.fetched == [path.as_uri()]
    assert browser.complaints == []


@pytest.mark.parametrize("width", [400, 1200])
@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_wider_than_the_window(browser: Chromium, write: Write, name: str, width: int) -> None:
    browser.open(write(PAGES[name]()), width=width, dark=False)
    browser.run("document.querySelectorAll('details').forEach(each => { each.open = true })")

    assert browser.run("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0


def test_the_sheet_is_applied_and_dark_where_dark_is_wanted(browser: Chromium, write: Write) -> None:
    path = write(reports.small())
    found = []
    for dark in (False, True):
        browser.open(path, width=1200, dark=dark)
        found.append(browser.run("getComputedStyle(document.body).backgroundColor"))

    assert found == ["rgb(255, 255, 255)", "rgb(20, 24, 30)"]


def test_a_hostile_name_is_read_as_it_is_and_runs_nothing(browser: Chromium, write: Write) -> None:
    browser.open(write(reports.hostile()), width=1200, dark=False)

    names = browser.run("[...document.querySelectorAll('article h3')].map(each => each.textContent.trim())")

    assert "</style><script>alert(1)</script>" in names
    assert "]]></svg><svg onload=alert(1)>" in names
    assert browser.run("document.scripts.length + document.images.length") == 0
    assert not [told for told in browser.events if told.get("method") == "Page.javascriptDialogOpening"]


def test_the_page_can_be_used_by_keyboard_alone(browser: Chromium, write: Write) -> None:
    browser.open(write(reports.small()), width=1200, dark=False)
    focused = "document.activeElement.textContent.trim().slice(0, 30) || document.activeElement.tagName"

    reached = []
    for _ in range(8):
        browser.press("Tab")
        reached.append(browser.run(focused))
    assert reached[:7] == [
        "Over time",
        "What moved",
        "Feature by day",
        "Baseline and target",
        "Data quality",
        "How it was computed",
        "The figures as a table",
    ]

    browser.run("document.querySelector('#time summary').focus()")
    browser.press("Enter")

    assert browser.run("document.querySelector('#time details').open") is True


def test_a_map_that_is_wider_than_the_window_shows_the_newest_days(browser: Chromium, write: Write) -> None:
    browser.open(write(reports.report()), width=400, dark=False)

    hidden = browser.run(
        "(box => { const cells = box.firstChild.getBoundingClientRect(), seen = box.getBoundingClientRect();"
        " return [seen.left - cells.left > 300, Math.abs(cells.right - seen.right) < 5] })"
        "(document.querySelector('.map .scroll'))"
    )

    assert hidden == [True, True]


def test_on_paper_it_is_light_and_shows_all_of_the_map(browser: Chromium, write: Write) -> None:
    browser.open(write(reports.report()), width=700, dark=True)
    browser.ask("Emulation.setEmulatedMedia", media="print")
    try:
        assert browser.run("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        assert browser.run("getComputedStyle(document.querySelector('nav')).display") == "none"
        assert browser.run("(box => box.scrollWidth - box.clientWidth)(document.querySelector('.map .scroll'))") <= 4
    finally:
        browser.ask("Emulation.setEmulatedMedia", media="")
