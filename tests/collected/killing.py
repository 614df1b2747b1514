"""Pulls that are killed: what is pulled, the moment of the blow, and what must be true of the folder then."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from azured import runner
from collected.files import tree
from conftest import SCRIPT_V2
from emulators.azure import LocalAzure
from forked import Ended, Forge, Process
from mlmon.core.model import ServiceName
from mlmon.local.workspace import LocalWorkspace
from running import NOW

PARALLEL = 4
SERVICE = "churn/blue"
WORDS = ["pull", SERVICE, "--month", "2026-03", "--parallel", str(PARALLEL)]


def march(count: int, *, prefix: str, size: int) -> dict[str, bytes]:
    """Blobs of whole lines in the hours of March, in the order of their names."""
    made = {}
    for number in range(count):
        line = b'{"number": %06d}\n' % number
        made[f"{prefix}2026/03/{number // 24 + 1:02}/{number % 24:02}/{number:03}.jsonl"] = line * (size // len(line))
    return made


@dataclass(frozen=True, slots=True)
class Source:
    """A workspace whose one service has collected `blobs`, by the names of the files they become."""

    folder: Path
    blobs: dict[str, bytes]
    environ: Mapping[str, str] = field(default_factory=dict)

    def now_holds(self, name: str, content: bytes) -> None:
        """Remember what a blob has become."""
        self.blobs[name] = content


def local_source(folder: Path, *, count: int, size: int) -> Source:
    """One that is a folder."""
    workspace = LocalWorkspace.create(folder, name="ws", clock=lambda: NOW)
    (folder / "score.py").write_text(SCRIPT_V2)
    name = ServiceName.parse(SERVICE)
    workspace.register(name, script=folder / "score.py", features=["age", "spent"])
    (folder / "mlmon.toml").write_text('workspace = "."\n')
    [root] = [root for root in workspace.blobs.roots(name) if root.collection == "model_inputs"]
    blobs = march(count, prefix=root.prefix, size=size)
    for path, content in blobs.items():
        file = folder / "blobs" / root.container / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return Source(folder, blobs)


def azure_source(azure: LocalAzure, folder: Path, *, count: int, size: int) -> Source:
    """One on Azure. Every other blob is one that is appended to, whose MD5 storage does not know."""
    runner(azure, folder)
    azure.add_deployment(*SERVICE.split("/"), dataCollector={"collections": {"model_inputs": {}}})
    blobs = march(count, prefix=f"modelDataCollector/{SERVICE}/model_inputs/", size=size)
    for number, (name, content) in enumerate(blobs.items()):
        (azure.blobs.append if number % 2 else azure.blobs.put)(container(azure), name, content)
    return Source(folder, blobs, azure.environ)


def container(azure: LocalAzure) -> str:
    """That of the default datastore."""
    return str(azure.datastores["workspaceblobstore"]["properties"]["containerName"])


def bytes_asked(azure: LocalAzure, sizes: Mapping[str, int]) -> int:
    """How many bytes of blobs were asked for, by the log of the storage: those of a blob from its range's begin on."""
    asked = 0
    for one in azure.requests.of("blob", "GET"):
        name = one.path.split("/", 3)[-1]
        if name in sizes:
            headers = {key.lower(): value for key, value in one.headers.items()}
            begin, _, end = (headers.get("x-ms-range") or headers.get("range", "bytes=0-"))[6:].partition("-")
            asked += min(int(end or sizes[name]) + 1, sizes[name]) - int(begin)
    return asked


@dataclass(frozen=True, slots=True)
class Pull:
    """Pulls of a source into one folder."""

    forge: Forge
    source: Source
    to: Path

    def start(self) -> Process:
        return self.forge.start([*WORDS, "--to-dir", str(self.to)], self.source.folder, self.source.environ)

    def finish(self) -> Ended:
        return self.start().wait()

    def kill(self, drawn: random.Random) -> None:
        """Start one and kill it at a random moment: once a certain file stands, or before there is any."""
        names = [*self.source.blobs]
        while True:
            process = self.start()
            if drawn.random() < 0.1:
                time.sleep(drawn.random() * 0.05)
            else:
                _wait_for(self.to / drawn.choice(names[: len(names) * 9 // 10]))
                time.sleep(drawn.random() * 0.004)
            if process.kill().code < 0:
                return

    def standing(self) -> dict[str, int]:
        """Every file that was pulled, with its inode: a file that is fetched again has another one."""
        return {name: (self.to / name).stat().st_ino for name in tree(self.to)} if self.to.exists() else {}

    def assert_whole(self) -> None:
        """Whatever stands is a blob to its last byte."""
        found = tree(self.to) if self.to.exists() else {}
        visible = {name: content for name, content in found.items() if not name.startswith(".mlmon/")}
        assert visible == {name: self.source.blobs[name] for name in visible}

    def assert_finished(self) -> None:
        """Everything stands, and nothing besides: no temporary file, however often it was killed."""
        assert tree(self.to) == self.source.blobs


def complaints(err: str) -> list[str]:
    """The lines of stderr that say that something is wrong, and what to do."""
    return [line for line in err.splitlines() if line.startswith(("warning: ", "error: ", "hint: "))]


def counted(said: str) -> str:
    """What a pull says it fetched, without where to and how fast."""
    return said.partition(" into ")[0]


def _wait_for(file: Path, *, at_most: float = 5.0) -> None:
    until = time.monotonic() + at_most
    while not file.exists() and time.monotonic() < until:
        time.sleep(0.0005)
