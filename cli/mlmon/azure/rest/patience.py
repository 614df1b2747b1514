"""How often a request is tried: a few times within seconds, so that a person soon hears what is wrong."""

from __future__ import annotations

import random
import time
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

from azure.core.exceptions import (
    AzureError,
    IncompleteReadError,
    ServiceRequestError,
    ServiceRequestTimeoutError,
    ServiceResponseError,
    ServiceResponseTimeoutError,
)
from azure.core.pipeline import PipelineRequest, PipelineResponse
from azure.core.pipeline.policies import HTTPPolicy

BUDGET_SECONDS: Final = 6.0
"""How long all the pauses of one request may take together; with what the tries themselves take, under 15 s."""
_PASSING: Final = frozenset({408, 429, 500, 502, 503, 504})
_REFUSED_UNREAD: Final = frozenset({429, 503})
_READING: Final = frozenset({"GET", "HEAD"})


class Patience(HTTPPolicy[Any, Any]):
    """Try again what may pass: reading always, writing only where the service cannot have begun it.

    A pause that the service asks for (`Retry-After`) is kept when it is short enough, else there is no further try.
    An answer that was waited for in vain is not waited for again.
    """

    def __init__(self, *, budget: float = BUDGET_SECONDS, tries: int = 4) -> None:
        super().__init__()
        self._budget = budget
        self._tries = tries

    def send(self, request: PipelineRequest[Any]) -> PipelineResponse[Any, Any]:
        left = self._budget
        transport: Any = request.context.transport
        for tried in range(1, self._tries):
            pause = random.uniform(0.3, 0.6) * 2**tried / 2  # noqa: S311 - spreads tries, hides nothing
            began = time.monotonic()
            try:
                response = self.next.send(request)
            except AzureError as error:
                left -= time.monotonic() - began  # a network may take seconds to say that it is not there
                if pause > left or not _may_try_again(error, request.http_request.method):
                    raise
            else:
                answered = response.http_response
                if not _is_passing(answered.status_code, request.http_request.method):
                    return response
                asked = retry_after(answered.headers)
                pause = pause if asked is None else asked
                if pause > left:
                    return response
            transport.sleep(pause)
            left -= pause
        return self.next.send(request)


def retry_after(headers: Any) -> float | None:
    """The pause in seconds that a service asks for; None when it does not, or not in words that can be read."""
    milliseconds, said = headers.get("x-ms-retry-after-ms") or headers.get("retry-after-ms"), headers.get("Retry-After")
    with suppress(ValueError, TypeError, OverflowError):
        if milliseconds:
            return max(0.0, float(milliseconds) / 1000)
        if said and said.strip().isdigit():
            return float(said)
        if said:
            return max(0.0, (parsedate_to_datetime(said) - datetime.now(UTC)).total_seconds())
    return None


def _may_try_again(error: AzureError, method: str) -> bool:
    if isinstance(error, ServiceRequestTimeoutError | ServiceResponseTimeoutError):
        return False
    if isinstance(error, ServiceRequestError):
        return True  # nothing was sent
    return isinstance(error, ServiceResponseError | IncompleteReadError) and method in _READING


def _is_passing(status: int, method: str) -> bool:
    return status in (_PASSING if method in _READING else _REFUSED_UNREAD)
