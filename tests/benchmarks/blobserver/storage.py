"""Azurite as the storage of a benchmark: Microsoft's own emulator, which is slower than any of the clients."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.blobserver.containers import Blobs, content
from emulators.azurite import end_all, new_account
from emulators.storage import BlobStore


@dataclass(frozen=True, slots=True)
class Storage:
    """Where blobs are: the account's URL, a signature that opens it, and who vouches for its name."""

    url: str
    signature: str
    authority: Path


@contextmanager
def azurite(blobs: Blobs) -> Iterator[Storage]:
    """An Azurite of its own, which holds one container. Raises `RuntimeError` where Azurite is not installed."""
    from azure.storage.blob import ContainerSasPermissions, generate_container_sas

    account = new_account()
    store = BlobStore(account)
    for name in blobs.names():
        store.append(blobs.name, name, content(name, blobs.size))
    signature = generate_container_sas(
        account.name,
        blobs.name,
        account_key=account.key,
        permission=ContainerSasPermissions(read=True, list=True),
        expiry=datetime.now(UTC) + timedelta(days=1),
    )
    server = account.server
    try:
        yield Storage(
            f"https://127.0.0.1:{server._port}/{account.name}", signature, Path(server._folder.name, "certificate.pem")
        )
    finally:
        end_all()
