"""Telemetry day files: what a query may read, and the counts that `mlmon status` shows."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from local.steady import NOON, Clock
from mlmon.core.errors import DamagedWorkspace
from mlmon.core.model import RequestCounts
from mlmon.core.timerange import TimeRange, day_range
from mlmon.local.telemetry import row_time
from mlmon.local.workspace import LocalWorkspace

TODAY = NOON.date()


def add_request(workspace: LocalWorkspace, moment: datetime, service: str = "sums", *, success: str = "True") -> None:
    row = {"timestamp": row_time(moment), "success": success, "cloud_RoleName": service}
    line = json.dumps(row, separators=(",", ":")) + "\n"
    workspace._telemetry_files.add("requests", moment.date(), line.encode())


def texts(paths: list[Path]) -> list[str]:
    return [path.read_text() for path in paths]


def test_requests_are_counted_by_service_within_the_range(workspace: LocalWorkspace) -> None:
    start = datetime(2026, 2, 28, 23, 30, tzinfo=UTC)
    between = TimeRange(start, start + timedelta(hours=1))
    for minutes, service, success in (
        (-1, "sums", "True"),
        (0, "sums", "True"),
        (29, "ep/blue", "False"),
        (31, "sums", "False"),
        (59, "no service at all", "False"),
        (60, "sums", "True"),
    ):
        add_request(workspace, start + timedelta(minutes=minutes), service, success=success)
    assert workspace.telemetry.request_counts(between) == {
        ("", "sums"): RequestCounts(requests=2, failed=1),
        ("", "ep/blue"): RequestCounts(requests=1, failed=1),
        ("", "no service at all"): RequestCounts(requests=1, failed=1),
    }
    assert workspace.telemetry.request_counts(day_range(TODAY + timedelta(days=5))) == {}


def test_a_line_that_is_no_row_is_named_and_left(workspace: LocalWorkspace) -> None:
    file = workspace.folder / "telemetry" / "requests" / f"{TODAY}.jsonl"
    for content in ('{"timestamp":', "3", "[]", "[" * 100_000):
        add_request(workspace, NOON)
        with file.open("a") as lines:
            lines.write(f"{content}\n")
        before = file.read_bytes()
        with pytest.raises(DamagedWorkspace) as caught:
            workspace.telemetry.request_counts(day_range(TODAY))
        assert str(caught.value) == f"{file}, line 2 is not a row of telemetry"
        assert file.read_bytes() == before
        file.unlink()


def test_a_query_gets_the_files_of_its_days_in_order(workspace: LocalWorkspace) -> None:
    for days in (40, 3, 2):
        add_request(workspace, NOON - timedelta(days=days))
    folder = workspace.folder / "telemetry" / "requests"
    (folder / "notes.txt").write_text("by a person")
    (folder / "2026-01-01.jsonl").write_text("")
    (folder / "2026-01-02.jsonl").symlink_to(folder / "notes.txt")
    every = [folder / f"{TODAY - timedelta(days=days)}.jsonl" for days in (40, 3, 2)]
    files = workspace._telemetry_files
    with files.open("requests", None) as paths:
        assert list(paths) == every
    with files.open("requests", TimeRange(NOON - timedelta(days=3), NOON - timedelta(days=2))) as paths:
        assert list(paths) == every[1:]
    with files.open("traces", None) as paths:
        assert list(paths) == []
    with files.open("../blobs", None) as paths:
        assert list(paths) == []


def test_days_that_may_still_grow_are_copies_and_gone_afterwards(workspace: LocalWorkspace, clock: Clock) -> None:
    yesterday = NOON - timedelta(days=1)
    for moment in (yesterday, NOON):
        add_request(workspace, moment)
    stored = sorted((workspace.folder / "telemetry" / "requests").iterdir())
    before = texts(stored)
    with workspace._telemetry_files.open("requests", None) as paths:
        for moment in (yesterday, NOON):
            add_request(workspace, moment)
        assert texts(list(paths)) == before
        copies = list(paths)
    assert not any(copy.exists() for copy in copies)
    clock.now = NOON + timedelta(days=2)
    with workspace._telemetry_files.open("requests", None) as paths:
        assert list(paths) == stored


def test_a_query_over_a_damaged_line_names_the_file_and_not_its_copy(workspace: LocalWorkspace) -> None:
    for days in (9, 1, 0):
        add_request(workspace, NOON - timedelta(days=days))
    for days in (1, 9):
        file = workspace.folder / "telemetry" / "requests" / f"{TODAY - timedelta(days=days)}.jsonl"
        with file.open("a") as lines:
            lines.write('\n{"timestamp":"2026')
        with pytest.raises(DamagedWorkspace) as caught:
            workspace.telemetry.query("requests | count")
        assert str(caught.value) == f"{file}, line 3 is no row of requests"


def test_a_torn_end_in_an_old_file_is_not_handed_to_a_query(workspace: LocalWorkspace) -> None:
    old = NOON - timedelta(days=9)
    add_request(workspace, old)
    (stored,) = (workspace.folder / "telemetry" / "requests").iterdir()
    whole = stored.read_text()
    stored.with_name(f"{stored.name}%appending").write_text(f"{len(whole)}\n")
    with stored.open("a") as file:
        file.write('{"timestamp":"2026')
    with workspace._telemetry_files.open("requests", None) as paths:
        assert texts(list(paths)) == [whole]
    assert workspace.telemetry.request_counts(day_range(old.date())) == {("", "sums"): RequestCounts(1, 0)}
