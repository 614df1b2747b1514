"""A workspace of Azure Machine Learning behind `core.ports.Workspace`: its planes, each made when it is first used."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from mlmon.azure.connection import Connection
from mlmon.azure.memory import memory_of
from mlmon.azure.rest.wire import Wire
from mlmon.core.model import PageKind, ServiceName
from mlmon.settings import AzureWorkspace

if TYPE_CHECKING:
    from mlmon.azure.blobs import AzureBlobs
    from mlmon.azure.jobs import AzureJobs
    from mlmon.azure.logs import AzureLogs
    from mlmon.azure.scoring import AzureScoring
    from mlmon.azure.services import AzureServices
    from mlmon.azure.telemetry import AzureTelemetry


class AzureMLWorkspace:
    """`core.ports.Workspace` over a connection. A command pays for the planes that it uses, and for no other."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    @classmethod
    def connect(
        cls,
        target: AzureWorkspace,
        *,
        state: Path,
        environ: Mapping[str, str],
        timeout: timedelta | None,
        clock: Callable[[], datetime],
        debug: Callable[[str], None],
        cloud_origin: str = "",
    ) -> AzureMLWorkspace:
        """Nothing is asked of Azure yet. `state` is the folder whose `.mlmon` remembers what is found out."""
        wire = wire_for(target, environ=environ, timeout=timeout, debug=debug, cloud_origin=cloud_origin)
        return cls.over(wire, target, state=state, clock=clock)

    @classmethod
    def over(
        cls, wire: Wire, target: AzureWorkspace, *, state: Path, clock: Callable[[], datetime]
    ) -> AzureMLWorkspace:
        """`connect`, over a wire that is there already."""
        memory = memory_of(target, state=state, environ=wire.environ)
        return cls(Connection(target, wire=wire, memory=memory, clock=clock))

    @property
    def name(self) -> str:
        target = self.connection.target
        return f"{target.subscription}/{target.resource_group}/{target.name}"

    @cached_property
    def services(self) -> AzureServices:
        from mlmon.azure.services import AzureServices

        return AzureServices(self.connection)

    @cached_property
    def logs(self) -> AzureLogs:
        from mlmon.azure.logs import AzureLogs

        return AzureLogs(self.connection, self.services)

    @cached_property
    def telemetry(self) -> AzureTelemetry:
        from mlmon.azure.telemetry import AzureTelemetry

        return AzureTelemetry(self.connection)

    @cached_property
    def blobs(self) -> AzureBlobs:
        from mlmon.azure.blobs import AzureBlobs

        return AzureBlobs(self.connection, described=self.services.described)

    @cached_property
    def scoring(self) -> AzureScoring:
        from mlmon.azure.scoring import AzureScoring

        return AzureScoring(self.connection, self.services)

    @cached_property
    def jobs(self) -> AzureJobs:
        from mlmon.azure.jobs import AzureJobs

        return AzureJobs(self.connection, self.blobs)

    def page(self, kind: PageKind, service: ServiceName | None = None) -> str:
        from mlmon.azure.pages import page

        return page(self.connection, kind, service)


def wire_for(
    target: AzureWorkspace,
    *,
    environ: Mapping[str, str],
    timeout: timedelta | None,
    debug: Callable[[str], None],
    cloud_origin: str = "",
) -> Wire:
    """The wire to the cloud and tenant of a workspace; `cloud_origin` is who named the cloud."""
    return Wire(
        environ=environ,
        cloud_name=target.cloud,
        cloud_origin=cloud_origin,
        tenant=target.tenant,
        timeout=timeout,
        debug=debug,
    )
