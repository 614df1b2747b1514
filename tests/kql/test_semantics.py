"""What KQL means, held against the local engine: every row here is Kusto's own answer or its documentation's."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import pytest

from kql.rows import NOW, Rows
from mlmon.core.model import Value

EMPTY_AND_NULL = "datatable(x:long, s:string)[1, 'a', long(null), '']"


def day(year: int, month: int, day: int, *time: int) -> datetime:
    return datetime(year, month, day, *time, tzinfo=UTC)


LITERALS: list[tuple[str, Value]] = [
    (r'"tab\there"', "tab\there"),
    (r'"caf\u00e9"', "café"),
    (r'"\x41\101\U0001F600"', "AA😀"),
    (r'"\ud83d\ude00"', "😀"),
    (r"'it\'s \"quoted\" \\ '", 'it\'s "quoted" \\ '),
    (r'@"C:\new ""x"""', 'C:\\new "x"'),
    ("@'it''s'", "it's"),
    ('h"secret"', "secret"),
    ("H'secret'", "secret"),
    (r'h@"C:\a"', "C:\\a"),
    ("```two\nlines \\n```", "two\nlines \\n"),
    ('~~~a "b" \\~~~', 'a "b" \\'),
    ("'one' \"two\" @'three'", "onetwothree"),
    (r'"nul\u0000inside"', "nul\x00inside"),
    (r'"bell\a\b\f\v\r\n"', "bell\a\b\f\v\r\n"),
    ('"// no comment" // a comment', "// no comment"),
    ("dynamic({'a': \"x\\u0041\"}).a == 'xA'", True),
]

SCALARS: list[tuple[str, Value]] = [
    # terms and text
    ('"alpha_beta has" has "alpha"', True),
    ('"errors" has "error"', False),
    ('"naïve" has "na"', False),
    ('"error-code" has "CODE"', True),
    ('"Errors" contains "ERR"', True),
    ('"Errors" contains_cs "ERR"', False),
    ('"100%_done" contains "%_"', True),
    ('"abc" contains "%"', False),
    ('"a" == "A"', False),
    ('"a" =~ "A"', True),
    ('"A" in~ ("a")', True),
    ("tostring(true)", "True"),
    ("tostring(datetime(2020-01-02 03:04:05))", "2020-01-02T03:04:05.0000000Z"),
    ("tostring(1d)", "1.00:00:00"),
    ('indexof("abc", "")', None),
    ("strlen(trim(@'\\s', '\u00a0x\u00a0'))", 1),
    ("'１２' matches regex @'^[\\d]+$'", True),
    ("'é_1' matches regex @'^\\w+$'", True),
    ("'a b' matches regex @'^\\S+$'", False),
    ('base64_decode_tostring("U3RyaW5n0KHR0tGA0L7Rh9C60LA=")', ""),
    ('split("a,b", ",")[1] == "b"', True),
    # numbers
    ("7 / 2", 3),
    ("-7 / 2", -3),
    ("-5 % 3", 1),
    ("1.0 / 0", math.inf),
    ("toint('12.5')", None),
    ("tolong('0x1F')", 31),
    ("tolong('0xFFFFFFFFFFFFFFFF')", -1),
    ("toint('0xFFFFFFFF')", -1),
    ("todouble('INF')", None),
    ("todouble('inf')", math.inf),
    ("log(-1)", None),
    ("real(nan) == real(nan)", False),
    ("real(nan) != real(nan)", True),
    ("real(nan) > 1.0", False),
    ("2.0 >= 2", True),
    ("max_of(1, 2.5, 2)", 2.5),
    ("tobool('TRUE')", True),
    ("tobool(' true')", None),
    ("tobool('2')", True),
    ("tobool('0')", False),
    # null
    ("long(null) == 1", False),
    ("long(null) != 1", True),
    ("isnull(long(null) == long(null))", True),
    ("isnull(long(null) < 1)", True),
    ("real(null) == 1.0", False),
    ("real(null) != 1.0", True),
    ('isnull("")', False),
    ('isnotnull("")', True),
    ("isnull(dynamic({'a': null}).a)", True),
    ("isnull(dynamic({'a': null}).b)", True),
    ("isnotnull(dynamic({'a': 1}).a)", True),
    ("isnull(parse_json('null'))", True),
    # time
    ("bin(datetime(1955-11-05), 7d)", day(1955, 10, 31)),
    ("bin(datetime(2024-03-10), 7d)", day(2024, 3, 4)),
    ("bin(datetime(2007-03-09), 30d)", day(2007, 2, 14)),
    ("bin(datetime(2024-03-10 10:59:59.999), 1h)", day(2024, 3, 10, 10)),
    ("bin(timespan(25h), 1d)", timedelta(days=1)),
    ("bin(-1h, 1d)", timedelta(days=-1)),
    ("bin(datetime(2024-03-10), 0d)", None),
    ("bin(7, 5)", 5),
    ("bin(-7, 5)", -10),
    ("bin(7.5, 0.5)", 7.5),
    ("totimespan('1d')", timedelta(days=1)),
    ("totimespan('90s')", timedelta(seconds=90)),
    ("totimespan('-1.5h')", timedelta(hours=-1.5)),
    ("totimespan('2')", timedelta(days=2)),
    ("totimespan('01:00:00')", timedelta(hours=1)),
    ("totimespan('nonsense')", None),
    ("12h / 1d", 0.5),
    ("1d / 2", timedelta(hours=12)),
    ("datetime(2024-03-02) - datetime(2024-03-01)", timedelta(days=1)),
    ("todatetime(621355968000000000)", day(1970, 1, 1)),
    ("datetime_diff('week', datetime(2024-02-29), datetime(2020-02-29))", 209),
    ("datetime_diff('day', datetime(2024-03-02), datetime(2024-03-01))", 1),
    ("make_timespan(2, 30)", timedelta(hours=2, minutes=30)),
    ("make_timespan(25, 70)", None),
    ("dayofweek(datetime(2024-03-10))", timedelta(0)),
    ("now()", NOW),
    ("ago(1h)", NOW - timedelta(hours=1)),
    ("datetime(2024-03-05) between (datetime(2024-03-01) .. 4d)", True),
    ("datetime_add('day', -1, datetime(0001-01-01))", None),
    # dynamic
    ("parse_json('not json')", "not json"),
    ("parse_json('')", None),
    ('dynamic({"a": 10}).a > 9', True),
    ('dynamic({"a": "10"}).a > 9', None),
    ('dynamic({"a": 1, "*": 2})["*"]', 2),
    (r'dynamic({"a\"b": 3})["a\"b"]', 3),
    ("dynamic([1, 2, 3])[-1]", 3),
    ("array_length(split('a,b,c', ','))", 3),
    ("split('a,1', ',')", ["a", "1"]),
    ("extract_all('([0-9])', 'a1b2')", ["1", "2"]),
    ("array_concat(dynamic([1]), dynamic(['x']))", [1, "x"]),
    ("pack_array(now(), 1d, 1.5, 'x')", ["2024-03-15T12:00:00.0000000Z", "1.00:00:00", 1.5, "x"]),
    ("zip(dynamic([1]), dynamic([2]))", [[1, 2]]),
    ("guid(11111111-1111-1111-1111-111111111111)", "11111111-1111-1111-1111-111111111111"),
    # precedence: string operators bind tighter than arithmetic, `or` is the loosest
    ("true or false and false", True),
    ("not(false) and 1 + 1 == 2", True),
]


