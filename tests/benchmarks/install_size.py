"""What `pip install mlmon` puts on a disk: `python tests/benchmarks/install_size.py`.

The wheel, built here, in an environment of its own with all that it requires and no extra, without pip and bytecode.
The versions are those that a package index has today; `--locked` takes those of requirements.lock.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.metadata import Distribution, distribution, distributions
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
MOST = 240_000_000
"""Bytes that the base install may have."""


def main() -> None:
    """Install, measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        environment = Path(folder, "environment")
        install(environment, locked="--locked" in sys.argv[1:])
        total, blocks = on_disk(environment)
        print(f"the environment           {total / 1e6:6.1f} MB of at most {MOST / 1e6:.0f}")
        print(f"as blocks of its disk     {blocks / 1e6:6.1f} MB")
        [packages] = environment.glob("lib/python*/site-packages")
        sizes = {each.name: size_of(each) for each in distributions(path=[str(packages)])}
    print(f"in {len(sizes)} distributions, the largest:")
    for name in sorted(sizes, key=lambda each: -sizes[each])[:12]:
        print(f"  {name:24}{sizes[name] / 1e6:6.1f} MB")


def install(environment: Path, *, locked: bool = False) -> None:
    """The wheel in an environment without pip; what it requires comes from a package index."""
    run = [sys.executable, "-m"]
    subprocess.run([*run, "hatchling", "build", "-t", "wheel", "-d", str(environment.parent)], cwd=ROOT, check=True)
    [wheel] = environment.parent.glob("mlmon-*.whl")
    subprocess.run([*run, "venv", "--without-pip", str(environment)], check=True)
    pip = [*run, "pip", "--python", str(environment / "bin/python"), "install", "-q", "--no-compile", str(wheel)]
    if locked:
        pins = environment.parent / "pins.txt"
        lines = (ROOT / "requirements.lock").read_text("utf-8").splitlines()
        # with their digests pip would want one for the wheel too
        pins.write_text("\n".join(line.split()[0] for line in lines if "==" in line and not line.startswith(" ")))
        pip += ["--constraint", str(pins)]
    subprocess.run(pip, check=True)


def on_disk(folder: Path) -> tuple[int, int]:
    """Bytes in the files below a folder, and bytes of the blocks that they fill. A link is not what it leads to."""
    found = [path.lstat() for path in folder.rglob("*") if "__pycache__" not in path.parts and not path.is_dir()]
    return sum(each.st_size for each in found), sum(each.st_blocks * 512 for each in found)


def closure(name: str) -> dict[str, Distribution]:
    """A distribution that is installed here, and all that it requires without an extra of its own, by name."""
    found: dict[str, Distribution] = {}
    waiting = [Requirement(name)]
    seen: set[tuple[str, str]] = set()
    while waiting:
        wanted = waiting.pop()
        called = canonicalize_name(wanted.name)
        found.setdefault(called, distribution(called))
        for extra in {"", *wanted.extras} - {extra for each, extra in seen if each == called}:
            seen.add((called, extra))
            waiting += _required(found[called], extra)
    return found


def _required(of: Distribution, extra: str) -> Iterator[Requirement]:
    for line in of.requires or ():
        wanted = Requirement(line)
        if wanted.marker is None or wanted.marker.evaluate({"extra": extra}):
            yield wanted


def size_of(installed: Distribution) -> int:
    """Bytes in a distribution's files, as its own list of them has it, without bytecode."""
    listed = [file for file in installed.files or () if file.suffix != ".pyc"]
    return sum(os.lstat(installed.locate_file(file)).st_size for file in listed)


if __name__ == "__main__":
    main()
