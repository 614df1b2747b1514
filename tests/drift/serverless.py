"""Serverless Spark on this machine: a job that an emulated workspace was given runs here, in a Python without mlmon."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from emulators.azure import LocalAzure

ROOT = Path(__file__).parent.parent.parent
PYSPARK = ROOT / ".venv-readers/lib"
OWN = Path(sysconfig.get_path("purelib"))
QUICK = (
    *("--conf", "spark.ui.enabled=false", "--conf", "spark.sql.shuffle.partitions=3"),
    *("--driver-java-options", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"),
)
NEEDED = (
    "numpy",
    "numpy.libs",
    "pandas",
    "pyarrow",
    "duckdb",
    "_duckdb*.so",
    "duckdb-*.dist-info",
    "dateutil",
    "tzdata",
)


@dataclass
class ServerlessSpark:
    """Runs jobs, one at a time. Collected data is read where the emulated storage has its copy of."""

    azure: LocalAzure
    folder: Path
    said: list[str] = field(default_factory=list)

    def __call__(self, job: dict[str, Any]) -> bool:
        """The job as the service keeps it; whether Spark did it. What it made goes to the storage."""
        properties = job["properties"]
        code, made = self.folder / "code", self.folder / "made"
        self._download(properties["codeId"], code)
        places = {f"inputs.{name}": self._place(one["uri"]).as_uri() for name, one in properties["inputs"].items()}
        [(name, output)] = properties["outputs"].items()
        places[f"outputs.{name}"] = made.as_uri()
        args = re.sub(r"\$\{\{(.*?)\}\}", lambda found: places[found[1]], properties["args"])
        packages = ",".join(str(code / name) for name in properties["pyFiles"])
        done = self._submit(["--py-files", packages, str(code / properties["entry"]["file"]), *shlex.split(args)])
        if done.returncode == 0:
            container, path = self._in_storage(output["uri"])
            for file in sorted(made.iterdir()):
                self.azure.blobs.put(container, f"{path}{file.name}", file.read_bytes())
        return done.returncode == 0

    def _submit(self, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        packages = self.folder / "packages"
        packages.mkdir()
        [home] = PYSPARK.glob("python*/site-packages")
        found = [home / "pyspark", home / "py4j", *(path for name in NEEDED for path in OWN.glob(name))]
        for path in found:
            (packages / path.name).symlink_to(path)
        python = Path(sys.executable).resolve()  # not the environment's, which knows mlmon
        done = subprocess.run(
            [packages / "pyspark/bin/spark-submit", "--master", "local[2]", *QUICK, *command],
            env={
                "PATH": os.environ["PATH"],
                "PYTHONPATH": str(packages),
                "PYSPARK_PYTHON": str(python),
                "SPARK_HOME": str(packages / "pyspark"),
                "SPARK_LOCAL_IP": "127.0.0.1",
                "SPARK_LOCAL_DIRS": str(self.folder),
                "HOME": str(self.folder),
            },
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        self.said.append(done.stderr)
        return done

    def _place(self, uri: str) -> Path:
        container, path = self._in_storage(uri)
        return self.azure.folder / "mirrored/blobs" / container / path

    def _in_storage(self, uri: str) -> tuple[str, str]:
        """The container and the path in it that a URI of a datastore names, in its long form or its short one."""
        found = re.fullmatch(r"azureml://.*?datastores/([^/]+)/paths/(.*)", uri)
        if found is None:
            container = re.fullmatch(r"wasbs://([^@]+)@.*", uri)
            assert container, uri
            return container[1], ""
        return self.azure.datastores[found[1]]["properties"]["containerName"], found[2]

    def _download(self, code_id: str, folder: Path) -> None:
        """The code, as the service would fetch it: by its address, with a sign-in of its own."""
        name, _, version = code_id.removeprefix(self.azure.workspace.id).split("/")[2:]
        address = self.azure.contents.codes[name, version]["properties"]["codeUri"]
        container, _, prefix = address.removeprefix(self.azure.blob_endpoint(self.azure.storage_account[0])).partition(
            "/"
        )
        folder.mkdir()
        for blob in self._names(container, prefix):
            (folder / blob.removeprefix(prefix).lstrip("/")).write_bytes(self.azure.blobs.read(container, blob))

    def _names(self, container: str, prefix: str) -> Iterator[str]:
        headers = {
            "Authorization": f"Bearer {self.azure.token('https://storage.azure.com')}",
            "x-ms-version": "2025-01-05",
        }
        listed = requests.get(
            f"{self.azure.blob_endpoint(self.azure.storage_account[0])}{container}",
            params={"restype": "container", "comp": "list", "prefix": prefix},
            headers=headers,
            verify=str(self.azure.certificate.authority),
            timeout=30,
        )
        yield from re.findall(r"<Name>([^<]*)</Name>", listed.text)
