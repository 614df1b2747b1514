"""What start-up loads. A module named here costs more than everything that the command itself does."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from azured import local_azure, runner
from emulators import seed
from mlmon.commands.tree import MODULES, tree


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


@pytest.mark.parametrize("kind", ["services", "collections", "workspaces", "queries"])
def test_completion_loads_nothing_heavy(kind: str, tmp_path: Path) -> None:
    """It runs on a Tab, within a person's reaction time: 150 ms. typer alone would take half of that."""
    (tmp_path / "workspace.toml").write_text('[services."ep/blue".collections.model_inputs]')
    (tmp_path / "mlmon.toml").write_text('workspace = "."\n[workspaces.here]\nfolder = "."')

    printed, loaded = _loaded(["__complete", kind], tmp_path)

    name = {"services": "ep/blue", "collections": "model_inputs", "workspaces": "here"}.get(kind, "exceptions-by-type")
    assert printed.split()[0] == name
    assert loaded & {"typer", "rich", "duckdb", "numpy", "azure", "tomlkit", "pydantic", "waitress"} == set()


@pytest.mark.parametrize("kind", ["services", "collections"])
def test_completion_on_azure_loads_nothing_of_it(kind: str, tmp_path: Path) -> None:
    """What was last listed is read, and nobody is asked."""
    (tmp_path / "config.json").write_text('{"subscription_id": "s", "resource_group": "g", "workspace_name": "w"}')
    known = {"AzureCloud/s/g/w": {"services": {"ep/blue": ["model_inputs"]}}}
    (tmp_path / ".mlmon").mkdir()
    (tmp_path / ".mlmon" / "discovered.json").write_text(json.dumps({"version": 1, "known": known}))

    printed, loaded = _loaded(["__complete", kind], tmp_path)

    assert printed.split()[0] == {"services": "ep/blue", "collections": "model_inputs"}[kind]
    assert loaded & {"typer", "rich", "duckdb", "numpy", "azure", "tomlkit", "pydantic", "requests"} == set()


def test_version_among_other_options_is_the_same(tmp_path: Path) -> None:
    """There the command line must be read first, and still nothing of what commands need is loaded."""
    alone, _ = _loaded(["--version"], tmp_path)
    printed, loaded = _loaded(["--quiet", "--version"], tmp_path)

    assert printed == alone
    assert loaded & {"azure", "numpy", "duckdb", "rich", "pydantic"} == set()


def test_each_command_loads_its_own_module_and_no_other_command(tmp_path: Path) -> None:
    """To import all of them and read their signatures takes longer than everything else that starts with a command."""
    code = (
        "import os, sys\n"
        "from mlmon.commands.tree import MODULES, tree\n"
        "for name in MODULES:\n"
        "    if child := os.fork():\n"
        "        assert os.waitpid(child, 0)[1] == 0\n"
        "        continue\n"
        "    found = [one.name for one in tree([name]).registered_commands]\n"
        "    loaded = [one for one in MODULES.values() if f'mlmon.commands.{one}' in sys.modules]\n"
        "    print(name, name in found, *sorted({*loaded}), flush=True)\n"
        "    os._exit(0)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=True)

    assert done.stdout.splitlines() == [f"{name} True {module}" for name, module in MODULES.items()]


def test_the_whole_tree_has_the_order_of_the_help() -> None:
    assert [one.name for one in tree().registered_commands] == [*MODULES]


@pytest.mark.parametrize(
    ("command", "never"),
    [
        (["logs", "ep1/blue"], {"azure.storage.blob", "azure.monitor.query", "duckdb", "numpy"}),
        (["status"], {"duckdb", "numpy"}),
        (["query", "print 1"], {"azure.storage.blob", "duckdb", "numpy"}),
        (["ls", "ep1/blue", "--since", "1d"], {"azure.monitor.query", "duckdb", "numpy"}),
    ],
)
def test_a_command_on_azure_loads_its_own_plane_only(command: list[str], never: set[str], tmp_path: Path) -> None:
    """azure.ai.ml takes 1.5 s to import, azure.storage.blob 0.2 s; azure.mgmt.core does nothing that is needed."""
    with local_azure(tmp_path / "azure") as azure:
        seed.small(azure)
        here = runner(azure, tmp_path / "here")
        code = (
            "import runpy, sys\n"
            "try:\n    runpy.run_module('mlmon', run_name='__main__')\n"
            "finally:\n    print(*sys.modules, file=open('loaded', 'w'))\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", code, *command],
            capture_output=True,
            text=True,
            cwd=here.folder,
            env={"PATH": "", "HOME": str(tmp_path), **azure.environ},
            check=False,
        )
    assert done.returncode == 0, done.stderr
    loaded = set((here.folder / "loaded").read_text().split())
    assert "azure.core" in loaded
    assert loaded & (never | {"azure.ai.ml", "azure.mgmt.core", "tomlkit", "pydantic"}) == set()
