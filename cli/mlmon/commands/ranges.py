"""The time range a person asked for, said back to them before anything is done."""

from mlmon.core.timerange import TimeRange, resolve
from mlmon.session import Session


def range_of(
    session: Session,
    *,
    month: str | None = None,
    day: str | None = None,
    start: str | None = None,
    end: str | None = None,
) -> TimeRange | None:
    """The range of the date options; None for all there is.

    It is said on stderr: a bare month leaves the year to us, and a start without an end the end.

    Raises:
        UsageError: as `core.timerange.resolve`.
    """
    between = resolve(session.now, month=month, day=day, start=start, end=end)
    session.terminal.note(f"time range: {between}, UTC" if between else "time range: all there is")
    return between
