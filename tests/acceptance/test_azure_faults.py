"""What goes wrong on Azure, and what a person is told: the exit code, one sentence and the next step, within 15 seconds.

Each case is a line typed in a connected folder while something is the matter with the local Azure.
"""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace

import pytest

from acceptance.conftest import Shell
from emulators import blobfront, faults, loganalytics, seed
from emulators.__main__ import write
from emulators.azure import LocalAzure

SECONDS = 15
Trouble = Callable[[LocalAzure], AbstractContextManager[object]]


@dataclass(frozen=True)
class Case:
    """A line, what is the matter meanwhile, and what must come of it. `said` is the whole of the last complaint."""

    name: str
    line: str
    trouble: Trouble
    code: int
    said: str
    variables: dict[str, str] = field(default_factory=dict)


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


def fault(made: faults.Fault, **where: object) -> Trouble:
    """A fault on the way."""
    return lambda azure: azure.fault(made, **where)  # type: ignore[arg-type]


def denied(action: str) -> Trouble:
    """A role that is missing."""
    return lambda azure: azure.deny(action)


def stopped(plane: str) -> Trouble:
    """Nobody listens."""
    return lambda azure: azure.stop_plane(plane)


def operation(status: str) -> Trouble:
    """Operations end otherwise than well."""
    return lambda azure: azure.operations.going(status=status)


@contextmanager
def nothing(_azure: LocalAzure) -> Iterator[None]:
    """Only the variables are wrong."""
    yield


@contextmanager
def updating(azure: LocalAzure) -> Iterator[None]:
    """Somebody else's change is going on."""
    properties = azure.deployments["ep1", "green"]["properties"]
    before, properties["provisioningState"] = properties["provisioningState"], "Updating"
    yield
    properties["provisioningState"] = before


@contextmanager
def partial(azure: LocalAzure) -> Iterator[None]:
    with azure.log_analytics.partial():
        yield


@contextmanager
def workspace_deleted(azure: LocalAzure) -> Iterator[None]:
    name = azure.workspace.name
    kept = azure.workspaces.pop(name)
    yield
    azure.workspaces[name] = kept


@contextmanager
def skewed(azure: LocalAzure) -> Iterator[None]:
    """This machine's clock is behind: tokens are not valid yet where they are looked at."""
    azure.access.skew = 3600
    yield
    azure.access.skew = 0


@contextmanager
def v1_gone(azure: LocalAzure) -> Iterator[None]:
    """The region has no v1 services any more: the workspace's discovery address is no longer served."""
    with azure.fault(faults.refuse(404, {"error": {"code": "NotFound"}}), plane=V1):
        yield


