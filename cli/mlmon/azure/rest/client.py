"""JSON over HTTP with a signed-in service: one request, pages, and operations that take their time."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from threading import Lock
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlsplit

from azure.core.pipeline import Pipeline, PipelineRequest
from azure.core.pipeline.policies import BearerTokenCredentialPolicy, HTTPPolicy, SansIOHTTPPolicy, UserAgentPolicy
from azure.core.rest import HttpRequest

from mlmon import __version__
from mlmon.azure.rest import shape
from mlmon.azure.rest.faults import Asked, answered, is_gone, translated
from mlmon.azure.rest.patience import Patience, retry_after
from mlmon.core.errors import Failure, Unavailable
from mlmon.core.model import Json

if TYPE_CHECKING:
    from mlmon.azure.rest.signin import SignIn

USER_AGENT: Final = f"mlmon/{__version__}"
OPERATION_TIMEOUT: Final = timedelta(minutes=20)
"""How long an operation is waited for unless `--timeout` says otherwise."""
_POLL_SECONDS: Final = 5.0
_SHORTEST_POLL: Final = 0.1
_LONGEST_POLL: Final = 30.0
_KEPT: Final = "/%?&=:@!$'()*+,;~"
"""What a path may have in it as it stands; callers encode what would be a part of an address of its own."""
_MOST_PAGES: Final = 10_000


@dataclass(frozen=True, slots=True)
class Answer:
    """A good answer (status below 400). `headers` are looked up in any case."""

    status: int
    headers: Mapping[str, str]
    body: Json


class Client:
    """One service. Paths begin with `/`; an absolute address is taken only where it is the same service's.

    `gone` is told when the service says that the whole workspace, or what holds it, is not there any more.
    """

    def __init__(
        self,
        base: str,
        *,
        transport: Any,
        signin: SignIn | None = None,
        scope: str = "",
        timeout: timedelta = OPERATION_TIMEOUT,
        gone: Callable[[], None] | None = None,
    ) -> None:
        self.base = base.rstrip("/")
        self._signin = signin
        self._timeout = timeout
        self._gone = gone
        policies: list[HTTPPolicy[Any, Any] | SansIOHTTPPolicy[Any, Any]] = [UserAgentPolicy(USER_AGENT), Patience()]
        if signin:
            policies.append(_OneToken(signin, scope))
        self._pipeline: Pipeline[Any, Any] = Pipeline(transport, policies)

    def get(self, path: str, *, asked: Asked, query: Mapping[str, str] | None = None) -> Json:
        """One resource. Raises as `faults.translated`."""
        return self.send("GET", path, asked=asked, query=query).body

    def pages(self, path: str, *, asked: Asked, query: Mapping[str, str] | None = None) -> Iterator[Json]:
        """The items of a list (`value`), page after page as they are needed. Raises as `faults.translated`.

        Raises:
            Unavailable: the pages go in a circle, or lead to another service.
        """
        seen: set[str] = set()
        page = self.get(path, asked=asked, query=query)
        while True:
            yield from shape.items(page, "value")
            following = shape.text(page, "nextLink")
            if not following:
                return
            if following in seen or len(seen) > _MOST_PAGES:
                raise Unavailable(f"could not {asked.doing}: Azure's list has no end", hint="try again in a minute")
            seen.add(following)
            page = self.get(following, asked=asked)

    def send(
        self,
        method: str,
        path: str,
        *,
        asked: Asked,
        query: Mapping[str, str] | None = None,
        body: Json = None,
        content_type: str = "application/json",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request. Raises as `faults.translated`."""
        content = None if body is None else json.dumps(body, allow_nan=False).encode()
        sent = {"Accept": "application/json", **(headers or {})}
        if content is not None:
            sent["Content-Type"] = content_type
        params = {name: quote(value, safe="") for name, value in (query or {}).items()}  # azure-core takes them encoded
        request = HttpRequest(method, self._address(path, asked), params=params, headers=sent, content=content)
        with translated(asked, account=self._account, host=urlsplit(self.base).netloc):
            response = self._pipeline.run(request, stream=False).http_response
            if response.status_code >= 300:
                if self._gone and is_gone(response):
                    self._gone()
                raise answered(asked, response, account=self._account())
            text = response.text()
            return Answer(response.status_code, response.headers, json.loads(text) if text.strip() else None)

    def wait(self, answer: Answer, *, asked: Asked, sleep: Callable[[float], None] = time.sleep) -> None:
        """Wait for the operation that an answer began, when it began one: ARM's `Azure-AsyncOperation`.

        `sleep` may raise, to end the waiting early.

        Raises:
            Failure: it failed or was cancelled.
            Unavailable: `--timeout` has passed; the operation goes on without us.
        """
        address = answer.headers.get("Azure-AsyncOperation", "")
        if not address:
            return
        end = time.monotonic() + self._timeout.total_seconds()
        pause = retry_after(answer.headers)
        while True:
            left = end - time.monotonic()
            if left <= 0:
                waited = f"{self._timeout.total_seconds():.0f} s"
                raise Unavailable(
                    f"still waiting after {waited} to {asked.doing}; Azure goes on with it",
                    hint="mlmon status shows when it is done; --timeout 1h waits longer",
                )
            sleep(min(max(_POLL_SECONDS if pause is None else pause, _SHORTEST_POLL), _LONGEST_POLL, left))
            polled = self.send("GET", address, asked=following(asked))
            pause = retry_after(polled.headers)
            if self._finished(polled.body, asked):
                return

    def _finished(self, document: Json, asked: Asked) -> bool:
        status = shape.text(document, "status").casefold()
        if status in {"failed", "canceled", "cancelled"}:
            from mlmon.azure.rest.faults import short

            reason = short(shape.text(document, "error", "message"))
            ended = "failed" if status == "failed" else "was cancelled"
            raise Failure(
                f"could not {asked.doing}: the operation {ended}{f': {reason}' if reason else ''}",
                hint="mlmon status shows what holds now",
            )
        return status == "succeeded"

    def _account(self) -> str:
        return self._signin.account if self._signin else ""

    def _address(self, path: str, asked: Asked) -> str:
        if path.startswith("/"):
            return self.base + quote(path, safe=_KEPT)  # an ARM id may have spaces and any letters in it
        # a link in an answer: our token goes to nobody but the service it was asked for
        if not path.isascii() or _host(path) != _host(self.base):
            raise Unavailable(
                f"could not {asked.doing}: an answer leads from {urlsplit(self.base).netloc} to another host",
                hint="try again in a minute",
            )
        return path


def following(asked: Asked) -> Asked:
    """Asking how far something is that was begun: an error of that alone does not mean that it is not done."""
    return replace(asked, doing=f"see the end of what was begun ({asked.doing})")


class _OneToken(BearerTokenCredentialPolicy[Any, Any]):
    """Of several first requests at once, one asks for the token and the others wait for it."""

    def __init__(self, signin: SignIn, scope: str) -> None:
        super().__init__(signin, scope)
        self._asking = Lock()

    def on_request(self, request: PipelineRequest[Any]) -> None:
        with self._asking:
            super().on_request(request)


def _host(address: str) -> tuple[str, str | None, int] | None:
    """Who is asked at an address; None where that could be read in two ways."""
    try:
        parts = urlsplit(address)
        if "@" in parts.netloc or "\\" in address:
            return None
        return parts.scheme, parts.hostname, parts.port or 443
    except ValueError:
        return None
