"""What a workspace is given to run on machines of its own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class SparkJob:
    """A Python script for Spark, and what comes with it.

    `code` is a folder with the script `entry` and the archives `packages`, from which Python imports. The script is
    given `--data URI` for each of `containers` (as `Blobs` names them), in their order, and `--output URI`, a folder
    that is the job's own. `pip` are requirements with their versions.
    """

    name: str
    description: str
    code: Path
    entry: str
    packages: tuple[str, ...]
    containers: tuple[str, ...]
    pip: tuple[str, ...]
    instance_type: str
