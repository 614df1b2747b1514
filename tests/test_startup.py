"""What start-up loads. A module named here costs more than everything that the command itself does."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


def _loaded(argv: list[str], folder: Path) -> tuple[str, set[str]]:
    """What mlmon prints, and the top-level packages it has loaded by then."""
    code = (
        "import os, sys\n"
        "from datetime import UTC, datetime\n"
        "from pathlib import Path\n"
        "from mlmon.main import main\n"
        "from mlmon.session import World\n"
        "world = World(sys.stdin, sys.stdout, sys.stderr, os.environ, Path.cwd(), lambda: datetime.now(UTC), main)\n"
        "assert main(sys.argv[1:], world) == 0\n"
        "print(*{name.partition('.')[0] for name in sys.modules}, file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, *argv], capture_output=True, text=True, cwd=folder, check=True)
    return done.stdout, set(done.stderr.split())


def test_version_loads_nothing_heavy(tmp_path: Path) -> None:
    """Scripts ask for the version before anything else, and azure alone takes more than a second to import.

    Asked for alone, it is answered before the command tree is built, so that typer is not loaded either.
    """
    printed, loaded = _loaded(["--version"], tmp_path)

    assert printed.startswith("mlmon ")
    assert loaded & {"azure", "numpy", "duckdb", "rich", "pydantic", "typer", "tomlkit"} == set()


@pytest.mark.parametrize("kind", ["services", "collections", "workspaces"])
def test_completion_loads_nothing_heavy(kind: str, tmp_path: Path) -> None:
    """It runs on a Tab, within a person's reaction time: 150 ms. typer alone would take half of that."""
    (tmp_path / "workspace.toml").write_text('[services."ep/blue".collections.model_inputs]')
    (tmp_path / "mlmon.toml").write_text('workspace = "."\n[workspaces.here]\nfolder = "."')

    printed, loaded = _loaded(["__complete", kind], tmp_path)

    name = {"services": "ep/blue", "collections": "model_inputs", "workspaces": "here"}[kind]
    assert printed.split()[0] == name
    assert loaded & {"typer", "rich", "duckdb", "numpy", "azure", "tomlkit", "pydantic", "waitress"} == set()


def test_version_among_other_options_is_the_same(tmp_path: Path) -> None:
    """There the command line must be read first, and still nothing of what commands need is loaded."""
    alone, _ = _loaded(["--version"], tmp_path)
    printed, loaded = _loaded(["--quiet", "--version"], tmp_path)

    assert printed == alone
    assert loaded & {"azure", "numpy", "duckdb", "rich", "pydantic"} == set()
