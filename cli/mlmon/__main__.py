"""The installed command, and `python -m mlmon`. Imports nothing up here: Ctrl-C may come while the rest is loaded."""

import sys


def run() -> None:
    """Run mlmon and exit."""
    try:
        from mlmon.main import entry

        entry()
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    run()
