"""A process that serves a scoring script of a workspace folder, as `mlmon serve` does."""

from __future__ import annotations

import sys
from pathlib import Path

from mlmon.core.model import ServiceName
from mlmon.local.workspace import LocalWorkspace


def main(folder: str, script: str, name: str, model: str = "") -> int:
    workspace = LocalWorkspace.open(Path(folder))
    server = workspace.serve(Path(script), name=ServiceName.parse(name), port=0, model=Path(model) if model else None)
    sys.stdout.write(f"{server.address}\n")
    sys.stdout.flush()
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
