"""`LocalAzure`: the one object a test holds."""

from __future__ import annotations

import socket
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Final, Self, TypeVar

from emulators.access import Access, Principal
from emulators.arm import ArmPlane
from emulators.blobfront import BlobPlane
from emulators.certificate import make_certificate
from emulators.estate import Estate
from emulators.faults import Fault, Faults
from emulators.identity import LoginPlane
from emulators.ingestion import IngestionPlane
from emulators.loganalytics import LogsPlane
from emulators.management import ManagementPlane, Webservices
from emulators.messages import Requests
from emulators.mirror import Mirror
from emulators.operations import Operations
from emulators.resources import Document
from emulators.scoring import ScoringPlane
from emulators.server import Listener, Plane
from emulators.storage import BlobStore
from emulators.telemetry import Telemetry

_P = TypeVar("_P", bound=Plane)

STORAGE_AUDIENCE: Final = "https://storage.azure.com"
METADATA_VERSION: Final = "2020-06-01"  # the newest that answers a list of clouds

PlaneFactory = Callable[["LocalAzure"], Plane]
"""Makes a plane for this Azure. It may keep the object it is given, but no address is known until all listen."""


def login_plane(azure: LocalAzure) -> Plane:
    """Tokens for every plane of this Azure, and for storage."""
    return LoginPlane(azure.access, resources=azure.audiences)


PLANES: Final[tuple[PlaneFactory, ...]] = (
    login_plane,
    ArmPlane,
    ManagementPlane,
    LogsPlane,
    IngestionPlane,
    BlobPlane,
    ScoringPlane,
)


