"""What a summary keeps of a feature's values: enough for distances, of a size that does not grow with the rows.

A summary is a function of the values alone, whatever their order: any way of cutting them into parts and putting the
parts together gives the same one, to the last bit. Numbers fall into buckets of one level (see `keys`), the lowest at
which there are at most `cap` of them; since that is a property of the set of values, it does not matter where it was
found out. Up to `cap` distinct values are kept exactly. Of each bucket the count is known and the sum, as integers:
where a value stands in its bucket, counted in the spacing that doubles have there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from math import frexp, ldexp, nan
from typing import Final, TypeAlias

import numpy as np

from mlmon.drift.keys import COARSEST, Floats, Ints, keys_of, lower_ends, lowest_level, numbers_of, upper_ends

CAP: Final = 2048
"""So many buckets are kept of a day's numbers."""
BASELINE_CAP: Final = 4096
CATEGORY_CAP: Final = 10_000
"""So many categories are told apart."""
_LABEL: Final = 200  # characters of a category that are kept to show it
_HASH_BITS: Final = 63  # at so high a level all categories are one
_LIMB: Final = 26
_LOW: Final = (1 << _LIMB) - 1
_NO_INTS: Final = np.zeros(0, np.int64)


@dataclass(frozen=True, slots=True)
class Quality:
    """How many rows there are, and how many hold no value that could be counted, by why."""

    rows: int = 0
    nulls: int = 0
    nans: int = 0
    infinities: int = 0
    failures: int = 0
    """Values that are of another type than the feature: `abc` among numbers."""

    def __add__(self, other: Quality) -> Quality:
        return Quality(
            self.rows + other.rows,
            self.nulls + other.nulls,
            self.nans + other.nans,
            self.infinities + other.infinities,
            self.failures + other.failures,
        )

    @property
    def valid(self) -> int:
        """Rows with a value that counts."""
        return self.rows - self.nulls - self.nans - self.infinities - self.failures


@dataclass(frozen=True, slots=True, eq=False)
class Numbers:
    """A feature's finite numbers: sorted `buckets` of a `level`, how many values are in each and where they stand.

    `offsets` are the sums of the values' places in their bucket, in two parts of 26 bits each, so that no sum of up to
    2^36 values is too large for 64 bits. `least` and `greatest` are NaN where there is no value.
    """

    quality: Quality = Quality()
    level: int = 0
    buckets: Ints = field(default_factory=_NO_INTS.copy)
    counts: Ints = field(default_factory=_NO_INTS.copy)
    offsets: tuple[Ints, Ints] = field(default_factory=lambda: (_NO_INTS.copy(), _NO_INTS.copy()))
    least: float = nan
    greatest: float = nan
    cap: int = CAP

    @property
    def count(self) -> int:
        """How many values there are."""
        return int(self.counts.sum())

    @property
    def means(self) -> Floats:
        """The mean of each bucket's values, exact but for its rounding."""
        low = lower_ends(self.buckets, self.level)
        if self.level == 0:
            return low
        # doubles are evenly spaced in a bucket; what follows the largest of all is no number
        spacing = np.spacing(np.minimum(np.abs(low), np.abs(upper_ends(self.buckets, self.level))))
        steps = (self.offsets[1] * float(1 << _LIMB) + self.offsets[0]) / self.counts
        # keys of negative numbers rise towards zero too: a larger key is a larger number
        return low + steps * spacing

    @property
    def widths(self) -> Floats:
        """How far apart a bucket's values can be: never outside what was seen."""
        low = np.maximum(lower_ends(self.buckets, self.level), self.least)
        return np.minimum(upper_ends(self.buckets, self.level), self.greatest) - low

    @property
    def mean(self) -> float:
        """The mean of the values, NaN of none."""
        return self._scale * float(np.average(self.means / self._scale, weights=self.counts)) if self.count else nan

    @property
    def deviation(self) -> float:
        """The standard deviation (of a sample), from the means of the buckets; NaN of fewer than two values."""
        if self.count < 2:
            return nan
        apart = self.means / self._scale - self.mean / self._scale
        widest = float(np.max(np.abs(apart))) or 1.0  # squares of 1e-200 are no doubles any more
        return self._scale * widest * float(np.sqrt(np.sum(self.counts * (apart / widest) ** 2) / (self.count - 1)))

    @property
    def _scale(self) -> float:
        """A power of two near the largest value: sums of numbers like 1e308 are no doubles any more."""
        largest = max(abs(self.least), abs(self.greatest)) if self.count else 0.0
        return ldexp(1.0, frexp(largest)[1] - 1) if largest > 1.0 else 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Categories:
    """A feature's categories: how many values are of each.

    Beyond `cap` of them, categories share buckets by the upper bits of a hash of their text: counts then are those of
    groups, and a distance can only be too small. `labels` are what a bucket is shown as: its category, or the first of
    those that share it, in the order of the alphabet, with the `shared` mark.
    """

    quality: Quality = Quality()
    level: int = 0
    buckets: Ints = field(default_factory=_NO_INTS.copy)
    counts: Ints = field(default_factory=_NO_INTS.copy)
    labels: tuple[str, ...] = ()
    shared: tuple[bool, ...] = ()
    cap: int = CATEGORY_CAP

    @property
    def count(self) -> int:
        """How many values there are."""
        return int(self.counts.sum())


