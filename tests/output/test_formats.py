"""Every sort of result in every format, whole, on a terminal and through a pipe."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mlmon.core.errors import ExitCode, Failure, UsageError
from mlmon.core.model import FieldChange
from mlmon.output.results import Change, Field, Format, Lines, Nothing, Record, Row, Rows, Text
from mlmon.output.show import check, show
from output.screens import Screen, Shown, desk, shown

FIELDS = (
    Field("name"),
    Field("size", kind="bytes"),
    Field("modified", kind="time"),
    Field("took", kind="duration"),
    Field("whole", kind="flag"),
    Field("about", kind="json", optional=True),
)
ROWS: list[Row] = [
    {
        "name": "2026/03/01/inputs.csv",
        "size": 1_234_567,
        "modified": datetime(2026, 3, 1, 12, 30, 5, tzinfo=UTC),
        "took": timedelta(seconds=1.5),
        "whole": True,
        "about": {"rows": [1, 2]},
        "not asked for": "never shown",
    },
    {"name": 'a|b, "c"\td', "size": 0, "modified": None, "took": None, "whole": False},
]
BLOBS = Rows(FIELDS, ROWS, empty="no blobs", caption="March")
LISTING = Record(
    (Field("count", kind="number"), Field("total_bytes", kind="bytes")),
    {"count": 2, "total_bytes": 1_234_567},
    rows=Rows(FIELDS[:2], ROWS, empty="no blobs"),
    rows_key="blobs",
)
FETCHED = Record((Field("path"), Field("at", kind="time")), {"path": "/x", "at": datetime(2026, 3, 1, tzinfo=UTC)})
CHANGE = Change(
    "churn",
    "collection",
    sentence="collection of churn is now on",
    changes=(FieldChange("collection", False, True), FieldChange("rate", None, 0.5)),
    changed=True,
)
LINES = Lines(["one", "two\tx \x1b[1m"], empty="no lines")
SCRIPT = Text("complete -c mlmon\n\t-f\n")

CHANGE_AS_JSON = """\
{
  "schema_version": 1,
  "service": "churn",
  "switch": "collection",
  "changed": true,
  "dry_run": false,
  "changes": [
    {
      "field": "collection",
      "before": false,
      "after": true
    },
    {
      "field": "rate",
      "before": null,
      "after": 0.5
    }
  ]
}
"""

THROUGH_A_PIPE = [
    pytest.param(
        BLOBS,
        "table",
        """\
March

name                     size  modified             took  whole  about
2026/03/01/inputs.csv  1.2 MB  2026-03-01 12:30:05  1.5s  on     {"rows": [1, 2]}
a|b, "c"\\td               0 B  -                       -  off    -
""",
        id="rows-table",
    ),
    pytest.param(
        BLOBS,
        "json",
        """\
[
  {
    "name": "2026/03/01/inputs.csv",
    "size": 1234567,
    "modified": "2026-03-01T12:30:05Z",
    "took": 1.5,
    "whole": true,
    "about": {
      "rows": [
        1,
        2
      ]
    }
  },
  {
    "name": "a|b, \\"c\\"\\td",
    "size": 0,
    "modified": null,
    "took": null,
    "whole": false,
    "about": null
  }
]
""",
        id="rows-json",
    ),
    pytest.param(
        BLOBS,
        "jsonl",
        """\
{"name": "2026/03/01/inputs.csv", "size": 1234567, "modified": "2026-03-01T12:30:05Z", "took": 1.5, "whole": true, "about": {"rows": [1, 2]}}
{"name": "a|b, \\"c\\"\\td", "size": 0, "modified": null, "took": null, "whole": false, "about": null}
""",  # noqa: E501 - a line of output is as long as it is
        id="rows-jsonl",
    ),
    pytest.param(
        BLOBS,
        "csv",
        "name,size,modified,took,whole,about\r\n"
        '2026/03/01/inputs.csv,1234567,2026-03-01T12:30:05Z,1.5,true,"{""rows"": [1, 2]}"\r\n'
        '"a|b, ""c""\td",0,,,false,\r\n',
        id="rows-csv",
    ),
    pytest.param(
        BLOBS,
        "tsv",
        "name\tsize\tmodified\ttook\twhole\tabout\n"
        '2026/03/01/inputs.csv\t1234567\t2026-03-01T12:30:05Z\t1.5\ttrue\t{"rows": [1, 2]}\n'
        'a|b, "c"\\td\t0\t\t\tfalse\t\n',
        id="rows-tsv",
    ),
    pytest.param(
        BLOBS,
        "md",
        """\
