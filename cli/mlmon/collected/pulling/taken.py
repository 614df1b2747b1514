"""Which places in a folder have been given away, in a dozen bytes each whatever their names are."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from typing import Final

_TABLES: Final = 256
"""Many small tables: one that grows needs its old self and its new one at once."""
_LEAST: Final = 8
_GROWTH: Final = 1.6
_FULL: Final = 0.7
_WHERE_BITS: Final = 24
_WHERE: Final = (1 << _WHERE_BITS) - 1
_HASH_BITS: Final = (1 << 64) - 1


class Taken:
    """A multimap from keys to small numbers that forgets the keys: it answers with every number that a key may have.

    A place is 8 bytes in a table that is filled to between two fifths and seven tenths: 40 bits of the key's hash,
    which differs from run to run so that nobody can choose names that collide, and 24 bits of where its owner is to be
    found. Whoever asks has to look there: another key may have the same hash.
    """

    def __init__(self) -> None:
        self._tables = [_empty(_LEAST) for _ in range(_TABLES)]
        self._counts = array("I", bytes(4 * _TABLES))

    def add(self, key: str, where: int) -> None:
        """Remember `where`, which is less than 2**24 - 1."""
        number, rest = _hashed(key)
        self._counts[number] += 1
        if self._counts[number] > _FULL * len(self._tables[number]):
            self._tables[number] = _grown(self._tables[number])
        _put(self._tables[number], rest << _WHERE_BITS | where + 1)

    def of(self, key: str) -> Iterator[int]:
        """Where the owners of this key, and seldom those of others, are to be found; oldest first mostly."""
        number, rest = _hashed(key)
        table = self._tables[number]
        size = len(table)
        slot = rest % size
        while entry := table[slot]:
            if entry >> _WHERE_BITS == rest:
                yield (entry & _WHERE) - 1
            slot = (slot + 1) % size


def _hashed(key: str) -> tuple[int, int]:
    """The number of a table, and 40 bits for it."""
    found = hash(key) & _HASH_BITS
    return found % _TABLES, found >> _WHERE_BITS


def _empty(size: int) -> array[int]:
    return array("Q", bytes(8 * size))


def _grown(table: array[int]) -> array[int]:
    grown = _empty(int(len(table) * _GROWTH) + 1)
    for entry in table:
        if entry:
            _put(grown, entry)
    return grown


def _put(table: array[int], entry: int) -> None:
    size = len(table)
    slot = (entry >> _WHERE_BITS) % size
    while table[slot]:
        slot = (slot + 1) % size
    table[slot] = entry
