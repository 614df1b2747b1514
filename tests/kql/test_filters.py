"""`--filter`: what is meant by one, what is refused, and that nothing in it becomes part of the query."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kql.rows import NOW, Rows
from mlmon.core.errors import UsageError
from mlmon.core.ports import Dialect, Tables
from mlmon.kql.build import traces_query
from mlmon.kql.dialect import Names
from mlmon.kql.engine import run
from mlmon.kql.failed import failed_requests, of_failed
from mlmon.kql.filters import Filter, lines, parsed
from mlmon.kql.schema import SCHEMAS, WORKSPACE_COLUMNS

NOON = "2024-03-01T12:00:00Z"
PAYLOAD = {"input": [[1, 2.5]], "note": {"odd.key": 'say "hi"'}, "text": json.dumps({"deep": [7]})}
IDS = {"Container Id": "host", "Request Id": "r-5", "Input": "[5]"}
ROWS: dict[str, dict[str, Any]] = {
    "v1": {
        "message": "STDOUT",
        "severityLevel": 1,
        "customDimensions": {"Content": json.dumps(PAYLOAD), "Request Id": "r-1", "n": 5, 'a"b\\*': "x"},
        "operation_Id": "op-1",
    },
    "v2": {"message": json.dumps(PAYLOAD), "severityLevel": 2, "customDimensions": {"code.lineno": 10, "n": "12.5"}},
    "error": {"message": "Boom [31m é", "severityLevel": 3, "customDimensions": {"n": "many"}},
    "data": {"message": "model_data_collection", "customDimensions": {"custom_dimensions": repr(IDS), "x": 1}},
}
COMPONENT = "/mine"
SIDES = [Tables(Dialect.CLASSIC), Tables(Dialect.WORKSPACE, component=COMPONENT)]


def written(rows: Rows, table: str, all_rows: list[dict[str, Any]]) -> None:
    """The rows under both names."""
    names = WORKSPACE_COLUMNS[table]
    rows.write(table, [{"timestamp": NOON, **row} for row in all_rows])
    renamed = [{str(names[key]): value for key, value in {"timestamp": NOON, **row}.items()} for row in all_rows]
    for row in renamed:
        if "Success" in row:
            row["Success"] = row["Success"] == "True"
    rows.write(Names(table, Dialect.WORKSPACE).table, [{"_ResourceId": "/Mine", **row} for row in renamed])


@pytest.fixture
def kept(rows: Rows) -> Rows:
    written(rows, "traces", [{"cloud_RoleName": name, **row} for name, row in ROWS.items()])
    return rows


def met(rows: Rows, conditions: list[str], tables: Tables, before: str = "") -> set[str]:
    """The rows that the local engine finds, by the query that is printed."""
    kql = traces_query(where=(), between=None, limit=None, tables=tables, conditions=conditions)
    found = run(before + kql, files=rows, now=NOW, schema=SCHEMAS[tables.dialect])
    return {str(row[Names("traces", tables.dialect)("cloud_RoleName")]) for row in found.records()}


MEANT = {
    "severityLevel=3": {"error"},
    "level=error": {"error"},
    "level>=Warning": {"v2", "error"},
    "level<verbose": set(),
    "severityLevel!=2": {"v1", "error", "data"},
    "severityLevel>-1.5": {"v1", "v2", "error"},
    "severityLevel~^[12]$": {"v1", "v2"},
    "SeverityLevel<=1": {"v1"},
    "cloud_RoleName=v1": {"v1"},
    "cloud_RoleName==v1": {"v1"},
    "cloud_RoleName!=v1": {"v2", "error", "data"},
    "cloud_RoleName~^v": {"v1", "v2"},
    "operation_Id=": {"v2", "error", "data"},
    # what was printed, wherever a server puts it
    "message~(?i)INPUT": {"v1", "v2"},
    "message~STDOUT": set(),
    "message=Boom [31m é": {"error"},
    "message.input.0.1>2.25": {"v1", "v2"},
    "message.input.0.0=1": {"v1", "v2"},
    'message.note."odd.key"=say "hi"': {"v1", "v2"},
    "message.text.deep.0>=7": {"v1", "v2"},
    "message.nothing=": {"v1", "v2", "error", "data"},
    # the bag
    "customDimensions.n=5": {"v1"},
    "customDimensions.n>=5": {"v1", "v2"},
    "customDimensions.n<6e0": {"v1"},
    "Properties.n=5": {"v1"},
    " customDimensions . n =5": {"v1"},
    'customDimensions."code.lineno"=10': {"v2"},
    'customDimensions."a\\"b\\\\*"=x': {"v1"},
    "customDimensions.Content.input.0.1=2.5": {"v1"},
    # in either server's way
    "customDimensions.Request Id=r-1": {"v1"},
    'customDimensions."Request Id"=r-5': {"data"},
    "customDimensions.Request Id~^r": {"v1", "data"},
    "customDimensions.Input.0>4": {"data"},
    "customDimensions.x=1": {"data"},
}


@pytest.mark.parametrize("tables", SIDES, ids=lambda tables: tables.dialect)
def test_a_filter_finds_the_rows_it_means_in_either_dialect(kept: Rows, tables: Tables) -> None:
    found = {one: met(kept, lines([one], table="traces", dialect=tables.dialect), tables) for one in MEANT}
    assert found == MEANT


def test_several_have_to_be_met_all(kept: Rows) -> None:
    both = lines(["level>=warning", "customDimensions.n=many"], table="traces", dialect=Dialect.CLASSIC)
    assert met(kept, both, SIDES[0]) == {"error"}


@pytest.mark.parametrize(
    ("written", "column", "path", "op", "value"),
    [
        ("message=a=b", "message", (), "=", "a=b"),
        ("message!==", "message", (), "!=", "="),
        ("message>=1", "message", (), ">=", "1"),
        ("message~~", "message", (), "~", "~"),
        ("message= a \n", "message", (), "=", " a \n"),
        ('customDimensions."a=b".c.0."1"<3', "customDimensions", ("a=b", "c", 0, "1"), "<", "3"),
        ("Properties.été.a b=", "customDimensions", ("été", "a b"), "=", ""),
        ("customMeasurements.٣=1", "customMeasurements", ("٣",), "=", "1"),
        ("level>1", "severityLevel", (), ">", "1"),
    ],
)
def test_how_a_filter_is_read(written: str, column: str, path: tuple[str | int, ...], op: str, value: str) -> None:
    assert parsed(written, table="traces") == Filter(column, path, op, value)


HOW = "write FIELD=VALUE, FIELD!=VALUE, FIELD~REGEX, FIELD>NUMBER, FIELD>=NUMBER, FIELD<NUMBER or FIELD<=NUMBER"
ODD = 'write customDimensions.name or customDimensions."odd name"'
WRONG = [
    ("message", "'message' is not a filter", HOW),
    ("", "'' is not a filter", HOW),
    ("=x", "'=x' is not a filter", HOW),
    ("mesage=x", "there is no field 'mesage'", "did you mean 'message'?"),
    ("MESSAGE=x", "there is no field 'MESSAGE'", "did you mean 'message'?"),
    ("severitylevel=1", "there is no field 'severitylevel'", "did you mean 'severityLevel'?"),
    (
        "zzz=x",
        "there is no field 'zzz'",
        "there are message, level, operation_Id, cloud_RoleName, customDimensions.NAME and more",
    ),
    (
        "customDimensions=x",
        "'customDimensions=x' names no part of customDimensions",
        "write customDimensions.name, or use --where TEXT",
    ),
    ("customDimensions.=x", "'customDimensions.=x' ends its field with a dot", HOW),
    ("customDimensions..a=x", "'customDimensions..a' is not a field", ODD),
    ('customDimensions."a=x', "'customDimensions.\"a=x' is not a filter", HOW),
    ('customDimensions."a"b=x', "'customDimensions.\"a\"b' is not a field", ODD),
    ("operation_Id.a=x", "operation_Id has no parts", "customDimensions and message do"),
    ("timestamp>2024-01-01", "'timestamp>2024-01-01' filters by time", "use --since and --until"),
    ("message=~x", "'message=~x' has =~, which no filter knows", "write FIELD~(?i)REGEX"),
    (
        "level=loud",
        "'loud' in 'level=loud' is not a number",
        "write a number, or one of debug, info, warning, error, critical",
    ),
    ("itemCount=", "'' in 'itemCount=' is not a number", "write a number"),
    ("customDimensions.n>1 or true", "'1 or true' in 'customDimensions.n>1 or true' is not a number", "write a number"),
    ("message>1e999", "'1e999' in 'message>1e999' is not a number", "write a number"),
    ("message>٣", "'٣' in 'message>٣' is not a number", "write a number"),
    (
        "message~(",
        "'(' is not a regular expression: missing ), unterminated subpattern at position 0",
        "a backslash makes any sign plain",
    ),
    ("message=\ud800", "'\\ud800' is not text that can be searched for: it is not valid Unicode", "write it in UTF-8"),
]  # fmt: skip


@pytest.mark.parametrize(("written", "message", "hint"), WRONG)
def test_what_is_wrong_with_a_filter_is_said(written: str, message: str, hint: str) -> None:
    with pytest.raises(UsageError) as raised:
        lines([written], table="traces", dialect=Dialect.CLASSIC)
    assert (raised.value.message, raised.value.hint) == (message, hint)


def test_a_column_that_a_workspace_has_not_is_refused_there() -> None:
    assert lines(["itemId=x"], table="traces", dialect=Dialect.CLASSIC) == ['| where itemId == "x"']
    with pytest.raises(UsageError, match="a Log Analytics workspace has no itemId"):
        lines(["itemId=x"], table="traces", dialect=Dialect.WORKSPACE)


def test_the_query_can_be_read() -> None:
    filters = ["level>=error", "message~x", 'customDimensions."a.b"!=y', "customDimensions.Request Id=r"]
    text = (
        'iff(Message == "STDOUT" and isnotempty(tostring(Properties.Content)), tostring(Properties.Content), Message)'
    )
    plain = 'tostring(Properties["Request Id"])'
    inside = "extract(\"'Request Id': '([^'\\\\\\\\]*)'\", 1, tostring(Properties.custom_dimensions))"
    assert lines(filters, table="traces", dialect=Dialect.WORKSPACE) == [
        "| where SeverityLevel >= 3",
        f'| where {text} matches regex "x"',
        '| where tostring(Properties["a.b"]) != "y"',
        f'| where iff(isnotempty({plain}), {plain}, {inside}) == "r"',
    ]


LITERAL = re.compile(r'"(?:[^"\\]|\\.)*"')
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30) | st.text(
    "\"'\\|()[]{}=!~<>.,;@h`\n\r/ *-", max_size=30
)


def skeleton(query: list[str]) -> str:
    """The query without what stands in its literals. A line break would end the line, and so would a comment."""
    bare = LITERAL.sub('""', "\n".join(query))
    assert bare.isascii()
    return bare


@given(value=ANY_TEXT, op=st.sampled_from(["=", "!=", "~"]), dialect=st.sampled_from(Dialect))
@settings(max_examples=300)
def test_no_value_can_become_part_of_the_query(value: str, op: str, dialect: Dialect) -> None:
    for field in ("message", "operation_Id", "customDimensions.a.b", 'customDimensions."Request Id"'):
        plain = lines([f"{field}{op}x"], table="traces", dialect=dialect)
        try:
            found = lines([f"{field}{op}{value}"], table="traces", dialect=dialect)
        except UsageError:
            continue  # no regular expression, or an operator that there is not
        assert skeleton(found) == skeleton(plain)


@given(ANY_TEXT, st.sampled_from(["<", ">", "<=", ">="]))
@settings(max_examples=300)
def test_a_number_is_a_number_or_refused(value: str, op: str) -> None:
    try:
        [found] = lines([f"itemCount{op}{value}"], table="traces", dialect=Dialect.CLASSIC)
    except UsageError:
        return
    assert re.fullmatch(r"\| where itemCount [<>]=? (-?\d+|real\(-?[\d.e+-]+\))", found)


@given(st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**17), 10**17))
def test_any_number_is_taken_as_it_is(number: float) -> None:
    [found] = lines([f"itemCount>{number!r}"], table="traces", dialect=Dialect.CLASSIC)
    said = found.removeprefix("| where itemCount > ").removeprefix("real(").removesuffix(")")
    assert type(number)(said) == number


@given(ANY_TEXT, ANY_TEXT)
@settings(max_examples=300)
def test_no_path_can_become_part_of_the_query(key: str, inner: str) -> None:
    quoted = ['"' + each.replace("\\", "\\\\").replace('"', '\\"') + '"' for each in (key, inner)]
    found = lines([f"customDimensions.{'.'.join(quoted)}=x"], table="traces", dialect=Dialect.CLASSIC)
    assert skeleton(found) == '| where tostring(parse_json(tostring(customDimensions[""]))[""]) == ""' or key in IDS
    assert parsed(f"customDimensions.{quoted[0]}=x", table="traces").path == (key,)


@given(st.text('abcdefin."=!~<>\\ 0', max_size=30))
def test_any_words_are_a_filter_or_an_error_of_ours(words: str) -> None:
    try:
        found = lines([f"customDimensions{words}"], table="traces", dialect=Dialect.CLASSIC)
    except UsageError:
        return
    assert len(found) == 1


@pytest.mark.parametrize(
    "value", ['say "hi" | take 1', "\u202eabc\u2066", "a\nb", "é\U0001f600", "\x1b[2J", "C:\\new", "\0"]
)
@pytest.mark.parametrize("tables", SIDES, ids=lambda tables: tables.dialect)
def test_odd_texts_are_matched_as_they_are(tmp_path: Path, value: str, tables: Tables) -> None:
    rows = Rows(tmp_path)
    made = {"it": {"message": value, "customDimensions": {value: value}}, "other": {"message": "x"}}
    written(rows, "traces", [{"cloud_RoleName": name, **row} for name, row in made.items()])
    key = value.replace("\\", "\\\\").replace('"', '\\"')
    for one in (f"message={value}", f'customDimensions."{key}"={value}', f"message~^{re.escape(value)}$"):
        if "\0" in value and one.startswith("custom"):
            continue  # DuckDB's JSON knows no key with a NUL
        assert met(rows, lines([one], table="traces", dialect=tables.dialect), tables) == {"it"}, one


@pytest.mark.parametrize("tables", SIDES, ids=lambda tables: tables.dialect)
def test_traces_of_failed_requests_are_errors_and_what_is_tied_to_them(rows: Rows, tables: Tables) -> None:
    zeros = "0" * 32
    bag = {"resultCode": "500", "Request Id": "r-2"}
    lying = {"success": "True", "resultCode": "0", "duration": 0, "operation_Id": "op-2", "customDimensions": bag}
    requests = [
        {"success": "False", "resultCode": "500", "operation_Id": "op-1", "id": "r-1"},
        {"success": "False", "resultCode": "500", "operation_Id": zeros, "id": ""},
        {"success": "True", "resultCode": "200", "operation_Id": "op-9", "id": "r-9"},
        lying,
        {**lying, "operation_Id": "op-3", "customDimensions": {"resultCode": "200", "Request Id": "r-3"}},
    ]
    written(rows, "requests", [{"cloud_RoleName": "svc", **row} for row in requests])
    traces = {
        "of an operation": {"operation_Id": "op-1"},
        "of a request": {"operation_Id": zeros, "customDimensions": {"Request Id": "r-1"}},
        "of the newer server": {"operation_Id": zeros, "customDimensions": {"custom_dimensions": str(bag)}},
        "an error": {"operation_Id": zeros, "severityLevel": 3},
        "of one that went well": {"operation_Id": "op-9", "customDimensions": {"Request Id": "r-3"}},
        "of none": {"operation_Id": zeros, "customDimensions": {"Request Id": ""}},
        "a warning": {"severityLevel": 2},
    }
    written(rows, "traces", [{"cloud_RoleName": name, "message": "m", **row} for name, row in traces.items()])
    for service, wanted in (((), list(traces)[:4]), (("svc",), list(traces)[:4]), (("other",), ["an error"])):
        before = failed_requests(service=service, between=None, tables=tables)
        assert met(rows, [of_failed(tables)], tables, before + "\n") == set(wanted), service
