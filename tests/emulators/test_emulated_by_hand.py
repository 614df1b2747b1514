"""`python -m emulators DIR` is up for a person until Ctrl-C."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import requests

TESTS = Path(__file__).parent.parent


def test_a_person_gets_a_config_and_an_environment_and_ends_it(tmp_path: Path) -> None:
    folder = tmp_path / "an azure"
    command = [sys.executable, "-m", "emulators", str(folder)]
    with subprocess.Popen(command, cwd=TESTS, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = process.stdout.readline()
        sourced = subprocess.run(
            ["sh", "-c", f". '{folder / 'env.sh'}'; echo $ARM_CLOUD_METADATA_URL"],
            capture_output=True,
            text=True,
            check=True,
        )
        clouds = requests.get(sourced.stdout.strip(), verify=str(folder / "certificate.pem"), timeout=10).json()
        process.send_signal(signal.SIGINT)
        last = process.stdout.read()
    assert said == f"Azure is up: . '{folder}/env.sh'; config.json is beside it. Ctrl-C ends it.\n"
    assert (clouds[1]["name"], last, process.returncode) == ("LocalCloud", "Azure is down\n", 0)
    assert sorted(json.loads((folder / "config.json").read_text())) == [
        "resource_group",
        "subscription_id",
        "workspace_name",
    ]
    assert oct((folder / "env.sh").stat().st_mode & 0o777) == "0o600"
