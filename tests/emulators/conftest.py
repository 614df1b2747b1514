"""A local Azure for a whole module, with the seeded small workspace, and a client that signs in by hand."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from emulators import seed
from emulators.azure import LocalAzure

STABLE = "2024-10-01"


@dataclass(frozen=True, slots=True)
class Caller:
    """Plain requests to the control plane; `api` is their api-version, "" for none."""

    azure: LocalAzure

    def __call__(  # what an HTTP request consists of
        self,
        method: str,
        path: str,
        *,
        api: str = STABLE,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Send one request as the default principal; a path that is a whole URL is taken as it is."""
        arm = self.azure.url("arm")
        given = {"Authorization": f"Bearer {self.azure.token(arm)}"} if headers is None else dict(headers)
        whole = path.startswith("https://")
        return requests.request(
            method,
            path if whole else arm + path,
            params=None if whole else {**({"api-version": api} if api else {}), **(query or {})},
            json=body,
            headers=given,
            verify=str(self.azure.certificate.authority),
            timeout=10,
        )

    def in_workspace(self, method: str, path: str, **more: Any) -> requests.Response:
        """The same for a path below the default workspace."""
        return self(method, self.azure.workspace.id + path, **more)

    def error(self, method: str, path: str, **more: Any) -> tuple[int, str, str]:
        """Status, code and message of a refusal below the default workspace."""
        response = self.in_workspace(method, path, **more)
        error = response.json()["error"]
        return response.status_code, error["code"], error["message"]


@pytest.fixture(scope="module")
def azure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAzure]:
    """A local Azure that the tests of one module share."""
    with LocalAzure.start(tmp_path_factory.mktemp("azure")) as azure:
        seed.small(azure)
        yield azure


@pytest.fixture
def call(azure: LocalAzure) -> Caller:
    """Requests to it, counted from here on."""
    azure.requests.clear()
    return Caller(azure)


@pytest.fixture
def as_it_was(azure: LocalAzure) -> Iterator[None]:
    """The test finds the seeded deployments, and leaves them as they were."""
    before = copy.deepcopy(azure.deployments)
    yield
    azure.operations.finish()
    azure.deployments.clear()
    azure.deployments.update(before)


def body_of(azure: LocalAzure, name: str = "green", endpoint: str = "ep1") -> dict[str, Any]:
    """What a careful client sends back: everything but the read-only parts."""
    body = copy.deepcopy(azure.deployments[endpoint, name])
    for part in ("id", "name", "type", "systemData"):
        del body[part]
    del body["properties"]["provisioningState"]
    return body