@pytest.mark.parametrize(("expression", "expected"), [*LITERALS, *SCALARS])
def test_an_expression_means_what_it_means_in_kusto(rows: Rows, expression: str, expected: Value) -> None:
    assert rows.query(f"print x = {expression}").rows == ((expected,),)


QUERIES: list[tuple[str, list[str], list[tuple[Value, ...]]]] = [
    (f"{EMPTY_AND_NULL} | where x != 1", ["x", "s"], [(None, "")]),
    (f"{EMPTY_AND_NULL} | where not(x == 1)", ["x", "s"], [(None, "")]),
    (f"{EMPTY_AND_NULL} | where isnull(s)", ["x", "s"], []),
    (f"{EMPTY_AND_NULL} | sort by x", ["x", "s"], [(1, "a"), (None, "")]),
    (f"{EMPTY_AND_NULL} | sort by x asc", ["x", "s"], [(None, ""), (1, "a")]),
    (
        "datatable(v:long)[] | summarize sum(v), min(v), count(), make_list(v), dcount(v)",
        ["sum_v", "min_v", "count_", "list_v", "dcount_v"],
        [(0, None, 0, [], 0)],
    ),
    ("datatable(v:long)[3] | summarize stdev(v)", ["stdev_v"], [(0.0,)]),
    ("datatable(v:long)[5,3,5,1] | summarize make_set(v), make_list(v, 2)", ["set_v", "list_v"], [([5, 3, 1], [5, 3])]),
    ("datatable(v:long)[5,3,5,1] | summarize make_set(v, 2)", ["set_v"], [([5, 3],)]),
    (
        'datatable(d:dynamic)[dynamic({"a":1}), dynamic("x")] | summarize make_list(d)',
        ["list_d"],
        [([{"a": 1}, "x"],)],
    ),
    (
        "datatable(t:datetime)[datetime(2024-03-01)] | summarize make_list(t)",
        ["list_t"],
        [(["2024-03-01T00:00:00.0000000Z"],)],
    ),
    ("datatable(v:real)[1.5, real(nan)] | summarize make_list(v)", ["list_v"], [([1.5, "NaN"],)]),
    ("datatable(v:timespan)[1d, 2d] | summarize sum(v), avg(v)", ["sum_v", "avg_v"], [(timedelta(3), timedelta(1.5))]),
    (
        "datatable(v:datetime)[datetime(2024-03-01), datetime(2024-03-03)] | summarize avg(v), max(v)",
        ["avg_v", "max_v"],
        [(day(2024, 3, 2), day(2024, 3, 3))],
    ),
    ("datatable(v:long)[1,2,3,4] | summarize percentile(v, 50)", ["percentile_v_50"], [(2,)]),
    ("datatable(b:bool)[true, false] | summarize countif(b)", ["countif_b"], [(1,)]),
    ("datatable(v:long)[1,2] | summarize arg_max(v, *), take_any(v)", ["v", "v1"], [(2, 1)]),
    (
        "datatable(v:real, s:string)[1.5, 'a', 2.5, 'b'] | summarize arg_max(v, s)",
        ["v", "s"],
        [(2.5, "b")],
    ),
    (
        "datatable(k:long, v:long)[1,1, long(null),2] | summarize sum(v) by k | sort by k asc",
        ["k", "sum_v"],
        [(None, 2), (1, 1)],
    ),
    (
        ("datatable(k:long, a:string)[1,'x', 2,'y'] | sort by k asc"
            " | join kind=leftouter (datatable(k:long, b:string)[1,'z']) on k | sort by k asc"),
        ["k", "a", "k1", "b"],
        [(1, "x", 1, "z"), (2, "y", None, "")],
    ),
    (
        "datatable(k:long, a:string)[1,'x'] | join kind=rightouter (datatable(k:long, b:string)[2,'z']) on k",
        ["k", "a", "k1", "b"],
        [(None, "", 2, "z")],
    ),
    (
        ("datatable(k:long, a:string)[1,'x'] | join kind=fullouter (datatable(k:long, b:string)[2,'z']) on k"
        " | where isempty(a) or isempty(b) | count"),
        ["Count"],
        [(2,)],
    ),
    (
        "datatable(k:long, a:string)[1,'x'] | lookup (datatable(k:long, b:string)[2,'z']) on k",
        ["k", "a", "b"],
        [(1, "x", "")],
    ),
    (
        "datatable(k:long)[1, 1, 2] | join (datatable(k:long, b:string)[1,'z']) on k",
        ["k", "k1", "b"],
        [(1, 1, "z")],
    ),
    (
        "datatable(k:long)[1, 1, 2] | join kind=leftanti (datatable(k:long)[1]) on k",
        ["k"],
        [(2,)],
    ),
    (
        "datatable(k:long)[1] | join kind=rightsemi (datatable(k:long, b:string)[1,'z']) on k",
        ["k", "b"],
        [(1, "z")],
    ),
    (
        "datatable(k:long)[long(null)] | join kind=inner (datatable(k:long)[long(null)]) on k | count",
        ["Count"],
        [(1,)],
    ),
    ("union (print a='x'), (print b='y') | sort by a asc", ["a", "b"], [("", "y"), ("x", "")]),
    ("union withsource=t kind=inner (print a=1), (print a=2) | summarize sum(a)", ["sum_a"], [(3,)]),
    ("union isfuzzy=true nowhere, (print a=1)", ["a"], [(1,)]),
    ("let T = print a=1; let U = T | extend b = a + 1; U | project b", ["b"], [(2,)]),
    ("let Value = 5; datatable(Value:long)[7] | extend k = Value", ["Value", "k"], [(7, 7)]),
    ("let F = (a:long, b:long = 2) { a - b }; print x = F(5)", ["x"], [(3,)]),
    ("print toscalar(datatable(v:long)[4] | summarize max(v))", ["print_0"], [(4,)]),
    ("datatable(v:long)[1,2] | where v in ((datatable(w:long)[2]))", ["v"], [(2,)]),
    (
        'print d = dynamic([{"a":1},{"a":2}]) | mv-expand with_itemindex=i d | project i, a = tolong(d.a)',
        ["i", "a"],
        [(0, 1), (1, 2)],
    ),
    ("print d = dynamic([1,2]) | mv-expand d to typeof(long) | summarize sum(d)", ["sum_d"], [(3,)]),
    ("print s = 'k=7 rest' | parse s with 'k=' k:long ' ' *", ["s", "k"], [("k=7 rest", 7)]),
    ("print a=1, b=2, c=3 | project-away b | project-rename z = c", ["a", "z"], [(1, 3)]),
    ("range x from 1 to 3 step 1 | top 1 by x", ["x"], [(3,)]),
    ("let n = 2; range x from 1 to 3 step 1 | top n by x", ["x"], [(3,), (2,)]),
    ("let n = long(1); let m = int(3); range x from 1 to 3 step 1 | take m | order by x | limit n", ["x"], [(3,)]),
    ("print s='x' | distinct s | getschema | project ColumnName", ["ColumnName"], [("s",)]),
    ("datatable(d:dynamic)[dynamic({'a':{'b':4}})] | project d.a.b", ["d_a_b"], [(4,)]),
    (
        "datatable(t:datetime)[datetime(2024-03-05 01:00)] | summarize count() by bin(t, 1d)",
        ["t", "count_"],
        [(day(2024, 3, 5), 1)],
    ),
    ("print strcat('a', 1, true), 7 - 2", ["print_0", "print_1"], [("a1True", 5)]),
    ("set query_now = datetime(2020-01-01); print x = now()", ["x"], [(day(2020, 1, 1),)]),
    ("declare query_parameters(n:long = 3); print x = n + 1", ["x"], [(4,)]),
    (
        "let E = datatable(s:string, t:string)['a','b']; E | make-graph s --> t | graph-match ()-[e]->() project e.t",
        ["e_t"],
        [("b",)],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("kql", "columns", "expected"), QUERIES)
def test_a_query_means_what_it_means_in_kusto(
    rows: Rows, kql: str, columns: list[str], expected: list[tuple[Value, ...]]
) -> None:
    table = rows.query(kql)
    assert ([column.name for column in table.columns], list(table.rows)) == (columns, expected)


def test_sums_of_nothing_and_nan(rows: Rows) -> None:
    table = rows.query("datatable(v:real)[1.5, real(nan)] | summarize max(v), min(v), avg(v), n = avgif(v, v > 9)")
    assert all(isinstance(cell, float) and math.isnan(cell) for cell in table.rows[0])
    assert math.isnan(float(str(rows.query("print x = min_of(real(nan), 1.0)").rows[0][0])))


KINDS = {
    "n": "decimal",
    "i": "int",
    "'a'": "string",
    "true": "bool",
    "now()": "datetime",
    "dynamic([1])": "dynamic",
    "guid(11111111-1111-1111-1111-111111111111)": "guid",
    "iif(i > 0, i, toint(2))": "int",
    "iif(i > 0, i, r)": "real",
    "case(i > 0, 'a', 'b')": "string",
    "coalesce(long(null), 1)": "long",
    "abs(i)": "long",
    "2 * 1h": "timespan",
    "1h * 2": "timespan",
    "1d / 2": "timespan",
    "-1h": "timespan",
    "1d / 1h": "real",
    "1h + 1h": "timespan",
    "not(true)": "bool",
    "datetime(2024-03-01) + 1d": "datetime",
    "1d + now()": "datetime",
    "now() - ago(1d)": "timespan",
    "i + 1": "long",
    "i * r": "real",
    "max_of(i, 2)": "long",
    "bin(i, 2)": "long",
    "bin(r, 2)": "real",
    "getyear(now())": "long",
    "parse_json('{}').a": "dynamic",
    "i in (1, 2)": "bool",
    "toscalar(print 1)": "long",
}


def test_columns_say_their_kql_types(rows: Rows) -> None:
    named = ", ".join(f"c{at} = {expression}" for at, expression in enumerate(KINDS))
    table = rows.query(f"datatable(n:decimal, i:int, r:real)[decimal(1.50), 1, 2.5] | project {named}")
    assert [column.type for column in table.columns] == list(KINDS.values())
    assert table.rows[0][:3] == ("1.5", 1, "a")


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("asc", ["", "NaN", "-inf", "1.5", "inf"]),
        ("desc", ["inf", "1.5", "-inf", "NaN", ""]),
        ("asc nulls last", ["-inf", "1.5", "inf", "NaN", ""]),
        ("desc nulls first", ["", "NaN", "inf", "1.5", "-inf"]),
    ],
)
def test_nan_is_sorted_beside_null(rows: Rows, order: str, expected: list[str]) -> None:
    table = "datatable(r:real)[1.5, real(nan), real(null), real(+inf), real(-inf)]"
    assert [row[0] for row in rows.query(f"{table} | sort by r {order} | project tostring(r)").rows] == expected
    assert rows.query(f"{table} | top 1 by r {order} | project tostring(r)").rows == ((expected[0],),)


def test_the_chart_that_a_query_asks_for_is_handed_on(rows: Rows) -> None:
    assert rows.query('print x = "| render piechart"').render == ""
    assert rows.query("print x = 1 | render timechart with (title='x')").render == "timechart"