March

| name | size | modified | took | whole | about |
| --- | ---: | --- | ---: | --- | --- |
| 2026/03/01/inputs.csv | 1234567 | 2026-03-01T12:30:05Z | 1.5 | true | {"rows": \\[1, 2\\]} |
| a\\|b, "c"\\\\td | 0 |  |  | false |  |
""",
        id="rows-md",
    ),
    pytest.param(
        LISTING,
        "table",
        """\
count: 2
total_bytes: 1.2 MB

name                     size
2026/03/01/inputs.csv  1.2 MB
a|b, "c"\\td               0 B
""",
        id="listing-table",
    ),
    pytest.param(
        LISTING,
        "json",
        """\
{
  "schema_version": 1,
  "count": 2,
  "total_bytes": 1234567,
  "blobs": [
    {
      "name": "2026/03/01/inputs.csv",
      "size": 1234567
    },
    {
      "name": "a|b, \\"c\\"\\td",
      "size": 0
    }
  ]
}
""",
        id="listing-json",
    ),
    pytest.param(
        LISTING,
        "jsonl",
        '{"name": "2026/03/01/inputs.csv", "size": 1234567}\n{"name": "a|b, \\"c\\"\\td", "size": 0}\n',
        id="listing-jsonl",
    ),
    pytest.param(
        LISTING, "csv", 'name,size\r\n2026/03/01/inputs.csv,1234567\r\n"a|b, ""c""\td",0\r\n', id="listing-csv"
    ),
    pytest.param(LISTING, "tsv", 'name\tsize\n2026/03/01/inputs.csv\t1234567\na|b, "c"\\td\t0\n', id="listing-tsv"),
    pytest.param(
        LISTING,
        "md",
        '| name | size |\n| --- | ---: |\n| 2026/03/01/inputs.csv | 1234567 |\n| a\\|b, "c"\\\\td | 0 |\n',
        id="listing-md",
    ),
    pytest.param(FETCHED, "table", "path: /x\nat: 2026-03-01 00:00:00\n", id="record-table"),
    pytest.param(
        FETCHED,
        "json",
        '{\n  "schema_version": 1,\n  "path": "/x",\n  "at": "2026-03-01T00:00:00Z"\n}\n',
        id="record-json",
    ),
    pytest.param(
        FETCHED, "jsonl", '{"schema_version": 1, "path": "/x", "at": "2026-03-01T00:00:00Z"}\n', id="record-jsonl"
    ),
    pytest.param(FETCHED, "csv", "path,at\r\n/x,2026-03-01T00:00:00Z\r\n", id="record-csv"),
    pytest.param(FETCHED, "tsv", "path\tat\n/x\t2026-03-01T00:00:00Z\n", id="record-tsv"),
    pytest.param(FETCHED, "md", "| path | at |\n| --- | --- |\n| /x | 2026-03-01T00:00:00Z |\n", id="record-md"),
    pytest.param(
        CHANGE,
        "table",
        "collection of churn is now on\ncollection: off -> on\nrate: (not set) -> 0.5\nchanged: true\n",
        id="change-table",
    ),
    pytest.param(CHANGE, "json", CHANGE_AS_JSON, id="change-json"),
    pytest.param(
        CHANGE,
        "jsonl",
        '{"schema_version": 1, "service": "churn", "switch": "collection", "changed": true, "dry_run": false, '
        '"changes": [{"field": "collection", "before": false, "after": true}, '
        '{"field": "rate", "before": null, "after": 0.5}]}\n',
        id="change-jsonl",
    ),
    pytest.param(
        CHANGE,
        "csv",
        "service,switch,changed,dry_run,changes\r\n"
        'churn,collection,true,false,"[{""field"": ""collection"", ""before"": false, ""after"": true}, '
        '{""field"": ""rate"", ""before"": null, ""after"": 0.5}]"\r\n',
        id="change-csv",
    ),
    pytest.param(
        CHANGE,
        "tsv",
        "service\tswitch\tchanged\tdry_run\tchanges\n"
        'churn\tcollection\ttrue\tfalse\t[{"field": "collection", "before": false, "after": true}, '
        '{"field": "rate", "before": null, "after": 0.5}]\n',
        id="change-tsv",
    ),
    pytest.param(
        CHANGE,
        "md",
        "| service | switch | changed | dry_run | changes |\n| --- | --- | --- | --- | --- |\n"
        '| churn | collection | true | false | \\[{"field": "collection", "before": false, "after": true}, '
        '{"field": "rate", "before": null, "after": 0.5}\\] |\n',
        id="change-md",
    ),
    pytest.param(LINES, "table", "one\ntwo\tx \\x1b[1m\n", id="lines-table"),
    pytest.param(
        LINES,
        "json",
        '[\n  {\n    "line": "one"\n  },\n  {\n    "line": "two\\tx \\u001b[1m"\n  }\n]\n',
        id="lines-json",
    ),
    pytest.param(LINES, "jsonl", '{"line": "one"}\n{"line": "two\\tx \\u001b[1m"}\n', id="lines-jsonl"),
    pytest.param(LINES, "csv", "line\r\none\r\ntwo\tx \x1b[1m\r\n", id="lines-csv"),
    pytest.param(LINES, "tsv", "line\none\ntwo\\tx \x1b[1m\n", id="lines-tsv"),
    pytest.param(LINES, "md", "| line |\n| --- |\n| one |\n| two\\\\tx \\\\x1b\\[1m |\n", id="lines-md"),
    *[pytest.param(SCRIPT, name, SCRIPT.text, id=f"text-{name}") for name in ("table", "csv", "tsv", "md")],
    pytest.param(
        SCRIPT, "json", '{\n  "schema_version": 1,\n  "text": "complete -c mlmon\\n\\t-f\\n"\n}\n', id="text-json"
    ),
    pytest.param(SCRIPT, "jsonl", '{"schema_version": 1, "text": "complete -c mlmon\\n\\t-f\\n"}\n', id="text-jsonl"),
    *[pytest.param(Nothing(), name, "", id=f"nothing-{name}") for name in Format],
]


@pytest.mark.parametrize(("result", "form", "printed"), THROUGH_A_PIPE)
def test_through_a_pipe(result, form, printed):
    assert shown(result, form, tty=False) == Shown(printed, "", ExitCode.DONE)


SAME_ON_A_TERMINAL = [
    case
    for case in THROUGH_A_PIPE
    if case.id
    not in {"rows-table", "lines-tsv", "nothing-parquet"}
    | {case.id for case in THROUGH_A_PIPE if case.values[1] == "csv"}
]


@pytest.mark.parametrize(("result", "form", "printed"), SAME_ON_A_TERMINAL)
def test_on_a_terminal_the_same_as_long_as_it_fits_and_harms_nothing(result, form, printed):
    assert shown(result, form, tty=True) == Shown(printed, "", ExitCode.DONE)


def test_on_80_columns_long_text_is_folded():
    assert shown(BLOBS, "table").out == (
        """\
