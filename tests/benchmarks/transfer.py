"""`mlmon pull` beside azcopy and curl: `python tests/benchmarks/transfer.py [--quick] [--only S5000,L] [--rounds N]`.

A blob service on loopback over TLS with 10 ms before each answer, and the same three whole programs in turns, start-up
and listing included. Prints for each case the median of the rounds: wall seconds, CPU seconds with all children, peak
memory, and mlmon's as ratios to the others' beside the goals. curl is told every address and lists nothing.

Needs Debian's nginx-light, libnginx-mod-http-lua, libsecret-1-0, curl and npm; azcopy comes from npm. Files stay in
`--folder` for the next time. What is fetched goes into new folders of `--to`: not below `--folder`, because ext4 takes
ten times as long to make files beside a hundred thousand others.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parents[1]))

# what follows lies beside this file, and is found by the line above
from benchmarks.blobserver import clients, workspace
from benchmarks.blobserver.clients import Command, Place, Taken
from benchmarks.blobserver.containers import Blobs, Container, prepare
from benchmarks.blobserver.server import ACCOUNT, Server, serving
from emulators.azure import LocalAzure

DELAY = 0.010
MARCH = ["--month", "2026-03"]


@dataclass(frozen=True, slots=True)
class Goal:
    """`what` of mlmon's is at most `most` times that of `other`; or without one, at most `most` of its unit."""

    what: str
    most: float
    other: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """What is fetched: one deployment's blobs below `within` of its collection."""

    blobs: Blobs
    goals: Sequence[Goal]
    deployment: str = "blue"
    within: str = ""
    rivals: Sequence[str] = ("azcopy", "curl")

    @property
    def prefix(self) -> str:
        return self.blobs.prefix(self.deployment) + self.within

    @property
    def names(self) -> list[str]:
        return sorted(name for name in self.blobs.names() if name.startswith(self.prefix))


SMALL = [
    Goal("wall", 0.4, "azcopy"),
    Goal("wall", 1.5, "curl"),
    Goal("memory", 1, "azcopy"),
    Goal("CPU ms a file", 0.4),
]
SERVICES = [f"s{number}" for number in range(8)]
CASES = {
    "S5000": Case(Blobs("s5000", 5000, 8000), SMALL, rivals=("azcopy", "azcopy default", "curl")),
    "S20000": Case(Blobs("s20000", 20_000, 8000), SMALL, rivals=("azcopy", "azcopy default", "curl")),
    "L": Case(Blobs("large", 8, 64 << 20), [Goal("wall", 0.5, "azcopy"), Goal("memory", 1, "azcopy")]),
    "N": Case(
        Blobs("many", 6250, 200, start=datetime(2024, 6, 1, tzinfo=UTC), days=731, deployments=SERVICES),
        [Goal("wall", 0.4, "azcopy"), Goal("memory", 1, "azcopy")],
        deployment="s3",
        within="2026/03/",
    ),
}
QUICK = ("S5000", "L", "N")


def main() -> None:
    """Prepare, measure in turns, print."""
    asked = arguments()
    cases = {name: CASES[name] for name in asked.only}
    asked.folder.mkdir(parents=True, exist_ok=True)
    account = asked.folder / ACCOUNT
    containers = [prepare(case.blobs, account) for case in cases.values()]
    program = clients.installed_azcopy(asked.folder / "azcopy")
    with tempfile.TemporaryDirectory(dir=asked.to) as temporary:
        work = Path(temporary)
        with prepared(work, containers, root=asked.folder) as (azure, server):
            found = dict(zip(names_of(asked.mlmon), asked.mlmon, strict=True))
            for name, case in cases.items():
                commands = commands_of(case, azure, server, work=work, azcopy=program, mlmon=found)
                measured, listings = rounds(case, commands, server, work=work, count=asked.rounds)
                print(table(name, case, measured, listings))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="three rounds without S20000")
    parser.add_argument("--only", type=lambda text: text.split(","), help=f"some of {','.join(CASES)}")
    parser.add_argument("--rounds", type=int, help="how often each program runs")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir(), "mlmon-transfer"))
    parser.add_argument("--to", type=Path, default=Path(tempfile.gettempdir()), help="on which disk is fetched")
    parser.add_argument("--mlmon", type=Path, action="append", help="a build of mlmon; may be given again")
    asked = parser.parse_args()
    asked.only = asked.only or [*(QUICK if asked.quick else CASES)]
    asked.rounds = asked.rounds or (3 if asked.quick else 5)
    asked.mlmon = asked.mlmon or [Path(sys.executable).with_name("mlmon")]
    return asked


