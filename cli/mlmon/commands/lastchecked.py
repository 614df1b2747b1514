"""What `drift --since-last` has checked already: the last day of each service and baseline, in the state folder."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from mlmon.core.timerange import TimeRange, day_range, day_start
from mlmon.session import Session
from mlmon.state import Remembered

FIRST_DAYS: Final = 7
"""So many days are checked where none was checked before."""
_A_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class LastChecked:
    """The last day that was checked of one service, collection and baseline."""

    remembered: Remembered
    name: str

    @classmethod
    def of(cls, session: Session, *, workspace: str, service: str, on: str, baseline: str) -> LastChecked:
        """What is known of it in this folder."""
        return cls(Remembered(session.settings.state, key=f"drift {workspace}"), f"{service} {on} {baseline}")

    @property
    def day(self) -> date | None:
        """That day; None where there was none, or where what is remembered cannot be read."""
        try:
            return date.fromisoformat(str(self.remembered.read().get(self.name)))
        except ValueError:
            return None

    def range(self, today: date) -> TimeRange | None:
        """The days that have ended since, None where there are none yet. One that has not ended is as if not known."""
        last = self.day
        first = today - FIRST_DAYS * _A_DAY if last is None or last >= today else last + _A_DAY
        return TimeRange(day_start(first), day_range(today - _A_DAY).end) if first < today else None

    def remember(self, day: date) -> None:
        """That this day and those before it are checked. Days that had no data yet are looked at again."""
        self.remembered.remember({self.name: day.isoformat()})
