"""The target folder: files in it are whole or not there, and nothing outside it is ever touched."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from enum import Enum, auto
from pathlib import Path
from typing import Final, NoReturn

from mlmon.core.errors import Code, Failure, UsageError
from mlmon.state import FOLDER

_FULL: Final = {errno.ENOSPC, errno.EDQUOT}
_CLOSED: Final = {errno.EACCES, errno.EPERM, errno.EROFS}
_IMPOSSIBLE_NAME: Final = {errno.ENAMETOOLONG, errno.EINVAL, errno.EILSEQ}
_JUNCTION: Final = 0xA0000003  # IO_REPARSE_TAG_MOUNT_POINT: what Windows has for links between folders
_CHOOSE: Final = "choose another one with --to-dir"


class Refused(Exception):
    """This name cannot be a file here. The message follows the name."""


class NotWritten(Exception):
    """This file was not written and nothing of it was kept. The message is a sentence, `hint` the next step."""

    def __init__(self, message: str, *, hint: str = "run the same command again") -> None:
        super().__init__(message)
        self.hint = hint


class Unwritable(Failure):
    """The folder as a whole takes no files, so there is no point in trying the next."""

    code = Code.FOLDER_UNWRITABLE


class Kind(Enum):
    """What stands somewhere."""

    MISSING = auto()
    FOLDER = auto()
    LINK = auto()
    OTHER = auto()


def check(to_dir: Path) -> None:
    """See that a folder can be the target, changing nothing. A missing one can.

    Raises:
        UsageError: it is something else than a folder, or a symbolic link.
        Unwritable: it cannot be written to.
    """
    try:
        kind = _kind(to_dir)
    except ValueError:
        raise UsageError(f"{str(to_dir)!r} cannot be the name of a folder", hint=_CHOOSE) from None
    except OSError as error:
        raise _unwritable(to_dir, error) from None
    if kind is Kind.LINK:
        raise UsageError(f"{str(to_dir)!r} is a symbolic link", hint="name the folder it leads to with --to-dir")
    if kind is Kind.OTHER:
        raise UsageError(f"{str(to_dir)!r} is not a folder", hint=_CHOOSE)
    if kind is Kind.FOLDER and not os.access(to_dir, os.W_OK | os.X_OK):
        raise _unwritable(to_dir, PermissionError(errno.EACCES, os.strerror(errno.EACCES)))


def check_apart(to_dir: Path, source: Path) -> None:
    """See that a folder is not the one whose files are to be fetched, nor inside it, by whatever name. Raises
    `UsageError`."""
    with suppress(OSError):  # what is not there is nothing that could be written over
        place = to_dir.resolve()
        for one in (place, *place.parents):
            if one.exists() and one.samefile(source):
                raise UsageError(f"{str(to_dir)!r} is where the blobs themselves are", hint=_CHOOSE)


def prepare(to_dir: Path) -> None:
    """Create the folder, and what it stands in, unless it is there.

    Raises:
        UsageError: it, or what it should stand in, is something else than a folder, or it is a symbolic link.
        Unwritable: it cannot be created or written to.
    """
    check(to_dir)
    try:
        to_dir.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        message = f"{str(to_dir)!r} cannot be a folder: something on the way to it is a file"
        raise UsageError(message, hint=_CHOOSE) from None
    except OSError as error:
        raise _unwritable(to_dir, error) from None


def see(to_dir: Path, path: str) -> None:
    """See that a file can stand there, creating the folders it needs.

    `path` is relative, with `/`, and safe (`names.unsafe`).

    Raises:
        Refused: this system cannot have such a file, something else stands in its way, or a
            symbolic link is on the way to it.
        NotWritten: the folder of this one file could not be made.
        Unwritable: the disk is full, or the folder takes no files.
    """
    with explained(to_dir):
        _place(to_dir, path)


def land(to_dir: Path, path: str, temporary: Path) -> None:
    """Make a file that is whole the one at `path`, in the place of the one there. Raises as `see`.

    There is no fsync: a stopped process leaves no half file, and what a power cut takes, the next pull brings back.
    """
    with explained(to_dir):
        target = _place(to_dir, path)
        try:
            temporary.replace(target)
        except PermissionError as error:
            raise_unreplaceable(target, error)


def raise_unreplaceable(target: Path, error: PermissionError) -> NoReturn:
    """Tell a folder that takes no files (`PermissionError`) from one file that cannot be replaced (`NotWritten`)."""
    if not os.access(target.parent, os.W_OK | os.X_OK):
        raise PermissionError(error.errno, error.strerror, str(target)) from None
    # the folder takes files, so it is this one: open in another program, or protected
    raise NotWritten("the file that is there cannot be replaced") from None


def standing(to_dir: Path, path: str) -> os.stat_result | None:
    """The regular file at `path`, with no link on the way to it; None where there is no such file."""
    *levels, _ = path.split("/")
    place = str(to_dir)
    try:
        for level in levels:
            place = os.path.join(place, level)  # noqa: PTH118 - nine levels a file: strings cost a tenth of paths
            if _kind(place) is not Kind.FOLDER:
                return None
        found = os.lstat(to_dir / path)
    except (OSError, ValueError):
        return None
    return found if stat.S_ISREG(found.st_mode) else None


def remove_empty(to_dir: Path, levels: Sequence[str]) -> None:
    """Remove the folder some levels below if it is empty, and so with each one above it up to the target folder."""
    with suppress(OSError):  # this one has something in it
        for depth in range(len(levels), 0, -1):
            to_dir.joinpath(*levels[:depth]).rmdir()


def own(to_dir: Path, name: str) -> Path:
    """A folder of mlmon's own in the target folder, made where it is missing.

    Raises:
        UsageError: something else than a folder has its name, or a symbolic link.
        Unwritable: it cannot be made.
    """
    place = to_dir / name
    with explained(to_dir):
        with suppress(FileExistsError):
            place.mkdir()
        if _kind(place) is not Kind.FOLDER:
            raise UsageError(f"{str(place)!r} is not a folder of mlmon's own", hint=_CHOOSE)
    return place


def own_file(own_: Path, name: str) -> Path:
    """A file of mlmon's own in its folder, which is there or can be made.

    Raises:
        UsageError: something else than a file has its name.
        Unwritable: the folder cannot be looked at.
    """
    place = own_ / name
    with explained(own_.parent), suppress(FileNotFoundError):
        if not stat.S_ISREG(os.lstat(place).st_mode):
            raise UsageError(f"{str(place)!r} is not a file of mlmon's own", hint=f"delete it, or {_CHOOSE}")
    return place


def _place(to_dir: Path, path: str) -> Path:
    *levels, file_name = path.split("/")
    target = _descend(to_dir, levels) / file_name
    in_the_way(_kind(target))
    return target


def _descend(to_dir: Path, levels: list[str]) -> Path:
    """The folder some levels below, created where it is missing, with no link on the way.

    Every level is looked at for every file: a pull runs for long, and folders change under it.
    """
    place = str(to_dir)
    for depth, level in enumerate(levels, start=1):
        place = os.path.join(place, level)  # noqa: PTH118 - nine levels a file: strings cost a tenth of paths
        kind = _kind(place)
        if kind is Kind.MISSING:
            with suppress(FileExistsError):  # another thread was faster
                os.mkdir(place)  # noqa: PTH102 - the same
            kind = _kind(place)
        see_passable(kind, levels[:depth])
    return Path(place)


def see_passable(kind: Kind, levels: Sequence[str]) -> None:
    """See that files can stand below what is at some level. Raises `Refused`."""
    if kind is Kind.LINK:
        raise Refused(f"would be written through the symbolic link {'/'.join(levels)!r}")
    if kind is Kind.OTHER:
        raise Refused(f"needs a folder where {'/'.join(levels)!r} is a file")


def in_the_way(kind: Kind) -> None:
    """See that a file can take the place of what is there. Raises `Refused`."""
    if kind is Kind.LINK:
        raise Refused("would replace a symbolic link")
    if kind is Kind.FOLDER:
        raise Refused("would be a file where a folder is")


def kind_of(found: os.stat_result) -> Kind:
    """What `lstat` found."""
    if stat.S_ISLNK(found.st_mode) or getattr(found, "st_reparse_tag", 0) == _JUNCTION:
        return Kind.LINK
    return Kind.FOLDER if stat.S_ISDIR(found.st_mode) else Kind.OTHER


def _kind(place: Path | str) -> Kind:
    try:
        return kind_of(os.lstat(place))
    except (FileNotFoundError, NotADirectoryError):
        return Kind.MISSING


@contextmanager
def explained(to_dir: Path) -> Iterator[None]:
    """Turn what the system says about writing into what it means for this file, or for all."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise _unwritable(to_dir, error) from None
        if error.errno in _CLOSED:
            raise _closed(to_dir, error) from None
        if error.errno in _IMPOSSIBLE_NAME:
            raise Refused(f"cannot be a file here ({_said(error)})") from None
        raise NotWritten(f"it could not be written ({_said(error)})") from None


