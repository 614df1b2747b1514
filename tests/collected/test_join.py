"""Joining: what belongs together once, whatever the order, and never more rows than there were."""

from __future__ import annotations

import gzip
from collections import Counter, defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collected.memory import INPUTS, MODELDATA, OUTPUTS, MemoryBlobs
from collected.rows import LAST, NOW, V2, ZERO, dataset_of, line, meta
from mlmon.collected.selecting.selection import Selection, select
from mlmon.collected.tables import dataset as tables
from mlmon.collected.tables import labels
from mlmon.collected.tables.filling import fill
from mlmon.collected.tables.plan import Counts, Wanted
from mlmon.collected.tables.staging import Staging
from mlmon.core.errors import NotFound, UsageError
from mlmon.core.timerange import TimeRange

HOUR = "2026/03/01/08/a.jsonl"
DAY = "2026/03/01"


def v1(inputs: str, predictions: str, *, name: str = "data.csv") -> MemoryBlobs:
    blobs = MemoryBlobs().put(MODELDATA, f"m/1/inputs/{DAY}/{name}", content=inputs.encode())
    return blobs.put(MODELDATA, f"m/1/predictions/{DAY}/{name}", content=predictions.encode())


def v2(inputs: list[bytes], outputs: list[bytes]) -> MemoryBlobs:
    blobs = MemoryBlobs().put(INPUTS, HOUR, content=b"".join(inputs))
    return blobs.put(OUTPUTS, HOUR, content=b"".join(outputs))


def told(rows: list[dict[str, Any]], *names: str) -> list[tuple[Any, ...]]:
    return [tuple(row[name] for name in names) for row in rows]


def test_the_columns_and_a_whole_row() -> None:
    _, rows = dataset_of(
        v1(f"age,name,{LAST}\r\n31,x,{meta('c1', 'r1')}\n", f"score,{LAST}\r\n0.5,{meta('c1', 'r1')}\n")
    )
    assert rows == [
        {
            "time": datetime(2026, 3, 1, 8, 22, 0, 507660, tzinfo=UTC),
            "request_id": "r1",
            "correlation_id": "c1",
            "service": "churn",
            "model": "m",
            "model_version": "1",
            "age": 31,
            "name": "x",
            "score": 0.5,
            "match": "id",
        }
    ]
    assert list(rows[0]) == [*tables.META, "age", "name", "score", "match"]


def test_the_rows_of_a_request_are_joined_place_by_place() -> None:
    inputs = f"a,{LAST}\r\n" + "".join(f"{n},{meta('c1')}\n" for n in range(3)) + f"9,{meta('c2')}\n"
    predictions = f"p,{LAST}\r\n90,{meta('c2')}\n" + "".join(f"{n}0,{meta('c1')}\n" for n in range(3))
    _, rows = dataset_of(v1(inputs, predictions), sort=("a",))
    assert told(rows, "a", "p", "match") == [(0, "00", "id"), (1, "10", "id"), (2, "20", "id"), (9, "90", "id")]


def test_first_generation_ids_differ_and_the_request_id_joins() -> None:
    head = "$Timestamp,$CorrelationId,$RequestId"
    stamp = "2026-03-01T08:22:16.954005"
    inputs = f"{head},a\r\n{stamp},i1,r1,1\n{stamp},i1,r1,2\n{stamp},i2,r2,3\n"
    predictions = f"{head},p\r\n{stamp},p2,r2,30\n{stamp},p1,r1,10\n{stamp},p1,r1,20\n"
    _, rows = dataset_of(v1(inputs, predictions))
    assert told(rows, "a", "p", "match") == [(1, 10, "id"), (2, 20, "id"), (3, 30, "id")]


@pytest.mark.parametrize(
    "predictions",
    ["p\r\n10\n20\n30\n", "10\r\n20\r\n30\r\n"],
    ids=["without ids", "without ids and a header"],
)
def test_rows_without_ids_are_joined_by_their_order_and_say_so(predictions: str) -> None:
    made, rows = dataset_of(v1(f"a,{LAST}\r\n1,{meta('c1')}\n2,{meta('c2')}\n3,{meta('c3')}\n", predictions))
    name = "p" if predictions.startswith("p") else "predictions.0"
    assert told(rows, "a", name, "match") == [(1, 10, "order"), (2, 20, "order"), (3, 30, "order")]
    assert (made.counts[0].by_order, made.pairings[0].uneven) == (3, ())


