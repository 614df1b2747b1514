"""Azure's exceptions and answers as errors of mlmon's own, each with the next step."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from mlmon.azure.rest import shape
from mlmon.azure.rest.network import unreached
from mlmon.core.errors import Code, Failure, MlmonError, NotAllowed, NotFound, Unavailable
from mlmon.core.model import Json

if TYPE_CHECKING:
    from azure.core.exceptions import AzureError


class Plane(StrEnum):
    """The four kinds of service that are asked, each with permissions of its own."""

    CONTROL = "control"
    LOGS = "logs"
    TELEMETRY = "telemetry"
    DATA = "data"


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked of whom, in the words of the messages.

    `doing` follows "may not" and "could not": "read the deployments". `scope` is the resource where `role` is needed
    (of what is in a workspace, messages name the workspace), and `otherwise` what else may help who does not have it.
    """

    doing: str
    scope: str
    role: str
    plane: Plane = Plane.CONTROL
    otherwise: str = ""


class RoleMissing(NotAllowed):
    """A service refused, and `role` on `scope` is what would help."""

    def __init__(self, message: str, *, hint: str, role: str, scope: str) -> None:
        super().__init__(message, hint=hint)
        self.role = role
        self.scope = scope


LONGEST: Final = 300
"""How much of a service's own words is repeated, in characters."""
_SKEW_SECONDS: Final = 300


@contextmanager
def translated(asked: Asked, *, account: Callable[[], str], host: str = "") -> Iterator[None]:
    """Raise what azure's clients raise inside as errors of mlmon's own. `host` as `unreached` has it.

    Raises:
        NotAllowed: not signed in, or without the role.
        NotFound: the service says that there is no such thing.
        Unavailable: no answer, throttled, a passing fault, or an answer that cannot be read.
        Failure: the service refused the request itself.
    """
    from azure.core.exceptions import AzureError, HttpResponseError, IncompleteReadError

    try:
        yield
    except IncompleteReadError as error:
        raise unreached(error, asked.doing, host=host) from None
    except HttpResponseError as error:
        if error.response is None:
            raise _without_answer(error, asked, host=host) from None
        raise _answered(asked, error.response, account()) from None
    except AzureError as error:
        raise unreached(error, asked.doing, host=host) from None
    except (ValueError, RecursionError):
        # some clients parse an answer outside their own error handling
        raise unreadable(asked) from None


def unreadable(asked: Asked) -> Unavailable:
    """The error for an answer that makes no sense."""
    return Unavailable(f"could not {asked.doing}: Azure's answer could not be read", hint="try again in a minute")


def _without_answer(error: AzureError, asked: Asked, *, host: str) -> Unavailable:
    """A client's error about an answer that it does not hand on: one that broke off, or one that cannot be read."""
    from azure.core.exceptions import IncompleteReadError, ServiceRequestError, ServiceResponseError

    # storage's client wraps what broke a download off in an error of another kind
    inner = error.inner_exception
    if isinstance(inner, IncompleteReadError | ServiceRequestError | ServiceResponseError):
        return unreached(inner, asked.doing, host=host)
    return unreadable(asked)


def answered(asked: Asked, response: Any, *, account: str) -> MlmonError:
    """The error that an answer with a status of 400 or more means."""
    return _answered(asked, response, account)


def _answered(asked: Asked, response: Any, account: str) -> MlmonError:  # noqa: PLR0911 - one line a status
    status: int = response.status_code
    _, message = told(response)
    if status == 401:
        return _unauthenticated(asked, response, account)
    if status == 403:
        return _forbidden(asked, response, account)
    if is_gone(response):
        return NotFound(
            f"could not {asked.doing}: {message}",
            hint="mlmon init connects this folder to a workspace that is there",
            code=Code.WORKSPACE_NOT_FOUND,
        )
    if status in {404, 410}:
        return NotFound(f"could not {asked.doing}: {message or 'Azure knows no such thing'}", hint="see mlmon status")
    if status in {409, 412}:
        return Unavailable(
            f"could not {asked.doing} while something else changes it{_because(message)}", hint="try again in a minute"
        )
    if status == 429:
        return _throttled(asked, response)
    if status >= 500 or status == 408:
        from mlmon.azure.rest.patience import retry_after

        return Unavailable(
            f"could not {asked.doing}: Azure answered {status}",
            hint="try again in a minute",
            retry_after=retry_after(response.headers),
        )
    if status < 400:
        return unreadable(asked)
    return Failure(
        f"could not {asked.doing}: Azure refused it{_because(message or str(status))}",
        hint="--debug shows the requests",
    )


