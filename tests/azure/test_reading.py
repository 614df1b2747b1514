"""Bytes of blobs over the local Azure: large ones in parts, as the flow allows, whatever opens the account."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from time import sleep
from urllib.parse import quote

import pytest

from azured import connect
from emulators.azure import LocalAzure
from emulators.faults import answer, meanwhile, reset_mid_body
from emulators.messages import Recorded
from mlmon.azure.workspace import AzureMLWorkspace
from mlmon.core.errors import NotAllowed, NotFound, Replaced, Unavailable
from mlmon.core.flow import MEMORY, Flow
from mlmon.core.model import BlobInfo
from mlmon.core.parallel import GivenUp

PARALLEL = 32
PIECE = Flow().piece
LARGE = b"".join(b"%07d\n" % number for number in range(PIECE // 2))  # four pieces


def stored(azure: LocalAzure, workspace: AzureMLWorkspace, name: str, content: bytes) -> BlobInfo:
    """A block blob as it is listed."""
    azure.blobs.put("kept", name, content)
    return listed(workspace, name)


def appended(azure: LocalAzure, workspace: AzureMLWorkspace, name: str, content: bytes) -> BlobInfo:
    """An append blob as it is listed."""
    for begin in range(0, len(content), PIECE):
        azure.blobs.append("kept", name, content[begin : begin + PIECE])
    return listed(workspace, name)


def listed(workspace: AzureMLWorkspace, name: str) -> BlobInfo:
    return next(blob for blob in workspace.blobs.list("kept", name) if blob.name == name)


def flow(*, parallel: int = PARALLEL, stop: Event | None = None) -> Flow:
    return Flow(parallel=parallel, stop=stop)


def read(workspace: AzureMLWorkspace, blob: BlobInfo, *, start: int = 0, through: Flow | None = None) -> bytes:
    return b"".join(workspace.blobs.read(blob, start=start, flow=through or flow()))


def header(one: Recorded, name: str) -> str:
    return next((value for key, value in one.headers.items() if key.lower() == name), "")


def of_bytes(azure: LocalAzure) -> list[Recorded]:
    return [one for one in azure.requests.of("blob") if header(one, "range") or header(one, "x-ms-range")]


class TestParts:
    def test_a_large_blob_comes_in_parts_that_are_asked_for_at_once_and_fit_together(
        self, azure: LocalAzure, workspace: AzureMLWorkspace
    ) -> None:
        blob = stored(azure, workspace, "large", LARGE)
        azure.requests.clear()
        assert read(workspace, blob) == LARGE
        ranges = {header(one, "range") for one in of_bytes(azure)}
        assert ranges == {f"bytes={begin}-{begin + PIECE - 1}" for begin in range(0, len(LARGE), PIECE)}
        for start in (1, PIECE - 1, PIECE, len(LARGE) - 1, len(LARGE)):
            assert read(workspace, blob, start=start) == LARGE[start:]

    def test_a_part_that_breaks_off_is_mended(self, azure: LocalAzure, workspace: AzureMLWorkspace) -> None:
        blob = stored(azure, workspace, "large", LARGE)
        with azure.fault(reset_mid_body(), plane="blob", after=1, times=1):
            assert read(workspace, blob) == LARGE

    def test_what_only_grows_is_read_to_where_it_was_listed(
        self, azure: LocalAzure, workspace: AzureMLWorkspace
    ) -> None:
        blob = appended(azure, workspace, "log", LARGE)
        azure.requests.clear()
        grow = meanwhile(lambda: azure.blobs.append("kept", "log", b"more\n"))
        with azure.fault(grow, plane="blob", times=1):
            assert read(workspace, blob) == LARGE
        assert {header(one, "if-match") for one in of_bytes(azure)} == {""}
        assert listed(workspace, "log").size == len(LARGE) + 5

    @pytest.mark.parametrize("content", [LARGE, b"small\n"], ids=["in parts", "in one"])
    @pytest.mark.parametrize("name", ["plain", "not plain"])
    def test_what_was_replaced_is_not_taken_for_what_was_listed(
        self, azure: LocalAzure, workspace: AzureMLWorkspace, content: bytes, name: str
    ) -> None:
        blob = stored(azure, workspace, name, content)
        anew = meanwhile(lambda: azure.blobs.put("kept", name, content.swapcase() + b"and longer"))
        with azure.fault(anew, plane="blob", times=1), pytest.raises(Replaced) as replaced:
            read(workspace, blob)
        assert replaced.value.message == f"{name} was replaced while it was read"

    def test_a_large_blob_that_is_gone_or_shorter(self, azure: LocalAzure, workspace: AzureMLWorkspace) -> None:
        blob = appended(azure, workspace, "log", LARGE)
        with pytest.raises(Unavailable) as shorter:
            read(workspace, replace(blob, size=len(LARGE) + PIECE + 1))
        assert shorter.value.message == "log became shorter while it was read"
        azure.blobs.delete("kept", "log")
        with pytest.raises(NotFound):
            read(workspace, blob)

    def test_whatever_happens_the_room_in_the_flow_is_given_back(
        self, azure: LocalAzure, workspace: AzureMLWorkspace
    ) -> None:
        blob = stored(azure, workspace, "large", LARGE)
        narrow = Flow(parallel=8)
        for _ in range(9):
            reading: Iterator[bytes] = workspace.blobs.read(blob, start=1, flow=narrow)
            next(reading)
            reading.close()  # type: ignore[attr-defined]  # it is a generator, whose end is not awaited
        azure.blobs.delete("kept", "large")
        for _ in range(9):
            with pytest.raises(NotFound):
                read(workspace, blob, through=narrow)
        for _ in range(8):
            narrow.enter(MEMORY // 8)  # does not return where a part still has the room

    def test_one_request_at_once_is_one(self, azure: LocalAzure, workspace: AzureMLWorkspace) -> None:
        content = LARGE * 2
        blob = stored(azure, workspace, "large", content)
        assert read(workspace, blob, through=Flow(parallel=1)) == content

    def test_who_gives_up_waits_for_no_answer(self, azure: LocalAzure, workspace: AzureMLWorkspace) -> None:
        blob = stored(azure, workspace, "large", LARGE)
        stop, answered = Event(), Event()

        def hold() -> None:
            stop.set()
            answered.wait(20)

        with azure.fault(meanwhile(hold), plane="blob", after=1):
            with pytest.raises(GivenUp):
                read(workspace, blob, through=flow(stop=stop))
            answered.set()


@pytest.fixture
def by_secret(azure: LocalAzure, tmp_path: Path) -> AzureMLWorkspace:
    """The backend that opens storage with the datastore's secret."""
    made = connect(azure, tmp_path)
    made.connection.target = replace(made.connection.target, storage_auth="key")
    return made


