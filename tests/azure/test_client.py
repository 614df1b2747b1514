"""One request and what can happen to it: how often it is tried, how long it takes, and what is said in the end."""

from __future__ import annotations

import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from azured import connect
from emulators.azure import LocalAzure
from emulators.faults import Fault, answer, dropped, gateway_timeout, html, refuse, reset_mid_body, slow, throttled
from mlmon.azure.discovery import API
from mlmon.azure.rest.client import Client
from mlmon.azure.rest.faults import Asked, RoleMissing
from mlmon.azure.rest.transport import SharedTransport
from mlmon.azure.rest.wire import Wire
from mlmon.core.errors import Failure, MlmonError, NotAllowed, NotFound, Unavailable, UsageError

HERE = "/workspaces/ws$"
UNREADABLE = "could not read the workspace: Azure's answer could not be read"


class Hurried(SharedTransport):
    """The network, with pauses that are not waited for. How long they are is told in test_patience.py."""

    def sleep(self, seconds: float) -> None:
        pass


@dataclass(frozen=True)
class Asking:
    """Who asks for the workspace."""

    client: Client
    path: str

    @property
    def asked(self) -> Asked:
        return Asked("read the workspace", scope=self.path, role="Reader")

    def get(self) -> Any:
        return self.client.get(self.path, asked=self.asked, query=API)

    def pages(self) -> list[Any]:
        return list(self.client.pages(self.path, asked=self.asked, query=API))


def asking(azure: LocalAzure, folder: Path, *, timeout: timedelta | None = None) -> Asking:
    """Signed in, and asking the control plane."""
    wire = connect(azure, folder, timeout=timeout).connection.wire
    client = Client(
        wire.cloud.resource_manager,
        transport=Hurried(wire.transport),
        signin=wire.credential,
        scope=wire.cloud.resource_manager_scope,
    )
    made = Asking(client, azure.workspace.id)
    made.get()
    azure.requests.clear()
    return made


@pytest.fixture
def here(azure: LocalAzure, tmp_path: Path) -> Asking:
    return asking(azure, tmp_path)


def failed(here: Asking) -> MlmonError:
    with pytest.raises(MlmonError) as caught:
        here.get()
    return caught.value


def said(error: MlmonError) -> tuple[type[MlmonError], str, str]:
    return type(error), error.message, error.hint


# answers that pass


@pytest.mark.parametrize(
    "fault",
    [throttled(1), throttled(), html(500), html(502), html(503), gateway_timeout(), reset_mid_body(), dropped()],
)
def test_what_passes_is_tried_again(azure: LocalAzure, here: Asking, fault: Fault) -> None:
    with azure.fault(fault, path=HERE, times=1):
        assert here.get()["name"] == "ws"
    assert azure.requests.count("arm", path=HERE) == 2


@pytest.mark.parametrize(
    ("fault", "message", "hint"),
    [
        (throttled(60), "could not read the workspace: Azure throttles", "try again in 60 s"),
        (throttled(1), "could not read the workspace: Azure throttles", "try again in 1 s"),
        (html(500), "could not read the workspace: Azure answered 500", "try again in a minute"),
        (gateway_timeout(), "could not read the workspace: Azure answered 504", "try again in a minute"),
        (answer(b"<html>"), UNREADABLE, "try again in a minute"),
        (answer(b"[" * 100_000), UNREADABLE, "try again in a minute"),
        (
            answer(b"\xff\xfe"),
            "could not read the workspace: Azure's answer could not be read",
            "try again in a minute",
        ),
        (refuse(302, {}), "could not read the workspace: Azure's answer could not be read", "try again in a minute"),
        (
            refuse(409, {"error": {"code": "Conflict", "message": "Busy.\n"}}),
            "could not read the workspace while something else changes it: Busy",
            "try again in a minute",
        ),
    ],
)
def test_what_does_not_pass_is_said(azure: LocalAzure, here: Asking, fault: Fault, message: str, hint: str) -> None:
    with azure.fault(fault, path=HERE):
        error = failed(here)
    assert said(error) == (Unavailable, message, hint)


def test_a_pause_of_a_minute_is_not_waited_for(azure: LocalAzure, here: Asking) -> None:
    with azure.fault(throttled(60), path=HERE):
        error = failed(here)
    assert azure.requests.count("arm") == 1
    assert isinstance(error, Unavailable)
    assert error.retry_after == 60  # for those who can wait so long


