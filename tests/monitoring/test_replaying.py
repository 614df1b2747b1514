"""Saved snapshots, followed as if they had just come."""

from __future__ import annotations

import gzip
import io
import json
from pathlib import Path

import pytest

from mlmon.core.errors import NotFound, UsageError
from mlmon.core.follow import Gap, GapReason
from mlmon.monitoring.following import Followed, Happening, Polled, StatusChanged
from mlmon.monitoring.replaying import replay, saved

STATUS = "Instance status:\nSystemSetup: Succeeded\nUserContainerStart: {}\n\nContainer logs:"


def events(*contents: str, asked: int | None = None) -> list[Happening]:
    return [each.event for each in replay(contents, service="saved", asked=asked)]


def test_each_line_comes_once_and_the_status_apart() -> None:
    starting, running = STATUS.format("InProgress"), STATUS.format("Succeeded")
    found = list(replay([f"{starting}\none\ntwo\n", f"{running}\ntwo\nthree\n"], service="ep/blue"))
    assert found == [
        Followed("ep/blue", StatusChanged(starting)),
        Followed("ep/blue", "one"),
        Followed("ep/blue", "two"),
        Followed("ep/blue", Polled(2)),
        Followed("ep/blue", StatusChanged(running)),
        Followed("ep/blue", "three"),
        Followed("ep/blue", Polled(1)),
    ]


def test_how_many_lines_were_asked_for_tells_a_restart_from_a_log_that_ran_away() -> None:
    assert events("one\ntwo\n", "three\n")[3:] == [Gap(None, GapReason.NO_OVERLAP), "three", Polled(1)]
    assert events("one\ntwo\n", "three\n", asked=5)[3:] == [Gap(None, GapReason.RESTARTED), "three", Polled(1)]


def test_blank_lines_at_the_end_of_a_snapshot_count_among_those_asked_for() -> None:
    assert events("one\ntwo\n\n", "two\n\nthree\n", asked=3)[3:] == ["", "three", Polled(2)]


@pytest.mark.parametrize("wrapped", [json.dumps("one\ntwo\n"), json.dumps({"content": "one\ntwo\n"})])
def test_a_snapshot_is_read_as_az_and_the_api_write_it_too(wrapped: str) -> None:
    assert events(wrapped) == ["one", "two", Polled(2)]


@pytest.mark.parametrize("line", ['{"level": "info"}', '{"content": 5}', '"', "{" * 100_000, "[]"])
def test_a_log_of_json_lines_is_a_log(line: str) -> None:
    assert events(f"{line}\n") == [line, Polled(1)]


def test_files_are_read_in_their_order_and_standard_input_where_a_dash_is(tmp_path: Path) -> None:
    (tmp_path / "1").write_bytes(b"one\xff\n")
    (tmp_path / "3").write_text("three\n")
    files = [str(tmp_path / "1"), "-", str(tmp_path / "3")]
    assert list(saved(files, stdin=io.StringIO("two\n"))) == ["one\udcff\n", "two\n", "three\n"]


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no file 'nowhere'"):
        list(saved(["nowhere"]))
    with pytest.raises(UsageError, match=r"cannot read '.*': Is a directory"):
        list(saved([str(tmp_path)]))
    with pytest.raises(UsageError, match="it is no file name"):
        list(saved(["a\0b"]))
    with pytest.raises(UsageError, match="nothing on standard input"):
        list(saved(["-"]))
    (tmp_path / "1.gz").write_bytes(gzip.compress(b"one\n"))
    with pytest.raises(UsageError, match=r"1.gz' is compressed") as caught:
        list(saved([str(tmp_path / "1.gz")]))
    assert caught.value.hint == "gunzip -c FILE | mlmon logs --replay - reads it"
    piped = io.StringIO((tmp_path / "1.gz").read_bytes().decode("utf-8", "surrogateescape"))
    with pytest.raises(UsageError, match="what is on standard input is compressed"):
        list(saved(["-"], stdin=piped))