March

name                    size  modified             took  whole  about
2026/03/01/inputs.cs  1.2 MB  2026-03-01 12:30:05  1.5s  on     {"rows": [1, 2]}
v
a|b, "c"\\td              0 B  -                       -  off    -
"""
    )


def test_on_a_terminal_csv_and_tsv_show_their_control_characters():
    assert shown(LINES, "csv").out == "line\none\ntwo\tx \\x1b[1m\n"
    assert shown(LINES, "tsv").out == "line\none\ntwo\\tx \\x1b[1m\n"
    assert shown(LINES, "tsv", raw=True).out == "line\none\ntwo\\tx \x1b[1m\n"


def test_what_does_not_fit_is_left_out_aloud_the_optional_columns_first():
    fields = (Field("time", kind="time"), Field("operation", optional=True), Field("level"), Field("message"))
    row: Row = {
        "time": datetime(2026, 3, 1, tzinfo=UTC),
        "operation": "4bf92f3577b34da6a3ce929d0e0e4736",
        "level": "warning",
        "message": "the quick brown fox jumps over the lazy dog",
    }
    assert shown(Rows(fields, [row]), "table", width=50) == Shown(
        """\
time                 level    message
2026-03-01 00:00:00  warning  the quick brown fox
                              jumps over the lazy
                              dog
