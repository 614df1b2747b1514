"""Signing in, and being turned away, as Azure words it."""

from __future__ import annotations

import re
import time

import pytest
import requests

from emulators.azure import LocalAzure
from emulators.conftest import Caller

ANY_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def token_error(azure: LocalAzure, **form: str) -> tuple[int, str, str]:
    """What the token endpoint says, without its trailing trace."""
    given = {
        "grant_type": "client_credentials",
        "client_id": azure.principal.client_id,
        "client_secret": azure.principal.secret,
        "scope": f"{azure.url('arm')}/.default",
        "tenant": azure.access.tenant,
        **form,
    }
    address = f"{azure.url('login')}/{given.pop('tenant')}/oauth2/v2.0/token"
    response = requests.post(address, data=given, verify=str(azure.certificate.authority), timeout=10)
    document = response.json()
    return response.status_code, document["error"], document["error_description"].partition(" Trace ID: ")[0]


def test_discovery_names_the_token_endpoint_of_the_tenant(azure: LocalAzure) -> None:
    tenant = f"{azure.url('login')}/{azure.access.tenant}"
    document = requests.get(
        f"{tenant}/v2.0/.well-known/openid-configuration", verify=str(azure.certificate.authority), timeout=10
    ).json()
    assert (document["issuer"], document["token_endpoint"]) == (f"{tenant}/v2.0", f"{tenant}/oauth2/v2.0/token")


def test_a_wrong_secret_is_refused_as_entra_words_it(azure: LocalAzure) -> None:
    assert token_error(azure, client_secret="no") == (
        401,
        "invalid_client",
        (
            "AADSTS7000215: Invalid client secret provided. Ensure the secret being sent in the request is the client "
            f"secret value, not the client secret ID, for a secret added to app '{azure.principal.client_id}'."
        ),
    )


def test_an_unknown_tenant_application_and_resource_each_have_their_number(azure: LocalAzure) -> None:
    nobody = "00000000-0000-0000-0000-000000000009"
    told = [
        token_error(azure, tenant=nobody),
        token_error(azure, client_id=nobody),
        token_error(azure, scope="https://elsewhere.invalid/.default"),
        token_error(azure, grant_type="password"),
    ]
    assert [(status, error, text.partition(":")[0]) for status, error, text in told] == [
        (400, "invalid_request", "AADSTS90002"),
        (400, "unauthorized_client", "AADSTS700016"),
        (400, "invalid_resource", "AADSTS500011"),
        (400, "unsupported_grant_type", "AADSTS70003"),
    ]


def test_without_a_token_the_answer_challenges(call: Caller) -> None:
    response = call.in_workspace("GET", "", headers={})
    assert (response.status_code, response.json()) == (
        401,
        {
            "error": {
                "code": "AuthenticationFailed",
                "message": "Authentication failed. The 'Authorization' header is missing.",
            }
        },
    )
    assert response.headers["WWW-Authenticate"].startswith('Bearer authorization_uri="https://login.windows.net/')


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_tokens_that_are_wrong_are_told_apart(azure: LocalAzure, call: Caller) -> None:
    arm = azure.url("arm")
    azure.access.lifetime = -1
    expired = azure.token(arm)
    azure.access.lifetime, azure.access.skew = 3599, 600
    early = azure.token(arm)
    azure.access.skew = 0
    good = azure.token(arm)
    wrong = ["nonsense", good[:-2] + "xx", azure.token("https://storage.azure.com"), expired, early]
    assert [call.error("GET", "", headers=bearer(token))[:2] for token in wrong] == [
        (401, "InvalidAuthenticationToken"),
        (401, "InvalidAuthenticationToken"),
        (401, "InvalidAuthenticationTokenAudience"),
        (401, "ExpiredAuthenticationToken"),
        (401, "InvalidAuthenticationToken"),
    ]
    assert call.in_workspace("GET", "", headers=bearer(good)).status_code == 200


