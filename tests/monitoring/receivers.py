"""Servers on loopback that take alerts: HTTP with or without TLS, SMTP, and one that speaks as a test says."""

from __future__ import annotations

import base64
import contextlib
import socket
import ssl
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage, Message
from email.parser import BytesParser
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import cast

from emulators.certificate import Certificate


@dataclass(frozen=True)
class Answer:
    """What a receiver says."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""


@dataclass(frozen=True)
class Posted:
    """What a receiver was sent."""

    path: str
    headers: Message
    body: bytes


@dataclass
class Receiver:
    """An HTTP server. It gives `answers` one after the other, and 200 when there are no more."""

    port: int
    scheme: str
    answers: deque[Answer] = field(default_factory=deque)
    posted: list[Posted] = field(default_factory=list)

    def url(self, path: str = "/hook/s3cr3t?sig=t0k3n") -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}{path}"


@contextmanager
def receiving(*answers: Answer, certificate: Certificate | None = None) -> Iterator[Receiver]:
    """A receiver, by TLS where there is a certificate."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            receiver.posted.append(Posted(self.path, self.headers, body))
            answer = receiver.answers.popleft() if receiver.answers else Answer()
            self.send_response(answer.status, f"{self.path} is a secret too")
            for name, text in answer.headers.items():
                self.send_header(name, text)
            self.send_header("Content-Length", str(len(answer.body.encode())))
            self.end_headers()
            self.wfile.write(answer.body.encode())

        do_GET = do_POST  # noqa: N815 - http.server calls it so; what a followed redirect would come as

        def log_message(self, *words: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *words: object) -> None:
            """A client that does not trust it hangs up: nothing to be printed."""

    server = Server(("127.0.0.1", 0), Handler)
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate.served, certificate.key)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    receiver = Receiver(server.server_port, "https" if certificate else "http", deque(answers))
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def speaking(talk: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server that does with each connection what it is told; its port."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve(line: socket.socket) -> None:
        with line, contextlib.suppress(OSError):
            talk(line)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

    Thread(target=accept, daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


@dataclass
class PostOffice:
    """An SMTP server. `replies` has what it says to a command instead of yes, one after the other."""

    certificate: Certificate | None = None
    tls_at_once: bool = False
    logins: bool = True
    replies: dict[str, deque[str]] = field(default_factory=dict)
    heard: list[str] = field(default_factory=list)
    mails: list[EmailMessage] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    port: int = 0

    @property
    def context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        assert self.certificate
        context.load_cert_chain(self.certificate.served, self.certificate.key)
        return context

    def talk(self, line: socket.socket) -> None:
        with ExitStack() as opened:
            self._talk(line, opened)

    def _talk(self, line: socket.socket, opened: ExitStack) -> None:
        if self.tls_at_once:
            line = opened.enter_context(self.context.wrap_socket(line, server_side=True))
        encrypted = self.tls_at_once
        file = opened.enter_context(line.makefile("rb"))
        line.sendall(b"220 post.example ready\r\n")
        while said := file.readline():
            words = said.decode().strip()
            verb = words.split()[0].upper()
            self.heard.append(words)
            reply = self.replies[verb].popleft() if self.replies.get(verb) else self._reply(verb, encrypted=encrypted)
            line.sendall(reply.encode() + b"\r\n")
            if verb == "STARTTLS" and reply.startswith("220"):
                line = opened.enter_context(self.context.wrap_socket(line, server_side=True))
                file, encrypted = opened.enter_context(line.makefile("rb")), True
            if verb == "DATA" and reply.startswith("354"):
                self._take(file)
                line.sendall(b"250 taken\r\n")
            if verb == "QUIT":
                return

    def _reply(self, verb: str, *, encrypted: bool) -> str:
        if verb == "EHLO":
            offered = ["post.example"]
            if self.certificate and not encrypted:
                offered.append("STARTTLS")
            elif self.logins:
                offered.append("AUTH PLAIN")
            return "\r\n".join([*(f"250-{each}" for each in offered[:-1]), f"250 {offered[-1]}"])
        return {"STARTTLS": "220 go", "AUTH": "235 welcome", "DATA": "354 go on", "QUIT": "221 bye"}.get(verb, "250 ok")

    def _take(self, file: object) -> None:
        data = b""
        while (said := file.readline()) != b".\r\n":  # type: ignore[attr-defined]  # a file of a socket
            data += said[1:] if said.startswith(b"..") else said
        self.raw.append(data)
        self.mails.append(cast("EmailMessage", BytesParser(policy=default).parsebytes(data)))


@contextmanager
def post_office(office: PostOffice) -> Iterator[PostOffice]:
    """It, open."""
    with speaking(office.talk) as port:
        office.port = port
        yield office


def plain_login(user: str, password: str) -> str:
    """What AUTH PLAIN says."""
    return "AUTH PLAIN " + base64.b64encode(f"\0{user}\0{password}".encode()).decode()
