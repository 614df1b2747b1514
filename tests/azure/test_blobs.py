"""Collected data over the local Azure: where it stands, how it is listed, and bytes that arrive as they are stored."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest

from azured import connect, unhurried
from emulators.azure import LocalAzure
from emulators.blobfront import busy, firewalled
from emulators.faults import Fault, dropped, html, reset_mid_body, slow
from emulators.messages import Answer, Recorded
from mlmon.azure.blobs.storage import ONE_GET
from mlmon.azure.workspace import AzureMLWorkspace
from mlmon.core.errors import Failure, NotAllowed, NotFound, Unavailable, UsageError
from mlmon.core.model import BlobInfo, CollectedRoot, Generation, ServiceName
from mlmon.settings import AzureWorkspace

BLUE = ServiceName("ep1", "blue")
SVC = ServiceName("svc")
DATASTORE = "azureml://datastores/workspaceblobstore/paths"


def collecting(azure: LocalAzure, **paths: str | None) -> None:
    """`ep1/blue` with these collections; a path of None is a collection without a data asset."""
    collections = {}
    for name, path in paths.items():
        asset = azure.add_data(f"ep1-blue-{name}", uri=f"{DATASTORE}/{path}")["id"] if path is not None else None
        collections[name] = {"dataCollectionMode": "Enabled", **({"dataId": asset} if asset else {})}
    azure.add_deployment("ep1", "blue", dataCollector={"collections": collections})


def container(azure: LocalAzure) -> str:
    return str(azure.datastores["workspaceblobstore"]["properties"]["containerName"])


def fetched(workspace: AzureMLWorkspace, blob: BlobInfo) -> bytes:
    return b"".join(workspace.blobs.read(blob))


def named(workspace: AzureMLWorkspace, where: str, prefix: str = "") -> list[str]:
    return [blob.name for blob in workspace.blobs.list(where, prefix)]


# roots


def test_collections_stand_where_their_data_assets_say_and_else_at_the_documented_place(
    azure: LocalAzure, workspace: AzureMLWorkspace
) -> None:
    collecting(azure, model_outputs=None, model_inputs="elsewhere/for/ep1", Custom="deep/")
    where = container(azure)
    assert workspace.blobs.roots(BLUE) == [
        CollectedRoot(where, "deep/", Generation.V2, collection="Custom"),
        CollectedRoot(where, "elsewhere/for/ep1/", Generation.V2, collection="model_inputs"),
        CollectedRoot(where, "modelDataCollector/ep1/blue/model_outputs/", Generation.V2, collection="model_outputs"),
    ]


def test_a_listed_deployment_is_not_asked_for_again(azure: LocalAzure, workspace: AzureMLWorkspace) -> None:
    collecting(azure, model_inputs="a")
    workspace.services.list()
    azure.requests.clear()
    workspace.blobs.roots(BLUE)
    workspace.blobs.roots(BLUE)
    assert azure.requests.count("arm", path="/deployments") == 0
    assert azure.requests.count("arm", path="/data/ep1-blue-model_inputs/") == 1


def test_a_collection_in_another_account_is_read_there(azure: LocalAzure, workspace: AzureMLWorkspace) -> None:
    other = azure.add_workspace("other", group="rg")
    account = str(azure.workspaces["other"]["properties"]["storageAccount"]).rpartition("/")[2]
    store = azure.add_datastore("second", container="elsewhere")
    store["properties"]["accountName"] = account
    asset = azure.add_data("asset", uri="azureml://datastores/second/paths/x")
    azure.add_deployment(
        "ep1", "blue", dataCollector={"collections": {"a": {"dataCollectionMode": "Enabled", "dataId": asset["id"]}}}
    )
    assert other
    [root] = workspace.blobs.roots(BLUE)
    assert root.prefix == "x/"
    assert root.container.endswith("/elsewhere")
    assert account in root.container


def test_v1_data_stands_under_the_workspaces_names_in_lower_case_and_in_any_other_case_there_is(
    azure: LocalAzure, tmp_path: Path
) -> None:
    azure.webservices.add("svc")
    ws = azure.workspace
    usual = f"{ws.subscription}/{ws.group}/{ws.name}/svc/".lower()
    workspace = connect(azure, tmp_path)
    assert [root.prefix for root in workspace.blobs.roots(SVC)] == [usual]
    spelled = f"{ws.subscription.upper()}/{ws.group.upper()}/{ws.name}"
    azure.blobs.put("modeldata", f"{spelled}/svc/m/1/inputs/2020/08/27/data.csv", b"a\n")
    azure.blobs.put("modeldata", f"{ws.subscription}/other/{ws.name}/svc/m/1/inputs/2020/08/27/data.csv", b"a\n")
    azure.requests.clear()
    for _ in range(2):  # the second run repeats nothing
        again = connect(azure, tmp_path)
        roots = [CollectedRoot("modeldata", prefix, Generation.V1) for prefix in (usual, f"{spelled}/svc/")]
        assert again.blobs.roots(SVC) == again.blobs.roots(SVC) == roots
    assert azure.requests.count("blob") == 4  # one of subscriptions, two of groups, one of workspaces


def test_who_is_unknown_has_no_roots(workspace: AzureMLWorkspace) -> None:
    for name in (BLUE, SVC):
        with pytest.raises(NotFound):
            workspace.blobs.roots(name)


# listing


HOSTILE = [
    "a b/c%20d.csv",
    "a+b&c=d?e#f.csv",
    "ümläut/日本/😀.jsonl",
    "quote'\"<>&amp;.csv",
    "%2e%2e/x",
    "%zz",
    "a//b",
    "dots.../x.",
    "end/",
    "space ",
    "tab\tname",
    "~!$()*[]{}|^`;:@,=",
    "x" * 900,
]


def test_names_of_any_kind_are_listed_and_read(azure: LocalAzure, workspace: AzureMLWorkspace) -> None:
    for name in HOSTILE:
        azure.blobs.put("kept", f"p/{name}", name.encode())
    azure.blobs.put("kept", "p2/not this", b"")
    listed = list(workspace.blobs.list("kept", "p/"))
    assert sorted(blob.name for blob in listed) == sorted(f"p/{name}" for name in HOSTILE)
    assert [blob.name for blob in listed] == sorted(blob.name for blob in listed)
    for blob in listed:
        assert fetched(workspace, blob) == blob.name[2:].encode()
    level = [child if isinstance(child, str) else child.name for child in workspace.blobs.children("kept", "p/")]
    folders = ["p/%2e%2e/", "p/a b/", "p/a/", "p/dots.../", "p/end/", "p/ümläut/"]
    assert level == sorted([*folders, *(f"p/{name}" for name in HOSTILE if "/" not in name)])


@pytest.mark.parametrize("name", ["p/x/../b", "p/./b", "../kept/p/b"])
def test_a_name_that_would_lead_to_another_blob_is_not_asked_for(
    azure: LocalAzure, workspace: AzureMLWorkspace, name: str
) -> None:
    azure.blobs.put("kept", "p/b", b"12345")
    [other] = workspace.blobs.list("kept", "")
    azure.requests.clear()
    with pytest.raises(Failure):
        fetched(workspace, replace(other, name=name))
    assert azure.requests.count("blob") == 0


def test_a_name_that_xml_cannot_hold_is_decoded(azure: LocalAzure, workspace: AzureMLWorkspace) -> None:
    page = listing('<Blob><Name Encoded="true">p/a%EF%BF%BFb%25</Name>{0}</Blob>', "<Name>p/%25</Name>")
    with azure.fault(page, plane="blob"):
        assert named(workspace, "kept") == ["p/a\uffffb%", "p/%25"]


def test_a_folder_of_an_account_that_has_folders_is_no_blob(azure: LocalAzure, workspace: AzureMLWorkspace) -> None:
    folder = "<Blob><Name>p/2026/03</Name><Properties><ResourceType>directory</ResourceType>"
    folder += "<Content-Length>0</Content-Length></Properties></Blob>"
    with azure.fault(listing(folder, "<Name>p/2026/03/a.csv</Name>"), plane="blob"):
        assert named(workspace, "kept") == ["p/2026/03/a.csv"]


def listing(*blobs: str) -> Fault:
    """A page with these blobs, each with the usual properties unless it has its own."""
    usual = (
        "<Properties><Last-Modified>Fri, 20 Nov 2026 13:22:28 GMT</Last-Modified><Etag>0x1</Etag>"
        "<Content-Length>3</Content-Length></Properties>"
    )
    inside = "".join(
        blob.replace("{0}", usual) if blob.startswith("<Blob>") else f"<Blob>{blob}{usual}</Blob>" for blob in blobs
    )
    return xml(f"<EnumerationResults><Blobs>{inside}</Blobs><NextMarker/></EnumerationResults>")


def xml(text: str) -> Fault:
    whole = f'<?xml version="1.0" encoding="utf-8"?>{text}'
    return Fault(Answer(200, whole.encode(), {"Content-Type": "application/xml"}))


def page(*names: str, marker: str) -> Fault:
    """A page of small blobs, and the marker of the next one."""
    usual = "<Properties><Content-Length>1</Content-Length></Properties>"
    blobs = "".join(f"<Blob><Name>{name}</Name>{usual}</Blob>" for name in names)
    return xml(f"<EnumerationResults><Blobs>{blobs}</Blobs><NextMarker>{marker}</NextMarker></EnumerationResults>")


def test_a_blob_is_listed_with_its_size_etag_and_time(azure: LocalAzure, workspace: AzureMLWorkspace) -> None:
    before = datetime.now(UTC) - timedelta(seconds=2)
    azure.blobs.put("kept", "a", b"12345")
    [blob] = workspace.blobs.list("kept", "")
    assert (blob.container, blob.name, blob.size) == ("kept", "a", 5)
    assert before <= blob.last_modified <= datetime.now(UTC) + timedelta(seconds=2)
    azure.blobs.put("kept", "a", b"12345")
    [after] = workspace.blobs.list("kept", "")
    assert "" != blob.etag != after.etag


def test_pages_are_fetched_as_they_are_needed(azure: LocalAzure, workspace: AzureMLWorkspace) -> None:
    last, first_page = page("c", marker=""), page("a", "b", marker="m")
    with azure.fault(last, plane="blob", times=1), azure.fault(first_page, plane="blob", times=1):
        blobs = workspace.blobs.list("kept", "")
        assert [next(blobs).name, next(blobs).name] == ["a", "b"]
        assert azure.requests.count("blob") == 1
        assert [blob.name for blob in blobs] == ["c"]
    first, second = azure.requests.of("blob")
    assert (first.query["maxresults"], "marker" in first.query, second.query["marker"]) == ("5000", False, "m")
    with azure.fault(page("a", marker="m"), plane="blob"), pytest.raises(Unavailable) as raised:
        named(workspace, "kept")
    assert raised.value.message == "the listing of kept has no end"


def test_a_listing_is_asked_for_from_where_it_begins(azure: LocalAzure, workspace: AzureMLWorkspace) -> None:
    for name in ("p/a", "p/b/c", "p/b/d", "q"):
        azure.blobs.put("kept", name, b"")
    azure.requests.clear()
    assert [blob.name for blob in workspace.blobs.list("kept", "p/", start_from="p/b/d")] == ["p/b/d"]
    [asked] = azure.requests.of("blob")
    assert (asked.query["prefix"], asked.query["startFrom"]) == ("p/", "p/b/d")


def test_a_service_that_begins_with_the_first_all_the_same_is_not_listed_twice(
    azure: LocalAzure, workspace: AzureMLWorkspace
) -> None:
    with azure.fault(page("p/a", "p/b", "p/c", marker=""), plane="blob"):
        assert [blob.name for blob in workspace.blobs.list("kept", "p/", start_from="p/b")] == ["p/b", "p/c"]


def test_a_prefix_that_two_pages_share_is_one(azure: LocalAzure, workspace: AzureMLWorkspace) -> None:
    def prefixes(*names: str, marker: str) -> Fault:
        inside = "".join(f"<BlobPrefix><Name>{name}</Name></BlobPrefix>" for name in names)
        return xml(f"<EnumerationResults><Blobs>{inside}</Blobs><NextMarker>{marker}</NextMarker></EnumerationResults>")

    last, first = prefixes("p/b/", "p/c/", "elsewhere/", marker=""), prefixes("p/a/", "p/b/", marker="m")
    with azure.fault(last, plane="blob", times=1), azure.fault(first, plane="blob", times=1):
        assert list(workspace.blobs.children("kept", "p/")) == ["p/a/", "p/b/", "p/c/"]


def test_a_container_that_is_not_there_is_empty(workspace: AzureMLWorkspace) -> None:
    assert named(workspace, "no-such-container") == []
    assert list(workspace.blobs.children("no-such-container", "a/")) == []


# reading


def test_a_blob_that_grows_is_read_to_where_it_was_listed(azure: LocalAzure, workspace: AzureMLWorkspace) -> None:
    """Over several requests, each of which would be refused if it insisted on the ETag of the first."""
    for _ in range(5):
        azure.blobs.append("kept", "log.jsonl", b"x" * 3_999_999 + b"\n")
    [blob] = workspace.blobs.list("kept", "")
    assert blob.size > 2 * ONE_GET
    reading: Iterator[bytes] = workspace.blobs.read(blob)
    parts = [next(reading)]
    azure.blobs.append("kept", "log.jsonl", b"more\n")
    parts += reading
    assert (len(parts), b"".join(parts)) == (-(-blob.size // ONE_GET), (b"x" * 3_999_999 + b"\n") * 5)
    assert not [one for one in azure.requests.of("blob") if header(one, "if-match")]


def test_eight_threads_read_at_once(azure: LocalAzure, workspace: AzureMLWorkspace) -> None:
    content = {f"{number:03}": f"{number}\n".encode() * 1000 for number in range(64)}
    for name, data in content.items():
        azure.blobs.put("kept", name, data)
    blobs = list(workspace.blobs.list("kept", ""))
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda blob: fetched(workspace, blob), blobs)) == list(content.values())


def test_a_blob_that_is_gone_shorter_or_empty(azure: LocalAzure, workspace: AzureMLWorkspace) -> None:
    azure.blobs.put("kept", "full", b"12345")
    azure.blobs.put("kept", "empty", b"")
    empty, full = workspace.blobs.list("kept", "")
    assert fetched(workspace, empty) == b""
    for longer in (replace(full, size=6), replace(full, size=ONE_GET + 6)):
        with pytest.raises(Unavailable) as shorter:
            fetched(workspace, longer)
        assert (shorter.value.message, shorter.value.hint) == ("full became shorter while it was read", "list again")
    azure.blobs.put("kept", "full", b"")
    with pytest.raises(Unavailable):
        fetched(workspace, full)
    for blob in (empty, full):
        azure.blobs.delete("kept", blob.name)
        with pytest.raises(NotFound) as gone:
            fetched(workspace, blob)
        assert gone.value.message == f"the blob {blob.name!r} is gone"


def test_content_that_claims_to_be_compressed_is_left_as_it_is(azure: LocalAzure, workspace: AzureMLWorkspace) -> None:
    azure.blobs.put("kept", "a", b"12345")
    [blob] = workspace.blobs.list("kept", "")
    said = {
        "Content-Encoding": "gzip",
        "Content-Range": "bytes 0-4/5",
        "Content-Type": "text/csv",
        "x-ms-blob-type": "BlockBlob",
    }
    with azure.fault(Fault(Answer(206, b"12345", said)), plane="blob"):
        assert fetched(workspace, blob) == b"12345"


# what can go wrong


def test_a_missing_role_and_a_firewall_are_told_apart(azure: LocalAzure, workspace: AzureMLWorkspace) -> None:
    account = azure.storage_account[0]
    with azure.deny("Microsoft.Storage/storageAccounts/blobServices/.*"), pytest.raises(NotAllowed) as raised:
        named(workspace, "kept")
    assert raised.value.message == (
        f"{azure.principal.display_name} may not list the blobs of the storage account {account}:"
        " This request is not authorized to perform this operation using this permission"
    )
    assert raised.value.hint.splitlines() == [
        f"ask for the role 'Storage Blob Data Reader' on the storage account {account}",
        "or, where account keys are allowed: --storage-auth key",
    ]
    with azure.fault(firewalled(), plane="blob"), pytest.raises(NotAllowed) as raised:
        named(workspace, "kept")
    assert raised.value.message == (
        f"could not list the blobs of the storage account {account}: its firewall does not let this machine in"
    )


def test_a_storage_that_does_not_answer_is_given_up_soon(azure: LocalAzure, workspace: AzureMLWorkspace) -> None:
    workspace.connection.discovery.storage()
    began = monotonic()
    with azure.stop_plane("blob"), pytest.raises(Unavailable) as raised:
        named(workspace, "kept")
    assert monotonic() - began < 15
    assert "refuses connections" in raised.value.message


@pytest.mark.parametrize("fault", [busy(), html(502), dropped()])
def test_what_passes_is_tried_again_and_what_stays_is_said(
    azure: LocalAzure, workspace: AzureMLWorkspace, fault: Fault
) -> None:
    azure.blobs.put("kept", "a", b"1")
    paused = unhurried(workspace)
    with azure.fault(fault, plane="blob", times=2):
        assert named(workspace, "kept") == ["a"]
    assert len(paused) == 2
    with azure.fault(fault, plane="blob"), pytest.raises(Unavailable):
        named(workspace, "kept")
    assert sum(paused[2:]) < 6


def test_a_connection_that_breaks_in_the_middle_of_a_blob_is_mended(
    azure: LocalAzure, workspace: AzureMLWorkspace
) -> None:
    azure.blobs.put("kept", "a", b"1" * 1_000_000)
    [blob] = workspace.blobs.list("kept", "")
    with azure.fault(reset_mid_body(), plane="blob", times=1):
        assert fetched(workspace, blob) == b"1" * 1_000_000


def test_a_token_that_ends_during_a_long_pull_is_renewed(azure: LocalAzure, workspace: AzureMLWorkspace) -> None:
    azure.access.lifetime = 2
    azure.blobs.put("kept", "a", b"1" * (ONE_GET + 1))
    [blob] = workspace.blobs.list("kept", "")
    reading = workspace.blobs.read(blob)
    first = next(reading)
    sleep(2.1)
    assert b"".join([first, *reading]) == b"1" * (ONE_GET + 1)
    assert {one.status for one in azure.requests.of("blob")} <= {200, 206}


def test_the_accounts_key_is_asked_for_only_where_that_is_wanted_and_never_shown(
    azure: LocalAzure, tmp_path: Path
) -> None:
    azure.blobs.put("kept", "a", b"1")
    said: list[str] = []
    workspace = connect(azure, tmp_path, said=said)
    target = workspace.connection.target
    assert named(workspace, "kept") == ["a"]
    assert azure.requests.count("arm", "POST", "listSecrets") == 0
    workspace.connection.target = keyed(target)
    with azure.deny("Microsoft.Storage/storageAccounts/blobServices/.*"):
        by_key = connect(azure, tmp_path, said=said)
        by_key.connection.target = keyed(target)
        [blob] = by_key.blobs.list("kept", "")
        assert fetched(by_key, blob) == b"1"
    assert azure.requests.count("arm", "POST", "listSecrets") == 1
    remembered = "".join(path.read_text() for path in (tmp_path / ".mlmon").glob("*.json"))
    assert azure.storage_account[1] not in "".join(said) + remembered


def keyed(target: AzureWorkspace) -> Any:
    return replace(target, storage_auth="key")


# bulk bytes


def header(one: Recorded, name: str) -> str:
    return next((value for key, value in one.headers.items() if key.lower() == name), "")


def asked_by(azure: LocalAzure) -> list[str]:
    """Which client asked for the bytes of a blob."""
    return [
        "obstore" if header(one, "user-agent").startswith("object_store") else "azure-storage-blob"
        for one in azure.requests.of("blob")
    ]


@pytest.mark.parametrize("auth", ["identity", "key"])
def test_bytes_are_fetched_by_one_request_of_obstore(azure: LocalAzure, tmp_path: Path, auth: str) -> None:
    azure.blobs.put("kept", "ep1/2026/03/a-b_c=1.jsonl", b"12345")
    said: list[str] = []
    workspace = connect(azure, tmp_path, said=said)
    if auth == "key":
        workspace.connection.target = keyed(workspace.connection.target)
    [blob] = workspace.blobs.list("kept", "")
    azure.requests.clear()
    said.clear()
    assert fetched(workspace, blob) == b"12345"
    assert b"".join(workspace.blobs.read(blob, start=3)) == b"45"
    assert asked_by(azure) == ["obstore"] * 2
    assert [header(one, "range") for one in azure.requests.of("blob")] == ["bytes=0-4", "bytes=3-4"]
    endpoint = workspace.connection.discovery.storage().endpoint
    asked = [line.partition(" (")[0] for line in said if "/kept/" in line]
    assert asked == [f"GET {endpoint}/kept/{blob.name} -> 206"] * 2


def test_a_name_that_obstore_would_change_is_asked_for_by_azures_client(
    azure: LocalAzure, workspace: AzureMLWorkspace
) -> None:
    names = ["a//b", "p/x.", "p/.x", "tab\tname", "a b", "%41", "é"]
    for name in names:
        azure.blobs.put("kept", name, name.encode())
    plain = ["p/x.", "a..b"]
    azure.blobs.put("kept", "a..b", b"a..b")
    for blob in list(workspace.blobs.list("kept", "")):
        azure.requests.clear()
        assert fetched(workspace, blob) == blob.name.encode()
        assert asked_by(azure) == ["obstore" if blob.name in plain else "azure-storage-blob"]


def test_what_obstore_cannot_have_is_said_in_azures_words(azure: LocalAzure, workspace: AzureMLWorkspace) -> None:
    azure.blobs.put("kept", "a", b"1")
    [blob] = workspace.blobs.list("kept", "")
    account = azure.storage_account[0]
    azure.requests.clear()
    with azure.fault(firewalled(), plane="blob"), pytest.raises(NotAllowed) as raised:
        fetched(workspace, blob)
    assert raised.value.message == (
        f"could not read a blob of the storage account {account}: its firewall does not let this machine in"
    )
    assert asked_by(azure) == ["obstore", "azure-storage-blob"]


def test_a_storage_that_falls_silent_is_waited_for_once(azure: LocalAzure, tmp_path: Path) -> None:
    azure.blobs.put("kept", "a", b"1")
    said: list[str] = []
    workspace = connect(azure, tmp_path, timeout=timedelta(seconds=7), said=said)
    [blob] = workspace.blobs.list("kept", "")
    said.clear()
    began = monotonic()
    with azure.fault(slow(9), plane="blob"), pytest.raises(Unavailable) as raised:
        fetched(workspace, blob)
    assert monotonic() - began < 10
    assert raised.value.message.endswith(" did not answer in time")
    assert [line.partition(" -> ")[2].partition(" (")[0] for line in said] == ["no answer"]


# data assets


@pytest.mark.parametrize(
    ("uri", "files"),
    [
        ("train/rows.csv", ["train/rows.csv"]),
        ("train/folder", ["train/folder/a.csv", "train/folder/deep/b.csv"]),
        ("train/folder/", ["train/folder/a.csv", "train/folder/deep/b.csv"]),
    ],
)
def test_the_files_of_a_data_asset_are_those_below_its_path_and_no_neighbours(
    azure: LocalAzure, workspace: AzureMLWorkspace, uri: str, files: list[str]
) -> None:
    azure.add_data("train", uri=f"{DATASTORE}/{uri}")
    for name in ("rows.csv", "rows.csv.old", "folder/a.csv", "folder/deep/b.csv", "folder2/c.csv"):
        azure.blobs.put(container(azure), f"train/{name}", b"age\n31\n")
    found = workspace.blobs.asset("azureml:train:1")
    assert [one.name for one in found] == files
    assert fetched(workspace, found[0]) == b"age\n31\n"


def test_a_data_asset_that_is_not_there_or_has_no_files_is_not_found(
    azure: LocalAzure, workspace: AzureMLWorkspace
) -> None:
    azure.add_data("empty", uri=f"{DATASTORE}/nothing/here.csv")
    for name in ("azureml:empty:1", "azureml:empty:2", "azureml:nosuch:1"):
        with pytest.raises(NotFound):
            workspace.blobs.asset(name)


@pytest.mark.parametrize("name", ["azureml:train", "train:1", "azureml:../x:1", "azureml:a:1:2", "azureml:a:?b"])
def test_what_is_no_name_of_a_data_asset_is_a_usage_error(workspace: AzureMLWorkspace, name: str) -> None:
    with pytest.raises(UsageError, match="no version of a data asset"):
        workspace.blobs.asset(name)
