"""The login plane: OIDC discovery and tokens for client credentials, as Microsoft Entra answers them."""

from __future__ import annotations

import hmac
import uuid
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from urllib.parse import parse_qsl

from emulators import tokens
from emulators.access import Access, Principal
from emulators.messages import Answer, Refused, Request
from emulators.server import Plane


class LoginPlane(Plane):
    """`resources` says, when asked, which audiences exist; a token for any other is refused."""

    def __init__(self, access: Access, *, resources: Callable[[], Collection[str]]) -> None:
        super().__init__("login")
        self._access = access
        self._resources = resources
        self.route("GET", r"/(?P<tenant>[^/]+)/(v2\.0/)?\.well-known/openid-configuration", self._discovery)
        self.route("POST", r"/(?P<tenant>[^/]+)/oauth2/(v2\.0/)?token", self._token)

    def _discovery(self, _request: Request, tenant: str) -> Answer:
        self._known(tenant)
        base = f"{self.url}/{tenant}"
        return Answer.json(
            {
                "token_endpoint": f"{base}/oauth2/v2.0/token",
                "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
                "jwks_uri": f"{base}/discovery/v2.0/keys",
                "response_modes_supported": ["query", "fragment", "form_post"],
                "subject_types_supported": ["pairwise"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
                "scopes_supported": ["openid", "profile", "email", "offline_access"],
                "issuer": f"{base}/v2.0",
                "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
                "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
                "tenant_region_scope": "EU",
            }
        )

    def _token(self, request: Request, tenant: str) -> Answer:
        self._known(tenant)
        form = dict(parse_qsl(request.body.decode("utf-8", "replace")))
        if form.get("grant_type") != "client_credentials":
            raise _refused(400, "unsupported_grant_type", 70003, "The app requested an unsupported grant type.")
        principal = self._signed_in(form, tenant)
        audience = self._audience(form, tenant)
        lifetime = int(self._access.lifetime)
        token = self.token(principal, audience, tenant=tenant)
        return Answer.json(
            {"token_type": "Bearer", "expires_in": lifetime, "ext_expires_in": lifetime, "access_token": token}
        )

    def token(self, principal: Principal, audience: str, *, tenant: str = "") -> str:
        """A token as this plane gives it, for clients of a test that sign in by other means."""
        now = int(self._access.clock() + self._access.skew)
        tenant = tenant or self._access.tenant
        return tokens.issue(
            {
                "aud": audience,
                "iss": f"https://sts.windows.net/{tenant}/",
                "iat": now,
                "nbf": now,
                "exp": now + int(self._access.lifetime),
                "appid": principal.client_id,
                "appidacr": "1",
                "app_displayname": principal.display_name,
                "idp": f"https://sts.windows.net/{tenant}/",
                "idtyp": "app",
                "oid": principal.object_id,
                "sub": principal.object_id,
                "tid": tenant,
                "uti": uuid.uuid4().hex[:22],
                "ver": "1.0",
            }
        )

    def _known(self, tenant: str) -> None:
        if tenant not in (self._access.tenant, *self._access.other_tenants):
            message = (
                f"Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing "
                "into the correct cloud. Check with your subscription administrator, this may happen if there are "
                "no active subscriptions for the tenant."
            )
            raise _refused(400, "invalid_request", 90002, message)

    def _signed_in(self, form: dict[str, str], tenant: str) -> Principal:
        client_id = form.get("client_id", "")
        principal = self._access.principals.get(client_id)
        if principal is None:
            message = (
                f"Application with identifier '{client_id}' was not found in the directory '{tenant}'. This can happen "
                "if the application has not been installed by the administrator of the tenant or consented to by any "
                "user in the tenant. You may have sent your authentication request to the wrong tenant."
            )
            raise _refused(400, "unauthorized_client", 700016, message)
        if not hmac.compare_digest(form.get("client_secret", "").encode(), principal.secret.encode()):
            message = (
                "Invalid client secret provided. Ensure the secret being sent in the request is the client secret "
                f"value, not the client secret ID, for a secret added to app '{client_id}'."
            )
            raise _refused(401, "invalid_client", 7000215, message)
        return principal

    def _audience(self, form: dict[str, str], tenant: str) -> str:
        audience = form.get("resource") or form.get("scope", "").removesuffix("/.default")
        if audience.rstrip("/") not in {known.rstrip("/") for known in self._resources()}:
            message = (
                f"The resource principal named {audience} was not found in the tenant named {tenant}. This can happen "
                "if the application has not been installed by the administrator of the tenant or consented to by any "
                "user in the tenant. You might have sent your authentication request to the wrong tenant."
            )
            raise _refused(400, "invalid_resource", 500011, message)
        return audience


def _refused(status: int, error: str, number: int, message: str) -> Refused:
    trace, correlation, now = str(uuid.uuid4()), str(uuid.uuid4()), f"{datetime.now(UTC):%Y-%m-%d %H:%M:%SZ}"
    described = f"AADSTS{number}: {message} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {now}"
    document = {
        "error": error,
        "error_description": described,
        "error_codes": [number],
        "timestamp": now,
        "trace_id": trace,
        "correlation_id": correlation,
        "error_uri": f"https://login.microsoftonline.com/error?code={number}",
    }
    return Refused(Answer.json(document, status))
