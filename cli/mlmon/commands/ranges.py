"""The time range of a command, said back to the person."""

from mlmon.core.timerange import TimeRange
from mlmon.session import Session


def say_range(session: Session, between: TimeRange | None, *, goes_on: bool = False) -> None:
    """Say on stderr which range holds: a bare month leaves the year to us, and a start without an end the end.

    A range that `goes_on` has no end.
    """
    if between and goes_on:
        session.terminal.note(f"time range: from {str(between).partition(' to ')[0]} on, UTC")
        return
    session.terminal.note(f"time range: {between}, UTC" if between else "time range: all there is")
