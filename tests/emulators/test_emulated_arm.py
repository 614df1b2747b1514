"""The control plane's own rules: metadata, versions, names in any case, pages, what is missing, secrets."""

from __future__ import annotations

import pytest

from emulators.azure import LocalAzure
from emulators.conftest import STABLE, Caller

NOBODY = "00000000-0000-0000-0000-000000000009"
MORE = "For more details please go to https://aka.ms/ARMResourceNotFoundFix"


def test_metadata_needs_no_token_and_its_shape_depends_on_the_version(azure: LocalAzure, call: Caller) -> None:
    own = {"name": "LocalCloud", "resourceManager": f"{azure.url('arm')}/"}
    answers = {
        version: call("GET", "/metadata/endpoints", api=version, headers={}).json()
        for version in ("2015-01-01", "2019-05-01", "2020-06-01", "2022-09-01")
    }
    assert answers["2015-01-01"] == {
        "galleryEndpoint": "https://gallery.azure.local/",
        "graphEndpoint": "https://graph.windows.net/",
        "portalEndpoint": "https://portal.azure.local",
        "authentication": {
            "loginEndpoint": azure.url("login"),
            "audiences": [azure.url("arm"), f"{azure.url('arm')}/"],
        },
    }
    assert answers["2019-05-01"] == answers["2020-06-01"]
    assert [cloud["name"] for cloud in answers["2020-06-01"]] == ["AzureCloud", "LocalCloud"]
    assert answers["2022-09-01"] == answers["2020-06-01"][1]
    assert {key: answers["2022-09-01"][key] for key in own} == own


def test_the_environment_names_public_variables_only(azure: LocalAzure) -> None:
    assert sorted(azure.environ) == [
        "ARM_CLOUD_METADATA_URL",
        "AZURE_AUTHORITY_HOST",
        "AZURE_CLIENT_ID",
        "AZURE_CLIENT_SECRET",
        "AZURE_TENANT_ID",
        "NO_PROXY",
        "REQUESTS_CA_BUNDLE",
    ]


def test_a_missing_or_unknown_version_is_refused(call: Caller) -> None:
    missing = call.error("GET", "/onlineEndpoints", api="")
    assert missing == (
        400,
        "MissingApiVersionParameter",
        "The api-version query parameter (?api-version=) is required for all requests.",
    )
    status, code, message = call.error("GET", "/onlineEndpoints", api="2019-01-01")
    assert (status, code) == (400, "NoRegisteredProviderFound")
    assert message.startswith(
        "No registered resource provider found for location 'westeurope' and API version '2019-01-01' "
        "for type 'workspaces/onlineEndpoints'. The supported api-versions are '2022-02-01-preview, "
    )


def test_names_match_in_any_case_and_come_back_as_they_are_spelled(azure: LocalAzure, call: Caller) -> None:
    path = f"{azure.workspace.id}/onlineEndpoints/ep1/deployments/blue"
    shouted = path.upper().replace("/SUBSCRIPTIONS/", "/Subscriptions/")
    for spelling in (shouted, path.lower()):
        assert call("GET", spelling).json() == azure.deployments["ep1", "blue"]


def test_what_is_not_there_is_told_by_what_is_missing(azure: LocalAzure, call: Caller) -> None:
    here = azure.workspace
    kind = "Microsoft.MachineLearningServices/workspaces"
    elsewhere = here.id.replace(here.subscription, NOBODY)
    paths = [
        elsewhere,
        here.id.replace("/rg/", "/other/"),
        f"{here.id}2",
        f"{here.id}/onlineEndpoints/none/deployments/blue",
        f"{here.id}/onlineEndpoints/ep1/deployments/none",
        f"{here.id}/datastores/none",
    ]
    errors = [call("GET", path).json()["error"] for path in paths]
    assert [(error["code"], error["message"]) for error in errors] == [
        ("SubscriptionNotFound", f"The subscription '{NOBODY}' could not be found."),
        ("ResourceGroupNotFound", "Resource group 'other' could not be found."),
        ("ResourceNotFound", f"The Resource '{kind}/ws2' under resource group 'rg' was not found. {MORE}"),
        (
            "ResourceNotFound",
            f"The Resource '{kind}/ws/onlineEndpoints/none' under resource group 'rg' was not found. {MORE}",
        ),
        (
            "ResourceNotFound",
            (
                f"The Resource '{kind}/ws/onlineEndpoints/ep1/deployments/none' under resource group 'rg' "
                f"was not found. {MORE}"
            ),
        ),
        ("UserError", "Could not find data store with name: none."),
    ]


@pytest.mark.parametrize("path", ["/onlineEndpoints", "/datastores", "/data", "/onlineEndpoints/ep1/deployments"])
def test_every_list_comes_in_pages(azure: LocalAzure, call: Caller, path: str) -> None:
    whole = call.in_workspace("GET", path).json()
    azure.page_size = 1
    try:
        answer, names = call.in_workspace("GET", path).json(), []
        while True:
            names += [one["name"] for one in answer["value"]]
            if "nextLink" not in answer:
                break
            answer = call("GET", answer["nextLink"]).json()
    finally:
        azure.page_size = 100
    assert "nextLink" not in whole
    assert names == [one["name"] for one in whole["value"]]
    assert len(names) >= 2


