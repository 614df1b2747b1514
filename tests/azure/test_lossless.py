"""Switching changes the switch and nothing else: random resources, the product's own code, real sockets."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from azured import Unhurried, connect, local_azure
from drawn import Document, deployments, web_services
from emulators import webservices
from emulators.azure import LocalAzure
from mlmon.azure.workspace import AzureMLWorkspace
from mlmon.core.model import ServiceName, Switch, SwitchRequest
from mlmon.monitoring import switching

AT_A_TIME = 8
ROUNDS = 25
SLOW = settings(
    max_examples=ROUNDS,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # a smaller example costs as much as a large one
)
NAMES = [("ep1", f"d{number}") for number in range(AT_A_TIME)]


@dataclass
class Reader:
    """azure-ai-ml in a process of its own, imported once."""

    process: subprocess.Popen[str]

    def __call__(self, names: Sequence[ServiceName]) -> list[Any]:
        """How it reads these deployments; None for one that it fails on."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps([str(name) for name in names]) + "\n")
        self.process.stdin.flush()
        for line in self.process.stdout:
            if line.startswith("read: "):
                return list(json.loads(line.removeprefix("read: ")))
        raise AssertionError("azure-ai-ml has ended")


@pytest.fixture(scope="module")
def azure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAzure]:
    with local_azure(tmp_path_factory.mktemp("azure")) as made, made.operations.going(polls=0):
        made.add_endpoint("ep1")
        yield made


@pytest.fixture(scope="module")
def workspace(azure: LocalAzure, tmp_path_factory: pytest.TempPathFactory) -> AzureMLWorkspace:
    return connect(azure, tmp_path_factory.mktemp("memory"))


@pytest.fixture(scope="module")
def read_by_sdk(azure: LocalAzure, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    where = azure.workspace
    # -P: no folder of ours that is called azure comes before the packages
    script = [sys.executable, "-P", str(Path(__file__).with_name("sdk_reads.py"))]
    with subprocess.Popen(
        [*script, where.subscription, where.group, where.name],
        env={**azure.environ, "HOME": str(tmp_path_factory.mktemp("home")), "PATH": ""},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        yield Reader(process)
        assert process.stdin
        process.stdin.close()


def switch_all(workspace: AzureMLWorkspace, names: Sequence[ServiceName], request: SwitchRequest) -> None:
    steps = switching.plan_all(workspace.services, names, request)
    switching.raise_if_failed([switching.apply(workspace.services, step, stop=Unhurried()) for step in steps])


def with_collection(document: Document, *, on: bool) -> Document:
    """The document as it must be after collection was switched, by the rules and without the product's code."""
    made = copy.deepcopy(document)
    collector = made["properties"].get("dataCollector") or {}
    collections = collector.get("collections") or {}
    folded = {str(key).casefold(): key for key in collections if collections[key] is not None}
    usual = [
        each if collections.get(each) is not None else folded.get(each, each)
        for each in ("model_inputs", "model_outputs")
    ]
    names = usual if on else list(collections)
    for name in names:
        known = collections.get(name)
        if known is None and not on:
            continue
        one = {} if known is None else known
        if (str(one.get("dataCollectionMode")).casefold() == "enabled") is not on:
            one["dataCollectionMode"] = "Enabled" if on else "Disabled"
            if on and not one.get("dataId"):
                one["dataId"] = (
                    f"{made['id'].partition('/onlineEndpoints/')[0]}/data/ep1-{made['name']}-{name}/versions/1"
                )
        collections[name] = one
    if on:
        made["properties"]["dataCollector"] = {**collector, "collections": collections}
    return made


@given(data=st.data())
@SLOW
def test_switching_200_deployments_changes_nothing_but_the_switch(
    azure: LocalAzure, workspace: AzureMLWorkspace, read_by_sdk: Reader, data: st.DataObject
) -> None:
    drawn = {name: data.draw(deployments(azure.workspace.id, name)) for name in NAMES}
    azure.deployments.clear()
    azure.data.clear()
    azure.deployments.update(copy.deepcopy(drawn))
    names = [ServiceName(*name) for name in NAMES]

    switch_all(workspace, names, SwitchRequest(Switch.COLLECTION, on=True))
    enabled = {name: with_collection(one, on=True) for name, one in drawn.items()}
    assert azure.deployments == enabled
    for seen, stored in zip(read_by_sdk(names), enabled.values(), strict=True):
        if seen is None:
            assert not is_whole(stored)  # azure-ai-ml cannot read every deployment that there may be
            continue
        modes = stored["properties"]["dataCollector"]["collections"].items()
        assert seen["collections"] == {key: one.get("dataCollectionMode") == "Enabled" for key, one in modes}

    switch_all(workspace, names, SwitchRequest(Switch.COLLECTION, on=False))
    disabled = {name: with_collection(one, on=False) for name, one in enabled.items()}
    assert azure.deployments == disabled

    for on in (True, False):
        switch_all(workspace, names, SwitchRequest(Switch.INSIGHTS, on=on))
        expected = copy.deepcopy(disabled)
        for one in expected.values():
            one["properties"]["appInsightsEnabled"] = on
        assert azure.deployments == expected
    for seen, stored in zip(read_by_sdk(names), azure.deployments.values(), strict=True):
        assert seen is None or (seen["insights"], any(seen["collections"].values())) == (False, False)
        assert seen is not None or not is_whole(stored)


def test_an_empty_collection_is_there_beside_one_of_its_name_in_other_letters(
    azure: LocalAzure, workspace: AzureMLWorkspace
) -> None:
    """Drawn rarely, and the one of the very name is meant."""
    azure.add_deployment("ep1", "twice")
    document = azure.deployments["ep1", "twice"]
    document["properties"]["dataCollector"] = {"collections": {"model_outputs": {}, "Model_Outputs": {}}}
    expected = with_collection(document, on=True)
    switch_all(workspace, [ServiceName("ep1", "twice")], SwitchRequest(Switch.COLLECTION, on=True))
    collections = azure.deployments["ep1", "twice"]["properties"]["dataCollector"]["collections"]
    assert collections == expected["properties"]["dataCollector"]["collections"]
    assert collections["Model_Outputs"] == {}
    assert collections["model_outputs"]["dataCollectionMode"] == "Enabled"


def is_whole(document: Document) -> bool:
    """Whether azure-ai-ml can be expected to read it: it fails on deployments without these parts."""
    properties = document["properties"]
    parts = (properties.get("scaleSettings"), properties.get("containerResourceRequirements"))
    return all(parts) and "capacity" in (document.get("sku") or {})


@given(data=st.data())
@SLOW
def test_switching_web_services_changes_nothing_but_the_switch(
    azure: LocalAzure, workspace: AzureMLWorkspace, data: st.DataObject
) -> None:
    whole = {f"w{number}": webservices.document(f"w{number}", kind="AKS") for number in range(AT_A_TIME)}
    drawn = {name: data.draw(web_services(document)) for name, document in whole.items()}
    azure.webservices.services.clear()
    azure.webservices.services.update(copy.deepcopy(drawn))
    for on in (True, False):
        for switch in Switch:
            switch_all(workspace, [ServiceName(name) for name in drawn], SwitchRequest(switch, on=on))
        expected = copy.deepcopy(drawn)
        for one in expected.values():
            one["dataCollection"]["storageEnabled"] = one["appInsightsEnabled"] = on
            one["state"] = "Healthy"
        assert azure.webservices.services == expected
