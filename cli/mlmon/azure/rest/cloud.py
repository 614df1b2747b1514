"""Where a cloud's services stand: the public and the sovereign clouds, or whatever its metadata document says."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlsplit

from mlmon.azure.rest import shape
from mlmon.core.errors import Unavailable, UsageError, did_you_mean
from mlmon.core.model import Json

METADATA_URL: Final = "ARM_CLOUD_METADATA_URL"
AUTHORITY_HOST: Final = "AZURE_AUTHORITY_HOST"
_MOST_NAMED: Final = 10


@dataclass(frozen=True, slots=True)
class Cloud:
    """The addresses of a cloud, without a slash at their ends, and the scopes its tokens are asked for."""

    name: str
    authority: str
    resource_manager: str
    resource_manager_scope: str
    logs: str
    logs_scope: str
    storage_scope: str = "https://storage.azure.com/.default"
    portal: str = ""
    studio: str = ""
    """The sites for people; "" where nobody says where they are."""
    domains: tuple[str, ...] = ()
    """Where the services stand that hold collected data and v1 services: hosts, and what hosts are below."""
    private: bool = False
    """Whether `domains` is a guess: nobody lists the hosts of a private cloud."""

    def holds(self, url: str) -> bool:
        """Whether a token may go to this address, whoever names it."""
        if not _is_https(url):
            return False
        host = urlsplit(url).hostname or ""
        below = any(host == domain or host.endswith(f".{domain}") for domain in self.domains)
        return below and not any(part in host for part in _EVERYBODYS)

    def admits(self, url: str) -> bool:
        """Whether a token may go to this address when a service of this cloud has just named it."""
        return self.holds(url) or (self.private and _is_https(url))


_EVERYBODYS: Final = (".instances.", ".inference.", ".cloudapp.")
"""Below these stand the machines of customers, and whoever has one would read our tokens there."""


# The portals and studios are those that azure-ai-ml and azureml-core know. The rest:
# https://learn.microsoft.com/azure/developer/python/sdk/authentication/authentication-sovereign-clouds and
# https://learn.microsoft.com/azure/azure-monitor/logs/api/access-api
_KNOWN: Final = (
    Cloud(
        "AzureCloud",
        authority="https://login.microsoftonline.com",
        resource_manager="https://management.azure.com",
        resource_manager_scope="https://management.azure.com/.default",
        logs="https://api.loganalytics.io",
        logs_scope="https://api.loganalytics.io/.default",
        portal="https://portal.azure.com",
        studio="https://ml.azure.com",
        domains=("azureml.net", "azureml.ms", "core.windows.net", "storage.azure.net"),
    ),
    Cloud(
        "AzureChinaCloud",
        authority="https://login.chinacloudapi.cn",
        resource_manager="https://management.chinacloudapi.cn",
        resource_manager_scope="https://management.chinacloudapi.cn/.default",
        logs="https://api.loganalytics.azure.cn",
        logs_scope="https://api.loganalytics.azure.cn/.default",
        portal="https://portal.azure.cn",
        studio="https://ml.azure.cn",
        domains=("ml.azure.cn", "azureml.cn", "core.chinacloudapi.cn"),
    ),
    Cloud(
        "AzureUSGovernment",
        authority="https://login.microsoftonline.us",
        resource_manager="https://management.usgovcloudapi.net",
        resource_manager_scope="https://management.usgovcloudapi.net/.default",
        logs="https://api.loganalytics.us",
        logs_scope="https://api.loganalytics.us/.default",
        portal="https://portal.azure.us",
        studio="https://ml.azure.us",
        domains=("ml.azure.us", "azureml.us", "core.usgovcloudapi.net"),
    ),
)
KNOWN_NAMES: Final = tuple(cloud.name for cloud in _KNOWN)
WELL_KNOWN_AUTHORITIES: Final = frozenset(urlsplit(cloud.authority).hostname for cloud in _KNOWN)
"""The hosts that Microsoft's identity platform vouches for; any other must be believed without asking it."""


def cloud_of(name: str, *, environ: Mapping[str, str], fetch: Callable[[str], Json], origin: str = "--cloud") -> Cloud:
    """The cloud of that name; without one the cloud whose metadata document `ARM_CLOUD_METADATA_URL` names, else the
    public one.

    `fetch` gets a metadata document. A name that is not known is looked for in that document; `origin` is who said it.
    The sign-in that `AZURE_AUTHORITY_HOST` names is used instead of the cloud's own, as azure-identity does.

    Raises:
        UsageError: no cloud of that name, or a variable that holds no https address.
        Unavailable: the document cannot be read, or says nothing that can be used.
    """
    cloud = _cloud_of(name, environ=environ, fetch=fetch, origin=origin)
    authority = environ.get(AUTHORITY_HOST, "").rstrip("/")
    if not authority:
        return cloud
    authority = authority if "://" in authority else f"https://{authority}"
    _require_https(authority, AUTHORITY_HOST)
    return replace(cloud, authority=authority)