def names_of(programs: Sequence[Path]) -> list[str]:
    """`mlmon`, and for further builds the folder each was installed in."""
    return ["mlmon", *(f"mlmon ({each.absolute().parents[2].name})" for each in programs[1:])]


@contextmanager
def prepared(work: Path, containers: Sequence[Container], *, root: Path) -> Iterator[tuple[LocalAzure, Server]]:
    """A local Azure and the blobs that its workspace names."""
    with workspace.local_azure(work) as azure:
        (work / "nginx").mkdir()
        with serving(work / "nginx", containers, root=root, certificate=azure.certificate, delay=DELAY) as server:
            azure.blobs_at = server.url
            workspace.add(azure, [each.blobs for each in containers])
            yield azure, server


def commands_of(
    case: Case, azure: LocalAzure, server: Server, *, work: Path, azcopy: Path, mlmon: Mapping[str, Path]
) -> dict[str, Command]:
    """Each program's command, mlmon's first."""
    place = Place(f"{server.url}/{case.blobs.name}", case.prefix, case.names)
    trust = azure.certificate.authority
    folder = workspace.settle(work / "here", azure.workspace)
    pull = [f"{case.blobs.name}/{case.deployment}", *MARCH]
    made = {
        name: clients.mlmon(path.absolute(), pull, folder=folder, environ=azure.environ) for name, path in mlmon.items()
    }
    for rival in case.rivals:
        if rival == "curl":
            made[rival] = clients.curl(place, work / "to", work=work, authority=trust, name=case.blobs.name)
        else:
            made[rival] = clients.azcopy(azcopy, place, work=work, authority=trust, flat=rival == "azcopy")
    return made


def rounds(
    case: Case, commands: Mapping[str, Command], server: Server, *, work: Path, count: int
) -> tuple[dict[str, list[Taken]], dict[str, int]]:
    """Every program once a round, after one of each that is not counted; and how many listings each asked for."""
    taken: dict[str, list[Taken]] = {name: [] for name in commands}
    listings: dict[str, int] = {}
    for number in range(count + 1):
        for name, command in commands.items():
            before = server.listed()
            once = clients.run(command, work / "to", work)
            listings[name] = server.listed() - before
            compare(case, work / "to", name)
            if number:
                taken[name].append(once)
    shutil.rmtree(work / "to")
    return taken, listings


def compare(case: Case, to: Path, program: str) -> None:
    """Exit where a program did not bring every byte; whatever folders it makes above the files are its own."""
    files = [path for path in to.rglob("*") if path.is_file() and ".mlmon" not in path.parts]
    fetched = (len(files), sum(path.stat().st_size for path in files))
    wanted = len(case.names)
    if fetched != (wanted, wanted * case.blobs.size):
        sys.exit(f"{program} fetched {fetched} instead of {wanted} files of {case.blobs.size} bytes")


def table(name: str, case: Case, measured: Mapping[str, list[Taken]], listings: Mapping[str, int]) -> str:
    """One case's medians, ratios and goals."""
    middle = {program: medians(taken) for program, taken in measured.items()}
    count = len(case.names)
    own = middle["mlmon"]
    lines = [
        f"\n{name}: {count} blobs of {case.blobs.size} bytes out of {case.blobs.total}",
        f"  {'':24}{'wall s':>8}{'CPU s':>8}{'MB':>7}{'listings':>10}   mlmon's as a ratio: wall, CPU, memory",
    ]
    for program, one in middle.items():
        ratio = f"{own.wall / one.wall:6.2f}{own.cpu / one.cpu:6.2f}{own.memory / one.memory:6.2f}"
        shown = f"{one.wall:8.2f}{one.cpu:8.2f}{one.memory / 1e6:7.0f}{listings[program]:10}"
        lines.append(f"  {program:24}{shown}   {ratio}")
    lines += [verdict(goal, middle, count) for goal in case.goals]
    return "\n".join(lines)


def medians(taken: Sequence[Taken]) -> Taken:
    return Taken(*(median(getattr(one, part) for one in taken) for part in ("wall", "cpu", "memory")))


def verdict(goal: Goal, middle: Mapping[str, Taken], count: int) -> str:
    if goal.other:
        reached = getattr(middle["mlmon"], goal.what) / getattr(middle[goal.other], goal.what)
    else:
        reached = middle["mlmon"].cpu * 1000 / count
    against = f" / {goal.other}" if goal.other else ""
    judged = "reached" if reached <= goal.most else "MISSED"
    return f"  goal: {goal.what}{against} <= {goal.most:g}: {reached:.2f}, {judged}"


if __name__ == "__main__":
    main()
