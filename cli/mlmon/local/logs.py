"""Container logs: text files, one for each container of a service."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import IO, Final

from mlmon.core.errors import NotFound, did_you_mean
from mlmon.core.model import Generation, LogSnapshot, ServiceName
from mlmon.local import names
from mlmon.local.definition_file import DefinitionFile
from mlmon.local.store import Store

CONTAINERS: Final = {
    Generation.V1: ("scoring",),
    # the two that Azure's getLogs knows
    Generation.V2: ("inference-server", "storage-initializer"),
}
_BLOCK: Final = 64 * 1024  # the first; each further one is twice as large


class LocalLogs:
    """`core.ports.Logs` over `logs/<service>/<container>.log`."""

    def __init__(self, store: Store, file: DefinitionFile) -> None:
        self._store = store
        self._file = file

    def containers(self, name: ServiceName) -> Sequence[str]:
        self._file.load().entry(name)
        return CONTAINERS[name.generation]

    def snapshot(self, name: ServiceName, *, lines: int, container: str = "") -> LogSnapshot:
        known = self.containers(name)
        if container and container not in known:
            raise NotFound(
                f"{name} has no container {container!r}",
                hint=did_you_mean(container, tuple(known)) or f"its containers are {', '.join(known)}",
            )
        chosen = container or known[0]
        try:
            with self._store.reading(log_path(self._store.folder, name, chosen)) as (file, size):
                found, whole = _last_lines(file, size, count=lines)
                return LogSnapshot(found, container=chosen, unfinished=bool(found) and not whole)
        except FileNotFoundError:
            return LogSnapshot((), container=chosen)


def log_path(folder: Path, name: ServiceName, container: str) -> Path:
    """The file of one container's log."""
    parts = [part for text in (name.endpoint, name.deployment) if text for part in names.encode(text)]
    return folder.joinpath("logs", *parts, f"{container}.log")


def _last_lines(file: IO[bytes], size: int, *, count: int) -> tuple[tuple[str, ...], bool]:
    """The last lines, and whether the last one has its end. Read backwards until there are enough line ends, so that a
    huge log costs what its tail costs."""
    blocks: list[bytes] = []
    start, ends, step = size, 0, _BLOCK
    # one more line end than lines: the one before the first
    while start > 0 and ends <= count:
        step = min(step, start)
        start -= step
        file.seek(start)
        blocks.append(file.read(step))
        ends += blocks[-1].count(b"\n")
        step *= 2
    tail = b"".join(reversed(blocks))
    found = tail.removesuffix(b"\n").split(b"\n") if tail else []
    lines = found[-count:] if count > 0 else []
    return tuple(line.decode("utf-8", "surrogateescape") for line in lines), tail.endswith(b"\n")
