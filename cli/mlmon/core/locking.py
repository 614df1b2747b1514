"""Locks on open files: the one place where platforms differ."""

from __future__ import annotations

import os
import sys

NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
"""Flags for `os.open`: bytes as they are, not through a link, not inherited (as far as the platform has them)."""

if sys.platform == "win32":  # pragma: no cover - the suite runs on POSIX; kept as small as it can be
    import msvcrt
    import time

    # Windows locks are mandatory and cover bytes: one far beyond any end, so that reading is never hindered
    _FAR_BYTE = 1 << 40

    def lock(descriptor: int, *, exclusive: bool) -> None:  # noqa: ARG001 - msvcrt knows exclusive locks only
        """Wait for the lock on an open file; closing the file releases it, and so does the process's end."""
        while True:
            os.lseek(descriptor, _FAR_BYTE, os.SEEK_SET)
            try:
                msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
                return
            except OSError:
                time.sleep(0.005)

    def try_lock(descriptor: int) -> bool:
        """Take the exclusive lock unless somebody has it."""
        os.lseek(descriptor, _FAR_BYTE, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def unlock(descriptor: int) -> None:
        """Release the lock before the file is closed."""
        os.lseek(descriptor, _FAR_BYTE, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def lock(descriptor: int, *, exclusive: bool) -> None:
        """Wait for the lock on an open file; closing the file releases it, and so does the process's end."""
        fcntl.flock(descriptor, fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH)

    def try_lock(descriptor: int) -> bool:
        """Take the exclusive lock unless somebody has it."""
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def unlock(descriptor: int) -> None:
        """Release the lock before the file is closed."""
        fcntl.flock(descriptor, fcntl.LOCK_UN)
