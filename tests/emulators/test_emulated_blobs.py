"""azure-storage-blob, unmodified, reads what a test put into the storage account, by token and by key."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from azure.core import MatchConditions
from azure.core.exceptions import (
    ClientAuthenticationError,
    HttpResponseError,
    ResourceModifiedError,
    ResourceNotFoundError,
    ServiceRequestError,
)
from azure.identity import ClientSecretCredential
from azure.storage.blob import BlobServiceClient, ContainerClient

from emulators.azure import LocalAzure
from emulators.blobfront import busy, firewalled
from emulators.faults import reset_mid_body, slow
from emulators.storage import Refused

BLOBS = {
    "sub/rg/ws/svc/churn/1/inputs/2026/03/01/inputs.csv": b"a,b\r\n1,2\n",
    "sub/rg/ws/svc/churn/1/inputs/2026/03/02/inputs.csv": b"a,b\r\n3,4\n",
    "odd/n\u00e4me with space+plus%25#hash.csv": b"x\n",
}
CONTAINER = "modeldata"


@pytest.fixture(scope="module")
def filled(azure: LocalAzure) -> LocalAzure:
    for name, data in BLOBS.items():
        azure.blobs.put(CONTAINER, name, data)
    return azure


def service(azure: LocalAzure, credential: object) -> BlobServiceClient:
    """A client as the SDK's documentation makes it, for the endpoint that the storage account tells."""
    account, _ = azure.storage_account
    return BlobServiceClient(
        azure.blob_endpoint(account),
        credential=credential,
        connection_verify=str(azure.certificate.authority),
        retry_total=0,
    )


@pytest.fixture(scope="module")
def credential(azure: LocalAzure) -> Iterator[ClientSecretCredential]:
    with ClientSecretCredential(
        azure.access.tenant,
        azure.principal.client_id,
        azure.principal.secret,
        authority=azure.url("login"),
        disable_instance_discovery=True,
        connection_verify=str(azure.certificate.authority),
    ) as credential:
        yield credential


@pytest.fixture
def container(filled: LocalAzure, credential: ClientSecretCredential) -> Iterator[ContainerClient]:
    """The container by a token, its requests counted from here on."""
    filled.requests.clear()
    with service(filled, credential) as client:
        yield client.get_container_client(CONTAINER)


def test_blobs_are_listed_walked_and_downloaded_by_token(filled: LocalAzure, container: ContainerClient) -> None:
    assert {blob.name: blob.size for blob in container.list_blobs()} == {
        name: len(data) for name, data in BLOBS.items()
    }
    level = "sub/rg/ws/svc/churn/1/inputs/2026/03/"
    assert [one.name for one in container.walk_blobs(level)] == [f"{level}01/", f"{level}02/"]
    for name, data in BLOBS.items():
        assert container.download_blob(name).readall() == data
        assert container.get_blob_client(name).get_blob_properties().size == len(data)
    assert filled.requests.by_plane()["blob"] == 2 + 2 * len(BLOBS)


def test_a_listing_comes_in_pages(
    filled: LocalAzure, container: ContainerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filled.planes["blob"], "page_size", 1)
    assert [blob.name for blob in container.list_blobs()] == sorted(BLOBS)
    assert [blob.name for blob in container.list_blobs(results_per_page=2)] == sorted(BLOBS)
    assert filled.requests.by_plane()["blob"] == 2 * len(BLOBS)


