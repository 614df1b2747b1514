"""Documents of v1 web services, and which of their fields may be changed to what."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any, Final

from emulators.jsonpatch import Change, Wrong

CREATED: Final = "2024-02-06T10:30:00.123456+00:00"
_COMMON: Final[dict[str, type | tuple[type, ...]]] = {
    "/appInsightsEnabled": bool,
    "/authEnabled": bool,
    "/description": str,
    "/imageId": str,
    "/environmentImageRequest": dict,
    "/kvTags": dict,
}
_AKS: Final[dict[str, type | tuple[type, ...]]] = {
    **_COMMON,
    "/dataCollection/storageEnabled": bool,
    "/aadAuthEnabled": bool,
    "/autoScaler/autoscaleEnabled": bool,
    "/autoScaler/minReplicas": int,
    "/autoScaler/maxReplicas": int,
    "/autoScaler/refreshPeriodInSeconds": int,
    "/autoScaler/targetUtilization": int,
    "/containerResourceRequirements/cpu": (int, float),
    "/containerResourceRequirements/memoryInGB": (int, float),
    "/maxConcurrentRequestsPerContainer": int,
    "/maxQueueWaitMs": int,
    "/namespace": str,
    "/numReplicas": int,
    "/scoringTimeoutMs": int,
}
_CHANGEABLE: Final = {"AKS": _AKS, "ACI": _COMMON}
_PROPERTY: Final = re.compile("/properties/[^/]+")


def document(name: str, *, kind: str) -> dict[str, Any]:
    """A healthy web service of the kind AKS or ACI, with nothing collected and Application Insights off."""
    service: dict[str, Any] = {
        "id": name,
        "name": name,
        "description": "",
        "kvTags": {"team": "pricing"},
        "properties": {"azureml.git.branch": "main", "hasInferenceSchema": "False"},
        "createdTime": CREATED,
        "updatedTime": CREATED,
        "computeType": kind,
        "state": "Healthy",
        "error": None,
        "operationId": "1c3f9d52-6a7e-4a0c-9d4f-4e8a3a1b7d20",
        "deploymentType": "Http",
        "appInsightsEnabled": False,
        "authEnabled": kind == "AKS",
        "imageId": None,
        "environment": {"name": "scoring", "version": "4", "python": {"interpreterPath": "python"}},
        "models": [],
        "scoringUri": f"https://{name}.westeurope.cloudapp.azure.local/api/v1/service/{name}/score",
        "swaggerUri": f"https://{name}.westeurope.cloudapp.azure.local/api/v1/service/{name}/swagger.json",
        "containerResourceRequirements": _container(kind),
        "modelConfigMap": {},
        "faultDomainCount": 2,  # a field that no published client knows
    }
    return service | (_of_aks() if kind == "AKS" else _of_aci())


def check(service: Mapping[str, Any], changes: Sequence[Change]) -> None:
    """Whether the changes could be made.

    Raises:
        Wrong: a field that this kind has not, or that cannot be changed, or a value of the wrong type.
    """
    trial = deepcopy(dict(service))
    for change in changes:
        _check(str(service.get("computeType", "")), change)
        change.apply(trial)


def key(name: str) -> str:
    """A key of a service, the same in every run."""
    return hashlib.sha256(name.encode()).hexdigest()[:32]


def _check(kind: str, change: Change) -> None:
    path = str(change)
    if _PROPERTY.fullmatch(path):
        wanted: type | tuple[type, ...] = str
    elif path in _CHANGEABLE.get(kind, _COMMON):
        wanted = _CHANGEABLE.get(kind, _COMMON)[path]
    else:
        raise Wrong(f"The field '{path}' cannot be updated for services of compute type {kind}")
    # a bool is an int too, and neither may stand for the other
    if not isinstance(change.value, wanted) or (isinstance(change.value, bool) and wanted is not bool):
        raise Wrong(f"The value of '{path}' has the wrong type")


def _container(kind: str) -> dict[str, Any]:
    limits = {"cpuLimit": 0.5, "memoryInGBLimit": 1.0} if kind == "AKS" else {}
    return {"cpu": 0.1, "memoryInGB": 0.5, "gpu": 0, "fpga": 0, **limits}


def _of_aks() -> dict[str, Any]:
    probe = {"periodSeconds": 10, "initialDelaySeconds": 310, "timeoutSeconds": 2, "successThreshold": 1}
    scaler = {"autoscaleEnabled": True, "minReplicas": 1, "maxReplicas": 10, "targetUtilization": 70}
    return {
        "aadAuthEnabled": False,
        "autoScaler": {**scaler, "refreshPeriodInSeconds": 1},
        "computeName": "aks-prod",
        "dataCollection": {"eventHubEnabled": False, "storageEnabled": False},
        "deploymentStatus": {"replicas": 1, "updatedReplicas": 1, "availableReplicas": 1, "error": None},
        "livenessProbeRequirements": {**probe, "failureThreshold": 3},
        "maxConcurrentRequestsPerContainer": 1,
        "maxQueueWaitMs": 500,
        "namespace": "azureml-ws",
        "numReplicas": None,
        "scoringTimeoutMs": 60000,
        "isDefault": False,
        "trafficPercentile": None,
        "versionType": None,
        "type": None,
    }


def _of_aci() -> dict[str, Any]:
    return {
        "cname": None,
        "containerGroup": "aci",
        "encryptionProperties": None,
        "environmentVariables": None,
        "location": "westeurope",
        "osType": "Linux",
        "publicFqdn": None,
        "publicIp": "203.0.113.7",
        "sslCertificate": None,
        "sslEnabled": False,
        "sslKey": None,
        "vnetConfiguration": None,
    }
