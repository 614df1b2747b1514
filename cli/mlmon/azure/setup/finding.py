"""Finding workspaces: those that a sign-in can see, and what is to be known of one. For `mlmon init` alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Final, TypeVar

from mlmon.azure.discovery.facts import arm_id
from mlmon.azure.discovery.lookup import last
from mlmon.azure.discovery.places import are_parts
from mlmon.azure.rest import shape
from mlmon.azure.rest.faults import Asked, short
from mlmon.azure.setup.sdk import Sdk
from mlmon.core.errors import MlmonError, NotAllowed, NotFound, Unavailable, UsageError, did_you_mean
from mlmon.core.model import Discovered
from mlmon.settings import AzureWorkspace

if TYPE_CHECKING:
    from mlmon.azure.connection import Connection
    from mlmon.azure.rest.wire import Wire

T = TypeVar("T")
_SUBSCRIPTIONS_API: Final = {"api-version": "2022-12-01"}
_WORKSPACES_API: Final = {"api-version": "2024-10-01"}
_MOST: Final = 50
"""How many subscriptions are looked into. Whoever sees more can name one."""
_MOST_NAMED: Final = 10
_PARTS: Final = 9
"""How many parts the id of a workspace has, the empty one before its first slash included."""
_GUID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def visible(wire: Wire, *, subscription: str = "") -> list[AzureWorkspace]:
    """The workspaces that this sign-in can see, in one subscription or in all, sorted by name.

    Raises as `faults.translated`.
    """
    sdk = Sdk(wire)
    subscriptions = [subscription] if subscription else [id_ for id_, _ in islice(_subscriptions(wire), _MOST)]
    found: list[AzureWorkspace] = []
    for each in subscriptions:
        listed = sdk.workspaces(each)
        found += list(_workspaces(wire, each)) if listed is None else listed
    return sorted(set(found), key=lambda one: (one.name.lower(), one.resource_group.lower(), one.subscription))


def discovered(connection: Connection, *, warn: Callable[[MlmonError], None]) -> Discovered:
    """Everything that can be remembered of a workspace. What it lacks, or may not be seen, is `warn`ed of and "".

    Raises as `Discovery.workspace`.
    """
    discovery = connection.discovery
    told = Sdk(connection.wire).found(connection.target, path=connection.path)
    if told:
        discovery.adopt(*told)
    workspace = discovery.workspace()

    def tried(ask: Callable[[], T], passing: tuple[type[MlmonError], ...] = (NotAllowed, NotFound)) -> T | None:
        try:
            return ask()
        except passing as error:
            warn(error)
            return None

    storage, telemetry = tried(discovery.storage), tried(discovery.telemetry)
    return Discovered(
        region=workspace.location,
        storage=f"{storage.account}/{storage.container}" if storage else "",
        telemetry=last(telemetry.component) if telemetry else "",
        logs_workspace=telemetry.logs_workspace if telemetry else "",
        # they may be out of order for good where nobody has any
        v1=bool(tried(discovery.management, (NotFound, Unavailable))),
    )


def subscription(wire: Wire, said: str) -> str:
    """The id of a subscription that is named by its id or its name.

    Raises:
        NotFound: this sign-in sees none of that name.
        UsageError: it sees several.
    """
    if _GUID.fullmatch(said):
        return said
    known = list(_subscriptions(wire))
    found = [id_ for id_, name in known if said.lower() in {id_.lower(), name.lower()}]
    if len(found) == 1:
        return found[0]
    if found:
        raise UsageError(
            f"{len(found)} subscriptions are named {short(said)!r}",
            hint=f"write an id: {', '.join(found[:_MOST_NAMED])}",
        )
    names = sorted({name for _, name in known if name})
    seen = f"it sees {', '.join(names[:_MOST_NAMED])}" if names else "az account list shows those of az"
    raise NotFound(f"this sign-in sees no subscription named {short(said)!r}", hint=did_you_mean(said, names) or seen)


def spelled(connection: Connection) -> AzureWorkspace:
    """The names of a workspace as Azure writes them. Raises as `Discovery.workspace`."""
    asked = connection.target.bare()
    parts = connection.discovery.workspace().id.split("/")
    found = AzureWorkspace(parts[2], parts[4], parts[8]) if len(parts) == _PARTS else asked
    return found if found.is_same(asked) else asked


def _subscriptions(wire: Wire) -> Iterator[tuple[str, str]]:
    """The id and the name of each that can be seen."""
    asked = Asked("list the subscriptions", scope="the tenant", role="Reader")
    cloud = wire.cloud
    arm = wire.client(cloud.resource_manager, scope=cloud.resource_manager_scope)
    for each in arm.pages("/subscriptions", asked=asked, query=_SUBSCRIPTIONS_API):
        found = shape.text(each, "subscriptionId")
        if are_parts(found):
            yield found, short(shape.text(each, "displayName"))


def _workspaces(wire: Wire, subscription: str) -> Iterator[AzureWorkspace]:
    scope = f"/subscriptions/{subscription}"
    asked = Asked("list the workspaces", scope=scope, role="Reader")
    cloud = wire.cloud
    arm = wire.client(cloud.resource_manager, scope=cloud.resource_manager_scope)
    path = f"{scope}/providers/Microsoft.MachineLearningServices/workspaces"
    for each in arm.pages(path, asked=asked, query=_WORKSPACES_API):
        parts = arm_id(each, "id").split("/")
        if len(parts) == _PARTS:
            yield AzureWorkspace(subscription, parts[4], parts[8])
