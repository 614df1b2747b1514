"""What belongs to a request: rows by what they say, records by when they are, collected rows by their ids."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlmon.core.errors import NotFound
from mlmon.core.model import LogSnapshot, ServiceName
from mlmon.core.ports import Dialect, Tables
from mlmon.core.timerange import TimeRange
from mlmon.kql.story import Near, Sought, events_query, latest_query, requests_query
from mlmon.local.workspace import LocalWorkspace
from mlmon.monitoring.story.collected import MOST_ROWS, Search
from mlmon.monitoring.story.logs import logged
from mlmon.monitoring.story.parts import By, Event, Ids, Request, Source, Story
from mlmon.monitoring.story.telemetry import Matching

START = datetime(2026, 3, 1, 10, 0, 0, 250_000, tzinfo=UTC)
RAN = TimeRange(START, START + timedelta(milliseconds=500))
V1, V2 = ServiceName("churn"), ServiceName("ep", "blue")
ID = st.sampled_from(["r-1", "R-1", "r-2", "", "0" * 32, "Unknown", "op-1"])


def during(milliseconds: float) -> datetime:
    return START + timedelta(milliseconds=milliseconds)


# rows of telemetry


def row(*, at: float = 100, operation: str = "", parent: str = "", **bag: str) -> dict[str, Any]:
    return {
        "timestamp": during(at),
        "message": "printed",
        "operation_Id": operation,
        "operation_ParentId": parent,
        "customDimensions": {key.replace("_", " "): value for key, value in bag.items()},
    }


OURS = Matching(Ids("r-1", request="r-1", operation="op-1", row="span-1"), RAN, "span-1")


@given(own=ID, client=ID, operation=ID, parent=ID, at=st.sampled_from([-1.0, 100.0, 600.0]), shared=st.booleans())
def test_a_row_that_names_another_request_is_never_ours(
    own: str, client: str, operation: str, parent: str, at: float, *, shared: bool
) -> None:
    made = row(at=at, operation=operation, parent=parent, Request_Id=own, Client_Request_Id=client)
    by = OURS.by(made, shared=shared)
    if own.lower() == "r-1":
        assert by is By.REQUEST_ID
    elif own in {"r-2", "op-1"}:
        assert by is None
    elif by is By.OPERATION:
        assert (operation, shared) == ("op-1", False)
    elif by is By.NEAR:
        assert at == 100.0
    else:
        # an id that a client chose may be this request's own, said in the text
        assert by is None or (by is By.TEXT and client.lower() == "r-1")


def test_zeros_and_nothing_are_no_operation() -> None:
    nobody = Matching(Ids.of("x", None), None, "")
    for operation in ("", "0" * 32):
        assert nobody.by(row(operation=operation), shared=False) is None


def test_the_text_of_a_python_dict_is_read() -> None:
    bag = {"custom_dimensions": "{'Container Id': 'c', 'Request Id': 'r-1', 'Input': \"it's\"}"}
    assert OURS.by({**row(), "customDimensions": bag}, shared=True) is By.REQUEST_ID
    theirs = {"custom_dimensions": bag["custom_dimensions"].replace("r-1", "r-7")}
    assert OURS.by({**row(), "customDimensions": theirs}, shared=False) is None


def test_rows_of_a_workspace_are_matched_alike() -> None:
    theirs = {"TimeGenerated": during(900), "Message": "m", "OperationId": "OP-1", "ParentId": "", "Properties": {}}
    assert OURS.by(theirs, shared=False) is By.OPERATION
    assert OURS.by({**theirs, "ParentId": "SPAN-1"}, shared=True) is By.SPAN
    assert OURS.by(theirs, shared=True) is None


# queries


@pytest.mark.parametrize("dialect", list(Dialect))
def test_a_query_asks_for_every_way_that_ties_a_row(dialect: Dialect) -> None:
    tables = Tables(dialect, "/c" if dialect is Dialect.WORKSPACE else "")
    sought = Sought(("r-1",), "op-1", "span-1", Near(RAN, "one", "churn"))
    written = events_query(sought, between=RAN, tables=tables)
    names = ("AppTraces", "AppDependencies", "AppExceptions", "AppRequests")
    if dialect is Dialect.CLASSIC:
        names = ("traces", "dependencies", "exceptions", "requests")
    assert [line.strip("( ") for line in written.splitlines() if line.startswith("    (")] == list(names)
    assert written.count(' contains "r-1"') == 4  # the bag of three tables, and the message of one
    assert written.count('=~ "op-1"') == 4
    assert written.count('=~ "span-1"') == written.count('=~ "one"') == 3
    assert written.count("_ResourceId") == (4 if tables.component else 0)
    assert "take 500" in written


def test_no_id_becomes_a_part_of_a_query() -> None:
    id_ = '" or true | take 1 //\n'
    tables = Tables(Dialect.CLASSIC)
    for written in (
        requests_query(id_, service=("churn",), between=RAN, tables=tables),
        events_query(Sought((id_,)), between=RAN, tables=tables),
    ):
        assert '"\\" or true | take 1 //\\n"' in written
    assert "not(trueSuccess)" in latest_query(failed=True, service=(), between=RAN, tables=tables)


# the order of a story


def told(request: Request | None = None) -> Story:
    return Story(Ids("r-1"), By.REQUEST_ID, None, "churn", request, START, (), ())


def event(time: datetime | None) -> Event:
    return Event(Source.LOG, By.NEAR, time, "line")


def test_times_in_whole_seconds_have_no_offset_and_stand_at_the_end() -> None:
    request = Request(START, timedelta(milliseconds=500), "", "200", True, False, "", "r-1", "", "", "", "", "")
    story, second = told(request), START.replace(microsecond=0)
    assert story.offset(event(second)) is None
    assert story.placed(event(second)) == request.end
    assert story.offset(event(second - timedelta(seconds=1))) == -1250.0
    assert story.offset(event(during(12.3456))) == 12.346
    assert story.offset(event(START - timedelta(microseconds=700))) == 0.0  # a log cuts its times
    assert (story.offset(event(None)), story.placed(event(None))) == (None, None)


# logs


class Log:
    """A container log of these lines."""

    def __init__(self, *lines: str) -> None:
        self.lines = lines
        self.asked = 0

    def containers(self, name: ServiceName) -> list[str]:
        return ["scoring"]

    def snapshot(self, name: ServiceName, *, lines: int, container: str = "") -> LogSnapshot:
        self.asked += 1
        if not self.lines:
            raise NotFound("no log")
        return LogSnapshot(self.lines, container="scoring")


def test_records_are_ours_by_their_text_or_near_by_their_time() -> None:
    log = Log(
        "2026-03-01 10:00:00,249 I [7] app - before",
        "2026-03-01 10:00:00,250 I [7] app - first",
        "2026-03-01 10:00:00,700 E [7] app - failed",
        "Traceback (most recent call last):",
        '  File "score.py", line 1, in run',
        "ValueError: no",
        "2026-03-01 10:00:00,751 I [7] app - after",
        '127.0.0.1 - - [01/Mar/2026:10:00:00 +0000] "POST /score HTTP/1.0" 200 8',
        "2026-03-01 12:00:00,000 I [7] app - later: R-1 was refused",
    )
    found = logged(log, V1, Ids("r-1", request="r-1"), RAN)
    assert [(each.by, each.text.partition("\n")[0]) for each in found.events] == [
        (By.NEAR, "first"),
        (By.NEAR, "failed"),
        (By.NEAR, '"POST /score HTTP/1.0" 200 8'),
        (By.TEXT, "later: R-1 was refused"),
    ]
    assert found.events[1].text.endswith("ValueError: no")
    assert (found.looked.found, found.looked.by, log.asked) == (4, (By.NEAR, By.TEXT), 1)


def test_of_very_many_near_records_those_are_kept_that_are_proof() -> None:
    lines = [f"2026-03-01 10:00:00,3{number % 100:02} I [7] app - {number}" for number in range(500)]
    found = logged(Log(*lines, "2026-03-01 10:00:00,400 I [7] app - r-1"), V1, Ids("r-1"), RAN)
    assert (len(found.events), found.events[-1].by) == (200, By.TEXT)
    assert found.looked.why == "301 more records of that time are left out"


def test_a_log_that_cannot_be_read_is_no_end() -> None:
    looked = logged(Log(), V1, Ids("r-1"), RAN).looked
    assert looked.error is not None
    assert looked.error.message == "no log"


# collected data


@pytest.fixture
def workspace(tmp_path: Path) -> LocalWorkspace:
    made = LocalWorkspace.create(tmp_path / "ws", name="ws", subscription="s", resource_group="g", clock=lambda: START)
    script = tmp_path / "score.py"
    script.write_text("def init(): pass\ndef run(raw): return []\n")
    for name in (V1, V2):
        made.register(name, script=script, model_name="m")
    return made


def collect(workspace: LocalWorkspace, designation: str, data: bytes, *, day: str = "2026/03/01") -> None:
    path = workspace.folder / f"blobs/modeldata/s/g/ws/churn/m/1/{designation}/{day}/{designation}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def search(workspace: LocalWorkspace, ids: Ids, **more: int) -> Search:
    seen: list[int] = []
    made = Search(workspace.blobs, ids, START + timedelta(days=2), seen.append, **more)
    made.look(V1, RAN)
    return made


NEW = b"age,note,$aml_dc_correlation_id,$aml_dc_scoring_timestamp,$aml_request_id\r\n"
OLD = b"$Timestamp,$CorrelationId,$RequestId,age\r\n"


def test_rows_over_several_lines_and_below_a_second_header_are_read(workspace: LocalWorkspace) -> None:
    body = b'31,"two\nlines, ""quoted""",c-1,2026-03-01T10:00:00.3,r-1\r\n40,plain,c-2,2026-03-01T10:00:01,r-2\r\n'
    again = b"age,note,more,$aml_dc_correlation_id,$aml_dc_scoring_timestamp,$aml_request_id\r\n"
    collect(workspace, "inputs", NEW + body + again + b"64,x,y,c-3,2026-03-01T10:00:00.4,R-1\r\n")
    [kept] = search(workspace, Ids("r-1", request="r-1")).kept
    assert kept.by is By.REQUEST_ID
    assert kept.rows == (
        {"age": "31", "note": 'two\nlines, "quoted"'},
        {"age": "64", "note": "x", "more": "y"},
    )


