"""`python -m emulators DIR`, from tests/: a local Azure to try things on by hand, until Ctrl-C."""

from __future__ import annotations

import json
import shlex
import sys
import threading
from pathlib import Path

from emulators import seed
from emulators.azure import LocalAzure


def main(folder: Path) -> None:
    """Start it and write what a client needs: `config.json` and, to be sourced, `env.sh`."""
    folder.mkdir(parents=True, exist_ok=True)
    with LocalAzure.start(folder) as azure:
        seed.small(azure)
        write(azure, folder)
        print(
            f"Azure is up: . {shlex.quote(str(folder / 'env.sh'))}; config.json is beside it. Ctrl-C ends it.",
            flush=True,
        )
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            print("Azure is down")


def write(azure: LocalAzure, folder: Path) -> None:
    """The two files. `env.sh` holds the secret, so only its owner may read it."""
    names = {
        "subscription_id": azure.workspace.subscription,
        "resource_group": azure.workspace.group,
        "workspace_name": azure.workspace.name,
    }
    (folder / "config.json").write_text(json.dumps(names, indent=2) + "\n")
    exports = folder / "env.sh"
    exports.touch(mode=0o600)
    exports.write_text("".join(f"export {name}={shlex.quote(text)}\n" for name, text in azure.environ.items()))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m emulators DIR")
    main(Path(sys.argv[1]).resolve())