class TestCredentials:
    NAMES = ("ep1/2026/03/plain.jsonl", "a b/ü+%&=?#.csv", "a//b")

    def signature(self, azure: LocalAzure, *, minutes: int) -> str:
        from azure.storage.blob import AccountSasPermissions, ResourceTypes, generate_account_sas

        name, key = azure.storage_account
        return generate_account_sas(
            name,
            key,
            resource_types=ResourceTypes(container=True, object=True),
            permission=AccountSasPermissions(read=True, list=True),
            expiry=datetime.now(UTC) + timedelta(minutes=minutes),
        )

    def test_a_signature_opens_what_a_key_opens(self, azure: LocalAzure, by_secret: AzureMLWorkspace) -> None:
        for name in self.NAMES:
            azure.blobs.put("kept", name, name.encode())
        secret = {"secretsType": "Sas", "sasToken": f"?{self.signature(azure, minutes=10)}"}
        with azure.fault(answer(secret), plane="arm", path="listSecrets"):
            blobs = list(by_secret.blobs.list("kept", ""))
            assert {blob.name: read(by_secret, blob).decode() for blob in blobs} == {name: name for name in self.NAMES}
        asked = of_bytes(azure)
        assert [header(one, "authorization") for one in asked] == [""] * 3
        agents = sorted(header(one, "user-agent").partition("/")[0] for one in asked)
        assert agents == ["azsdk-python-storage-blob", "azsdk-python-storage-blob", "object_store"]

    def test_a_signature_that_is_over_is_said_and_never_shown(
        self, azure: LocalAzure, tmp_path: Path, by_secret: AzureMLWorkspace
    ) -> None:
        blob = stored(azure, by_secret, "a", b"1")
        said: list[str] = []
        late = connect(azure, tmp_path, said=said)
        late.connection.target = by_secret.connection.target
        signature = self.signature(azure, minutes=-10)
        secret = {"secretsType": "Sas", "sasToken": signature}
        with azure.fault(answer(secret), plane="arm", path="listSecrets"), pytest.raises(NotAllowed) as refused:
            read(late, blob)
        shown = f"{refused.value.message} {refused.value.hint} {' '.join(said)}"
        [part] = [one for one in signature.split("&") if one.startswith("sig=")]
        assert part not in shown
        assert quote(part) not in shown

    def test_a_token_that_ends_during_a_long_pull_is_asked_for_again(
        self, azure: LocalAzure, workspace: AzureMLWorkspace
    ) -> None:
        azure.access.lifetime = 2
        blobs = [stored(azure, workspace, f"{number}", LARGE) for number in range(2)]
        assert read(workspace, blobs[0]) == LARGE
        sleep(2.1)
        assert read(workspace, blobs[1]) == LARGE
        assert {one.status for one in of_bytes(azure)} == {206}


