"""What `workspace.toml` says, checked: the workspace's names and its services with their switches."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NoReturn, TypeVar
from uuid import UUID

from mlmon.core.errors import DamagedWorkspace, NotFound, UsageError, did_you_mean
from mlmon.core.model import COLLECTION_NAME, CollectionSetting, Generation, Kind, Service, ServiceName

FILE_NAME: Final = "workspace.toml"
FORMAT: Final = 1
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class ServiceEntry:
    """One service. Paths are as written in the file: relative to the workspace folder, or absolute.

    `collection` is the v1 switch and `collections` are the v2 ones; the other of the two is empty.
    """

    name: ServiceName
    script: str
    model: str = ""
    model_name: str = ""
    model_version: str = "1"
    features: tuple[str, ...] = ()
    insights: bool = True
    collection: bool = False
    column_generation: int = 2
    collections: tuple[CollectionSetting, ...] = ()

    def service(self) -> Service:
        """The service as the ports show it."""
        is_v1 = self.name.generation is Generation.V1
        return Service(
            name=self.name,
            kind=Kind.LOCAL,
            # the words each generation's API uses for a service that can be called
            state="Healthy" if is_v1 else "Succeeded",
            collection=self.collection if is_v1 else any(each.enabled for each in self.collections),
            insights=self.insights,
            collections=self.collections,
        )


@dataclass(frozen=True, slots=True)
class Definition:
    """A whole `workspace.toml`, services sorted by name."""

    name: str
    id: UUID
    subscription: str
    resource_group: str
    services: Mapping[ServiceName, ServiceEntry]

    def entry(self, name: ServiceName) -> ServiceEntry:
        """One service's entry. Raises `NotFound`."""
        found = self.services.get(name)
        if found is None:
            near = did_you_mean(str(name), [str(known) for known in self.services])
            raise NotFound(
                f"no service named {str(name)!r}",
                hint=f"{near} see mlmon status" if near else "see mlmon status",
            )
        return found


