"""What importing the output layer costs."""

from __future__ import annotations

import subprocess
import sys


def loaded_after(code: str) -> set[str]:
    listing = f"{code}\nimport sys; print(*sys.modules)"
    return set(
        subprocess.run([sys.executable, "-c", listing], capture_output=True, text=True, check=True).stdout.split()
    )


HEAVY = {"rich", "duckdb", "numpy", "json", "csv"}


def test_importing_the_output_layer_loads_nothing_heavy():
    """Every command and every Tab of a completion imports these modules before it knows what it will print.

    Rich costs some 50 ms, DuckDB more: a person who asks for `--version` or JSON must not pay for tables, and
    a format's own library is loaded when that format is asked for.
    """
    loaded = loaded_after("import mlmon.output.results, mlmon.output.show, mlmon.output.terminal")
    assert loaded & HEAVY == set()


def test_printing_json_loads_neither_rich_nor_duckdb():
    """`status -o json` runs in scripts and prompts, many times a minute; a table's drawing is no part of it."""
    loaded = loaded_after(
        "import os, sys\n"
        "from mlmon.output.results import Field, Format, Rows\n"
        "from mlmon.output.show import show\n"
        "from mlmon.output.terminal import Terminal\n"
        "quiet = open(os.devnull, 'w')\n"
        "terminal = Terminal.of(None, quiet, quiet, {})\n"
        "show(Rows((Field('a'),), [{'a': 1}]), format=Format.JSON, terminal=terminal)\n"
    )
    assert loaded & {"rich", "duckdb", "numpy"} == set()


def test_render_alone_loads_no_rich():
    """The machine formats are a module of their own so that a pipe never pays for drawing."""
    assert loaded_after("import mlmon.output.render") & {"rich", "duckdb", "numpy"} == set()