def test_an_account_key_reads_too_unless_the_account_forbids_it(
    filled: LocalAzure, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, key = filled.storage_account
    with service(filled, {"account_name": name, "account_key": key}) as client:
        found = client.get_container_client(CONTAINER)
        assert [blob.name for blob in found.list_blobs()] == sorted(BLOBS)
        monkeypatch.setattr(filled.planes["blob"], "shared_key_allowed", False)
        with pytest.raises(HttpResponseError) as caught:
            list(found.list_blobs())
    assert (caught.value.status_code, caught.value.error_code) == (403, "KeyBasedAuthenticationNotPermitted")


def test_a_wrong_key_and_no_key_are_refused(filled: LocalAzure) -> None:
    name, _ = filled.storage_account
    for wrong in ({"account_name": name, "account_key": "d3Jvbmc="}, None):
        with service(filled, wrong) as client, pytest.raises(HttpResponseError) as caught:
            list(client.get_container_client(CONTAINER).list_blobs())
        assert isinstance(caught.value, ClientAuthenticationError)


def test_long_blobs_stream_in_ranges(filled: LocalAzure, container: ContainerClient) -> None:
    data = os.urandom(40_000_000)
    filled.blobs.put(CONTAINER, "long", data)
    try:
        assert container.download_blob("long").readall() == data
        assert container.download_blob("long", offset=39_999_990).readall() == data[-10:]
        with (
            filled.fault(reset_mid_body(), plane="blob", path="long"),
            pytest.raises(HttpResponseError, match="IncompleteRead"),
        ):
            container.download_blob("long").readall()
    finally:
        filled.blobs.delete(CONTAINER, "long")


def test_a_blob_grows_as_a_collector_lets_it_grow(filled: LocalAzure, container: ContainerClient) -> None:
    blob = container.get_blob_client("grown.jsonl")
    filled.blobs.append(CONTAINER, "grown.jsonl", b"1\n")
    before = blob.get_blob_properties()
    filled.blobs.append(CONTAINER, "grown.jsonl", b"2\n")
    after = blob.get_blob_properties()
    assert (before.size, after.size, after.etag == before.etag) == (2, 4, False)
    with pytest.raises(ResourceModifiedError):
        blob.download_blob(etag=before.etag, match_condition=MatchConditions.IfNotModified)
    assert blob.download_blob(offset=0, length=before.size).readall() == b"1\n"
    filled.blobs.delete(CONTAINER, "grown.jsonl")
    with pytest.raises(ResourceNotFoundError) as caught:
        blob.download_blob()
    assert caught.value.error_code == "BlobNotFound"


def test_a_container_that_is_not_there_is_said_at_once(filled: LocalAzure, credential: ClientSecretCredential) -> None:
    with service(filled, credential) as client, pytest.raises(ResourceNotFoundError) as caught:
        list(client.get_container_client("nowhere").list_blobs())
    assert caught.value.error_code == "ContainerNotFound"


def test_roles_and_firewalls_are_told_apart(filled: LocalAzure, container: ContainerClient) -> None:
    with filled.deny(".*/blobs/read"), pytest.raises(HttpResponseError) as lacking:
        list(container.list_blobs())
    with filled.fault(firewalled(), plane="blob"), pytest.raises(HttpResponseError) as outside:
        list(container.list_blobs())
    assert [(each.value.status_code, each.value.error_code) for each in (lacking, outside)] == [
        (403, "AuthorizationPermissionMismatch"),
        (403, "AuthorizationFailure"),
    ]
    with filled.fault(busy(), plane="blob"), pytest.raises(HttpResponseError) as throttled:
        list(container.list_blobs())
    assert (throttled.value.status_code, throttled.value.error_code) == (503, "ServerBusy")


def test_a_token_for_another_plane_is_answered_with_a_challenge(filled: LocalAzure) -> None:
    account, _ = filled.storage_account
    for header in ({"Authorization": f"Bearer {filled.token(filled.url('arm'))}"}, {}):
        answer = requests.get(
            f"{filled.blob_endpoint(account)}{CONTAINER}?restype=container&comp=list",
            headers=header,
            verify=str(filled.certificate.authority),
            timeout=10,
        )
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"].endswith(" resource_id=https://storage.azure.com")


def test_slow_answers_come_and_a_stopped_plane_refuses(filled: LocalAzure, container: ContainerClient) -> None:
    with filled.fault(slow(0.3), plane="blob"):
        begun = time.monotonic()
        assert len(list(container.list_blobs())) == len(BLOBS)
        assert time.monotonic() - begun >= 0.3
    with filled.stop_plane("blob"), pytest.raises(ServiceRequestError):
        list(container.list_blobs())
    assert len(list(container.list_blobs())) == len(BLOBS)


def test_every_azure_has_an_empty_account_of_its_own(filled: LocalAzure, tmp_path: Path) -> None:
    with LocalAzure.start(tmp_path) as other:
        assert other.storage_account[0] != filled.storage_account[0]
        with pytest.raises(Refused, match="ContainerNotFound"):
            other.blobs.read(CONTAINER, next(iter(BLOBS)))


def test_azurite_ends_with_the_tests_even_when_they_are_killed(tmp_path: Path) -> None:
    program = """
        import sys, time
        from emulators.azurite import new_account
        from emulators.storage import BlobStore
        account = new_account()
        BlobStore(account).put("box", "b", b"1")
        print(account.server._process.pid, flush=True)
        time.sleep(60)
    """
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program)],
        cwd=Path(__file__).parent.parent,
        stdout=subprocess.PIPE,
        text=True,
    ) as tests:
        assert tests.stdout is not None
        azurite = int(tests.stdout.readline())
        assert _runs(azurite)
        tests.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 10
    while _runs(azurite):
        assert time.monotonic() < deadline, "Azurite outlived the tests"
        time.sleep(0.05)


def _runs(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"  # ended, and nobody has asked how
