"""How the local engine answers a corpus of KQL queries whose answers are known.

    python tests/benchmarks/kql_corpus.py FILE [--list]

FILE holds one case a line: id, query, columns, types, rows, ordered, oracle, profile, gold, expect_error. Counted are
the cases that are `gold` (an answer verified on Kusto) or of the `core` profile: right, refused, wrong; and for
queries that Kusto itself refuses, refused or answered. With --list, the wrong ones are printed.
"""

from __future__ import annotations

import argparse
import json
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from mlmon.core.errors import QueryError
from mlmon.core.model import Table
from mlmon.core.timerange import TimeRange
from mlmon.kql.engine import run

_TOLERANCE = 1e-6
_MICROSECONDS = 2e-6  # datetimes are kept in microseconds, Kusto's in ticks of 100 ns
_NUMBERS = {"int", "int32", "int64", "long", "real", "double", "decimal", "sqldecimal"}
_BOOLS = {"1": "true", "0": "false"}
_TIMESPAN = re.compile(r"(-?)(?:(\d+)\.)?(\d+):(\d+):(\d+)(?:\.(\d+))?")


class NoRows:
    """The queries bring their own rows."""

    @contextmanager
    def open(self, table: str, between: TimeRange | None) -> Iterator[Mapping[Path, Path]]:
        yield {}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--list", action="store_true", help="print the wrong ones")
    chosen = parser.parse_args()
    counts: dict[str, Counter[str]] = {"core": Counter(), "ext": Counter(), "refused by Kusto": Counter()}
    for line in chosen.file.read_text(encoding="utf-8").splitlines():
        case = json.loads(line)
        if not (case["gold"] or case["profile"] == "core"):
            continue
        outcome, why = judge(case)
        counts["refused by Kusto" if case["expect_error"] else case["profile"]][outcome] += 1
        if why and chosen.list:
            print(f"{case['id']}: {why}\n{case['query']}\n")
    for group, found in counts.items():
        print(f"{group}: " + ", ".join(f"{found[word]} {word}" for word in ("right", "refused", "wrong")))


def judge(case: dict[str, Any]) -> tuple[str, str]:
    """`right`, `refused` or `wrong`, and what is wrong."""
    try:
        table = run(case["query"], files=NoRows(), now=datetime(2024, 1, 1, tzinfo=UTC))
    except QueryError:
        return ("right" if case["expect_error"] else "refused"), ""
    if case["expect_error"]:
        return "wrong", "answered, where Kusto refuses"
    why = difference(case, table)
    return ("wrong", why) if why else ("right", "")


def difference(case: dict[str, Any], table: Table) -> str:
    """What differs between the answer and the expected one; "" when nothing does."""
    names = [column.name for column in table.columns]
    if names != case["columns"]:
        return f"columns {names}, expected {case['columns']}"
    if len(table.rows) != len(case["rows"]):
        return f"{len(table.rows)} rows, expected {len(case['rows'])}"
    printed = case["oracle"] == "docs-table"

    def alike(wanted: Sequence[Any], got: Sequence[Any]) -> bool:
        return all(same(*cell, printed=printed) for cell in zip(wanted, case["types"], got, strict=True))

    left = list(table.rows)
    for wanted in case["rows"]:
        within = left[:1] if case["ordered"] else left
        found = next((row for row in within if alike(wanted, row)), None)
        if found is None:
            return f"no row {wanted}, but {left[:3]}"
        left.remove(found)
    return ""


def same(wanted: Any, kind: str, got: Any, *, printed: bool) -> bool:  # noqa: PLR0911 - one return for each type
    """Whether a cell is the expected one. A `printed` table has lost its outer blanks and prints null as nothing."""
    kind = kind.lower()
    if printed:
        wanted = wanted.strip() if isinstance(wanted, str) else wanted
        got = got.strip() if isinstance(got, str) else got
    if wanted is None or (wanted == "" and kind != "string"):
        return got is None or got == ""
    if got is None:
        return False
    if kind in _NUMBERS:
        return _close(_number(wanted), _number(got))
    if kind in ("bool", "sbyte"):
        return isinstance(got, bool) and str(got).lower() == _BOOLS.get(str(wanted), str(wanted).lower())
    if kind == "datetime":
        moment = datetime.fromisoformat(str(wanted).removesuffix("Z").replace(" ", "T")).replace(tzinfo=UTC)
        return isinstance(got, datetime) and abs((moment - got).total_seconds()) < _MICROSECONDS
    if kind == "timespan":
        return isinstance(got, timedelta) and abs(_seconds(wanted) - got.total_seconds()) < _MICROSECONDS
    if kind == "guid":
        return str(wanted).strip("'").lower() == str(got).lower()
    if kind in ("dynamic", "object"):
        return _alike(_parsed(wanted), got) or _alike(_parsed(wanted), _parsed(got))
    return isinstance(got, str) and got == str(wanted)


def _number(cell: Any) -> float:
    try:
        return float(str(cell).replace(",", "").replace("∞", "inf"))
    except ValueError:
        return math.inf


def _close(one: float, other: float) -> bool:
    both_nan = math.isnan(one) and math.isnan(other)
    return both_nan or one == other or math.isclose(one, other, rel_tol=_TOLERANCE, abs_tol=_TOLERANCE / 1000)


def _seconds(text: str) -> float:
    found = _TIMESPAN.fullmatch(str(text))
    if not found:
        return math.inf
    sign, days, hours, minutes, seconds, fraction = found.groups()
    total = int(days or 0) * 86400 + int(hours) * 3600 + int(minutes) * 60 + float(f"{seconds}.{fraction or 0}")
    return -total if sign else total


def _parsed(cell: Any) -> Any:
    if isinstance(cell, dict) and set(cell) == {"json"}:
        return cell["json"]
    try:
        return json.loads(cell) if isinstance(cell, str) else cell
    except ValueError:
        return cell


def _alike(one: Any, other: Any) -> bool:
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, int | float) and isinstance(other, int | float):
        return _close(float(one), float(other))
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_alike, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_alike(one[key], other[key]) for key in one)
    return bool(one == other)


if __name__ == "__main__":
    main()
