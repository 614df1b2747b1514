"""Sending rows to services on Azure, with the key or token that each asks for and that nobody else sees."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from azured import connect
from emulators import webservices
from emulators.azure import LocalAzure
from emulators.faults import answer, dropped, refuse, throttled
from mlmon.azure.workspace import AzureMLWorkspace
from mlmon.core.errors import Failure, MlmonError, NotAllowed, NotFound, Unavailable, UsageError
from mlmon.core.model import ServiceName

BLUE = ServiceName("ep1", "blue")
WEB = ServiceName("svc")
ROWS = '{"data": [[1, 2]]}'


@pytest.fixture(autouse=True)
def _services(azure: LocalAzure) -> None:
    azure.add_deployment("ep1", "blue")
    azure.webservices.add("svc", scoringUri=f"{azure.url('scoring')}/api/v1/service/svc/score")


def test_rows_go_to_the_deployment_itself_with_the_endpoint_s_key(
    azure: LocalAzure, workspace: AzureMLWorkspace
) -> None:
    with azure.fault(answer([3, 7]), plane="scoring"):
        found = workspace.scoring.invoke(BLUE, ROWS)
    assert (found.status, json.loads(found.body)) == (200, [3, 7])
    assert found.duration.total_seconds() > 0
    [sent] = azure.requests.of("scoring")
    assert (sent.method, sent.path, json.loads(sent.body)) == ("POST", "/ep1/score", {"data": [[1, 2]]})
    headers = {name.lower(): value for name, value in sent.headers.items()}
    assert headers["authorization"] == f"Bearer {azure.contents.keys['ep1']}"
    assert headers["azureml-model-deployment"] == "blue"
    assert headers["content-type"] == "application/json"


def test_a_web_service_gets_its_own_key_and_one_without_keys_gets_none(
    azure: LocalAzure, workspace: AzureMLWorkspace
) -> None:
    with azure.fault(answer([3]), plane="scoring"):
        assert workspace.scoring.invoke(WEB, ROWS).body == "[3]"
        azure.webservices.services["svc"]["authEnabled"] = False
        assert workspace.scoring.invoke(WEB, ROWS).body == "[3]"
    keyed, open_ = (
        {name.lower(): value for name, value in one.headers.items()} for one in azure.requests.of("scoring")
    )
    assert keyed["authorization"] == f"Bearer {webservices.key('svc')}"
    assert "authorization" not in open_
    assert "azureml-model-deployment" not in keyed


def test_an_endpoint_with_tokens_gets_a_token(azure: LocalAzure, workspace: AzureMLWorkspace) -> None:
    azure.endpoints["ep1"]["properties"]["authMode"] = "AMLToken"
    with azure.fault(answer([]), plane="scoring"):
        workspace.scoring.invoke(BLUE, ROWS)
    assert azure.requests.count("arm", "POST", "/ep1/token$") == 1
    assert azure.requests.count("arm", "POST", "/ep1/listKeys$") == 0


def test_an_endpoint_with_sign_in_is_told_who_asks(azure: LocalAzure, workspace: AzureMLWorkspace) -> None:
    """The directory here knows no such audience, which is as much of an answer as the request itself needs."""
    azure.endpoints["ep1"]["properties"]["authMode"] = "AADToken"
    with pytest.raises(NotAllowed, match=r"https://ml\.azure\.com"):
        workspace.scoring.invoke(BLUE, ROWS)
    assert azure.requests.count("arm", "POST") == azure.requests.count("scoring") == 0


@pytest.mark.parametrize("status", [200, 400, 404, 424, 500, 502, 503, 504])
def test_whatever_the_script_answers_is_an_answer(azure: LocalAzure, workspace: AzureMLWorkspace, status: int) -> None:
    with azure.fault(answer({"error": "shapes do not match"}, status), plane="scoring"):
        found = workspace.scoring.invoke(BLUE, ROWS)
    assert (found.status, json.loads(found.body)) == (status, {"error": "shapes do not match"})
    assert azure.requests.count("scoring") == 1


def test_text_that_is_no_text_is_an_answer_too(azure: LocalAzure, workspace: AzureMLWorkspace) -> None:
    with azure.fault(answer(b"\xff\x00ok"), plane="scoring"):
        assert workspace.scoring.invoke(BLUE, ROWS).body == "\ufffd\x00ok"


def test_a_refused_key_a_throttle_and_a_broken_line_are_told_apart(
    azure: LocalAzure, workspace: AzureMLWorkspace
) -> None:
    for fault, kind in (
        (refuse(401, {}), NotAllowed),
        (refuse(403, {}), NotAllowed),
        (throttled(1), Unavailable),
        (dropped(), Unavailable),
    ):
        before = azure.requests.count("scoring")
        with azure.fault(fault, plane="scoring"), pytest.raises(kind):
            workspace.scoring.invoke(BLUE, ROWS)
        assert azure.requests.count("scoring") == before + 1  # rows are never sent twice


def test_a_key_is_sent_nowhere_but_over_https(azure: LocalAzure, workspace: AzureMLWorkspace) -> None:
    for address, kind in (
        ("http://elsewhere/score", Failure),
        ("ftp://elsewhere/score", Failure),
        ("", Unavailable),
        (None, Unavailable),
        ("https://", Unavailable),
        ("https://[", Unavailable),
        ("https://host:port/score", Unavailable),
        ("https://host/a b", Unavailable),
        ("https://host/\x1b[2J", Unavailable),
    ):
        azure.endpoints["ep1"]["properties"]["scoringUri"] = address
        azure.webservices.services["svc"]["scoringUri"] = address
        for name in (BLUE, WEB):
            azure.requests.clear()
            with pytest.raises(kind) as caught:
                workspace.scoring.invoke(name, ROWS)
            assert caught.value.hint
            assert azure.requests.count(path="(?i)listkeys") == 0


def test_an_open_web_service_may_stand_behind_http(azure: LocalAzure, workspace: AzureMLWorkspace) -> None:
    """AKS without a certificate: nothing secret goes there, so the line itself decides."""
    azure.webservices.services["svc"] |= {"scoringUri": "http://127.0.0.1:1/score", "authEnabled": False}
    with pytest.raises(Unavailable, match="refuses connections"):
        workspace.scoring.invoke(WEB, ROWS)


@pytest.mark.parametrize("key", [None, 7, "", "two\nlines", "with\r\nInjected: header", "\u00e9", "k" * 100_000, ["k"]])
def test_a_key_that_is_none_is_not_sent(azure: LocalAzure, workspace: AzureMLWorkspace, key: object) -> None:
    with azure.fault(answer({"primaryKey": key}), path="(?i)listkeys"):
        for name in (BLUE, WEB):
            with pytest.raises(Unavailable) as caught:
                workspace.scoring.invoke(name, ROWS)
            assert caught.value.message == f"Azure gave no key for {name} that can be sent"
    assert azure.requests.count("scoring") == 0


def test_who_is_not_there_is_not_found(azure: LocalAzure, workspace: AzureMLWorkspace) -> None:
    for name in (ServiceName("ep1", "green"), ServiceName("nobody", "blue"), ServiceName("nobody")):
        with pytest.raises(NotFound):
            workspace.scoring.invoke(name, ROWS)
    assert azure.requests.count("scoring") == 0


def test_rows_that_are_no_text_are_refused(workspace: AzureMLWorkspace) -> None:
    with pytest.raises(UsageError, match="not valid UTF-8"):
        workspace.scoring.invoke(BLUE, "\ud800")


def test_keys_are_never_said(azure: LocalAzure, tmp_path: Path) -> None:
    said: list[str] = []
    workspace = connect(azure, tmp_path, said=said)
    errors: list[MlmonError] = []
    for fault in (answer([1]), refuse(401, {"error": {"message": "no"}}), dropped()):
        with azure.fault(fault, plane="scoring"):
            for name in (BLUE, WEB):
                try:
                    workspace.scoring.invoke(name, ROWS)
                except MlmonError as error:
                    errors.append(error)
    assert len(errors) == 4
    everything = "\n".join([*said, *(f"{error!r} {error.message} {error.hint}" for error in errors)])
    for secret in (azure.contents.keys["ep1"], webservices.key("svc"), azure.principal.secret):
        assert secret not in everything
    assert any("POST" in line and "/score" in line for line in said)
