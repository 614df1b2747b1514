"""Queries with a name."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlmon.core.errors import Failure, NotFound, UsageError
from mlmon.kql.saved import SavedQueries, checked

SHIPPED = ["exceptions-by-type", "failures", "payload-sizes", "requests-by-hour", "slowest"]


def test_a_query_is_kept_as_a_file_that_people_read(tmp_path: Path) -> None:
    queries = SavedQueries(tmp_path)
    path = queries.save("newest", "// The newest\ntraces | take 1  ", replacing=False)
    assert path == tmp_path / "queries" / "newest.kql"
    assert path.read_text() == "// The newest\ntraces | take 1\n"
    assert queries.names() == sorted([*SHIPPED, "newest"])
    found = queries.get("newest")
    assert (found.description, found.shipped) == ("The newest", False)


def test_none_is_overwritten_unless_that_is_meant(tmp_path: Path) -> None:
    queries = SavedQueries(tmp_path)
    queries.save("a", "print 1", replacing=False)
    with pytest.raises(UsageError, match="there is a saved query 'a' already"):
        queries.save("a", "print 2", replacing=False)
    assert queries.get("a").text == "print 1\n"
    queries.save("a", "print 2", replacing=True)
    assert queries.get("a").text == "print 2\n"
    assert [each.name for each in queries.folder.iterdir()] == ["a.kql"]


def test_one_of_the_folder_stands_before_mlmons_own_until_it_is_deleted(tmp_path: Path) -> None:
    queries = SavedQueries(tmp_path)
    queries.save("failures", "print 1", replacing=False)
    assert not queries.get("failures").shipped
    assert queries.names() == SHIPPED
    queries.delete("failures")
    assert queries.get("failures").shipped
    with pytest.raises(UsageError, match="failures came with mlmon and cannot be deleted"):
        queries.delete("failures")
    with pytest.raises(NotFound):
        queries.delete("gone")


@given(st.text() | st.sampled_from(["..", "../a", "a/b", "a\\b", "/a", "C:a", "a.kql", ".", "con", "lpt1", "A", "-a"]))
def test_no_name_leads_out_of_the_folder(name: str) -> None:
    try:
        checked(name)
    except UsageError:
        return
    assert (Path("/queries") / f"{name}.kql").resolve().parent == Path("/queries")
    assert name.islower() or name.replace("-", "").replace("_", "").isdigit()


def test_links_and_other_files_are_no_queries(tmp_path: Path) -> None:
    """A folder that came from somebody else must not have a file elsewhere sent as a query."""
    (tmp_path / "secret").write_text("password")
    queries = SavedQueries(tmp_path)
    queries.folder.mkdir()
    (queries.folder / "link.kql").symlink_to(tmp_path / "secret")
    (queries.folder / "folder.kql").mkdir()
    (queries.folder / "NOT ONE.kql").touch()
    (queries.folder / "note.txt").touch()
    assert queries.names() == SHIPPED
    for name in ("link", "folder"):
        with pytest.raises(NotFound):
            queries.get(name)
    queries.save("link", "print 1", replacing=True)
    assert (tmp_path / "secret").read_text() == "password"


def test_what_cannot_be_read_says_so(tmp_path: Path) -> None:
    queries = SavedQueries(tmp_path)
    queries.folder.mkdir()
    (queries.folder / "latin.kql").write_bytes(b"print '\xe9'")
    (queries.folder / "long.kql").write_bytes(b"x" * 1_000_001)
    with pytest.raises(Failure, match="is not UTF-8 text"):
        queries.get("latin")
    with pytest.raises(Failure, match="is longer than 1 MB"):
        queries.get("long")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no umask")
def test_a_saved_query_may_be_read_by_whom_the_umask_lets(tmp_path: Path) -> None:
    path = SavedQueries(tmp_path).save("a", "print 1", replacing=False)
    (tmp_path / "other").touch()
    assert path.stat().st_mode == (tmp_path / "other").stat().st_mode


def test_a_near_name_is_offered(tmp_path: Path) -> None:
    with pytest.raises(NotFound) as missing:
        SavedQueries(tmp_path).get("failure")
    assert (missing.value.message, missing.value.hint) == (
        "there is no saved query 'failure'",
        "did you mean 'failures'?",
    )