def test_the_wrong_audience_is_named_with_the_right_ones(azure: LocalAzure, call: Caller) -> None:
    arm = azure.url("arm")
    assert call.error("GET", "", headers=bearer(azure.token("https://storage.azure.com"))) == (
        401,
        "InvalidAuthenticationTokenAudience",
        (
            "The access token has been obtained for wrong audience or resource 'https://storage.azure.com'. "
            f"It should exactly match with one of the allowed audiences '{arm}','{arm}/'."
        ),
    )


def test_a_token_of_another_tenant_is_of_the_wrong_issuer(azure: LocalAzure, call: Caller) -> None:
    other = "11111111-2222-3333-4444-555555555555"
    azure.access.other_tenants.append(other)
    login = azure.planes["login"]
    token = login.token(azure.principal, azure.url("arm"), tenant=other)  # type: ignore[attr-defined]
    status, code, message = call.error("GET", "", headers=bearer(token))
    assert (status, code) == (401, "InvalidAuthenticationTokenTenant")
    assert f"'https://sts.windows.net/{other}/'" in message


def test_tokens_live_as_long_as_they_are_told_to(azure: LocalAzure, call: Caller) -> None:
    azure.access.lifetime = 2
    token = azure.token(azure.url("arm"))
    azure.access.lifetime = 3599
    assert call.in_workspace("GET", "", headers=bearer(token)).status_code == 200
    azure.access.clock = lambda: time.time() + 3
    assert call.error("GET", "", headers=bearer(token))[1] == "ExpiredAuthenticationToken"
    azure.access.clock = time.time


@pytest.mark.parametrize(
    ("method", "path", "action", "scope"),
    [
        ("GET", "/onlineEndpoints/ep1/deployments/blue", "onlineEndpoints/deployments/read", None),
        ("PUT", "/onlineEndpoints/ep1/deployments/blue", "onlineEndpoints/deployments/write", None),
        ("POST", "/onlineEndpoints/ep1/listKeys", "onlineEndpoints/listKeys/action", "/onlineEndpoints/ep1"),
        ("GET", "/onlineEndpoints", "onlineEndpoints/read", ""),
        ("POST", "/datastores/d/listSecrets", "datastores/listSecrets/action", "/datastores/d"),
        ("DELETE", "/schedules/nightly", "schedules/delete", None),
    ],
)
def test_a_missing_role_is_named(
    azure: LocalAzure, call: Caller, *, method: str, path: str, action: str, scope: str | None
) -> None:
    whole = f"Microsoft.MachineLearningServices/workspaces/{action}"
    with azure.deny(re.escape(whole)):
        told = call.error(method, path, body={})
    over = azure.workspace.id + (path if scope is None else scope)
    who = azure.principal
    assert told == (
        403,
        "AuthorizationFailed",
        (
            f"The client '{who.client_id}' with object id '{who.object_id}' does not have authorization to perform "
            f"action '{whole}' over scope '{over}' or the scope is invalid. If access was recently granted, please "
            "refresh your credentials."
        ),
    )


def test_a_role_is_missing_for_one_principal_in_one_place_only(azure: LocalAzure, call: Caller) -> None:
    other = azure.access.add("somebody", secret="s")
    token = azure.token(azure.url("arm"), principal=other)
    with azure.deny(".*/read", principal=other, scope="/deployments/blue$"):
        seen = [
            call.in_workspace("GET", f"/onlineEndpoints/ep1/deployments/{name}", headers=headers).status_code
            for name in ("blue", "green")
            for headers in (None, bearer(token))
        ]
    assert seen == [200, 403, 200, 200]


def test_every_answer_carries_the_ids_of_its_request(call: Caller) -> None:
    answers = [call.in_workspace("GET", ""), call.in_workspace("GET", "/onlineEndpoints/none")]
    for answer in answers:
        assert ANY_ID.fullmatch(answer.headers["x-ms-request-id"])
        assert ANY_ID.fullmatch(answer.headers["x-ms-correlation-request-id"])
