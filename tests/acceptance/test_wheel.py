"""The whole main job as a newcomer does it: the built wheel in an environment of its own, outside the repository."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
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


def test_the_main_job(environment: Path, tmp_path: Path) -> None:
    environ = {"PATH": f"{environment / 'bin'}:{os.environ['PATH']}", "HOME": str(tmp_path), "NO_COLOR": "1"}

    def sh(line: str, *, code: int = 0) -> str:
        """A line as a person pastes it; what it prints on stdout."""
        done = subprocess.run(line, shell=True, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False)
        assert done.returncode == code, f"{line}: {done.stderr}"
        assert "Traceback" not in done.stderr
        return done.stdout

    def counts() -> list[dict[str, int]]:
        kql = "print requests=toscalar(requests | count), traces=toscalar(traces | count)"
        return [json.loads(line) for line in sh(f"cd mlmon-demo && mlmon query '{kql}'").splitlines()]

    assert sh("mlmon --version").startswith("mlmon ")
    sh("mlmon demo")
    assert "diabetes-v2/blue" in sh("cd mlmon-demo && mlmon status")
    assert sh("cd mlmon-demo && mlmon enable-collection").endswith("changed: false\n")
    assert sh("cd mlmon-demo && mlmon disable-collection", code=2) == ""
    assert len(sh("cd mlmon-demo && mlmon logs").splitlines()) == 100
    assert len(sh("cd mlmon-demo && mlmon traces --where input").splitlines()) == 10
    documented = 'traces | where customDimensions contains "input" | limit 10'
    assert len(sh(f"cd mlmon-demo && mlmon query '{documented}'").splitlines()) == 10
    assert sh("cd mlmon-demo && mlmon ls --month 3").startswith("service: diabetes\ncount: 62\n")
    assert sh("cd mlmon-demo && mlmon pull --month 3").startswith("fetched 62 files, ")

    pulled, stored = tmp_path / "mlmon-demo" / "modeldata", tmp_path / "mlmon-demo" / "blobs" / "modeldata"
    names = [path.relative_to(pulled) for path in pulled.rglob("*") if path.is_file()]
    assert len(names) == 62
    assert all((pulled / name).read_bytes() == (stored / name).read_bytes() for name in names)

    before = counts()[0]
    assert sh("cd mlmon-demo && mlmon disable-collection --yes").endswith("changed: true\n")
    assert sh("cd mlmon-demo && mlmon disable-collection --yes").endswith("changed: false\n")
    rows = json.loads((tmp_path / "mlmon-demo" / "rows.json").read_text())["data"]
    assert len(json.loads(sh("cd mlmon-demo && mlmon invoke diabetes --data rows.json"))) == len(rows)
    assert counts() == [{name: count + 1 for name, count in before.items()}]
    assert json.loads(sh("cd mlmon-demo && mlmon ls --day today -o json"))["count"] == 0
    sh("cd mlmon-demo && mlmon enable-collection --yes && mlmon disable-insights --yes")
    sh("cd mlmon-demo && mlmon invoke diabetes --data rows.json")
    assert counts() == [{name: count + 1 for name, count in before.items()}]
    listed = json.loads(sh("cd mlmon-demo && mlmon ls --day today -o json"))
    assert [one["collection"] for one in listed["blobs"]] == ["inputs", "predictions"]

    for shell in ("bash", "zsh", "fish", "powershell"):
        name = {"bash": "mlmon.bash", "zsh": "_mlmon", "fish": "mlmon.fish", "powershell": "mlmon.ps1"}[shell]
        assert sh(f"mlmon completion {shell}") == (ROOT / "completions" / name).read_text("utf-8")
