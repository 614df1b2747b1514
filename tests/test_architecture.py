"""The house rules that a machine can check; each is also shown to fail when it is broken."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from mlmon.commands.tree import tree
from mlmon.core.errors import Code, ExitCode

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")


def lint_imports(package: Path, cache: Path) -> subprocess.CompletedProcess[str]:
    """import-linter over a package folder, with this project's contracts."""
    program = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    return subprocess.run(
        [sys.executable, "-c", program, "--config", str(ROOT / "pyproject.toml"), "--cache-dir", str(cache)],
        cwd=package.parent,
        env={"PYTHONPATH": str(package.parent), "PATH": "", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the package, to break."""
    return shutil.copytree(
        ROOT / "cli" / "mlmon", tmp_path / "src" / "mlmon", ignore=shutil.ignore_patterns("__pycache__")
    )


def test_imports_point_down() -> None:
    done = lint_imports(ROOT / "cli" / "mlmon", ROOT / ".import_linter_cache")
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("module", "line", "broken"),
    [
        ("commands/ls.py", "import mlmon.local", "backends are reached only through the session"),
        ("core/model.py", "import rich", "core needs nothing but the standard library"),
        ("collected/selecting/layout.py", "import rich", "below the session nothing knows the terminal"),
        ("core/model.py", "import mlmon.settings", "imports point down"),
        ("local/names.py", "import azure.core", "only azure/ knows Azure"),
    ],
)
def test_a_wrong_import_is_caught(copy: Path, tmp_path: Path, module: str, line: str, broken: str) -> None:
    with (copy / module).open("a") as file:
        file.write(f"\n{line}\n")
    done = lint_imports(copy, tmp_path / "cache")
    assert done.returncode == 1
    assert f"{broken} BROKEN" in done.stdout


def wanting(app: typer.Typer, readme: str) -> list[str]:
    """What the commands of a tree lack: help, an example, a row in the README."""
    lacking = []
    for name, command in typer.main.get_command(app).commands.items():  # type: ignore[attr-defined]  # it is a group
        if command.hidden:
            continue
        summary, _, examples = (command.help or "").partition("Examples:")
        if not summary.strip():
            lacking.append(f"{name} has no help")
        if f"mlmon {name}" not in examples:
            lacking.append(f"{name} has no example")
        if not re.search(rf"^\| `mlmon {name}[ `]", readme, re.MULTILINE):
            lacking.append(f"{name} has no row in README.md")
    return lacking


def test_every_command_has_help_an_example_and_its_row_in_the_readme() -> None:
    assert wanting(tree(), README) == []


def test_a_command_that_lacks_them_is_caught() -> None:
    app = typer.Typer()

    @app.callback()
    def root() -> None:
        pass

    @app.command("fresh")
    def fresh() -> None:
        pass

    assert wanting(app, README) == [
        "fresh has no help",
        "fresh has no example",
        "fresh has no row in README.md",
    ]


def test_the_exit_codes_in_the_readme_are_those_of_the_code() -> None:
    """To rewrite the README's copy, paste what this prints between its markers."""
    rows = "".join(f"| {int(code)} | {code.meaning} |\n" for code in ExitCode)
    table = f"<!-- exit codes -->\n| code | meaning |\n|---|---|\n{rows}<!-- /exit codes -->"
    print(table)
    assert table in README


def test_every_error_code_is_in_the_readme() -> None:
    section = README.partition("<!-- error codes -->")[2].partition("<!-- /error codes -->")[0]
    assert section.split() == [f"`{code}`{',' if code is not list(Code)[-1] else ''}" for code in Code]


def test_no_module_is_called_what_says_nothing() -> None:
    nothing_said = {"utils", "util", "helpers", "helper", "common", "manager", "misc"}
    assert [path for path in (ROOT / "cli").rglob("*.py") if path.stem in nothing_said] == []


def test_no_module_passes_300_lines() -> None:
    """A longer one becomes a folder of its own name."""
    lengths = {path: len(path.read_text("utf-8").splitlines()) for path in (ROOT / "cli").rglob("*.py")}
    assert {path: length for path, length in lengths.items() if length > 300} == {}
