"""A pull where one thing is wrong: everything else comes, and what is wrong is said once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from collected.files import tree
from collected.killing import SERVICE, complaints, local_source
from collected.test_pull_process import NOBODY
from commands.test_pull import MARCH, ROOT, Place, place, timeless

__all__ = ["place"]  # a fixture

# once before as oneself, so that all is imported: others may not look into every folder that Python is in
AS_NOBODY = f"""
import contextlib, io, os, sys
from mlmon.main import entry
before = sys.argv.pop(1)
words = sys.argv[:]
with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
    with contextlib.suppress(SystemExit):
        sys.argv[sys.argv.index("--to-dir") + 1] = before
        entry()
sys.argv[:] = words
{NOBODY}
entry()
"""


def pulled_as_nobody(source: Path, to_dir: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Pull as somebody whom the files of root are closed to."""
    for folder in [to_dir, *to_dir.parents][:4]:
        if folder.stat().st_uid == os.getuid() and folder != Path("/tmp"):
            folder.chmod(folder.stat().st_mode | 0o111)
    words = ["pull", SERVICE, "--month", "2026-03", "--to-dir", str(to_dir), *options]
    return subprocess.run(
        [sys.executable, "-c", AS_NOBODY, str(to_dir.with_name("before")), *words],
        cwd=source,
        env={"PATH": "/usr/bin:/bin", "HOME": str(to_dir)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_blob_that_may_not_be_read_fails_and_the_rest_comes(tmp_path: Path) -> None:
    source, to_dir = local_source(tmp_path / "ws", count=5, size=1000), tmp_path / "to"
    to_dir.mkdir(mode=0o777)
    to_dir.chmod(0o777)
    closed = sorted(source.blobs)[1]
    [file] = (source.folder / "blobs").glob(f"*/{closed}")
    file.chmod(0)
    done = pulled_as_nobody(source.folder, to_dir)
    assert (done.returncode, done.stdout) == (7, f"fetched 4 files, 4.0 kB, 1 day into {to_dir}; 1 failed\n")
    assert complaints(done.stderr) == [
        f"warning: failed: {closed}: {file} cannot be read: Permission denied",
        f"hint: check who may use it: ls -ld {file.parent}",
    ]
    assert tree(to_dir) == {name: content for name, content in source.blobs.items() if name != closed}


def test_a_folder_that_may_not_be_written_to_fails_and_the_rest_comes(tmp_path: Path) -> None:
    source, to_dir = local_source(tmp_path / "ws", count=30, size=1000), tmp_path / "to"
    day = Path(sorted(source.blobs)[-1]).parent.parent
    (to_dir / day).mkdir(parents=True)
    for place_ in (to_dir, *(to_dir / day).parents):
        if place_.is_relative_to(to_dir):
            place_.chmod(0o777)
    (to_dir / day).chmod(0o555)
    done = pulled_as_nobody(source.folder, to_dir)
    assert (done.returncode, done.stdout) == (7, f"fetched 24 files, 23.7 kB, 1 day into {to_dir}; 6 failed\n")
    first, hint, more = complaints(done.stderr)
    assert first.endswith(f": the folder '{day}' cannot be written to (permission denied)")
    assert hint == f"hint: see who may write to it: ls -ld {to_dir / day}"
    assert more == "warning: and 5 more: same reason; --debug names them"


class TestItsOwnSource:
    @pytest.mark.parametrize("target", ["blobs", "blobs/modeldata", "blobs/modeldata/new/er", "linked/modeldata"])
    @pytest.mark.parametrize("options", ["", "--overwrite always", "--dry-run"])
    def test_the_blobs_of_an_embedded_workspace_are_no_target(self, place: Place, target: str, options: str) -> None:
        ws = place.mlmon.folder
        (ws / "linked").symlink_to(ws / "blobs")
        before = tree(ws)
        outcome = place.mlmon(f"pull churn --month 3 --to-dir {target} {options}")
        assert (outcome.code, outcome.out) == (2, "")
        assert outcome.err.endswith(
            f"error: '{ws / target}' is where the blobs themselves are\nhint: choose another one with --to-dir\n"
        )
        assert tree(ws) == before

    def test_a_folder_beside_them_is_one(self, place: Place) -> None:
        assert place.mlmon("pull churn --month 3 --to-dir blobs-too").code == 0


def test_a_cap_holds_for_an_embedded_workspace_too(place: Place) -> None:
    for day in ("05", "06", "07"):
        place.put(f"inputs/2026/03/{day}/inputs.csv", "x" * 40_000)
    began = time.monotonic()
    assert place.pull("--cap-mbps 0.8").code == 0  # 100 kB a second
    assert time.monotonic() - began > 0.7


class TestASummaryForScripts:
    @pytest.mark.parametrize("form", ["csv", "tsv", "md"])
    def test_it_is_said_beside_the_rows(self, place: Place, form: str) -> None:
        outcome = place.pull(f"-o {form}")
        assert timeless(outcome.err) == f"{MARCH}fetched 3 files, 13 B, 2 days into {place.to}; took TIME\n"

    @pytest.mark.parametrize("form", ["json", "jsonl"])
    def test_as_a_json_line_where_all_is_json(self, place: Place, form: str) -> None:
        place.pull()
        last = json.loads(place.pull(f"-o {form}").err.splitlines()[-1])
        assert last["level"] == "info"
        assert last["message"].startswith(f"nothing to fetch: 3 unchanged in {place.to}; took ")

    def test_a_rehearsal_has_one_too(self, place: Place) -> None:
        assert place.pull("--dry-run -o csv").err == f"{MARCH}would fetch 3 files, 13 B, 2 days into {place.to}\n"

    def test_people_are_told_how_long_it_took_to_find_nothing_new(self, place: Place) -> None:
        place.pull()
        assert timeless(place.pull().err) == f"{MARCH}took TIME\n"

    def test_quiet_is_without_it(self, place: Place) -> None:
        assert place.pull("-q -o csv").err == ""


class TestAReaderWhoGoes:
    @staticmethod
    def _head(place: Place, options: str = "", *, size: int) -> subprocess.CompletedProcess[str]:
        """Have one line read, and then nobody."""
        for number in range(200):
            place.put(f"inputs/2026/03/05/{number:03}.csv", "x" * size)
        words = f"pull churn --month 3 --to-dir {place.to} --parallel 2 -o jsonl {options}"
        mlmon = Path(sys.executable).with_name("mlmon")
        script = f"{{ {mlmon} {words}; echo code $? >&2; }} | head -n 1"
        return subprocess.run(["sh", "-c", script], cwd=place.mlmon.folder, capture_output=True, text=True, check=True)

    @pytest.mark.parametrize(
        ("options", "again"),
        [
            ("", "the same command again fetches the rest"),
            ("--overwrite always", "the same command again begins anew, as --overwrite always says"),
        ],
    )
    def test_a_pull_that_stops_for_it_is_incomplete(self, place: Place, options: str, again: str) -> None:
        done = self._head(place, f"--cap-mbps 8 {options}", size=20_000)
        *notes, code = done.stderr.splitlines()
        assert code == "code 7"
        error = json.loads(notes[-1])
        assert error.pop("message").startswith("stopped, as nobody reads its rows any more: fetched ")
        assert error == {"code": "failure", "hint": again, "exit_code": 7}
        assert len(notes) == 2
        assert 0 < len(tree(place.to)) < 203

    def test_one_that_is_over_is_not(self, place: Place) -> None:
        assert place.mlmon(f"pull churn --month 3 --to-dir {place.to}").code == 0
        mlmon = Path(sys.executable).with_name("mlmon")
        script = f"{{ {mlmon} pull churn --month 3 --to-dir {place.to} -o json; echo code $? >&2; }} | true"
        done = subprocess.run(["sh", "-c", script], cwd=place.mlmon.folder, capture_output=True, text=True, check=True)
        assert done.stderr.splitlines()[-1] == "code 0"


class TestWhatMadeWay:
    @pytest.fixture
    def own(self, place: Place) -> Path:
        """A file of somebody's own where a blob's is to stand."""
        file = place.to / ROOT / "inputs/2026/03/01/inputs.csv"
        file.parent.mkdir(parents=True)
        file.write_text("mine")
        return file

    def test_a_file_that_pull_did_not_write_is_replaced_and_that_is_said(self, place: Place, own: Path) -> None:
        rehearsed = place.pull("--dry-run -o jsonl").jsonl
        assert [one["reason"] for one in rehearsed] == ["would replace a file that pull did not write", None, None]
        rows = place.pull("-o jsonl")
        assert rows.code == 0
        assert [one["reason"] for one in rows.jsonl] == ["replaced a file that pull did not write", None, None]
        assert own.read_bytes() == b"a\r\n1\r\n"

    def test_so_it_is_of_one_that_somebody_changed(self, place: Place, own: Path) -> None:
        place.pull("-q")
        own.write_text("edited")
        outcome = place.pull()
        assert outcome.code == 0
        assert timeless(outcome.err) == (
            f"{MARCH}warning: 1 file that pull did not write, or somebody had changed, made way for blobs\n"
            "hint: --overwrite never keeps it, and any other file that is there\ntook TIME\n"
        )

    def test_never_is_the_way_out(self, place: Place, own: Path) -> None:
        outcome = place.pull("--overwrite never")
        assert (outcome.code, timeless(outcome.err)) == (0, f"{MARCH}took TIME\n")
        assert own.read_text() == "mine"

    def test_a_copy_of_the_blob_is_no_loss(self, place: Place, own: Path) -> None:
        own.write_bytes(b"a\r\n1\r\n")
        assert [one["reason"] for one in place.pull("-o jsonl").jsonl] == [None] * 3
        assert place.pull("--overwrite always -o jsonl").jsonl[0]["reason"] is None


def test_a_last_line_that_is_held_back_is_said(place: Place) -> None:
    place.put("inputs/2026/11/20/inputs.csv", "a\n1\n2")
    for status in ("fetched", "unchanged"):
        outcome = place.mlmon(f"pull churn --day today --to-dir {place.to} -o csv")
        assert f",4,2026-11-20,inputs,churn,churn,1,{status}," in outcome.out
        assert "\n1 last line is still being written, and not in here yet\n" in outcome.err


def test_what_is_set_aside_tells_what_is_known_of_it(place: Place) -> None:
    place.put("inputs/2026/03/01/CON.csv", "twelve bytes")
    place.put("inputs/no-date/aux", "abc")
    rows = place.mlmon(f"pull churn --to-dir {place.to} -o jsonl").jsonl
    assert [(one["path"].rpartition("/")[2], one["bytes"], one["day"], one["collection"], one["model"])
            for one in rows if one["status"] == "set aside"] == [
        ("CON.csv", 12, "2026-03-01", "inputs", "churn"),
        ("aux", 3, None, None, None),
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["pulled.jsonl", "pulled.lock"])
def test_a_folder_where_mlmon_has_a_file_is_one_error(place: Place, name: str) -> None:
    (place.to / ".mlmon" / name).mkdir(parents=True)
    outcome = place.pull()
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == (
        f"{MARCH}error: '{place.to}/.mlmon/{name}' is not a file of mlmon's own\n"
        "hint: delete it, or choose another one with --to-dir\n"
    )


def test_a_cause_that_all_share_is_said_once(place: Place, tmp_path: Path) -> None:
    for day in range(10, 25):
        place.put(f"inputs/2026/03/{day}/inputs.csv")
    (tmp_path / "elsewhere").mkdir()
    (place.to / ROOT).mkdir(parents=True)
    (place.to / ROOT / "inputs").symlink_to(tmp_path / "elsewhere")
    outcome = place.pull()
    assert (outcome.code, outcome.out) == (7, f"fetched 1 file, 3 B, 1 day into {place.to}; 17 set aside\n")
    assert timeless(outcome.err) == (
        f"{MARCH}warning: set aside: {ROOT}/inputs/2026/03/01/inputs.csv: it would be written through the symbolic link"
        f" '{ROOT}/inputs'\nwarning: and 16 more: same reason; --debug names them\ntook TIME\n"
    )
    assert tree(tmp_path / "elsewhere") == {}


def test_many_that_are_deleted_are_named_as_far_as_one_reads(place: Place) -> None:
    files = [place.put(f"inputs/2026/03/05/{number:02}.csv") for number in range(60)]
    place.pull()
    for file in files:
        file.unlink()
    outcome = place.pull("--delete-missing")
    assert outcome.out == f"nothing to fetch: 3 unchanged, 60 deleted in {place.to}\n"
    assert outcome.err.count("\ndeleted: ") == 50
    assert "\nand 10 more, 60 in all\n" in outcome.err
