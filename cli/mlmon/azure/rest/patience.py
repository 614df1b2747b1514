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
"""How long the pauses and the tries before the last one may take together; with that one, mostly under 15 s."""
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
                left -= time.monotonic() - began  # and a gateway, to say that what is behind it does not answer
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
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return False  # nobody corrects a certificate within seconds
    if method in _READING:
        return isinstance(error, ServiceRequestError | ServiceResponseError | IncompleteReadError)
    return _never_connected(error)


def _never_connected(error: AzureError) -> bool:
    """Whether nothing can have been sent. `ServiceRequestError` alone does not say so: TLS that breaks while an answer
    is awaited is one too. requests hands on what urllib3 gave as the reason."""
    told = error.inner_exception
    reason = getattr(told.args[0], "reason", told) if told and told.args else told
    return type(reason).__name__ in {"NewConnectionError", "NameResolutionError"}


def _is_passing(status: int, method: str) -> bool:
    return status in (_PASSING if method in _READING else _REFUSED_UNREAD)
