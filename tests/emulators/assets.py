"""What a workspace holds beside its endpoints: datastores, data, models, environments, schedules."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from emulators import bodies, wording
from emulators.messages import Answer, Request
from emulators.operations import SUCCEEDED
from emulators.resources import Contents, Document, proxy, spelled
from emulators.schemas import read

if TYPE_CHECKING:  # arm.py asks this module for its routes
    from emulators.arm import ArmPlane

_NAMED: Final = "/(?P<name>[^/]+)"
_VERSION: Final = "/versions/(?P<version>[^/]+)"


def add_routes(plane: ArmPlane) -> None:
    """Add them to the control plane."""
    _Datastores(plane)
    _Schedules(plane)
    versioned = _Versioned(plane)
    for kind in ("data", "models", "environments"):
        versioned.add(kind)
    plane.inside("PUT", f"/data{_NAMED}{_VERSION}", versioned.put_data)


class _Datastores:
    def __init__(self, plane: ArmPlane) -> None:
        self._plane = plane
        plane.inside("GET", "/datastores", self._list)
        plane.inside("GET", f"/datastores{_NAMED}", self._get)
        plane.inside("POST", f"/datastores{_NAMED}/listSecrets", self._secrets)

    def _list(self, request: Request, contents: Contents) -> Answer:
        default = request.query.get("isDefault", "").lower()
        known = [
            one
            for one in contents.datastores.values()
            if not default or one["properties"].get("isDefault") is (default == "true")
        ]
        return self._plane.page(request, known)

    def _get(self, _request: Request, contents: Contents, name: str) -> Answer:
        return Answer.json(_of(contents.datastores, name, "data store"))

    def _secrets(self, request: Request, contents: Contents, name: str) -> Answer:
        """A signature that expires where that is asked for, as newer clients do; else the account's key."""
        found = _of(contents.datastores, name, "data store")["properties"]
        key = self._plane.azure.resources.storage_keys[found["accountName"]]
        asked, problems = read(bodies.LIST_SECRETS, request.json() if request.body else {})
        if problems:
            raise wording.invalid(problems)
        if not asked.get("expirableSecret"):
            return Answer.json({"secretsType": "AccountKey", "key": key})
        hours = float(asked.get("expireAfterHours") or 1)
        token = _signature(found["accountName"], found["containerName"], key=key, hours=hours)
        return Answer.json({"secretsType": "Sas", "sasToken": token})


def _signature(account: str, container: str, *, key: str, hours: float) -> str:
    from azure.storage.blob import ContainerSasPermissions, generate_container_sas  # why here: 0.3 s, rarely needed

    allowed = ContainerSasPermissions(read=True, list=True, write=True, create=True, delete=True, add=True)
    expiry = datetime.now(UTC) + timedelta(hours=hours)
    return generate_container_sas(account, container, account_key=key, permission=allowed, expiry=expiry)


class _Versioned:
    """Assets that have versions. A container's document is made from the versions there are."""

    def __init__(self, plane: ArmPlane) -> None:
        self._plane = plane

    def add(self, kind: str) -> None:
        """Routes to read one kind: `data`, `models` or `environments`."""

        def containers(request: Request, contents: Contents) -> Answer:
            known = getattr(contents, kind)
            names = sorted({name for name, _ in known})
            return self._plane.page(request, [_container(contents, kind, name) for name in names])

        def container(_request: Request, contents: Contents, name: str) -> Answer:
            return Answer.json(_container(contents, kind, name))

        def versions(request: Request, contents: Contents, name: str) -> Answer:
            found = _versions(contents, kind, name)
            top = int(request.query.get("$top") or len(found))
            return self._plane.page(request, list(reversed(found))[:top])  # newest first, as the service lists them

        def version(_request: Request, contents: Contents, name: str, version: str) -> Answer:
            known = {one["name"]: one for one in _versions(contents, kind, name)}
            if version not in known:
                raise wording.no_asset(f"Asset '{name}' has no version '{version}' in workspace '{contents.name}'.")
            return Answer.json(known[version])

        self._plane.inside("GET", f"/{kind}", containers)
        self._plane.inside("GET", f"/{kind}{_NAMED}", container)
        self._plane.inside("GET", f"/{kind}{_NAMED}/versions", versions)
        self._plane.inside("GET", f"/{kind}{_NAMED}{_VERSION}", version)

    def put_data(self, request: Request, contents: Contents, name: str, version: str) -> Answer:
        """A new version, or new words about an old one: where its data is cannot change."""
        stored = contents.data.get((name, version))
        body, problems = read(bodies.DATA_VERSION, request.json(), stored=stored)
        if problems:
            raise wording.invalid(problems)
        if stored is not None and body["properties"]["dataUri"] != stored["properties"]["dataUri"]:
            raise wording.conflict(
                f"A data version with this name and version already exists: {name}:{version}. The data uri of an "
                "existing version cannot be changed; only its tags, description and isArchived can be updated."
            )
        made = proxy(f"{contents.id}/data/{name}/versions/{version}", body["properties"])
        contents.data[name, version] = made
        return Answer.json(made, 201 if stored is None else 200)


