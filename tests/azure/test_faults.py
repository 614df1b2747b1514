"""What an answer means: every status in a sentence of ours, with the next step; other people's words kept short."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlmon.azure.rest.faults import LONGEST, Asked, Plane, RoleMissing, answered, is_gone, short, told
from mlmon.core.errors import MlmonError, NotAllowed, NotFound, Unavailable

ASKED = Asked("read the thing", scope="/the/scope", role="Reader")
DATA = Asked(
    "list the blobs",
    scope="the storage account x",
    role="Storage Blob Data Reader",
    plane=Plane.DATA,
    otherwise="or try the other way",
)


@dataclass(frozen=True)
class Response:
    """An answer as azure.core's clients hand it on."""

    status_code: int
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    def text(self) -> str:
        return self.body


def meaning(response: Response, asked: Asked = ASKED) -> tuple[type[MlmonError], str, str]:
    error = answered(asked, response, account="me@example.com")
    return type(error), error.message, error.hint


def refused(code: str, message: str) -> str:
    return json.dumps({"error": {"code": code, "message": message}})


@pytest.mark.parametrize(("hours", "side"), [(-1, "ahead of"), (1, "behind")])
def test_a_clock_that_is_wrong_is_named(hours: int, side: str) -> None:
    """A token is then not yet, or no longer, valid; signing in again would not help."""
    date = format_datetime(datetime.now(UTC) + timedelta(hours=hours), usegmt=True)
    kind, message, hint = meaning(Response(401, headers={"Date": date}))
    assert (kind, message) == (
        NotAllowed,
        "could not read the thing: Azure does not accept me@example.com for /the/scope",
    )
    assert hint == f"this machine's clock is 60 minutes {side} Azure's: set it right"


@pytest.mark.parametrize(
    "said",
    [lambda: None, lambda: "", lambda: "yesterday", lambda: format_datetime(datetime.now(UTC), usegmt=True)],
    ids=["none", "empty", "words", "now"],
)
def test_a_clock_that_may_be_right_is_not_blamed(said: Callable[[], str | None]) -> None:
    date = said()
    response = Response(401, headers={} if date is None else {"Date": date})
    assert meaning(response)[2] == "sign in again: az login, with --tenant ID if the workspace is in another tenant"


def test_the_data_plane_has_roles_of_its_own_and_whoever_asks_names_another_way() -> None:
    body = "<?xml version='1.0'?><Error><Code>X</Code><Message>Not permitted.\nRequestId:1</Message></Error>"
    response = Response(403, body, {"x-ms-error-code": "AuthorizationPermissionMismatch"})
    assert meaning(response, DATA) == (
        RoleMissing,
        "me@example.com may not list the blobs: Not permitted",
        f"ask for the role '{DATA.role}' on {DATA.scope}\nor try the other way",
    )


WORKSPACE = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.MachineLearningServices/workspaces/ws"


@pytest.mark.parametrize("below", ["", "/data/x/versions/1", "/onlineEndpoints/ep/deployments/blue", "/datastores/d"])
def test_a_role_is_asked_for_where_an_administrator_gives_it(below: str) -> None:
    asked = Asked("read the thing", scope=f"{WORKSPACE}{below}", role="Reader")
    assert meaning(Response(403), asked)[2] == f"ask for the role 'Reader' on {WORKSPACE}"
    assert meaning(Response(401), asked)[1] == (
        f"could not read the thing: Azure does not accept me@example.com for {WORKSPACE}"
    )


@pytest.mark.parametrize(
    "words", ["does not have authorization to perform action", "does not have permission to perform action"]
)
def test_the_action_that_is_missing_is_all_that_is_repeated_of_a_refusal(words: str) -> None:
    """Azure Resource Manager has one wording, the v1 services another."""
    body = refused("Forbidden", f"The user {words} 'Microsoft.X/read' over scope '/subscriptions/0' or so.")
    assert meaning(Response(403, body))[1] == "me@example.com may not read the thing: it needs Microsoft.X/read"


def test_a_firewall_is_no_missing_role() -> None:
    response = Response(403, "", {"x-ms-error-code": "AuthorizationFailure"})
    assert meaning(response, DATA) == (
        NotAllowed,
        "could not list the blobs: its firewall does not let this machine in",
        "use its network or a private endpoint, or have this address allowed",
    )


@pytest.mark.parametrize(
    ("status", "body", "gone"),
    [
        (404, refused("ResourceGroupNotFound", "Resource group 'rg' could not be found."), True),
        (404, refused("SubscriptionNotFound", "The subscription could not be found."), True),
        (404, refused("ResourceNotFound", "The Resource 'Microsoft.MachineLearningServices/workspaces/ws' was"), True),
        (
            404,
            refused("ResourceNotFound", "The Resource 'Microsoft.MachineLearningServices/workspaces/ws/data/d' was"),
            False,
        ),
        (404, refused("ResourceNotFound", "The Resource 'microsoft.insights/components/x' was"), False),
        (404, refused("ParentResourceNotFound", "Can not perform it. Parent resource 'ws' not found."), True),
        (404, refused("ParentResourceNotFound", "Can not perform it. Parent resource 'ws/ep1' not found."), False),
        (404, refused("ParentResourceNotFound", "because the parent resource '/x/workspaces/ws' could not be"), True),
        (404, refused("ParentResourceNotFound", "because the parent resource '/x/workspaces/ws/e/ep1' could"), False),
        (404, refused("ParentResourceNotFound", ""), False),
        (403, refused("ResourceGroupNotFound", ""), False),
        (404, "", False),
    ],
)
def test_only_the_end_of_the_workspace_itself_is_that(status: int, body: str, *, gone: bool) -> None:
    assert is_gone(Response(status, body)) is gone


def test_the_innermost_error_is_told() -> None:
    document = {"error": {"code": "A", "message": "a", "innererror": {"code": "B", "innererror": {"message": "c."}}}}
    assert told(Response(400, json.dumps(document))) == ("B", "c")


def test_words_of_others_are_kept_short() -> None:
    assert short(" a\n\tb.  ") == "a b"
    assert len(short("x" * 10_000_000)) == LONGEST


NESTED = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["error", "code", "message", "innererror", "x"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(status=st.integers(300, 599), document=NESTED, headers=st.dictionaries(st.text(max_size=5), st.text(max_size=5)))
def test_an_error_of_any_shape_is_one_of_ours(status: int, document: Any, headers: dict[str, str]) -> None:
    for asked in (ASKED, DATA):
        error = answered(asked, Response(status, json.dumps(document), headers), account="")
        assert isinstance(error, MlmonError)
        assert error.message
        assert error.hint


@given(status=st.integers(300, 599), body=st.text())
def test_a_body_of_any_kind_is_no_traceback(status: int, body: str) -> None:
    assert isinstance(answered(ASKED, Response(status, body), account=""), MlmonError)


@pytest.mark.parametrize(("status", "kind"), [(404, NotFound), (410, NotFound), (412, Unavailable), (408, Unavailable)])
def test_the_rest(status: int, kind: type[MlmonError]) -> None:
    assert isinstance(answered(ASKED, Response(status), account=""), kind)
