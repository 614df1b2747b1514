"""Laws of a pull: whatever the names are, nothing outside the folder changes and no two blobs share a file."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath, PureWindowsPath

from hypothesis import given, settings
from hypothesis import strategies as st

from collected.files import tree
from collected.memory import V2, MemoryBlobs
from collected.pulling import run
from mlmon.collected.pulling.names import identity, unsafe
from mlmon.collected.pulling.outcomes import Planned, SetAside, Target
from mlmon.collected.pulling.planning import Plan
from mlmon.collected.pulling.spool import CHUNK
from mlmon.collected.selecting.layout import CollectedBlob
from mlmon.core.model import BlobInfo

LEVELS = st.sampled_from(
    [
        *("", ".", "..", " ", "a", "A", "a.", "a ", "b", "link", "mine", "é", "e\u0301", "É", "\u200d", "a\u200d"),
        *("..\\..", "C:", "C:\\x", "\\\\server", "nul", "NUL.txt", "con .x", "com¹", "a:b", "x\x00y", "\n", "\x1b[2J"),
        *(
            "\u202ex",
            "\udc80",
            "x" * 255,
            "x" * 256,
            "é" * 128,
            "~",
            "-rf",
            "*",
            "2026",
            "03",
            "$(touch x)",
            ".mlmon-part",
        ),
    ]
) | st.text(st.characters(categories=["L", "N", "P", "S", "Z", "C"]), max_size=6)
NAMES = st.lists(LEVELS, min_size=1, max_size=5).map("/".join)


def collected(blobs: MemoryBlobs, key: tuple[str, str]) -> CollectedBlob:
    start = datetime(2026, 3, 1, tzinfo=UTC)
    return CollectedBlob(blobs.info(*key), V2, "model_inputs", "", "", start, start + timedelta(days=1))


def assign(selected: list[CollectedBlob], *, to_dir: Path) -> Plan:
    planned = Plan(to_dir)
    planned.fill(one for one in selected)
    return planned


@settings(deadline=None)  # it writes files, and a disk may be busy
@given(st.lists(st.tuples(st.sampled_from(["c", "d"]), NAMES), max_size=12, unique=True))
def test_whatever_the_names_are_every_file_is_one_blob_s_and_inside(keys: list[tuple[str, str]]) -> None:
    blobs = MemoryBlobs(stored={key: f"content of {number}".encode() for number, key in enumerate(keys)})
    with tempfile.TemporaryDirectory() as name:
        to_dir, outside = Path(name, "to"), Path(name, "outside")
        to_dir.mkdir()
        outside.mkdir()
        (outside / "mine").write_bytes(b"mine")
        (to_dir / "link").symlink_to(outside)
        (to_dir / "mine").symlink_to(outside / "mine")

        outcome = run(assign([collected(blobs, key) for key in keys], to_dir=to_dir), blobs, workers=3)

        (to_dir / "link").unlink()
        (to_dir / "mine").unlink()
        assert tree(Path(name)) == {
            "outside/mine": b"mine",
            **{f"to/{file.path}": blobs.stored[file.container, file.name] for file in outcome.fetched},
        }
    assert outcome.failed == ()
    assert sorted((one.container, one.name) for one in (*outcome.fetched, *outcome.set_aside)) == sorted(keys)
    assert len({identity(file.path) for file in outcome.fetched}) == len(outcome.fetched)


@given(NAMES)
def test_a_safe_name_is_the_same_relative_path_on_every_system(name: str) -> None:
    if unsafe(name):
        return
    for path in (PurePosixPath(name), PureWindowsPath(name)):
        assert not path.is_absolute()
        assert not path.anchor
        assert list(path.parts) == name.split("/")
        assert ".." not in path.parts


@given(st.lists(NAMES, max_size=12, unique=True))
def test_no_name_is_lost_and_reasons_are_always_given(names: list[str]) -> None:
    blobs = MemoryBlobs(stored={("c", name): b"" for name in names})
    planned = assign([collected(blobs, key) for key in blobs.stored], to_dir=Path("to"))
    targets = [one.path for one in planned if isinstance(one, Target)]
    set_aside = [one for one in planned if isinstance(one, SetAside)]
    assert (len(targets), len(set_aside)) == (planned.count, planned.set_aside)
    assert sorted(targets + [one.name for one in set_aside]) == sorted(names)
    assert all(one.reason for one in set_aside)
    files = {identity(path) for path in targets}
    assert len(files) == len(targets)
    assert not any(identity(str(parent)) in files for path in targets for parent in PurePosixPath(path).parents)


def naive(names: list[str]) -> dict[str, str]:
    """Why each name may not become a file, by a reference that keeps every name; "" where it may."""
    files: dict[str, str] = {}
    folders: dict[str, str] = {}
    reasons = {}
    for name in names:
        key = identity(name)
        above = [str(parent) for parent in reversed(PurePosixPath(key).parents)][1:]
        reason = unsafe(name)
        if not reason and key.partition("/")[0] == ".mlmon":
            reason = "would be in '.mlmon', which is mlmon's own"
        if not reason and key in files:
            reason = f"would be the same file as {files[key]!r}"
        if not reason and key in folders:
            reason = f"would be a file where {folders[key]!r} needs a folder"
        if not reason and (outer := next((files[parent] for parent in above if parent in files), "")):
            reason = f"needs a folder where {outer!r} is a file"
        if not reason:
            files[key] = name
            for parent in above:
                folders.setdefault(parent, name)
        reasons[name] = reason
    return reasons


FEW = st.lists(st.sampled_from(["a", "A", "b", "é", "e\u0301", ".mlmon", "x."]), min_size=1, max_size=4).map("/".join)


@settings(deadline=None)  # half of them have five hundred names more between
@given(st.lists(FEW | NAMES, max_size=16, unique=True), st.booleans())
def test_a_plan_that_keeps_hashes_decides_as_one_that_keeps_names(names: list[str], far_apart: bool) -> None:  # noqa: FBT001 - drawn
    between = [f"filler/{number}" for number in range(CHUNK + 1)] if far_apart else []
    half = len(names) // 2
    blobs = MemoryBlobs(stored={("c", name): b"" for name in [*names[:half], *between, *names[half:]]})
    planned = assign([collected(blobs, key) for key in blobs.stored], to_dir=Path("to"))
    reasons = {one.name: one.reason if isinstance(one, SetAside) else "" for one in (named(each) for each in planned)}
    assert {name: reasons[name] for name in names} == naive(names)


def named(planned: Planned) -> BlobInfo | SetAside:
    return planned if isinstance(planned, SetAside) else planned.collected.blob
