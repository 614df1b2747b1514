"""Who is asking, and may they: bearer tokens and roles, refused in Azure's own words."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from emulators import tokens
from emulators.messages import Answer, Refused, Request


@dataclass(frozen=True, slots=True)
class Principal:
    """A service principal: what it signs in with, and what Azure calls it."""

    client_id: str
    secret: str
    object_id: str
    display_name: str


@dataclass(frozen=True, slots=True)
class _Denied:
    action: re.Pattern[str]
    client_id: str
    scope: re.Pattern[str]


@dataclass(slots=True)
class Access:
    """The directory's tenants and principals, and the actions each is denied. Everything else is allowed."""

    tenant: str
    clock: Callable[[], float] = time.time
    other_tenants: list[str] = field(default_factory=list)
    principals: dict[str, Principal] = field(default_factory=dict)
    lifetime: float = 3599.0
    """How long a new token is valid, in seconds: set it low for tokens that expire while they are used."""
    skew: float = 0.0
    """How far ahead of this clock the identity service's runs, in seconds: tokens are not valid before that."""
    _denied: list[_Denied] = field(default_factory=list)

    def add(self, name: str, *, secret: str) -> Principal:
        """A new principal with made-up ids."""
        made = Principal(str(uuid.uuid4()), secret, str(uuid.uuid4()), name)
        self.principals[made.client_id] = made
        return made

    @contextmanager
    def deny(self, action: str, *, principal: Principal | None = None, scope: str = "") -> Iterator[None]:
        """For a while, deny actions that the whole regex matches, where the scope contains the other regex."""
        client_id = "" if principal is None else principal.client_id
        denied = _Denied(re.compile(action, re.IGNORECASE), client_id, re.compile(scope, re.IGNORECASE))
        self._denied.append(denied)
        try:
            yield
        finally:
            self._denied.remove(denied)

    def check(self, request: Request, audiences: Sequence[str]) -> Principal:
        """The principal of the request's token.

        Raises:
            Refused: 401; no token, or one that is not ours, for another audience or tenant, expired, or not yet valid.
        """
        claims = self._claims(request)
        now = self.clock()
        if claims["aud"] not in audiences:
            raise self._unauthorized("InvalidAuthenticationTokenAudience", _wrong_audience(claims["aud"], audiences))
        if claims["exp"] <= now:
            message = (
                f"The access token expiry UTC time '{_us_time(claims['exp'])}' "
                f"is earlier than current UTC time '{_us_time(now)}'."
            )
            raise self._unauthorized("ExpiredAuthenticationToken", message)
        if claims["nbf"] > now:
            message = (
                f"The access token validity UTC start time '{_us_time(claims['nbf'])}' "
                f"is later than current UTC time '{_us_time(now)}'."
            )
            raise self._unauthorized("InvalidAuthenticationToken", message)
        if claims["tid"] != self.tenant:
            raise self._unauthorized("InvalidAuthenticationTokenTenant", self._wrong_tenant(claims["tid"]))
        if claims["appid"] not in self.principals:
            raise self._unauthorized("InvalidAuthenticationToken", "The access token is invalid.")
        return self.principals[claims["appid"]]

    def require(self, principal: Principal, action: str, scope: str) -> None:
        """Raises `Refused` (403) where the principal is denied the action over the scope."""
        if self.allows(principal, action, scope):
            return
        message = (
            f"The client '{principal.client_id}' with object id '{principal.object_id}' does not have authorization "
            f"to perform action '{action}' over scope '{scope}' or the scope is invalid. "
            "If access was recently granted, please refresh your credentials."
        )
        raise Refused(Answer.error(403, "AuthorizationFailed", message))

    def allows(self, principal: Principal, action: str, scope: str) -> bool:
        """Whether the principal may do the action over the scope."""
        return not any(
            denied.client_id in ("", principal.client_id)
            and denied.action.fullmatch(action) is not None
            and denied.scope.search(scope) is not None
            for denied in self._denied
        )

    def _claims(self, request: Request) -> dict[str, Any]:
        scheme, _, token = request.header("Authorization").partition(" ")
        if not scheme:
            message = "Authentication failed. The 'Authorization' header is missing."
            raise self._unauthorized("AuthenticationFailed", message)
        claims = tokens.read(token) if scheme.lower() == "bearer" else None
        if claims is None:
            raise self._unauthorized("InvalidAuthenticationToken", "The access token is invalid.")
        return claims

    def _unauthorized(self, code: str, message: str) -> Refused:
        challenge = (
            f'Bearer authorization_uri="https://login.windows.net/{self.tenant}", '
            f'error="invalid_token", error_description="{message}"'
        )
        return Refused(Answer.error(401, code, message).having(WWW_Authenticate=challenge))

    def _wrong_tenant(self, tenant: str) -> str:
        return (
            f"The access token is from the wrong issuer 'https://sts.windows.net/{tenant}/'. It must match the tenant "
            f"'https://sts.windows.net/{self.tenant}/' associated with this subscription. Please use the authority "
            f"(URL) 'https://login.windows.net/{self.tenant}' to get the token."
        )


def _wrong_audience(got: str, audiences: Sequence[str]) -> str:
    allowed = ",".join(f"'{audience}'" for audience in audiences)
    return (
        f"The access token has been obtained for wrong audience or resource '{got}'. "
        f"It should exactly match with one of the allowed audiences {allowed}."
    )


def _us_time(moment: float) -> str:
    return f"{datetime.fromtimestamp(moment, UTC):%m/%d/%Y %I:%M:%S %p}"
