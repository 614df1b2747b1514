"""Signing in: by what, as whom, and what is said when it does not work. Nothing secret is ever said."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from azured import connect
from emulators.azure import LocalAzure
from emulators.faults import Fault, answer, html, refuse, throttled
from mlmon.azure.rest.signin import account_of
from mlmon.azure.workspace import AzureMLWorkspace
from mlmon.core.errors import MlmonError, NotAllowed, Unavailable, UsageError

HINT = (
    "az login signs in (--tenant ID for one of several tenants)\n"
    "or set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET"
)


def signed_in(workspace: AzureMLWorkspace) -> str:
    workspace.connection.discovery.workspace()
    return workspace.connection.wire.account()


def failed(workspace: AzureMLWorkspace) -> MlmonError:
    with pytest.raises(MlmonError) as caught:
        signed_in(workspace)
    return caught.value


def test_the_account_is_known_by_the_name_that_people_use(workspace: AzureMLWorkspace) -> None:
    assert workspace.connection.wire.account() == ""
    assert signed_in(workspace) == "mlmon-tests"


def test_one_token_serves_a_run(azure: LocalAzure, workspace: AzureMLWorkspace) -> None:
    signed_in(workspace)
    workspace.connection.discovery.storage()
    assert azure.requests.count("login", "POST") == 1


def test_a_wrong_secret_is_refused_in_entras_words_and_never_shown(
    azure: LocalAzure, workspace: AzureMLWorkspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "geheim~123")
    error = failed(workspace)
    assert isinstance(error, NotAllowed)
    assert error.message == (
        "not signed in to Azure: AADSTS7000215: Invalid client secret provided. Ensure the secret being sent in the "
        "request is the client secret value, not the client secret ID, for a secret added to app "
        f"'{azure.principal.client_id}'"
    )
    assert error.hint == HINT


def test_a_tenant_that_is_not_there_is_refused(
    azure: LocalAzure, workspace: AzureMLWorkspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AZURE_TENANT_ID", "00000000-0000-0000-0000-000000000001")
    error = failed(workspace)
    assert isinstance(error, NotAllowed)
    host = azure.url("login").removeprefix("https://")
    assert error.message == f"could not sign in: {host} knows no tenant 00000000-0000-0000-0000-000000000001"


@pytest.mark.parametrize(
    ("fault", "message", "hint"),
    [
        (throttled(60), "Azure's sign-in answered 429", "try again in 60 s"),
        (throttled(1), "Azure's sign-in answered 429", "try again in 1 s"),
        (html(503), "Azure's sign-in answered 503", "try again in a minute"),
        (answer(b"<html>"), "the answer of Azure's sign-in could not be read", "try again in a minute"),
        (answer([]), "the answer of Azure's sign-in could not be read", "try again in a minute"),
    ],
)
def test_a_sign_in_that_is_out_of_order_is_no_refusal(
    azure: LocalAzure, workspace: AzureMLWorkspace, fault: Fault, message: str, hint: str
) -> None:
    began = time.monotonic()
    with azure.fault(fault, plane="login"):
        error = failed(workspace)
    assert (type(error), error.message, error.hint) == (Unavailable, message, hint)
    assert time.monotonic() - began < 10


@pytest.mark.parametrize("document", [None, [], 3, {}, {"access_token": 3, "expires_in": 1}, {"error": 3}])
def test_a_token_answer_of_any_shape_is_no_traceback(
    azure: LocalAzure, workspace: AzureMLWorkspace, document: Any
) -> None:
    for fault in (answer(document), refuse(400, document)):
        with azure.fault(fault, plane="login", method="POST"):
            assert isinstance(failed(workspace), NotAllowed | Unavailable)


def test_a_sign_in_that_cannot_be_reached(azure: LocalAzure, workspace: AzureMLWorkspace) -> None:
    with azure.stop_plane("login"):
        error = failed(workspace)
    host = azure.url("login").removeprefix("https://")
    assert (type(error), error.message) == (Unavailable, f"could not sign in: {host} refuses connections")


def test_a_sign_in_that_is_out_of_order_is_waited_for_once(azure: LocalAzure, workspace: AzureMLWorkspace) -> None:
    """Every plane wants a token of its own, and each would wait in its turn."""
    with azure.fault(throttled(60), plane="login"):
        first = failed(workspace)
        asked = azure.requests.count("login")
        with pytest.raises(Unavailable) as again:
            workspace.telemetry.query("print 1")
    assert azure.requests.count("login") == asked
    assert again.value.message == first.message


def test_a_refused_sign_in_may_be_tried_again_at_once(azure: LocalAzure, workspace: AzureMLWorkspace) -> None:
    """A person may answer by signing in."""
    with azure.fault(refuse(401, {"error": "invalid_client"}), plane="login", path="token"):
        failed(workspace)
    assert signed_in(workspace) == "mlmon-tests"


def test_another_tenant_is_signed_in_to_when_it_is_named(azure: LocalAzure, tmp_path: Path) -> None:
    other = "00000000-0000-0000-0000-000000000002"
    azure.access.other_tenants.append(other)
    workspace = connect(azure, tmp_path)
    workspace.connection.wire.tenant = other
    error = failed(workspace)
    assert isinstance(error, NotAllowed)  # the workspace is in the first one: it is its ARM that refuses
    assert [one.path for one in azure.requests.of("login", "POST")] == [f"/{other}/oauth2/v2.0/token"]


def test_nobody_signed_in_is_said_soon_and_quietly(tmp_path: Path) -> None:
    """No variables, no az, no managed identity; and none of azure-identity's own words on any stream."""
    (tmp_path / "mlmon.toml").write_text(
        'workspace = "prod"\n[workspaces.prod]\nsubscription = "s"\nresource_group = "g"\nname = "w"\n'
    )
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "mlmon", "status"],
        cwd=tmp_path,
        env={"PATH": str(tmp_path), "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert time.monotonic() - began < 15
    hints = "".join(f"hint: {line}\n" for line in HINT.splitlines())
    assert (done.returncode, done.stdout, done.stderr) == (4, "", f"error: not signed in to Azure\n{hints}")


def test_a_tenant_in_a_variable_that_cannot_be_one(
    workspace: AzureMLWorkspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AZURE_TENANT_ID", "a/b?c")
    error = failed(workspace)
    assert isinstance(error, UsageError)
    assert error.message.startswith("cannot sign in: Invalid tenant")


# az


@pytest.fixture
def az(azure: LocalAzure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """`az(script)` puts an az on the path that does this, and nothing else to sign in by."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")

    def put(script: str) -> None:
        (folder / "az").write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/asked\n{script}\n')
        (folder / "az").chmod(0o755)

    return put


def test_az_login_is_enough(azure: LocalAzure, tmp_path: Path, az: Callable[[str], None]) -> None:
    answered = {
        "accessToken": azure.token(azure.url("arm")),
        "expires_on": int(time.time()) + 3000,
        "tokenType": "Bearer",
    }
    (tmp_path / "token").write_text(json.dumps(answered))
    az(f"cat {tmp_path}/token")
    workspace = connect(azure, tmp_path)
    workspace.connection.wire.tenant = azure.access.tenant
    assert signed_in(workspace) == "mlmon-tests"
    workspace.connection.discovery.storage()
    (asked,) = (tmp_path / "asked").read_text().splitlines()
    assert azure.access.tenant in asked


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("echo \"ERROR: Please run 'az login' to setup account.\" >&2; exit 1", "not signed in to Azure"),
        (
            "echo 'ERROR: AADSTS70043: The refresh token has expired. Trace ID: 1 Correlation ID: 2' >&2; exit 1",
            "not signed in to Azure: AADSTS70043: The refresh token has expired",
        ),
        ("echo nothing that makes sense", "not signed in to Azure"),
    ],
)
def test_an_az_that_gives_no_token(
    workspace: AzureMLWorkspace, az: Callable[[str], None], script: str, message: str
) -> None:
    az(script)
    error = failed(workspace)
    assert (type(error), error.message, error.hint) == (NotAllowed, message, HINT)


def token(claims: object) -> str:
    return f"head.{base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip('=')}.signature"


@pytest.mark.parametrize(
    ("text", "account"),
    [
        (token({"upn": "me@example.com", "oid": "1"}), "me@example.com"),
        (token({"appid": "an-app"}), "an-app"),
        (token({"upn": 3, "oid": "1"}), "1"),
        (token([]), ""),
        (token("text"), ""),
        ("", ""),
        ("a.b", ""),
        ("a.!!!.c", ""),
        ("a.ü.c", ""),
    ],
)
def test_who_is_signed_in_is_read_off_the_token(text: str, account: str) -> None:
    assert account_of(text) == account