def test_what_was_refused_is_not_tried_again(azure: LocalAzure, here: Asking) -> None:
    body = {"error": {"code": "Bad", "message": "outer", "innererror": {"code": "Worse", "message": "inner."}}}
    with azure.fault(refuse(400, body), path=HERE):
        error = failed(here)
    assert said(error) == (
        Failure,
        "could not read the workspace: Azure refused it: inner",
        "--debug shows the requests",
    )
    assert azure.requests.count("arm") == 1


def test_a_change_is_sent_again_only_where_the_service_cannot_have_begun_it(azure: LocalAzure, here: Asking) -> None:
    path = f"{here.path}/onlineEndpoints/ep/deployments/d"
    for fault, tries in ((html(500), 1), (dropped(), 1), (reset_mid_body(), 1), (throttled(0.1), 4), (html(503), 4)):
        azure.requests.clear()
        with azure.fault(fault, method="PUT"), pytest.raises(Unavailable):
            here.client.send("PUT", path, asked=here.asked, query=API, body={})
        assert azure.requests.count("arm", "PUT") == tries, fault


def test_an_empty_answer_is_nothing(azure: LocalAzure, here: Asking) -> None:
    with azure.fault(answer(b""), path=HERE):
        assert here.get() is None


def test_a_slow_answer_is_waited_for_as_long_as_somebody_says(azure: LocalAzure, tmp_path: Path) -> None:
    patient = asking(azure, tmp_path, timeout=timedelta(seconds=30))
    hasty = asking(azure, tmp_path, timeout=timedelta(seconds=0.3))
    with azure.fault(slow(0.8), path=HERE):
        assert patient.get()["name"] == "ws"
        began = time.monotonic()
        error = failed(hasty)
    assert time.monotonic() - began < 0.7  # not tried again: it would be as slow
    host = azure.url("arm").removeprefix("https://")
    assert said(error) == (
        Unavailable,
        f"could not read the workspace: {host} did not answer in time",
        "--timeout 10m waits longer",
    )


# permission


def test_a_role_that_is_missing_is_named_with_the_account_and_the_scope(azure: LocalAzure, here: Asking) -> None:
    with azure.deny("Microsoft.MachineLearningServices/workspaces/read"):
        error = failed(here)
    assert said(error) == (
        RoleMissing,
        "mlmon-tests may not read the workspace: it needs Microsoft.MachineLearningServices/workspaces/read",
        f"ask for the role 'Reader' on {here.path}",
    )


def test_a_token_that_is_not_accepted_at_the_right_time_asks_to_sign_in(azure: LocalAzure, here: Asking) -> None:
    with azure.fault(refuse(401, {}), path=HERE):
        error = failed(here)
    assert said(error)[::2] == (
        NotAllowed,
        "sign in again: az login, with --tenant ID if the workspace is in another tenant",
    )


def test_what_is_not_there_is_not_found(azure: LocalAzure, here: Asking) -> None:
    with azure.fault(refuse(404, {"error": {"code": "UserError", "message": "No such thing."}}), path=HERE):
        assert said(failed(here)) == (
            NotFound,
            "could not read the workspace: No such thing",
            "see mlmon status",
        )


# pages


def test_pages_are_followed_to_their_end(azure: LocalAzure, here: Asking) -> None:
    following = f"{azure.url('arm')}{here.path}?api-version=2024-10-01&$skip=1"
    with (
        azure.fault(answer({"value": [3]}), path=HERE),
        azure.fault(answer({"value": [1, 2], "nextLink": following}), path=HERE, times=1),
    ):
        assert here.pages() == [1, 2, 3]


