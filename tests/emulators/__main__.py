"""`python -m emulators DIR`, from tests/: a local Azure to try things on by hand, until Ctrl-C.

It has three deployments, with logs and without telemetry. `python -m emulators DIR --mirror DEMO` has what the embedded
workspace in the folder DEMO has, made by `mlmon demo DEMO`: services of both kinds with their logs, telemetry and
collected data, so that logs, traces, metrics and requests can be tried too. DEMO itself stays as it is; what is scored
goes to the copy in DIR, which every start makes anew.
"""

from __future__ import annotations

import argparse
import json
import shlex
import shutil
import threading
from pathlib import Path

from emulators import seed
from emulators.azure import LocalAzure
from emulators.mirror import copy_in
from mlmon.core.errors import MlmonError
from mlmon.local.workspace import LocalWorkspace


def main(folder: Path, *, mirror: Path | None = None) -> None:
    """Start it and write what a client needs: `config.json` and, to be sourced, `env.sh`.

    Raises:
        MlmonError: there is no embedded workspace in the folder `mirror`.
    """
    if mirror:
        LocalWorkspace.open(mirror)
        shutil.rmtree(copy_in(folder), ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    with LocalAzure.start(folder, mirror=mirror) as azure:
        if not mirror:
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


def _asked() -> None:
    parser = argparse.ArgumentParser(prog="python -m emulators", description="A local Azure, until Ctrl-C.")
    parser.add_argument("folder", metavar="DIR", type=Path, help="for its files: config.json, env.sh, ...")
    parser.add_argument("--mirror", metavar="DEMO", type=Path, help="have what this embedded workspace has")
    asked = parser.parse_args()
    folder, mirror = asked.folder.resolve(), asked.mirror and asked.mirror.resolve()
    if mirror and folder.is_relative_to(mirror):
        parser.error(f"{folder} is inside {mirror}, which is copied into it")
    try:
        main(folder, mirror=mirror)
    except MlmonError as error:
        parser.error(error.message)


if __name__ == "__main__":
    _asked()
