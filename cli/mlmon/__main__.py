"""`python -m mlmon`."""

from mlmon.main import entry

entry()