def parse(text: bytes, path: Path) -> Definition:
    """Read the bytes of a `workspace.toml`; `path` is only named in errors.

    Raises:
        DamagedWorkspace: not TOML, an unknown key, a wrong type, or a format newer than this mlmon knows.
    """
    try:
        document = tomllib.loads(text.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise DamagedWorkspace(f"{path} is not readable TOML: {error}", hint=_MEND) from error
    return _Reader(path).definition(document)


_MEND: Final = "mend that place in an editor; nothing was changed"
_KINDS: Final[Mapping[type, str]] = {
    str: "a text in quotes",
    int: "a whole number",
    bool: "true or false",
    list: "a list",
}
_Table = dict[str, object]
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class _Reader:
    """Takes tables apart, naming the file and the key in every complaint."""

    path: Path

    def definition(self, document: _Table) -> Definition:
        version = document.get("format")
        if type(version) is not int or version < 1:
            self._damaged("format", f"is {version!r} and must be {FORMAT}" if "format" in document else "is missing")
        if version > FORMAT:
            raise DamagedWorkspace(
                f"{self.path} has format {version}, and this mlmon knows formats up to {FORMAT}",
                hint="upgrade mlmon; nothing was changed",
            )
        self._only(document, "", ("format", "name", "id", "subscription", "resource_group", "services"))
        entries = [self._service(key, value) for key, value in self._table(document, "", "services").items()]
        return Definition(
            name=self._level(document, "name"),
            id=self._uuid(document),
            subscription=self._level(document, "subscription"),
            resource_group=self._level(document, "resource_group"),
            services={entry.name: entry for entry in sorted(entries, key=lambda entry: entry.name)},
        )

    def _service(self, key: str, value: object) -> ServiceEntry:
        at = f'services."{key}".'
        try:
            name = ServiceName.parse(key)
        except UsageError as error:
            self._damaged(at.rstrip("."), f"is wrong: {error.message}")
        if _CONTROL.search(key):
            self._damaged(at.rstrip("."), "has a control character in its name")
        table = self._as_table(value, at.rstrip("."))
        is_v1 = name.generation is Generation.V1
        own = ("collection", "column_generation") if is_v1 else ("collections",)
        self._only(table, at, ("script", "model", "model_name", "model_version", "features", "insights", *own))
        column_generation = self._get(table, at, "column_generation", int, 2)
        if column_generation not in (1, 2):
            self._damaged(f"{at}column_generation", f"is {column_generation} and must be 1 or 2")
        collections = self._table(table, at, "collections")
        return ServiceEntry(
            name=name,
            script=self._file(table, at, "script", required=True),
            model=self._file(table, at, "model", required=False),
            model_name=self._get(table, at, "model_name", str, ""),
            model_version=self._get(table, at, "model_version", str, "1"),
            features=self._texts(table, at, "features"),
            insights=self._get(table, at, "insights", bool, True),
            collection=self._get(table, at, "collection", bool, False),
            column_generation=column_generation,
            collections=tuple(self._collection(at, each, collections[each]) for each in sorted(collections)),
        )

    def _collection(self, service: str, name: str, value: object) -> CollectionSetting:
        at = f'{service}collections."{name}"'
        if not COLLECTION_NAME.fullmatch(name):
            self._damaged(at, "is wrong: a collection's name is letters, digits, _ and -")
        table = self._as_table(value, at)
        self._only(table, f"{at}.", ("enabled", "sampling_rate"))
        rate = table.get("sampling_rate", 1.0)
        if isinstance(rate, bool) or not isinstance(rate, int | float) or not 0 <= rate <= 1:
            self._damaged(f"{at}.sampling_rate", f"is {rate!r} and must be a number from 0 to 1")
        if "enabled" not in table:
            self._damaged(f"{at}.enabled", "is missing")
        return CollectionSetting(name, enabled=self._get(table, f"{at}.", "enabled", bool, False), sampling_rate=rate)

    def _level(self, document: _Table, key: str) -> str:
        """A text that becomes one level of a blob's name."""
        text = self._get(document, "", key, str, "")
        if not text or "/" in text or "\\" in text or _CONTROL.search(text):
            self._damaged(key, "is missing, empty, or has a slash or a control character")
        return text

    def _uuid(self, document: _Table) -> UUID:
        text = self._get(document, "", "id", str, "")
        try:
            return UUID(text)
        except ValueError:
            self._damaged("id", f"is {text!r} and must be a UUID")

    def _file(self, table: _Table, at: str, key: str, *, required: bool) -> str:
        text = self._get(table, at, key, str, "")
        if (required and not text) or "\x00" in text:
            self._damaged(f"{at}{key}", "must be the path of a file")
        return text

    def _texts(self, table: _Table, at: str, key: str) -> tuple[str, ...]:
        values = self._get(table, at, key, list, [])
        if not all(isinstance(value, str) for value in values):
            self._damaged(f"{at}{key}", "must be a list of texts")
        return tuple(values)

    def _get(self, table: _Table, at: str, key: str, kind: type[_T], default: _T) -> _T:
        value = table.get(key, default)
        # `type is`, because True is an int too
        if type(value) is not kind:
            self._damaged(f"{at}{key}", f"is {value!r} and must be {_KINDS[kind]}")
        return value

    def _table(self, table: _Table, at: str, key: str) -> _Table:
        return self._as_table(table.get(key, {}), f"{at}{key}")

    def _as_table(self, value: object, at: str) -> _Table:
        if not isinstance(value, dict):
            self._damaged(at, "must be a table")
        return value

    def _only(self, table: _Table, at: str, known: tuple[str, ...]) -> None:
        for key in table:
            if key not in known:
                near = did_you_mean(key, known)
                raise DamagedWorkspace(
                    f"{self.path}: {at}{key} is not a key that mlmon knows",
                    hint=f"{near} {_MEND}" if near else f"known here: {', '.join(known)}; nothing was changed",
                )

    def _damaged(self, key: str, complaint: str) -> NoReturn:
        raise DamagedWorkspace(f"{self.path}: {key} {complaint}", hint=_MEND)
