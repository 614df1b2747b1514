"""A pull: what is planned, what becomes a file, and what is left alone."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import date
from functools import partial
from itertools import islice
from pathlib import Path
from threading import Event
from time import monotonic, sleep

import pytest

from collected.files import tree
from collected.memory import MODELDATA, V1, V2, MemoryBlobs
from collected.pulling import Outcome, run
from mlmon.collected.pulling.missing import Within
from mlmon.collected.pulling.outage import IN_VAIN
from mlmon.collected.pulling.outcomes import Deleted, Ended, Failed, Fetched, SetAside, Target
from mlmon.collected.pulling.planning import Plan, plan
from mlmon.collected.pulling.pulled import known
from mlmon.collected.pulling.transfer import Options
from mlmon.collected.pulling.transfer import pull as pull_
from mlmon.collected.selecting.layout import CollectedBlob, Reason
from mlmon.collected.selecting.selection import Selection, select
from mlmon.core.errors import Failure, Interrupted, MlmonError, NotAllowed, NotFound, Unavailable, UsageError
from mlmon.core.flow import Flow
from mlmon.core.model import BlobInfo, CollectedRoot, Generation
from mlmon.core.timerange import month_range

FLAT = CollectedRoot("c", "", Generation.V2, "model_inputs")
"""A root without a prefix, so that hostile names are the whole name."""


def targets(planned: Plan) -> list[str]:
    return [one.path for one in planned if isinstance(one, Target)]


def set_aside(planned: Plan) -> tuple[SetAside, ...]:
    return tuple(one for one in planned if isinstance(one, SetAside))


def pull(blobs: MemoryBlobs, to_dir: Path, *, service=V2) -> Outcome:
    return run(plan(blobs, service, Selection(), to_dir=to_dir), blobs)


def test_a_month_is_pulled_byte_for_byte_into_the_same_paths(tmp_path: Path) -> None:
    blobs = MemoryBlobs()
    blobs.put(MODELDATA, "m/1/inputs/2026/03/02/inputs.csv", content=b"a,b\r\n1,2\n")
    blobs.put(MODELDATA, "m/1/predictions/2026/03/01/predictions.csv", content=b"")
    blobs.put(MODELDATA, "m/1/inputs/2026/04/01/inputs.csv", content=b"later")
    planned = plan(blobs, V1, Selection(month_range(2026, 3)), to_dir=tmp_path / "new" / "modeldata")
    assert (planned.count, planned.bytes, planned.days) == (2, 9, (date(2026, 3, 1), date(2026, 3, 2)))
    assert not (tmp_path / "new").exists()

    told: list[Ended] = []
    outcome = run(planned, blobs, on_file=told.append)

    predictions = "1a2b/rg/ws/churn/m/1/predictions/2026/03/01/predictions.csv"
    inputs = "1a2b/rg/ws/churn/m/1/inputs/2026/03/02/inputs.csv"
    assert outcome == Outcome(
        fetched=(
            Fetched(inputs, 9, date(2026, 3, 2), V1, "inputs", "modeldata", inputs),
            Fetched(predictions, 0, date(2026, 3, 1), V1, "predictions", "modeldata", predictions),
        ),
        failed=(),
        set_aside=(),
    )
    assert (outcome.bytes, outcome.complete, told) == (9, True, list(outcome.fetched))
    assert tree(tmp_path / "new" / "modeldata") == {predictions: b"", inputs: b"a,b\r\n1,2\n"}


def test_nothing_to_fetch_creates_nothing(tmp_path: Path) -> None:
    assert pull(MemoryBlobs(), tmp_path / "x") == Outcome((), (), ())
    assert not (tmp_path / "x").exists()


def test_files_that_are_there_are_replaced_and_others_left_alone(tmp_path: Path) -> None:
    blobs = MemoryBlobs({V2: (FLAT,)}).put(FLAT, "2026/03/x", content=b"new")
    (tmp_path / "2026/03").mkdir(parents=True)
    (tmp_path / "2026/03/x").write_bytes(b"old, and longer")
    (tmp_path / "2026/03/mine").write_bytes(b"mine")
    pull(blobs, tmp_path)
    assert tree(tmp_path) == {"2026/03/x": b"new", "2026/03/mine": b"mine"}


def test_hundreds_of_files_keep_the_plan_s_order(tmp_path: Path) -> None:
    names = [f"2026/03/{day:02}/{file:03}" for day in range(1, 31) for file in range(10)]
    blobs = MemoryBlobs({V2: (FLAT,)}).put(FLAT, *names)
    told: list[Ended] = []
    run(plan(blobs, V2, Selection(), to_dir=tmp_path), blobs, on_file=told.append, workers=3)
    assert [result.name for result in told] == names
    assert tree(tmp_path) == dict.fromkeys(names, b"row\n")


def test_nothing_is_kept_of_a_file_that_has_come(tmp_path: Path) -> None:
    class Forgetful(MemoryBlobs):
        def read(self, blob: BlobInfo, *, start: int = 0, flow: Flow | None = None) -> Iterator[bytes]:
            yield b"row\n"

    kept = []
    for count in (1200, 3200):
        blobs = Forgetful({V2: (FLAT,)}).put(FLAT, *(f"2026/03/{number:05}" for number in range(count)))
        planned = plan(blobs, V2, Selection(), to_dir=tmp_path / str(count))
        tracemalloc.start()
        with closing(pull_(planned, blobs)) as steps:
            assert all(isinstance(step.result, Fetched) for step in islice(steps, count - 1))
            gc.collect()  # Python keeps thousands of tuples that are over for those to come; this lets go of them
            kept.append(tracemalloc.get_traced_memory()[0])
        tracemalloc.stop()
    assert (kept[1] - kept[0]) / 2000 < 50


@pytest.mark.parametrize(
    ("broken", "error", "asked"),
    [
        # those that have begun already are not stopped, and each of the eight threads may have begun one
        (range(100), lambda _: Unavailable("storage is away", hint="later"), range(IN_VAIN, IN_VAIN + 8)),
        (range(0, 100, 2), lambda _: Unavailable("storage is away"), [100]),
        (range(100), lambda name: Unavailable(f"{name} became shorter"), [100]),
        (range(100), lambda _: NotAllowed("not for you"), [100]),
    ],
    ids=["storage is away", "now and then", "each for itself", "a refusal is quick"],
)
def test_storage_that_goes_away_is_not_waited_for_by_every_blob(
    tmp_path: Path, broken: range, error: Callable[[str], MlmonError], asked: Sequence[int]
) -> None:
    names = [f"2026/03/{number:03}" for number in range(100)]
    blobs = MemoryBlobs({V2: (FLAT,)}).put(FLAT, *names)
    tried: list[str] = []

    def failing(name: str) -> Iterator[bytes]:
        tried.append(name)
        raise error(name)
        yield b""

    blobs.reads = {names[number]: partial(failing, names[number]) for number in broken}
    outcome = pull(blobs, tmp_path / "to")
    # in vain or not, each blob that failed says why, in its place
    said = [(names[number], error(names[number]).message, error(names[number]).hint) for number in broken]
    assert [(failed.name, failed.reason, failed.hint) for failed in outcome.failed] == said
    assert len(tried) + len(outcome.fetched) in asked


def test_an_unknown_service_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        plan(MemoryBlobs({}), V1, Selection(), to_dir=tmp_path)


class TestNames:
    def test_hostile_names_are_set_aside_and_the_rest_is_fetched(self, tmp_path: Path) -> None:
        hostile = CollectedRoot("c", "../up/", Generation.V2, "model_inputs")
        blobs = MemoryBlobs({V2: (FLAT, hostile)})
        blobs.put(FLAT, "2026/03/good", "2026/03/nul.csv", "2026/03/" + "x" * 300, "2026/03/a\x00b")
        blobs.put(FLAT, "no/date\x00", "no/date")
        blobs.put(hostile, "2026/03/escaped")
        told: list[Ended] = []
        outcome = run(plan(blobs, V2, Selection(), to_dir=tmp_path / "in"), blobs, on_file=told.append)
        assert set(outcome.set_aside) == {
            SetAside("c", "../up/2026/03/escaped", "has a level that means another folder"),
            SetAside("c", "2026/03/a\x00b", "has a control character"),
            SetAside("c", "2026/03/nul.csv", "has the name of a device as a level"),
            SetAside("c", "2026/03/" + "x" * 300, "has a level longer than 255 bytes"),
            SetAside("c", "no/date\x00", "has a control character"),
        }
        assert len(told) == len(outcome.set_aside) + len(outcome.fetched) == 6
        assert not outcome.complete
        assert tree(tmp_path) == {"in/2026/03/good": b"row\n"}

    def test_what_marks_a_folder_is_passed_over_and_nothing_is_missed(self, tmp_path: Path) -> None:
        blobs = MemoryBlobs({V2: (FLAT,)}).put(FLAT, "2026/", "2026/03/", "2026/03/x", "2026/03/a//x")
        passed: list[tuple[str, Reason]] = []
        planned = plan(
            blobs, V2, Selection(), to_dir=tmp_path, on_skip=lambda blob, why: passed.append((blob.name, why))
        )
        assert passed == [("2026/", Reason.MARKER), ("2026/03/", Reason.MARKER)]
        assert list(map(type, planned)) == [SetAside, Target]

    def test_the_second_of_two_twins_is_set_aside(self, tmp_path: Path) -> None:
        blobs = MemoryBlobs({V2: (FLAT, replace(FLAT, container="d"))})
        blobs.put(FLAT, "2026/03/DATA", "2026/03/data", "2026/03/caf\u00e9", "2026/03/cafe\u0301")
        blobs.put(replace(FLAT, container="d"), "2026/03/DATA", content=b"other container")
        planned = plan(blobs, V2, Selection(), to_dir=tmp_path)
        assert targets(planned) == ["2026/03/DATA", "2026/03/cafe\u0301"]
        assert set_aside(planned) == (
            SetAside("c", "2026/03/caf\u00e9", "would be the same file as '2026/03/cafe\u0301'"),
            SetAside("c", "2026/03/data", "would be the same file as '2026/03/DATA'"),
            SetAside("d", "2026/03/DATA", "would be the same file as '2026/03/DATA'"),
        )

    def test_a_file_and_a_folder_cannot_have_one_name(self, tmp_path: Path) -> None:
        blobs = MemoryBlobs({V2: (FLAT,)})
        blobs.put(FLAT, "2026/03/05", "2026/03/05/x", "2026/04/01/02/x", "2026/04/01/02")
        planned = plan(blobs, V2, Selection(), to_dir=tmp_path)
        assert targets(planned) == ["2026/03/05", "2026/04/01/02"]
        assert set_aside(planned) == (
            SetAside("c", "2026/03/05/x", "needs a folder where '2026/03/05' is a file"),
            SetAside("c", "2026/04/01/02/x", "needs a folder where '2026/04/01/02' is a file"),
        )
        # the folder comes first when its collection does
        deep = CollectedRoot("c", "2026/", Generation.V2, "deep")
        blobs = MemoryBlobs({V2: (deep, FLAT)}).put(FLAT, "2026/2025/x", "2026/2025")
        assert set_aside(plan(blobs, V2, Selection(), to_dir=tmp_path)) == (
            SetAside("c", "2026/2025", "would be a file where '2026/2025/x' needs a folder"),
        )

    def test_a_whole_path_that_is_too_long_for_the_system_is_set_aside(self, tmp_path: Path) -> None:
        long = CollectedRoot("c", f"{'x' * 250}/" * 17, Generation.V2, "model_inputs")
        blobs = MemoryBlobs({V2: (FLAT, long)}).put(long, "2026/03/x").put(FLAT, "2026/03/y")
        outcome = pull(blobs, tmp_path)
        assert outcome.set_aside == (
            SetAside("c", long.prefix + "2026/03/x", "cannot be a file here (file name too long)"),
        )
        assert tree(tmp_path) == {"2026/03/y": b"row\n"}


class TestWhatStandsInTheFolder:
    @pytest.fixture
    def blobs(self) -> MemoryBlobs:
        return MemoryBlobs({V2: (FLAT,)}).put(FLAT, "2026/03/x", "2026/04/y")

    @pytest.mark.parametrize(
        ("make", "link", "reason"),
        [
            ("outside", "2026", "would be written through the symbolic link '2026'"),
            ("outside", "2026/03", "would be written through the symbolic link '2026/03'"),
            ("outside", "2026/03/x", "would replace a symbolic link"),
            ("inside", "2026/03", "would be written through the symbolic link '2026/03'"),
            ("nowhere", "2026/03", "would be written through the symbolic link '2026/03'"),
            ("nowhere", "2026/03/x", "would replace a symbolic link"),
        ],
    )
    def test_nothing_is_written_through_a_symbolic_link(
        self, blobs: MemoryBlobs, tmp_path: Path, make: str, link: str, reason: str
    ) -> None:
        to_dir, outside = tmp_path / "to", tmp_path / "outside"
        (to_dir / "inside").mkdir(parents=True)
        outside.mkdir()
        (outside / "mine").write_bytes(b"mine")
        place = to_dir / link
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to({"outside": outside, "inside": to_dir / "inside", "nowhere": tmp_path / "none"}[make])
        outcome = pull(blobs, to_dir)
        assert SetAside("c", "2026/03/x", reason) in outcome.set_aside
        assert tree(outside) == {"mine": b"mine"}
        assert tree(to_dir / "inside") == {}
        assert not (tmp_path / "none").exists()
        assert place.is_symlink()

    def test_a_file_or_a_folder_in_the_way_is_left_and_the_rest_fetched(
        self, blobs: MemoryBlobs, tmp_path: Path
    ) -> None:
        (tmp_path / "2026/03/x/deep").mkdir(parents=True)
        (tmp_path / "2026/04").write_bytes(b"mine")
        outcome = pull(blobs.put(FLAT, "2026/05/z"), tmp_path)
        assert outcome.set_aside == (
            SetAside("c", "2026/03/x", "would be a file where a folder is"),
            SetAside("c", "2026/04/y", "needs a folder where '2026/04' is a file"),
        )
        assert tree(tmp_path) == {"2026/04": b"mine", "2026/05/z": b"row\n"}

    def test_a_target_that_is_a_file_is_refused_before_anything_is_listed(
        self, blobs: MemoryBlobs, tmp_path: Path
    ) -> None:
        (tmp_path / "f").write_bytes(b"mine")
        with pytest.raises(UsageError) as refused:
            pull(blobs, tmp_path / "f")
        assert (refused.value.message, refused.value.hint) == (
            f"'{tmp_path}/f' is not a folder",
            "choose another one with --to-dir",
        )
        assert blobs.calls == []

    def test_a_target_below_a_file_is_refused(self, blobs: MemoryBlobs, tmp_path: Path) -> None:
        (tmp_path / "f").write_bytes(b"mine")
        with pytest.raises(UsageError) as refused:
            pull(blobs, tmp_path / "f" / "x")
        assert refused.value.message == f"'{tmp_path}/f/x' cannot be a folder: something on the way to it is a file"
        assert tree(tmp_path) == {"f": b"mine"}

    def test_a_target_that_is_a_symbolic_link_is_refused(self, blobs: MemoryBlobs, tmp_path: Path) -> None:
        (tmp_path / "real").mkdir()
        (tmp_path / "link").symlink_to(tmp_path / "real")
        with pytest.raises(UsageError) as refused:
            pull(blobs, tmp_path / "link")
        assert (refused.value.message, refused.value.hint) == (
            f"'{tmp_path}/link' is a symbolic link",
            "name the folder it leads to with --to-dir",
        )
        assert tree(tmp_path / "real") == {}

    def test_a_target_that_cannot_be_a_name_is_refused(self, blobs: MemoryBlobs, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match="cannot be the name of a folder"):
            pull(blobs, tmp_path / "a\x00b")
        with pytest.raises(Failure, match="cannot be written to \\(file name too long\\)"):
            pull(blobs, tmp_path / ("x" * 300))


class TestFaults:
    """One blob's failure is its own; the file from before stays, and no part of a new one does."""

    @staticmethod
    def outcome_of(content: Iterator[bytes], tmp_path: Path) -> tuple[tuple[Failed, ...], dict[str, bytes]]:
        blobs = MemoryBlobs({V2: (FLAT,)}).put(FLAT, "2026/03/bad", "2026/03/good", content=b"12345678")
        blobs.reads["2026/03/bad"] = lambda: content
        (tmp_path / "2026/03").mkdir(parents=True)
        (tmp_path / "2026/03/bad").write_bytes(b"old")
        return pull(blobs, tmp_path).failed, tree(tmp_path)

    @pytest.mark.parametrize(
        ("content", "failed"),
        [
            (
                [b"1234", b"567"],
                Failed("c", "2026/03/bad", "it has 7 bytes where 8 were listed", "run the same command again"),
            ),
            ([], Failed("c", "2026/03/bad", "it has 0 bytes where 8 were listed", "run the same command again")),
            (
                [b"1234", b"56789"],
                Failed(
                    "c", "2026/03/bad", "it has more than the 8 bytes that were listed", "run the same command again"
                ),
            ),
            (
                [b"1234", NotFound("the blob is gone")],
                Failed("c", "2026/03/bad", "it is gone from storage", "it was deleted after it was listed"),
            ),
            (
                [b"1234", Unavailable("storage did not answer", hint="try again")],
                Failed("c", "2026/03/bad", "storage did not answer", "try again"),
            ),
        ],
        ids=["shrunk", "empty", "grown", "gone", "unavailable"],
    )
    def test_a_blob_that_changes_vanishes_or_fails_while_read(
        self, content: list[bytes | Exception], failed: Failed, tmp_path: Path
    ) -> None:
        def chunks() -> Iterator[bytes]:
            for chunk in content:
                if isinstance(chunk, Exception):
                    raise chunk
                yield chunk

        assert self.outcome_of(chunks(), tmp_path) == (
            (failed,),
            {"2026/03/bad": b"old", "2026/03/good": b"12345678"},
        )

    def test_a_blob_that_grows_after_it_was_listed_is_fetched_as_it_was_listed(self, tmp_path: Path) -> None:
        blobs = MemoryBlobs({V2: (FLAT,)}).put(FLAT, "2026/03/x", content=b"one\n")
        planned = plan(blobs, V2, Selection(), to_dir=tmp_path)
        blobs.put(FLAT, "2026/03/x", content=b"one\ntwo\n")
        assert run(planned, blobs).complete
        assert tree(tmp_path) == {"2026/03/x": b"one\n"}

    def test_a_blob_deleted_after_it_was_listed_fails_alone(self, tmp_path: Path) -> None:
        blobs = MemoryBlobs({V2: (FLAT,)}).put(FLAT, "2026/03/x", "2026/03/y")
        planned = plan(blobs, V2, Selection(), to_dir=tmp_path)
        del blobs.stored["c", "2026/03/x"]
        assert [failed.name for failed in run(planned, blobs).failed] == ["2026/03/x"]
        assert tree(tmp_path) == {"2026/03/y": b"row\n"}

    def test_a_backend_s_own_mistake_is_not_hidden_and_leaves_no_half_file(self, tmp_path: Path) -> None:
        def broken() -> Iterator[bytes]:
            yield b"1234"
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            self.outcome_of(broken(), tmp_path)
        assert "2026/03/bad" in tree(tmp_path)
        assert [name for name in tree(tmp_path) if "mlmon-part" in name] == []

    def test_giving_up_in_the_middle_of_being_told_leaves_whole_files_only(self, tmp_path: Path) -> None:
        names = [f"2026/03/{number:03}" for number in range(200)]
        blobs = MemoryBlobs({V2: (FLAT,)}).put(FLAT, *names, content=b"x" * 1000)

        def give_up(result: Ended) -> None:
            if result.name == names[20]:
                raise KeyboardInterrupt

        with pytest.raises(Interrupted) as caught:
            run(plan(blobs, V2, Selection(), to_dir=tmp_path), blobs, on_file=give_up)
        assert caught.value.message == f"interrupted: {len(tree(tmp_path))} of 200 files are whole"
        found = tree(tmp_path)
        assert set(names[:21]) <= set(found) < set(names)
        assert set(found.values()) == {b"x" * 1000}


