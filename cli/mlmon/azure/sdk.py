"""azure-ai-ml, for `mlmon init` and for submitting a job: it takes 1.5 s to import, so no other command may come here.

It prints, logs and sets variables as it likes; none of that is heard or kept beyond `unheard`.
"""

from __future__ import annotations

import io
import os
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mlmon.azure.rest.cloud import KNOWN_NAMES

if TYPE_CHECKING:
    from azure.ai.ml import MLClient

    from mlmon.azure.rest.transport import SharedTransport
    from mlmon.azure.rest.wire import Wire

_CLOUD_VARIABLE: Final = "AZUREML_CURRENT_CLOUD"
_REPOSITORY: Final = "GIT_DIR"
_NAMED: Final = re.compile(r"Value '[^']*' passed is not in set \[[^\]]*\]")


def client(
    wire: Wire, subscription: str, *, group: str = "", name: str = "", transport: SharedTransport | None = None
) -> MLClient:
    """`MLClient` over a wire of ours, for what is asked `unheard`; `transport` in place of its own."""
    from azure.ai.ml import MLClient

    cloud = wire.cloud
    return MLClient(
        wire.credential,
        subscription,
        group or None,
        name or None,
        cloud=_registered(cloud.name, resource_manager=cloud.resource_manager, authority=cloud.authority),
        enable_telemetry=False,
        show_progress=False,
        transport=transport or wire.transport,
        retry_total=0,  # it would keep every Retry-After, however long
    )


def checked_job(sdk: MLClient, file: Path) -> Any:
    """The job that a YAML file describes, found in order by azure-ai-ml's own schema.

    Raises:
        ValueError: the schema forbids it; the text is what it says.
    """
    from azure.ai.ml import load_job
    from azure.ai.ml.exceptions import MlException
    from marshmallow import ValidationError

    try:
        job = load_job(source=file)
        sdk.jobs.validate(job, raise_on_failure=True)
    except (MlException, ValidationError) as error:
        # the one sentence in which a schema names what it would take, of the many that it says around it
        told = _NAMED.search(str(error))
        raise ValueError(told[0] if told else str(error)) from None
    return job


def refused(error: Exception) -> str:
    """What azure-ai-ml says of what a person gave it; "" where the error is none of these."""
    from azure.ai.ml.exceptions import ErrorCategory, MlException
    from marshmallow import ValidationError

    theirs = isinstance(error, MlException) and error.error_category == ErrorCategory.USER_ERROR
    return str(error) if theirs or isinstance(error, ValidationError) else ""


def is_broken(error: Exception) -> bool:
    """Whether azure-ai-ml itself, and no service, ended what was asked of it."""
    from azure.ai.ml.exceptions import MlException

    return isinstance(error, MlException)


@contextmanager
def unheard() -> Iterator[None]:
    """Let nobody see what is printed, nor keep the variable that is set, nor look into the repository that one stands
    in: its address would be told to Azure, with whatever secret is in it."""
    before = {name: os.environ.get(name) for name in (_CLOUD_VARIABLE, _REPOSITORY)}
    os.environ[_REPOSITORY] = os.devnull
    try:
        with warnings.catch_warnings(), redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            warnings.simplefilter("ignore")  # its dependencies' are nobody's business here
            yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


def _registered(cloud: str, *, resource_manager: str, authority: str) -> str:
    """The name under which azure-ai-ml knows the cloud. It learns a private one here, as its own keyword would teach
    it, but for a second client too."""
    from azure.ai.ml._azure_environments import EndpointURLS, _environments

    if cloud not in KNOWN_NAMES:
        own = {
            EndpointURLS.AZURE_PORTAL_ENDPOINT: f"{resource_manager}/",
            EndpointURLS.RESOURCE_MANAGER_ENDPOINT: f"{resource_manager}/",
            EndpointURLS.ACTIVE_DIRECTORY_ENDPOINT: f"{authority}/",
            EndpointURLS.AML_RESOURCE_ID: f"{resource_manager}/",
            EndpointURLS.STORAGE_ENDPOINT: "core.windows.net",  # a datastore names its own
            EndpointURLS.REGISTRY_DISCOVERY_ENDPOINT: f"{resource_manager}/",
        }
        _environments[cloud] = own
    return cloud
