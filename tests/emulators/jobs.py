"""Spark jobs: code and environments that come with them, the jobs themselves, and how they go."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Thread
from typing import TYPE_CHECKING, Any, Final

from emulators import bodies, wording
from emulators.messages import Answer, Request
from emulators.resources import Contents, Document, proxy
from emulators.schemas import Check, read

if TYPE_CHECKING:  # arm.py asks this module for its routes
    from emulators.arm import ArmPlane

_NAMED: Final = "/(?P<name>[^/]+)"
_VERSION: Final = "/versions/(?P<version>[^/]+)"
_GOING: Final = ("Starting", "Queued", "Running")

Runner = Callable[[Document], bool]
"""Runs a job; whether it came to a good end."""


def add_routes(plane: ArmPlane) -> None:
    """Add them to the control plane."""
    code, jobs = _Code(plane), _Jobs(plane)
    plane.inside("GET", f"/codes{_NAMED}/versions", code.list)
    plane.inside("GET", f"/codes{_NAMED}{_VERSION}", code.get)
    plane.inside("PUT", f"/codes{_NAMED}{_VERSION}", code.put)
    plane.inside("POST", f"/codes{_NAMED}{_VERSION}/startPendingUpload", code.upload)
    plane.inside("PUT", f"/environments{_NAMED}{_VERSION}", _put_environment)
    plane.inside("PUT", f"/jobs{_NAMED}", jobs.put)
    plane.inside("GET", f"/jobs{_NAMED}", jobs.get)


class _Code:
    """Code is uploaded to a container of its own, which a signature opens."""

    def __init__(self, plane: ArmPlane) -> None:
        self._plane = plane

    def list(self, request: Request, contents: Contents, name: str) -> Answer:
        known = [one for (its_name, _), one in contents.codes.items() if its_name == name]
        return self._plane.page(request, known)

    def get(self, _request: Request, contents: Contents, name: str, version: str) -> Answer:
        found = contents.codes.get((name, version))
        if found is None:
            raise wording.no_asset(f"Asset '{name}' has no version '{version}' in workspace '{contents.name}'.")
        return Answer.json(found)

    def put(self, request: Request, contents: Contents, name: str, version: str) -> Answer:
        body = _checked(bodies.CODE_VERSION, request)
        made = proxy(f"{contents.id}/codes/{name}/versions/{version}", body["properties"])
        contents.codes[name, version] = made
        return Answer.json(made, 201)

    def upload(self, request: Request, contents: Contents, **_: str) -> Answer:
        from azure.storage.blob import ContainerSasPermissions, generate_container_sas  # why here: 0.3 s, rarely needed

        _checked(bodies.PENDING_UPLOAD, request)
        azure, container = self._plane.azure, f"code-{uuid.uuid4()}"
        account, key = azure.storage_account
        azure.blobs.make_container(container)
        allowed = ContainerSasPermissions(read=True, list=True, write=True, create=True, add=True)
        expiry = datetime.now(UTC) + timedelta(hours=1)
        signature = generate_container_sas(account, container, account_key=key, permission=allowed, expiry=expiry)
        uri = f"{azure.blob_endpoint(account)}{container}"
        storage = azure.workspaces[contents.name]["properties"]["storageAccount"]
        credential = {"credentialType": "SAS", "sasUri": f"{uri}?{signature}"}
        reference = {"blobUri": uri, "storageAccountArmId": storage, "credential": credential}
        return Answer.json(
            {
                "pendingUploadId": str(uuid.uuid4()),
                "pendingUploadType": "TemporaryBlobReference",
                "blobReferenceForConsumption": reference,
            }
        )


class _Jobs:
    """Jobs that are run by `azure.run_job` where there is one; else each question finds them a step further."""

    def __init__(self, plane: ArmPlane) -> None:
        self._plane = plane

    def put(self, request: Request, contents: Contents, name: str) -> Answer:
        if name in contents.jobs:
            raise wording.conflict(f"A job with this name already exists: {name}.")
        body = _checked(bodies.SPARK_JOB, request)
        made = proxy(f"{contents.id}/jobs/{name}", {**body["properties"], "status": "NotStarted"})
        contents.jobs[name] = made
        if run := self._plane.azure.run_job:
            Thread(target=_run, args=(run, made), daemon=True).start()
        return Answer.json(made, 201)

    def get(self, _request: Request, contents: Contents, name: str) -> Answer:
        if name not in contents.jobs:
            raise wording.no_asset(f"Could not find job with name: {name}.")
        azure, properties = self._plane.azure, contents.jobs[name]["properties"]
        if azure.run_job is None and properties["status"] not in azure.job_ends:
            states = ("NotStarted", *_GOING, *azure.job_ends)
            properties["status"] = states[states.index(properties["status"]) + 1]
        return Answer.json(contents.jobs[name], x_ms_retry_after_ms="200")


def _run(run: Runner, job: Document) -> None:
    job["properties"]["status"] = "Running"
    job["properties"]["status"] = "Completed" if run(job) else "Failed"


def _put_environment(request: Request, contents: Contents, name: str, version: str) -> Answer:
    body = _checked(bodies.ENVIRONMENT_VERSION, request)
    made = proxy(f"{contents.id}/environments/{name}/versions/{version}", body["properties"])
    contents.environments[name, version] = made
    return Answer.json(made, 201)


def _checked(schema: Check, request: Request) -> Any:
    body, problems = read(schema, request.json(), stored=None)
    if problems:
        raise wording.invalid(problems)
    return body
