"""No answer of any shape gives anything but a value or an error that a person can act on."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from azured import Unhurried, connect, local_azure, switch
from drawn import ANYTHING
from emulators import resources, webservices
from emulators.azure import LocalAzure
from emulators.faults import answer
from mlmon.azure.workspace import AzureMLWorkspace
from mlmon.core.errors import MlmonError
from mlmon.core.model import Json, LogSnapshot, Response, Service, ServiceName, Switch, SwitchRequest

BLUE = ServiceName("ep1", "blue")
WEB = ServiceName("svc")
REQUESTS = [SwitchRequest(switch, on=on) for switch in Switch for on in (True, False)]
MANY = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
FEW = settings(MANY, max_examples=20)


@pytest.fixture(scope="module")
def azure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAzure]:
    with local_azure(tmp_path_factory.mktemp("azure")) as made:
        made.add_deployment("ep1", "blue")
        made.webservices.add("svc", scoringUri=f"{made.url('scoring')}/api/v1/service/svc/score")
        yield made


@pytest.fixture(scope="module")
def workspace(azure: LocalAzure, tmp_path_factory: pytest.TempPathFactory) -> AzureMLWorkspace:
    made = connect(azure, tmp_path_factory.mktemp("memory"), timeout=timedelta(seconds=0.5))
    made.services.list()  # signed in, and everything found out
    return made


def places(document: Json, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a document, by the keys that lead there."""
    yield at
    if isinstance(document, dict | list):
        for key in document if isinstance(document, dict) else range(len(document)):
            yield from places(document[key], (*at, key))


@st.composite
def spoiled(draw: st.DrawFn, good: Json) -> Json:
    """A good answer with anything in place of some parts, or anything at all."""
    made: Any = {"root": copy.deepcopy(good)}
    for _ in range(draw(st.integers(1, 3))):
        *way, last = ("root", *draw(st.sampled_from(sorted(places(good), key=str))))
        place = made
        with suppress(KeyError, IndexError, TypeError):  # an earlier spoiling has taken the way there
            for key in way:
                place = place[key]
            place[last] = draw(ANYTHING | st.sampled_from(["https://[", "//", "\x1b[2J", "x" * 100_000, -1, 1e300]))
    return made["root"]


WORKSPACE = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.MachineLearningServices/workspaces/ws"
COLLECTOR = {"collections": {"model_inputs": {"dataCollectionMode": "Enabled", "samplingRate": 0.5, "dataId": "x"}}}
DEPLOYMENT: Json = resources.deployment(WORKSPACE, "ep1", "blue", kind="Managed")
DEPLOYMENT["properties"]["dataCollector"] = COLLECTOR
ENDPOINT: Json = resources.endpoint(WORKSPACE, "ep1", scoring="https://127.0.0.1:1/ep1/score", kind="Managed")
SERVICE: Json = webservices.document("svc", kind="AKS")


def page(document: Json) -> Json:
    return {"value": [document, document], "nextLink": None}


def value_or_error(ask: Callable[[], object], *, kinds: tuple[type, ...]) -> None:
    """What is asked for, or an error with a sentence; nothing else ever."""
    try:
        assert isinstance(ask(), kinds)
    except MlmonError as error:
        said = error.message
        assert said


@given(body=spoiled(page(DEPLOYMENT)) | spoiled(page(ENDPOINT)), where=st.sampled_from(["s$", "/deployments$"]))
@MANY
def test_lists_of_deployments(azure: LocalAzure, workspace: AzureMLWorkspace, body: Json, where: str) -> None:
    with azure.fault(answer(body), plane="arm", path=f"(onlineEndpoint|deployment){where}"):
        value_or_error(workspace.services.list, kinds=(list,))


@given(body=spoiled(page(SERVICE)))
@MANY
def test_lists_of_web_services(azure: LocalAzure, workspace: AzureMLWorkspace, body: Json) -> None:
    with azure.fault(answer(body), plane="v1", path="/services$"):
        value_or_error(workspace.services.list, kinds=(list,))


@given(v2=spoiled(DEPLOYMENT), v1=spoiled(SERVICE), request_=st.sampled_from(REQUESTS))
@MANY
def test_services_that_are_planned_for_and_changed(
    azure: LocalAzure, workspace: AzureMLWorkspace, v2: Json, v1: Json, request_: SwitchRequest
) -> None:
    read = azure.fault(answer(v2), plane="arm", method="GET", path="/deployments/blue")
    read_v1 = azure.fault(answer(v1), plane="v1", method="GET", path="/services/svc")
    written = azure.fault(answer(v2), plane="arm", method="PUT")
    with read, read_v1, written, azure.fault(answer(v1), plane="v1", method="PATCH"):
        for name in (BLUE, WEB):
            value_or_error(partial(workspace.services.get, name), kinds=(Service,))
            value_or_error(
                partial(switch, workspace, name, request_),
                kinds=(Service,),
            )


@given(v2=spoiled({"status": "Succeeded", "error": {"message": "no"}}), v1=spoiled({"state": "Succeeded", "error": {}}))
@MANY
def test_operations(azure: LocalAzure, workspace: AzureMLWorkspace, v2: Json, v1: Json) -> None:
    running = azure.fault(answer(v2), plane="arm", path="/mfeOperationsStatus/")
    with running, azure.fault(answer(v1), plane="v1", path="/operations/"):
        for name in (BLUE, WEB):
            service = workspace.services.get(name)
            request = SwitchRequest(Switch.INSIGHTS, on=not service.insights)
            value_or_error(
                partial(switch, workspace, name, request, stop=Unhurried()),
                kinds=(Service,),
            )
    azure.operations.finish()


@given(body=spoiled({"content": "Instance status:\nA: B\n\nContainer logs:\nline\n"}))
@MANY
def test_logs(azure: LocalAzure, workspace: AzureMLWorkspace, body: Json) -> None:
    with azure.fault(answer(body), plane="arm", path="getLogs"), azure.fault(answer(body), plane="v1", path="/logs$"):
        for name in (BLUE, WEB):
            value_or_error(partial(workspace.logs.snapshot, name, lines=5), kinds=(LogSnapshot,))


@given(endpoint=spoiled(ENDPOINT), service=spoiled(SERVICE), keys=spoiled({"primaryKey": "k", "accessToken": "t"}))
@FEW
def test_scoring(azure: LocalAzure, workspace: AzureMLWorkspace, endpoint: Json, service: Json, keys: Json) -> None:
    read = azure.fault(answer(endpoint), plane="arm", path="/onlineEndpoints/ep1$")
    read_v1 = azure.fault(answer(service), plane="v1", method="GET", path="/services/svc")
    with read, read_v1, azure.fault(answer(keys), path="(?i)/(listkeys|token)$"):
        for name in (BLUE, WEB):
            value_or_error(partial(workspace.scoring.invoke, name, "[]"), kinds=(Response,))
