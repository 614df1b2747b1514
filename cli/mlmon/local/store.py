"""Files of a workspace folder: whole or not there, however many processes read and write at once.

Appending. A writer holds the file's exclusive lock, notes the file's size beside it in
`<name>%appending` (under a digest of a name too long for that), writes, and removes the note.
A writer killed in between leaves the note, and
the size in it is what readers show and what the next writer cuts the file back to: a row is
there in whole or not at all, whatever bytes it holds. Readers take the shared lock only while they look at the size;
what stands below that size never changes, so they read it without a lock.

Replacing. A new file is written beside the old one and renamed over it.
"""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import IO, Final

from mlmon.core.errors import DamagedWorkspace, Failure, MlmonError
from mlmon.core.locking import NO_FOLLOW, lock, unlock
from mlmon.local import names

_BUFFER_LIMIT: Final = 16 * 1024 * 1024
_LONGEST_NAME: Final = 255  # bytes of a file's name


@dataclass(slots=True)
class _Buffer:
    """Appends held back: for each file its header, if it turns out to be new, and its bytes."""

    parts: dict[Path, tuple[bytes, list[bytes]]] = field(default_factory=dict)
    size: int = 0

    def add(self, path: Path, data: bytes, *, header: bytes) -> None:
        self.parts.setdefault(path, (header, []))[1].append(data)
        self.size += len(data)


class Store:
    """Reads and writes below one folder, and never through a link out of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._known_folders: set[Path] = set()
        self._buffer: _Buffer | None = None

    @property
    def buffering(self) -> bool:
        """Whether appends are being held back."""
        return self._buffer is not None

    @contextmanager
    def buffered(self) -> Iterator[None]:
        """Hold appends back and write them together at the end; also when the block fails."""
        if self._buffer is not None:
            yield
            return
        self._buffer = _Buffer()
        try:
            yield
        finally:
            self._flush()
            self._buffer = None

    def append(self, path: Path, data: bytes, *, header: bytes = b"") -> None:
        """Add bytes to the end of a file, all or none of them; `header` first when the file is new.

        Raises:
            MlmonError: the file cannot be written; it is as it was.
        """
        if self._buffer is None:
            self._append(path, data, header=header)
            return
        self._buffer.add(path, data, header=header)
        if self._buffer.size > _BUFFER_LIMIT:
            self._flush()

    def replace(self, path: Path, data: bytes) -> None:
        """Put a whole new file in the place of an old one, durably.

        Raises:
            MlmonError: the file cannot be written; it is as it was.
        """
        self._prepare(path.parent)
        temporary = ""
        try:
            descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
            with open(descriptor, "wb") as file:  # noqa: PTH123 - a descriptor, not a path
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            # mkstemp makes the file private; anyone may look into a workspace, unless its owner shut them out
            Path(temporary).chmod(path.stat().st_mode & 0o777 if path.exists() else 0o644)
            Path(temporary).replace(path)
            _sync_folder(path.parent)
        except OSError as error:
            if temporary:
                Path(temporary).unlink(missing_ok=True)
            raise cannot("written", path, error) from error

    @contextmanager
    def locked(self, path: Path) -> Iterator[None]:
        """Hold the exclusive lock that stands for a file which is replaced, not appended to."""
        self._prepare(path.parent)
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | NO_FOLLOW, 0o666)
        except OSError as error:
            raise cannot("written", path, error) from error
        try:
            lock(descriptor, exclusive=True)
            yield
        finally:
            os.close(descriptor)

    @contextmanager
    def reading(self, path: Path) -> Iterator[tuple[IO[bytes], int]]:
        """Open a file with the number of its bytes that are whole.

        Raises:
            FileNotFoundError: there is no such file, or it is a link.
            MlmonError: it cannot be read.
        """
        try:
            # looked at before it is opened: opening a pipe would wait for its other end
            if not stat.S_ISREG(path.lstat().st_mode):
                raise FileNotFoundError(path)
            descriptor = os.open(path, os.O_RDONLY | NO_FOLLOW)
        except (FileNotFoundError, NotADirectoryError):
            raise FileNotFoundError(path) from None
        except OSError as error:
            raise cannot("read", path, error) from error
        with open(descriptor, "rb", buffering=0) as file:  # noqa: PTH123 - a descriptor, not a path
            lock(descriptor, exclusive=False)
            size = _whole_size(descriptor, path)
            unlock(descriptor)
            yield file, size

    def _append(self, path: Path, data: bytes, *, header: bytes) -> None:
        self._prepare(path.parent)
        if not path.parent.exists():
            # deleted by someone since it was seen
            self._known_folders.clear()
            self._prepare(path.parent)
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | NO_FOLLOW, 0o666)
            try:
                lock(descriptor, exclusive=True)
                _append_locked(descriptor, path, data, header=header)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise cannot("written", path, error) from error

    def _flush(self) -> None:
        if self._buffer is None:
            return
        parts, self._buffer.parts, self._buffer.size = self._buffer.parts, {}, 0
        for path, (header, pieces) in parts.items():
            self._append(path, b"".join(pieces), header=header)

    def _prepare(self, folder: Path) -> None:
        """Make the folder, having seen that no link on the way leads out of the workspace."""
        if folder in self._known_folders or folder == self.folder:
            return
        self._prepare(folder.parent)
        if folder.is_symlink():
            raise DamagedWorkspace(
                f"{folder} is a link, and nothing is written through links",
                hint="replace it with a folder",
            )
        try:
            folder.mkdir(exist_ok=True)
        except OSError as error:
            raise cannot("written", folder, error) from error
        self._known_folders.add(folder)


def cannot(be: str, path: Path, error: OSError) -> MlmonError:
    """The error for a file that cannot be read or written, with the next step."""
    reason = error.strerror or str(error)
    message = f"{path} cannot be {be}: {reason}"
    if isinstance(error, PermissionError):
        return Failure(message, hint=f"check who may use it: ls -ld {path.parent}")
    return Failure(message, hint="free some space, or choose another folder" if be == "written" else "check the file")


def _append_locked(descriptor: int, path: Path, data: bytes, *, header: bytes) -> None:
    note = _note(path)
    size = _whole_size(descriptor, path)
    if size != os.fstat(descriptor).st_size:
        os.ftruncate(descriptor, size)
    noting = os.open(note, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | NO_FOLLOW, 0o666)
    try:
        os.write(noting, b"%d\n" % size)
    finally:
        os.close(noting)
    try:
        left = memoryview(data if size else header + data)
        while left:
            left = left[os.write(descriptor, left) :]
    except BaseException:
        # also Ctrl-C between two parts of a long write; where even this fails, the note stays and says the size
        os.ftruncate(descriptor, size)
        note.unlink()
        raise
    note.unlink()


def _whole_size(descriptor: int, path: Path) -> int:
    """The size without what a killed writer left; call it under the file's lock."""
    size = os.fstat(descriptor).st_size
    with suppress(FileNotFoundError):
        text = _note(path).read_bytes()
        # a writer killed before its note was whole had not begun to write
        if text.endswith(b"\n") and text[:-1].isdigit():
            return min(size, int(text))
    return size


def _note(path: Path) -> Path:
    name = path.name + names.APPENDING
    if len(os.fsencode(name)) > _LONGEST_NAME:
        # no escape begins with `%l`, so this is nobody else's note
        name = f"%long-{sha256(os.fsencode(path.name)).hexdigest()}{names.APPENDING}"
    return path.with_name(name)


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":  # pragma: no cover - a folder cannot be opened there
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