Summary: TypeAlias = Numbers | Categories


def summary_of_numbers(
    numbers: Floats, *, nulls: int = 0, failures: int = 0, cap: int = CAP, level: int = 0
) -> Numbers:
    """Summarize an array of any length; NaN and infinities are counted. `nulls` and `failures` are not in the array.

    `level` is that of a summary with which this one is to be merged, if any: theirs together is no lower.
    """
    is_finite = np.isfinite(numbers)
    finite = numbers if is_finite.all() else numbers[is_finite]
    nans = int(np.isnan(numbers).sum()) if finite.size < numbers.size else 0
    quality = Quality(len(numbers) + nulls + failures, nulls, nans, len(numbers) - len(finite) - nans, failures)
    if not finite.size:
        return Numbers(quality, cap=cap)
    keys = np.sort(keys_of(np.asarray(finite, np.float64)))
    level += lowest_level(keys >> level, cap, coarsest=COARSEST - level)
    buckets = keys >> level
    starts = _starts(buckets)
    counts = np.diff(starts, append=keys.size)
    place = keys & ((1 << level) - 1)
    offsets = _carried(np.add.reduceat(place & _LOW, starts), np.add.reduceat(place >> _LIMB, starts))
    least, greatest = numbers_of(keys[[0, -1]]).tolist()
    return Numbers(quality, level, buckets[starts], counts, offsets, least, greatest, cap)


def summary_of_categories(
    counted: Mapping[str, int], *, nulls: int = 0, failures: int = 0, cap: int = CATEGORY_CAP
) -> Categories:
    """Summarize values that are counted already."""
    quality = Quality(sum(counted.values()) + nulls + failures, nulls, failures=failures)
    hashed = sorted((_hash(text), text[:_LABEL], count) for text, count in counted.items() if count)
    keys = np.array([key for key, _, _ in hashed], np.int64)
    counts = np.array([count for _, _, count in hashed], np.int64)
    labels = [label for _, label, _ in hashed]
    exact = Categories(quality, 0, keys, counts, tuple(labels), (False,) * len(labels), cap)
    return coarsened(exact, lowest_level(keys, cap, coarsest=_HASH_BITS))


def merged(summaries: Iterable[Summary]) -> Summary:
    """The summary of all the values that these are summaries of. They are of one feature, and of one cap.

    Raises:
        ValueError: there are none, or numbers and categories among them.
    """
    first, *rest = summaries
    for each in rest:
        match first, each:
            case Numbers(), Numbers():
                first = _merged_numbers(first, each)
            case Categories(), Categories():
                first = _merged_categories(first, each)
            case _:
                raise ValueError("numbers and categories have no common summary")
    return first


