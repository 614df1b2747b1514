"""What a pull says in each format, and its options: a limit, a rehearsal, deleting what is gone."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from collected.files import tree
from running import Outcome, Runner

ROOT = "00000000-0000-0000-0000-000000000000/local/ws/churn/churn/1"
MARCH = "time range: 2026-03-01 to 2026-04-01, UTC\n"

TOO_MUCH = """\
error: there are 13 B to fetch, more than the 12 B of --max-bytes
hint: choose a shorter range or one --collection, or raise --max-bytes
"""


@dataclass
class Place:
    """A workspace whose storage a test fills, and a folder to pull into."""

    mlmon: Runner
    to: Path

    def put(self, path: str, content: str = "a\r\n1\r\n") -> Path:
        """Store a blob, below a model's version."""
        file = self.mlmon.folder / "blobs" / "modeldata" / ROOT / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode())
        return file

    def pull(self, options: str = "", *, terminal: bool = False) -> Outcome:
        """Pull March."""
        return self.mlmon(f"pull churn --month 3 --to-dir {self.to} {options}", terminal=terminal)


@pytest.fixture
def place(churn: Runner, tmp_path: Path) -> Place:
    """A service with two days of inputs and one of predictions, 15 bytes in all."""
    made = Place(churn, tmp_path / "X")
    made.put("inputs/2026/03/01/inputs.csv")
    made.put("inputs/2026/03/02/inputs.csv", "a\r\n2")
    made.put("predictions/2026/03/02/predictions.csv", "p\r\n")
    made.put("inputs/2026/04/01/inputs.csv", "not March")
    return made


def timeless(text: str) -> str:
    """What was said, without the time that it took."""
    return re.sub(r"took [\d.hms]+(, [\d.]+ \w+/s)?\n$", "took TIME\n", text)


def statuses(outcome: Outcome) -> dict[str, str]:
    """What became of each file."""
    return {row["path"].removeprefix(f"{ROOT}/"): row["status"] for row in outcome.jsonl}


def row(path: str, size: int | None, status: str, *, reason: str | None = None) -> dict[str, object]:
    """A file as scripts see it."""
    parts = path.split("/")
    return {
        "path": f"{ROOT}/{path}",
        "bytes": size,
        "day": "-".join(parts[1:4]),
        "collection": parts[0],
        "service": "churn",
        "model": "churn",
        "model_version": "1",
        "status": status,
        "reason": reason,
    }


FETCHED = [
    row("inputs/2026/03/01/inputs.csv", 6, "fetched"),
    row("inputs/2026/03/02/inputs.csv", 4, "fetched"),
    row("predictions/2026/03/02/predictions.csv", 3, "fetched"),
]


