"""A page of a container's listing, read from its XML.

The client's own objects take 200 µs a blob, which is most of what listing costs; this reads the four things that are
wanted. https://learn.microsoft.com/rest/api/storageservices/list-blobs
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from mlmon.core.model import BlobInfo

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_MONTHS: Final = "JanFebMarAprMayJunJulAugSepOctNovDec"
_FOLDER: Final = "directory"
"""What accounts with a hierarchical namespace list beside the blobs in it, under a name that could be a blob's.
https://learn.microsoft.com/rest/api/storageservices/list-blobs"""
_UNKNOWN: Final = datetime(1970, 1, 1, tzinfo=UTC)


def blobs_of(page: Element, container: str) -> Iterator[BlobInfo]:
    """The blobs of a page, in its order.

    Raises:
        ValueError: a blob's size is no number.
    """
    for blob in page.iterfind("Blobs/Blob"):
        properties = blob.find("Properties")
        name = _name(blob.find("Name"))
        if properties is None or not name or properties.findtext("ResourceType") == _FOLDER:
            continue
        size = int(properties.findtext("Content-Length") or "")
        if size < 0:
            raise ValueError("a blob's size is negative")
        yield BlobInfo(
            container,
            name,
            size=size,
            etag=properties.findtext("Etag") or "",
            last_modified=_moment(properties.findtext("Last-Modified") or ""),
            md5=_md5(properties),
            lineage=_lineage(properties),
        )


def level_of(page: Element, container: str) -> list[str | BlobInfo]:
    """The prefixes and the blobs of a page that was asked for with a delimiter, by name: some services mix them, and
    some have one kind behind the other.

    Raises:
        ValueError: as `blobs_of`.
    """
    names = (_name(prefix.find("Name")) for prefix in page.iterfind("Blobs/BlobPrefix"))
    found: list[str | BlobInfo] = [*filter(None, names), *blobs_of(page, container)]
    return sorted(found, key=lambda item: item if isinstance(item, str) else item.name)


def _md5(properties: Element) -> bytes:
    """What the service checked or whoever wrote the blob said. Of a blob that is appended to it tells nothing: it is
    that of the first moment."""
    try:
        digest = b64decode(properties.findtext("Content-MD5") or "")
    except ValueError:
        return b""
    return digest if len(digest) == 16 and not _is_appended(properties) else b""


def _lineage(properties: Element) -> str:
    """An append blob's past stays as it is, unless a new one is made in its place."""
    return f"appended since {properties.findtext('Creation-Time') or ''}" if _is_appended(properties) else ""


def _is_appended(properties: Element) -> bool:
    return properties.findtext("BlobType") == "AppendBlob"


def _name(element: Element | None) -> str:
    """A name; one that XML cannot hold is percent-encoded, and says so."""
    if element is None or not element.text:
        return ""
    return unquote(element.text) if element.get("Encoded") == "true" else element.text


@lru_cache(maxsize=1024)
def _moment(text: str) -> datetime:
    """`Fri, 20 Nov 2026 13:22:28 GMT`; 1970 for what is no such time, which nothing depends on."""
    try:
        _, day, month, year, clock, _ = text.split(" ")
        hour, minute, second = clock.split(":")
        return datetime(
            int(year), _MONTHS.index(month) // 3 + 1, int(day), int(hour), int(minute), int(second), tzinfo=UTC
        )
    except (ValueError, OverflowError):
        return _UNKNOWN
