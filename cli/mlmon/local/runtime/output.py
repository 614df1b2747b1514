"""What a script prints, taken text by text."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable


class Printed(io.TextIOBase):
    """A standard output that hands on each printed text, without its last line end, once it is whole.

    One `print` is one text, also when it has several lines: Azure's servers make one trace of it.
    """

    encoding = "utf-8"

    def __init__(self, take: Callable[[str], None]) -> None:
        super().__init__()
        self._take = take
        self._threads = threading.local()

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        self._parts().append(text)
        if text.endswith("\n"):
            self.finish()
        return len(text)

    def finish(self) -> None:
        """Hand on what this thread printed without a line end."""
        text = "".join(self._parts()).removesuffix("\n")
        self._parts().clear()
        # the servers leave out what is only blanks
        if text and not text.isspace():
            self._take(text)

    def _parts(self) -> list[str]:
        """Each thread's own, so that texts printed at once do not mix."""
        parts: list[str] = self._threads.__dict__.setdefault("parts", [])
        return parts