class LocalAzure(Estate):
    """An Azure on loopback with one workspace, signed in to by `principal`.

    `environ` holds the public variables that a client needs to find it and nothing else. Resources are plain dicts,
    to be read and altered by tests. Close it, or use it in a `with`.
    """

    mirror: Mirror | None = None
    run_job: Callable[[Document], bool] | None = None
    """What runs a job, and says whether it came to a good end; without it, jobs go on by being asked after."""
    job_ends: tuple[str, ...] = ("Completed",)
    """The states that a job without `run_job` comes to in the end, one of them."""

    def __init__(self, folder: Path, *, planes: Sequence[PlaneFactory] = PLANES, mirror: Path | None = None) -> None:
        self.folder = folder
        self.certificate = make_certificate(folder)
        self.requests = Requests()
        self.faults = Faults()
        super().__init__(Access(tenant=str(uuid.uuid4())))
        self.principal: Principal = self.access.add("mlmon-tests", secret=f"local~{uuid.uuid4().hex}")
        self.closing = ExitStack()
        """What else must end with this Azure: `azure.closing.enter_context(azurite)`."""
        self.storage_suffix = "core.azure.local"
        self.page_size = 100
        self.metadata_version = METADATA_VERSION
        self.operations = Operations()
        self.planes: dict[str, Plane] = {}
        self._listeners: dict[str, Listener] = {}
        for factory in planes:
            self._add(factory(self))
        if mirror is None:
            self.workspace = self.add_workspace("ws")
        else:
            self.mirror = Mirror(self, mirror)
            self.workspace = self.mirror.add_workspace()
            self.mirror.fill()

    @classmethod
    def start(cls, folder: Path, *, planes: Sequence[PlaneFactory] = PLANES, mirror: Path | None = None) -> Self:
        """Start one whose certificate lies in `folder`, which must exist.

        With `mirror`, the folder of an embedded workspace, its one workspace holds what that one holds.
        """
        return cls(folder, planes=planes, mirror=mirror)

    def _add(self, plane: Plane) -> None:
        listener = Listener(plane, certificate=self.certificate, faults=self.faults, requests=self.requests)
        listener.open()
        self.planes[plane.name] = plane
        self._listeners[plane.name] = listener

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close every port and end what was put into `closing`."""
        for listener in self._listeners.values():
            listener.close()
        self.closing.close()

    def url(self, plane: str) -> str:
        """The base URL of a plane, without a slash at its end. One that is not there has an address nobody answers."""
        return self.planes[plane].url if plane in self.planes else f"https://{plane}.azure.invalid"

    def audiences(self) -> list[str]:
        """Every audience a token may be asked for: each plane's base URL, and storage."""
        return [STORAGE_AUDIENCE, *(plane.url for plane in self.planes.values() if plane.name != "login")]

    def new_storage(self, workspace: str) -> tuple[str, str]:
        if "blob" not in self.planes:
            return super().new_storage(workspace)
        account = self._plane("blob", BlobPlane).add_account()
        return account.name, account.key

    def blob_endpoint(self, account: str) -> str:
        """What a storage account says its blob endpoint is."""
        return f"{self.url('blob')}/{account}/"

    @property
    def blobs(self) -> BlobStore:
        """The blobs of the default workspace's storage account, to be put and taken past every check."""
        return self._plane("blob", BlobPlane).accounts[self.storage_account[0]]

    @property
    def webservices(self) -> Webservices:
        """The v1 web services of the default workspace: `azure.webservices.add("svc", kind="ACI")`."""
        return self.v1.of(self.workspace.name)

    @property
    def telemetry(self) -> Telemetry:
        """The rows of Application Insights: `azure.telemetry.add("traces", {...})`."""
        return self.log_analytics.telemetry

    @property
    def v1(self) -> ManagementPlane:
        """The v1 plane and what can be set on it."""
        return self._plane("v1", ManagementPlane)

    @property
    def connection_string(self) -> str:
        """With which an exporter sends to the component of the default workspace."""
        return self._plane("ingestion", IngestionPlane).connection_string(self.component)

    @property
    def log_analytics(self) -> LogsPlane:
        """The telemetry plane and what can be set on it."""
        return self._plane("logs", LogsPlane)

    def _plane(self, name: str, kind: type[_P]) -> _P:
        plane = self.planes[name]
        assert isinstance(plane, kind)
        return plane

    @property
    def metadata_url(self) -> str:
        """Where the clouds are described."""
        return f"{self.url('arm')}/metadata/endpoints?api-version={self.metadata_version}"

    @property
    def environ(self) -> dict[str, str]:
        """The public variables with which any client finds this Azure and signs in to it."""
        return {
            "ARM_CLOUD_METADATA_URL": self.metadata_url,
            "AZURE_AUTHORITY_HOST": self.url("login"),
            "AZURE_TENANT_ID": self.access.tenant,
            "AZURE_CLIENT_ID": self.principal.client_id,
            "AZURE_CLIENT_SECRET": self.principal.secret,
            "REQUESTS_CA_BUNDLE": str(self.certificate.authority),
            "NO_PROXY": "127.0.0.1",
        }

    def token(self, audience: str, *, principal: Principal | None = None) -> str:
        """A token for clients of a test that do not sign in themselves."""
        return self._plane("login", LoginPlane).token(principal or self.principal, audience)

    def fault(
        self,
        fault: Fault,
        *,
        plane: str = "",
        method: str = "",
        path: str = "",
        after: int = 0,
        times: int | None = None,
    ) -> AbstractContextManager[None]:
        """Switch a fault on: `with azure.fault(throttled(1), plane="arm", path="deployments", times=2): …`."""
        return self.faults.on(fault, plane=plane, method=method, path=path, after=after, times=times)

    def deny(self, action: str, *, principal: Principal | None = None, scope: str = "") -> AbstractContextManager[None]:
        """Take a role away: `with azure.deny(".*/deployments/write"): …`."""
        return self.access.deny(action, principal=principal, scope=scope)

    @contextmanager
    def stop_plane(self, name: str) -> Iterator[None]:
        """For a while nobody listens at the plane's port: connections are refused."""
        self._listeners[name].close()
        with socket.socket() as kept:
            # bound and not listening: nobody else on the machine is given the port meanwhile
            kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            kept.bind(("127.0.0.1", self.planes[name].port))
            try:
                yield
            finally:
                self._listeners[name].open()
