"""What Azure Resource Manager says when it refuses, and which api-versions it knows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from emulators.messages import Answer, Refused, Request

MACHINE_LEARNING: Final = "Microsoft.MachineLearningServices"
_VERSIONS: Final = {
    "": "2016-06-01 2019-06-01 2020-01-01 2021-01-01 2021-04-01 2022-12-01",
    "microsoft.machinelearningservices": (
        "2022-02-01-preview 2022-05-01 2022-10-01 2022-10-01-preview 2023-02-01-preview 2023-04-01 2023-04-01-preview "
        "2023-06-01-preview 2023-08-01-preview 2023-10-01 2024-01-01-preview 2024-04-01 2024-04-01-preview "
        "2024-07-01-preview 2024-10-01 2024-10-01-preview 2025-01-01-preview 2025-04-01 2025-06-01 2025-09-01 "
        "2025-12-01"
    ),
    "microsoft.insights": "2015-05-01 2018-05-01-preview 2020-02-02 2020-02-02-preview",
    "microsoft.operationalinsights": "2020-08-01 2021-06-01 2021-12-01-preview 2022-10-01 2023-09-01 2025-02-01",
    "microsoft.storage": "2019-06-01 2021-09-01 2022-09-01 2023-01-01 2023-05-01 2024-01-01 2025-01-01",
    "microsoft.resources": "2021-04-01 2022-09-01 2024-03-01",
}
_PATH: Final = re.compile(
    r"/subscriptions(/(?P<subscription>[^/]+)(/resourceGroups(/(?P<group>[^/]+))?)?"
    r"(/providers/(?P<provider>[^/]+)/(?P<rest>.+))?)?/?",
    re.IGNORECASE,
)
# what ends a path without being a resource's type: operations on the resource before it
_ACTIONS: Final = frozenset(
    {"getlogs", "listkeys", "listsecrets", "token", "listskus", "trigger", "regeneratekeys", "startpendingupload"}
)
_CANONICAL: Final = {
    name.lower(): name
    for name in (MACHINE_LEARNING, "Microsoft.Insights", "Microsoft.OperationalInsights", "Microsoft.Storage")
}


@dataclass(frozen=True, slots=True)
class Named:
    """What a path names: the action of Azure's role definitions that a request for it needs, and over which scope."""

    provider: str
    types: str
    action: str
    scope: str


def named(request: Request) -> Named | None:
    """Read a path of the control plane, or None where it is none."""
    found = _PATH.fullmatch(request.path)
    if found is None:
        return None
    provider = _CANONICAL.get((found["provider"] or "").lower(), found["provider"] or "")
    verb = {"GET": "read", "DELETE": "delete", "POST": "action"}.get(request.method, "write")
    if not provider:
        kind = "Microsoft.Resources/subscriptions" + ("/resourceGroups" if found["group"] else "")
        return Named("", kind, f"{kind}/{verb}", request.path)
    parts = found["rest"].strip("/").split("/")
    types = [part for part in parts[::2] if part.lower() not in _ACTIONS]
    operation = f"/{parts[-1]}" if parts[-1].lower() in _ACTIONS else ""
    whole = len(parts) % 2 == 0 and not operation
    scope = request.path if whole else request.path.rpartition("/")[0]
    return Named(provider, "/".join(types), f"{provider}/{'/'.join(types)}{operation}/{verb}", scope)


def require_version(request: Request, wanted: Named) -> None:
    """Raises `Refused` (400) where the api-version is missing or one that the provider does not know."""
    version = request.query.get("api-version", "")
    if not version:
        message = "The api-version query parameter (?api-version=) is required for all requests."
        raise Refused(Answer.error(400, "MissingApiVersionParameter", message))
    known = _VERSIONS.get(wanted.provider.lower(), "").split()
    if version in known:
        return
    supported = f"The supported {'api-' if wanted.provider else ''}versions are '{', '.join(known)}'."
    if not wanted.provider:
        message = f"The api-version '{version}' is invalid. {supported}"
        raise Refused(Answer.error(400, "InvalidApiVersionParameter", message))
    message = (
        f"No registered resource provider found for location 'westeurope' and API version '{version}' "
        f"for type '{wanted.types}'. {supported}"
    )
    raise Refused(Answer.error(400, "NoRegisteredProviderFound", message))


def no_subscription(subscription: str) -> Refused:
    return _missing("SubscriptionNotFound", f"The subscription '{subscription}' could not be found.")


def no_group(group: str) -> Refused:
    return _missing("ResourceGroupNotFound", f"Resource group '{group}' could not be found.")


def no_resource(kind: str, name: str, *, group: str) -> Refused:
    """`kind` with its provider, as in `Microsoft.Insights/components`; `name` has one part for each type."""
    provider, *types = kind.split("/")
    path = "/".join(f"{one}/{its}" for one, its in zip(types, name.split("/"), strict=True))
    message = (
        f"The Resource '{provider}/{path}' under resource group '{group}' was not found. "
        "For more details please go to https://aka.ms/ARMResourceNotFoundFix"
    )
    return _missing("ResourceNotFound", message)


def no_asset(message: str) -> Refused:
    """What the service says itself of things inside a workspace that are no resources of ARM."""
    inner = {"code": "NotFound", "innerError": {"code": "NotFoundError"}}
    return Refused(Answer.error(404, "UserError", message, details=[], innererror=inner))


def conflict(message: str) -> Refused:
    return Refused(Answer.error(409, "Conflict", message))


def invalid(problems: list[tuple[str, str]]) -> Refused:
    """400 for a body that the contract forbids; each problem is where and what."""
    details = [{"code": "InvalidField", "target": where, "message": what} for where, what in problems]
    message = "The request is invalid. " + " ".join(f"{where}: {what}" for where, what in problems)
    return Refused(Answer.error(400, "ValidationError", message, target=problems[0][0], details=details))


def _missing(code: str, message: str) -> Refused:
    return Refused(Answer.error(404, code, message))


def no_parent(kind: str, parent: str) -> Refused:
    """404 for a write below a resource that is not there."""
    message = (
        f"Failed to perform 'write' on resource(s) of type '{kind}', because the parent resource "
        f"'{parent}' could not be found."
    )
    return _missing("ParentResourceNotFound", message)