class TestWhatIsSaid:
    @pytest.mark.parametrize("terminal", [True, False], ids=["on a terminal", "through a pipe"])
    def test_people_get_one_line(self, place: Place, *, terminal: bool) -> None:
        outcome = place.pull(terminal=terminal)
        assert (outcome.code, outcome.out, timeless(outcome.err)) == (
            0,
            f"fetched 3 files, 13 B, 2 days into {place.to}\n",
            f"{MARCH}took TIME\n",
        )
        place.put("inputs/2026/03/03/inputs.csv", "new")
        assert place.pull(terminal=terminal).out == (f"fetched 1 file, 3 B, 1 day, 3 unchanged into {place.to}\n")

    def test_json_is_a_list_with_a_status_each(self, place: Place) -> None:
        outcome = place.pull("-o json")
        assert (outcome.code, outcome.json) == (0, FETCHED)
        again = place.pull("-o json")
        assert again.json == [{**one, "status": "unchanged"} for one in FETCHED]

    def test_jsonl_is_a_record_a_file(self, place: Place) -> None:
        assert place.pull("-o jsonl").jsonl == FETCHED

    def test_csv_has_the_same_columns(self, place: Place) -> None:
        lines = place.pull("-o csv").out.split("\r\n")
        assert lines[0] == "path,bytes,day,collection,service,model,model_version,status,reason"
        assert lines[1] == f"{ROOT}/inputs/2026/03/01/inputs.csv,6,2026-03-01,inputs,churn,churn,1,fetched,"
        assert [line.split(",")[-2] for line in lines[1:-1]] == ["fetched"] * 3

    def test_rows_on_a_terminal_come_without_a_bar(self, place: Place) -> None:
        outcome = place.pull("-o jsonl", terminal=True)
        assert outcome.jsonl == FETCHED
        assert "\x1b" not in outcome.err

    def test_what_did_not_come_is_named_once_counted_and_exit_code_7(self, place: Place) -> None:
        place.put("inputs/2026/03/01/CON.csv")
        (place.to / ROOT / "inputs/2026/03").mkdir(parents=True)
        (place.to / ROOT / "inputs/2026/03/02").write_text("mine")
        said = (
            f"{MARCH}warning: set aside: {ROOT}/inputs/2026/03/01/CON.csv: it has the name of a device as a level\n"
            f"warning: set aside: {ROOT}/inputs/2026/03/02/inputs.csv: it needs a folder where"
            f" '{ROOT}/inputs/2026/03/02' is a file\ntook TIME\n"
        )
        outcome = place.pull()
        assert (outcome.code, outcome.out, timeless(outcome.err)) == (
            7,
            f"fetched 2 files, 9 B, 2 days into {place.to}; 2 set aside\n",
            said,
        )
        rows = place.pull("-o jsonl")
        assert rows.code == 7
        assert rows.jsonl[0] == {
            **row("inputs/2026/03/01/CON.csv", 6, "set aside", reason="has the name of a device as a level"),
        }
        assert list(statuses(rows).values()) == ["set aside", "unchanged", "set aside", "unchanged"]

    def test_what_is_set_aside_for_one_reason_is_said_once_and_counted(self, place: Place) -> None:
        for number in range(60):
            place.put(f"inputs/2026/03/05/{number:02}.")
        outcome = place.pull()
        assert outcome.code == 7
        assert timeless(outcome.err) == (
            f"{MARCH}warning: set aside: {ROOT}/inputs/2026/03/05/00.: it has a level that ends in a dot or a space\n"
            "warning: and 59 more: same reason; --debug names them\ntook TIME\n"
        )
        assert list(statuses(place.pull("-o jsonl")).values()).count("set aside") == 60
        assert place.pull("--debug").err.count("it has a level that ends in a dot or a space\n") == 60

    def test_when_reasons_differ_the_first_are_named_and_all_counted(self, place: Place) -> None:
        for number in range(30):
            place.put(f"inputs/2026/03/05/{number:02}a.")
            place.put(f"inputs/2026/03/05/{number:02}b:")
        outcome = place.pull()
        assert outcome.err.count("warning: set aside: ") == 50
        assert timeless(outcome.err).endswith(
            "warning: 60 did not come or were kept in all; --debug names them\ntook TIME\n"
        )

    def test_quiet_says_nothing_beside_the_summary(self, place: Place) -> None:
        outcome = place.pull("-q")
        assert (outcome.out, outcome.err) == (
            f"fetched 3 files, 13 B, 2 days into {place.to}\n",
            "",
        )


