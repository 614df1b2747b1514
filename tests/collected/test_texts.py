"""Lines that DuckDB writes are the lines that `render` writes."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from collected.memory import INPUTS, V2, MemoryBlobs
from collected.rows import NOW, line
from mlmon.collected.selecting.selection import Selection, select
from mlmon.collected.tables import dataset as tables
from mlmon.collected.tables.filling import fill
from mlmon.collected.tables.plan import Wanted
from mlmon.collected.tables.staging import Staging
from mlmon.commands.cells import for_spreadsheet_row
from mlmon.output import render
from mlmon.output.results import Field, Format

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=5) | st.sampled_from(
    [
        "=1+1",
        "'=x",
        "''@",
        "'a",
        "-1",
        'say "hi"',
        "a,b",
        "a\nb",
        "\r",
        "\t",
        "é",
        "\u202e",
        "\x7f",
        "\\",
        "\0",
        "\U000e0041",
    ]
)
COLUMNS: dict[str, st.SearchStrategy[Any]] = {
    "t": TEXT,
    "f": st.floats(),
    "n": st.integers(-(2**63), 2**63 - 1) | st.integers(-5, 5),
    "b": st.booleans(),
    "when": st.integers(-60_000_000_000_000, 250_000_000_000_000),
    'a "k",\x1b\u202e=': TEXT,
}


@given(
    st.lists(st.fixed_dictionaries({name: st.none() | one for name, one in COLUMNS.items()}), min_size=1, max_size=4)
)
@settings(max_examples=60, deadline=None)
def test_a_line_is_what_render_makes_of_the_row(rows: list[dict[str, Any]]) -> None:
    blobs = MemoryBlobs().put(INPUTS, "2026/03/01/08/a.jsonl", content=line(rows))
    staging = Staging.open()
    try:
        list(fill(staging, blobs, select(blobs, V2, Selection()), now=NOW, on_aside=print))
        made = tables.build(staging, Wanted(moments=("when",)))
        fields = tuple(Field(one.name) for one in made.columns)
        for chosen, writer in ((Format.CSV, render.csv_rows), (Format.JSONL, render.jsonl)):
            assert "".join(made.lines(chosen) or ()) == "".join(writer(fields, made.rows()))
        spreadsheet = render.csv_rows(fields, map(for_spreadsheet_row, made.rows()))
        assert "".join(made.lines(Format.CSV, for_spreadsheet=True) or ()) == "".join(spreadsheet)
    finally:
        staging.close()
