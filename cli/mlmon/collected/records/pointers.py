"""Data that a v2 line points to instead of holding it: events above 4 MB stand in blobs of their own.

A pointer is a URL in a file that others may have written. It is only ever looked up as a blob of the same account,
through the port; nothing is sent anywhere else, and no token with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

from mlmon.collected.records.payload import parsed
from mlmon.collected.records.text import LONGEST_LINE, Unpacked, lines
from mlmon.core.model import BlobInfo, Json
from mlmon.core.ports import Blobs


def follow(url: str, blobs: Blobs, *, container: str) -> Json:
    """The data at a URL: JSON, or JSON lines as a list.

    Raises:
        ValueError: it is not in the account of `container`, or there is no data to be read. The message follows the
            place of the line.
        MlmonError: storage does not answer.
    """
    blob = _find(blobs, *_place(url, blobs.address(container)))
    if blob.size > LONGEST_LINE:
        raise ValueError(f"points to {blob.size} bytes of data, which is more than can be read at once")
    try:
        data = b"".join(line.data for line in lines(blobs.read(blob)))
    except Unpacked as fault:
        raise ValueError(f"points to data that {fault}") from None
    try:
        return parsed(data.decode())
    except ValueError:
        raise ValueError("points to data that is no JSON") from None


def _place(url: str, address: str) -> tuple[str, str]:
    """Container and name of a blob in the account that `address` (of one of its containers) belongs to."""
    above = address.rpartition("/")[0]
    try:
        parts = urlsplit(url)
    except ValueError:
        raise ValueError("points to what is no address") from None
    if parts.query or parts.fragment or "@" in parts.netloc:
        raise ValueError("points to an address with more in it than a place")
    if not url.startswith(f"{above}/"):
        raise ValueError("points outside the storage account")
    container, _, name = unquote(url.removeprefix(f"{above}/")).partition("/")
    if not container or not name or not {"", ".", ".."}.isdisjoint(name.split("/")) or container in {".", ".."}:
        raise ValueError("points to what is no blob")
    return container, name


def _find(blobs: Blobs, container: str, name: str) -> BlobInfo:
    folder = name.rpartition("/")[0]
    found: Iterator[BlobInfo] = blobs.list(container, f"{folder}/" if folder else "")
    for blob in found:
        if blob.name == name:
            return blob
        if blob.name > name:
            break
    raise ValueError("points to data that is gone")
