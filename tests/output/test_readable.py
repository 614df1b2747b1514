"""How people see sizes, durations and numbers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from mlmon.output.cells import human_bytes, human_duration, human_number, readable
from mlmon.output.results import Field


@pytest.mark.parametrize(
    ("size", "seen"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (999_949, "999.9 kB"),
        (999_950, "1.0 MB"),
        (1_234_567, "1.2 MB"),
        (10**12, "1.0 TB"),
        (10**17, "100.0 PB"),
        (10**400, f"{10**400} B"),
        (-1500, "-1.5 kB"),
    ],
)
def test_bytes(size, seen):
    assert human_bytes(size) == seen


@pytest.mark.parametrize(
    ("seconds", "seen"),
    [
        (0, "0ms"),
        (0.0004, "0.4ms"),
        (0.25, "250ms"),
        (0.9996, "1s"),
        (1.5, "1.5s"),
        (59.96, "1m00s"),
        (125, "2m05s"),
        (3599.6, "1h00m"),
        (11_220, "3h07m"),
        (4 * 86_400 + 7200, "4d02h"),
        (-0.25, "-250ms"),
        (float("nan"), "NaN"),
    ],
)
def test_durations(seconds, seen):
    assert human_duration(seconds) == seen


@pytest.mark.parametrize(
    ("number", "seen"),
    [
        (0.0, "0"),
        (1.0, "1"),
        (0.1 + 0.2, "0.3"),
        (100.0, "100"),
        (1234567.89, "1234568"),
        (-0.000123456789, "-0.000123457"),
        (1e-9, "1e-09"),
        (1.5e300, "1.5e+300"),
        (float("-inf"), "-Infinity"),
    ],
)
def test_numbers(number, seen):
    assert human_number(number) == seen


@pytest.mark.parametrize(
    ("value", "kind", "seen"),
    [
        (None, "text", "-"),
        ("", "text", ""),
        (True, "flag", "on"),
        (False, "flag", "off"),
        (True, "text", "true"),
        (True, "bytes", "true"),
        (5, "bytes", "5 B"),
        (5, "number", "5"),
        (90, "duration", "1m30s"),
        (timedelta(milliseconds=2), "text", "2ms"),
        ("5h", "duration", "5h"),
        (datetime(2026, 3, 1, 12, 30, 5, 999_999, tzinfo=UTC), "time", "2026-03-01 12:30:05"),
        (datetime(1, 1, 1, tzinfo=UTC), "time", "0001-01-01 00:00:00"),
        ({"a": "x\ny"}, "json", '{"a": "x\\ny"}'),
    ],
)
def test_cells(value, kind, seen):
    assert readable(value, Field("x", kind=kind)) == seen
