"""What a person's expressions find, and when they are ended."""

from __future__ import annotations

import re
import signal
from collections.abc import Callable, Sequence
from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlmon.core.errors import UsageError
from mlmon.core.patterns import any_finds, compiled, spans

TEXTS = st.text(alphabet="ab\n", max_size=12)
PATTERNS = st.lists(st.sampled_from(["a", "b+", "^a", "b$", "", "(?=a)", "a(b)?", "ab|ba"]), max_size=3)


@given(PATTERNS, TEXTS)
def test_they_find_what_each_finds_alone(patterns: list[str], text: str) -> None:
    made = [compiled(pattern, re.MULTILINE) for pattern in patterns]
    assert any_finds(made, text) == any(each.search(text) for each in made)
    assert spans(made, text) == sorted(one.span() for each in made for one in each.finditer(text) if one[0])


@pytest.mark.parametrize(
    ("find", "pattern", "text"), [(any_finds, "(a+)+$", "a" * 40 + "b"), (spans, "(x|xx)*y", "x" * 5000)]
)
def test_one_that_would_take_for_ever_is_ended_and_the_next_has_its_time(
    find: Callable[[Sequence[re.Pattern[str]], str], object], pattern: str, text: str
) -> None:
    before = signal.getsignal(signal.SIGVTALRM)
    with pytest.raises(UsageError, match=f"too long for a text of {len(text)} characters"):
        find([compiled("never"), compiled(pattern)], text)
    assert signal.getsignal(signal.SIGVTALRM) is before
    assert signal.getitimer(signal.ITIMER_VIRTUAL) == (0.0, 0.0)
    assert find([compiled("a|x")], text)


def test_elsewhere_than_in_the_main_thread_they_find_the_same() -> None:
    found: list[bool] = []
    thread = Thread(target=lambda: found.append(any_finds([compiled("b")], "abc")))
    thread.start()
    thread.join()
    assert found == [True]