class TestALimit:
    def test_more_than_the_limit_is_refused_before_anything_is_fetched(self, place: Place) -> None:
        outcome = place.pull("--max-bytes 12")
        assert (outcome.code, outcome.out, outcome.err) == (
            2,
            "",
            MARCH + TOO_MUCH,
        )
        assert not place.to.exists()

    def test_what_is_there_already_does_not_count(self, place: Place) -> None:
        assert place.pull("--max-bytes 13").code == 0
        place.put("inputs/2026/03/03/inputs.csv", "twelve bytes")
        assert place.pull("--max-bytes 11").code == 2
        assert place.pull("--max-bytes 0.012kB").out.startswith("fetched 1 file, 12 B, 1 day, 3 unchanged")

    def test_of_a_blob_that_grew_the_rest_counts(self, place: Place) -> None:
        place.pull()
        with place.put("inputs/2026/03/03/inputs.csv", "x" * 20_000).open("ab") as blob:
            assert place.pull().code == 0
            blob.write(b"y" * 904)
        # with the end of what is there, by which it is seen that the blob did grow
        assert place.pull("--dry-run").out.startswith("would fetch 1 file, 5.0 kB, 1 day, 3 unchanged")
        assert place.pull("--max-bytes 4999").code == 2
        assert place.pull("--dry-run --overwrite always").out.startswith("would fetch 4 files, 20.9 kB, 3 days")
        assert place.pull("--max-bytes 5000").out.startswith("fetched 1 file, 5.0 kB, 1 day, 1 resumed, 3 unchanged")

    @pytest.mark.parametrize("option", ["--max-bytes 1GB", "--dry-run", "--max-bytes 1GB --dry-run", ""])
    def test_what_is_set_aside_is_named_once_however_often_the_plan_is_looked_at(
        self, place: Place, option: str
    ) -> None:
        place.put("inputs/2026/03/01/CON.csv")
        outcome = place.pull(option)
        assert outcome.code == 7
        assert outcome.err.count("CON.csv: it has the name of a device as a level\n") == 1

    def test_a_rehearsal_shows_what_is_too_much(self, place: Place) -> None:
        outcome = place.pull("--max-bytes 12 --dry-run -o jsonl")
        assert outcome.code == 2
        assert set(statuses(outcome).values()) == {"planned"}
        assert json.loads(outcome.err.splitlines()[-1])["code"] == "usage"

    @pytest.mark.parametrize("size", ["many", "-1", "1XB", "1e9", "1.5.2MB", "½GB"])
    def test_what_is_no_size_is_refused(self, place: Place, size: str) -> None:
        outcome = place.mlmon(["pull", "churn", "--month", "3", f"--max-bytes={size}"])
        assert (outcome.code, outcome.err) == (
            2,
            f"error: {size!r} is not a size\nhint: write it like 800kB, 500MB or 2GB\n",
        )


