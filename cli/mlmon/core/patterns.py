"""Regular expressions that a person wrote."""

from __future__ import annotations

import re
import warnings


def compiled(text: str, flags: int = 0) -> re.Pattern[str]:
    """The pattern. Raises `re.error`. What Python may read otherwise one day (`[[`) is no warning to a user."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        return re.compile(text, flags)