def test_an_uneven_day_is_named_where_the_order_is_all_there_is() -> None:
    made, rows = dataset_of(v1("a\r\n1\n2\n", "p\r\n10\n"))
    assert told(rows, "a", "p", "match") == [(1, 10, "order"), (2, None, "no predictions")]
    assert made.pairings[0].uneven == ("2026-03-01",)


def test_first_generation_without_a_server_has_its_order_alone() -> None:
    head = "$Timestamp,$CorrelationId,$RequestId"
    stamp = "2026-03-01T08:22:16"
    _, rows = dataset_of(v1(f"{head},a\r\n{stamp},i1,{ZERO},1\n", f"{head},p\r\n{stamp},p1,{ZERO},10\n"))
    assert told(rows, "a", "p", "match") == [(1, 10, "order")]


def test_days_with_ids_are_never_filled_up_by_order() -> None:
    inputs = f"a,{LAST}\r\n1,{meta('c1')}\n2,{meta('c2')}\n"
    _, rows = dataset_of(v1(inputs, f"p,{LAST}\r\n10,{meta('c1')}\n30,{meta('c3')}\n"))
    assert told(rows, "a", "p", "match") == [(1, 10, "id"), (2, None, "no predictions"), (None, 30, "no inputs")]


def test_a_row_delivered_twice_is_left_out() -> None:
    head, row = f"p,{LAST}\r\n", f"10,{meta('c1', second=1)}\n"
    made, rows = dataset_of(v1(f"a,{LAST}\r\n1,{meta('c1')}\n", head + row * 3))
    assert (told(rows, "a", "p", "match"), made.duplicates) == ([(1, 10, "id")], 2)
    made, rows = dataset_of(v2([line([{"a": 1}, {"a": 2}])] * 2, [line([{"p": 1}, {"p": 2}])] * 3), V2)
    assert (told(rows, "a", "p", "match"), made.duplicates) == ([(1, 1, "id"), (2, 2, "id")], 6)


def test_a_v1_request_that_both_collections_have_twice_is_there_once() -> None:
    inputs = [f"{n},{meta('c1', second=1)}\n" for n in (1, 2)], [f"3,{meta('c2', second=2)}\n"]
    answers = [f"{n},{meta('c1', second=1)}\n" for n in (10, 20)], [f"30,{meta('c2', second=2)}\n"]
    blobs = v1(
        f"a,{LAST}\r\n" + "".join([*inputs[0], *inputs[1], *inputs[0]]),
        f"p,{LAST}\r\n" + "".join([*answers[0], *answers[1], *answers[0]]),
    )
    made, rows = dataset_of(blobs)
    assert (told(rows, "a", "p", "match"), made.duplicates) == ([(1, 10, "id"), (2, 20, "id"), (3, 30, "id")], 4)


def test_a_v1_file_that_is_there_twice_counts_once_also_where_it_is_read_another_way() -> None:
    inputs = f"a,{LAST}\r\n1,{meta('c1')}\n1,{meta('c1')}\n2,{meta('c2')}\n"
    predictions = f"p,{LAST}\r\n10,{meta('c1')}\n10,{meta('c1')}\n20,{meta('c2')}\n"
    blobs = v1(inputs, predictions)
    for name, content in (("inputs", inputs), ("predictions", predictions)):
        # the comma in quotes has the whole file read line by line
        more = content + f'"3,5",{meta("c3")}\n'
        blobs.put(MODELDATA, f"m/1/{name}/{DAY}/data_2.csv", content=more.encode())
    made, rows = dataset_of(blobs)
    assert told(rows, "a", "p", "match") == [
        ("1", "10", "id"),
        ("1", "10", "id"),
        ("2", "20", "id"),
        ("3,5", "3,5", "id"),
    ]
    assert made.duplicates == 6
    assert made.counts == [Counts(matched=4, by_order=0, unmatched_base=0, unmatched_other=0)]


