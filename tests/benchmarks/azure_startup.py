"""What `mlmon logs` costs before it asks Azure anything: `python tests/benchmarks/azure_startup.py`.

CPU time (all threads) of the child process up to its first connection, best of seven, and in the same run all of
`python -c "import azure.ai.ml"`, which any tool on that SDK pays first. Ratios carry over to other machines.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

RUNS = 7
MLMON = Path(sys.executable).with_name("mlmon")
CONFIG = {
    "subscription_id": "00000000-0000-0000-0000-000000000000",
    "resource_group": "group",
    "workspace_name": "workspace",
}


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "config.json").write_text(json.dumps(CONFIG))
        logs = min(to_first_connection([str(MLMON), "logs", "ep/blue"], folder) for _ in range(RUNS))
        sdk = min(whole([sys.executable, "-c", "import azure.ai.ml"], folder) for _ in range(RUNS))
        identity = min(whole([sys.executable, "-c", "import azure.identity"], folder) for _ in range(RUNS))
    print(f"CPU, best of {RUNS}")
    print(f"  mlmon logs, to its first request   {logs:.2f} s")
    print(f"  import azure.identity              {identity:.2f} s")
    print(f"  import azure.ai.ml                 {sdk:.2f} s")
    print(f"  mlmon logs / import azure.ai.ml    {logs / sdk:.2f}")


def to_first_connection(argv: list[str], folder: str) -> float:
    """CPU seconds that a command has used when it opens its first connection: the one that asks for a token."""
    with socket.create_server(("127.0.0.1", 0)) as authority:
        authority.settimeout(30)
        environ = {
            "PATH": os.environ["PATH"],
            "HOME": folder,
            "AZURE_AUTHORITY_HOST": f"https://127.0.0.1:{authority.getsockname()[1]}",
            "AZURE_TENANT_ID": "11111111-1111-1111-1111-111111111111",
            "AZURE_CLIENT_ID": "22222222-2222-2222-2222-222222222222",
            "AZURE_CLIENT_SECRET": "not-a-secret",
        }
        with subprocess.Popen(
            argv, cwd=folder, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        ) as child:
            try:
                connection, _ = authority.accept()
                used = sum(
                    int(Path(task, "schedstat").read_text().split()[0])
                    for task in Path(f"/proc/{child.pid}/task").iterdir()
                )
                connection.close()
            except TimeoutError:
                child.kill()
                sys.exit(f"no request was made: {child.stderr.read().decode() if child.stderr else ''}")
            child.kill()
    return used / 1e9


def whole(argv: list[str], folder: str) -> float:
    """CPU seconds, user and system, of a whole command."""
    with subprocess.Popen(argv, cwd=folder) as child:
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        sys.exit(f"{argv} failed")
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    main()
