"""Azure's packages log what went wrong to stderr; what a person should know of it, an error of ours says."""

from __future__ import annotations

import logging
from typing import Final

_TALKATIVE: Final = ("azure", "msal", "urllib3")


def silence() -> None:
    """Let their loggers say nothing, unless somebody listens to them on purpose."""
    for name in _TALKATIVE:
        logger = logging.getLogger(name)
        if not logger.handlers:
            logger.addHandler(logging.NullHandler())  # else Python's last resort prints warnings
