"""Reading collected blobs: both generations of CSV and JSON lines, as rows that know where they stood.

Nothing is dropped in silence: what cannot be read is set aside with its file, its line and the reason. Memory is
that of one block of rows, and of one line of a file.
"""

from mlmon.collected.records.block import Aside, Block, Cell, OnAside
from mlmon.collected.records.reading import read

__all__ = ["Aside", "Block", "Cell", "OnAside", "read"]
