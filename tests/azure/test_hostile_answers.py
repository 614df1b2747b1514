"""Whatever a service answers: a value, or an error of mlmon's own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from azured import connect, local_azure
from emulators.azure import LocalAzure
from emulators.faults import Fault
from emulators.messages import Answer
from mlmon.azure.telemetry.cells import table_of
from mlmon.azure.workspace import AzureMLWorkspace
from mlmon.core.errors import MlmonError
from mlmon.core.model import BlobInfo
from mlmon.kql.requests import counts_of

Pair = tuple[LocalAzure, AzureMLWorkspace]
QUICK = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just("NaN"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
KINDS = st.sampled_from(
    ["string", "int", "long", "real", "bool", "datetime", "timespan", "dynamic", "decimal", "guid", "new", ""]
)
COLUMN = st.fixed_dictionaries({}, optional={"name": st.text(max_size=4) | JSON, "type": KINDS | JSON})
TABLE = st.fixed_dictionaries(
    {}, optional={"name": JSON, "columns": st.lists(COLUMN | JSON, max_size=4), "rows": st.lists(st.lists(JSON) | JSON)}
)
ANSWER = st.fixed_dictionaries(
    {}, optional={"tables": st.lists(TABLE | JSON, max_size=2) | JSON, "error": JSON, "render": JSON}
)
STATUS = st.sampled_from([200, 200, 200, 204, 400, 401, 403, 404, 418])
KIND = st.sampled_from(["application/json", "application/xml", "text/html", "application/octet-stream", "x"])


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    folder: Path = tmp_path_factory.mktemp("hostile")
    with local_azure(folder / "azure") as azure:
        workspace = connect(azure, folder)
        workspace.telemetry.query("traces")
        azure.blobs.put("kept", "a", b"12345")
        list(workspace.blobs.list("kept", ""))
        yield azure, workspace


def written(value: Any) -> bytes:
    return json.dumps(value).encode()


@given(ANSWER | JSON)
@settings(max_examples=500, deadline=None)
def test_every_document_is_a_table_of_whole_rows(document: Any) -> None:
    table = table_of(json.loads(json.dumps(document)))
    assert {len(row) for row in table.rows} <= {len(table.columns)}
    assert all(isinstance(column.name, str) and isinstance(column.type, str) for column in table.columns)
    counts_of(table)


@given(document=ANSWER | JSON, status=STATUS, kind=KIND)
@QUICK
def test_every_answer_to_a_query_is_a_table_or_an_error(pair: Pair, document: Any, status: int, kind: str) -> None:
    azure, workspace = pair
    answer = Answer(status, written(document), {"Content-Type": kind})
    with azure.fault(Fault(answer), plane="logs"), suppress(MlmonError):
        workspace.telemetry.query("traces")


NAME = st.sampled_from(
    ["Name", "Properties", "Blob", "Blobs", "BlobPrefix", "NextMarker", "Content-Length", "Etag", "x"]
)
TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"], exclude_characters="<>&"), max_size=6)
XML = st.recursive(
    TEXT | st.just("12"),
    lambda inner: st.lists(inner, max_size=4).flatmap(lambda parts: NAME.map(lambda n: f"<{n}>{''.join(parts)}</{n}>")),
    max_leaves=12,
)
PAGE = st.builds(
    lambda blobs, rest: f"<EnumerationResults><Blobs>{''.join(blobs)}</Blobs>{rest}</EnumerationResults>",
    st.lists(st.builds("<Blob><Name>{}</Name><Properties>{}</Properties></Blob>".format, TEXT, XML) | XML, max_size=3),
    XML,
)


@given(page=PAGE | XML | TEXT, status=STATUS, kind=KIND)
@QUICK
def test_every_page_of_a_listing_is_blobs_or_an_error(pair: Pair, page: str, status: int, kind: str) -> None:
    azure, workspace = pair
    with azure.fault(Fault(Answer(status, page.encode(), {"Content-Type": kind})), plane="blob"):
        for ask in (workspace.blobs.list, workspace.blobs.children):
            with suppress(MlmonError):
                assert all(isinstance(one, BlobInfo | str) for one in ask("kept", "a/"))


@given(
    body=st.binary(max_size=10),
    status=st.sampled_from([200, 206, 304, 400, 401, 403, 404, 409, 412, 416]),
    said=st.sampled_from(["bytes 0-4/5", "bytes 0-4/*", "5", "", "bytes */5", "bytes 4-0/-1"]),
)
@QUICK
def test_every_answer_to_a_range_is_the_bytes_or_an_error(pair: Pair, body: bytes, status: int, said: str) -> None:
    azure, workspace = pair
    [blob] = workspace.blobs.list("kept", "")
    headers = {"Content-Type": "text/csv", "Content-Range": said, "x-ms-blob-type": "BlockBlob", "ETag": '"1"'}
    with azure.fault(Fault(Answer(status, body, headers)), plane="blob"), suppress(MlmonError):
        assert len(b"".join(workspace.blobs.read(blob))) == blob.size