ARM, LOGIN, LOGS, BLOB, V1 = "arm", "login", "logs", "blob", "v1"
ML = "MachineLearningServices"
NO_ACCESS = {
    "error": {"code": "InsufficientAccessError", "message": "The provided credentials have insufficient access"}
}
CASES = [
    Case("throttled for long", "mlmon status", fault(faults.throttled(60), plane=ARM, path=ML), 6, ""),
    Case("500 in HTML", "mlmon status", fault(faults.html(500), plane=ARM, path=ML), 6, ""),
    Case("502 in HTML", "mlmon logs ep1/blue", fault(faults.html(502), plane=ARM, path=ML), 6, ""),
    Case("504", "mlmon logs ep1/blue", fault(faults.gateway_timeout(), plane=ARM, path=ML), 6, ""),
    Case("slow", "mlmon logs ep1/blue --timeout 2s", fault(faults.slow(20), plane=ARM, path=ML), 6, ""),
    Case("reset mid-body", "mlmon status", fault(faults.reset_mid_body(), plane=ARM, path=ML), 6, ""),
    Case("no answer", "mlmon status", fault(faults.dropped(), plane=ARM, path=ML), 6, ""),
    Case("not JSON", "mlmon status", fault(faults.answer(b"<html>", 200), plane=ARM, path=ML), 6, ""),
    Case("redirected", "mlmon status", fault(faults.answer(b"", 302), plane=ARM, path=ML), 6, ""),
    Case("a list without end", "mlmon status", fault(faults.answer({"value": [], "nextLink": "https://elsewhere.invalid/x"}), plane=ARM, path="onlineEndpoints$"), 6, ""),
    Case("refused connection", "mlmon status", stopped(ARM), 6, ""),
    Case("sign-in refuses connections", "mlmon status", stopped(LOGIN), 6, ""),
    Case("clock skew", "mlmon status", skewed, 4, ""),
    Case("v1 gone from the region", "mlmon status svc-aks", v1_gone, 5, ""),
    Case("v1 fails", "mlmon status", fault(faults.html(502), plane=V1), 7, ""),
    Case("telemetry fails", "mlmon status", stopped(LOGS), 7, ""),
    Case("no role", "mlmon status", denied(".*/read"), 4, ""),
    Case("no role for logs", "mlmon logs ep1/blue", denied(".*/getLogs/action"), 4, ""),
    Case("no role to switch", "mlmon enable-insights ep1/green --yes", denied(".*/write"), 4, ""),
    Case("no role for telemetry", "mlmon traces ep1/blue", fault(faults.refuse(403, NO_ACCESS), plane=LOGS), 4, ""),
    Case("no role for data", "mlmon ls ep1/blue", fault(faults.Fault(blobfront.permission_mismatch()), plane=BLOB), 4, ""),
    Case("firewall", "mlmon pull ep1/blue", fault(blobfront.firewalled(), plane=BLOB), 4, ""),
    Case("storage busy", "mlmon ls ep1/blue", fault(blobfront.busy(), plane=BLOB), 6, ""),
    Case("storage away", "mlmon ls ep1/blue", stopped(BLOB), 6, ""),
    Case("storage breaks off", "mlmon pull ep1/blue", fault(faults.reset_mid_body(), plane=BLOB, path="jsonl"), 7, ""),
    Case("operation failed", "mlmon enable-collection ep1/green --yes", operation("Failed"), 1, ""),
    Case("operation cancelled", "mlmon enable-collection ep1/green --yes", operation("Canceled"), 1, ""),
    Case("operation without end", "mlmon enable-collection ep1/green --yes --timeout 2s", lambda azure: azure.operations.going(polls=None), 6, ""),
    Case("v1 operation failed", "mlmon enable-insights svc-aks --yes", operation("Failed"), 1, ""),
    Case("v1 operation timed out", "mlmon enable-insights svc-aks --yes", operation("TimedOut"), 1, ""),
    Case("being updated", "mlmon enable-collection ep1/green --yes", updating, 6, ""),
    Case("no such deployment", "mlmon logs ep1/bleu", nothing, 5, ""),
    Case("workspace deleted", "mlmon status", workspace_deleted, 5, ""),
    Case("collection on ACI", "mlmon enable-collection svc-aci --yes", nothing, 2, ""),
    Case("partial answer", "mlmon query traces", partial, 7, ""),
    Case("query throttled", "mlmon query traces", fault(loganalytics.throttled(30), plane=LOGS), 6, ""),
    Case("query too slow", "mlmon query traces", fault(faults.Fault(loganalytics.timed_out()), plane=LOGS), 6, ""),
    Case("wrong query", "mlmon query tracez", nothing, 2, ""),
    Case("metadata in HTML", "mlmon status", fault(faults.html(502), plane=ARM, path="metadata"), 6, ""),
    Case("DNS failure", "mlmon status", nothing, 6, "", {"ARM_CLOUD_METADATA_URL": "https://cloud.invalid/metadata/endpoints"}),
    Case("proxy away", "mlmon status", nothing, 6, "", {"HTTPS_PROXY": "http://127.0.0.1:9", "NO_PROXY": ""}),
    Case("unknown certificate", "mlmon status", nothing, 6, "", {"REQUESTS_CA_BUNDLE": ""}),
    Case("certificates missing", "mlmon status", nothing, 2, "", {"REQUESTS_CA_BUNDLE": "/nowhere.pem"}),
    Case("wrong secret", "mlmon status", nothing, 4, "", {"AZURE_CLIENT_SECRET": "wrong"}),
    Case("unknown tenant", "mlmon status", nothing, 4, "", {"AZURE_TENANT_ID": "00000000-0000-0000-0000-000000000001"}),
    Case("not signed in", "mlmon status", nothing, 4, "", {"AZURE_CLIENT_SECRET": "", "AZURE_CLIENT_ID": ""}),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_what_a_person_is_told(case: Case, azure: LocalAzure, connected: Shell) -> None:
    before = state(azure)
    began = time.monotonic()
    with case.trouble(azure):
        done = replace(connected, variables={**connected.variables, **case.variables}).run(case.line)
    took = time.monotonic() - began
    assert done.code == case.code, done.err
    print(f"@@@{case.name}@@@{complaint(done.err, azure)!r}@@@{took:.1f}")
    assert complaint(done.err, azure) == case.said
    assert took < SECONDS
    assert before == state(azure), "a trouble leaves nothing half-done"


def state(azure: LocalAzure) -> str:
    """What a switch could have changed; an operation that never ends leaves its deployment at `Updating`."""
    azure.operations.finish()
    kept = copy.deepcopy([azure.deployments["ep1", "green"], azure.webservices.services])
    kept[0].pop("systemData", None)
    return json.dumps(kept, sort_keys=True, default=str)


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
