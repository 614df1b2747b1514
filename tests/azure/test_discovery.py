"""What is found out about a workspace once, what is asked for it, and what is never believed."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from azured import connect
from emulators.azure import LocalAzure
from emulators.faults import Fault, answer, refuse, throttled
from emulators.messages import Answer
from mlmon.azure.discovery import API, BlobPlace, Discovery, StorageFacts
from mlmon.azure.rest.faults import Asked
from mlmon.core.errors import Code, MlmonError, NotAllowed, NotFound, Unavailable

ASKED = Asked("list the online endpoints", scope="", role="Reader")


def discovery(azure: LocalAzure, folder: Path) -> Discovery:
    """As a new run has it."""
    return connect(azure, folder).connection.discovery


def asked(azure: LocalAzure) -> list[str]:
    """What was asked besides sign-in and metadata, since the last time."""
    found = [
        f"{one.plane} {one.path.removeprefix(azure.workspace.id)}"
        for one in azure.requests
        if one.plane != "login" and "/metadata/" not in one.path
    ]
    azure.requests.clear()
    return found


def collected(azure: LocalAzure, *, uri: str) -> str:
    """A data asset, by its id."""
    return str(azure.add_data("asset", uri=uri)["id"])


def everything(found: Discovery, data_id: str) -> list[Any]:
    return [found.workspace(), found.storage(), found.telemetry(), found.management(), found.place_of(data_id)]


def test_each_part_is_asked_for_once_and_a_second_run_asks_for_nothing(azure: LocalAzure, tmp_path: Path) -> None:
    data_id = collected(azure, uri="azureml://datastores/workspaceblobstore/paths/collected")
    properties = azure.workspaces["ws"]["properties"]
    first = everything(discovery(azure, tmp_path), data_id)
    assert asked(azure) == [
        "arm ",
        "arm /datastores",
        f"arm {properties['storageAccount']}",
        f"arm {properties['applicationInsights']}",
        f"arm {azure.component['properties']['WorkspaceResourceId']}",
        "v1 /discovery",
        "arm /data/asset/versions/1",
    ]
    assert everything(discovery(azure, tmp_path), data_id) == first
    assert asked(azure) == []


def test_what_is_found_is_what_the_services_say(azure: LocalAzure, tmp_path: Path) -> None:
    found = discovery(azure, tmp_path)
    properties = azure.workspaces["ws"]["properties"]
    container = azure.datastores["workspaceblobstore"]["properties"]["containerName"]
    assert found.workspace().guid == properties["workspaceId"]
    assert found.workspace().location == "westeurope"
    assert found.storage() == StorageFacts(
        azure.storage_account[0],
        endpoint=f"{azure.url('blob')}/{azure.storage_account[0]}",
        datastore="workspaceblobstore",
        container=container,
    )
    assert found.telemetry().component == properties["applicationInsights"]
    assert found.logs_workspace() == azure.log_workspace["properties"]["customerId"]
    assert found.management() == f"{azure.url('v1')}/modelmanagement/v1.0{azure.workspace.id}"


def test_nothing_secret_is_remembered(azure: LocalAzure, tmp_path: Path) -> None:
    data_id = collected(azure, uri="azureml://datastores/workspaceblobstore/paths/collected")
    everything(discovery(azure, tmp_path), data_id)
    text = (tmp_path / ".mlmon" / "discovered.json").read_text()
    assert azure.principal.secret not in text
    assert azure.storage_account[1] not in text
    assert "eyJ" not in text  # how every token begins


def test_whoever_may_not_read_the_storage_account_uses_its_usual_address(azure: LocalAzure, tmp_path: Path) -> None:
    """Reading blobs needs a role on the data, and none on the account."""
    with azure.deny("Microsoft.Storage/.*"):
        found = discovery(azure, tmp_path).storage()
    suffix = azure.datastores["workspaceblobstore"]["properties"]["endpoint"]
    assert found.endpoint == f"https://{azure.storage_account[0]}.blob.{suffix}"


def test_whoever_may_not_read_the_log_workspace_can_still_ask_the_component(azure: LocalAzure, tmp_path: Path) -> None:
    with azure.deny("Microsoft.OperationalInsights/.*"):
        found = discovery(azure, tmp_path)
        assert found.telemetry().logs_workspace == ""
        with pytest.raises(NotAllowed) as caught:
            found.logs_workspace()
    scope = azure.component["properties"]["WorkspaceResourceId"]
    assert caught.value.hint == f"ask for the role 'Reader' on {scope}"


def test_a_workspace_without_insights_says_so_until_it_has_some(azure: LocalAzure, tmp_path: Path) -> None:
    component = azure.workspaces["ws"]["properties"].pop("applicationInsights")
    with pytest.raises(NotFound) as caught:
        discovery(azure, tmp_path).telemetry()
    assert caught.value.message == "the workspace ws has no Application Insights"
    azure.workspaces["ws"]["properties"]["applicationInsights"] = component
    assert discovery(azure, tmp_path).telemetry().component == component


def test_a_component_may_have_a_name_with_spaces(azure: LocalAzure, tmp_path: Path) -> None:
    properties = azure.workspaces["ws"]["properties"]
    component = properties["applicationInsights"].replace("ws-insights", "Our insights (Düsseldorf)")
    azure.component.update(id=component, name="Our insights (Düsseldorf)")
    properties["applicationInsights"] = component
    with azure.fault(answer(azure.component), path="/components/"):
        assert discovery(azure, tmp_path).telemetry().component == component


def test_a_classic_component_keeps_its_telemetry_in_no_workspace(azure: LocalAzure, tmp_path: Path) -> None:
    del azure.component["properties"]["WorkspaceResourceId"]
    found = discovery(azure, tmp_path)
    assert found.telemetry().logs_workspace == ""
    with pytest.raises(NotFound) as caught:
        found.logs_workspace()
    assert caught.value.message == "ws-insights keeps its telemetry in no Log Analytics workspace"


def test_a_workspace_made_again_under_its_name_is_found_anew(azure: LocalAzure, tmp_path: Path) -> None:
    """The run that is told of the end forgets everything; the next one starts afresh."""
    discovery(azure, tmp_path).storage()
    kept = azure.workspaces.pop("ws")
    connection = connect(azure, tmp_path).connection
    with pytest.raises(NotFound) as caught:
        connection.arm.get(f"{connection.path}/onlineEndpoints", query=API, asked=ASKED)
    assert caught.value.code == Code.WORKSPACE_NOT_FOUND
    assert caught.value.hint == "mlmon init connects this folder to a workspace that is there"
    azure.workspaces["ws"] = kept
    kept["properties"]["workspaceId"] = "another"
    assert discovery(azure, tmp_path).workspace().guid == "another"


def test_a_part_that_a_service_calls_gone_is_forgotten_alone(azure: LocalAzure, tmp_path: Path) -> None:
    data_id = collected(azure, uri="azureml://datastores/workspaceblobstore/paths/collected")
    found = discovery(azure, tmp_path)
    everything(found, data_id)
    asked(azure)
    found.forget("storage", data_id)
    assert everything(discovery(azure, tmp_path), data_id)
    assert [one for one in asked(azure) if "storageAccounts" not in one] == [
        "arm /datastores",
        "arm /data/asset/versions/1",
    ]


# v1


@pytest.mark.parametrize("fault", [refuse(404, {}), refuse(410, {})])
def test_a_region_without_v1_is_said_once_a_run(azure: LocalAzure, tmp_path: Path, fault: Any) -> None:
    found = discovery(azure, tmp_path)
    with azure.fault(fault, plane="v1"):
        for _ in range(2):
            with pytest.raises(NotFound) as caught:
                found.management()
    assert (caught.value.message, caught.value.hint) == (
        "v1 web services cannot be reached any more in westeurope",
        "Azure ended them; v2 online deployments are not concerned",
    )
    assert azure.requests.count("v1") == 1
    assert discovery(azure, tmp_path).management()  # nobody remembers that it was gone


def test_v1_that_is_out_of_order_is_waited_for_once_a_run(azure: LocalAzure, tmp_path: Path) -> None:
    found = discovery(azure, tmp_path)
    with azure.fault(throttled(60), plane="v1"):
        for _ in range(2):
            with pytest.raises(Unavailable):
                found.management()
    assert azure.requests.count("v1") == 1


def test_a_discovery_host_whose_name_is_gone_means_that_v1_is(azure: LocalAzure, tmp_path: Path) -> None:
    azure.workspaces["ws"]["properties"]["discoveryUrl"] = "https://discovery.azure.invalid/discovery"
    with pytest.raises(NotFound) as caught:
        discovery(azure, tmp_path).management()
    assert caught.value.message == "v1 web services cannot be reached any more in westeurope"


def test_discovery_takes_no_token_along(azure: LocalAzure, tmp_path: Path) -> None:
    discovery(azure, tmp_path).management()
    (request,) = azure.requests.of("v1")
    assert "authorization" not in {name.lower() for name in request.headers}


def test_a_v1_host_without_tls_is_none(azure: LocalAzure, tmp_path: Path) -> None:
    with (
        azure.fault(answer({"modelmanagement": "http://evil.example"}), plane="v1"),
        pytest.raises(NotFound),
    ):
        discovery(azure, tmp_path).management()


# data assets


def test_a_data_asset_of_another_datastore_stands_where_that_says(azure: LocalAzure, tmp_path: Path) -> None:
    azure.add_datastore("own", container="own-data")
    data_id = collected(azure, uri=f"azureml:/{azure.workspace.id.lower()}/datastores/own/paths/a/b")
    azure.data["asset", "1"]["properties"]["dataUri"] = (
        f"azureml://subscriptions/{azure.workspace.subscription}/resourcegroups/{azure.workspace.group}"
        f"/workspaces/{azure.workspace.name}/datastores/own/paths/a/b"
    )
    found = discovery(azure, tmp_path).place_of(data_id)
    assert found == BlobPlace(f"{azure.url('blob')}/{azure.storage_account[0]}", container="own-data", prefix="a/b/")


def test_a_datastore_of_another_account_stands_there(azure: LocalAzure, tmp_path: Path) -> None:
    azure.add_datastore("own", container="own-data")["properties"].update(
        accountName="elsewhere", endpoint="core.windows.net"
    )
    data_id = collected(azure, uri="azureml://datastores/own/paths/a")
    found = discovery(azure, tmp_path).place_of(data_id)
    assert found.endpoint == "https://elsewhere.blob.core.windows.net"


def test_a_datastore_sends_no_token_out_of_its_cloud(azure: LocalAzure, tmp_path: Path) -> None:
    """Whoever may write one could name a host of their own, and read the token of who looks at it."""
    azure.add_datastore("own", container="own-data")["properties"].update(accountName="x", endpoint="evil.example")
    data_id = collected(azure, uri="azureml://datastores/own/paths/a")
    connection = connect(azure, tmp_path).connection
    connection.wire._cloud = replace(connection.wire.cloud, private=False)  # one whose hosts are known
    with pytest.raises(NotFound) as caught:
        connection.discovery.place_of(data_id)
    host = f"x.blob.evil.example, which is no host of {connection.wire.cloud.name}"
    assert caught.value.message == f"a datastore names {host}"


def test_what_mlmon_registered_itself_is_not_asked_for(azure: LocalAzure, tmp_path: Path) -> None:
    place = BlobPlace(azure.url("blob"), container="abc", prefix="a/")
    discovery(azure, tmp_path).remember_place("/subscriptions/s", place)
    assert discovery(azure, tmp_path).place_of("/subscriptions/s") == place
    assert asked(azure) == []


@pytest.mark.parametrize(
    "uri",
    [
        "https://evil.example/container/a",
        "wasbs://container@evil.blob.core.windows.net/a",
        "azureml://datastores/workspaceblobstore/paths/../../x",
        "azureml://registries/r/data/d/versions/1",
        "",
        None,
        3,
    ],
)
def test_an_asset_that_leads_elsewhere_is_not_followed(azure: LocalAzure, tmp_path: Path, uri: Any) -> None:
    data_id = collected(azure, uri=uri)
    with pytest.raises(NotFound) as caught:
        discovery(azure, tmp_path).place_of(data_id)
    assert caught.value.message == "the data asset asset:1 stands nowhere that collected data can be read from"


@pytest.mark.parametrize("data_id", ["", "../x", "https://evil.example/x", "/subscriptions/s?x=/data/d/versions/1"])
def test_a_data_id_that_is_none_is_not_asked_for(azure: LocalAzure, tmp_path: Path, data_id: str) -> None:
    with pytest.raises(NotFound) as caught:
        discovery(azure, tmp_path).place_of(data_id)
    assert caught.value.message == f"{data_id!r} is no data asset of a workspace"
    assert [one for one in asked(azure) if "/data" in one and "datastores" not in one] == []


# answers that make no sense


@pytest.mark.parametrize("document", [None, [], 3, "text", {}, {"properties": None}, {"properties": []}])
def test_an_answer_that_is_no_workspace_is_not_remembered(azure: LocalAzure, tmp_path: Path, document: Any) -> None:
    with azure.fault(answer(document), plane="arm", path="/workspaces/ws$"), pytest.raises(Unavailable) as caught:
        discovery(azure, tmp_path).workspace()
    assert caught.value.message == "could not read the workspace: Azure's answer could not be read"
    assert discovery(azure, tmp_path).workspace().location == "westeurope"


# a memory that somebody else wrote


@pytest.fixture
def poisoned(azure: LocalAzure, tmp_path: Path) -> Path:
    """A `.mlmon` as it might come with somebody's repository."""
    data_id = "/subscriptions/s/data"
    connection = connect(azure, tmp_path).connection
    place = {"endpoint": "https://evil.example", "container": "abc", "prefix": "a/"}
    storage = {"account": "a", "endpoint": "https://evil.example", "datastore": "d", "container": "abc"}
    connection.memory.remember({"management": "https://evil.example/v1", "storage": storage, f"place:{data_id}": place})
    return tmp_path


