"""Whether two summaries are the same to the last bit."""

from __future__ import annotations

import numpy as np

from mlmon.drift.sampling import Sampled
from mlmon.drift.summary import Categories, Numbers, Summary


def bits(summary: Summary) -> tuple[object, ...]:
    """All of a summary as something that compares: floats as their digits, arrays as lists."""
    arrays = (summary.level, summary.buckets.tolist(), summary.counts.tolist(), summary.cap, summary.quality)
    match summary:
        case Numbers():
            ends = (summary.least.hex(), summary.greatest.hex())
            return ("number", *arrays, *(each.tolist() for each in summary.offsets), *ends)
        case Categories():
            return ("category", *arrays, summary.labels, summary.shared)


def rows(sample: Sampled | None) -> list[tuple[object, ...]]:
    """The rows of a sample, with their marks; NaN as a text, which is equal to itself."""
    if sample is None:
        return []
    columns = [
        [value.hex() for value in values.tolist()] if isinstance(values, np.ndarray) else values
        for values in sample.columns.values()
    ]
    return [*zip(sample.marks.tolist(), *columns, strict=True)]