_GONE: Final = frozenset({"resourcegroupnotfound", "subscriptionnotfound"})
_PARENT: Final = re.compile(r"parent resource '(?:[^'/]+|[^']*/workspaces/[^'/]+)'", re.IGNORECASE)
"""The workspace: an endpoint in it that is missing is called 'ws/ep1'."""
_OURS: Final = re.compile(r"Microsoft\.MachineLearningServices/workspaces/[^/'\s]+'", re.IGNORECASE)


def is_gone(response: Any) -> bool:
    """Whether an answer says that the workspace, its resource group or its subscription is not there."""
    if response.status_code != 404:
        return False
    code, message = told(response)
    workspace = {"resourcenotfound": _OURS, "parentresourcenotfound": _PARENT}.get(code.lower())
    return code.lower() in _GONE or (workspace is not None and workspace.search(message) is not None)


def _because(message: str) -> str:
    return f": {message}" if message else ""


def _unauthenticated(asked: Asked, response: Any, account: str) -> NotAllowed:
    who = account or "this sign-in"
    hint = "sign in again: az login, with --tenant ID if the workspace is in another tenant"
    return NotAllowed(
        f"could not {asked.doing}: Azure does not accept {who} for {_grantable(asked.scope)}",
        hint=_clock(response) or hint,
    )


def _clock(response: Any) -> str:
    """What to do about a clock that differs from the service's; "" when it is near enough or nothing is known."""
    skew = _skew(response.headers.get("Date"))
    side = "ahead of" if skew > 0 else "behind"
    return f"this machine's clock is {abs(skew) / 60:.0f} minutes {side} Azure's: set it right" if skew else ""


def _skew(said: str | None) -> float:
    """How far this clock is ahead of the service's, in seconds; 0 when it is near enough or nothing is known."""
    try:
        ahead = (datetime.now(UTC) - parsedate_to_datetime(said or "")).total_seconds()
    except (ValueError, TypeError):
        return 0.0
    return ahead if abs(ahead) > _SKEW_SECONDS else 0.0


def _forbidden(asked: Asked, response: Any, account: str) -> NotAllowed:
    code, message = told(response)
    if asked.plane is Plane.DATA and code == "AuthorizationFailure":
        return NotAllowed(
            f"could not {asked.doing}: its firewall does not let this machine in",
            hint="use its network or a private endpoint, or have this address allowed",
        )
    if denied := _ACTION.search(message):
        message = f"it needs {denied[1]}"  # the rest repeats who, what and where, in ids
    said = f"{account or 'this sign-in'} may not {asked.doing}{_because(message)}"
    # storage refuses a signature that is older or newer than 15 minutes
    if clock := _clock(response):
        return NotAllowed(said, hint=clock)
    scope = _grantable(asked.scope)
    hints = [f"ask for the role {asked.role!r} on {scope}", asked.otherwise]
    return RoleMissing(said, hint="\n".join(filter(None, hints)), role=asked.role, scope=scope)


# the words of ARM, and those of the v1 services
_ACTION: Final = re.compile(r"(?:authorization|permission) to perform action '([^']+)'")


def _grantable(scope: str) -> str:
    """Where an administrator gives a role: on a workspace, and not on one of the things in it."""
    found = _IN_WORKSPACE.match(scope)
    return found[0] if found else scope


_IN_WORKSPACE: Final = re.compile(r".*?/Microsoft\.MachineLearningServices/workspaces/[^/]+", re.IGNORECASE)


def _throttled(asked: Asked, response: Any) -> Unavailable:
    from mlmon.azure.rest.patience import retry_after

    pause = retry_after(response.headers)
    when = f"in {pause:.0f} s" if pause else "in a minute"
    return Unavailable(f"could not {asked.doing}: Azure throttles", hint=f"try again {when}", retry_after=pause)


def told(response: Any) -> tuple[str, str]:
    """The code and the message of an answer's error, the innermost that says anything; "" where there is none."""
    try:
        document: Json = json.loads(response.text())
    except Exception:
        # whatever an error's body is, the status alone is enough
        return response.headers.get("x-ms-error-code") or "", _xml_message(response)
    error = shape.at(document, "error") or document
    code, message = shape.text(error, "code"), shape.text(error, "message")
    while inner := shape.mapping(error, "innererror"):
        error = dict(inner)
        code, message = shape.text(error, "code") or code, shape.text(error, "message") or message
    return code, short(message)


def _xml_message(response: Any) -> str:
    """Storage answers in XML; other bodies (a proxy's page) are nobody's words."""
    try:
        found = re.search(r"<Message>([^<]{1,2000})", response.text())
    except Exception:
        return ""
    return short(found[1].splitlines()[0]) if found else ""


def short(message: str) -> str:
    """A service's own words on one line, without a full stop at their end, and no longer than `LONGEST`."""
    line = " ".join(message[: 4 * LONGEST].split())
    return (line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…").rstrip(". ")
