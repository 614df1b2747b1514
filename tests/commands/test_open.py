"""Pages for people: their addresses, and a browser that gets them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest

from azured import connect, local_azure, runner
from emulators.azure import LocalAzure
from emulators.faults import Fault
from emulators.messages import Answer
from mlmon.core.model import PageKind, ServiceName
from mlmon.settings import AzureWorkspace
from running import Runner

PORTAL = "https://portal.azure.local"


@pytest.fixture(scope="module")
def azure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAzure]:
    with local_azure(tmp_path_factory.mktemp("azure") / "azure") as made:
        made.add_deployment("churn", "blue")
        made.webservices.add("old")
        yield made


@pytest.fixture
def over(azure: LocalAzure, tmp_path: Path) -> Runner:
    return runner(azure, tmp_path / "mlmon")


# on Azure


def test_the_portals_page_of_a_service_or_of_the_workspace(over: Runner, azure: LocalAzure) -> None:
    workspace = azure.workspace.id
    pages = {
        "churn/blue": f"{workspace}/onlineEndpoints/churn/overview",
        "old": f"{workspace}/overview",
        "": f"{workspace}/overview",
    }
    for service, page in pages.items():
        outcome = over(f"open {service} --print")
        assert (outcome.code, outcome.out, outcome.err) == (0, f"{PORTAL}/#@/resource{page}\n", "")


def test_the_pages_of_telemetry_and_storage_are_those_of_their_resources(over: Runner, azure: LocalAzure) -> None:
    facts = azure.workspaces[azure.workspace.name]["properties"]
    insights, storage = facts["applicationInsights"], facts["storageAccount"]
    assert over("open churn/blue --insights --print").out == f"{PORTAL}/#@/resource{insights}/overview\n"
    assert over("open --storage --print").out == f"{PORTAL}/#@/resource{storage}/containersList\n"


def test_a_cloud_that_names_no_studio_has_no_page_there(over: Runner) -> None:
    outcome = over("open churn/blue --studio --print")
    assert (outcome.code, outcome.out) == (5, "")
    assert outcome.err == (
        "error: the cloud LocalCloud does not say where its studio is\nhint: mlmon open shows the portal\n"
    )


@pytest.mark.parametrize(
    ("cloud", "studio", "portal"),
    [
        ("AzureCloud", "https://ml.azure.com", "https://portal.azure.com"),
        ("AzureChinaCloud", "https://ml.azure.cn", "https://portal.azure.cn"),
        ("AzureUSGovernment", "https://ml.azure.us", "https://portal.azure.us"),
    ],
)
def test_each_cloud_has_its_own_sites(azure: LocalAzure, tmp_path: Path, cloud: str, studio: str, portal: str) -> None:
    workspace = connect(azure, tmp_path)
    workspace.connection.wire.cloud_name = cloud
    id_ = azure.workspace.id
    endpoint = ServiceName("churn", "blue")
    assert workspace.page(PageKind.STUDIO, endpoint) == f"{studio}/endpoints/realtime/churn/detail?wsid={id_}"
    assert workspace.page(PageKind.STUDIO, ServiceName("old")) == f"{studio}/endpoints?wsid={id_}"
    assert workspace.page(PageKind.STUDIO) == f"{studio}/home?wsid={id_}"
    assert workspace.page(PageKind.PORTAL) == f"{portal}/#@/resource{id_}/overview"


def test_names_are_escaped_and_the_tenant_is_named(azure: LocalAzure, tmp_path: Path) -> None:
    workspace = connect(azure, tmp_path)
    odd = "a&b=#?'\"<é>"
    workspace.connection.target = AzureWorkspace("s", resource_group=odd, name="w", tenant="contoso.com&x")
    escaped = quote(odd, safe="")
    address = workspace.page(PageKind.PORTAL, ServiceName(odd, "blue"))
    assert address.startswith(f"{PORTAL}/#@contoso.com%26x/resource/subscriptions/s/resourceGroups/{escaped}/")
    assert address.endswith(f"/onlineEndpoints/{escaped}/overview")


def test_a_service_that_is_not_there_has_no_page(over: Runner) -> None:
    assert over("open nosuch/blue --print").code == 5


# a folder


def test_a_folder_has_its_collected_data_and_no_portal(churn: Runner) -> None:
    churn("invoke churn --data rows.json")
    blobs = (churn.folder / "blobs").as_uri()
    assert churn("open --storage --print").out == f"{blobs}\n"
    assert churn("open --storage --print -o json").json == {
        "schema_version": 1,
        "page": "storage",
        "service": "churn",
        "address": blobs,
        "opened": False,
    }
    for flag in ("", "--insights", "--studio"):
        outcome = churn(f"open {flag} --print")
        assert outcome.code == 5
        assert outcome.err == (
            "error: an embedded workspace is a folder, and has no page in a portal\n"
            "hint: mlmon open --storage shows its collected data\n"
        )


def test_two_pages_at_once_are_refused(churn: Runner) -> None:
    outcome = churn("open --studio --storage")
    assert (outcome.code, outcome.err.splitlines()[0]) == (2, "error: --studio and --storage cannot be combined")


# a browser


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"SSH_CONNECTION": "a 1 b 2", "DISPLAY": ":0"}, "this is an SSH session, whose browser is elsewhere"),
        ({}, "there is no browser here"),
    ],
)
@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there always is a browser")
def test_where_no_browser_is_the_address_is_printed_and_that_is_said(
    churn: Runner, environ: dict[str, str], said: str
) -> None:
    outcome = replace(churn, environ=environ)("open --storage")
    assert (outcome.code, outcome.out) == (0, f"{churn.folder.as_uri()}\n")
    assert outcome.err == f"{said}: open the address yourself\n"


def test_a_browser_gets_the_address_and_nothing_else(churn: Runner, tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    browser = tmp_path / "browser"
    chatty = '#!/bin/sh\necho "Opening in existing session."\n'
    browser.write_text(f'{chatty}printf "%s\\n" "$@" > {taken}.part && mv {taken}.part {taken}\n')
    browser.chmod(0o755)
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "BROWSER": str(browser)}
    done = subprocess.run(
        [sys.executable, "-m", "mlmon", "open", "--storage", "-o", "json"],
        cwd=churn.folder,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["opened"] is True
    chatter, note = done.stderr.splitlines()
    assert chatter == "Opening in existing session."
    assert json.loads(note)["message"] == "opened in the browser"
    deadline = time.monotonic() + 10
    while not taken.exists() and time.monotonic() < deadline:
        time.sleep(0.05)  # the browser runs on its own
    assert taken.read_text() == f"{churn.folder.as_uri()}\n"


def test_a_cloud_without_a_portal_is_said_to_have_none(azure: LocalAzure, over: Runner) -> None:
    def without(answer: Answer) -> Answer:
        known = json.loads(answer.body)
        return Answer.json([{key: value for key, value in one.items() if key != "portal"} for one in known])

    with azure.fault(Fault(then=without), plane="arm", path="/metadata"):
        outcome = over("open --print")
    assert outcome.code == 5
    assert outcome.err.startswith("error: the cloud LocalCloud does not say where its portal is\n")
