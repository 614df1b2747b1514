"""A plane: one HTTPS server on its own loopback port, its routes, and what faults do to its answers."""

from __future__ import annotations

import re
import socket
import ssl
import struct
import sys
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from emulators.certificate import Certificate
from emulators.faults import Cut, Fault, Faults
from emulators.messages import Answer, Recorded, Refused, Request, Requests

Handler = Callable[..., Answer]
"""`handler(request, **groups)`, with the named groups of the route's pattern."""


@dataclass(frozen=True, slots=True)
class Route:
    """A method and a whole path; letters of the path match in any case, as Azure's do."""

    method: str
    path: re.Pattern[str]
    handler: Handler


class Plane:
    """Answers the requests of one host. A subclass adds its routes, and may check tokens in `admit`."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.port = 0
        self._routes: list[Route] = []
        self._lock = threading.RLock()

    @property
    def url(self) -> str:
        """`https://127.0.0.1:port`, without a slash at its end; known once the plane listens."""
        return f"https://127.0.0.1:{self.port}"

    def route(self, method: str, path: str, handler: Handler) -> None:
        """Answer requests whose whole path matches the regex. The first route that matches wins."""
        self._routes.append(Route(method, re.compile(path, re.IGNORECASE), handler))

    def admit(self, request: Request) -> None:
        """Called before a route is looked for. Raises `Refused` to turn the request away."""

    def finish(self, request: Request, answer: Answer) -> Answer:
        """Called with every answer, for the headers a service puts on all of them."""
        return answer

    def respond(self, request: Request) -> Answer:
        """The answer to one request. Handlers of a plane run one at a time, so each may change what is stored."""
        try:
            with self._lock:
                self.admit(request)
                return self.finish(request, self._handle(request))
        except Refused as refused:
            return self.finish(request, refused.answer)
        except Exception:  # a fault of the emulator: the client gets an answer, and whoever runs the test sees why
            traceback.print_exc()
            return Answer.error(500, "EmulatorBroke", f"{request.method} {request.path}: see standard error")

    def missing(self, request: Request) -> Answer:
        """The answer where no route matches."""
        return Answer.error(404, "NotFound", f"No route for {request.method} {request.path}")

    def _handle(self, request: Request) -> Answer:
        for route in self._routes:
            found = route.path.fullmatch(request.path) if route.method == request.method else None
            if found is not None:
                return route.handler(request, **found.groupdict())
        return self.missing(request)


class Listener:
    """A plane's open port. After `close` connections are refused; `open` takes the same port again."""

    def __init__(self, plane: Plane, *, certificate: Certificate, faults: Faults, requests: Requests) -> None:
        self.plane = plane
        self.faults = faults
        self.requests = requests
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate.served, certificate.key)
        self._server: _Server | None = None

    def open(self) -> None:
        if self._server is None:
            self._server = _Server(("127.0.0.1", self.plane.port), self, self._context)
            self.plane.port = self._server.server_address[1]
            # 0.05 s: how long close() may wait
            threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        """Stop listening, and reset the connections that are kept alive."""
        server, self._server = self._server, None
        if server is not None:
            server.shutdown()
            server.server_close()
            server.reset_all()

    def meet(self, request: Request) -> tuple[Answer, Fault]:
        """What the service answers, and what happens to the answer on its way."""
        fault = self.faults.meet(self.plane.name, request) or Fault()
        time.sleep(fault.delay)
        if fault.first is not None:
            fault.first()
        answer = fault.instead or self.plane.respond(request)
        return fault.then(answer) if fault.then else answer, fault

    def record(self, request: Request, status: int) -> None:
        """Keep the request for tests to count."""
        self.requests.add(
            Recorded(
                self.plane.name,
                request.method,
                request.path,
                request.query,
                status,
                request.body,
                time.time(),
                request.headers,
            )
        )


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], listener: Listener, context: ssl.SSLContext) -> None:
        self.listener = listener
        self._context = context
        self._open: set[socket.socket] = set()
        super().__init__(address, _Exchange)

    def server_bind(self) -> None:
        """As the parent does, without its reverse look-up of the host's name."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()

    def get_request(self) -> tuple[socket.socket, Any]:
        """The handshake is left to the connection's own thread: a client that stalls must not stop the others."""
        connection, address = self.socket.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        wrapped = self._context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        self._open.add(wrapped)
        return wrapped, address

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def reset_all(self) -> None:
        for connection in list(self._open):
            with suppress(OSError):  # wakes the thread that waits for the next request, which else keeps it open
                socket.socket.shutdown(connection, socket.SHUT_RDWR)
            reset(connection)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that went away; anything else is a fault of the emulator and must be seen."""
        if not isinstance(sys.exc_info()[1], OSError | ValueError):
            super().handle_error(request, client_address)


class _Exchange(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def _serve(self) -> None:
        request = self._read()
        answer, fault = self.server.listener.meet(request)
        self.server.listener.record(request, 0 if fault.cut is Cut.NOTHING else answer.status)
        if fault.cut is not Cut.NOTHING:
            self._write(answer, half=fault.cut in {Cut.HALF, Cut.ENDED})
        if fault.cut is not Cut.WHOLE:
            self.close_connection = True
            reset(self.connection, abruptly=fault.cut is Cut.HALF)

    do_GET = do_PUT = do_POST = do_PATCH = do_DELETE = do_HEAD = _serve  # noqa: N815 - the parent's names

    def _read(self) -> Request:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        return Request(self.command, unquote(parts.path), query, dict(self.headers.items()), body, self.path)

    def _write(self, answer: Answer, *, half: bool) -> None:
        self.send_response_only(answer.status)
        for name, value in {"Date": self.date_time_string(), **answer.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(answer.size))
        self.end_headers()
        left = 0 if self.command == "HEAD" else answer.size // 2 if half else answer.size
        for piece in answer.pieces() if left else ():
            self.wfile.write(piece[:left])
            left -= len(piece)
            if left <= 0:
                break

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the parent's name
        """Quiet: the requests are recorded."""


def reset(connection: socket.socket, *, abruptly: bool = True) -> None:
    """Close a connection at once: with a reset, or with a plain end of the stream."""
    with suppress(OSError):  # the client was faster
        if abruptly:  # lingering for 0 seconds turns the close into a reset
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        socket.socket(fileno=connection.detach()).close()
