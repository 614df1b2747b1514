"""Sending rows to a service: to the server that serves it, else to its script in this process."""

from __future__ import annotations

from mlmon.core.errors import UsageError
from mlmon.core.model import Response, ServiceName
from mlmon.core.ports import LocalServer
from mlmon.local.blobs import BlobFolders
from mlmon.local.definition_file import DefinitionFile
from mlmon.local.runtime.call import Caller
from mlmon.local.runtime.host import ServiceHost
from mlmon.local.runtime.world import World
from mlmon.local.store import Store
from mlmon.local.telemetry import TelemetryFiles


class LocalScoring:
    """`core.ports.Scoring`. Loaded scripts are kept, and loaded again when their file changed."""

    def __init__(
        self, *, store: Store, file: DefinitionFile, files: TelemetryFiles, blobs: BlobFolders, world: World
    ) -> None:
        self._store = store
        self._file = file
        self._files = files
        self._blobs = blobs
        self._world = world
        self._hosts: dict[ServiceName, ServiceHost] = {}

    def invoke(self, name: ServiceName, body: str) -> Response:
        definition = self._file.load()
        definition.entry(name)
        try:
            encoded = body.encode("utf-8")
        except UnicodeEncodeError:
            raise UsageError("the rows are not valid UTF-8", hint="send JSON as UTF-8") from None
        # a history in the making is scored here: looking for a server would take longer than scoring
        if not self._store.buffering:
            from mlmon.local.runtime import running

            if endpoint := running.find(self._store, name, definition.id):
                return running.send(endpoint, name, encoded, self._world)
        answer = self._host(name).score(body, Caller())
        return Response(answer.status, answer.body, answer.request_id, answer.duration)

    def serve(self, name: ServiceName, *, port: int) -> LocalServer:
        """Load the service's script and open a port for it."""
        from mlmon.local.runtime.http_app import ScoringApp
        from mlmon.local.runtime.running import identity
        from mlmon.local.runtime.server import LoopbackServer

        app = ScoringApp(self._host(name), identity=identity(self._store.folder, self._file.load().id, name))
        return LoopbackServer(app, name=name, store=self._store, port=port)

    def load(self, name: ServiceName) -> None:
        """Run the script's `init()` now rather than with the first request. Raises `Failure` when it fails."""
        self._host(name)

    def _host(self, name: ServiceName) -> ServiceHost:
        host = self._hosts.get(name)
        if host is None or host.stale:
            host = ServiceHost(
                name, store=self._store, file=self._file, files=self._files, blobs=self._blobs, world=self._world
            )
            host.load()
            self._hosts[name] = host
        return host
