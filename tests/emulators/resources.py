"""What this Azure holds: every resource as the plain document that Resource Manager would answer."""

from __future__ import annotations

import base64
import secrets
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from emulators.wording import MACHINE_LEARNING

Document = dict[str, Any]

LOCATION = "westeurope"
_CREATED = "2026-01-05T08:00:00.1234567+00:00"


@dataclass(slots=True)
class Contents:
    """What one Machine Learning workspace holds. Keys are names, spelled as the resource spells them."""

    id: str
    datastores: dict[str, Document] = field(default_factory=dict)
    endpoints: dict[str, Document] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    """The scoring key of each endpoint."""
    deployments: dict[tuple[str, str], Document] = field(default_factory=dict)
    logs: dict[tuple[str, str, str], list[str] | str] = field(default_factory=dict)
    """By endpoint, deployment and container: the lines below the status block, or the whole answer as one string."""
    data: dict[tuple[str, str], Document] = field(default_factory=dict)
    models: dict[tuple[str, str], Document] = field(default_factory=dict)
    environments: dict[tuple[str, str], Document] = field(default_factory=dict)
    schedules: dict[str, Document] = field(default_factory=dict)
    codes: dict[tuple[str, str], Document] = field(default_factory=dict)
    jobs: dict[str, Document] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.id.rpartition("/")[2]

    @property
    def group(self) -> str:
        return self.id.split("/")[4]


@dataclass(slots=True)
class Resources:
    """Everything below the subscriptions."""

    subscriptions: dict[str, Document] = field(default_factory=dict)
    groups: set[str] = field(default_factory=set)
    """Ids of resource groups."""
    workspaces: dict[str, Document] = field(default_factory=dict)
    storage_accounts: dict[str, Document] = field(default_factory=dict)
    components: dict[str, Document] = field(default_factory=dict)
    log_workspaces: dict[str, Document] = field(default_factory=dict)
    contents: dict[str, Contents] = field(default_factory=dict)
    """By workspace name."""
    storage_keys: dict[str, str] = field(default_factory=dict)
    """The first account key of each storage account."""


def proxy(id_: str, properties: Document) -> Document:
    """A document with the four parts every resource has; its name and type are read off its id."""
    provider, *rest = id_.rpartition("/providers/")[2].split("/")
    who = {"createdBy": "mlmon tests", "createdByType": "Application", "createdAt": _CREATED}
    return {
        "id": id_,
        "name": rest[-1],
        "type": "/".join([provider, *rest[::2]]),
        "systemData": {**who, "lastModifiedAt": _CREATED},
        "properties": properties,
    }


def tracked(id_: str, properties: Document) -> Document:
    """A document that has a place and tags too."""
    return {**proxy(id_, properties), "location": LOCATION, "tags": {}}


def spelled(known: Mapping[str, Document], name: str) -> str:
    """The spelling under which a name is kept, or "" where there is none; Azure's names match in any case."""
    return next((key for key in known if key.lower() == name.lower()), "")


def by_id(documents: Iterable[Document], id_: str) -> Document | None:
    """The document whose id this is, in any case."""
    return next((one for one in documents if str(one["id"]).lower() == id_.rstrip("/").lower()), None)


def subscription(name: str, *, tenant: str, id_: str) -> Document:
    return {
        "id": f"/subscriptions/{id_}",
        "authorizationSource": "RoleBased",
        "managedByTenants": [],
        "subscriptionId": id_,
        "tenantId": tenant,
        "displayName": name,
        "state": "Enabled",
        "subscriptionPolicies": {"locationPlacementId": "Public_2014-09-01", "quotaId": "PayAsYouGo_2014-09-01"},
    }


def workspace(group: str, name: str, *, tenant: str, storage: str) -> Document:
    """A Machine Learning workspace; `group` is the id of its resource group, `storage` its account's name."""
    id_ = f"{group}/providers/{MACHINE_LEARNING}/workspaces/{name}"
    unique = str(uuid.uuid4())
    properties = {
        "friendlyName": name,
        "description": "",
        "workspaceId": unique,
        "tenantId": tenant,
        "storageAccount": f"{group}/providers/Microsoft.Storage/storageAccounts/{storage}",
        "keyVault": f"{group}/providers/Microsoft.Keyvault/vaults/{name}-kv",
        # the service spells this provider in lower case, its own portal does not
        "applicationInsights": f"{group}/providers/microsoft.insights/components/{name}-insights",
        "mlFlowTrackingUri": f"azureml://{LOCATION}.api.azureml.ms/mlflow/v1.0{id_}",
        "publicNetworkAccess": "Enabled",
        "provisioningState": "Succeeded",
        "hbiWorkspace": False,
        "v1LegacyMode": False,
    }
    identity = {"type": "SystemAssigned", "principalId": str(uuid.uuid4()), "tenantId": tenant}
    return {
        **tracked(id_, properties),
        "etag": unique,
        "kind": "Default",
        "identity": identity,
        "sku": {"name": "Basic", "tier": "Basic"},
    }


def storage_name(workspace_name: str) -> str:
    """The storage account that a workspace of this name gets: letters and digits only."""
    return "".join(letter for letter in workspace_name.lower() if letter.isalnum())[:18] + "store"


def storage_account(id_: str) -> Document:
    properties = {"provisioningState": "Succeeded", "statusOfPrimary": "available", "allowSharedKeyAccess": True}
    return {**tracked(id_, properties), "kind": "StorageV2", "sku": {"name": "Standard_LRS", "tier": "Standard"}}


