"""Azure's clients read answers outside their own error handling: one of odd shape ends in any kind of exception."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

MISREAD: Final = (ValueError, TypeError, KeyError, AttributeError, IndexError, RecursionError)
"""What a client raises that met an answer it did not expect."""


@contextmanager
def unreadable() -> Iterator[None]:
    """Raise every one of `MISREAD` as the `ValueError` that `faults.translated` takes for an answer nobody can read."""
    try:
        yield
    except MISREAD as error:
        raise ValueError("an answer of odd shape") from error
