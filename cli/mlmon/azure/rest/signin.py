"""Signing in: azure-identity's chain, and who turned out to be signed in. Tokens are cached by azure-identity alone."""

from __future__ import annotations

import base64
import json
import re
import time
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import urlsplit

from azure.core.exceptions import AzureError, ClientAuthenticationError

from mlmon.azure.rest import shape
from mlmon.azure.rest.cloud import WELL_KNOWN_AUTHORITIES, Cloud
from mlmon.azure.rest.faults import short
from mlmon.azure.rest.network import unreached
from mlmon.azure.rest.patience import retry_after
from mlmon.azure.rest.transport import SharedTransport
from mlmon.core.errors import MlmonError, NotAllowed, Unavailable, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from azure.core.credentials import AccessToken, AccessTokenInfo, TokenRequestOptions

_NO_TENANT: Final = re.compile(r"Unable to get authority configuration for https://[^/\s]+/([^/\s]+?)\.(?:\s|$)")
_LONGEST_PAUSE: Final = 2.0
"""How many seconds of `Retry-After` are kept, where a person waits before a screen."""
_SILENT_SECONDS: Final = 15.0
"""How long a sign-in that is out of order is not asked again. Several threads want a token at the same time, and each
would wait for that in its turn."""
T = TypeVar("T", "AccessToken", "AccessTokenInfo")

_CLAIMS_OF_ACCOUNTS: Final = ("upn", "preferred_username", "unique_name", "app_displayname", "appid", "oid")
_HINT: Final = (
    "az login signs in (--tenant ID for one of several tenants)\n"
    "or set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET"
)
# up to where it says what is wrong: what follows are ids for Azure's own support
_AADSTS: Final = re.compile(r"AADSTS\d+: .*?(?= Trace ID:|[\r\n]|$)")


class SignIn:
    """A credential (`azure.core.credentials.TokenCredential` and `SupportsTokenInfo`) for one cloud and tenant.

    `account` is who the last token was given to: a user's name, else an application's; "" before the first. Making one
    raises `UsageError` where a variable that azure-identity reads cannot be what it says.
    """

    def __init__(self, cloud: Cloud, *, tenant: str, transport: SharedTransport) -> None:
        from azure.identity import DefaultAzureCredential

        host = urlsplit(cloud.authority).hostname or ""
        self.account = ""
        self._tenant = {"tenant_id": tenant} if tenant else {}
        self._host = urlsplit(cloud.authority).netloc
        self._lock = Lock()
        self._silent: tuple[float, MlmonError] | None = None
        self._transport = _SignInTransport(transport, host=host)
        try:
            self._chain = DefaultAzureCredential(
                authority=cloud.authority,
                # Microsoft's platform is asked whether an authority is genuine; it cannot know a private cloud's
                disable_instance_discovery=host not in WELL_KNOWN_AUTHORITIES,
                additionally_allowed_tenants=["*"] if tenant else [],
                transport=self._transport,
                # ten tries by default, with pauses of minutes
                retry_total=2,
                retry_connect=1,
                retry_backoff_max=2,
            )
        except ValueError as error:
            # a variable of azure-identity's own that cannot be what it says, such as AZURE_TENANT_ID
            raise UsageError(f"cannot sign in: {_first_sentence(error)}", hint=_HINT) from None

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        """A token as `azure.core` asks for one.

        Raises:
            NotAllowed: nobody is signed in, or the sign-in was refused.
            Unavailable: the sign-in does not answer.
        """
        return self._signed_in(lambda: self._chain.get_token(*scopes, **{**self._tenant, **options}))

    def get_token_info(self, *scopes: str, options: TokenRequestOptions | None = None) -> AccessTokenInfo:
        """A token as newer clients ask for one. Raises as `get_token`."""
        wanted: Any = {**self._tenant, **(options or {})}
        return self._signed_in(lambda: self._chain.get_token_info(*scopes, options=wanted))

    def _signed_in(self, ask: Callable[[], T]) -> T:
        with self._lock:  # the first answer is in azure-identity's cache when the next one asks
            if self._silent and time.monotonic() < self._silent[0]:
                raise self._silent[1]
            try:
                token = self._asked_for(ask)
            except Unavailable as error:
                self._silent = (time.monotonic() + _SILENT_SECONDS, error)
                raise
        if not isinstance(token.token, str):
            raise _unreadable()  # azure-identity hands on whatever it was given
        self.account = account_of(token.token) or self.account
        return token

    def _asked_for(self, ask: Callable[[], T]) -> T:
        self._transport.forget()
        try:
            return ask()
        except ClientAuthenticationError as error:
            raise self._refused(error) from None
        except AzureError as error:
            raise unreached(error, "sign in", host=self._host) from None
        except ValueError as error:
            # azure-identity's own way to refuse a tenant or an authority that cannot be one
            raise NotAllowed(f"could not sign in: {_first_sentence(error)}", hint=_HINT) from None

    def _refused(self, error: ClientAuthenticationError) -> MlmonError:
        """No credential gave a token. azure-identity lists every way that it tried; the telling one is repeated."""
        if failed := self._transport.failed:
            return unreached(failed, "sign in", host=self._host)
        status, pause = self._transport.answered
        if status == 429 or status >= 500:
            when = f"in {pause:.0f} s" if pause else "in a minute"
            return Unavailable(f"Azure's sign-in answered {status}", hint=f"try again {when}")
        if 200 <= status < 400:
            return _unreadable()
        if unknown := _NO_TENANT.search(str(error)):
            return NotAllowed(f"could not sign in: {self._host} knows no tenant {short(unknown[1])}", hint=_HINT)
        telling = _AADSTS.search(str(error))
        return NotAllowed(f"not signed in to Azure{f': {short(telling[0])}' if telling else ''}", hint=_HINT)


def _first_sentence(error: ValueError) -> str:
    return short(re.split(r"\.\s", str(error), maxsplit=1)[0])


def _unreadable() -> Unavailable:
    return Unavailable("the answer of Azure's sign-in could not be read", hint="try again in a minute")


class _SignInTransport(SharedTransport):
    """Remembers how the authority met the last request: `failed` is why no answer came, `answered` its status and
    the pause that it asks for."""

    def __init__(self, transport: SharedTransport, *, host: str) -> None:
        super().__init__(transport)
        self._host = host
        self.forget()

    def forget(self) -> None:
        self.failed: AzureError | None = None
        self.answered: tuple[int, float | None] = (0, None)

    def send(self, request: Any, **options: Any) -> Any:
        if urlsplit(request.url).hostname != self._host:
            return super().send(request, **options)
        self.forget()
        try:
            response = super().send(request, **options)
        except AzureError as error:
            self.failed = error
            raise
        pause = retry_after(response.headers)
        self.answered = (response.status_code, pause)
        if pause and pause > _LONGEST_PAUSE and response.status_code >= 400:
            # azure-identity would keep a person waiting; this is the one error that it does not try again
            raise ClientAuthenticationError(message="told to come back later")
        return response


def account_of(token: str) -> str:
    """Who a token was given to, as its own claims say; "" when they do not. Nothing is verified: that is a service's
    business, and this is only for a person to read."""
    try:
        claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    except (ValueError, IndexError, RecursionError):
        return ""
    return next((found for name in _CLAIMS_OF_ACCOUNTS if (found := shape.text(claims, name))), "")