def test_a_correlation_id_leads_to_the_request_and_a_script_may_have_begun_it(workspace: LocalWorkspace) -> None:
    collect(
        workspace, "inputs", NEW + b"31,x,loan-7-c1,2026-03-01T10:00:00.3,r-1\r\n32,x,c2,2026-03-01T10:00:01,r-2\r\n"
    )
    [kept] = search(workspace, Ids("loan-7")).kept
    assert (kept.by, kept.request, kept.correlation) == (By.CORRELATION, "r-1", "loan-7-c1")
    assert kept.time == datetime(2026, 3, 1, 10, 0, 0, 300_000, tzinfo=UTC)
    # the same correlation, of a request that is known to be another one
    assert search(workspace, Ids("loan-7", request="r-2")).kept[0].request == "r-2"


def test_the_columns_of_the_first_collectors_are_known(workspace: LocalWorkspace) -> None:
    collect(workspace, "inputs", OLD + b"2026-03-01T10:00:00.3,loan,r-1,31\n2026-03-01T10:00:02,loan,r-2,32\n")
    [kept] = search(workspace, Ids("r-1", request="r-1")).kept
    assert kept.rows == ({"age": "31"},)


def test_no_more_bytes_are_read_than_are_allowed(workspace: LocalWorkspace) -> None:
    line = b"31,x,c,2026-03-01T10:00:00.3,r-1\r\n"
    collect(workspace, "inputs", NEW + line * 10)
    collect(workspace, "predictions", NEW + line * 10)
    found = search(workspace, Ids("r-1", request="r-1"), left=100)
    assert found.unread >= 1
    assert len(found.looked_at) == 1


def test_very_many_rows_are_counted_and_not_kept(workspace: LocalWorkspace) -> None:
    collect(workspace, "inputs", NEW + b"31,x,c,2026-03-01T10:00:00.3,r-1\r\n" * (MOST_ROWS + 5))
    [kept] = search(workspace, Ids("r-1", request="r-1")).kept
    assert (len(kept.rows), kept.more) == (MOST_ROWS, 5)


def test_blobs_of_other_days_are_not_read(workspace: LocalWorkspace) -> None:
    line = NEW + b"31,x,c,2026-03-01T10:00:00.3,r-1\r\n"
    collect(workspace, "inputs", line, day="2026/03/02")
    found = search(workspace, Ids("r-1", request="r-1"))
    assert (found.kept, found.looked_at) == ([], {})
