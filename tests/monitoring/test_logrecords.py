"""Lines of a log as records: what each shape says of itself, and what belongs together."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlmon.core.timerange import TimeRange
from mlmon.monitoring.logrecords import Folding, LogRecord, Wanted, level_of, merged, records

TRACEBACK = """\
Traceback (most recent call last):
  File "/var/azureml-app/score.py", line 3, in run
    return 1 / 0
           ~~^~~
ZeroDivisionError: division by zero"""
CHAINED = f"""\
{TRACEBACK}

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/var/azureml-app/score.py", line 5, in run
    raise ValueError("no row")
ValueError: no row
    and a second line of it"""
CAUSED = f"""\
{TRACEBACK}

The above exception was the direct cause of the following exception:

{TRACEBACK}"""
GROUP = """\
  + Exception Group Traceback (most recent call last):
  |   File "score.py", line 1, in <module>
  |     raise ExceptionGroup("both", [ValueError(1), TypeError(2)])
  | ExceptionGroup: both (2 sub-exceptions)
  +-+---------------- 1 ----------------
    | ValueError: 1
    +---------------- 2 ----------------
    | TypeError: 2
    +------------------------------------"""
SYNTAX = """\
Traceback (most recent call last):
  File "server.py", line 9, in load
  File "score.py", line 2
    def run(:
            ^
SyntaxError: invalid syntax"""
SERVER = "2026-03-01 10:00:00,250 {} [73] azmlinfsrv - {}"


def at(hour: int, minute: int = 0, second: int = 0, micro: int = 0, *, east: int = 0) -> datetime:
    zone = timezone(timedelta(hours=east)) if east else UTC
    return datetime(2026, 3, 1, hour, minute, second, micro, tzinfo=zone)


def one(line: str) -> LogRecord:
    [record] = records(line.split("\n"))
    return record


def texts(log: str) -> list[str]:
    return [record.text for record in records(log.split("\n"))]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            SERVER.format("I", "POST /score 200 4.123ms 18"),
            ("inference-server", at(10, 0, 0, 250_000), "info", "azmlinfsrv", "73", "POST /score 200 4.123ms 18"),
        ),
        (
            "2026-03-01 10:00:00,250 | root | WARNING | slow | very",
            ("pipes", at(10, 0, 0, 250_000), "warning", "root", "", "slow | very"),
        ),
        (
            "2026-03-01 10:00:00.250 | ERROR    | score:run:12 - no row",
            ("pipes", at(10, 0, 0, 250_000), "error", "score:run:12", "", "no row"),
        ),
        (
            "[2026-03-01 10:00:00 +0200] [7] [CRITICAL] WORKER TIMEOUT (pid:12)",
            ("gunicorn", at(10, east=2), "critical", "", "7", "WORKER TIMEOUT (pid:12)"),
        ),
        (
            '127.0.0.1 - - [01/Mar/2026:10:00:05 -0500] "POST /score HTTP/1.1" 500 18 "-" "curl"',
            ("access", at(10, 0, 5, east=-5), "info", "", "", '"POST /score HTTP/1.1" 500 18 "-" "curl"'),
        ),
        (
            '{"level": "WARN", "ts": "2026-03-01T10:00:00Z", "msg": "slow", "logger": "app", "pid": 12}',
            ("json", at(10), "warning", "app", "12", "slow"),
        ),
        (
            '{"severity": "error", "@timestamp": "2026-03-01T12:00:00+02:00", "message": "no row"}',
            ("json", at(12, east=2), "error", "", "", "no row"),
        ),
        ('{"level": 40, "time": 1772359200123, "msg": "x"}', ("json", at(10, 0, 0, 123_000), "error", "", "", "x")),
        ("2026-03-01T12:00:00.5+02:00 ready", ("iso", at(12, 0, 0, 500_000, east=2), "", "", "", "ready")),
        ("2026-03-01 10:00:00 - app.model - DEBUG - a - b", ("iso", at(10), "debug", "app.model", "", "a - b")),
        ("2026/03/01 10:00:00 INFO mlflow: started", ("iso", at(10), "info", "", "", "mlflow: started")),
        (
            "2026-03-01 10:00:00.000001: E core.cc:7] no GPU",
            ("iso", at(10, micro=1), "error", "", "", "core.cc:7] no GPU"),
        ),
        ("2026-03-01 10:00:00 -1234 items", ("iso", at(10), "", "", "", "-1234 items")),
        ("WARNING:root:no header", ("python", None, "warning", "root", "", "no header")),
        ("INFO:     Uvicorn is up", ("python", None, "info", "", "", "Uvicorn is up")),
        ("W0301 10:00:00.123456 7 server.cc:99] slow", ("glog", None, "warning", "server.cc:99", "7", "slow")),
        ("printed by a script", ("plain", None, "", "", "", "printed by a script")),
        ('{"input": [1, 2], "output": 3}', ("plain", None, "", "", "", '{"input": [1, 2], "output": 3}')),
        ("", ("plain", None, "", "", "", "")),
    ],
)
def test_a_line_of_a_known_shape_says_what_it_is(line: str, expected: tuple[object, ...]) -> None:
    found = one(line)
    assert (found.shape, found.time, found.level, found.logger, found.pid, found.message) == expected
    # equal times may still be said in other zones
    assert found.time is None or str(found.time) == str(expected[1])


def test_azures_image_fetcher_has_no_year_and_so_no_time() -> None:
    found = one('{"level":"[INFO]","ts":"Oct  16 11:51:37","logger":"fetch","msg":"pulled"}')
    assert (found.level, found.time, found.dated, found.logger, found.message) == (
        "info",
        None,
        False,
        "fetch",
        "pulled",
    )


@pytest.mark.parametrize(
    "line",
    [
        '{"level": "info", "message": "scored", "x-request-id": "8a1f-22"}',
        '{"message": "scored", "Request Id": "8a1f-22"}',
        SERVER.format("I", "scored, request_id=8a1f-22, rows=1"),
        "2026-03-01T10:00:00Z Request Id: 8a1f-22 scored",
        'printed {"requestId": "8a1f-22"}',
    ],
)
def test_a_request_is_known_by_its_id(line: str) -> None:
    assert one(line).request_id == "8a1f-22"


def test_a_line_without_a_time_has_that_of_the_record_above() -> None:
    log = ["starting", "2026-03-01 10:00:00 up", "printed", "[2026-03-01 12:00:00 +0000] [7] [INFO] ready", "printed"]
    assert [(record.time, record.dated) for record in records(log)] == [
        (None, False),
        (at(10), True),
        (at(10), False),
        (at(12), True),
        (at(12), False),
    ]


@pytest.mark.parametrize("text", ["2026-13-40 10:00:00", "9999-12-31 23:59:59-12:00", "[99/Foo/2026:10:00:05 +0000] x"])
def test_what_looks_like_a_time_and_is_none_has_no_time(text: str) -> None:
    assert (one(text).time, one(text).text) == (None, text)


@pytest.mark.parametrize("traceback", [TRACEBACK, CHAINED, CAUSED, SYNTAX])
@pytest.mark.parametrize(
    "lead",
    [
        SERVER.format("E", "Encountered Exception: "),
        SERVER.format("E", "failed\n"),
        "[2026-03-01 10:00:00 +0000] [7] [ERROR] Exception in worker process\n",
        "",
    ],
)
def test_a_traceback_belongs_to_the_record_that_logs_it(lead: str, traceback: str) -> None:
    whole = f"{lead}{traceback}"
    after = SERVER.format("I", "POST /score 500 1.000ms 5")
    first, second = records(f"{whole}\n{after}".split("\n"))
    assert (first.text, first.level, second.text) == (whole, "error", after)


def test_a_group_of_exceptions_is_one_record() -> None:
    assert texts(f"{SERVER.format('E', 'failed')}\n{GROUP}\nprinted") == [
        f"{SERVER.format('E', 'failed')}\n{GROUP}",
        "printed",
    ]


def test_the_blank_line_that_the_server_writes_below_a_traceback_belongs_to_it() -> None:
    logged = f"{SERVER.format('E', 'Encountered Exception: ' + TRACEBACK)}\n"
    found = list(records(f"{logged}\nprinted".split("\n")))
    assert [record.text for record in found] == [logged, "printed"]
    assert found[0].message == f"Encountered Exception: {TRACEBACK}"


def test_a_traceback_below_a_record_that_is_no_error_is_one_of_its_own() -> None:
    found = list(records([SERVER.format("I", "POST /score 500"), *TRACEBACK.split("\n"), "printed"]))
    assert [(record.shape, record.level, len(record.lines)) for record in found] == [
        ("inference-server", "info", 1),
        ("traceback", "error", 5),
        ("plain", "", 1),
    ]


def test_a_traceback_that_is_cut_off_ends_where_another_record_begins() -> None:
    cut = "\n".join(TRACEBACK.split("\n")[:3])
    assert texts(f"{cut}\n{SERVER.format('I', 'up')}") == [cut, SERVER.format("I", "up")]
    assert texts(f"{cut}\nnot the name of an exception") == [cut, "not the name of an exception"]
    assert texts(f"{cut}\nERROR:root:other") == [cut, "ERROR:root:other"]


def test_two_tracebacks_that_have_nothing_to_do_with_each_other_are_two_records() -> None:
    assert texts(f"{TRACEBACK}\n{TRACEBACK}") == [TRACEBACK, TRACEBACK]


def test_lines_are_held_only_while_more_of_their_record_may_come() -> None:
    folding = Folding()
    assert [len(folding.push(line)) for line in ("printed", SERVER.format("I", "up"))] == [1, 1]
    assert (folding.push(SERVER.format("E", "failed")), folding.holding) == ([], True)
    assert [len(folding.push(line)) for line in TRACEBACK.split("\n")] == [0] * 5
    [failed, printed] = folding.push("printed")
    assert (len(failed.lines), printed.text, folding.holding) == (6, "printed", False)


def test_the_rest_of_a_record_that_was_handed_out_early_has_its_time_and_level() -> None:
    folding = Folding()
    *above, last = TRACEBACK.split("\n")
    for line in (SERVER.format("E", "failed"), *above):
        assert folding.push(line) == []
    [early] = folding.pause()
    assert (folding.push(last), folding.push(SERVER.format("I", "up"))[0]) == (
        [],
        LogRecord((last,), early.time, "error", "azmlinfsrv", last, "", "73", "inference-server", dated=True),
    )


def test_a_record_without_end_is_handed_out_in_parts() -> None:
    found = list(records(["Traceback (most recent call last):", *["  x"] * 4_999]))
    assert [(len(record.lines), record.level) for record in found] == [(2_000, "error")] * 2 + [(1_000, "error")]


LINES = st.lists(
    st.sampled_from(
        [
            *TRACEBACK.split("\n"),
            *GROUP.split("\n"),
            *CHAINED.split("\n"),
            SERVER.format("I", "up"),
            SERVER.format("E", "failed"),
            SERVER.format("E", "Traceback (most recent call last):"),
            '{"level": "error", "msg": "x"}',
            "{",
            " ",
            "\u2028\x1b[2J",
        ]
    )
    | st.text(alphabet=st.characters(exclude_characters="\n"), max_size=40),
    max_size=40,
)


@given(LINES)
def test_the_lines_of_all_records_are_the_log(log: list[str]) -> None:
    assert [line for record in records(log) for line in record.lines] == log


@given(LINES, st.data())
def test_line_by_line_gives_what_the_whole_log_gives_wherever_it_pauses(log: list[str], data: st.DataObject) -> None:
    folding, at_once = Folding(), list(records(log))
    found = [record for line in log for record in folding.push(line)] + folding.flush()
    assert found == at_once
    pauses = data.draw(st.lists(st.booleans(), min_size=len(log), max_size=len(log)))
    folding = Folding()
    parts = [
        record
        for line, pause in zip(log, pauses, strict=True)
        for record in (*folding.push(line), *(folding.pause() if pause else ()))
    ]
    said = [(line, part.level, part.time) for part in [*parts, *folding.flush()] for line in part.lines]
    assert said == [(line, record.level, record.time) for record in at_once for line in record.lines]


@pytest.mark.parametrize(
    "line",
    [
        "x" * 4_000_000,
        "2026-03-01 10:00:00 " + "[(" * 2_000_000,
        "2026-03-01 10:00:00,1 " + " | " * 1_000_000,
        "{" + '"a":{' * 200_000 + "}" * 200_000,
        '{"level":' + "9" * 900_000 + "}",
        "request id" * 400_000,
        "A" + "." * 4_000_000,
        " " * 4_000_000,
        "[2026-03-01 10:00:00 +0000] " + "[7] " * 1_000_000,
        "127.0.0.1 " + "[01/" * 1_000_000,
    ],
)
def test_no_line_is_slow_to_read(line: str) -> None:
    before = time.process_time()
    for log in ([line], ["Traceback (most recent call last):", line], [SERVER.format("E", line), line]):
        assert [part for record in records(log) for part in record.lines] == log
    assert time.process_time() - before < 1.0


def test_levels_go_by_many_names() -> None:
    said = ["DEBUG", "trace", "I", "[INFO]", "notice", "warn", "W", "err", "FATAL", "C", "loud", "", "x" * 99]
    assert [level_of(name) for name in said] == [
        *("debug", "debug", "info", "info", "info", "warning", "warning", "error", "critical", "critical"),
        *("", "", ""),
    ]


def chosen(log: str, **wanted: object) -> list[str]:
    choice = Wanted(**wanted)  # type: ignore[arg-type]
    return [record.text for record in records(log.split("\n")) if record in choice]


def test_a_filter_sees_all_of_a_record_and_takes_or_leaves_all_of_it() -> None:
    failed = f"{SERVER.format('E', 'failed')}\n{TRACEBACK}"
    log = f"printed\n{SERVER.format('W', 'slow')}\n{failed}\n{SERVER.format('I', 'up')}"
    assert chosen(log, include=[re.compile("ZeroDivision")]) == [failed]
    assert chosen(log, exclude=[re.compile("ZeroDivision"), re.compile("up|slow")]) == ["printed"]
    assert chosen(log, level="warning") == [SERVER.format("W", "slow"), failed]
    assert chosen(log, level="error", include=[re.compile("slow"), re.compile("score.py")]) == [failed]
    assert chosen(log, between=TimeRange(at(10), at(11))) == [
        SERVER.format("W", "slow"),
        failed,
        SERVER.format("I", "up"),
    ]
    assert chosen(log) == ["printed", *chosen(log, between=TimeRange(at(9), at(11)))]


def test_several_logs_are_merged_by_time_and_each_keeps_its_order() -> None:
    def log(*lines: str) -> Sequence[LogRecord]:
        return list(records(lines))

    one_, two = (
        log("a starts", "2026-03-01 10:00:00 a1", "2026-03-01 09:00:00 a clock went back", "a printed"),
        log("2026-03-01 09:30:00 b1", "2026-03-01 10:00:00 b2", "2026-03-01 11:00:00 b3"),
    )
    assert [(key, record.message) for key, record in merged({"a": one_, "b": two})] == [
        ("a", "a starts"),
        ("b", "b1"),
        ("a", "a1"),
        ("a", "a clock went back"),
        ("a", "a printed"),
        ("b", "b2"),
        ("b", "b3"),
    ]