def test_workspaces_are_listed_by_subscription_and_by_group(azure: LocalAzure, call: Caller) -> None:
    second = azure.add_workspace("second", group="rg2")
    third = azure.add_workspace("third", subscription=azure.add_subscription("Sandbox"))
    provider = "/providers/Microsoft.MachineLearningServices/workspaces"

    def names(scope: str) -> list[str]:
        return [one["name"] for one in call("GET", scope + provider).json()["value"]]

    here = azure.workspace
    assert names(f"/subscriptions/{here.subscription}") == ["ws", "second"]
    assert names(second.group_id) == ["second"]
    assert names(third.group_id) == ["third"]
    listed = call("GET", "/subscriptions", api="2022-12-01").json()["value"]
    assert [one["displayName"] for one in listed] == ["Production", "Sandbox"]
    del azure.workspaces["second"], azure.workspaces["third"], azure.resources.subscriptions[third.subscription]


def test_a_workspace_leads_to_its_insights_and_their_log_workspace(azure: LocalAzure, call: Caller) -> None:
    workspace = call.in_workspace("GET", "").json()
    component = call("GET", workspace["properties"]["applicationInsights"], api="2020-02-02").json()
    logs = call("GET", component["properties"]["WorkspaceResourceId"], api="2022-10-01").json()
    assert component["properties"]["AppId"] == azure.component["properties"]["AppId"]
    assert logs["properties"]["customerId"] == azure.log_workspace["properties"]["customerId"]


def test_a_storage_account_says_where_its_blobs_are_and_gives_its_keys(azure: LocalAzure, call: Caller) -> None:
    account = call.in_workspace("GET", "").json()["properties"]["storageAccount"]
    endpoints = {"blob": "https://127.0.0.1:10000/wsstore"}
    azure.resources.storage_accounts[azure.storage_account[0]]["properties"]["primaryEndpoints"] = endpoints
    got = call("GET", account, api="2023-05-01").json()
    keys = call("POST", f"{account}/listKeys", api="2023-05-01").json()["keys"]
    assert got["properties"]["primaryEndpoints"] == endpoints
    assert (got["name"], keys[0]["value"]) == azure.storage_account


def test_a_datastore_gives_a_key_or_a_signature_that_expires(azure: LocalAzure, call: Caller) -> None:
    path = "/datastores/workspaceblobstore/listSecrets"
    key = call.in_workspace("POST", path, body={}).json()
    signature = call.in_workspace("POST", path, body={"expirableSecret": True, "expireAfterHours": 1}).json()
    assert key == {"secretsType": "AccountKey", "key": azure.storage_account[1]}
    assert signature["secretsType"] == "Sas"
    assert {part.partition("=")[0] for part in signature["sasToken"].split("&")} >= {"se", "sp", "sig", "sr"}


def test_the_default_datastore_is_found_by_a_filter(azure: LocalAzure, call: Caller) -> None:
    found = call.in_workspace("GET", "/datastores", query={"isDefault": "true", "count": "30"}).json()["value"]
    unique = azure.workspaces["ws"]["properties"]["workspaceId"]
    assert [one["properties"]["containerName"] for one in found] == [f"azureml-blobstore-{unique}"]


def test_data_keeps_its_place_once_registered(azure: LocalAzure, call: Caller) -> None:
    def put(uri: str, **more: object) -> tuple[int, str]:
        body = {"properties": {"dataType": "uri_folder", "dataUri": uri, **more}}
        response = call.in_workspace("PUT", "/data/kept/versions/1", body=body)
        return response.status_code, response.json().get("error", {}).get("message", "")[:53]

    assert put("azureml://datastores/d/paths/a") == (201, "")
    assert put("azureml://datastores/d/paths/a", description="said later") == (200, "")
    assert put("azureml://datastores/d/paths/b") == (409, "A data version with this name and version already exi")
    container = call.in_workspace("GET", "/data/kept").json()["properties"]
    assert (container["latestVersion"], container["nextVersion"]) == ("1", "2")
    del azure.data["kept", "1"]


def test_schedules_are_listed_by_whether_they_are_on(azure: LocalAzure, call: Caller) -> None:
    trigger = {"triggerType": "Cron", "expression": "0 3 * * *"}
    monitor = {"actionType": "CreateMonitor", "monitorDefinition": {"computeConfiguration": {}, "signals": {}}}
    for name, enabled in (("on", True), ("off", False)):
        body = {"properties": {"isEnabled": enabled, "trigger": trigger, "action": monitor}}
        started = call.in_workspace("PUT", f"/schedules/{name}", body=body)
        assert (started.status_code, name in azure.schedules) == (201, False)
        azure.operations.finish()
    views = ["", "EnabledOnly", "DisabledOnly", "All"]
    lists = [call.in_workspace("GET", "/schedules", query={"listViewType": view} if view else {}) for view in views]
    assert [[one["name"] for one in answer.json()["value"]] for answer in lists] == [
        ["on"],
        ["on"],
        ["off"],
        ["on", "off"],
    ]
    assert call.in_workspace("DELETE", "/schedules/on").status_code == 202
    azure.operations.finish()
    assert list(azure.schedules) == ["off"]
    assert call.in_workspace("DELETE", "/schedules/on").status_code == 204


def test_a_schedule_that_does_nothing_is_refused(call: Caller) -> None:
    trigger = {"triggerType": "Cron", "expression": "0 3 * * *"}
    for action in ({"actionType": "Sing"}, {"actionType": "CreateMonitor", "monitorDefinition": {"signals": {}}}):
        told = call.error("PUT", "/schedules/bad", body={"properties": {"trigger": trigger, "action": action}})
        assert told[:2] == (400, "ValidationError")


def test_the_endpoint_gives_keys_and_tokens(azure: LocalAzure, call: Caller) -> None:
    keys = call.in_workspace("POST", "/onlineEndpoints/ep1/listKeys", api=STABLE).json()
    token = call.in_workspace("POST", "/onlineEndpoints/ep1/token").json()
    assert keys["primaryKey"] == token["accessToken"] == azure.contents.keys["ep1"]
    assert token["refreshAfterTimeUtc"] < token["expiryTimeUtc"]
