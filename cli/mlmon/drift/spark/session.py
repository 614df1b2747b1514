"""A session of Spark: started quietly, with mlmon on its workers, and what goes wrong in it said in a sentence."""

from __future__ import annotations

import os
import re
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import mlmon
from mlmon.core.errors import Failure, UsageError

_INSTALL: Final = "install it with: pip install 'mlmon[spark]'"
_QUIET: Final = """\
status = error
appender.console.type = Console
appender.console.name = console
appender.console.target = SYSTEM_ERR
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %m%n
logger.shell.name = org.apache.spark.api.python.PythonGatewayServer
logger.shell.level = off
rootLogger.level = off
rootLogger.appenderRef.console.ref = console
"""
"""Spark takes a file that names no appender for none at all, and logs as it likes."""
_LONGEST: Final = 200


@contextmanager
def session(master: str) -> Iterator[Any]:
    """A session on `master`, such as local[2], closed afterwards.

    Raises:
        UsageError: pyspark is not installed, or has nothing to run on; `master` is none.
        Failure: Spark could not do what was asked inside.
    """
    try:
        from py4j.protocol import Py4JError
        from pyspark.errors import PySparkException
        from pyspark.sql import SparkSession
    except ImportError:
        raise UsageError("pyspark is not installed", hint=_INSTALL) from None
    see_installed("pyarrow", "pandas")
    with tempfile.TemporaryDirectory(prefix="mlmon-") as folder:
        try:
            started = _started(SparkSession, master, Path(folder))
        except (Py4JError, PySparkException, OSError) as error:
            raise _not_started(master, error) from None
        try:
            yield started
        except (Py4JError, PySparkException, EOFError, ConnectionError) as error:
            raise Failure(f"Spark gave up: {_said(error)}", hint="Spark's own log tells more") from None
        finally:
            with suppress(Py4JError, PySparkException, OSError):  # its Java may be gone: nothing is left to stop
                started.stop()


def see_installed(*names: str) -> None:
    """Raises `UsageError` where a package that pyspark needs is missing."""
    from importlib.util import find_spec

    for name in names:
        if find_spec(name) is None:
            raise UsageError(f"{name} is not installed", hint=_INSTALL)


def _started(of: Any, master: str, folder: Path) -> Any:
    builder = of.builder.master(master).appName("mlmon drift")
    quiet = folder / "log4j2.properties"
    quiet.write_text(_QUIET, "utf-8")
    settings = {
        "spark.ui.showConsoleProgress": "false",  # it writes over our own
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.execution.arrow.maxRecordsPerBatch": "2000",  # lines may be long
        "spark.driver.extraJavaOptions": f"-Dlog4j2.configurationFile={quiet.as_uri()}",
    }
    if master.startswith("local"):
        # the workers are this Python, with all that is installed in it
        os.environ["PYSPARK_PYTHON"] = sys.executable
        settings |= {
            "spark.ui.enabled": "false",
            "spark.driver.host": "127.0.0.1",
            "spark.driver.bindAddress": "127.0.0.1",
        }
    for name, value in settings.items():
        builder = builder.config(name, value)
    started = builder.getOrCreate()
    if not master.startswith("local"):
        started.sparkContext.addPyFile(str(packaged(folder)))
    return started


def packaged(folder: Path) -> Path:
    """This package as an archive that Python imports from, for workers that do not have it."""
    archive, package = folder / "mlmon.zip", Path(mlmon.__file__).parent
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as into:
        for path in sorted(package.rglob("*.py")):
            into.write(path, Path("mlmon") / path.relative_to(package))
    return archive


def _not_started(master: str, error: Exception) -> UsageError:
    if "JAVA_GATEWAY_EXITED" in str(error) or isinstance(error, OSError):
        return UsageError("Spark did not start, as without Java", hint="it needs Java 17: see that java -version works")
    return UsageError(
        f"Spark did not start on {master!r}: {_said(error)}",
        hint="see what --master says: local[2], spark://HOST:PORT, yarn",
    )


def _said(error: Exception) -> str:
    """The line that says what is wrong, without the stack of Java's or of a worker's Python."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    told = next((line for line in reversed(lines) if re.match(r"(\w+\.)*\w*(Error|Exception)\b.*: ", line)), "")
    first = lines[0] if lines else type(error).__name__
    said = (told or first).rstrip(" .")
    return said if len(said) <= _LONGEST else said[: _LONGEST - 1] + "…"
