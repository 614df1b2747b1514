"""The installed command, and `python -m mlmon`. Imports nothing up here: Ctrl-C may come while the rest is loaded."""

import gc
import sys


def run() -> None:
    """Run mlmon and exit."""
    # what is loaded at the start stays, and looking through it for garbage again and again takes a tenth of that time
    gc.set_threshold(50_000, 20, 100)
    try:
        from mlmon.main import entry

        entry()
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    run()
