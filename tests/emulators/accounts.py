"""The control plane's resources outside a workspace: subscriptions, workspaces, storage, insights, log workspaces."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from emulators import wording
from emulators.messages import Answer, Request
from emulators.resources import Document, spelled

if TYPE_CHECKING:  # arm.py asks this module for its routes
    from emulators.arm import ArmPlane

_SUBSCRIPTION: Final = r"/subscriptions/(?P<subscription>[^/]+)"
_GROUP: Final = _SUBSCRIPTION + r"/resourceGroups/(?P<group>[^/]+)"
_WORKSPACES: Final = f"{wording.MACHINE_LEARNING}/workspaces"


def add_routes(plane: ArmPlane) -> None:
    """Add them to the control plane."""
    _Subscriptions(plane)
    _Resources(plane)


class _Subscriptions:
    def __init__(self, plane: ArmPlane) -> None:
        self._plane = plane
        plane.route("GET", "/subscriptions", self._list)
        plane.route("GET", _SUBSCRIPTION, self._get)
        plane.route("GET", _SUBSCRIPTION + "/resourceGroups", self._groups)
        plane.route("GET", _GROUP, self._group)
        plane.route("GET", "/tenants", self._tenants)

    def _list(self, request: Request) -> Answer:
        return self._plane.page(request, self._plane.azure.resources.subscriptions.values())

    def _get(self, _request: Request, subscription: str) -> Answer:
        self._plane.scope(subscription)
        known = self._plane.azure.resources.subscriptions
        return Answer.json(known[spelled(known, subscription)])

    def _groups(self, request: Request, subscription: str) -> Answer:
        scope = self._plane.scope(subscription)
        ids = sorted(id_ for id_ in self._plane.azure.resources.groups if id_.startswith(f"{scope}/"))
        return self._plane.page(request, [_group_document(id_) for id_ in ids])

    def _group(self, _request: Request, subscription: str, group: str) -> Answer:
        return Answer.json(_group_document(self._plane.scope(subscription, group)))

    def _tenants(self, request: Request) -> Answer:
        access = self._plane.azure.access
        tenants = [access.tenant, *access.other_tenants]
        return self._plane.page(request, [{"id": f"/tenants/{one}", "tenantId": one} for one in tenants])


class _Resources:
    def __init__(self, plane: ArmPlane) -> None:
        self._plane = plane
        for above in (_SUBSCRIPTION, _GROUP):
            plane.route("GET", f"{above}/providers/{_escaped(_WORKSPACES)}", self._workspaces)
        self._gettable(_WORKSPACES, plane.azure.resources.workspaces)
        self._gettable("Microsoft.Insights/components", plane.azure.resources.components)
        self._gettable("Microsoft.OperationalInsights/workspaces", plane.azure.resources.log_workspaces)
        storage = f"{_GROUP}/providers/Microsoft\\.Storage/storageAccounts/(?P<name>[^/]+)"
        plane.route("GET", storage, self._storage)
        plane.route("POST", storage + "/listKeys", self._storage_keys)

    def _gettable(self, kind: str, known: Mapping[str, Document]) -> None:
        def get(_request: Request, subscription: str, group: str, name: str) -> Answer:
            return Answer.json(self._plane.find(known.values(), subscription, group, kind, name))

        self._plane.route("GET", f"{_GROUP}/providers/{_escaped(kind)}/(?P<name>[^/]+)", get)

    def _workspaces(self, request: Request, subscription: str, group: str = "") -> Answer:
        above = f"{self._plane.scope(subscription, group)}/".lower()
        known = self._plane.azure.resources.workspaces.values()
        return self._plane.page(request, [one for one in known if one["id"].lower().startswith(above)])

    def _account(self, subscription: str, group: str, name: str) -> Document:
        known = self._plane.azure.resources.storage_accounts.values()
        return self._plane.find(known, subscription, group, "Microsoft.Storage/storageAccounts", name)

    def _storage(self, _request: Request, subscription: str, group: str, name: str) -> Answer:
        account = copy.deepcopy(self._account(subscription, group, name))
        endpoints = {"blob": self._plane.azure.blob_endpoint(account["name"])}
        account["properties"].setdefault("primaryEndpoints", endpoints)
        return Answer.json(account)

    def _storage_keys(self, _request: Request, subscription: str, group: str, name: str) -> Answer:
        account = self._account(subscription, group, name)["name"]
        key = self._plane.azure.resources.storage_keys[account]
        created = "2026-01-05T08:00:00.1234567Z"
        return Answer.json(
            {"keys": [{"creationTime": created, "keyName": "key1", "value": key, "permissions": "FULL"}]}
        )


def _group_document(id_: str) -> Document:
    state = {"provisioningState": "Succeeded"}
    kind = "Microsoft.Resources/resourceGroups"
    return {"id": id_, "name": id_.rpartition("/")[2], "type": kind, "location": "westeurope", "properties": state}


def _escaped(kind: str) -> str:
    return kind.replace(".", r"\.")
