"""How often a request is tried, and for how long: over a network of exceptions, with pauses that are only counted."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
import requests
from azure.core.exceptions import AzureError, ServiceRequestError, ServiceRequestTimeoutError, ServiceResponseError
from azure.core.pipeline import Pipeline
from azure.core.rest import HttpRequest
from urllib3.exceptions import MaxRetryError, NameResolutionError, NewConnectionError, ProtocolError, SSLError

from mlmon.azure.rest.patience import BUDGET_SECONDS, Patience, retry_after


def of_requests(reason: Exception) -> ServiceRequestError:
    """As azure.core wraps what requests raises around a connection that urllib3 gave up."""
    error = requests.ConnectionError(MaxRetryError(None, "/", reason))  # type: ignore[arg-type]  # no pool is needed
    return ServiceRequestError(error, error=error)


REFUSED = of_requests(NewConnectionError(None, "refused"))  # type: ignore[arg-type]  # as above
UNRESOLVED = of_requests(NameResolutionError("host", None, OSError("?")))  # type: ignore[arg-type]  # as above
TLS_BROKE = of_requests(SSLError("EOF occurred in violation of protocol"))
TIMED_OUT = ServiceRequestTimeoutError("timed out")
HUNG_UP = ServiceResponseError("hung up", error=requests.ConnectionError(ProtocolError("Connection aborted.")))


class Response:
    def __init__(self, status_code: int, headers: dict[str, str]) -> None:
        self.status_code = status_code
        self.headers = headers


class Network:
    """A transport that does one thing every time, and counts."""

    def __init__(self, act: Callable[[], Any]) -> None:
        self._act = act
        self.tries = 0
        self.pauses: list[float] = []

    def send(self, _request: Any, **_options: Any) -> Any:
        self.tries += 1
        return self._act()

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)

    def ask(self, method: str, policy: Patience | None = None) -> None:
        pipeline: Pipeline[Any, Any] = Pipeline(self, [policy or Patience()])  # type: ignore[arg-type]  # all it uses
        pipeline.run(HttpRequest(method, "https://host/"))


def failing(error: AzureError) -> Network:
    def act() -> None:
        raise error

    return Network(act)


def answering(status: int, **headers: str) -> Network:
    return Network(lambda: Response(status, {name.replace("_", "-"): value for name, value in headers.items()}))


@pytest.mark.parametrize(
    ("error", "reading", "writing"),
    [(REFUSED, 4, 4), (UNRESOLVED, 4, 4), (TLS_BROKE, 4, 1), (HUNG_UP, 4, 1), (TIMED_OUT, 1, 1)],
    ids=["refused", "unresolved", "TLS broke", "hung up", "timed out"],
)
def test_a_change_is_tried_again_only_where_no_connection_was_made(
    error: AzureError, reading: int, writing: int
) -> None:
    """TLS can break while an answer is awaited: the service may have begun by then."""
    for method, tries in (("GET", reading), ("HEAD", reading), ("PUT", writing), ("PATCH", writing), ("POST", writing)):
        network = failing(error)
        with pytest.raises(type(error)):
            network.ask(method)
        assert network.tries == tries, method


@pytest.mark.parametrize(
    ("status", "reading", "writing"), [(408, 4, 1), (429, 4, 4), (500, 4, 1), (503, 4, 4), (400, 1, 1)]
)
def test_an_answer_that_may_pass_is_asked_for_again(status: int, reading: int, writing: int) -> None:
    for method, tries in (("GET", reading), ("PUT", writing)):
        network = answering(status)
        network.ask(method)
        assert network.tries == tries, method


def test_the_pauses_grow_and_stay_within_the_budget() -> None:
    network = answering(503)
    network.ask("GET")
    assert network.pauses == sorted(network.pauses)
    assert sum(network.pauses) < BUDGET_SECONDS


@pytest.mark.parametrize(("said", "tries"), [("0", 4), ("1", 4), ("7", 1), ("nonsense", 4)])
def test_a_pause_that_is_asked_for_is_kept_where_it_is_short_enough(said: str, tries: int) -> None:
    network = answering(429, Retry_After=said)
    network.ask("GET")
    assert network.tries == tries
    if said in {"0", "1"}:
        assert network.pauses == [float(said)] * 3


def test_a_gateway_that_is_slow_to_give_up_is_not_asked_as_often() -> None:
    """Each try takes its time before it says 504: four of them would be a minute."""

    def act() -> Response:
        time.sleep(0.15)
        return Response(504, {"Retry-After": "0"})

    network = Network(act)
    network.ask("GET", Patience(budget=0.2))
    assert network.tries == 2


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "3"}, 3.0),
        ({"Retry-After": " 3 "}, 3.0),
        ({"x-ms-retry-after-ms": "250", "Retry-After": "3"}, 0.25),
        ({"retry-after-ms": "-1"}, 0.0),
        ({"Retry-After": "Fri, 31 Dec 1999 23:59:59 GMT"}, 0.0),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "²"}, None),
    ],
)
def test_the_pause_that_a_service_asks_for_is_read_in_every_spelling(
    headers: dict[str, str], seconds: float | None
) -> None:
    assert retry_after(headers) == seconds