@pytest.mark.parametrize("following", ["{arm}{path}?api-version=2024-10-01", "{path}?x=1"])
def test_pages_in_a_circle_end(azure: LocalAzure, here: Asking, following: str) -> None:
    link = following.format(arm=azure.url("arm"), path=here.path)
    with azure.fault(answer({"value": [1], "nextLink": link}), path=HERE), pytest.raises(Unavailable) as caught:
        here.pages()
    assert caught.value.message == "could not read the workspace: Azure's list has no end"


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/x",
        "http://127.0.0.1:{port}/x",
        "https://127.0.0.1:1/x",
        "https://127.0.0.1:{port}@evil.example/x",
        "https://evil.example@127.0.0.1:{port}/x",
        "https://:evil@127.0.0.1:{port}/x",
        "https://127.0.0.1:{port}\\.evil.example/x",
        "https://evil.example\\@127.0.0.1:{port}/x",
        "//evil.example/x",
        "https://[broken",
        "x" * 100_000,
        "\ud800",
    ],
)
def test_no_token_goes_where_a_link_leads(azure: LocalAzure, here: Asking, link: str) -> None:
    """`//evil.example/x` begins with a slash: it is a path of the service itself."""
    link = link.format(port=azure.url("arm").rpartition(":")[2])
    with azure.fault(answer({"value": [], "nextLink": link}), path=HERE), pytest.raises(MlmonError) as caught:
        here.pages()
    if not link.startswith("//"):
        host = azure.url("arm").removeprefix("https://")
        assert caught.value.message == f"could not read the workspace: an answer leads from {host} to another host"
        assert azure.requests.count() == 1


def test_a_path_may_have_any_letters(azure: LocalAzure, here: Asking) -> None:
    with azure.fault(answer({"ok": True}), plane="arm"):
        assert here.client.get("/subscriptions/my insights/Bücher/a%2Fb", asked=here.asked) == {"ok": True}
    (request,) = azure.requests.of("arm")
    assert request.path == "/subscriptions/my insights/Bücher/a/b"


def test_the_values_of_a_query_stay_values(azure: LocalAzure, here: Asking) -> None:
    value = "a&tail=1#?=/ ü"
    here.client.get(here.path, asked=here.asked, query={**API, "filter": value})
    (request,) = azure.requests.of("arm", path=HERE)
    assert request.query["filter"] == value


# no answer at all


def test_a_refused_connection_is_said_within_seconds(azure: LocalAzure, here: Asking) -> None:
    began = time.monotonic()
    with azure.stop_plane("arm"):
        error = failed(here)
    host = azure.url("arm").removeprefix("https://")
    assert said(error) == (
        Unavailable,
        f"could not read the workspace: {host} refuses connections",
        "check the network, and HTTPS_PROXY",
    )
    assert time.monotonic() - began < 8


def unsigned(base: str, environ: dict[str, str]) -> Client:
    wire = Wire(environ)
    return Client(base, transport=Hurried(wire.transport))


def reached(client: Client) -> MlmonError:
    with pytest.raises(MlmonError) as caught:
        client.get("/", asked=Asked("look", scope="", role=""))
    return caught.value


def test_a_name_that_cannot_be_resolved() -> None:
    began = time.monotonic()
    error = reached(unsigned("https://nothing.azure.invalid", {}))
    assert said(error)[1:] == (
        "could not look: the name nothing.azure.invalid cannot be resolved",
        "check the network and its DNS",
    )
    assert time.monotonic() - began < 15


