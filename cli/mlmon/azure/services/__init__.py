"""The services of a workspace, of both generations."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Event

from mlmon.azure.connection import Connection
from mlmon.azure.memory import listed
from mlmon.azure.services.online import OnlineServices
from mlmon.azure.services.webservices import WebServices
from mlmon.core.errors import Code, MlmonError
from mlmon.core.model import Generation, Json, Service, ServiceName, SwitchPlan, SwitchRequest
from mlmon.core.parallel import map_bounded


class AzureServices:
    """`core.ports.Services` over ARM (v2) and the model management API (v1)."""

    def __init__(self, connection: Connection) -> None:
        self.online = OnlineServices(connection)
        self.web = WebServices(connection)
        self._connection = connection
        self._unseen: Sequence[str] = ()
        self._ended: Sequence[str] = ()
        self._listed: frozenset[ServiceName] = frozenset()

    def list(self) -> Sequence[Service]:
        _ = self._connection.discovery  # made here, not by two threads at once; nothing is asked for it
        # ARM holds the workspace itself: without its answer nothing is sure, so its error is everybody's
        online, web = map_bounded(lambda part: part(), (self.online.list, self._web), workers=2, only_reads=True)
        self._listed = frozenset(service.name for service in web)
        services = sorted((*online, *web), key=lambda service: service.name)
        if not self._unseen:
            self._connection.memory.remember(listed(services))
        return services

    @property
    def unseen(self) -> Sequence[str]:
        return self._unseen

    @property
    def ended(self) -> Sequence[str]:
        return self._ended

    def get(self, name: ServiceName) -> Service:
        return self._part(name).get(name)

    def described(self, name: ServiceName) -> Json:
        """A deployment as ARM shows it, from before in this run if it was read; of a v1 service only that it is there.

        Raises:
            NotFound: no such service.
        """
        if name.generation is Generation.V2:
            return self.online.deployment(name)
        return {} if name in self._listed else self.web.read(name)

    def plan(self, name: ServiceName, request: SwitchRequest) -> SwitchPlan:
        return self._part(name).plan(name, request)

    def apply(self, plan: SwitchPlan, *, wait: bool = True, stop: Event | None = None) -> Service:
        return self._part(plan.service.name).apply(plan, wait=wait, stop=stop)

    def _part(self, name: ServiceName) -> OnlineServices | WebServices:
        return self.online if name.generation is Generation.V2 else self.web

    def _web(self) -> Sequence[Service]:
        self._unseen = self._ended = ()
        try:
            return self.web.list()
        except MlmonError as error:
            if error.code is Code.V1_ENDED:
                self._ended = (error.message,)
            else:
                self._unseen = (f"the v1 web services are left out: {error.message}",)
            return ()
