"""Run one command and write what it took, as JSON: `python -IS measured.py RESULT STDERR COMMAND...`.

A process of its own and a small one: the kernel counts the memory of whoever starts a program into that program's peak.
"""

import json
import os
import sys
import time


def main() -> None:
    """Wall and CPU seconds, with all children; peak resident memory in bytes; the exit code."""
    result, stderr, *command = sys.argv[1:]
    with open(stderr, "wb") as errors, open(os.devnull, "r+b") as nothing:  # noqa: PTH123 - pathlib takes memory
        files = [(os.POSIX_SPAWN_DUP2, nothing.fileno(), 0), (os.POSIX_SPAWN_DUP2, nothing.fileno(), 1)]
        began = time.perf_counter()
        child = os.posix_spawn(
            command[0], command, os.environ, file_actions=[*files, (os.POSIX_SPAWN_DUP2, errors.fileno(), 2)]
        )
        _, status, usage = os.wait4(child, 0)
        took = time.perf_counter() - began
    taken = {
        "wall": took,
        "cpu": usage.ru_utime + usage.ru_stime,
        "memory": usage.ru_maxrss * 1024,
        "code": os.waitstatus_to_exitcode(status),
    }
    with open(result, "w") as out:  # noqa: PTH123
        json.dump(taken, out)


main()