def test_inputs_that_are_there_twice_are_not_counted_as_without_predictions() -> None:
    inputs = f"a,{LAST}\r\n1,{meta('c1')}\n2,{meta('c2')}\n"
    blobs = v1(inputs, f"p,{LAST}\r\n10,{meta('c1')}\n20,{meta('c2')}\n")
    blobs.put(MODELDATA, f"m/1/inputs/{DAY}/data_2.csv", content=inputs.encode())
    made, rows = dataset_of(blobs)
    assert (told(rows, "a", "p"), made.duplicates) == ([(1, 10), (2, 20)], 2)
    assert made.counts == [Counts(matched=2, by_order=0, unmatched_base=0, unmatched_other=0)]


@pytest.mark.parametrize("other", ["x", '"x,y"'], ids=["read at once", "read line by line"])
def test_equal_rows_of_one_v1_request_are_real(other: str) -> None:
    inputs = f"a,{LAST}\r\n1,{meta('c1')}\n1,{meta('c1')}\n{other},{meta('c2')}\n"
    made, rows = dataset_of(v1(inputs, f"p,{LAST}\r\n5,{meta('c1')}\n5,{meta('c1')}\n6,{meta('c2')}\n"))
    assert told(rows, "a", "p") == [("1", 5), ("1", 5), (other.strip('"'), 6)]
    assert made.duplicates == 0


def test_one_id_for_all_requests_does_not_explode() -> None:
    ins = [line([{"a": n}], correlation="test", id=f"i{n}") for n in range(50)]
    outs = [line([{"p": n}], correlation="test", id=f"o{n}") for n in range(50)]
    _, rows = dataset_of(v2(ins, outs), V2)
    assert told(rows, "a", "p") == [(n, n) for n in range(50)]


def test_matched_only_leaves_the_others_out() -> None:
    blobs = v2([line([{"a": 1}]), line([{"a": 2}], correlation="c2")], [line([{"p": 3}], correlation="c2")])
    made, rows = dataset_of(blobs, V2, matched_only=True)
    assert told(rows, "a", "p", "match") == [(2, 3, "id")]
    assert (made.counts[0].unmatched_base, made.counts[0].unmatched_other) == (1, 0)


def test_the_name_of_a_column_without_one_does_not_depend_on_the_other_collection() -> None:
    answered = [line([[5]])]
    for inputs in ([line([{"a": 1}])], [line([{"a": 1}]), line([[1]], correlation="c2")]):
        assert "model_outputs.0" in dataset_of(v2(inputs, answered), V2)[1][0]


def test_names_that_clash_get_their_collection_before_them() -> None:
    blobs = v2([line([{"x": 1, "time": 2, "Y": 3, "match": 4}])], [line([{"x": 5, "y": 6}])])
    [row] = dataset_of(blobs, V2)[1]
    assert list(row)[6:] == [
        "model_inputs.x",
        "model_inputs.time",
        "model_inputs.Y",
        "model_inputs.match",
        "model_outputs.x",
        "model_outputs.y",
        "match",
    ]
    assert list(row.values())[6:-1] == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        (["1", "-2", ""], [1, -2, None]),
        (["1", "2.5", "nan"], [1.0, 2.5, None]),
        (["1e3", "-inf", "0.1"], [1000.0, float("-inf"), 0.1]),
        (["007", "1"], ["007", "1"]),
        (["True", "False"], [True, False]),
        (["True", "1"], ["True", "1"]),
        (["9223372036854775807", "1"], [9223372036854775807, 1]),
        (["9223372036854775808", "1"], ["9223372036854775808", "1"]),
        (["12345678901234567", "1.5"], ["12345678901234567", "1.5"]),
        ([" 1", "2"], [" 1", "2"]),
        (["2026-03-01", ""], ["2026-03-01", None]),
    ],
)
def test_a_v1_column_is_a_number_when_all_of_it_is(cells: list[str], values: list[Any]) -> None:
    blobs = MemoryBlobs().put(
        MODELDATA, f"m/1/inputs/{DAY}/data.csv", content=("k,a\r\n" + "".join(f"x,{one}\n" for one in cells)).encode()
    )
    assert [row["a"] for row in dataset_of(blobs)[1]] == values


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1, None, 2**53], [1, None, 2**53]),
        ([1, 1.5], [1.0, 1.5]),
        ([2**53 + 1, 1.5], [str(2**53 + 1), "1.5"]),
        ([2**70, 1], [str(2**70), "1"]),
        ([1, "x", True], ["1", "x", "true"]),
        ([[1, {"b": 2}], {"c": None}], [[1, {"b": 2}], {"c": None}]),
        ([[1], 2], ["[1]", "2"]),
        ([True, None], [True, None]),
        (["\ud800", "é\0"], ["\\ud800", "é\0"]),
    ],
)
def test_a_v2_column_has_one_type_that_loses_nothing(values: list[Any], expected: list[Any]) -> None:
    blobs = MemoryBlobs().put(INPUTS, HOUR, content=line([{"a": one} for one in values]))
    assert [row["a"] for row in dataset_of(blobs, V2)[1]] == expected