class TestGivingUpOnASilentStorage:
    def test_ctrl_c_waits_two_seconds_and_what_comes_later_lands_nowhere(self, tmp_path: Path) -> None:
        asked, answers, over = Event(), Event(), Event()

        def silent() -> Iterator[bytes]:
            asked.set()
            try:
                assert answers.wait(60)
                yield b"row\n"
            finally:
                over.set()

        blobs = MemoryBlobs({V2: (FLAT,)}).put(FLAT, "2026/03/a", "2026/03/b", "2026/03/c")
        blobs.reads["2026/03/b"] = silent
        steps = pull_(plan(blobs, V2, Selection(), to_dir=tmp_path), blobs, Options(parallel=1))
        assert isinstance(next(steps).result, Fetched)
        assert asked.wait(60)
        began = monotonic()
        with pytest.raises(Interrupted) as caught:
            steps.throw(KeyboardInterrupt())
        assert 1.9 < monotonic() - began < 20
        assert caught.value.message == "interrupted: 1 of 3 files are whole"
        answers.set()
        assert over.wait(60)
        sleep(0.1)  # for what it would do with the answer
        assert tree(tmp_path) == {"2026/03/a": b"row\n"}
        assert set(known(tmp_path)) == {"2026/03/a"}
        assert not (tmp_path / ".mlmon/parts").exists()