class TestDeletingWhatIsGone:
    @pytest.fixture
    def pulled(self, place: Place) -> Place:
        """A folder with all of March and April, and two blobs of March gone since."""
        place.mlmon(f"pull churn --to-dir {place.to}")
        place.put("inputs/2026/03/02/inputs.csv").unlink()
        place.put("predictions/2026/03/02/predictions.csv").unlink()
        return place

    def test_it_is_done_only_when_asked(self, pulled: Place) -> None:
        before = tree(pulled.to)
        assert statuses(pulled.pull("-o jsonl")) == {"inputs/2026/03/01/inputs.csv": "unchanged"}
        assert tree(pulled.to) == before

    def test_files_whose_blobs_are_gone_are_deleted_and_said(self, pulled: Place) -> None:
        outcome = pulled.pull("--delete-missing -o jsonl")
        assert outcome.code == 0
        # what is deleted comes in the order in which it once landed
        assert sorted(outcome.jsonl, key=lambda one: str(one["path"])) == [
            row("inputs/2026/03/01/inputs.csv", 6, "unchanged"),
            row("inputs/2026/03/02/inputs.csv", 4, "deleted"),
            row("predictions/2026/03/02/predictions.csv", 3, "deleted"),
        ]
        assert set(tree(pulled.to)) == {f"{ROOT}/inputs/2026/0{month}/01/inputs.csv" for month in (3, 4)}
        assert pulled.pull("--delete-missing").out == (f"nothing to fetch: 1 unchanged in {pulled.to}\n")

    def test_a_rehearsal_shows_it_and_does_nothing(self, pulled: Place) -> None:
        before = tree(pulled.to)
        assert statuses(pulled.pull("--delete-missing --dry-run -o jsonl")) == {
            "inputs/2026/03/01/inputs.csv": "unchanged",
            "inputs/2026/03/02/inputs.csv": "to be deleted",
            "predictions/2026/03/02/predictions.csv": "to be deleted",
        }
        assert pulled.pull("--delete-missing --dry-run").out == (
            f"nothing to fetch: 1 unchanged, 2 to be deleted in {pulled.to}\n"
        )
        assert pulled.pull("--delete-missing --dry-run").err == MARCH + "".join(
            f"to be deleted: {ROOT}/{one}/2026/03/02/{one}.csv\n" for one in ("inputs", "predictions")
        )
        assert tree(pulled.to) == before

    def test_folders_that_are_empty_then_go_too(self, pulled: Place) -> None:
        pulled.pull("--delete-missing --collection inputs")
        assert [path.name for path in (pulled.to / ROOT / "inputs/2026/03").iterdir()] == ["01"]
        pulled.pull("--delete-missing")
        assert not (pulled.to / ROOT / "predictions").exists()

    def test_only_the_selection_is_touched(self, pulled: Place) -> None:
        pulled.put("inputs/2026/04/01/inputs.csv").unlink()
        assert statuses(pulled.pull("--delete-missing --collection predictions -o jsonl")) == {
            "predictions/2026/03/02/predictions.csv": "deleted"
        }
        assert f"{ROOT}/inputs/2026/03/02/inputs.csv" in tree(pulled.to)
        assert f"{ROOT}/inputs/2026/04/01/inputs.csv" in tree(pulled.to)

    def test_what_pull_did_not_write_or_somebody_changed_stays(self, pulled: Place) -> None:
        (pulled.to / ROOT / "inputs/2026/03/02/notes.txt").write_text("mine")
        (pulled.to / ROOT / "inputs/2026/03/02/inputs.csv").write_text("edited")
        before = tree(pulled.to)
        rows = pulled.pull("--delete-missing --dry-run -o jsonl")
        kept = row("inputs/2026/03/02/inputs.csv", 4, "kept", reason="somebody changed it since it was fetched")
        assert kept in rows.jsonl
        assert tree(pulled.to) == before
        outcome = pulled.pull("--delete-missing")
        assert (outcome.code, outcome.out) == (0, f"nothing to fetch: 1 unchanged, 1 deleted, 1 kept in {pulled.to}\n")
        assert sorted(timeless(outcome.err).splitlines()) == sorted(
            [
                MARCH.strip(),
                f"warning: kept: {ROOT}/inputs/2026/03/02/inputs.csv: somebody changed it since it was fetched",
                "hint: delete it yourself where it is not needed",
                f"deleted: {ROOT}/predictions/2026/03/02/predictions.csv",
                "took TIME",
            ]
        )
        assert {**kept, "bytes": 6} in pulled.pull("--delete-missing -o jsonl").jsonl
        assert tree(pulled.to)[f"{ROOT}/inputs/2026/03/02/notes.txt"] == b"mine"
        assert tree(pulled.to)[f"{ROOT}/inputs/2026/03/02/inputs.csv"] == b"edited"

    def test_nothing_behind_a_symbolic_link_is_deleted(self, pulled: Place, tmp_path: Path) -> None:
        day = pulled.to / ROOT / "inputs/2026/03/02"
        day.rename(tmp_path / "elsewhere")
        day.symlink_to(tmp_path / "elsewhere")
        assert "inputs/2026/03/02/inputs.csv" not in statuses(pulled.pull("--delete-missing -o jsonl"))
        assert set(tree(tmp_path / "elsewhere")) == {"inputs.csv"}

    def test_a_state_file_cannot_name_a_file_outside(self, pulled: Place, tmp_path: Path) -> None:
        victim = tmp_path / "victim.csv"
        victim.write_bytes(b"p\r\n")
        os.utime(victim, ns=(1, 1))
        state = pulled.to / ".mlmon" / "pulled.jsonl"
        lines = state.read_text().splitlines()
        known = f"{ROOT}/predictions/2026/03/02/predictions.csv"
        outside = f"{ROOT}/predictions/2026/03/02/" + "../" * 11 + "victim.csv"
        assert (pulled.to / outside).resolve() == victim
        state.write_text("\n".join([*lines, *(line.replace(known, outside) for line in lines if known in line), ""]))
        pulled.pull("--delete-missing")
        assert victim.read_bytes() == b"p\r\n"

    def test_a_whole_collection_that_is_gone_goes_too(self, pulled: Place) -> None:
        pulled.put("inputs/2026/03/01/inputs.csv").unlink()
        outcome = pulled.pull("--delete-missing")
        assert (outcome.code, outcome.out) == (
            0,
            f"nothing to fetch: 3 deleted in {pulled.to}\n",
        )
        assert set(tree(pulled.to)) == {f"{ROOT}/inputs/2026/04/01/inputs.csv"}

    def test_in_a_folder_that_pull_never_saw_nothing_is_made_or_deleted(self, place: Place) -> None:
        place.to.mkdir()
        (place.to / "mine").write_text("mine")
        assert place.mlmon(f"pull churn --to 2020-01-01 --delete-missing --to-dir {place.to}").code == 0
        assert [path.name for path in place.to.iterdir()] == ["mine"]
