"""Names that whoever may write a blob can choose: none leaves the folder, and none takes another one's file.

The same names in both kinds of workspace, pulled by the command.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from azured import local_azure
from collected.files import tree
from collected.killing import SERVICE, Source, azure_source, container, local_source
from emulators import faults
from emulators.azure import LocalAzure
from mlmon.local.names import encode
from running import Runner

COMPOSED, DECOMPOSED = (unicodedata.normalize(form, "caf\u00e9.jsonl") for form in ("NFC", "NFD"))
SET_ASIDE = {
    "../../../../../../../../escaped.jsonl": "has a level that means another folder",
    "./same.jsonl": "has a level that means another folder",
    "C:\\escaped.jsonl": "has a backslash",
    "//escaped.jsonl": "has an empty level",
    "CON.jsonl": "has the name of a device as a level",
    "nul": "has the name of a device as a level",
    "LPT1.tar.gz": "has the name of a device as a level",
    "stream.jsonl:hidden": "has a colon",
    "x" * 300: "has a level longer than 255 bytes",
    "dot.jsonl.": "has a level that ends in a dot or a space",
    "space.jsonl ": "has a level that ends in a dot or a space",
    "twin.jsonl": "would be the same file as {TWIN.jsonl}",
    COMPOSED: f"would be the same file as {{{DECOMPOSED}}}",
    "in\u200bvisible.jsonl": "would be the same file as {invisible.jsonl}",
}
FETCHED = ["TWIN.jsonl", DECOMPOSED, "dot.jsonl", "space.jsonl", "invisible.jsonl", "-rf", "~", "$(touch x)"]
UNSPEAKABLE = [name for name in SET_ASIDE if name.startswith(".") or "\\" in name]
"""What an address cannot hold: it would be another blob's."""
HOUR = "2026/03/31/23/"


def content(name: str) -> bytes:
    return f"{{{json.dumps(name)}: 1}}\n".encode()


def stored_locally(source: Source, prefix: str) -> None:
    """As the embedded workspace writes names that a file system cannot hold."""
    [blobs] = (source.folder / "blobs").glob("azureml-blobstore-*")
    for name in (*SET_ASIDE, *FETCHED):
        parts = [part for level in f"{prefix}{HOUR}{name}".split("/") for part in encode(level)]
        file = blobs.joinpath(*parts)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content(name))


def stored_on_azure(azure: LocalAzure, prefix: str) -> None:
    for name in (*SET_ASIDE, *FETCHED):
        if name not in UNSPEAKABLE:
            azure.blobs.put(container(azure), f"{prefix}{HOUR}{name}", content(name))


def also_listed(prefix: str) -> Callable[[bytes], bytes]:
    """Names that no request can make are put into the listings that have the others."""
    shape = "<Blob><Name>{}</Name><Properties><Etag>0x1</Etag><Content-Length>30</Content-Length></Properties></Blob>"
    blobs = "".join(shape.format(f"{prefix}{HOUR}{name}") for name in UNSPEAKABLE)

    def alter(page: bytes) -> bytes:
        return page.replace(b"<Blobs>", b"<Blobs>" + blobs.encode()) if b"TWIN.jsonl" in page else page

    return alter


@pytest.fixture(params=["folder", "azure"])
def hostile(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Runner, str]]:
    """mlmon in a workspace whose storage holds all these names, and the prefix below which they are."""
    if request.param == "folder":
        source = local_source(tmp_path / "ws", count=1, size=100)
        prefix = prefix_of(source)
        stored_locally(source, prefix)
        yield Runner(source.folder), prefix
        return
    with local_azure(tmp_path / "azure") as azure:
        source = azure_source(azure, tmp_path / "ws", count=1, size=100)
        prefix = prefix_of(source)
        stored_on_azure(azure, prefix)
        with azure.fault(faults.altered(also_listed(prefix)), plane="blob", path=f"/{container(azure)}$"):
            yield Runner(source.folder, dict(azure.environ)), prefix


def prefix_of(source: Source) -> str:
    return next(iter(source.blobs)).partition("2026/")[0]


def test_hostile_names_never_leave_the_folder_and_never_overwrite_each_other(
    hostile: tuple[Runner, str], tmp_path: Path
) -> None:
    mlmon, prefix = hostile
    place = f"{prefix}{HOUR}"
    inside = tmp_path / "a" / "b"
    command = ["pull", SERVICE, "--day", "2026-03-31", "--to-dir", str(inside), "-o", "json"]
    for status in ("fetched", "unchanged"):
        outcome = mlmon(command)
        assert outcome.code == 7
        rows = outcome.json
        assert {row["path"].removeprefix(place) for row in rows if row["status"] == status} == {*FETCHED}
        assert {row["path"].removeprefix(place): row["reason"] for row in rows if row["status"] == "set aside"} == {
            name: reason.replace("{", f"'{place}").replace("}", "'") for name, reason in SET_ASIDE.items()
        }
        assert len(rows) == len(FETCHED) + len(SET_ASIDE)
        assert tree(tmp_path / "a") == {f"b/{place}{name}": content(name) for name in FETCHED}


@pytest.mark.parametrize("level", ["", "modelDataCollector", f"modelDataCollector/{SERVICE}/model_inputs/2026"])
def test_nothing_is_written_through_a_link(hostile: tuple[Runner, str], tmp_path: Path, level: str) -> None:
    mlmon, prefix = hostile
    outside, to = tmp_path / "outside", tmp_path / "to"
    outside.mkdir()
    link = to / level
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(outside)
    outcome = mlmon(["pull", SERVICE, "--month", "2026-03", "--to-dir", str(to), "-o", "json"])
    assert [*outside.iterdir()] == []
    assert link.is_symlink()
    if not level:
        error = json.loads(outcome.err.splitlines()[-1])
        assert (outcome.code, error["message"], error["hint"]) == (
            2,
            f"'{to}' is a symbolic link",
            "name the folder it leads to with --to-dir",
        )
        return
    assert outcome.code == 7
    reasons = {row["path"].removeprefix(prefix): row["reason"] for row in outcome.json if row["status"] == "set aside"}
    assert reasons["2026/03/01/00/000.jsonl"] == f"would be written through the symbolic link {level!r}"
    assert not any(row["status"] == "fetched" for row in outcome.json)