def _closed(to_dir: Path, error: OSError) -> Unwritable | NotWritten:
    """A folder inside that is closed is the matter of what belongs in it; every file needs the others."""
    place = Path(error.filename).parent if error.filename else to_dir
    inside = place.relative_to(to_dir).parts if place.is_relative_to(to_dir) else ()
    if not inside or inside[0] == FOLDER:
        return _unwritable(place, error)
    said = f"the folder {'/'.join(inside)!r} cannot be written to ({_said(error)})"
    return NotWritten(said, hint=f"see who may write to it: ls -ld {place}")


def unwritable_file(file: Path, error: OSError) -> Unwritable:
    """What to raise where a file cannot be written that the whole folder needs."""
    if error.errno in _FULL:
        return _unwritable(file.parent, error)
    return Unwritable(f"{str(file)!r} cannot be written ({_said(error)})", hint=f"delete it, or {_CHOOSE}")


def _unwritable(place: Path, error: OSError) -> Unwritable:
    if error.errno in _FULL:
        return Unwritable(
            f"the disk that holds {str(place)!r} is full",
            hint="free some space and run the same command again; files that are whole stay",
        )
    return Unwritable(f"{str(place)!r} cannot be written to ({_said(error)})", hint=_CHOOSE)


def _said(error: OSError) -> str:
    return (error.strerror or type(error).__name__).lower()
