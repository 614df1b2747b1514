"""The built wheel in an environment of its own, and a shell in which it is installed."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from emulators.azure import LocalAzure

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment with the wheel in it. Its dependencies are those of the suite, by path."""
    built = tmp_path_factory.mktemp("wheel")
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(built)], cwd=ROOT, check=True)
    [wheel] = built.glob("mlmon-*.whl")
    folder = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    python = folder / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "-q", "--no-deps", "--no-index", str(wheel)]
    subprocess.run(pip, check=True)
    [packages] = folder.glob("lib/python*/site-packages")
    # a path that a .pth file adds has its own .pth files ignored: the suite's editable mlmon stays out
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    where = subprocess.run(
        [python, "-c", "import mlmon; print(mlmon.__file__)"], capture_output=True, text=True, check=True, cwd=folder
    )
    assert Path(where.stdout.strip()).is_relative_to(packages)
    return folder


@dataclass(frozen=True)
class Done:
    """What a command left behind."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Shell:
    """A folder and an environment of variables, in which the installed `mlmon` is run as a person runs it."""

    environment: Path
    folder: Path
    variables: Mapping[str, str] = field(default_factory=dict)

    def run(self, line: str) -> Done:
        """A line as a person pastes it."""
        environ = {
            "PATH": f"{self.environment / 'bin'}:{os.environ['PATH']}",
            "HOME": str(self.folder),
            "NO_COLOR": "1",
            **self.variables,
        }
        done = subprocess.run(
            line, shell=True, cwd=self.folder, env=environ, capture_output=True, text=True, check=False, timeout=60
        )
        assert "Traceback" not in done.stderr, done.stderr
        return Done(done.returncode, done.stdout, done.stderr)

    def __call__(self, line: str, *, code: int = 0) -> str:
        """What a line prints on stdout, when it ends with the code that is expected."""
        done = self.run(line)
        assert done.code == code, f"{line}: {done.code}\n{done.out}\n{done.err}"
        return done.out


@pytest.fixture
def shell(environment: Path, tmp_path: Path) -> Shell:
    """A shell in an empty folder, with no variable but those that every shell has."""
    return Shell(environment, tmp_path)


@pytest.fixture(scope="session")
def demo(environment: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The embedded workspace, with thirteen months of history."""
    folder = tmp_path_factory.mktemp("folder")
    Shell(environment, folder)("mlmon demo")
    return folder / "mlmon-demo"


@pytest.fixture(scope="session")
def azure(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAzure]:
    """The same workspace on Azure: its v1 service on AKS, its v2 deployment managed."""
    with LocalAzure.start(tmp_path_factory.mktemp("azure"), mirror=demo) as azure:
        yield azure


@pytest.fixture
def here(shell: Shell, demo: Path) -> Shell:
    """The embedded workspace."""
    return replace(shell, folder=demo)
