"""Container logs: the last lines, whatever is in them."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from mlmon.core.errors import NotFound
from mlmon.core.model import LogSnapshot, ServiceName
from mlmon.local.logs import log_path
from mlmon.local.workspace import LocalWorkspace

Add = Callable[..., ServiceName]


def write(workspace: LocalWorkspace, name: ServiceName, text: bytes) -> None:
    workspace._store.append(log_path(workspace.folder, name, workspace.logs.containers(name)[0]), text)


def test_each_generation_has_the_containers_that_azure_gives_it(workspace: LocalWorkspace, add: Add) -> None:
    assert workspace.logs.containers(add("sums")) == ("scoring",)
    assert workspace.logs.containers(add("ep/blue")) == ("inference-server", "storage-initializer")


def test_a_service_that_never_logged_has_no_lines(workspace: LocalWorkspace, add: Add) -> None:
    name = add("ep/blue")
    assert workspace.logs.snapshot(name, lines=5) == LogSnapshot(())
    assert workspace.logs.snapshot(name, lines=5, container="storage-initializer") == LogSnapshot(())


def test_the_last_lines_are_the_last_lines(workspace: LocalWorkspace, add: Add) -> None:
    name = add("sums")
    write(workspace, name, b"one\n\n\x1b[31mthree\rIII\xff\nfour\n")
    every = ("one", "", "\x1b[31mthree\rIII\udcff", "four")
    for count in range(6):
        assert workspace.logs.snapshot(name, lines=count).lines == (every[-count:] if count else ())
    assert workspace.logs.snapshot(name, lines=-1).lines == ()


def test_a_line_that_is_still_being_written_is_shown_and_said_to_be(workspace: LocalWorkspace, add: Add) -> None:
    name = add("sums")
    write(workspace, name, b"one\ntw")
    snapshot = workspace.logs.snapshot(name, lines=5)
    assert (snapshot.lines, snapshot.unfinished) == (("one", "tw"), True)
    write(workspace, name, b"o\n")
    snapshot = workspace.logs.snapshot(name, lines=5)
    assert (snapshot.lines, snapshot.unfinished) == (("one", "two"), False)


def test_a_log_larger_than_a_block_is_read_from_its_end(workspace: LocalWorkspace, add: Add) -> None:
    name = add("sums")
    every = tuple(f"{number} {'x' * 100}" for number in range(5000))
    write(workspace, name, "".join(f"{line}\n" for line in every).encode())
    for count in (1, 700, 4999, 5000, 9000):
        assert workspace.logs.snapshot(name, lines=count).lines == every[-count:]


def test_all_of_a_large_log_is_read_in_time_that_grows_with_it_alone(workspace: LocalWorkspace, add: Add) -> None:
    """Putting each block before all that were read, as this once did, took minutes for 250 MB: here some 10 s."""
    name = add("sums")
    line = "x" * 79
    write(workspace, name, f"{line}\n".encode() * 600_000)
    began = time.process_time()
    assert workspace.logs.snapshot(name, lines=10**9).lines == (line,) * 600_000
    assert time.process_time() - began < 3


def test_an_unknown_container_is_named_with_those_there_are(workspace: LocalWorkspace, add: Add) -> None:
    for name, wrong, hint in (
        (add("ep/blue"), "storage", "did you mean 'storage-initializer'?"),
        (add("sums"), "x", "its containers are scoring"),
    ):
        with pytest.raises(NotFound) as caught:
            workspace.logs.snapshot(name, lines=1, container=wrong)
        assert (str(caught.value), caught.value.hint) == (f"{name} has no container {wrong!r}", hint)
