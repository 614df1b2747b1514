"""Bulk bytes, by obstore: it takes a tenth of the CPU that azure's own client takes for a small blob, and waits for
many answers at once without Python's lock. Names, listings and everything that goes wrong stay with azure's client."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, urlsplit

from mlmon.azure.blobs.storage import Storage
from mlmon.azure.rest.spoken import shown
from mlmon.azure.rest.wire import ANSWER_TIMEOUT, CONNECT_SECONDS, Wire
from mlmon.core.model import BlobInfo

if TYPE_CHECKING:
    from obstore import Bytes
    from obstore.store import AzureStore, ClientConfig

_PLAIN: Final = re.compile(r"[A-Za-z0-9_=-][A-Za-z0-9._=-]*(?:/[A-Za-z0-9_=-][A-Za-z0-9._=-]*)*")
"""Names that every step on the way to the wire leaves as they are. What a URL library does to a tab, a dot or an
empty level would make another name of it, so other names are asked for by azure's client."""
_IN_VAIN: Final = 8
"""After so many failures and no success, a container is left to azure's client: there is something that only it can
do, such as trusting a certificate that is its own authority."""
_FOREVER: Final = 1 << 60
_ANSWER_AT_MOST: Final = timedelta(hours=1)  # of one range; what stalls is ended by the time-out of each read


class Silent(Exception):
    """An answer was waited for in vain."""


@dataclass(slots=True)
class _Place:
    """A container as obstore knows it. `failures` are those since the last success, and none count after one."""

    store: AzureStore
    address: str
    failures: int = 0


class Bulk:
    """Ranges of blobs, each by one request of its own. What only grows is asked for without conditions, so that it may
    grow meanwhile; of anything else it has to be what was listed."""

    def __init__(self, wire: Wire, storage: Storage) -> None:
        self._wire = wire
        self._storage = storage
        self._places: dict[str, _Place] = {}
        self._making = Lock()

    def fetch(self, blob: BlobInfo, start: int, length: int) -> memoryview | None:
        """The stretch of a blob, None where it could not be had this way: there are no tries here after the first.
        Whoever then asks azure's client has its patience, and its words for what is wrong.

        Raises:
            Silent: there was no answer in time, and nobody should wait for it twice.
            MlmonError: as `Storage.credential`.
        """
        if not _PLAIN.fullmatch(blob.name):
            return None
        place = self._places.get(blob.container) or self._place(blob.container)
        from obstore.exceptions import BaseError  # below what loads it for all threads

        if place.failures >= _IN_VAIN:
            return None
        began = time.monotonic()
        try:
            piece = _asked(place.store, blob, start, length)
        except (BaseError, OSError, ValueError) as error:
            place.failures += 1
            self._say(place, blob, f"no answer ({type(error).__name__})", began=began)
            # a connection that does not come about takes less time; the time-out has no kind of its own
            if time.monotonic() - began > CONNECT_SECONDS + 1 and "TimedOut" in str(error):
                raise Silent from None
            return None
        place.failures = -_FOREVER
        self._say(place, blob, "206" if piece else "empty", began=began)
        return memoryview(piece) if len(piece) == length else None

    def _say(self, place: _Place, blob: BlobInfo, status: str, *, began: float) -> None:
        # only plain names come here: there is nothing in them that must not be shown
        self._wire.debug(f"GET {place.address}/{blob.name} -> {status} ({(time.monotonic() - began) * 1000:.0f} ms)")

    def _place(self, container: str) -> _Place:
        with self._making:
            import obstore.exceptions  # noqa: F401 - threads that import it at once may take each other for a deadlock

            if container not in self._places:
                endpoint, name = self._storage.place(container)
                self._places[container] = _Place(self._made(endpoint, name), shown(f"{endpoint}/{name}"))
            return self._places[container]

    def _made(self, endpoint: str, name: str) -> AzureStore:
        from obstore.store import AzureStore

        return AzureStore(
            name,
            account_name=_account(endpoint),
            endpoint=endpoint,
            # said, because variables of the environment could say otherwise
            skip_signature=False,
            use_emulator=False,
            use_fabric_endpoint=False,
            client_options=_client_options(self._wire),
            retry_config={"max_retries": 0, "retry_timeout": timedelta(seconds=1)},
            credential_provider=_provider(self._storage.credential(endpoint), scope=self._wire.cloud.storage_scope),
        )


def _asked(store: AzureStore, blob: BlobInfo, start: int, length: int) -> Bytes:
    import obstore

    if blob.lineage or not blob.etag:
        return obstore.get_range(store, blob.name, start=start, length=length)
    listed = blob.etag if blob.etag.startswith('"') else f'"{blob.etag}"'
    answer = obstore.get(store, blob.name, options={"range": (start, start + length), "if_match": listed})
    return answer.bytes()


def _account(endpoint: str) -> str:
    """The account of an endpoint: its host's first label, or its path where that is a private cloud's way."""
    parts = urlsplit(endpoint)
    return parts.path.strip("/") or (parts.hostname or "").partition(".")[0]


def _client_options(wire: Wire) -> ClientConfig:
    """Proxies are read from the environment, as azure's client does."""
    options: ClientConfig = {
        "allow_http": False,
        "connect_timeout": timedelta(seconds=CONNECT_SECONDS),
        "read_timeout": wire.timeout or ANSWER_TIMEOUT,
        "timeout": _ANSWER_AT_MOST,
    }
    if wire.certificates:
        options["root_certificate"] = _certificates(Path(wire.certificates))
    return options


def _certificates(place: Path) -> bytes:
    """The certificates of a file, or of every file of a folder."""
    files = sorted(place.iterdir()) if place.is_dir() else [place]
    return b"\n".join(file.read_bytes() for file in files if file.is_file())


def _provider(credential: Any, *, scope: str) -> Callable[[], Any]:
    """A credential of azure's clients as obstore asks for one: a key, a signature, or the sign-in's token."""
    if isinstance(credential, Mapping):
        key = {"access_key": credential["account_key"], "expires_at": None}
        return lambda: key
    if isinstance(credential, str):
        signature = {"sas_token": parse_qsl(credential, keep_blank_values=True), "expires_at": None}
        return lambda: signature

    def token() -> dict[str, object]:
        given = credential.get_token(scope)
        return {"token": given.token, "expires_at": datetime.fromtimestamp(given.expires_on, UTC)}

    return token
