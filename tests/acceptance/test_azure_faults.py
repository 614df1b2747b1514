"""What goes wrong on Azure, and what a person is told: the exit code, one sentence, the next step, within 15 seconds.

Each case is a line typed in a connected folder while something is the matter with the local Azure.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from acceptance import troubles as t
from acceptance.conftest import Shell
from emulators import blobfront, faults, loganalytics, seed
from emulators.__main__ import write
from emulators.azure import LocalAzure

SECONDS = 15


@dataclass(frozen=True)
class Case:
    """A line, what is the matter meanwhile, and what must come of it. `said` is the whole of the last complaint."""

    name: str
    line: str
    trouble: t.Trouble
    code: int
    said: str
    variables: dict[str, str | None] = field(default_factory=dict)
    """Set (or, with None, unset) for this line only."""


@pytest.fixture(scope="module")
def azure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAzure]:
    """`ep1/blue` and `ep1/green`, `edge/main`, and v1 services on AKS and ACI, each with something to read."""
    with LocalAzure.start(tmp_path_factory.mktemp("azure")) as azure:
        seed.small(azure)
        azure.webservices.add("svc-aks", kind="AKS")
        azure.webservices.add("svc-aci", kind="ACI")
        container = azure.datastores["workspaceblobstore"]["properties"]["containerName"]
        azure.blobs.make_container(container)
        for day in ("01", "02"):
            name = f"modelDataCollector/ep1/blue/model_inputs/2026/03/{day}/09/a.jsonl"
            azure.blobs.append(container, name, b'{"data":[]}\n')
        azure.telemetry.add("traces", {"timestamp": "2026-11-20T08:00:00Z", "message": "input", "customDimensions": {}})
        yield azure


@pytest.fixture(scope="module")
def connected(environment: Path, azure: LocalAzure, tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """A folder in which `mlmon init` has been run and everything was in order."""
    folder = tmp_path_factory.mktemp("connected")
    write(azure, folder)
    shell = Shell(environment, folder, azure.environ)
    shell("mlmon init --config config.json")
    return shell


ARM, LOGIN, LOGS, BLOB, V1 = "arm", "login", "logs", "blob", "v1"
ML = "MachineLearningServices"
NO_ACCESS = {
    "error": {"code": "InsufficientAccessError", "message": "The provided credentials have insufficient access"}
}
CASES = [
    Case(
        "throttled for long",
        "mlmon status",
        t.fault(faults.throttled(60), plane=ARM, path=ML),
        6,
        "error: could not list the online endpoints: Azure throttles\nhint: try again in 60 s",
    ),
    Case(
        "500 in HTML",
        "mlmon status",
        t.fault(faults.html(500), plane=ARM, path=ML),
        6,
        "error: could not list the online endpoints: Azure answered 500\nhint: try again in a minute",
    ),
    Case(
        "502 in HTML",
        "mlmon logs ep1/blue",
        t.fault(faults.html(502), plane=ARM, path=ML),
        6,
        "error: could not read the deployment ep1/blue: Azure answered 502\nhint: try again in a minute",
    ),
    Case(
        "504",
        "mlmon logs ep1/blue",
        t.fault(faults.gateway_timeout(), plane=ARM, path=ML),
        6,
        "error: could not read the deployment ep1/blue: Azure answered 504\nhint: try again in a minute",
    ),
    Case(
        "slow",
        "mlmon logs ep1/blue --timeout 2s",
        t.fault(faults.slow(20), plane=ARM, path=ML),
        6,
        "error: could not read the deployment ep1/blue: <arm> did not answer in time\nhint: --timeout 10m waits longer",
    ),
    Case(
        "reset mid-body",
        "mlmon status",
        t.fault(faults.reset_mid_body(), plane=ARM, path=ML),
        6,
        "error: could not list the online endpoints: the connection to <arm> broke\nhint: try again in a minute",
    ),
    Case(
        "no answer",
        "mlmon status",
        t.fault(faults.dropped(), plane=ARM, path=ML),
        6,
        "error: could not list the online endpoints: the connection to <arm> broke\nhint: try again in a minute",
    ),
    Case(
        "not JSON",
        "mlmon status",
        t.fault(faults.answer(b"<html>", 200), plane=ARM, path=ML),
        6,
        "error: could not list the online endpoints: Azure's answer could not be read\nhint: try again in a minute",
    ),
    Case(
        "redirected",
        "mlmon status",
        t.fault(faults.answer(b"", 302), plane=ARM, path=ML),
        6,
        "error: could not list the online endpoints: Azure's answer could not be read\nhint: try again in a minute",
    ),
    Case(
        "a list without end",
        "mlmon status",
        t.fault(
            faults.answer({"value": [], "nextLink": "https://elsewhere.invalid/x"}), plane=ARM, path="onlineEndpoints$"
        ),
        6,
        "error: could not list the online endpoints: an answer leads from <arm> to another host\n"
        "hint: try again in a minute",
    ),
    Case(
        "refused connection",
        "mlmon status",
        t.stopped(ARM),
        6,
        "error: could not read the cloud's metadata: <arm> refuses connections\n"
        "hint: check the network, and HTTPS_PROXY",
    ),
    Case(
        "sign-in refuses connections",
        "mlmon status",
        t.stopped(LOGIN),
        6,
        "error: could not sign in: <login> refuses connections\nhint: check the network, and HTTPS_PROXY",
    ),
    Case(
        "clock skew",
        "mlmon status",
        t.early,
        4,
        "error: could not list the online endpoints: Azure does not accept mlmon-tests for <workspace>\n"
        "hint: this machine's clock is 60 minutes ahead of Azure's: set it right",
    ),
    Case(
        "clock skew at the storage",
        "mlmon ls ep1/blue --storage-auth key",
        t.signed_too_late,
        4,
        "error: mlmon-tests may not list the blobs of the storage account <account>: Server failed to "
        "authenticate the request. Make sure the value of Authorization header is formed correctly\n"
        "hint: this machine's clock is 60 minutes ahead of Azure's: set it right",
    ),
    Case(
        "v1 gone from the region",
        "mlmon status svc-aks",
        t.v1_gone,
        5,
        "error: no service named 'svc-aks' in <subscription>/rg/ws: v1 web services cannot be reached any more in "
        "westeurope\n"
        "hint: its services: edge/main, ep1/blue, ep1/green; see mlmon status",
    ),
    Case(
        "v1 fails",
        "mlmon status",
        t.fault(faults.html(502), plane=V1, path="/services"),
        7,
        "warning: the v1 web services are left out: could not list the v1 web services: Azure answered 502",
    ),
    Case(
        "telemetry fails",
        "mlmon status",
        t.stopped(LOGS),
        7,
        "warning: requests not known: could not query telemetry: <logs> refuses connections; check the network, "
        "and HTTPS_PROXY",
    ),
    Case(
        "no role",
        "mlmon status",
        t.denied(".*/read"),
        4,
        "error: mlmon-tests may not list the online endpoints: it needs "
        "Microsoft.MachineLearningServices/workspaces/onlineEndpoints/read\n"
        "hint: ask for the role 'Reader' on <workspace>",
    ),
    Case(
        "no role for logs",
        "mlmon logs ep1/blue",
        t.denied(".*/getLogs/action"),
        4,
        "error: mlmon-tests may not read the log of ep1/blue: it needs "
        "Microsoft.MachineLearningServices/workspaces/onlineEndpoints/deployments/getLogs/action\n"
        "hint: ask for the role 'AzureML Data Scientist' on <workspace>",
    ),
    Case(
        "no role to switch",
        "mlmon enable-insights ep1/green --yes",
        t.denied(".*/write"),
        4,
        "error: mlmon-tests may not change the deployment ep1/green: it needs "
        "Microsoft.MachineLearningServices/workspaces/onlineEndpoints/deployments/write\n"
        "hint: ask for the role 'AzureML Data Scientist' on <workspace>",
    ),
    Case(
        "no role for telemetry",
        "mlmon traces ep1/blue",
        t.fault(faults.refuse(403, NO_ACCESS), plane=LOGS),
        4,
        "error: mlmon-tests may not query telemetry: The provided credentials have insufficient access\n"
        "hint: ask for the role 'Monitoring Reader' on <component>",
    ),
    Case(
        "no role for data",
        "mlmon ls ep1/blue",
        t.fault(faults.Fault(blobfront.permission_mismatch()), plane=BLOB),
        4,
        "error: mlmon-tests may not list the blobs of the storage account <account>: This request is not "
        "authorized to perform this operation using this permission\n"
        "hint: ask for the role 'Storage Blob Data Reader' on the storage account <account>\n"
        "hint: or, where account keys are allowed: --storage-auth key",
    ),
    Case(
        "firewall",
        "mlmon pull ep1/blue",
        t.fault(blobfront.firewalled(), plane=BLOB),
        4,
        "error: could not list the blobs of the storage account <account>: its firewall does not let this machine in\n"
        "hint: use its network or a private endpoint, or have this address allowed",
    ),
    Case(
        "storage busy",
        "mlmon ls ep1/blue",
        t.fault(blobfront.busy(), plane=BLOB),
        6,
        "error: could not list the blobs of the storage account <account>: Azure answered 503\n"
        "hint: try again in a minute",
    ),
    Case(
        "storage away",
        "mlmon ls ep1/blue",
        t.stopped(BLOB),
        6,
        "error: could not list the blobs of the storage account <account>: <blob> refuses connections\n"
        "hint: check the network, and HTTPS_PROXY",
    ),
    Case(
        "storage breaks off",
        "mlmon pull ep1/blue",
        t.fault(faults.reset_mid_body(), plane=BLOB, path="jsonl"),
        7,
        "warning: failed: modelDataCollector/ep1/blue/model_inputs/2026/03/01/09/a.jsonl: could not read a blob of "
        "the storage account <account>: the connection to <blob> broke\n"
        "hint: try again in a minute\n"
        "warning: and 1 more: same reason; --debug names them",
    ),
    Case(
        "operation failed",
        "mlmon enable-insights ep1/green --yes",
        t.operation("Failed"),
        1,
        "error: could not change the deployment ep1/green: the operation failed: User container has crashed or "
        "terminated: the scoring script raised an error in init()\n"
        "hint: mlmon status shows what holds now",
    ),
    Case(
        "operation cancelled",
        "mlmon enable-insights ep1/green --yes",
        t.operation("Canceled"),
        1,
        "error: could not change the deployment ep1/green: the operation was cancelled: User container has "
        "crashed or terminated: the scoring script raised an error in init()\n"
        "hint: mlmon status shows what holds now",
    ),
    Case(
        "v1 operation failed",
        "mlmon enable-insights svc-aks --yes",
        t.operation("Failed"),
        1,
        "error: could not change the v1 web service svc-aks: the operation failed: Kubernetes Deployment failed: "
        "CrashLoopBackOff\n"
        "hint: mlmon status shows what holds now",
    ),
    Case(
        "v1 operation timed out",
        "mlmon enable-insights svc-aks --yes",
        t.operation("TimedOut"),
        1,
        "error: could not change the v1 web service svc-aks: the operation timed out: Kubernetes Deployment "
        "failed: CrashLoopBackOff\n"
        "hint: mlmon status shows what holds now",
    ),
    Case(
        "being updated",
        "mlmon enable-insights ep1/green --yes",
        t.updating,
        6,
        "error: ep1/green is Updating; nothing was written\nhint: try again when mlmon status shows it done",
    ),
    Case(
        "no such deployment",
        "mlmon logs ep1/bleu",
        t.nothing,
        5,
        "error: no service named 'ep1/bleu' in <subscription>/rg/ws\nhint: did you mean 'ep1/blue'? see mlmon status",
    ),
    Case(
        "workspace deleted",
        "mlmon status",
        t.workspace_deleted,
        5,
        "error: could not list the online endpoints: The Resource "
        "'Microsoft.MachineLearningServices/workspaces/ws' under resource group 'rg' was not found. For more "
        "details please go to https://aka.ms/ARMResourceNotFoundFix\n"
        "hint: mlmon init connects this folder to a workspace that is there",
    ),
    Case(
        "collection on ACI",
        "mlmon enable-collection svc-aci --yes",
        t.nothing,
        2,
        "error: svc-aci runs on ACI, and v1 services collect model data on AKS only\n"
        "hint: deploy it to AKS or as a v2 deployment; its telemetry can be switched: mlmon enable-insights",
    ),
    Case(
        "partial answer",
        "mlmon query traces",
        t.partial,
        7,
        "warning: the answer is not complete: The query was stopped on one of its nodes; try again, or narrow it "
        "with --since and --until, summarize, or take fewer rows",
    ),
    Case(
        "query throttled",
        "mlmon query traces",
        t.fault(loganalytics.throttled(30), plane=LOGS),
        6,
        "error: could not query telemetry: Azure throttles\nhint: try again in 30 s",
    ),
    Case(
        "query too slow",
        "mlmon query traces",
        t.fault(faults.Fault(loganalytics.timed_out()), plane=LOGS),
        6,
        "error: could not query telemetry: the query took longer than Azure was told to wait: Gateway timeout: the "
        "request timed out while the query was executed\n"
        "hint: --timeout 10m waits longer (10 minutes are the most); or narrow it with --since and --until",
    ),
    Case(
        "wrong query",
        "mlmon query tracez",
        t.nothing,
        2,
        "error: Failed to resolve table or column expression named 'tracez'\nhint: did you mean 'traces'?",
    ),
    Case(
        "metadata in HTML",
        "mlmon status",
        t.fault(faults.html(502), plane=ARM, path="metadata"),
        6,
        "error: could not read the cloud's metadata: Azure answered 502\nhint: try again in a minute",
    ),
    Case(
        "DNS failure",
        "mlmon status",
        t.nothing,
        6,
        "error: could not read the cloud's metadata: the name cloud.invalid cannot be resolved\n"
        "hint: check the network and its DNS",
        {"ARM_CLOUD_METADATA_URL": "https://cloud.invalid/metadata/endpoints"},
    ),
    Case(
        "proxy away",
        "mlmon status",
        t.nothing,
        6,
        "error: could not read the cloud's metadata: the proxy 127.0.0.1:9 cannot be used\n"
        "hint: check HTTPS_PROXY and NO_PROXY",
        {"HTTPS_PROXY": "http://127.0.0.1:9", "NO_PROXY": ""},
    ),
    Case(
        "proxy with a name that means nothing",
        "mlmon status",
        t.nothing,
        6,
        "error: could not read the cloud's metadata: the proxy nowhere.invalid cannot be used\n"
        "hint: check HTTPS_PROXY and NO_PROXY",
        {"HTTPS_PROXY": "nowhere.invalid", "NO_PROXY": ""},
    ),
    Case(
        "unknown certificate",
        "mlmon status",
        t.nothing,
        6,
        "error: could not read the cloud's metadata: the certificate of <arm> is not trusted\n"
        "hint: name your organisation's certificates in REQUESTS_CA_BUNDLE or SSL_CERT_FILE",
        {"REQUESTS_CA_BUNDLE": ""},
    ),
    Case(
        "certificates missing",
        "mlmon status",
        t.nothing,
        2,
        "error: there are no certificates at /nowhere.pem (REQUESTS_CA_BUNDLE)\n"
        "hint: correct or unset REQUESTS_CA_BUNDLE",
        {"REQUESTS_CA_BUNDLE": "/nowhere.pem"},
    ),
    Case(
        "wrong secret",
        "mlmon status",
        t.nothing,
        4,
        "error: not signed in to Azure: AADSTS7000215: Invalid client secret provided. Ensure the secret being "
        "sent in the request is the client secret value, not the client secret ID, for a secret added to app "
        "'<client>'\n"
        "hint: az login signs in (--tenant ID for one of several tenants)\n"
        "hint: or set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET",
        {"AZURE_CLIENT_SECRET": "wrong"},
    ),
    Case(
        "unknown tenant",
        "mlmon status",
        t.nothing,
        4,
        "error: could not sign in: <login> knows no tenant 00000000-0000-0000-0000-000000000001\n"
        "hint: az login signs in (--tenant ID for one of several tenants)\n"
        "hint: or set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET",
        {"AZURE_TENANT_ID": "00000000-0000-0000-0000-000000000001"},
    ),
    Case(
        "not signed in",
        "mlmon status",
        t.nothing,
        4,
        "error: not signed in to Azure\n"
        "hint: az login signs in (--tenant ID for one of several tenants)\n"
        "hint: or set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET",
        {"AZURE_CLIENT_SECRET": None, "AZURE_CLIENT_ID": None, "AZURE_TENANT_ID": None},
    ),
    Case(
        "operation without end",
        "mlmon enable-insights ep1/green --yes --timeout 2s",
        t.endless,
        6,
        "error: still waiting after 2 s to change the deployment ep1/green; Azure goes on with it\n"
        "hint: mlmon status shows when it is done; --timeout 1h waits longer",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_what_a_person_is_told(case: Case, azure: LocalAzure, connected: Shell) -> None:
    before = switches(azure)
    began = time.monotonic()
    with case.trouble(azure):
        changed = {**connected.variables, **case.variables}
        variables = {name: text for name, text in changed.items() if text is not None}
        done = replace(connected, variables=variables).run(case.line)
    took = time.monotonic() - began
    assert done.code == case.code, done.err
    assert complaint(done.err, azure) == case.said
    assert took < SECONDS
    azure.operations.finish()
    assert (switches(azure) == before) is (case.trouble is not t.endless), "nothing is half-done; what goes on is done"


def switches(azure: LocalAzure) -> list[object]:
    """What a command could have changed: each deployment's two switches, and each web service's."""
    of_deployments = [
        (properties["appInsightsEnabled"], properties.get("dataCollector"))
        for properties in (deployment["properties"] for deployment in azure.deployments.values())
    ]
    of_services = [
        (each["appInsightsEnabled"], each.get("dataCollection")) for each in azure.webservices.services.values()
    ]
    return copy.deepcopy([*of_deployments, *of_services])


def complaint(err: str, azure: LocalAzure) -> str:
    """The warnings, the error and the hints, with this run's own names replaced by what they are."""
    said = "\n".join(line for line in err.splitlines() if line.split(":")[0] in {"warning", "error", "hint"})
    for value, name in names(azure).items():
        said = said.replace(value, f"<{name}>")
    return said


def names(azure: LocalAzure) -> dict[str, str]:
    hosts = {azure.url(plane).removeprefix("https://"): plane for plane in (ARM, LOGIN, LOGS, BLOB, V1)}
    container = azure.datastores["workspaceblobstore"]["properties"]["containerName"]
    return {
        **hosts,
        azure.workspace.id: "workspace",
        azure.component["id"]: "component",
        azure.workspace.subscription: "subscription",
        container: "container",
        azure.storage_account[0]: "account",
        azure.principal.client_id: "client",
        azure.access.tenant: "tenant",
    }