class TestProxies:
    """Both clients take proxies from the environment."""

    @pytest.fixture
    def nobody(self) -> str:
        """The address of a proxy that is not there."""
        with socket.create_server(("127.0.0.1", 0)) as taken:
            return f"http://127.0.0.1:{taken.getsockname()[1]}"

    def test_a_proxy_that_refuses_is_named(
        self, azure: LocalAzure, workspace: AzureMLWorkspace, nobody: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        blob = stored(azure, workspace, "a", b"1")
        azure.requests.clear()
        monkeypatch.setenv("HTTPS_PROXY", nobody.replace("http://", "http://me:secret@"))
        monkeypatch.delenv("NO_PROXY")
        with pytest.raises(Unavailable) as refused:
            read(workspace, blob)
        assert refused.value.message.endswith(f"the proxy {nobody.removeprefix('http://')} cannot be used")
        assert refused.value.hint == "check HTTPS_PROXY and NO_PROXY"
        assert azure.requests.count("blob") == 0

    def test_what_needs_no_proxy_goes_without_one(
        self, azure: LocalAzure, workspace: AzureMLWorkspace, nobody: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HTTPS_PROXY", nobody)
        monkeypatch.setenv("NO_PROXY", "example.org,127.0.0.1")
        for name in ("plain", "not plain"):
            assert read(workspace, stored(azure, workspace, name, b"1")) == b"1"
        agents = [header(one, "user-agent").partition("/")[0] for one in of_bytes(azure)]
        assert agents == ["object_store", "azsdk-python-storage-blob"]


def test_a_certificate_of_nobody_known_is_refused_by_both_clients(
    azure: LocalAzure, tmp_path: Path, workspace: AzureMLWorkspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The private authority of the local Azure is trusted by its variable alone."""
    blob = stored(azure, workspace, "a", b"1")
    import certifi

    (tmp_path / "others.pem").write_bytes(Path(certifi.where()).read_bytes())
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "others.pem"))
    azure.requests.clear()
    stranger = connect(azure, tmp_path)
    stranger.connection.wire.environ = {**azure.environ, "REQUESTS_CA_BUNDLE": str(tmp_path / "others.pem")}
    with pytest.raises(Unavailable) as refused:
        read(stranger, blob)
    assert "certificate" in refused.value.message
    assert azure.requests.count("blob") == 0
