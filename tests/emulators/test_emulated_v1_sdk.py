"""The last release of azureml-core, unmodified and in an environment of its own, is content with the v1 plane."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from emulators.azure import LocalAzure

HERE = Path(__file__).parent
PYTHON = HERE.parent.parent / ".venv-azureml-core/bin/python"
INSTALL = (
    "python3 -m venv .venv-azureml-core && "
    ".venv-azureml-core/bin/pip install --no-compile -r tests/emulators/azureml-core.txt"
)


def test_the_v1_sdk_lists_reads_changes_and_reads_logs(
    azure: LocalAzure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    azure.webservices.add("svc-aks", appInsightsEnabled=True)
    azure.webservices.add("svc-aci", kind="ACI")
    azure.webservices.logs["svc-aks", False] = "first\nsecond\nthird\n"
    azure.webservices.logs["svc-aks", True] = "model downloaded\n"
    untouched = dict(azure.webservices.services["svc-aci"])
    monkeypatch.setattr(azure, "page_size", 1)  # the list comes in two pages
    # polls=0: the SDK asks after an operation every 5 s
    with azure.operations.going(polls=0):
        seen = proven(azure, tmp_path)
    assert seen == {
        "listed": [["svc-aks", "AKS"], ["svc-aci", "ACI"]],
        "only_aci": ["svc-aci"],
        "before": [False, True, "Healthy"],
        "after": [True, False, "Healthy"],
        "log": "second\nthird\n",
        "init_log": "model downloaded\n",
        "keys": 2,
    }
    service = azure.webservices.services["svc-aks"]
    assert (service["dataCollection"]["storageEnabled"], service["appInsightsEnabled"]) == (True, False)
    assert azure.webservices.services["svc-aci"] == untouched


def proven(azure: LocalAzure, home: Path) -> object:
    """What `azureml_core_proof.py` tells, run with nothing but the public variables."""
    if not PYTHON.exists():
        pytest.fail(f"the v1 SDK's environment is missing; make it with: {INSTALL}", pytrace=False)
    place = azure.workspace
    environ = {**azure.environ, "HOME": str(home), "PATH": os.environ["PATH"]}
    # what urllib, with which this SDK reads the clouds, trusts
    environ["SSL_CERT_FILE"] = environ["REQUESTS_CA_BUNDLE"]
    # -P: or the module azure.py beside the script would stand in for the package azure
    ran = subprocess.run(
        [PYTHON, "-P", HERE / "azureml_core_proof.py", place.subscription, place.group, place.name],
        env=environ,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr[-3000:]
    return json.loads(ran.stdout.splitlines()[-1])  # the SDK prints too
