"""azure-ai-ml, for `mlmon init` and for submitting a job: it takes 1.5 s to import, so no other command may come here.

It prints, logs and sets variables as it likes; none of that is heard or kept beyond `unheard`.
"""

from __future__ import annotations

import io
import os
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


def loaded_job(file: Path) -> Any:
    """The job that a YAML file describes.

    Raises:
        ValueError: azure-ai-ml's own rules forbid it; the text is theirs, several lines of it.
    """
    from azure.ai.ml import load_job
    from azure.ai.ml.exceptions import MlException
    from marshmallow import ValidationError

    try:
        job: Any = load_job(source=file)
        # what it looks at itself only when the code has been uploaded
        job._validate()  # noqa: SLF001 - it has no other name for a job that is no pipeline's
    except (MlException, ValidationError) as error:
        raise ValueError(str(error)) from None
    return job


def refused(error: Exception) -> str:
    """What azure-ai-ml itself says of what it was given; "" where the error is no such word of its own."""
    from azure.ai.ml.exceptions import MlException
    from marshmallow import ValidationError

    return str(error) if isinstance(error, MlException | ValidationError) else ""


@contextmanager
def unheard() -> Iterator[None]:
    """Let nobody see what is printed, nor keep the variable that is set."""
    before = os.environ.get(_CLOUD_VARIABLE)
    try:
        with warnings.catch_warnings(), redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            warnings.simplefilter("ignore")  # its dependencies' are nobody's business here
            yield
    finally:
        os.environ.pop(_CLOUD_VARIABLE, None)
        if before is not None:
            os.environ[_CLOUD_VARIABLE] = before


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