""",
        "left out to fit 50 columns: operation (-o json has\n  them)\n",
        ExitCode.DONE,
    )
    assert shown(Rows(fields, [row]), "table", width=30) == Shown(
        "time                 level\n2026-03-01 00:00:00  warning\n",
        "left out to fit 30 columns:\n  operation, message (-o json\n  has them)\n",
        ExitCode.DONE,
    )


def test_very_long_text_is_cut_with_a_mark_on_a_terminal_and_whole_in_a_pipe():
    rows = Rows((Field("payload"),), [{"payload": "0123456789" * 10}])
    line = "0123456789" * 2
    cut = shown(rows, "table", width=20, environ={"TERM": "xterm"})
    assert cut.out == f"\x1b[1mpayload             \x1b[0m\n{line}\n{line}\n{line[:-1]}…\n"
    for how in ({"encoding": "ascii"}, {"environ": {"TERM": "dumb"}}, {"environ": {"LC_ALL": "C", "NO_COLOR": "1"}}):
        assert shown(rows, "table", width=20, **how).out == f"payload\n{line}\n{line}\n{line[:-3]}...\n"
    assert shown(rows, "table", width=20, tty=False).out == f"payload\n{line * 5}\n"


def test_a_forced_colour_through_a_pipe_changes_the_header_only():
    rows = Rows((Field("a"), Field("b")), [{"a": "x", "b": "y"}])
    forced = shown(rows, "table", tty=False, environ={"FORCE_COLOR": "1"})
    assert forced.out == "\x1b[1ma  b\x1b[0m\nx  y\n"


def test_a_long_table_has_one_header():
    rows = Rows((Field("n", kind="number"),), [{"n": number} for number in range(500)])
    assert shown(rows, "table").out == "".join(f"{cell:>3}\n" for cell in ("n", *range(500)))


def test_wide_characters_keep_the_columns_straight():
    rows = Rows((Field("name"), Field("n", kind="number")), [{"name": "日本語", "n": 1}, {"name": "abc", "n": 10}])
    straight = "name     n\n日本語   1\nabc     10\n"
    assert shown(rows, "table").out == straight
    assert shown(rows, "table", tty=False).out == straight


def test_an_encoding_without_the_characters_gets_them_written_out():
    rows = Rows((Field("name"), Field("n", kind="number")), [{"name": "日本", "n": 1}, {"name": "é", "n": 2}])
    assert shown(rows, "table", encoding="latin-1").out == "name          n\n\\u65e5\\u672c  1\né             2\n"
    assert (
        shown(rows, "jsonl", encoding="latin-1").out
        == '{"name": "\\u65e5\\u672c", "n": 1}\n{"name": "\\u00e9", "n": 2}\n'
    )


def test_through_a_pipe_machine_formats_are_utf8_whatever_the_locale():
    rows = Rows((Field("name"),), [{"name": "日本 😀"}])
    for name, printed in (
        ("jsonl", '{"name": "日本 😀"}\n'),
        ("csv", "name\r\n日本 😀\r\n"),
        ("tsv", "name\n日本 😀\n"),
    ):
        place = desk(tty=False, encoding="ascii")
        show(rows, format=Format(name), terminal=place.terminal)
        place.out.flush()
        assert place.out.memory.getvalue() == printed.encode()


def test_numbers_that_json_lacks_are_strings():
    rows = Rows((Field("x", kind="number"),), [{"x": float("nan")}, {"x": float("inf")}, {"x": [float("-inf")]}])
    assert shown(rows, "jsonl").out == '{"x": "NaN"}\n{"x": "Infinity"}\n{"x": ["-Infinity"]}\n'
    assert shown(rows, "csv", tty=False).out == 'x\r\nNaN\r\nInfinity\r\n"[""-Infinity""]"\r\n'


def test_a_spreadsheet_runs_no_cell_and_numbers_stay_numbers():
    rows = Rows(
        (Field("=key"), Field("n", kind="number")),
        [
            {"=key": "=1+1", "n": -1},
            {"=key": "+1", "n": -1.5},
            {"=key": "@x", "n": None},
            {"=key": "'=x", "n": 0},
            {"=key": "'x", "n": 1},
        ],
    )
    assert shown(rows, "csv", tty=False).out == "'=key,n\r\n'=1+1,-1\r\n'+1,-1.5\r\n'@x,\r\n''=x,0\r\n'x,1\r\n"


def test_nothing_in_markdown_is_markup():
    rows = Rows((Field("text"),), [{"text": "<script>x</script> | [a](b) *b* _c_ a_b `d` ![e](f)\r\n&amp; \u202e"}])
    assert shown(rows, "md", tty=False).out == (
        "| text |\n| --- |\n"
        "| &lt;script&gt;x&lt;/script&gt; \\| \\[a\\](b) \\*b\\* \\_c\\_ a_b \\`d\\` !\\[e\\](f)"
        "<br>&amp;amp; \\\\u202e |\n"
    )


@pytest.mark.parametrize(
    ("form", "printed"),
    [
        ("table", ""),
        ("json", "[]\n"),
        ("jsonl", ""),
        ("csv", "name,size\r\n"),
        ("tsv", "name\tsize\n"),
        ("md", "| name | size |\n| --- | ---: |\n"),
    ],
)
def test_no_rows_is_an_answer_and_the_note_is_on_stderr(form, printed):
    none = Rows(FIELDS[:2], [], empty="no blobs in March", caption="")
    assert shown(none, form, tty=False) == Shown(printed, "no blobs in March\n", ExitCode.DONE)


def test_a_listing_of_nothing_keeps_its_totals():
    none = Record(
        LISTING.fields, {"count": 0, "total_bytes": 0}, rows=Rows(FIELDS[:2], iter(()), empty="none"), rows_key="blobs"
    )
    assert shown(none, "table") == Shown("count: 0\ntotal_bytes: 0 B\n", "none\n", ExitCode.DONE)
    assert shown(none, "json") == Shown(
        '{\n  "schema_version": 1,\n  "count": 0,\n  "total_bytes": 0,\n  "blobs": []\n}\n', "none\n", ExitCode.DONE
    )


def test_the_exit_code_of_a_result_is_returned():
    assert shown(Rows(FIELDS, ROWS, exit_code=ExitCode.PARTIAL), "json").code is ExitCode.PARTIAL
    assert shown(Record((), {}, exit_code=ExitCode.DRIFT), "table") == Shown("", "", ExitCode.DRIFT)
    assert shown(Nothing(ExitCode.FAILURE), "table") == Shown("", "", ExitCode.FAILURE)


@pytest.mark.parametrize(
    ("change", "printed"),
    [
        (
            Change("churn", "insights", sentence="Already off", changes=(), changed=False),
            "Already off\nchanged: false\n",
        ),
        (
            Change(
                "churn",
                "insights",
                sentence="Done\x07",
                changes=(FieldChange("a\x1b", "", [1]), FieldChange("b", True, None)),
                changed=True,
            ),
            'Done\\x07\na\\x1b: "" -> [1]\nb: on -> (not set)\nchanged: true\n',
        ),
    ],
)
def test_a_change_says_what_it_did(change, printed):
    assert shown(change, "table").out == printed


def test_log_lines_stay_as_they_were_written_only_when_raw():
    hostile = Lines(["\x1b]0;title\x07 a\tb", "c\rd\ne"])
    assert shown(hostile, "table").out == "\\x1b]0;title\\x07 a\tb\nc\\rd\\ne\n"
    assert shown(hostile, "table", raw=True).out == "\x1b]0;title\x07 a\tb\nc\rd\ne\n"


def test_log_lines_with_times_show_people_the_line_and_machines_everything():
    lines = Lines(
        [{"time": datetime(2026, 3, 1, tzinfo=UTC), "message": "started"}],
        fields=(Field("time", kind="time"), Field("message")),
        text="message",
    )
    assert shown(lines, "table").out == "started\n"
    assert shown(lines, "jsonl").out == '{"time": "2026-03-01T00:00:00Z", "message": "started"}\n'


def test_every_followed_line_is_handed_over_before_the_next_is_waited_for():
    class Pipe(Screen):
        """Knows what has really left, not what waits in a buffer."""

        left = b""

        def flush(self) -> None:
            super().flush()
            self.left = self.memory.getvalue()

    for name, out in (
        ("table", b"one\n"),
        ("jsonl", b'{"line": "one"}\n'),
        ("json", b'[\n  {\n    "line": "one"\n  }'),
    ):
        place = desk(tty=False)
        pipe = Pipe(tty=False)
        terminal = place.terminal.of(None, pipe, place.err, {})
        seen: list[bytes] = []

        def lines(pipe: Pipe = pipe, seen: list[bytes] = seen) -> Iterator[str]:
            yield "one"
            seen.append(pipe.left)

        show(Lines(lines()), format=Format(name), terminal=terminal)
        assert seen == [out]


def test_rows_that_break_off_leave_no_half_json_list_and_keep_the_lines_already_said():
    def rows() -> Iterator[Row]:
        yield {"name": "one"}
        raise Failure("the second could not be read", hint="try again")

    for name, printed in (("json", ""), ("jsonl", '{"name": "one"}\n')):
        place = desk(tty=False)
        with pytest.raises(Failure):
            show(Rows((Field("name"),), rows()), format=Format(name), terminal=place.terminal)
        assert place.out.seen == printed


def test_a_followed_log_in_json_is_whole_when_it_is_interrupted():
    def lines() -> Iterator[str]:
        yield "one"
        raise KeyboardInterrupt

    place = desk(tty=False)
    with pytest.raises(KeyboardInterrupt):
        show(Lines(lines()), format=Format.JSON, terminal=place.terminal)
    assert place.out.seen == '[\n  {\n    "line": "one"\n  }\n]\n'


def test_a_value_nested_without_end_is_an_error_and_not_a_crash():
    deep: list[object] = []
    for _ in range(5_000):
        deep = [deep]
    with pytest.raises(Failure) as caught:
        shown(Rows((Field("x"),), [{"x": deep}]), "json")  # type: ignore[dict-item]
    assert (caught.value.message, caught.value.hint) == (
        "a value is nested too deeply to be written",
        "choose fewer fields",
    )


def parquet_of(result) -> pa.Table:
    place = desk(tty=False)
    show(result, format=Format.PARQUET, terminal=place.terminal)
    place.out.flush()
    return pq.read_table(io.BytesIO(place.out.memory.getvalue()))


@pytest.mark.parametrize("result", [BLOBS, Record((), {}, rows=BLOBS)], ids=["rows", "nested"])
def test_parquet_has_types(result):
    table = parquet_of(result)
    assert {name: str(table.schema.field(name).type) for name in table.column_names} == {
        "name": "string",
        "size": "int64",
        "modified": "timestamp[us, tz=UTC]",
        "took": "double",
        "whole": "bool",
        "about": "string",
    }
    assert table.to_pylist() == [
        {
            "name": "2026/03/01/inputs.csv",
            "size": 1_234_567,
            "modified": datetime(2026, 3, 1, 12, 30, 5, tzinfo=UTC),
            "took": 1.5,
            "whole": True,
            "about": '{"rows": [1, 2]}',
        },
        {"name": 'a|b, "c"\td', "size": 0, "modified": None, "took": None, "whole": False, "about": None},
    ]


def test_parquet_types_of_columns_that_are_mixed_huge_or_empty():
    fields = tuple(Field(key) for key in ("mixed", "numbers", "huge", "precise", "a\"b'", ""))
    rows: list[Row] = [
        {"mixed": 1, "numbers": 1, "huge": 2**63, "precise": 2**53 + 1, "a\"b'": "x"},
        {"mixed": "a", "numbers": 1.5, "huge": 1, "precise": 0.5, "": "y"},
    ]
    assert parquet_of(Rows(fields, rows)).to_pydict() == {
        "mixed": ["1", "a"],
        "numbers": [1.0, 1.5],
        "huge": ["9223372036854775808", "1"],
        "precise": ["9007199254740993", "0.5"],
        "a\"b'": ["x", None],
        "_": [None, "y"],
    }
    nobody = (
        Field("t", kind="time"),
        Field("n", kind="number"),
        Field("b", kind="bytes"),
        Field("f", kind="flag"),
        Field("s"),
    )
    assert [str(field.type) for field in parquet_of(Rows(nobody, [])).schema] == [
        "timestamp[us, tz=UTC]",
        "double",
        "int64",
        "bool",
        "string",
    ]


def test_parquet_of_more_rows_than_one_block():
    table = parquet_of(Lines(str(number) for number in range(12_345)))
    assert table.to_pydict() == {"line": [str(number) for number in range(12_345)]}


@pytest.mark.parametrize("result", [FETCHED, CHANGE, SCRIPT], ids=["record", "change", "text"])
def test_parquet_of_what_is_not_rows_is_refused(result):
    with pytest.raises(UsageError) as caught:
        shown(result, "parquet", tty=False)
    assert (caught.value.message, caught.value.hint) == (
        "this answer is not rows, so parquet cannot hold it",
        "choose -o json",
    )


def test_parquet_is_refused_on_a_terminal_before_any_row_is_read():
    with pytest.raises(UsageError) as caught:
        check(Format.PARQUET, rows=True, terminal=desk().terminal)
    assert caught.value.message == "parquet is binary and would garble the terminal"

    def rows() -> Iterator[Row]:
        raise AssertionError("nothing should be read")
        yield {}

    with pytest.raises(UsageError):
        shown(Rows((Field("x"),), rows()), "parquet")


def test_parquet_that_cannot_be_made_is_an_error_with_a_way_out():
    program = (
        "import os, resource, sys\n"
        "from mlmon.core.errors import Failure\n"
        "from mlmon.output.results import Field, Format, Rows\n"
        "from mlmon.output.show import show\n"
        "from mlmon.output.terminal import Terminal\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (64, 64))\n"
        "terminal = Terminal.of(sys.stdin, sys.stdout, sys.stderr, os.environ)\n"
        "try:\n"
        "    show(Rows((Field('n'),), [{'n': 'x'}]), format=Format.PARQUET, terminal=terminal)\n"
        "except Failure as error:\n"
        "    terminal.error(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == ""
    first, second = done.stderr.splitlines()
    assert first.startswith("error: the parquet file cannot be made: IO Error: ")
    assert second == "hint: TMPDIR names the folder where it is made; -o jsonl needs none"