def test_times_among_the_features_are_times_when_asked() -> None:
    blobs = v2([line([{"t": 1704067200000, "u": "2026-03-01T01:00:00"}])], [line([{"p": 1}])])
    [row] = dataset_of(blobs, V2, moments=("t", "u"))[1]
    assert (row["t"], row["u"]) == (datetime(2024, 1, 1, tzinfo=UTC), datetime(2026, 3, 1, 1, tzinfo=UTC))
    with pytest.raises(UsageError, match="no column 'v' that could hold times"):
        dataset_of(blobs, V2, moments=("v",))


@pytest.mark.parametrize("value", [10**18, -(10**18), 253402300800000, 1e300, "99999-01-01", "infinity", "0000-01-01"])
def test_a_time_of_no_year_is_none(value: Any) -> None:
    blobs = v2([line([{"t": value}])], [line([{"p": 1}])])
    assert [row["t"] for row in dataset_of(blobs, V2, moments=("t",))[1]] == [None]


def test_sorting_as_asked() -> None:
    blobs = v2([line([{"a": n, "b": -n} for n in (2, 3, 1)])], [line([{"p": 1}])])
    assert [row["a"] for row in dataset_of(blobs, V2)[1]] == [2, 3, 1]
    assert [row["a"] for row in dataset_of(blobs, V2, sort=("a",))[1]] == [1, 2, 3]
    assert [row["a"] for row in dataset_of(blobs, V2, sort=("-a",))[1]] == [3, 2, 1]
    with pytest.raises(UsageError, match="no column 'A' to sort by"):
        dataset_of(blobs, V2, sort=("A",))


def test_a_range_that_cuts_a_file_in_two_takes_the_rows_inside() -> None:
    rows = "".join(f"{n},{meta(f'c{n}', second=n)}\n" for n in range(10))
    between = TimeRange(datetime(2026, 3, 1, 8, 22, 3, tzinfo=UTC), datetime(2026, 3, 1, 8, 22, 6, tzinfo=UTC))
    _, found = dataset_of(v1(f"a,{LAST}\r\n{rows}", f"p,{LAST}\r\n{rows}"), between=between)
    assert told(found, "a", "p") == [(3, 3), (4, 4), (5, 5)]


def labelled(tmp_path: Path, text: str | None, *, on: str, name: str = "labels.csv") -> list[dict[str, Any]]:
    if text is not None:
        (tmp_path / name).write_text(text)
    staging = Staging.open()
    try:
        blobs = v2([line([{"a": n, "k": n} for n in range(3)])], [line([{"p": 7}])])
        assert list(fill(staging, blobs, select(blobs, V2, Selection()), now=NOW, on_aside=print))
        made = tables.build(staging, Wanted(), labels=labels.load(staging, tmp_path / name, on=on))
        return list(made.rows())
    finally:
        staging.close()


def test_labels_of_a_file_are_joined_on_a_column(tmp_path: Path) -> None:
    rows = labelled(tmp_path, "k,truth,a\n1,yes,x\n1,again,y\n5,none,z\n", on="k")
    assert told(rows, "k", "truth", "labels.a", "model_inputs.a") == [
        (0, None, None, 0),
        (1, "yes", "x", 1),
        (2, None, None, 2),
    ]


@pytest.mark.parametrize(
    ("name", "text", "on", "message"),
    [
        ("labels.csv", "k,t\n1,2\n", "t", "the dataset has no column 't' to join labels on"),
        ("labels.csv", "k,t\n1,2\n", "u", "'labels.csv' has no column 'u'"),
        ("labels.txt", "k,t\n1,2\n", "k", "'labels.txt' is no file of labels"),
        ("labels.parquet", "k,t\n1,2\n", "k", "'labels.parquet' cannot be read"),
    ],
)
def test_labels_that_cannot_be_joined(tmp_path: Path, name: str, text: str, on: str, message: str) -> None:
    with pytest.raises(UsageError) as raised:
        labelled(tmp_path, text, on=on, name=name)
    assert raised.value.message.startswith(message)