def test_a_memory_that_came_from_elsewhere_sends_no_token_there(azure: LocalAzure, poisoned: Path) -> None:
    """What is remembered of a host that is not this cloud's is found out again."""
    connection = connect(azure, poisoned).connection
    assert connection.discovery.management().startswith(azure.url("v1"))
    assert connection.discovery.storage().endpoint.startswith(azure.url("blob"))
    with pytest.raises(NotFound):
        connection.discovery.place_of("/subscriptions/s/data")


@pytest.mark.parametrize(
    ("part", "key", "value"),
    [
        ("workspace", "component", "/subscriptions/s?x=y"),
        ("workspace", "storage_account", "../../elsewhere"),
        ("telemetry", "component", "@evil.example/x"),
        ("telemetry", "logs_workspace", "../x"),
        ("storage", "container", "a/../b"),
        ("storage", "endpoint", "http://127.0.0.1:1"),
        ("place", "prefix", "../"),
        ("place", "prefix", ""),
    ],
)
def test_a_memory_that_would_lead_a_request_elsewhere_is_as_if_not_there(
    azure: LocalAzure, tmp_path: Path, part: str, key: str, value: str
) -> None:
    data_id = collected(azure, uri="azureml://datastores/workspaceblobstore/paths/collected")
    right = everything(discovery(azure, tmp_path), data_id)
    path = tmp_path / ".mlmon" / "discovered.json"
    document = json.loads(path.read_text())
    for known in document["known"].values():
        known[f"place:{data_id}" if part == "place" else part][key] = value
    path.write_text(json.dumps(document))
    assert everything(discovery(azure, tmp_path), data_id) == right


def test_a_memory_of_the_wrong_shape_is_as_if_not_there(azure: LocalAzure, tmp_path: Path) -> None:
    found = discovery(azure, tmp_path)
    right = found.workspace()
    path = tmp_path / ".mlmon" / "discovered.json"
    document = json.loads(path.read_text())
    for wrong in (None, 3, [], {}, {"id": "x"}, {"id": 3, "more": 1}):
        for known in document["known"].values():
            known["workspace"] = wrong
        path.write_text(json.dumps(document))
        assert discovery(azure, tmp_path).workspace() == right


def test_a_failing_part_leaves_the_others(azure: LocalAzure, tmp_path: Path) -> None:
    page = Answer.text("<html>", 502, content_type="text/html")
    found = discovery(azure, tmp_path)
    with azure.fault(Fault(page.having(Retry_After="60")), path="components"), pytest.raises(MlmonError):
        found.telemetry()
    assert found.storage()
    assert found.management()
