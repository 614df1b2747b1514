"""What is in a folder, to be compared as a whole."""

from __future__ import annotations

from pathlib import Path

KEPT = (".mlmon/.gitignore", ".mlmon/pulled.jsonl", ".mlmon/pulled.lock")


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, hidden and temporary ones too, but for what mlmon keeps of a pull."""
    found = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return {name: content for name, content in found.items() if not name.endswith(KEPT)}
