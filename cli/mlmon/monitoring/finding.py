"""Which service a person means by a name."""

from __future__ import annotations

from typing import Final

from mlmon.core.errors import Code, NotFound, UsageError, did_you_mean
from mlmon.core.model import Service, ServiceName
from mlmon.core.ports import Workspace

_MOST_NAMED: Final = 10


def find(workspace: Workspace, text: str) -> Service:
    """The service of that name; an endpoint alone names its deployment when it has just one.

    Raises:
        NotFound: no such service; the hint names what there is.
        UsageError: it is no service's name, or an endpoint's that has several deployments.
    """
    name = ServiceName.parse(text)
    try:
        return workspace.services.get(name)
    except NotFound:
        services = workspace.services.list()
    deployments = [service for service in services if service.name.endpoint == text and service.name.deployment]
    if len(deployments) == 1:
        return deployments[0]
    names = [str(service.name) for service in services]
    if deployments:
        several = ", ".join(str(service.name) for service in deployments)
        raise UsageError(
            f"the endpoint {text!r} has {len(deployments)} deployments: {several}", hint="name one of them"
        )
    known = f"its services: {', '.join(names[:_MOST_NAMED])};" if names else "it has no services;"
    hints = [f"{did_you_mean(text, names) or known} see mlmon status", *workspace.services.unseen]
    ended = "" if name.deployment else "".join(f": {sentence}" for sentence in workspace.services.ended)
    code = Code.V1_ENDED if ended else Code.SERVICE_NOT_FOUND
    raise NotFound(f"no service named {text!r} in {workspace.name}{ended}", hint="\n".join(hints), code=code)
