"""How long mlmon takes to start: `python tests/benchmarks/startup.py [--in FOLDER] [-- 'status -o json' …]`.

CPU time (user and system, of the child process), best of seven, as ratios to an interpreter that does nothing and to
`import typer` in the same run. Wall-clock time of a busy machine says little; ratios carry over to another machine.
"""

from __future__ import annotations

import argparse
import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

RUNS = 7
MLMON = Path(sys.executable).with_name("mlmon")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--in", dest="folder", type=Path, help="run the commands here; default: a workspace of its own")
    parser.add_argument("commands", nargs="*", metavar="'COMMAND'", help="more commands, without mlmon in front")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        Path(made, "workspace.toml").write_text('[services."ep/blue".collections.model_inputs]\n[services.diabetes]\n')
        folder = given.folder or Path(made)
        measured = {
            "python -c pass": cpu_seconds([sys.executable, "-c", "pass"], folder),
            "python -c 'import typer'": cpu_seconds([sys.executable, "-c", "import typer"], folder),
        }
        for command in ("--version", "__complete services", "__complete collections", *given.commands):
            measured[f"mlmon {command}"] = cpu_seconds([str(MLMON), *shlex.split(command)], folder)
    nothing, typer, *_ = measured.values()
    print(f"{'CPU, best of ' + str(RUNS):<32} {'ms':>6} {'x pass':>8} {'x typer':>8}")
    for name, seconds in measured.items():
        print(f"{name:<32} {seconds * 1000:6.0f} {seconds / nothing:8.2f} {seconds / typer:8.2f}")


def cpu_seconds(argv: list[str], folder: Path) -> float:
    """The least user and system time that a command took, in seconds. Exits when the command fails."""
    best = float("inf")
    for _ in range(RUNS):
        with subprocess.Popen(argv, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
            complaint = process.stderr.read() if process.stderr else b""
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            sys.exit(f"{shlex.join(argv)} failed:\n{complaint.decode()}")
        best = min(best, usage.ru_utime + usage.ru_stime)
    return best


if __name__ == "__main__":
    main()
