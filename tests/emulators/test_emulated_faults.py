"""Each fault as a plain HTTP client sees it."""

from __future__ import annotations

import socket
import ssl
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from emulators import faults
from emulators.azure import LocalAzure
from emulators.conftest import Caller
from emulators.faults import Fault
from emulators.messages import Answer, Request

HTML = "<html><head><title>502 Bad Gateway</title></head>"


def test_throttling_says_when_to_come_back_or_does_not(azure: LocalAzure, call: Caller) -> None:
    with azure.fault(faults.throttled(7), plane="arm"):
        told = call.in_workspace("GET", "")
    with azure.fault(faults.throttled(), plane="arm"):
        silent = call.in_workspace("GET", "")
    assert (told.status_code, told.headers["Retry-After"]) == (429, "7")
    assert (silent.status_code, "Retry-After" in silent.headers) == (429, False)


@pytest.mark.parametrize(
    ("fault", "status", "kind", "start"),
    [
        (faults.html(502), 502, "text/html", HTML),
        (faults.gateway_timeout(), 504, "application/json; charset=utf-8", '{"error": {"code": "GatewayTimeout"'),
        (faults.refuse(418, {"a": 1}), 418, "application/json; charset=utf-8", '{"a": 1}'),
        (faults.answer({"value": None}), 200, "application/json", '{"value": null}'),
        (faults.answer(b"\xff{"), 200, "application/json", "\ufffd{"),
    ],
)
def test_a_service_can_answer_anything(
    azure: LocalAzure, call: Caller, *, fault: Fault, status: int, kind: str, start: str
) -> None:
    with azure.fault(fault):
        response = call.in_workspace("GET", "")
    assert (response.status_code, response.headers["Content-Type"]) == (status, kind)
    assert response.content.decode("utf-8", "replace").startswith(start)


def test_a_slow_service_answers_truly_but_late_and_holds_nobody_else_up(azure: LocalAzure, call: Caller) -> None:
    with azure.fault(faults.slow(0.5), path="/datastores$"), ThreadPoolExecutor() as pool:
        late = pool.submit(call.in_workspace, "GET", "/datastores")
        assert call.in_workspace("GET", "/onlineEndpoints").status_code == 200
        assert not late.done()
        assert len(late.result().json()["value"]) == 2


def raw(azure: LocalAzure) -> tuple[bytes, Exception | None]:
    """Every byte of one answer, and how the connection ended."""
    context = ssl.create_default_context(cafile=azure.certificate.authority)
    received = b""
    with socket.create_connection(("127.0.0.1", azure.planes["arm"].port), timeout=5) as plain:
        wrapped = context.wrap_socket(plain, server_hostname="127.0.0.1", suppress_ragged_eofs=False)
        with wrapped as client:
            client.sendall(b"GET /metadata/endpoints?api-version=2022-09-01 HTTP/1.1\r\nHost: localhost\r\n\r\n")
            try:
                while data := client.recv(65536):
                    received += data
            except OSError as error:
                return received, error
    return received, None


@pytest.mark.parametrize("fault", [faults.reset_mid_body(), faults.ended_mid_body()], ids=["reset", "closed"])
def test_a_connection_that_breaks_cuts_the_body_in_half(azure: LocalAzure, *, fault: Fault) -> None:
    with azure.fault(fault):
        received, ended = raw(azure)
    head, _, body = received.partition(b"\r\n\r\n")
    promised = int(head.partition(b"Content-Length: ")[2].split()[0])
    assert (len(body), type(ended)) == (promised // 2, ssl.SSLEOFError)


def test_a_body_is_altered_and_its_headers_are_not(azure: LocalAzure, call: Caller) -> None:
    true = call.in_workspace("GET", "")
    with azure.fault(faults.altered(lambda body: body[:-1] + b" }")):
        false = call.in_workspace("GET", "")
    assert (false.content, false.headers["Content-Type"]) == (true.content[:-1] + b" }", true.headers["Content-Type"])


def test_a_dropped_connection_answers_nothing_though_the_service_did_its_work(azure: LocalAzure, call: Caller) -> None:
    asset = {"properties": {"dataType": "uri_folder", "dataUri": "azureml://datastores/d/paths/dropped"}}
    with azure.fault(faults.dropped(), method="PUT"), pytest.raises(requests.ConnectionError):
        call.in_workspace("PUT", "/data/dropped/versions/1", body=asset)
    assert azure.data["dropped", "1"]["properties"]["dataUri"] == "azureml://datastores/d/paths/dropped"
    assert [one.status for one in azure.requests.of(method="PUT")] == [0]


def test_a_fault_hits_so_often_as_it_was_told_and_only_where(azure: LocalAzure, call: Caller) -> None:
    with azure.fault(faults.html(500), plane="arm", method="GET", path="/datastores$", times=2):
        paths = ["/datastores", "/onlineEndpoints", "/datastores", "/datastores"]
        seen = [call.in_workspace("GET", path).status_code for path in paths]
    assert seen == [500, 200, 500, 200]
    assert azure.requests.by_plane() == {"arm": 4}
    assert azure.requests.count("arm", "GET", "/DATASTORES$") == 3


def test_a_fault_may_spare_the_first_requests(azure: LocalAzure, call: Caller) -> None:
    with azure.fault(faults.html(500), path="/datastores$", after=1, times=1):
        seen = [call.in_workspace("GET", "/datastores").status_code for _ in range(3)]
    assert seen == [200, 500, 200]


def test_somebody_else_may_be_faster(azure: LocalAzure, call: Caller) -> None:
    green = azure.deployments["ep1", "green"]
    path = "/onlineEndpoints/ep1/deployments/green"
    with azure.fault(faults.meanwhile(lambda: azure.deployments.pop(("ep1", "green"))), path=path, after=1, times=1):
        seen = [call.in_workspace("GET", path).status_code for _ in range(2)]
    azure.deployments["ep1", "green"] = green
    assert seen == [200, 404]


def test_a_plane_that_stopped_ends_the_connections_that_were_kept_alive(azure: LocalAzure) -> None:
    trusted = str(azure.certificate.authority)  # given each time: a bundle in the environment overrules the session's
    with requests.Session() as session:
        assert session.get(azure.metadata_url, timeout=5, verify=trusted).status_code == 200
        azure.requests.clear()
        with azure.stop_plane("arm"), pytest.raises(requests.ConnectionError):
            session.get(azure.metadata_url, timeout=5, verify=trusted)
        assert len(azure.requests) == 0
        assert session.get(azure.metadata_url, timeout=5, verify=trusted).status_code == 200


def test_a_plane_that_stopped_refuses_refuses_connections_and_comes_back_at_its_address(
    azure: LocalAzure, call: Caller
) -> None:
    port = azure.planes["arm"].port
    with azure.stop_plane("arm"), pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5)
    assert (call.in_workspace("GET", "").status_code, azure.planes["arm"].port) == (200, port)


def test_an_emulator_that_breaks_says_so(azure: LocalAzure, call: Caller, capsys: pytest.CaptureFixture[str]) -> None:
    def breaks(_request: Request) -> Answer:
        raise ZeroDivisionError("a handler's own fault")

    azure.planes["arm"].route("GET", "/breaks", breaks)
    answer = call("GET", "/breaks")
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "EmulatorBroke")
    assert capsys.readouterr().err.endswith("ZeroDivisionError: a handler's own fault\n")