class TestDeleting:
    @pytest.fixture
    def blobs(self, tmp_path: Path) -> MemoryBlobs:
        """Three blobs that were pulled, one of which is gone since."""
        blobs = MemoryBlobs({V2: (FLAT,)}).put(FLAT, "2026/03/a", "2026/03/b", "2026/04/c")
        pull(blobs, tmp_path)
        del blobs.stored["c", "2026/03/b"]
        return blobs

    def test_a_listing_that_breaks_off_deletes_nothing(self, blobs: MemoryBlobs, tmp_path: Path) -> None:
        def broken(selected: Generator[CollectedBlob, None, None]) -> Generator[CollectedBlob, None, None]:
            yield next(selected)
            raise Unavailable("storage is away")

        before = tree(tmp_path)
        with Plan(tmp_path) as planned:
            with pytest.raises(Unavailable):
                planned.fill(broken(select(blobs, V2, Selection())))
            with pytest.raises(Unavailable):
                run(planned, blobs, delete=Within.of(blobs, V2, Selection()))
        assert tree(tmp_path) == before

    def test_another_file_of_the_same_name_elsewhere_in_case_keeps_it(self, blobs: MemoryBlobs, tmp_path: Path) -> None:
        blobs.put(FLAT, "2026/03/B")
        outcome = run(plan(blobs, V2, Selection(), to_dir=tmp_path), blobs, delete=Within.of(blobs, V2, Selection()))
        assert outcome.deleted == ()
        assert set(tree(tmp_path)) == {"2026/03/a", "2026/03/b", "2026/03/B", "2026/04/c"}

    def test_blobs_of_another_container_are_not_looked_for(self, blobs: MemoryBlobs, tmp_path: Path) -> None:
        blobs.service_roots[V2] = (replace(FLAT, container="d"),)
        outcome = run(plan(blobs, V2, Selection(), to_dir=tmp_path), blobs, delete=Within.of(blobs, V2, Selection()))
        assert outcome.deleted == ()
        assert len(tree(tmp_path)) == 3

    def test_a_blob_that_is_there_but_set_aside_is_not_gone(self, blobs: MemoryBlobs, tmp_path: Path) -> None:
        blobs.put(FLAT, "2026/05/01/x")
        pull(blobs, tmp_path)
        blobs.put(FLAT, "2026/05/01")  # from now on, the name of a file that needs the folder's place
        outcome = run(plan(blobs, V2, Selection(), to_dir=tmp_path), blobs, delete=Within.of(blobs, V2, Selection()))
        assert outcome.deleted == (Deleted("2026/03/b", 4),)
        assert set(tree(tmp_path)) == {"2026/03/a", "2026/04/c", "2026/05/01/x"}

    def test_a_deleted_file_is_no_longer_known(self, blobs: MemoryBlobs, tmp_path: Path) -> None:
        within = Within.of(blobs, V2, Selection())
        outcome = run(plan(blobs, V2, Selection(), to_dir=tmp_path), blobs, delete=within)
        assert outcome.deleted == (Deleted("2026/03/b", 4),)
        assert set(known(tmp_path)) == {"2026/03/a", "2026/04/c"}
        (tmp_path / "2026/03/b").write_bytes(b"row\n")
        assert run(plan(blobs, V2, Selection(), to_dir=tmp_path), blobs, delete=within).deleted == ()
        assert set(tree(tmp_path)) == {"2026/03/a", "2026/03/b", "2026/04/c"}
