"""Whether what came home can have been made by us: who can write to a job's folder can put anything there.

Nothing in it is ever run: it is JSON and arrays. What is looked at here is that every figure can be worked with, so
that nothing later stumbles over it. Whether the figures are true nobody can see.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

import numpy as np

from mlmon.collected.selecting.layout import CollectedBlob
from mlmon.drift.keys import COARSEST, keys_of
from mlmon.drift.result import Kind
from mlmon.drift.sampling import Sampled
from mlmon.drift.spark.packing import Found
from mlmon.drift.summary import CAP, CATEGORY_CAP, Categories, Numbers, Summary

_LARGEST: Final = 1 << 36  # rows of a day: sums of their places fit into 64 bits
_OFFSET_BITS: Final = 26
_HASH_BITS: Final = 63
_NEAR: Final = 31
"""Wildcards are of whole months: what was collected while the job ran may be found too."""


def see_sound(found: Found, kinds: Mapping[str, Kind], selected: Sequence[CollectedBlob]) -> None:
    """Raises `ValueError` where something cannot be a summary or sample of the selected files."""
    first = min(one.start.toordinal() for one in selected) - _NEAR
    last = max(one.end.toordinal() for one in selected) + _NEAR
    for day, each in found.by_day.items():
        _see(day is not None and max(first, date.min.toordinal() + 1) <= day.toordinal() <= last, "day")
        for name, summary in each.summaries.items():
            _see(isinstance(name, str), "feature")
            _see_summary(summary, kinds.get(name))
        if each.sample is not None:
            _see_sample(each.sample, kinds)
    for count in found.left_out.values():
        _see(_is_count(count), "left out")


def _see(right: object, what: str) -> None:
    if not right:
        raise ValueError(f"{what} cannot be")


def _see_summary(summary: Summary, kind: Kind | None) -> None:
    quality = summary.quality
    counts = (quality.rows, quality.nulls, quality.nans, quality.infinities, quality.failures, quality.valid)
    _see(all(map(_is_count, counts)), "quality")
    if kind is None:  # it is counted only
        _see(isinstance(summary, Categories) and not summary.buckets.size, "column")
        return
    _see_buckets(summary)
    _see(int(summary.counts.sum()) == quality.valid, "counts")
    if isinstance(summary, Numbers):
        _see(kind == "number" and summary.cap == CAP, "kind")
        _see_numbers(summary)
    else:
        _see(kind == "category" and summary.cap == CATEGORY_CAP, "kind")
        _see_categories(summary)


def _see_buckets(summary: Summary) -> None:
    """Sorted, each once, with at least a value in each."""
    coarsest = COARSEST if isinstance(summary, Numbers) else _HASH_BITS
    _see(type(summary.level) is int and 0 <= summary.level <= coarsest, "level")
    _see(_are_ints(summary.buckets, summary.counts), "buckets")
    _see(np.all(summary.buckets[1:] > summary.buckets[:-1]), "buckets")
    _see(np.all((summary.counts > 0) & (summary.counts < _LARGEST)), "counts")


def _see_numbers(summary: Numbers) -> None:
    low, high = summary.offsets
    _see(_are_ints(low, high) and np.all((low >= 0) & (low < 1 << _OFFSET_BITS)), "offsets")
    _see(np.all((high >= 0) & (high >> _OFFSET_BITS <= summary.counts)), "offsets")
    if summary.buckets.size:
        ends = np.array([summary.least, summary.greatest])
        _see(np.all(np.isfinite(ends)), "ends")
        _see(np.array_equal(keys_of(ends) >> summary.level, summary.buckets[[0, -1]]), "ends")


def _see_categories(summary: Categories) -> None:
    size = summary.buckets.size
    _see(len(summary.labels) == len(summary.shared) == size and np.all(summary.buckets >= 0), "labels")
    _see(all(isinstance(each, str) for each in summary.labels), "labels")
    _see(all(isinstance(each, bool) for each in summary.shared), "labels")


def _see_sample(sample: Sampled, kinds: Mapping[str, Kind]) -> None:
    _see(sample.marks.dtype == np.uint64 and {*sample.columns} <= {*kinds}, "sample")
    for name, values in sample.columns.items():
        if isinstance(values, np.ndarray):
            _see(kinds[name] == "number" and values.dtype == np.float64 and values.ndim == 1, "sample")
        else:
            _see(kinds[name] == "category" and all(text is None or isinstance(text, str) for text in values), "sample")


def _are_ints(*arrays: Any) -> bool:
    return all(each.dtype == np.int64 and each.ndim == 1 for each in arrays)


def _is_count(value: object) -> bool:
    return type(value) is int and 0 <= value < _LARGEST