def _versions(contents: Contents, kind: str, name: str) -> list[Document]:
    known: Mapping[tuple[str, str], Document] = getattr(contents, kind)
    found = [one for (its_name, _), one in known.items() if its_name.lower() == name.lower()]
    if not found:
        raise wording.no_asset(f"No asset named '{name}' ({kind}) was found in workspace '{contents.name}'.")
    return found


def _container(contents: Contents, kind: str, name: str) -> Document:
    last = _versions(contents, kind, name)[-1]
    its_name, numbers = last["id"].split("/")[-3], last["name"]
    following = str(int(numbers) + 1) if numbers.isdecimal() else None
    properties: dict[str, Any] = {"isArchived": False, "latestVersion": numbers, "nextVersion": following, "tags": {}}
    if kind == "data":
        properties["dataType"] = last["properties"]["dataType"]
    return proxy(f"{contents.id}/{kind}/{its_name}", properties)


class _Schedules:
    def __init__(self, plane: ArmPlane) -> None:
        self._plane = plane
        plane.inside("GET", "/schedules", self._list)
        plane.inside("GET", f"/schedules{_NAMED}", self._get)
        plane.inside("PUT", f"/schedules{_NAMED}", self._put)
        plane.inside("DELETE", f"/schedules{_NAMED}", self._delete)
        plane.inside("POST", f"/schedules{_NAMED}/trigger", self._trigger)

    def _list(self, request: Request, contents: Contents) -> Answer:
        view = request.query.get("listViewType", "EnabledOnly").lower()
        known = [
            one
            for one in contents.schedules.values()
            if view == "all" or bool(one["properties"].get("isEnabled")) is (view == "enabledonly")
        ]
        return self._plane.page(request, known)

    def _get(self, _request: Request, contents: Contents, name: str) -> Answer:
        return Answer.json(_of(contents.schedules, name, "schedule"))

    def _put(self, request: Request, contents: Contents, name: str) -> Answer:
        name = spelled(contents.schedules, name) or name
        stored = contents.schedules.get(name)
        body, problems = read(bodies.SCHEDULE, request.json(), stored=stored)
        if problems:
            raise wording.invalid(problems)
        made = proxy(f"{contents.id}/schedules/{name}", {**body["properties"], "provisioningState": "Succeeded"})

        def finish(status: str) -> None:
            if status == SUCCEEDED:
                contents.schedules[name] = made

        shown = {**made, "properties": {**made["properties"], "provisioningState": "Creating"}}
        return self._following(Answer.json(shown, 201 if stored is None else 200), request, finish)

    def _delete(self, request: Request, contents: Contents, name: str) -> Answer:
        name = spelled(contents.schedules, name)
        if not name:
            return Answer(204)

        def finish(status: str) -> None:
            if status == SUCCEEDED:
                contents.schedules.pop(name, None)

        return self._following(Answer(202), request, finish)

    def _trigger(self, _request: Request, contents: Contents, name: str) -> Answer:
        _of(contents.schedules, name, "schedule")
        return Answer.json({"scheduleActionType": "CreateMonitor", "jobName": f"{name}-{uuid.uuid4().hex[:8]}"})

    def _following(self, answer: Answer, request: Request, finish: Any) -> Answer:
        operations = self._plane.azure.operations
        operation = operations.begin(finish, result=lambda: Answer(204))
        return answer.having(
            Azure_AsyncOperation=self._plane.operation_url(request, "mfeOperationsStatus", operation.id),
            Location=self._plane.operation_url(request, "mfeOperationResults", operation.id),
            x_ms_async_operation_timeout="PT1H",
            **operations.wait(operation),
        )


def _of(known: Mapping[str, Document], name: str, what: str) -> Document:
    found = spelled(known, name)
    if not found:
        raise wording.no_asset(f"Could not find {what} with name: {name}.")
    return known[found]