def at_level(summary: Numbers, level: int) -> Numbers:
    """The same values in coarser buckets."""
    rise = level - summary.level
    if rise <= 0 or not summary.buckets.size:
        return replace(summary, level=max(level, summary.level))
    # what a bucket's place in the coarser one adds to the place of each of its values
    more = (summary.buckets & ((1 << rise) - 1)) << summary.level
    low = summary.offsets[0] + (more & _LOW) * summary.counts
    high = summary.offsets[1] + (more >> _LIMB) * summary.counts
    coarse = summary.buckets >> rise
    starts = _starts(coarse)
    counts, low, high = (np.add.reduceat(each, starts) for each in (summary.counts, low, high))
    return replace(summary, level=level, buckets=coarse[starts], counts=counts, offsets=_carried(low, high))


def _carried(low: Ints, high: Ints) -> tuple[Ints, Ints]:
    """The two parts of sums, the lower one below 2^26: what is above it is carried over."""
    return low & _LOW, high + (low >> _LIMB)


def _merged_numbers(one: Numbers, other: Numbers) -> Numbers:
    level = max(one.level, other.level)
    one, other = at_level(one, level), at_level(other, level)
    buckets = np.concatenate((one.buckets, other.buckets))
    order = np.argsort(buckets, kind="stable")
    starts = _starts(buckets[order])

    def added(mine: Ints, theirs: Ints) -> Ints:
        both: Ints = np.concatenate((mine, theirs))[order]
        return np.add.reduceat(both, starts) if starts.size else both

    low, high = (added(mine, theirs) for mine, theirs in zip(one.offsets, other.offsets, strict=True))
    both = Numbers(
        one.quality + other.quality,
        level,
        buckets[order][starts],
        added(one.counts, other.counts),
        _carried(low, high),
        float(np.fmin(one.least, other.least)),
        float(np.fmax(one.greatest, other.greatest)),
        one.cap,
    )
    return at_level(both, level + lowest_level(both.buckets, one.cap, coarsest=COARSEST - level))


def _merged_categories(one: Categories, other: Categories) -> Categories:
    level = max(one.level, other.level)
    one, other = coarsened(one, level), coarsened(other, level)
    keys = np.concatenate((one.buckets, other.buckets))
    order = np.argsort(keys, kind="stable")
    both = Categories(
        one.quality + other.quality,
        level,
        keys[order],
        np.concatenate((one.counts, other.counts))[order],
        tuple((one.labels + other.labels)[at] for at in order),
        tuple((one.shared + other.shared)[at] for at in order),
        one.cap,
    )
    merged_ = _grouped(both, level)
    return coarsened(merged_, level + lowest_level(merged_.buckets, one.cap, coarsest=_HASH_BITS - level))


def coarsened(summary: Categories, level: int) -> Categories:
    """The same categories in fewer buckets."""
    if level <= summary.level or not summary.buckets.size:
        return replace(summary, level=max(level, summary.level))
    return _grouped(replace(summary, buckets=summary.buckets >> (level - summary.level)), level)


def _grouped(summary: Categories, level: int) -> Categories:
    """Sorted buckets, each once."""
    if not summary.buckets.size:
        return replace(summary, level=level)
    starts = _starts(summary.buckets)
    ends = [*starts[1:].tolist(), summary.buckets.size]
    labels, shared = [], []
    for start, end in zip(starts.tolist(), ends, strict=True):
        names = sorted(set(summary.labels[start:end]))
        labels.append(names[0])
        # of a label that is cut off nobody can say whether it is one category: at level 0 the hash has told
        cut = level > 0 and any(len(name) == _LABEL for name in names)
        shared.append(len(names) > 1 or cut or any(summary.shared[start:end]))
    counts = np.add.reduceat(summary.counts, starts)
    found = replace(summary, level=level, buckets=summary.buckets[starts], counts=counts)
    return replace(found, labels=tuple(labels), shared=tuple(shared))


def _starts(ordered: Ints) -> Ints:
    """Where each run of equal integers begins."""
    if not ordered.size:
        return _NO_INTS
    return np.concatenate((np.zeros(1, np.int64), np.flatnonzero(ordered[1:] != ordered[:-1]) + 1))


def _hash(text: str) -> int:
    """63 bits that are the same on every machine. A category is what its text is, as UTF-8 would write it."""
    digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest) >> 1
