"""The bodies that Machine Learning takes: deployments, their patches and logs, data versions, schedules."""

from __future__ import annotations

from typing import Final

from emulators.schemas import (
    Check,
    Each,
    Items,
    Kinds,
    Nullable,
    Number,
    OneOf,
    Thing,
    anything,
    duration,
    text,
    truth,
)

_PROBE: Final = Nullable(
    Thing(
        {
            "failureThreshold": Number(whole=True),
            "successThreshold": Number(whole=True),
            "initialDelay": duration,
            "period": duration,
            "timeout": duration,
        }
    )
)
_COLLECTION: Final = Thing(
    {
        "clientId": Nullable(text),
        "dataCollectionMode": OneOf(("Enabled", "Disabled")),
        "dataId": Nullable(text),
        "samplingRate": Number(0, 1),
    }
)
COLLECTOR: Final = Nullable(
    Thing(
        {
            "collections": Each(_COLLECTION),
            "requestLogging": Nullable(Thing({"captureHeaders": Nullable(Items(text))})),
            "rollingRate": Nullable(OneOf(("Year", "Month", "Day", "Hour", "Minute"))),
        },
        required=frozenset({"collections"}),
    )
)
_SCALE: Final = Nullable(
    Kinds(
        "scaleType",
        {
            "Default": Thing({"scaleType": text}),
            "TargetUtilization": Thing(
                {
                    "scaleType": text,
                    "maxInstances": Number(whole=True),
                    "minInstances": Number(whole=True),
                    "pollingInterval": duration,
                    "targetUtilizationPercentage": Number(whole=True),
                }
            ),
        },
    )
)
_ONLINE: Final[dict[str, Check]] = {
    "appInsightsEnabled": truth,
    "codeConfiguration": Nullable(
        Thing({"codeId": Nullable(text), "scoringScript": text}, required=frozenset({"scoringScript"}))
    ),
    "dataCollector": COLLECTOR,
    "description": Nullable(text),
    "egressPublicNetworkAccess": OneOf(("Enabled", "Disabled")),
    "endpointComputeType": text,
    "environmentId": Nullable(text),
    "environmentVariables": Nullable(Each(Nullable(text))),
    "instanceType": Nullable(text),
    "livenessProbe": _PROBE,
    "model": Nullable(text),
    "modelMountPath": Nullable(text),
    "properties": Nullable(Each(Nullable(text))),
    "provisioningState": anything,
    "readinessProbe": _PROBE,
    "requestSettings": Nullable(
        Thing(
            {
                "maxConcurrentRequestsPerInstance": Number(whole=True),
                "maxQueueWait": duration,
                "requestTimeout": duration,
            }
        )
    ),
    "scaleSettings": _SCALE,
    "startupProbe": _PROBE,
}
_RESOURCES: Final = Nullable(Thing({"cpu": Nullable(text), "gpu": Nullable(text), "memory": Nullable(text)}))
_KUBERNETES: Final[dict[str, Check]] = {
    **_ONLINE,
    "containerResourceRequirements": Nullable(
        Thing({"containerResourceLimits": _RESOURCES, "containerResourceRequests": _RESOURCES})
    ),
}
_SKU_KEYS: Final[dict[str, Check]] = {
    "capacity": Nullable(Number(whole=True)),
    "family": Nullable(text),
    "name": text,
    "size": Nullable(text),
    "tier": Nullable(OneOf(("Free", "Basic", "Standard", "Premium"))),
}
_IDENTITY: Final = Thing(
    {
        "principalId": anything,
        "tenantId": anything,
        "type": OneOf(("None", "SystemAssigned", "UserAssigned", "SystemAssigned,UserAssigned")),
        "userAssignedIdentities": Nullable(Each(anything)),
    },
    required=frozenset({"type"}),
)
_TRACKED: Final[dict[str, Check]] = {
    "id": anything,
    "name": anything,
    "type": anything,
    "systemData": anything,
    "identity": Nullable(_IDENTITY),
    "kind": Nullable(text),
    "location": text,
    "sku": Nullable(Thing(_SKU_KEYS, required=frozenset({"name"}))),
    "tags": Nullable(Each(Nullable(text))),
}
DEPLOYMENT: Final = Thing(
    {
        **_TRACKED,
        "properties": Kinds(
            "endpointComputeType",
            {"Managed": Thing(_ONLINE), "Kubernetes": Thing(_KUBERNETES), "AzureMLCompute": Thing(_ONLINE)},
        ),
    },
    required=frozenset({"location", "properties"}),
)
DEPLOYMENT_PATCH: Final = Thing({"sku": Nullable(Thing(_SKU_KEYS)), "tags": Nullable(Each(Nullable(text)))})
GET_LOGS: Final = Thing(
    {
        "containerType": OneOf(("StorageInitializer", "InferenceServer", "ModelDataCollector")),
        "tail": Nullable(Number(whole=True)),
    }
)
LIST_SECRETS: Final = Thing({"expirableSecret": truth, "expireAfterHours": Nullable(Number(whole=True))})
_PROXY: Final[dict[str, Check]] = {"id": anything, "name": anything, "type": anything, "systemData": anything}
_ASSET: Final[dict[str, Check]] = {
    "description": Nullable(text),
    "isAnonymous": truth,
    "isArchived": truth,
    "properties": Nullable(Each(Nullable(text))),
    "tags": Nullable(Each(Nullable(text))),
}
_DATA: Final = Thing(
    {
        **_ASSET,
        "autoDeleteSetting": anything,
        "dataType": text,
        "dataUri": text,
        "intellectualProperty": anything,
        "referencedUris": Nullable(Items(text)),
        "stage": anything,
    },
    required=frozenset({"dataUri"}),
)
DATA_VERSION: Final = Thing(
    {**_PROXY, "properties": Kinds("dataType", {"uri_file": _DATA, "uri_folder": _DATA, "mltable": _DATA})},
    required=frozenset({"properties"}),
)
_MONITOR: Final = Thing(
    {
        "actionType": text,
        "monitorDefinition": Thing(
            {
                "alertNotificationSetting": anything,
                "alertNotificationSettings": anything,
                "computeConfiguration": Thing({}, open=True),
                "monitoringTarget": anything,
                "signals": Each(Thing({}, open=True)),
            },
            required=frozenset({"computeConfiguration", "signals"}),
        ),
    },
    required=frozenset({"monitorDefinition"}),
)
_ACTION: Final = Kinds(
    "actionType",
    {
        "CreateMonitor": _MONITOR,
        "CreateJob": Thing({}, open=True),
        "InvokeBatchEndpoint": Thing({}, open=True),
        "ImportData": Thing({}, open=True),
    },
)
SCHEDULE: Final = Thing(
    {
        **_PROXY,
        "properties": Thing(
            {
                "action": _ACTION,
                "description": Nullable(text),
                "displayName": Nullable(text),
                "isEnabled": truth,
                "properties": Nullable(Each(Nullable(text))),
                "provisioningState": anything,
                "tags": Nullable(Each(Nullable(text))),
                "trigger": Kinds("triggerType", {"Recurrence": Thing({}, open=True), "Cron": Thing({}, open=True)}),
            },
            required=frozenset({"action", "trigger"}),
        ),
    },
    required=frozenset({"properties"}),
)
CODE_VERSION: Final = Thing(
    # the SDK writes a number among the properties of code, which are texts
    {
        **_PROXY,
        "properties": Thing({**_ASSET, "codeUri": text, "properties": anything}, required=frozenset({"codeUri"})),
    },
    required=frozenset({"properties"}),
)
PENDING_UPLOAD: Final = Thing({"pendingUploadId": Nullable(text), "pendingUploadType": text})
ENVIRONMENT_VERSION: Final = Thing(
    {
        **_PROXY,
        "properties": Thing(
            {**_ASSET, "autoRebuild": anything, "build": anything, "condaFile": text, "image": text, "osType": text}
        ),
    },
    required=frozenset({"properties"}),
)
_JOB_FOLDER: Final = Thing(
    {"jobInputType": text, "jobOutputType": text, "description": Nullable(text), "mode": text, "uri": text},
    required=frozenset({"uri"}),
)
_SPARK: Final = Thing(
    {
        "archives": Nullable(Items(text)),
        "args": Nullable(text),
        "codeId": text,
        "computeId": Nullable(text),
        "conf": Nullable(Each(text)),
        "description": Nullable(text),
        "displayName": Nullable(text),
        "entry": Thing({"sparkJobEntryType": text, "file": text}, required=frozenset({"sparkJobEntryType", "file"})),
        "environmentId": Nullable(text),
        "experimentName": Nullable(text),
        "files": Nullable(Items(text)),
        "identity": Nullable(Thing({"identityType": text})),
        "inputs": Nullable(Each(_JOB_FOLDER)),
        "isArchived": truth,
        "jars": Nullable(Items(text)),
        "jobType": text,
        "outputs": Nullable(Each(_JOB_FOLDER)),
        "properties": Nullable(Each(Nullable(text))),
        "pyFiles": Nullable(Items(text)),
        "resources": Nullable(Thing({"instanceType": text, "runtimeVersion": text})),
        "tags": Nullable(Each(Nullable(text))),
    },
    required=frozenset({"codeId", "entry", "jobType"}),
)
SPARK_JOB: Final = Thing(
    {**_PROXY, "properties": Kinds("jobType", {"Spark": _SPARK})}, required=frozenset({"properties"})
)
