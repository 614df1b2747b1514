"""What two generations of servers, and two versions of one, write each in their way is the same when it is decoded."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from mlmon.core.model import Column, Json, Table, Value
from mlmon.core.ports import Dialect
from mlmon.kql.dialect import Names
from mlmon.monitoring import decoding
from mlmon.monitoring.decoding import Decoded, decode

PRINTED = json.dumps({"input": '{"data": [[1, 2]]}', "output": [3.5], "note": "007"})
UNFOLDED = {"input": {"data": [[1, 2]]}, "output": [3.5], "note": "007"}
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
PAIRS: dict[str, Json] = {
    "Container Id": "host",
    "Request Id": "r-1",
    "Client Request Id": "",
    "Workspace Name": "ws",
    "Service Name": 'it\'s "churn"',
    "Models": ["churn:3"],
    "Input": json.dumps({"data": [[1, 2.5]], "who": "José \\ \n"}),
    "Prediction": "[0.25]",
}


def v1(text: Json) -> dict[str, Value]:
    return {"message": "STDOUT", "customDimensions": {"Content": text, "Service Name": "churn"}}


def v2(text: str) -> dict[str, Value]:
    return {"message": text, "customDimensions": {}}


def flat(**more: Json) -> dict[str, Value]:
    """A request's data as 1.3.4 sends it."""
    return {"message": "model_data_collection", "customDimensions": {**PAIRS, **more}}


def wrapped(pairs: dict[str, Any] | str, **more: Json) -> dict[str, Value]:
    """The same as 1.5.1 sends it, or any text in its place."""
    text = pairs if isinstance(pairs, str) else repr(pairs)
    bag: dict[str, Json] = {"code.function.name": "send_model_data_log", "custom_dimensions": text[:8192], **more}
    return {"message": "model_data_collection", "customDimensions": bag}


def table(*rows: dict[str, Any], of: str = "traces", dialect: Dialect = Dialect.CLASSIC) -> Table:
    """The rows under a dialect's names; a column is there when a row has it."""
    names = Names(of, dialect)
    columns = list(dict.fromkeys(key for row in rows for key in row))
    cells = tuple(tuple(row.get(key) for key in columns) for row in rows)
    return Table(tuple(Column(names(key), "dynamic") for key in columns), cells)


def decoded(*rows: dict[str, Any], of: str = "traces", dialect: Dialect = Dialect.CLASSIC) -> Decoded:
    return decode(table(*rows, of=of, dialect=dialect), of=of)


# what was printed


@pytest.mark.parametrize("row", [v1(PRINTED), v1(json.loads(PRINTED)), v2(PRINTED)])
def test_a_printed_object_unfolds(row: dict[str, Value]) -> None:
    assert decoding.payload(row) == UNFOLDED


@pytest.mark.parametrize("text", ["model initialized", "[1, 2]", "{broken", '"text"', "[" * 100_000, ""])
def test_what_is_no_object_stays_text(text: str) -> None:
    assert decoding.payload(v1(text)) is None
    assert decoding.text(v1(text)) == decoding.text(v2(text)) == text


def test_json_nested_beyond_reading_stays_text() -> None:
    deep = "[" * 300 + "]" * 300
    assert decoding.payload(v2('{"a": ' + deep + "}")) is None
    assert decoding.payload(v2(json.dumps({"a": deep, "b": "[1]"}))) == {"a": deep, "b": [1]}


def test_a_message_that_only_says_stdout_is_itself() -> None:
    assert decoding.text({"message": "STDOUT", "customDimensions": {}}) == "STDOUT"
    assert decoding.text({"message": "STDOUT", "customDimensions": "damaged"}) == "STDOUT"
    assert decoding.text({"message": 7}) == "7"
    assert decoding.text({}) == ""


# a request's data


