"""What a person reads when a query is wrong, or asks for what only Azure has. Always exit code 2."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from kql.rows import Rows
from mlmon.core.errors import DamagedWorkspace, ExitCode, QueryError
from mlmon.core.timerange import TimeRange

TABLES = (
    "the tables are traces, requests, dependencies, exceptions, customEvents, customMetrics, pageViews, "
    "availabilityResults, browserTimings, performanceCounters"
)
SYNTAX = "the syntax is at https://learn.microsoft.com/kusto/query/"
AZURE = "run the query on Azure, or write it without"
TEXT_FAULT = "text where none is expected, or a string that does not end or has an unknown escape"
TYPES = "see the types with `| getschema`; convert with tostring(), tolong(), todouble(), todatetime()"

SOURCE = "line 1, column 1: externaldata is not supported by the local engine"
EVALUATE = "line 1, column 10: the operator evaluate is not supported by the local engine"

FAULTS = [
    ("", "the query is empty", "try: traces | take 10"),
    ("// only a comment", "the query is empty", "try: traces | take 10"),
    ("traces |", "line 1, column 8: nothing follows '|'", SYNTAX),
    ("traces | take", "line 1, column 8: the step '| take' is not written right", SYNTAX),
    ("print", "line 1, column 6: something is missing", SYNTAX),
    ("traces\n| where (message", "line 2, column 1: the step '| where' is not written right", SYNTAX),
    ("traces | where message = = 1", "line 1, column 26: unexpected '='", SYNTAX),
    ("traces | whree x", "line 1, column 10: there is no operator named 'whree'", "did you mean 'where'?"),
    (
        "traces | xyzzy",
        "line 1, column 10: there is no operator named 'xyzzy'",
        "the operators are at https://learn.microsoft.com/kusto/query/",
    ),
    ('traces | where message == "open', f"line 1, column 27: {TEXT_FAULT}", SYNTAX),
    ('print "caf\\u00e9", ) 1', "line 1, column 20: unexpected ')'", SYNTAX),
    ("print ```a\nb```, ) 1", "line 2, column 7: unexpected ')'", SYNTAX),
    ("print x = '''a\nb'''", f"line 1, column 13: {TEXT_FAULT}", SYNTAX),
    (
        "trcaes | count",
        "line 1, column 1: there is no table named 'trcaes'",
        "did you mean 'traces'?",
    ),
    ("Traces", "line 1, column 1: there is no table named 'Traces'", "did you mean 'traces'?"),
    ('search "x"', "line 1, column 1: search is not supported by the local engine", AZURE),
    ("find 'x'", "line 1, column 1: find is not supported by the local engine", AZURE),
    ("union traces, (search 'x')", "line 1, column 16: search is not supported by the local engine", AZURE),
    ("traces | search 'x'", "line 1, column 10: the operator search is not supported by the local engine", AZURE),
    (
        "print externaldata(a:string)['x']",
        "line 1, column 7: externaldata is not supported by the local engine",
        AZURE,
    ),
    (
        "requests | where resultCode == 500",
        "values of types string and long cannot be compared (==)",
        'compare with "500", or toint(resultCode)',
    ),
    (
        "requests | where 1.5 < tolower(name)",
        "values of types real and string cannot be compared (<)",
        'compare with "1.5", or todouble(…)',
    ),
    (
        "requests | where resultCode != itemCount",
        "values of types string and int cannot be compared (!=)",
        "compare with tostring(itemCount), or toint(resultCode)",
    ),
    ("zzz", "line 1, column 1: there is no table named 'zzz'", TABLES),
    (
        "traces\n| where Message == 'x'",
        "line 2, column 9: there is no column named 'Message' here",
        "did you mean 'message'?",
    ),
    (
        "traces | project message | where severityLevel > 1",
        "line 1, column 34: there is no column named 'severityLevel' here",
        "the columns are message",
    ),
    (
        "traces | project message | join (requests) on operation_Id",
        "line 1, column 47: there is no column named 'operation_Id' here",
        "the columns are message",
    ),
    (
        "print a=1 | project-away b",
        "line 1, column 26: there is no column named 'b' here",
        "the columns are a",
    ),
    (
        "print a=1 | project-rename c = b",
        "line 1, column 32: there is no column named 'b' here",
        "the columns are a",
    ),
    (
        "print a=1 | mv-expand b",
        "line 1, column 23: there is no column named 'b' here",
        "the columns are a",
    ),
    (
        "print a=1 | extend b=1 | extend c = d.e",
        "line 1, column 37: there is no column named 'd' here",
        "the columns are a, b",
    ),
    ("traces | serialize x=1", "line 1, column 10: the operator serialize is not supported by the local engine", AZURE),
    (
        "traces | make-series count() on timestamp step 1h",
        "line 1, column 10: the operator make-series is not supported by the local engine",
        AZURE,
    ),
    (
        "print d=dynamic([1]) | mv-apply d on (take 1)",
        "line 1, column 24: the operator mv-apply is not supported by the local engine",
        AZURE,
    ),
    (
        "print strcmp('a', 'b')",
        "the function strcmp() is not supported by the local engine",
        f"did you mean 'strrep' or 'strcat' or 'trim'? otherwise {AZURE}",
    ),
    ("print zzzzzz(1)", "the function zzzzzz() is not supported by the local engine", AZURE),
    ("print make_set(1)", "this use of make_set() is not supported by the local engine", AZURE),
    ("print x = 1tick", "this timespan literal is not supported by the local engine", AZURE),
    ("print iif(true, 1, 'a')", "this use of iif is not supported by the local engine", AZURE),
    ("let n = 2 + 1; T | take n", "line 1, column 20: this use of take is not supported by the local engine", AZURE),
    ("traces; requests", "this use of multi-statement is not supported by the local engine", AZURE),
    (
        "let T = view () { print 1 }; T",
        "line 1, column 17: this form of expression is not supported by the local engine",
        AZURE,
    ),
    (
        "let F = (a:long, b:long) { a - b }; print F(b = 1, a = 2)",
        "line 1, column 43: named arguments of a function are not supported by the local engine",
        "give them in order, or run the query on Azure",
    ),
    (
        "traces | summarize count(message)",
        "line 1, column 20: count() with an argument is not supported by the local engine",
        "count() counts rows; countif(isnotnull(x)) counts values",
    ),
    (
        "traces | summarize make_list(message, itemCount)",
        "the size in make_list() must be a number",
        "write it out: make_list(x, 100)",
    ),
    (
        "traces | where message.x == 1",
        "a property is taken of text, which has none",
        "parse it first: parse_json(message).name",
    ),
    (
        "traces | extend x = customDimensions.a + 1",
        "arithmetic (+) needs numbers, not a dynamic value",
        "convert it first: todouble(customMeasurements.x)",
    ),
    (
        "traces | where customDimensions == customMeasurements",
        "two dynamic values cannot be compared (==)",
        "convert them first with tostring() or tolong()",
    ),
    (
        "traces | order by customDimensions",
        "sorting by a dynamic value is not possible",
        "convert it first with tostring() or tolong()",
    ),
    (
        "traces | summarize count() by customDimensions.a",
        "grouping by a dynamic value is not possible",
        "convert it first with tostring() or tolong()",
    ),
    (
        "traces | mv-expand message",
        "mv-expand needs a dynamic column, and 'message' is string",
        "parse it first: | extend message = parse_json(message)",
    ),
    (
        "traces | extend x = bin(message, 1h)",
        "bin() by a timespan needs a datetime or a timespan to round",
        "convert the value first with todatetime() or totimespan()",
    ),
    (
        "union (print a=1), (print a='x')",
        "a union whose column 'a' is long in one part and string in another is not supported by the local engine",
        "convert it to one type in both parts, or run the query on Azure",
    ),
    (
        "print a=1, A=2",
        "two columns of one name, or of names alike but for case, are not supported by the local engine",
        "give each its own name with | project-rename, or run the query on Azure",
    ),
    (
        "print x = tostring(0.1 + 0.2)",
        "tostring() of a computed constant is not supported by the local engine",
        "its last digit differs from Azure's; write the number out",
    ),
    (
        "print x = tolong(todouble(9223372036854775807))",
        "a constant beyond 64 bits is not supported by the local engine",
        AZURE,
    ),
    (
        "print x = strcat('n = ', 0.1 + 0.2)",
        "strcat() of a computed constant is not supported by the local engine",
        "its last digit differs from Azure's; write the number out",
    ),
    ("union app*", "no table's name is like 'app*'", "see the tables with: union withsource=name *"),
    (
        "datatable(v:real, k:long)[real(nan), 1, 2.0, 2] | summarize arg_max(v, k)",
        "arg_max or arg_min over NaN is not supported by the local engine",
        AZURE,
    ),
    ("print x = 9223372036854775807 + 1", "a value does not fit the type that the query asks for", TYPES),
    ("print x = now() * 2", "an operator or function is given a type that it does not take", TYPES),
    (
        "print totimespan('00:00:00.0000005')",
        "a time finer than a microsecond is not supported by the local engine",
        AZURE,
    ),
    (
        "datatable(v:long)[9223372036854775807, 1] | summarize sum(v)",
        "a sum exceeds 64 bits",
        "convert to real first: sum(todouble(x))",
    ),
    (
        "declare query_parameters(n:long); print n",
        "the query parameter 'n' has no value",
        "write a let in the place of the parameter",
    ),
    (
        "print x = matches_nothing | where x matches regex '('",
        "line 1, column 11: there is no column named 'matches_nothing' here",
        "the columns are none",
    ),
    ("print x = 'a' | where x matches regex '('", "the local engine cannot run this query", AZURE),
    ("print " + "(" * 3000 + "1", "the query is nested too deeply for the local engine", "split it with let"),
]  # fmt: skip

ESCAPES = [
    # files and the network
    ("['/etc/passwd'] | count", "there is no table named '/etc/passwd'"),
    ("['x.csv'] | count", "there is no table named 'x.csv'"),
    ("union ['/etc/passwd'], traces", "there is no table named '/etc/passwd'"),
    ("traces | join (['/etc/passwd']) on message", "there is no table named '/etc/passwd'"),
    ("print toscalar(['/etc/passwd'] | take 1)", "there is no table named '/etc/passwd'"),
    ("traces | where message in ((['/etc/passwd']))", "there is no column named '/etc/passwd' here"),
    ("traces | where message in ((['/etc/passwd'] | take 1))", "there is no table named '/etc/passwd'"),
    ("['/etc/passwd'] | make-graph a --> b | graph-to-table nodes", "there is no table named '/etc/passwd'"),
    ("['/etc/*'] | count", "there is no table named '/etc/*'"),
    ("information_schema", "line 1, column 1: there is no table named 'information_schema'"),
    ("duckdb_settings", "line 1, column 1: there is no table named 'duckdb_settings'"),
    ('externaldata(x:string)["/etc/passwd"]', SOURCE),
    ("database('system').tables", "other databases and clusters (system.tables) are not supported by the local engine"),
    ("cluster('c').database('d').T", "other databases and clusters (c.d.T) are not supported by the local engine"),
    ("read_text('/etc/passwd')", "line 1, column 1: the function read_text() is not supported by the local engine"),
    ("print read_text('/etc/passwd')", "the function read_text() is not supported by the local engine"),
    ("print getenv('HOME')", "the function getenv() is not supported by the local engine"),
    ("print sniff_csv('x')", "the function sniff_csv() is not supported by the local engine"),
    ("traces | evaluate http_request('http://localhost')", EVALUATE),
    # commands
    (".show tables", "commands that begin with a dot are not queries, and are not run"),
    (" // c\n .drop table traces", "commands that begin with a dot are not queries, and are not run"),
    (".set-or-append traces <| print 1", "commands that begin with a dot are not queries, and are not run"),
    (".create database x persist (@'/tmp/x')", "commands that begin with a dot are not queries, and are not run"),
    (".ingest into table traces ('/etc/passwd')", "commands that begin with a dot are not queries, and are not run"),
    ("ATTACH '/tmp/x.db'", f"line 1, column 8: {TEXT_FAULT}"),
    ("COPY traces TO '/tmp/x'", "line 1, column 6: unexpected 'traces'"),
]  # fmt: skip


@pytest.mark.parametrize(("kql", "message", "hint"), FAULTS, ids=range(len(FAULTS)))
def test_a_faulty_query_is_explained(rows: Rows, kql: str, message: str, hint: str) -> None:
    with pytest.raises(QueryError) as raised:
        rows.query(kql)
    assert (raised.value.message, raised.value.hint) == (message, hint)
    assert raised.value.exit_code == ExitCode.USAGE


@pytest.mark.parametrize(("kql", "message"), ESCAPES, ids=range(len(ESCAPES)))
def test_a_query_reaches_nothing_but_the_tables(rows: Rows, kql: str, message: str) -> None:
    with pytest.raises(QueryError) as raised:
        rows.query(kql)
    assert raised.value.message == message
    assert rows.opened == []


def test_the_database_itself_is_locked(rows: Rows) -> None:
    """Even SQL that got past the guard could neither read a file nor open the lock."""
    import duckdb

    from mlmon.kql.engine import tables

    secret = rows.write("secret", [{"a": 1}])
    connection = tables.connect()
    tables.lock(connection)
    for sql in (
        f"SELECT * FROM '{secret}'",
        f"SELECT * FROM read_text('{secret}')",
        f"COPY (SELECT 1) TO '{secret}.csv'",
        f"ATTACH '{secret}.db'",
        "SELECT getenv('HOME')",
        "SET enable_external_access = true",
        "SET lock_configuration = false",
        "INSTALL httpfs",
        "SELECT * FROM rows",  # a variable of this very function
    ):
        with pytest.raises(duckdb.Error):
            connection.sql(sql).fetchall()
    connection.close()


def test_only_what_is_named_is_read(rows: Rows) -> None:
    rows.query("let requests = print 1; traces | join kind=leftouter (exceptions) on operation_Id | count")
    assert rows.opened == ["exceptions", "traces"]


@pytest.mark.parametrize(
    ("kql", "count"), [("traces | count", 0), ("union * | count", 0), ("union avail*, trac* | count", 0)]
)
def test_an_empty_workspace_has_every_table(rows: Rows, kql: str, count: int) -> None:
    assert rows.query(kql).records() == [{"Count": count}]


def test_a_range_keeps_rows_by_their_time(rows: Rows) -> None:
    rows.write("traces", [{"timestamp": f"2024-03-0{day}T00:00:00Z", "message": str(day)} for day in range(1, 5)])
    between = TimeRange(datetime(2024, 3, 2, tzinfo=UTC), datetime(2024, 3, 4, tzinfo=UTC))
    table = rows.query("traces | project message | sort by message asc", between)
    assert table.rows == (("2",), ("3",))


def test_rows_are_read_as_their_columns_say(rows: Rows) -> None:
    bag = {"Content": 'say "hi" é\u2028', "n": [1, {"a": None}], "nested": '{"x": 1}'}
    rows.write("traces", [{"timestamp": "2024-03-01T01:02:03.456789+01:00", "customDimensions": bag, "unknown": 1}])
    table = rows.query(
        "traces | project timestamp, customDimensions, message, severityLevel, s = tostring(customDimensions)"
    )
    assert table.rows == (
        (
            datetime(2024, 3, 1, 0, 2, 3, 456789, tzinfo=UTC),
            bag,
            "",
            None,
            '{"Content":"say \\"hi\\" é\u2028","n":[1,{"a":null}],"nested":"{\\"x\\": 1}"}',
        ),
    )


def test_a_damaged_file_is_named(rows: Rows) -> None:
    path = rows.folder / "traces.jsonl"
    path.write_text('{"message": "whole"}\n{"message": "to', encoding="utf-8")
    with pytest.raises(DamagedWorkspace) as raised:
        rows.query("traces | count")
    assert (raised.value.message, raised.value.hint) == (
        f"{path}, line 2 is no row of traces",
        "restore the file, or move it away",
    )


def test_a_line_that_is_json_but_no_row_is_told_by_its_file(rows: Rows) -> None:
    path = rows.write("traces", [{"message": "whole"}, {"timestamp": "yesterday"}])
    for between in (None, TimeRange(datetime(2024, 1, 1, tzinfo=UTC), datetime(2025, 1, 1, tzinfo=UTC))):
        with pytest.raises(DamagedWorkspace) as raised:
            rows.query("traces | count", between)
        assert raised.value.message == f"{path} holds a line that is no row of traces"
