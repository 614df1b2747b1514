"""What readers share: as many at once as there is room for, and no faster than is allowed."""

from __future__ import annotations

from threading import Event, Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlmon.core.flow import MEMORY, Flow
from mlmon.core.parallel import GivenUp


class Unhurried(Event):
    """A `stop` that nobody sets, and whose waits take no time; they are kept, in seconds."""

    def __init__(self) -> None:
        super().__init__()
        self.waited: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.waited.append(timeout or 0)
        return False


@given(sizes=st.lists(st.integers(1, MEMORY), max_size=60), parallel=st.integers(1, 40))
def test_all_that_are_in_fit_into_the_memory_and_the_places(sizes: list[int], parallel: int) -> None:
    flow = Flow(parallel=parallel)
    inside = [size for size in sizes if flow.enter(size, wait=False)]
    assert sum(inside) <= MEMORY
    assert len(inside) <= parallel
    refused = len(inside) < len(sizes)
    assert refused == (sum(sizes) > MEMORY or len(sizes) > parallel)
    for size in inside:
        flow.leave(size)
    assert flow.enter(MEMORY, wait=False)


@given(cap=st.none() | st.floats(0.1, 10_000))
def test_a_piece_is_neither_tiny_nor_much_of_the_memory(cap: float | None) -> None:
    assert 64 * 1024 <= Flow(cap_mbps=cap).piece <= MEMORY // 16


@pytest.mark.parametrize(("parallel", "size"), [(2, 1), (100, MEMORY // 2)], ids=["places", "bytes"])
def test_there_is_room_for_so_many_and_no_more_until_one_leaves(parallel: int, size: int) -> None:
    flow = Flow(parallel=parallel)
    assert [flow.enter(size, wait=False) for _ in range(3)] == [True, True, False]
    entered = Event()
    waiting = Thread(target=lambda: flow.enter(size) and entered.set())
    waiting.start()
    assert not entered.wait(0.05)
    flow.leave(size)
    assert entered.wait(10)
    waiting.join()


def test_who_waits_for_room_gives_up_when_all_do() -> None:
    flow = Flow(parallel=1)
    flow.enter(1)
    flow.stop.set()
    with pytest.raises(GivenUp):
        flow.enter(1)


@given(counts=st.lists(st.integers(1, 10_000_000), min_size=1, max_size=20), cap=st.floats(1, 1000))
def test_bytes_are_asked_for_no_faster_than_the_cap(counts: list[int], cap: float) -> None:
    """Each waits until all before could have come: a megabit is a million bits, as azcopy counts."""
    stop = Unhurried()
    flow = Flow(cap_mbps=cap, stop=stop)
    before = 0.0
    for count in counts:
        flow.pace(count)
        # less the time that went by while this was asked
        assert before - 5 < stop.waited[-1] <= before + 1e-6
        before += count * 8 / (cap * 1_000_000)


def test_without_a_cap_nobody_waits_and_with_one_ctrl_c_ends_it() -> None:
    stop = Unhurried()
    Flow(stop=stop).pace(1 << 40)
    assert stop.waited == []
    flow = Flow(cap_mbps=1)
    flow.pace(1 << 40)
    flow.stop.set()
    with pytest.raises(GivenUp):
        flow.pace(1)


@pytest.mark.parametrize("wrong", [{"parallel": 0}, {"cap_mbps": 0.0}, {"cap_mbps": -1.0}])
def test_a_flow_that_lets_nothing_through_is_a_mistake(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="a flow lets something through"):
        Flow(**wrong)  # type: ignore[arg-type]  # both are numbers