@pytest.mark.parametrize("dialect", Dialect)
def test_a_requests_data_is_the_same_from_either_server(dialect: Dialect) -> None:
    older, newer = decoded(flat(), dialect=dialect), decoded(wrapped(PAIRS), dialect=dialect)
    assert (older.corrected, older.truncated, newer.corrected, newer.truncated) == (0, 0, 1, 0)
    [one], [other] = older.table.records(), newer.table.records()
    assert other.pop("corrected") is True
    bag = Names("traces", dialect)("customDimensions")
    assert {**other, bag: {k: v for k, v in other[bag].items() if k != "code.function.name"}} == one  # type: ignore[union-attr]  # a bag
    assert (
        decoding.payload(one)
        == decoding.payload(other)
        == {
            "Request Id": "r-1",
            "Client Request Id": "",
            "Models": ["churn:3"],
            "Input": {"data": [[1, 2.5]], "who": "José \\ \n"},
            "Prediction": [0.25],
        }
    )
    assert decoding.payload(wrapped(PAIRS)) == decoding.payload(one)


def test_json_that_was_written_as_a_text_of_json_is_read_through() -> None:
    body = json.dumps(json.dumps({"data": [1]}))
    assert decoding.payload(flat(Input=body)) == {**(decoding.payload(flat()) or {}), "Input": {"data": [1]}}


def test_of_a_text_that_was_cut_what_stands_whole_is_there_and_the_rest_is_marked() -> None:
    long = "[" + ", ".join(["0.125"] * 4000) + "]"
    found = decoded(wrapped({**PAIRS, "Input": long}))
    [row] = found.table.records()
    assert (found.corrected, found.truncated) == (1, 1)
    assert (row["corrected"], row["truncated"]) == (True, True)
    bag = row["customDimensions"]
    assert isinstance(bag, dict)
    assert {key: bag[key] for key in ("Request Id", "Models", "truncated")} == {
        "Request Id": "r-1",
        "Models": ["churn:3"],
        "truncated": "Input was cut",
    }
    assert long.startswith(str(bag["Input"]))
    assert len(str(bag["Input"])) > 7500
    assert "Prediction" not in bag
    assert decoding.payload(row) == {
        "Request Id": "r-1",
        "Client Request Id": "",
        "Models": ["churn:3"],
        "Input": bag["Input"],
    }


def test_a_text_cut_between_two_pairs_has_no_value_to_show() -> None:
    [row] = decoded(wrapped("{'Request Id': 'r', 'Inp")).table.records()
    assert row["customDimensions"] == {
        "Request Id": "r",
        "truncated": "what comes after it was cut",
        "code.function.name": "send_model_data_log",
    }
    assert row["truncated"] is True


@pytest.mark.parametrize("text", ["", "no dict", "[1, 2]", "{", "{'half", "{1, 2}", "{**x}", "{__import__('os'): 1}"])
def test_what_is_no_dict_of_anything_stays_as_it_is(text: str) -> None:
    assert decoded(wrapped(text)) == Decoded(table(wrapped(text)), 0, 0)


def test_a_key_that_the_bag_has_itself_holds() -> None:
    [row] = decoded(wrapped(PAIRS, **{"Request Id": "its own"})).table.records()
    assert row["customDimensions"] == {**PAIRS, "Request Id": "its own", "code.function.name": "send_model_data_log"}


@pytest.mark.parametrize("dialect", Dialect)
def test_an_exception_carries_its_ids_in_the_same_text(dialect: Dialect) -> None:
    ids = {"Container Id": "host", "Request Id": "r-9", "Client Request Id": "c"}
    row = {"type": "ValueError", "customDimensions": {"custom_dimensions": repr(ids)}}
    found = decoded(row, of="exceptions", dialect=dialect)
    names = Names("exceptions", dialect)
    assert found.table.records() == [{names("type"): "ValueError", names("customDimensions"): ids, "corrected": True}]


# requests


HEALTHY = {"timestamp": NOON, "name": "POST /score", "success": "True", "resultCode": "200", "duration": 4.0}
BAG = {"success": "False", "resultCode": "500", "duration": "00:00:01.250", "name": "/score"}
OLDER = {**HEALTHY, "name": "", "resultCode": "0", "duration": 1250.7, "customDimensions": BAG}
NEWER = {**HEALTHY, "name": "/score", "resultCode": "0", "duration": 0, "performanceBucket": "<250ms"} | {
    "customDimensions": BAG
}


