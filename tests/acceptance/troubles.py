"""What can be the matter with an Azure, and with the machine that asks it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from email.utils import formatdate

from emulators import blobfront, faults
from emulators.azure import LocalAzure
from emulators.messages import Answer

Trouble = Callable[[LocalAzure], AbstractContextManager[object]]


def fault(made: faults.Fault, **where: object) -> Trouble:
    """A fault on the way."""
    return lambda azure: azure.fault(made, **where)  # type: ignore[arg-type]


def denied(action: str) -> Trouble:
    """A role that is missing."""
    return lambda azure: azure.deny(action)


def stopped(plane: str) -> Trouble:
    """Nobody listens."""
    return lambda azure: azure.stop_plane(plane)


def operation(status: str) -> Trouble:
    """Operations end otherwise than well."""
    return lambda azure: azure.operations.going(status=status)


def endless(azure: LocalAzure) -> AbstractContextManager[object]:
    """Operations do not end."""
    return azure.operations.going(polls=None)


@contextmanager
def nothing(_azure: LocalAzure) -> Iterator[None]:
    """Only the variables are wrong."""
    yield


@contextmanager
def updating(azure: LocalAzure) -> Iterator[None]:
    """Somebody else's change is going on."""
    properties = azure.deployments["ep1", "green"]["properties"]
    before, properties["provisioningState"] = properties["provisioningState"], "Updating"
    yield
    properties["provisioningState"] = before


@contextmanager
def partial(azure: LocalAzure) -> Iterator[None]:
    with azure.log_analytics.partial():
        yield


@contextmanager
def workspace_deleted(azure: LocalAzure) -> Iterator[None]:
    name = azure.workspace.name
    kept = azure.workspaces.pop(name)
    yield
    azure.workspaces[name] = kept


@contextmanager
def v1_gone(azure: LocalAzure) -> Iterator[None]:
    """The region has no v1 services any more: the workspace's discovery address is no longer served."""
    with azure.fault(faults.refuse(404, {"error": {"code": "NotFound"}}), plane="v1"):
        yield


def early() -> Trouble:
    """Azure's clock is an hour behind this machine's, which shows in its answers."""
    message = "The access token is not valid yet."
    answer = Answer.error(401, "InvalidAuthenticationToken", message).having(Date=an_hour_ago())
    return fault(faults.Fault(answer), plane="arm", path="MachineLearningServices")


def signed_too_late() -> Trouble:
    """The same at the storage, which refuses a signature with such a time."""
    message = (
        "Server failed to authenticate the request. Make sure the value of Authorization header is formed correctly."
    )
    answer = blobfront.storage_error(403, "AuthenticationFailed", message).having(Date=an_hour_ago())
    return fault(faults.Fault(answer), plane="blob")


def an_hour_ago() -> str:
    return formatdate(time.time() - 3600, usegmt=True)