def test_labels_whose_lines_differ_in_length_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"'labels\.csv' cannot be read as csv"):
        labelled(tmp_path, "k,t\n1,2\n3,4,5\n6\n", on="k")


def test_packed_labels_are_read(tmp_path: Path) -> None:
    (tmp_path / "labels.csv.gz").write_bytes(gzip.compress(b"k,truth\n1,new\n"))
    assert told(labelled(tmp_path, None, on="k", name="labels.csv.gz"), "k", "truth", "match") == [
        (0, None, "no labels"),
        (1, "new", "no model_outputs"),
        (2, None, "no model_outputs"),
    ]


def test_an_index_that_pandas_wrote_is_no_label(tmp_path: Path) -> None:
    duckdb.sql(f"COPY (SELECT 1 AS k, 'yes' AS truth, 0 AS __index_level_0__) TO '{tmp_path / 'labels.parquet'}'")
    rows = labelled(tmp_path, None, on="k", name="labels.parquet")
    assert [*rows[0]][6:] == ["a", "k", "p", "truth", "match"]


def test_a_folder_is_no_file_of_labels(tmp_path: Path) -> None:
    staging = Staging.open()
    try:
        with pytest.raises(UsageError, match="is a folder"):
            labels.load(staging, tmp_path, on="k")
    finally:
        staging.close()


def test_a_file_of_labels_that_is_not_there(tmp_path: Path) -> None:
    staging = Staging.open()
    try:
        with pytest.raises(NotFound):
            labels.load(staging, tmp_path / "no.csv", on="k")
    finally:
        staging.close()


Event = tuple[str, int, tuple[int, ...]]


def naive(inputs: list[Event], outputs: list[Event]) -> Counter[tuple[int | None, int | None]]:
    """The join as one would write it down: second deliveries dropped, then rows of an id paired in order."""

    def by_id(events: list[Event]) -> dict[str, list[int]]:
        rows = defaultdict(list)
        for correlation, _, cells in dict.fromkeys(events):
            rows[correlation].extend(cells)
        return rows

    left, right = by_id(inputs), by_id(outputs)
    pairs: Counter[tuple[int | None, int | None]] = Counter()
    for correlation in {*left, *right}:
        ours, theirs = left.get(correlation, []), right.get(correlation, [])
        for at in range(max(len(ours), len(theirs))):
            pairs[ours[at] if at < len(ours) else None, theirs[at] if at < len(theirs) else None] += 1
    return pairs


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_shuffled_duplicated_and_partly_missing_rows_are_joined_as_the_naive_way_does(data: st.DataObject) -> None:
    ids = st.sampled_from(["c1", "c2", "c3", "c4"])
    counter = iter(range(10_000))
    drawn = data.draw(st.lists(st.tuples(ids, st.integers(0, 3)), max_size=8))
    inputs: list[Event] = [(c, nth, tuple(next(counter) for _ in range(size))) for nth, (c, size) in enumerate(drawn)]
    outputs: list[Event] = [(c, nth, tuple(cell * 10 for cell in cells)) for c, nth, cells in inputs]

    def disturbed(events: list[Event]) -> list[Event]:
        kept = [one for one in events for _ in range(data.draw(st.integers(0, 2)))]
        return data.draw(st.permutations(kept))

    inputs, outputs = disturbed(inputs), disturbed(outputs)
    ours = [line([{"a": cell} for cell in cells], correlation=c, id=f"i{nth}") for c, nth, cells in inputs]
    theirs = [line([{"p": cell} for cell in cells], correlation=c, id=f"o{nth}") for c, nth, cells in outputs]
    blobs = v2(ours, theirs)
    if not any(cells for _, _, cells in [*inputs, *outputs]):
        return
    made, rows = dataset_of(blobs, V2)
    assert Counter((row.get("a"), row.get("p")) for row in rows) == naive(inputs, outputs)
    given_rows = sum(len(cells) for _, _, cells in inputs) + sum(len(cells) for _, _, cells in outputs)
    accounted = made.duplicates + sum((row.get("a") is not None) + (row.get("p") is not None) for row in rows)
    assert accounted == given_rows