def test_requests_of_either_server_are_corrected_and_others_are_left_alone() -> None:
    found = decoded({**HEALTHY, "customDimensions": BAG}, OLDER, NEWER, of="requests")
    assert (found.corrected, found.truncated) == (2, 0)
    assert [column.name for column in found.table.columns][-1] == "corrected"
    healthy, older, newer = found.table.records()
    shown = ("name", "success", "resultCode", "duration", "performanceBucket", "corrected")
    assert [tuple(row[key] for key in shown) for row in (healthy, older, newer)] == [
        ("POST /score", "True", "200", 4.0, None, False),
        ("/score", "False", "500", 1250.7, None, True),
        ("/score", "False", "500", 1250.0, "1sec-3sec", True),
    ]


def test_in_a_workspace_success_is_no_text() -> None:
    row = {**NEWER, "success": True}
    [found] = decoded(row, of="requests", dialect=Dialect.WORKSPACE).table.records()
    assert (found["Success"], found["ResultCode"], found["DurationMs"], found["Properties"]) == (
        False,
        "500",
        1250,
        BAG,
    )


@pytest.mark.parametrize(
    "bag",
    [None, "damaged", [], {}, {"resultCode": None}, {"resultCode": ""}, {"duration": "00:00:01"}],
)
def test_a_request_whose_bag_says_nothing_better_is_left_alone(bag: Json) -> None:
    row = {**NEWER, "customDimensions": bag}
    assert decoded(row, of="requests") == Decoded(table(row, of="requests"), 0, 0)


@pytest.mark.parametrize("took", [None, 3, "soon", "1:2", "99:99", "00:00:00." + "1" * 400, [], "٠٠:٠٠:٠١"])
def test_a_duration_that_is_none_is_left_alone(took: Json) -> None:
    [row] = decoded({**NEWER, "customDimensions": {**BAG, "duration": took}}, of="requests").table.records()
    assert (row["duration"], row["performanceBucket"], row["success"]) == (0, "<250ms", "False")


def test_only_the_columns_that_are_there_are_corrected() -> None:
    row = {key: NEWER[key] for key in ("success", "resultCode", "customDimensions")}
    [found] = decoded(row, of="requests").table.records()
    assert found == {"success": "False", "resultCode": "500", "customDimensions": BAG, "corrected": True}


# what was cut


@pytest.mark.parametrize("dialect", Dialect)
@pytest.mark.parametrize(
    ("row", "cut"),
    [
        (v2("x" * 32_768), True),
        (v2("x" * 32_767), False),
        (v2("x" * 8_192), False),
        (v1("x" * 8_192), True),
        (v1("x" * 8_191), False),
        # .NET counts a character beyond U+FFFF twice
        (v1("😀" * 4_096), True),
        (v1("😀" * 4_095), False),
        # and a workspace of one's own says it
        (
            v2("x") | {"customDimensions": {"truncated": "Content was 9000 characters; message was 40000 characters"}},
            True,
        ),
        (v2("x") | {"customDimensions": {"truncated": "no"}}, False),
        ({"outerMessage": "x" * 32_768}, True),
    ],
)
def test_what_has_as_many_characters_as_there_may_be_is_marked(
    row: dict[str, Any], *, cut: bool, dialect: Dialect
) -> None:
    of = "exceptions" if "outerMessage" in row else "traces"
    found = decoded(row, of=of, dialect=dialect)
    assert (found.corrected, found.truncated) == (0, int(cut))
    assert found.table.records()[0].get("truncated") is (True if cut else None)


def test_nothing_to_decode_gives_the_table_itself() -> None:
    for whole in (table(v1(PRINTED), v2("b")), Table((), ()), Table((), ((), ())), table({"Count": 3})):
        for of in ("traces", "requests", "exceptions", "dependencies"):
            assert decode(whole, of=of) == Decoded(whole, 0, 0)


def test_a_column_that_is_called_like_a_mark_is_left_alone() -> None:
    row = {**wrapped(PAIRS), "corrected": "mine"}
    assert decoded(row).table.records()[0]["corrected"] == "mine"