@contextmanager
def listening(reply: bytes | None) -> Iterator[int]:
    """A port whose server says this and hangs up; with None it says nothing and holds the line."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        held: list[socket.socket] = []

        def serve() -> None:
            while True:
                try:
                    caller, _ = server.accept()
                except OSError:
                    return
                held.append(caller)
                if reply is not None:
                    caller.recv(65536)
                    caller.sendall(reply)
                    caller.close()

        threading.Thread(target=serve, daemon=True).start()
        try:
            yield server.getsockname()[1]
        finally:
            for caller in held:
                caller.close()


def test_a_host_that_says_nothing_is_given_up_within_seconds() -> None:
    began = time.monotonic()
    with listening(None) as port:
        error = reached(unsigned(f"https://127.0.0.1:{port}", {}))
    assert isinstance(error, Unavailable)
    assert error.message in {
        f"could not look: 127.0.0.1:{port} did not answer in time",
        f"could not look: 127.0.0.1:{port} cannot be reached",
    }
    assert time.monotonic() - began < 15


def test_a_proxy_that_refuses_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_PROXY", raising=False)
    with listening(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n") as port:
        monkeypatch.setenv("HTTPS_PROXY", f"http://user:geheim@127.0.0.1:{port}")
        error = reached(unsigned("https://management.example", {}))
    assert said(error)[1:] == (
        f"could not look: the proxy 127.0.0.1:{port} cannot be used",
        "check HTTPS_PROXY and NO_PROXY",
    )


@pytest.mark.parametrize(
    ("said_so", "proxy"),
    [
        ("bogus.invalid", "bogus.invalid"),
        ("http://user:geheim@bogus.invalid:8080", "bogus.invalid:8080"),
        ("http://user:geheim@bogus.invalid:what", "that HTTPS_PROXY names"),
    ],
)
def test_a_proxy_that_is_none_is_named_by_itself(monkeypatch: pytest.MonkeyPatch, said_so: str, proxy: str) -> None:
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.setenv("HTTPS_PROXY", said_so)
    error = reached(unsigned("https://management.example", {}))
    assert said(error)[1:] == (
        f"could not look: the proxy {proxy} cannot be used",
        "check HTTPS_PROXY and NO_PROXY",
    )


# certificates


def test_a_certificate_that_nobody_vouches_for(azure: LocalAzure, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    error = reached(unsigned(azure.url("arm"), {}))
    host = azure.url("arm").removeprefix("https://")
    assert said(error)[1:] == (
        f"could not look: the certificate of {host} is not trusted",
        "name your organisation's certificates in REQUESTS_CA_BUNDLE or SSL_CERT_FILE",
    )


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"])
def test_every_variable_for_private_certificates_holds(
    azure: LocalAzure, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    path = str(azure.certificate.authority)
    client = unsigned(azure.url("arm"), {variable: path})
    assert client.get(
        "/metadata/endpoints", asked=Asked("look", scope="", role=""), query={"api-version": "2020-06-01"}
    )


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"])
def test_certificates_that_are_not_there_are_named(variable: str) -> None:
    with pytest.raises(UsageError) as caught:
        unsigned("https://management.example", {variable: "/nowhere.pem"})
    assert (caught.value.message, caught.value.hint) == (
        f"there are no certificates at /nowhere.pem ({variable})",
        f"correct or unset {variable}",
    )


@pytest.mark.parametrize("name", ["text.pem", "folder"])
def test_what_has_no_certificates_in_it_is_named_at_once(tmp_path: Path, name: str) -> None:
    (tmp_path / "text.pem").write_text("nothing\n")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "mine.pem").write_text("-----BEGIN CERTIFICATE-----\n")
    with pytest.raises(UsageError) as caught:
        unsigned("https://management.example", {"SSL_CERT_FILE": str(tmp_path / name)})
    form = "a folder has them as openssl rehash names them" if name == "folder" else "a file has them as PEM"
    assert (caught.value.message, caught.value.hint) == (
        f"there are no certificates in {tmp_path / name} (SSL_CERT_FILE)",
        f"{form}; or unset SSL_CERT_FILE",
    )


def test_a_folder_of_certificates_is_believed(azure: LocalAzure, tmp_path: Path) -> None:
    authority = azure.certificate.authority
    hashed = subprocess.run(
        ["openssl", "x509", "-hash", "-noout", "-in", str(authority)], capture_output=True, text=True, check=True
    ).stdout.strip()
    (tmp_path / f"{hashed}.0").write_bytes(authority.read_bytes())
    client = unsigned(azure.url("arm"), {"REQUESTS_CA_BUNDLE": str(tmp_path)})
    assert client.get(
        "/metadata/endpoints", asked=Asked("look", scope="", role=""), query={"api-version": "2020-06-01"}
    )


def test_curls_variable_comes_last(azure: LocalAzure, tmp_path: Path) -> None:
    """It was made for another program, and the others are what the README names first."""
    wire = Wire(environ={"CURL_CA_BUNDLE": "/nowhere.pem", "SSL_CERT_FILE": str(azure.certificate.authority)})
    assert wire.certificates == str(azure.certificate.authority)


def test_a_certificate_that_nobody_vouches_for_is_not_tried_again(
    azure: LocalAzure, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    wire = Wire({})
    paused: list[float] = []
    wire.transport.sleep = paused.append  # type: ignore[method-assign]  # the network's end is ours to play
    reached(Client(azure.url("arm"), transport=wire.transport))
    assert paused == []


def test_a_cloud_that_cannot_be_asked_for_its_addresses_is_not_asked_by_every_plane(tmp_path: Path) -> None:
    """Two planes in their turn took seven seconds to say that the network is not there."""
    wire = Wire(environ={"ARM_CLOUD_METADATA_URL": "https://127.0.0.1:9/metadata"})
    with pytest.raises(Unavailable) as first:
        _ = wire.cloud
    began = time.monotonic()
    with pytest.raises(Unavailable) as second:
        _ = wire.cloud
    assert second.value is first.value
    assert time.monotonic() - began < 0.3