def _cloud_of(name: str, *, environ: Mapping[str, str], fetch: Callable[[str], Json], origin: str) -> Cloud:
    if known := next((cloud for cloud in _KNOWN if cloud.name.casefold() == name.casefold()), None):
        return known
    url = environ.get(METADATA_URL, "")
    if not url:
        if not name:
            return _KNOWN[0]
        raise _unknown(name, KNOWN_NAMES, origin=origin, otherwise=f"; a private cloud needs {METADATA_URL}")
    _require_https(url, METADATA_URL)
    return _described(fetch(url), url=url, name=name, origin=origin)


def _unknown(name: str, known: Iterable[str], *, origin: str, otherwise: str = "") -> UsageError:
    names = tuple(dict.fromkeys(known))
    return UsageError(
        f"there is no cloud named {name!r} ({origin})",
        hint=did_you_mean(name, names) or f"it is one of: {', '.join(names)}{otherwise}",
    )


def _require_https(address: str, variable: str) -> None:
    """Secrets go to the one, and the other says where they go."""
    if not _is_https(address):
        raise UsageError(f"{address!r} is no https address ({variable})", hint=f"correct or unset {variable}")


def _described(document: Json, *, url: str, name: str, origin: str) -> Cloud:
    """The cloud that a metadata document describes; of several the one that serves the document itself."""
    listed = document if isinstance(document, list) else [document]
    for each in listed:
        resource_manager = shape.text(each, "resourceManager").rstrip("/")
        named = shape.text(each, "name").casefold() == name.casefold()
        own = bool(resource_manager) and (len(listed) == 1 or _serves(resource_manager, url))
        if named if name else own:
            return _cloud(each, resource_manager, url=url)
    if name:
        from mlmon.azure.rest.faults import short  # why here: Tab imports this module, and pays for what that needs

        described = [short(found) for each in listed if (found := shape.text(each, "name"))]
        raise _unknown(name, [*KNOWN_NAMES, *described[:_MOST_NAMED]], origin=origin)
    raise Unavailable(f"the cloud metadata at {url} describes no cloud that stands there", hint=f"check {METADATA_URL}")


def _serves(resource_manager: str, url: str) -> bool:
    """Whether an address is the resource manager's own, wherever it writes its port."""
    return _is_https(resource_manager) and _origin(resource_manager) == _origin(url)


def _origin(address: str) -> tuple[str | None, int]:
    parts = urlsplit(address)
    return parts.hostname, parts.port or 443


def _cloud(document: Json, resource_manager: str, *, url: str) -> Cloud:
    authority = shape.text(document, "authentication", "loginEndpoint").rstrip("/")
    logs = shape.text(document, "logAnalyticsResourceId").rstrip("/")
    for what, address in {"sign-in": authority, "resource manager": resource_manager}.items():
        if not _is_https(address):
            raise Unavailable(
                f"the cloud metadata at {url} names no {what} that is reached by https", hint=f"check {METADATA_URL}"
            )
    portal = shape.text(document, "portal").rstrip("/")
    if not _is_https(logs):
        logs = ""
    return Cloud(
        shape.text(document, "name") or urlsplit(resource_manager).netloc,
        authority=authority,
        resource_manager=resource_manager,
        resource_manager_scope=f"{resource_manager}/.default",
        logs=logs,
        logs_scope=f"{logs}/.default" if logs else "",
        portal=portal if _is_https(portal) and portal.isprintable() and " " not in portal else "",
        domains=_around(urlsplit(resource_manager).hostname or ""),
        private=True,
    )


def _around(host: str) -> tuple[str, ...]:
    """A host, and the domain that it is in: the rest of a private cloud mostly stands there too."""
    domain = host.partition(".")[2]
    is_name = not host.replace(".", "").isdigit() and "." in domain
    return (host, domain) if is_name else (host,)


def _is_https(address: str) -> bool:
    try:
        parts = urlsplit(address)
        return parts.scheme == "https" and bool(parts.hostname) and parts.username is None and (parts.port or 1) > 0
    except ValueError:
        return False
