"""Run one command and write what it took, as JSON: `python -IS measured.py RESULT STDERR COMMAND...`.

A process of its own and a small one: the kernel counts the memory of whoever starts a program into that program's peak.
"""

import json
import os
import sys
import time


def main() -> None:
    """When it began; wall and CPU seconds, with all children, and what of these was the kernel's; peak resident memory
    in bytes; the exit code."""
    result, stderr, *command = sys.argv[1:]
    with open(stderr, "wb") as errors, open(os.devnull, "r+b") as nothing:  # noqa: PTH123 - pathlib takes memory
        files = [(os.POSIX_SPAWN_DUP2, nothing.fileno(), 0), (os.POSIX_SPAWN_DUP2, nothing.fileno(), 1)]
        began, at = time.perf_counter(), time.time()
        child = os.posix_spawn(
            command[0], command, os.environ, file_actions=[*files, (os.POSIX_SPAWN_DUP2, errors.fileno(), 2)]
        )
        _, status, usage = os.wait4(child, 0)
        took = time.perf_counter() - began
    taken = {
        "began": at,
        "wall": took,
        "cpu": usage.ru_utime + usage.ru_stime,
        "system": usage.ru_stime,
        "memory": usage.ru_maxrss * 1024,
        "code": os.waitstatus_to_exitcode(status),
    }
    with open(result, "w") as out:  # noqa: PTH123
        json.dump(taken, out)


main()
