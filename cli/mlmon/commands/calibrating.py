"""What `drift-calibrate` proposes: a table, and the lines of mlmon.toml that say the same."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from typing import Final

from mlmon.core.errors import UsageError
from mlmon.drift.calibrating import Proposal, proposals
from mlmon.drift.comparing import Data
from mlmon.output.results import Faces, Field, Page, Result, Row, Rows, Text
from mlmon.session import Session

_FIELDS: Final = (
    Field("feature", whole=True),
    Field("metric"),
    Field("usual", header="by chance", kind="number"),
    Field("threshold", kind="number"),
)
_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")


def proposed(session: Session, baseline: Data, *, rows: int, runs: int) -> Result:
    """A threshold for each feature that varies, for checks of so many rows.

    Raises:
        UsageError: the baseline has no rows.
    """
    if not baseline.rows:
        raise UsageError(f"the baseline {baseline.name!r} has no rows", hint="name another file or range")
    with session.terminal.progress("Drawing samples", total=None, unit="seconds", ticking=True):
        found = proposals(baseline.summaries, rows=rows, alpha=1 / runs)
    table = [_row(one) for one in found]
    rows_ = Rows(_FIELDS, table, empty="no feature of the baseline varies")
    return Faces(Page((rows_, Text(toml(found)))) if found else rows_, rows_)


def toml(found: Sequence[Proposal]) -> str:
    """The tables of a settings file."""
    return "\n".join(
        f"[drift.features.{_key(one.feature)}]\nthreshold = {_threshold(one.threshold)}\n" for one in found
    )


def _row(one: Proposal) -> Row:
    return {
        "feature": one.feature,
        "metric": one.metric,
        "usual": float(f"{one.usual:.3g}"),
        "threshold": _threshold(one.threshold),
    }


def _threshold(value: float) -> float:
    """Three digits, never fewer than it takes."""
    if value <= 0:
        return 0.0
    step = 10.0 ** (math.floor(math.log10(value)) - 2)
    return float(f"{math.ceil(value / step) * step:.3g}")


def _key(name: str) -> str:
    """A key as TOML has it: JSON's escapes are TOML's too, as long as they are of the basic plane."""
    return name if _BARE.fullmatch(name) else json.dumps(name, ensure_ascii=False)
