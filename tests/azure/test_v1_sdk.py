"""azureml-core, in its own environment, reads a web service the way mlmon left it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from azured import switch
from emulators.azure import LocalAzure
from emulators.test_emulated_v1_sdk import proven
from mlmon.azure.workspace import AzureMLWorkspace
from mlmon.core.model import ServiceName, Switch, SwitchRequest

AKS = ServiceName("svc-aks")


def test_the_v1_sdk_sees_the_switches_as_they_were_set(
    azure: LocalAzure, workspace: AzureMLWorkspace, tmp_path: Path
) -> None:
    azure.webservices.add("svc-aks")
    azure.webservices.add("svc-aci", kind="ACI")
    with azure.operations.going(polls=0):
        for one in Switch:
            switch(workspace, AKS, SwitchRequest(one, on=True))
        seen: Any = proven(azure, tmp_path)
    assert seen["before"] == [True, True, "Healthy"]
    # the SDK has then switched insights off itself, and mlmon sees that
    assert (workspace.services.get(AKS).collection, workspace.services.get(AKS).insights) == (True, False)
