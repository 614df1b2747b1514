"""What a path says."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from collected.memory import INPUTS, MODELDATA, OUTPUTS, V1, V2, MemoryBlobs
from collected.parsed import parse
from mlmon.collected.selecting.layout import CollectedBlob, Reason
from mlmon.collected.selecting.selection import Selection, select
from mlmon.core.model import CollectedRoot, Generation


def read(root: CollectedRoot, path: str) -> CollectedBlob | None:
    blobs = MemoryBlobs().put(root, path)
    return parse(root, V1 if root is MODELDATA else V2, blobs.info(root.container, root.prefix + path))


@pytest.mark.parametrize(
    ("path", "start", "end"),
    [
        ("higgs/2/inputs/2020/08/27/inputs.csv", "2020-08-27", "2020-08-28"),
        ("higgs/2/inputs/2020/8/7/data.csv", "2020-08-07", "2020-08-08"),
        ("higgs/2/inputs/2020/08/27/23/anything at all", "2020-08-27T23:00", "2020-08-28"),
        ("higgs/2/inputs/2020/8/27/3/5", "2020-08-27T03:00", "2020-08-27T04:00"),
        ("higgs/2/inputs/2020/02/29/inputs.csv", "2020-02-29", "2020-03-01"),
        ("higgs/2/inputs/2020/12/31/inputs.csv", "2020-12-31", "2021-01-01"),
    ],
)
def test_a_v1_path_tells_model_version_designation_and_its_stretch_of_time(path: str, start: str, end: str) -> None:
    info = MemoryBlobs().put(MODELDATA, path).info("modeldata", MODELDATA.prefix + path)
    assert parse(MODELDATA, V1, info) == CollectedBlob(
        blob=info,
        service=V1,
        collection="inputs",
        model="higgs",
        model_version="2",
        start=datetime.fromisoformat(start).replace(tzinfo=UTC),
        end=datetime.fromisoformat(end).replace(tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("path", "start", "end"),
    [
        ("2026/a.jsonl", "2026-01-01", "2027-01-01"),
        ("2026/02/a.jsonl", "2026-02-01", "2026-03-01"),
        ("2026/12/a.jsonl", "2026-12-01", "2027-01-01"),
        ("2026/3/1/a.jsonl", "2026-03-01", "2026-03-02"),
        ("2026/03/01/09/a.jsonl", "2026-03-01T09:00", "2026-03-01T10:00"),
        ("2026/03/01/9/5/a.jsonl", "2026-03-01T09:05", "2026-03-01T09:06"),
        ("9999/12/31/23/a.jsonl", "9999-12-31T23:00", "9999-12-31T23:59:59.999999"),
        ("9999/a.jsonl", "9999-01-01", "9999-12-31T23:59:59.999999"),
    ],
)
def test_a_v2_path_tells_its_stretch_of_time_at_every_rolling_rate(path: str, start: str, end: str) -> None:
    info = MemoryBlobs().put(INPUTS, path).info(INPUTS.container, INPUTS.prefix + path)
    assert parse(INPUTS, V2, info) == CollectedBlob(
        blob=info,
        service=V2,
        collection="model_inputs",
        model="",
        model_version="",
        start=datetime.fromisoformat(start).replace(tzinfo=UTC),
        end=datetime.fromisoformat(end).replace(tzinfo=UTC),
    )


NOT_DATA = [
    (MODELDATA, "higgs/2/inputs/2020/08/27/aml_telemetry.csv", Reason.TELEMETRY),
    (MODELDATA, "higgs/2/inputs/2020/08/27/", Reason.MARKER),
    (MODELDATA, "higgs/2/readme.txt", Reason.NO_SERIES),
    (MODELDATA, "higgs//inputs/2020/08/27/x.csv", Reason.NO_SERIES),
    (MODELDATA, "higgs/2/inputs/x.csv", Reason.NO_DATE),
    (MODELDATA, "higgs/2/inputs/2020/08/x.csv", Reason.DEPTH),
    (MODELDATA, "higgs/2/inputs/2020/08/27/10/30/x.csv", Reason.DEPTH),
    (MODELDATA, "higgs/2/inputs/2020/13/01/x.csv", Reason.IMPOSSIBLE),
    (MODELDATA, "higgs/2/inputs/2021/02/29/x.csv", Reason.IMPOSSIBLE),
    (MODELDATA, "higgs/2/inputs/2020/08/27/24/x.csv", Reason.IMPOSSIBLE),
    (INPUTS, "x.jsonl", Reason.NO_DATE),
    (INPUTS, "2026/02/30/x.jsonl", Reason.IMPOSSIBLE),
    (INPUTS, "0000/01/x.jsonl", Reason.IMPOSSIBLE),
    (INPUTS, "26/01/x.jsonl", Reason.IMPOSSIBLE),
    (INPUTS, "2026/001/x.jsonl", Reason.IMPOSSIBLE),
    (INPUTS, "2026/٠١/x.jsonl", Reason.IMPOSSIBLE),
    (INPUTS, "2026//x.jsonl", Reason.IMPOSSIBLE),
    (INPUTS, "2026/01/01/00/60/x.jsonl", Reason.IMPOSSIBLE),
    (INPUTS, "2026/01/01/00/00/00/x.jsonl", Reason.DEPTH),
]


@pytest.mark.parametrize(("root", "path", "reason"), NOT_DATA)
def test_what_is_no_collected_data_is_passed_over_with_why(root: CollectedRoot, path: str, reason: Reason) -> None:
    blobs = MemoryBlobs().put(root, path)
    skipped = []
    service = V1 if root is MODELDATA else V2
    found = list(select(blobs, service, Selection(), on_skip=lambda blob, why: skipped.append((blob.name, why))))
    assert (found, skipped, read(root, path)) == ([], [(root.prefix + path, reason)], None)


def test_every_reason_is_said_of_one_and_of_many() -> None:
    assert len({reason.counted for reason in Reason}) == len(Reason)
    assert all(reason.split(" ")[0] in {"is", "has", "stands"} for reason in Reason)


def test_a_blob_of_another_root_is_not_this_one_s() -> None:
    blobs = MemoryBlobs().put(OUTPUTS, "2026/01/x.jsonl")
    elsewhere = blobs.info(OUTPUTS.container, OUTPUTS.prefix + "2026/01/x.jsonl")
    assert parse(INPUTS, V2, elsewhere) is None
    other_container = CollectedRoot("elsewhere", OUTPUTS.prefix, Generation.V2, "model_outputs")
    assert parse(other_container, V2, elsewhere) is None


def test_the_day_of_a_blob_is_the_utc_day_its_stretch_begins() -> None:
    found = read(INPUTS, "2026/03/01/23/59/x")
    assert found is not None
    assert found.day == date(2026, 3, 1)
