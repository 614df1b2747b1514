"""Where CPU time of mlmon goes: `python profiled.py RESULT STDERR pull …` writes it to RESULT when the command ended.

Every few milliseconds each thread's CPU time since the last look is put on the function it is in, so that threads that
wait cost nothing and what runs outside Python is seen too; a profiler that traces calls would make short ones dear.
"""

from __future__ import annotations

import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

PAUSE = 0.002
SHOWN = 14
TASKS = Path("/proc/self/task")


class Sampler(threading.Thread):
    """Seconds of CPU by function: its own, and of mlmon's functions with all that they called."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.own: Counter[str] = Counter()
        self.with_callees: Counter[str] = Counter()
        self._before: dict[int, float] = {}
        self._ended = threading.Event()

    def run(self) -> None:
        while not self._ended.wait(PAUSE):
            self._look()

    def end(self) -> None:
        self._ended.set()
        self.join()

    def _look(self) -> None:
        frames, me = sys._current_frames(), threading.get_native_id()
        idents = {thread.native_id: thread.ident for thread in threading.enumerate()}
        for native, used in cpu_times():
            spent = used - self._before.get(native, 0.0)
            self._before[native] = used
            if spent and native != me:
                ident = idents.get(native)
                self._count(frames.get(ident) if ident is not None else None, spent)

    def _count(self, frame: FrameType | None, spent: float) -> None:
        stack = [*named(frame)] or ["(threads that are not Python's)"]
        importing = any("importlib._bootstrap" in name for name in stack)
        self.own["(importing)" if importing else stack[0]] += spent
        for name in {name for name in stack if name.startswith("mlmon")}:
            self.with_callees[name] += spent


def cpu_times() -> Iterator[tuple[int, float]]:
    """The native id of each thread, and the seconds of CPU it has used."""
    for task in TASKS.iterdir():
        try:
            yield int(task.name), int((task / "schedstat").read_text().split()[0]) / 1e9
        except OSError:  # it has ended
            continue


def named(frame: FrameType | None) -> Iterator[str]:
    """The functions of a stack, innermost first."""
    while frame is not None:
        yield f"{frame.f_globals.get('__name__', '?')}.{frame.f_code.co_qualname}"
        frame = frame.f_back


def table(title: str, found: Counter[str]) -> str:
    """The dearest functions, in milliseconds of CPU."""
    lines = [f"{spent * 1000:9.0f}  {name}" for name, spent in found.most_common(SHOWN)]
    return "\n".join([f"  CPU ms, {title}", *lines, ""])


def main() -> None:
    """Run the command under the sampler; its exit code is this program's."""
    result, errors = sys.argv[1:3]
    sys.argv[:] = ["mlmon", *sys.argv[3:]]
    sys.stderr = open(errors, "w")  # noqa: PTH123, SIM115 - for as long as this process lives
    sampler = Sampler()
    sampler.start()
    began = time.perf_counter()
    try:
        from mlmon.__main__ import run

        run()
    finally:
        took = time.perf_counter() - began
        sampler.end()
        with open(result, "w") as out:  # noqa: PTH123 - as above
            out.write(f"  profile: {took:.2f} s, {sum(sampler.own.values()):.2f} s of CPU\n")
            out.write(table("by function", sampler.own))
            out.write(table("by mlmon's function, with what it calls", sampler.with_callees))


if __name__ == "__main__":
    main()
