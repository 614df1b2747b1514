"""The text of a container log: its status apart, its lines as they were written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlmon.core.model import LogSnapshot
from mlmon.monitoring.logtext import snapshot

STATUS = """\
Instance status:
SystemSetup: Succeeded
UserContainerImagePull: Succeeded
ModelDownload: Succeeded
UserContainerStart: InProgress

Container events:
Kind: Pod, Name: Pulling, Type: Normal, Time: 20220519-03:11:59.750675, Message: Start pulling container image
Kind: Pod, Name: Probe, Type: Warning, Time: 2024-09-18T04:37:30.13373Z, Message: Liveness probe failed: 502"""


def test_the_status_block_is_no_part_of_the_log() -> None:
    text = f"{STATUS}\n\nContainer logs:\n+ ./mir-imagefetcher\nscored 1 row  \t \nscored 2 rows\t\n"
    assert snapshot(text, lines=10) == LogSnapshot(
        ("+ ./mir-imagefetcher", "scored 1 row  \t ", "scored 2 rows\t"), status=f"{STATUS}\n\nContainer logs:"
    )
    assert snapshot(text, lines=2).lines == ("scored 1 row  \t ", "scored 2 rows\t")
    assert snapshot(text, lines=0).lines == ()


@pytest.mark.parametrize("text", [STATUS, f"{STATUS}\n\n", f"{STATUS}\n\nContainer logs:\n", f"\n\n{STATUS}"])
def test_a_container_that_is_not_up_has_a_status_and_no_log(text: str) -> None:
    found = snapshot(text, lines=10**9)
    assert found.lines == ()
    assert found.status.startswith("Instance status:\nSystemSetup: Succeeded\n")


def test_a_status_without_the_log_s_heading_ends_where_its_words_do() -> None:
    found = snapshot(f"{STATUS}\n2026-01-01 scored\nSystemSetup: Succeeded\n", lines=10)
    assert (found.lines, found.status) == (("2026-01-01 scored", "SystemSetup: Succeeded"), STATUS)


def test_a_script_that_prints_the_heading_again_keeps_its_line() -> None:
    found = snapshot(f"{STATUS}\n\nContainer logs:\nContainer logs:\nInstance status:\nmine\n", lines=10)
    assert found.lines == ("Container logs:", "Instance status:", "mine")


@pytest.mark.parametrize(
    "sentence",
    [
        "The container is not running yet, so there are no logs to show.",
        "Deployment blue has no replica that is ready",
        "Unable to read logs: the container has not been started.",
    ],
)
def test_a_sentence_in_place_of_a_log_is_status(sentence: str) -> None:
    assert snapshot(f"{sentence}\n", lines=10) == LogSnapshot((), status=sentence)


@pytest.mark.parametrize(
    "line",
    [
        "2026-03-02 08:00:00,123 INFO the container is up and running now",
        '{"message": "The container is up and running"}',
        "Container ready",
        "starting the container is what happens next",
        "Model churn was loaded from its file",
    ],
)
def test_a_single_line_of_a_script_is_a_log(line: str) -> None:
    assert snapshot(f"{line}\n", lines=10) == LogSnapshot((line,))


def test_nothing_is_an_empty_log() -> None:
    for text in ("", "\n", "\n \t\n"):
        found = snapshot(text, lines=10)
        assert (found.lines, found.status) == ((), "")


def test_blank_lines_at_the_end_are_left_out_and_counted() -> None:
    """They were asked for too: without the count, a snapshot that ends with one would look like a whole log."""
    assert snapshot("one\n\ntwo\n\n \n", lines=5) == LogSnapshot(("one", "", "two"), left_out=2)
    assert snapshot(f"{STATUS}\n\nContainer logs:\none\n\n", lines=2).left_out == 1
    assert snapshot("one", lines=1).left_out == 0


def test_lines_end_with_a_line_feed_alone() -> None:
    """A repainting progress bar is one line, and neither NUL nor a form feed ends one."""
    text = "10%\r 20%\r100%\nnul\x00nul\x0cform\x1dgroup\x85next\u2028separator\nwindows\r\nlast"
    assert snapshot(text, lines=10).lines == (
        "10%\r 20%\r100%",
        "nul\x00nul\x0cform\x1dgroup\x85next\u2028separator",
        "windows\r",
        "last",
    )


def test_a_huge_line_is_a_line() -> None:
    line = "x" * 10_000_000
    assert snapshot(f"first\n{line}\n", lines=1).lines == (line,)
    assert snapshot(f"{STATUS}\n\nContainer logs:\n{line}\n", lines=5).lines == (line,)
    assert snapshot(" ".join(["Container"] * 1_000_000), lines=5).status == ""


@given(st.text() | st.lists(st.sampled_from([*STATUS.split("\n"), "Container logs:", "line", ""])).map("\n".join))
def test_no_text_is_lost_or_made_up(text: str) -> None:
    found = snapshot(text, lines=10**9)
    for line in found.lines:
        assert "\n" not in line
    while (written := text.split("\n"))[-1].strip(" \t\r") == "" != text:
        text = text[: -len(written[-1]) - 1]  # blank lines at the end
    status = len(written) - len(found.lines)
    assert list(found.lines) == written[status:]
    said = [line.strip() for line in found.status.split("\n") if line.strip(" \t\r")]
    assert said == [line.strip() for line in written[:status] if line.strip(" \t\r")]


@given(st.lists(st.text(alphabet=st.characters(exclude_characters="\n \t\r"), min_size=1)), st.integers(0, 50))
def test_the_last_lines_are_the_last_lines(lines: list[str], count: int) -> None:
    text = f"{STATUS}\n\nContainer logs:\n" + "".join(f"{line}\n" for line in lines)
    assert snapshot(text, lines=count).lines == tuple(lines[max(0, len(lines) - count) :])
