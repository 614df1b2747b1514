"""The data plane: Azurite behind a front of ours, which knows roles, firewalls and faults.

Clients meet it as the blob endpoint `https://127.0.0.1:port/account`. Signatures are Azurite's to check, tokens and
roles are checked here; whatever passes goes through as it is.
"""

from __future__ import annotations

import http.client
import re
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import escape

from emulators.azurite import Account, new_account
from emulators.faults import Fault
from emulators.messages import Answer, Refused, Request
from emulators.server import Plane
from emulators.storage import BlobStore

if TYPE_CHECKING:  # azure.py composes the planes, and so imports this module
    from emulators.azure import LocalAzure

STORAGE_AUDIENCE: Final = "https://storage.azure.com"
_ACTIONS: Final = "Microsoft.Storage/storageAccounts/blobServices/containers"
_VERBS: Final = {"GET": "read", "HEAD": "read", "DELETE": "delete"}
# what belongs to one connection only, and what the server of the planes writes itself
_OF_THE_CONNECTION: Final = frozenset(
    {"connection", "keep-alive", "transfer-encoding", "content-length", "date", "server"}
)
_LONGEST_PAGE: Final = 5000  # the service's own limit
_CHUNK: Final = 256 * 1024


class BlobPlane(Plane):
    """The blob service of the workspace's storage account."""

    def __init__(self, azure: LocalAzure) -> None:
        super().__init__("blob")
        self._azure = azure
        self.accounts: dict[str, BlobStore] = {}
        self.shared_key_allowed = True
        """Whether accounts let in who signs with their key, rather than with a token."""
        self.page_size = _LONGEST_PAGE
        """Blobs of a page of a listing, at most; for clients with a token, whose requests nobody signed."""

    def add_account(self) -> Account:
        """An empty storage account. Its name is Azurite's choice."""
        account = new_account()
        self.accounts[account.name] = BlobStore(account)
        return account

    def respond(self, request: Request) -> Answer:
        """As Azurite answers, once the caller is admitted. Requests do not wait for each other: blobs may be long."""
        try:
            store = self.accounts.get(request.path.split("/")[1])
            if store is None:
                raise Refused(storage_error(404, "ResourceNotFound", "The specified resource does not exist."))
            self._check(request, store.account)
        except Refused as refused:
            return refused.answer
        return _passed_on(self._paged(request), store.account)

    def _paged(self, request: Request) -> Request:
        bearer = request.header("Authorization").lower().startswith("bearer ")
        asked = int(request.query.get("maxresults") or _LONGEST_PAGE)
        if not bearer or request.query.get("comp") != "list" or asked <= self.page_size:
            return request
        target = re.sub("&maxresults=[0-9]*", "", request.target)
        return replace(request, target=f"{target}&maxresults={self.page_size}")

    def _check(self, request: Request, account: Account) -> None:
        scheme = request.header("Authorization").partition(" ")[0].lower()
        if scheme == "bearer":
            self._check_token(request, account)
        elif scheme or "sig" in request.query:
            if not self.shared_key_allowed:
                message = "Key based authentication is not permitted on this storage account."
                raise Refused(storage_error(403, "KeyBasedAuthenticationNotPermitted", message))
        else:
            raise Refused(self._challenge("NoAuthenticationInformation"))

    def _check_token(self, request: Request, account: Account) -> None:
        own = self._azure.blob_endpoint(account.name)
        allowed = [STORAGE_AUDIENCE, f"{STORAGE_AUDIENCE}/", own, own.removesuffix("/")]
        try:
            principal = self._azure.access.check(request, allowed)
        except Refused as refused:
            raise Refused(self._challenge("InvalidAuthenticationInfo")) from refused
        place, _, blob = request.path[1:].partition("/")[2].partition("/")
        if not self._azure.access.allows(principal, _action(request, blob), f"{account.name}/{place}"):
            raise Refused(permission_mismatch())

    def _challenge(self, code: str) -> Answer:
        message = (
            "Server failed to authenticate the request. Please refer to the information in the www-authenticate header."
        )
        where = f"{self._azure.url('login')}/{self._azure.access.tenant}/oauth2/authorize"
        challenge = f"Bearer authorization_uri={where} resource_id={STORAGE_AUDIENCE}"
        return storage_error(401, code, message).having(WWW_Authenticate=challenge)


def storage_error(status: int, code: str, message: str) -> Answer:
    """An error as the blob service words it."""
    request_id = str(uuid.uuid4())
    text = f"{message}\nRequestId:{request_id}\nTime:{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%f0Z}"
    body = f"<?xml version='1.0' encoding='utf-8'?><Error><Code>{code}</Code><Message>{escape(text)}</Message></Error>"
    headers = {"Content-Type": "application/xml", "x-ms-error-code": code, "x-ms-request-id": request_id}
    return Answer(status, body.encode(), headers)


def permission_mismatch() -> Answer:
    """403: signed in, but no role over the data."""
    message = "This request is not authorized to perform this operation using this permission."
    return storage_error(403, "AuthorizationPermissionMismatch", message)


def firewalled() -> Fault:
    """403: the account's network rules do not let this client in, whoever it is."""
    return Fault(
        storage_error(403, "AuthorizationFailure", "This request is not authorized to perform this operation.")
    )


def busy(retry_after: float | None = None) -> Fault:
    """503: how the blob service throttles; with `Retry-After` in seconds where it is given."""
    answer = storage_error(503, "ServerBusy", "The server is busy.")
    return Fault(answer if retry_after is None else answer.having(Retry_After=f"{retry_after:g}"))


def _action(request: Request, blob: str) -> str:
    """The data action that a request needs."""
    verb = _VERBS.get(request.method, "write")
    listing = request.query.get("restype") == "container" and request.query.get("comp") == "list"
    return f"{_ACTIONS}/blobs/{verb}" if blob or listing else f"{_ACTIONS}/{verb}"


def _passed_on(request: Request, account: Account) -> Answer:
    with ExitStack() as exchange:
        connection = exchange.enter_context(account.server.connection())
        _send(connection, request)
        answer = connection.getresponse()
        headers = {name: value for name, value in answer.getheaders() if name.lower() not in _OF_THE_CONNECTION}
        if answer.length is None:  # chunked: listings, which are short
            return Answer(answer.status, answer.read(), headers)
        if request.method == "HEAD":
            answer.read()
            return Answer(answer.status, headers=headers, length=int(answer.getheader("Content-Length") or 0))
        return Answer(answer.status, headers=headers, stream=_body(answer, exchange.pop_all()), length=answer.length)


def _send(connection: http.client.HTTPSConnection, request: Request) -> None:
    connection.putrequest(request.method, request.target, skip_host=True, skip_accept_encoding=True)
    for name, value in request.headers.items():
        if name.lower() not in {"connection", "transfer-encoding"}:
            connection.putheader(name, value)
    connection.endheaders(request.body or None)


def _body(answer: http.client.HTTPResponse, exchange: ExitStack) -> Iterator[bytes]:
    """The rest of an answer in pieces; the connection is for others once it is read."""
    with exchange:
        while piece := answer.read(_CHUNK):
            yield piece
