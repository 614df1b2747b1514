"""The published inference servers, run in their own environments, and what a client of theirs measures.

What they need, found by running them: `AML_APP_INSIGHTS_ENABLED=true` and a key in `AML_APP_INSIGHTS_KEY` switch the
telemetry on; the exporters take the address, though not the key, from `APPLICATIONINSIGHTS_CONNECTION_STRING`. Model
data is sent by 1.3.4 where `AML_MODEL_DC_STORAGE_ENABLED` is true, by 1.5.1 where `AML_MDC_STORAGE_ENABLED` is; each
passes over the other's variable without a word. Neither collects anything to blobs: the server has no part in that.
"""

from __future__ import annotations

import json
import socket
import subprocess
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
import requests

from emulators.azure import LocalAzure

HERE: Final = Path(__file__).parent
VERSIONS: Final = ("1.3.4", "1.5.1")
COLLECTING: Final = {"1.3.4": "AML_MODEL_DC_STORAGE_ENABLED", "1.5.1": "AML_MDC_STORAGE_ENABLED"}
_INSTALL: Final = (
    "python3 -m venv .venv-inference-{0} && "
    ".venv-inference-{0}/bin/pip install --no-compile -r tests/inference/server-{0}.txt"
)


@dataclass(frozen=True, slots=True)
class Call:
    """One request to score. `ends` is "well", "raises" or "refuses"; `sleep` is in seconds."""

    data: Sequence[Sequence[float]] = ((31, 2.5),)
    name: str = ""
    ends: str = "well"
    sleep: float = 0.0

    @property
    def body(self) -> str:
        return json.dumps({"data": self.data, "name": self.name, "ends": self.ends, "sleep": self.sleep})


@dataclass(frozen=True, slots=True)
class Answered:
    """What the client got, and after how many milliseconds."""

    call: Call
    request_id: str
    status: int
    milliseconds: float


def score(
    azure: LocalAzure, folder: Path, calls: Sequence[Call], *, collecting: Mapping[str, str] = COLLECTING
) -> dict[str, list[Answered]]:
    """The same calls to a server of each version, both at once. Afterwards everything is sent.

    The servers report to the default component, as the services `churn-1-3-4` and `churn-1-5-1`; `collecting` is the
    variable by which each is told to send model data.
    """

    def one(version: str) -> list[Answered]:
        with _server(azure, folder, version, collecting[version]) as address:
            return [_called(address, call) for call in calls]

    with ThreadPoolExecutor(len(VERSIONS)) as pool:
        return dict(zip(VERSIONS, pool.map(one, VERSIONS), strict=True))


def deployment(version: str) -> tuple[str, str]:
    """The endpoint and the deployment that the server of a version stands for."""
    return "churn", version.replace(".", "-")


def service(version: str) -> str:
    """What the server of a version is told that its service is called."""
    return "-".join(deployment(version))


def _called(address: str, call: Call) -> Answered:
    request_id = str(uuid.uuid4())
    headers = {
        "Content-Type": "application/json",
        "x-request-id": request_id,
        "x-ms-client-request-id": "from-a-client",
    }
    started = time.perf_counter()
    response = requests.post(f"{address}/score", data=call.body.encode(), headers=headers, timeout=30)
    return Answered(call, request_id, response.status_code, (time.perf_counter() - started) * 1000)


@contextmanager
def _server(azure: LocalAzure, folder: Path, version: str, collecting: str) -> Iterator[str]:
    """Serve `score.py`; when this ends the server has stopped, and on its way out sent what it still had."""
    program = HERE.parent.parent / f".venv-inference-{version}/bin/azmlinfsrv"
    if not program.exists():
        pytest.fail(
            f"the inference server {version} is missing; make it with: {_INSTALL.format(version)}", pytrace=False
        )
    home = folder / version
    models = home / "models"
    (models / "churn" / "3").mkdir(parents=True)  # what the rows call `churn:3`
    log, port = home / "server.log", _free_port()
    with log.open("w") as written:
        server = subprocess.Popen(
            # it listens on every address of the machine: there is no option to say less
            [program, "--entry_script", HERE / "score.py", "--port", str(port)],
            env={**_environ(azure, home, models), "SERVICE_NAME": service(version), collecting: "true"},
            cwd=home,
            stdout=written,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait(server, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(30)


def _environ(azure: LocalAzure, home: Path, models: Path) -> dict[str, str]:
    return {
        "PATH": "/usr/bin:/bin",
        "HOME": str(home),
        "TMPDIR": str(home),  # what cannot be sent is kept there, and tried again by the next server
        "NO_PROXY": "127.0.0.1",
        "REQUESTS_CA_BUNDLE": str(azure.certificate.authority),
        "AML_APP_INSIGHTS_ENABLED": "true",
        "AML_APP_INSIGHTS_KEY": azure.component["properties"]["InstrumentationKey"],
        "APPLICATIONINSIGHTS_CONNECTION_STRING": azure.connection_string,
        # the exporters' reports about themselves, which go to addresses of their own
        "APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL": "true",
        "APPLICATIONINSIGHTS_OPENTELEMETRY_RESOURCE_METRIC_DISABLED": "true",
        "AZUREML_MODEL_DIR": str(models),
        "WORKSPACE_NAME": azure.workspace.name,
        "HOSTNAME": "container-1",
    }


def _free_port() -> int:
    """The server takes no port 0, and so cannot choose one itself."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def _wait(server: subprocess.Popen[Any], log: Path) -> None:
    """Until its worker says that it is ready."""
    deadline = time.monotonic() + 60
    while "ready for serving traffic" not in log.read_text():
        if server.poll() is not None or time.monotonic() > deadline:
            pytest.fail(f"the inference server did not start:\n{log.read_text()[-3000:]}", pytrace=False)
        time.sleep(0.05)
