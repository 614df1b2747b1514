"""`mlmon pull` beside azcopy and curl: `python tests/benchmarks/transfer.py [--quick] [--only S5000,L] [--rounds N]`.

A blob service on loopback over TLS with 10 ms before each answer, and the same three whole programs in turns, start-up
and listing included. Prints for each case the median of the rounds: wall seconds, CPU seconds with all children, peak
memory, and mlmon's as ratios to the others' beside the goals; and how long it takes to its first file, to its last and
to its end. curl is told every address and lists nothing. Where a goal is missed, and with `--profile`, it says where
mlmon's CPU time goes; a second `--mlmon FILE` measures another build in the same turns.

Needs Debian's nginx-light, libnginx-mod-http-lua, libsecret-1-0, curl and npm; azcopy comes from npm. Files stay in
`--folder` for the next time. What is fetched goes to `--to`, by default into memory: what a disk takes for thousands of
files depends on what it did before, and was up to ten times what the clients take.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parents[1]))

# what follows lies beside this file, and is found by the line above
from benchmarks.blobserver import clients, workspace
from benchmarks.blobserver.clients import Command, Place, Taken
from benchmarks.blobserver.containers import Blobs, prepare
from benchmarks.blobserver.server import ACCOUNT, Server, serving
from benchmarks.blobserver.storage import Storage, azurite
from emulators.azure import LocalAzure

DELAY = 0.010
SIGNATURE = "sv=2024-11-04&sr=c&sp=rl&se=2099-01-01T00%3A00%3A00Z&sig=bG9jYWw%3D"  # whatever it is, nginx lets it in
MEMORY = Path("/dev/shm")
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
    azurite: bool = False

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
    "A2000": Case(Blobs("azurite", 2000, 8000), [Goal("memory", 1, "azcopy")], azurite=True),
}
QUICK = ("S5000", "L", "N")


def main() -> None:
    """Prepare, measure in turns, print."""
    asked = arguments()
    asked.folder.mkdir(parents=True, exist_ok=True)
    programs = dict(zip(names_of(asked.mlmon), (each.absolute() for each in asked.mlmon), strict=True))
    programs["azcopy"] = clients.installed_azcopy(asked.folder / "azcopy")
    for name in asked.only:
        case = CASES[name]
        with (
            tempfile.TemporaryDirectory(dir=asked.to) as work,
            prepared(Path(work), case, folder=asked.folder) as bench,
        ):
            measured, listings = rounds(bench, commands_of(bench, programs), count=asked.rounds)
            shown = table(name, case, measured, listings)
            print(shown, flush=True)
            if asked.profile or "MISSED" in shown:
                print(clients.profile(commands_of(bench, programs)["mlmon"], bench.to, bench.work), flush=True)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="three rounds without S20000")
    parser.add_argument("--only", type=lambda text: text.split(","), help=f"some of {','.join(CASES)}")
    parser.add_argument("--rounds", type=int, help="how often each program runs")
    parser.add_argument("--profile", action="store_true", help="also of cases that reach their goals")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir(), "mlmon-transfer"))
    parser.add_argument("--to", type=Path, help="on which disk is fetched")
    parser.add_argument("--mlmon", type=Path, action="append", help="a build of mlmon; may be given again")
    asked = parser.parse_args()
    asked.only = asked.only or [*(QUICK if asked.quick else CASES)]
    asked.rounds = asked.rounds or (3 if asked.quick else 5)
    asked.to = asked.to or in_memory()
    asked.mlmon = asked.mlmon or [Path(sys.executable).with_name("mlmon")]
    return asked


def in_memory() -> Path:
    """A folder without a disk, where there is one."""
    return MEMORY if MEMORY.is_dir() else Path(tempfile.gettempdir())


def names_of(programs: Sequence[Path]) -> list[str]:
    """`mlmon`, and for further builds the folder each was installed in."""
    return ["mlmon", *(f"mlmon ({each.absolute().parents[2].name})" for each in programs[1:])]


@dataclass(frozen=True, slots=True)
class Bench:
    """Everything that stands ready for one case; `work` is a folder for what the programs write."""

    case: Case
    azure: LocalAzure
    storage: Storage
    work: Path
    server: Server | None = None

    @property
    def authority(self) -> Path:
        return self.work / "authorities.pem"

    @property
    def to(self) -> Path:
        return self.work / "to"

    def listed(self) -> int:
        return self.server.listed() if self.server else 0


@contextmanager
def prepared(to: Path, case: Case, *, folder: Path) -> Iterator[Bench]:
    """A local Azure, the blobs of the case where its workspace says, and a folder of `to` that ends with them."""
    with ExitStack() as running:
        work = Path(running.enter_context(tempfile.TemporaryDirectory(dir=to)))
        azure = running.enter_context(workspace.local_azure(work))
        own = azure.certificate.authority
        if case.azurite:
            server, storage = None, running.enter_context(azurite(case.blobs))
        else:
            (work / "nginx").mkdir()
            container = prepare(case.blobs, folder / ACCOUNT)
            server = running.enter_context(
                serving(work / "nginx", [container], root=folder, certificate=azure.certificate, delay=DELAY)
            )
            storage = Storage(server.url, SIGNATURE, own)
        workspace.add(azure, "bench", url=storage.url, blobs=[case.blobs])
        bench = Bench(case, azure, storage, work, server)
        bench.authority.write_bytes(own.read_bytes() + storage.authority.read_bytes())
        yield bench


def commands_of(bench: Bench, programs: Mapping[str, Path]) -> dict[str, Command]:
    """Each program's command, mlmon's first."""
    case, work, trust = bench.case, bench.work, bench.authority
    place = Place(f"{bench.storage.url}/{case.blobs.name}", case.prefix, case.names, bench.storage.signature)
    folder = workspace.settle(work / "here", bench.azure.workspace)
    pull = [f"{case.blobs.name}/{case.deployment}", *MARCH]
    environ = {**bench.azure.environ, "REQUESTS_CA_BUNDLE": str(trust)}
    made = {
        name: clients.mlmon(path, pull, folder=folder, environ=environ)
        for name, path in programs.items()
        if name != "azcopy"
    }
    for rival in case.rivals:
        if rival == "curl":
            made[rival] = clients.curl(place, bench.to, work=work, authority=trust)
        else:
            flat = rival == "azcopy"
            made[rival] = clients.azcopy(programs["azcopy"], place, work=work, authority=trust, flat=flat)
    return made


def rounds(
    bench: Bench, commands: Mapping[str, Command], *, count: int
) -> tuple[dict[str, list[Taken]], dict[str, int]]:
    """Every program once a round, after one of each that is not counted; and how many listings each asked for."""
    taken: dict[str, list[Taken]] = {name: [] for name in commands}
    listings: dict[str, int] = {}
    for number in range(count + 1):
        for name, command in commands.items():
            before = bench.listed()
            once = clients.run(command, bench.to, bench.work)
            listings[name] = bench.listed() - before
            compare(bench.case, bench.to, name)
            if number:
                taken[name].append(once)
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
    lines.append(breakdown(own, count))
    lines += [verdict(goal, middle, count) for goal in case.goals]
    return "\n".join(lines)


def medians(taken: Sequence[Taken]) -> Taken:
    return Taken(*(median(getattr(one, part.name) for one in taken) for part in fields(Taken)))


def breakdown(own: Taken, count: int) -> str:
    """Where mlmon's time goes: until the first file, while they come, after the last; and its CPU for each."""
    user, system = (own.cpu - own.system) * 1000 / count, own.system * 1000 / count
    return (
        f"  mlmon: first file after {own.first:.2f} s, the others {own.last - own.first:.2f} s, end"
        f" {own.wall - own.last:.2f} s; CPU ms a file: user {user:.2f}, system {system:.2f}, start-up included"
    )


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
