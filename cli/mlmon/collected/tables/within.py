"""Which rows of files that were read are in the range that is wanted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from mlmon.core.timerange import TimeRange


def inside(between: TimeRange | None, runs: str, files: str) -> str:
    """The SQL condition, of a table of runs and that of the files, by their names in the query.

    Rows of a file that is partly outside the range count when their time is inside, or unknown.
    """
    if between is None:
        return "true"
    first, past = microseconds(between.start), microseconds(between.end)
    time = f"{runs}.time"
    return (
        f"({files}.first < {past} AND {files}.past > {first}"
        f" AND (({files}.first >= {first} AND {files}.past <= {past}) OR {time} IS NULL"
        f" OR ({time} >= {first} AND {time} < {past})))"
    )


def microseconds(moment: datetime) -> int:
    """Microseconds since 1970, as times are held."""
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
