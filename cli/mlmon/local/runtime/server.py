"""A scoring script served over HTTP on loopback, by waitress."""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from typing import Any

from mlmon.core.errors import Failure, UsageError
from mlmon.core.model import ServiceName
from mlmon.local.runtime.http_app import ScoringApp
from mlmon.local.runtime.running import announced
from mlmon.local.store import Store

# one for the script, which scores one call at a time, and some so that health answers never wait for it
_THREADS = 4


def _silence(logger: str) -> None:
    """Keep a library's warnings from stderr, where logging writes what nobody handles; scripts may set up the root."""
    import logging

    logging.getLogger(logger).addHandler(logging.NullHandler())
    logging.getLogger(logger).propagate = False


class LoopbackServer:
    """`core.ports.LocalServer`: the port is open from the beginning; `serve_forever` answers."""

    def __init__(self, app: ScoringApp, *, name: ServiceName, store: Store, port: int) -> None:
        import waitress

        _silence("waitress")

        if not 0 <= port < 65536:
            raise UsageError(f"{port} is not a port", hint="choose one from 1024 to 65535, or 0 for any free one")

        self._name = name
        self._store = store
        self._sockets: dict[int, Any] = {}
        self._stopped = False
        try:
            # opened here, because waitress leaves threads and files behind when it cannot open a port
            listening = socket.create_server(("127.0.0.1", port))
        except OSError as error:
            raise Failure(
                f"port {port} cannot be opened: {os.strerror(error.errno or 0)}",
                hint="choose another with --port, or 0 for any free one",
            ) from error
        self._server = waitress.create_server(
            app, map=self._sockets, sockets=[listening], threads=_THREADS, ident="mlmon"
        )
        self.port: int = listening.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"

    def serve_forever(self) -> None:
        """Answer requests until Ctrl-C, which is raised again after the port is closed, or until `stop`."""
        try:
            with announced(self._store, self._name, self.port):
                self._server.run()
        finally:
            self._close()
        # waitress ends quietly on Ctrl-C; who called must know
        if not self._stopped:
            raise KeyboardInterrupt

    def stop(self) -> None:
        """End `serve_forever` from another thread."""
        self._stopped = True
        self._server.trigger.pull_trigger(self._close_sockets)

    def _close(self) -> None:
        self._server.task_dispatcher.shutdown()
        self._close_sockets()

    def _close_sockets(self) -> None:
        for dispatcher in list(self._sockets.values()):
            with suppress(OSError):
                dispatcher.close()
        self._sockets.clear()
