"""A process that appends numbered rows to a file of a workspace folder for as long as it lives."""

from __future__ import annotations

import sys
from pathlib import Path

from mlmon.local.store import Store


def main(folder: str, mark: str, size: str, count: str, name: str) -> None:
    store = Store(Path(folder))
    for number in range(int(count)):
        # several lines a row, and line breaks inside: a row must be there in whole or not at all
        row = f'"{mark}\n{number}",{mark * int(size)}\nend {mark} {number}\n'
        store.append(Path(folder) / "data" / name, row.encode(), header=b"head\r\n")
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
