"""Pages of the Azure portal and of Azure ML studio about a workspace, its services and what belongs to it.

A resource's page in the portal is `#@TENANT/resource` and its ARM id; without a tenant the portal takes the one that is
signed in to. A page of the studio names its workspace in `wsid`, and the tenant in `tid`, as the links do that Azure's
own SDKs make (`studio_url` of a job in azure-ai-ml, `get_portal_url` in azureml-core).
"""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from mlmon.azure.connection import Connection
from mlmon.core.errors import NotFound
from mlmon.core.model import Generation, PageKind, ServiceName


def page(connection: Connection, kind: PageKind, service: ServiceName | None) -> str:
    """As `core.ports.Workspace.page`. Only the pages of storage and of telemetry have to be looked up."""
    if kind is PageKind.STUDIO:
        return _studio(connection, service)
    return _portal(connection, *_RESOURCE[kind](connection, service))


def page_of_job(connection: Connection, name: str) -> str:
    """The studio's page of a job. Raises `NotFound` where the cloud names no studio."""
    return _in_studio(connection, f"/runs/{_escaped(name)}")


def _studio(connection: Connection, service: ServiceName | None) -> str:
    if service is None:
        where = "/home"
    elif service.generation is Generation.V2:
        where = f"/endpoints/realtime/{_escaped(service.endpoint)}/detail"
    else:
        where = "/endpoints"
    return _in_studio(connection, where)


def _in_studio(connection: Connection, where: str) -> str:
    cloud = connection.wire.cloud
    if not cloud.studio:
        raise NotFound(f"the cloud {cloud.name} does not say where its studio is", hint="mlmon open shows the portal")
    tenant = f"&tid={_escaped(connection.target.tenant)}" if connection.target.tenant else ""
    return f"{cloud.studio}{where}?wsid={connection.path}{tenant}"


def _portal(connection: Connection, resource: str, blade: str) -> str:
    cloud = connection.wire.cloud
    if not cloud.portal:
        raise NotFound(f"the cloud {cloud.name} does not say where its portal is", hint="check ARM_CLOUD_METADATA_URL")
    return f"{cloud.portal}/#@{_escaped(connection.target.tenant)}/resource{resource}/{blade}"


def _own(connection: Connection, service: ServiceName | None) -> tuple[str, str]:
    """An endpoint is a resource of its own, which shows its deployments; a v1 web service is none."""
    if service is not None and service.generation is Generation.V2:
        return f"{connection.path}/onlineEndpoints/{_escaped(service.endpoint)}", "overview"
    return connection.path, "overview"


def _insights(connection: Connection, service: ServiceName | None) -> tuple[str, str]:  # noqa: ARG001 - all share one
    return quote(connection.discovery.telemetry().component), "overview"


def _storage(connection: Connection, service: ServiceName | None) -> tuple[str, str]:  # noqa: ARG001 - all share one
    account = connection.discovery.workspace().storage_account
    if not account:
        raise NotFound(f"the workspace {connection.target.name} names no storage account", hint="mlmon init --check")
    return quote(account), "containersList"


_RESOURCE: Final = {PageKind.PORTAL: _own, PageKind.INSIGHTS: _insights, PageKind.STORAGE: _storage}


def _escaped(part: str) -> str:
    return quote(part, safe="")
