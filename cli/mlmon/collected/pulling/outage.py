"""Storage that is away, and when that is clear."""

from __future__ import annotations

from threading import Lock
from typing import Final

from mlmon.core.errors import MlmonError, Unavailable

IN_VAIN: Final = 16
"""After so many blobs in a row that met the same outage, no further one is tried."""


class Outage:
    """Storage that is away: what so many in a row waited for in vain, the rest need not wait for."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._error: Unavailable | None = None
        self._alike = 0

    @property
    def error(self) -> Unavailable | None:
        """What every further blob would meet too, once that is clear."""
        with self._lock:
            return self._error if self._alike >= IN_VAIN else None

    def met(self, error: MlmonError | None) -> None:
        """Hear how one blob ended; None is well."""
        with self._lock:
            if not isinstance(error, Unavailable):
                self._error, self._alike = None, 0
            elif self._error and error.message == self._error.message:
                self._alike += 1
            else:
                self._error, self._alike = error, 1
