"""A loaded service as a WSGI application: `POST /score` and the health answer, as Azure's servers route them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any, Final

from mlmon.core.errors import MlmonError
from mlmon.local.runtime.call import Caller
from mlmon.local.runtime.host import ServiceHost
from mlmon.local.runtime.running import IDENTITY

Environ = dict[str, Any]
_ID_LIMIT: Final = 100
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost"})


class ScoringApp:
    """Answers requests for one service."""

    def __init__(self, host: ServiceHost, *, identity: str) -> None:
        self._host = host
        self._identity = identity

    def __call__(self, environ: Environ, start_response: Callable[..., object]) -> Iterable[bytes]:
        status, body, headers = self._answer(environ)
        content = body.encode()
        kind = "application/json" if body[:1] in '{["-0123456789tfn' else "text/plain; charset=utf-8"
        sent = [("Content-Type", kind), ("Content-Length", str(len(content))), (IDENTITY, self._identity), *headers]
        start_response(f"{status} {HTTPStatus(status).phrase}", sent)
        return [content]

    def _answer(self, environ: Environ) -> tuple[int, str, list[tuple[str, str]]]:
        host_name = environ.get("HTTP_HOST", "127.0.0.1").rpartition("@")[2].partition(":")[0]
        if host_name not in _LOOPBACK:
            # a page in a browser may reach a loopback port under a name of its own (DNS rebinding)
            return _refusal(HTTPStatus.FORBIDDEN, "this server answers on 127.0.0.1 and localhost only")
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        if path == "/" and method in {"GET", "HEAD"}:
            return 200, "Healthy", []
        if path != "/score":
            return _refusal(HTTPStatus.NOT_FOUND, "send rows to POST /score")
        if method != "POST":
            return _refusal(HTTPStatus.METHOD_NOT_ALLOWED, "send rows with POST")
        return self._scored(environ)

    def _scored(self, environ: Environ) -> tuple[int, str, list[tuple[str, str]]]:
        client_id = environ.get("HTTP_X_MS_CLIENT_REQUEST_ID", "")
        request_id = environ.get("HTTP_X_MS_REQUEST_ID") or environ.get("HTTP_X_REQUEST_ID", "")
        if max(len(client_id), len(request_id)) > _ID_LIMIT:
            return _refusal(
                HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, f"request ids have at most {_ID_LIMIT} characters"
            )
        try:
            body = environ["wsgi.input"].read().decode("utf-8")
        except UnicodeDecodeError:
            return _refusal(HTTPStatus.BAD_REQUEST, "the body is not UTF-8")
        caller = Caller(
            request_id=request_id,
            client_request_id=client_id,
            agent=environ.get("HTTP_USER_AGENT", "-"),
            url=f"http://{environ.get('HTTP_HOST', '127.0.0.1')}/score",
        )
        try:
            answer = self._host.score(body, caller)
        except MlmonError as error:
            return _refusal(HTTPStatus.INTERNAL_SERVER_ERROR, f"{error.message}; {error.hint}")
        headers = [("x-ms-request-id", answer.request_id), ("x-request-id", answer.request_id)]
        return answer.status, answer.body, [*headers, *([("x-ms-client-request-id", client_id)] if client_id else [])]


def _refusal(status: HTTPStatus, message: str) -> tuple[int, str, list[tuple[str, str]]]:
    return status, json.dumps({"message": message}), []
