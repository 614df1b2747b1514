"""`workspace.toml` on disk: read when it changed, edited without losing a person's comments."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mlmon.core.errors import DamagedWorkspace, NotFound
from mlmon.core.model import Json, ServiceName
from mlmon.local.definition import FILE_NAME, Definition, parse
from mlmon.local.store import Store, cannot

if TYPE_CHECKING:
    from tomlkit import TOMLDocument

_LOCK: Final = ".workspace.lock"


@dataclass(frozen=True, slots=True)
class _Read:
    stamp: tuple[int, int, int]
    definition: Definition


class DefinitionFile:
    """Reads the definition (again only when the file changed) and writes single fields of it."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.path: Path = store.folder / FILE_NAME
        self._read: _Read | None = None

    def load(self) -> Definition:
        """The definition as it is now.

        Raises:
            NotFound: there is no such file.
            DamagedWorkspace: it cannot be trusted.
        """
        try:
            stat = self.path.stat()
            stamp = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
            if self._read is None or self._read.stamp != stamp:
                self._read = _Read(stamp, parse(self.path.read_bytes(), self.path))
        except FileNotFoundError:
            raise NotFound(
                f"{self.path.parent} holds no workspace",
                hint="make one with mlmon demo, or an empty one with mlmon init --local DIR",
            ) from None
        except OSError as error:
            raise cannot("read", self.path, error) from error
        return self._read.definition

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other writers out; what `load` then says holds until the block ends."""
        with self._store.locked(self.path.with_name(_LOCK)):
            yield

    def write_fields(self, name: ServiceName, fields: Mapping[str, Json]) -> None:
        """Set fields of one service (dotted: `collections.model_inputs.enabled`); call it under the lock.

        A field that is None is taken out.
        """
        self._edit(lambda document: _set_fields(document, name, fields))

    def remove(self, name: ServiceName) -> None:
        """Take a service out; call it under the lock."""
        self._edit(lambda document: document["services"].remove(str(name)))

    def create(self, definition: Definition) -> None:
        """Write a new file without services."""
        self._store.replace(self.path, _new_text(definition).encode())

    def _edit(self, change: Callable[[TOMLDocument], None]) -> None:
        import tomlkit  # 20 ms that only a writer needs
        from tomlkit.exceptions import TOMLKitError

        before = self.path.read_bytes()
        parse(before, self.path)
        try:
            document = tomlkit.parse(before.decode("utf-8"))
            change(document)
        except TOMLKitError as error:
            raise DamagedWorkspace(
                f"{self.path} is written in a way that mlmon cannot change: {error}",
                hint="make the change in an editor; nothing was changed",
            ) from error
        text = tomlkit.dumps(document).encode()
        parse(text, self.path)
        self._store.replace(self.path, text)


def _set_fields(document: TOMLDocument, name: ServiceName, fields: Mapping[str, Json]) -> None:
    import tomlkit
    from tomlkit.items import InlineTable

    for dotted, value in fields.items():
        table = document
        for depth, step in enumerate(("services", str(name), *dotted.split(".")[:-1])):
            if step not in table:
                # `services` and a service's `collections` hold only tables and need no header line of their own
                inside = isinstance(table, InlineTable)
                table[step] = tomlkit.inline_table() if inside else tomlkit.table(is_super_table=depth in {0, 2})
            table = table[step]
        key = dotted.rsplit(".", 1)[-1]
        if value is not None:
            table[key] = value
        elif key in table:
            table.remove(key)


def _new_text(definition: Definition) -> str:
    import tomlkit

    document = tomlkit.document()
    document.add(tomlkit.comment("An mlmon workspace: services and their switches. mlmon keeps your comments."))
    document["format"] = 1
    document["name"] = definition.name
    document["id"] = str(definition.id)
    document["subscription"] = definition.subscription
    document["resource_group"] = definition.resource_group
    return tomlkit.dumps(document)
