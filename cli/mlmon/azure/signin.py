"""Signing in: azure-identity's chain, and who turned out to be signed in. Tokens are cached by azure-identity alone."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from mlmon.azure import shape
from mlmon.azure.cloud import WELL_KNOWN_AUTHORITIES, Cloud

if TYPE_CHECKING:
    from azure.core.credentials import AccessToken, AccessTokenInfo, TokenRequestOptions

_CLAIMS_OF_ACCOUNTS: Final = ("upn", "preferred_username", "unique_name", "app_displayname", "appid", "oid")


class SignIn:
    """A credential (`azure.core.credentials.TokenCredential` and `SupportsTokenInfo`) for one cloud and tenant.

    `account` is who the last token was given to: a user's name, else an application's; "" before the first.
    """

    def __init__(self, cloud: Cloud, *, tenant: str, transport: Any) -> None:
        from azure.identity import DefaultAzureCredential

        host = urlsplit(cloud.authority).hostname
        self.account = ""
        self._tenant = {"tenant_id": tenant} if tenant else {}
        self._chain = DefaultAzureCredential(
            authority=cloud.authority,
            # Microsoft's platform is asked whether an authority is genuine; it cannot know a private cloud's
            disable_instance_discovery=host not in WELL_KNOWN_AUTHORITIES,
            additionally_allowed_tenants=["*"] if tenant else [],
            transport=transport,
            retry_total=2,  # ten by default, with pauses of minutes
            retry_backoff_max=2,
        )

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        """A token as `azure.core` asks for one. Raises azure's `ClientAuthenticationError`."""
        token = self._chain.get_token(*scopes, **{**self._tenant, **options})
        self._remember(token.token)
        return token

    def get_token_info(self, *scopes: str, options: TokenRequestOptions | None = None) -> AccessTokenInfo:
        """A token as newer clients ask for one. Raises azure's `ClientAuthenticationError`."""
        wanted: Any = {**self._tenant, **(options or {})}
        token = self._chain.get_token_info(*scopes, options=wanted)
        self._remember(token.token)
        return token

    def _remember(self, token: str) -> None:
        self.account = account_of(token) or self.account


def account_of(token: str) -> str:
    """Who a token was given to, as its own claims say; "" when they do not. Nothing is verified: that is a service's
    business, and this is only for a person to read."""
    try:
        claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    except (ValueError, IndexError):
        return ""
    return next((found for name in _CLAIMS_OF_ACCOUNTS if (found := shape.text(claims, name))), "")