def component(id_: str, *, log_workspace: str, tenant: str) -> Document:
    """An Application Insights component that keeps its rows in a Log Analytics workspace."""
    app = str(uuid.uuid4())
    properties = {
        "ApplicationId": id_.rpartition("/")[2],
        "AppId": app,
        "Application_Type": "web",
        "Flow_Type": "Bluefield",
        "Request_Source": "IbizaAIExtension",
        "InstrumentationKey": str(uuid.uuid4()),
        "Name": id_.rpartition("/")[2],
        "TenantId": tenant,
        "provisioningState": "Succeeded",
        "RetentionInDays": 90,
        "WorkspaceResourceId": log_workspace,
        "IngestionMode": "LogAnalytics",
        "publicNetworkAccessForIngestion": "Enabled",
        "publicNetworkAccessForQuery": "Enabled",
    }
    return {**tracked(id_, properties), "kind": "web", "etag": f'"{app[:8]}"'}


def log_workspace(id_: str) -> Document:
    properties = {
        "customerId": str(uuid.uuid4()),
        "provisioningState": "Succeeded",
        "sku": {"name": "PerGB2018"},
        "retentionInDays": 30,
        "publicNetworkAccessForIngestion": "Enabled",
        "publicNetworkAccessForQuery": "Enabled",
    }
    return tracked(id_, properties)


def datastore(workspace_id: str, name: str, *, account: str, container: str, default: bool = False) -> Document:
    """A blob datastore whose key the workspace keeps."""
    properties = {
        "description": None,
        "tags": {},
        "properties": None,
        "isDefault": default,
        "credentials": {"credentialsType": "AccountKey"},
        "datastoreType": "AzureBlob",
        "accountName": account,
        "containerName": container,
        "endpoint": "core.windows.net",
        "protocol": "https",
        "serviceDataAccessAuthIdentity": "None",
        "subscriptionId": workspace_id.split("/")[2],
        "resourceGroup": workspace_id.split("/")[4],
    }
    return proxy(f"{workspace_id}/datastores/{name}", properties)


def endpoint(workspace_id: str, name: str, *, scoring: str, kind: str) -> Document:
    """An online endpoint of the kind its deployments have."""
    properties = {
        "authMode": "Key",
        "description": None,
        "properties": {"azureml.onlineendpointid": str(uuid.uuid4())},
        "provisioningState": "Succeeded",
        "publicNetworkAccess": "Enabled",
        "scoringUri": scoring,
        "swaggerUri": scoring.replace("/score", "/swagger.json"),
        "traffic": {},
        "mirrorTraffic": {},
    }
    return {
        **tracked(f"{workspace_id}/onlineEndpoints/{name}", properties),
        "kind": kind,
        "identity": {"type": "SystemAssigned", "principalId": str(uuid.uuid4()), "tenantId": str(uuid.uuid4())},
    }


def filled_in(kind: str) -> Document:
    """The properties that the service fills in where a new deployment of a kind says nothing of them."""
    probe = {
        "failureThreshold": 30,
        "initialDelay": "PT10S",
        "period": "PT10S",
        "successThreshold": 1,
        "timeout": "PT2S",
    }
    properties: Document = {
        "livenessProbe": probe,
        "readinessProbe": dict(probe),
        "requestSettings": {
            "maxConcurrentRequestsPerInstance": 1,
            "maxQueueWait": "PT0.5S",
            "requestTimeout": "PT5S",
        },
        "scaleSettings": {"scaleType": "Default"},
    }
    if kind != "Kubernetes":
        return {**properties, "egressPublicNetworkAccess": "Enabled"}
    limits, asked = {"cpu": "1", "memory": "2Gi", "gpu": None}, {"cpu": "100m", "memory": "500Mi", "gpu": None}
    resources = {"containerResourceLimits": limits, "containerResourceRequests": asked}
    return {**properties, "containerResourceRequirements": resources}


def deployment(workspace_id: str, endpoint_name: str, name: str, *, kind: str) -> Document:
    """An online deployment with a scoring script of its own, nothing collected, Application Insights off."""
    properties: Document = {
        "endpointComputeType": kind,
        "codeConfiguration": {"codeId": f"{workspace_id}/codes/{name}/versions/1", "scoringScript": "score.py"},
        "environmentId": f"{workspace_id}/environments/scoring/versions/3",
        "environmentVariables": {"AZUREML_ENTRY_SCRIPT": "score.py"},
        "model": f"{workspace_id}/models/churn/versions/2",
        "modelMountPath": None,
        "description": None,
        "properties": {"AzureAsyncOperationUri": "kept by the service"},
        "appInsightsEnabled": False,
        "instanceType": "defaultinstancetype" if kind == "Kubernetes" else "Standard_DS3_v2",
        **filled_in(kind),
        "provisioningState": "Succeeded",
    }
    id_ = f"{workspace_id}/onlineEndpoints/{endpoint_name}/deployments/{name}"
    return {**tracked(id_, properties), "kind": kind, "sku": {"name": "Default", "tier": "Standard", "capacity": 1}}


def data_version(workspace_id: str, name: str, version: str, *, uri: str, kind: str = "uri_folder") -> Document:
    """A version of a data asset."""
    properties: Document = {
        "description": None,
        "tags": {},
        "properties": {},
        "isArchived": False,
        "isAnonymous": False,
        "dataType": kind,
        "dataUri": uri,
    }
    return proxy(f"{workspace_id}/data/{name}/versions/{version}", properties)


def new_key() -> str:
    """A key as storage accounts have them: 64 bytes."""
    return base64.b64encode(secrets.token_bytes(64)).decode()
