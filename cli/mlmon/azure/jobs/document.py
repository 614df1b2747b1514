"""A Spark job as the YAML that Azure Machine Learning documents.

https://learn.microsoft.com/azure/machine-learning/reference-yaml-job-spark says what may stand in it, and
https://learn.microsoft.com/azure/machine-learning/how-to-submit-spark-jobs what it means.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePath
from typing import Any, Final

from mlmon.core.jobs import SparkJob

_SCHEMA: Final = "https://azuremlschemas.azureedge.net/latest/sparkJob.schema.json"
RUNTIME: Final = "3.5"
"""Of Spark. The runtime before it has Python 3.10, which is too old for mlmon, and is not supported any more:
https://learn.microsoft.com/azure/synapse-analytics/spark/apache-spark-34-runtime"""
_PYTHON: Final = "3.11"  # the runtime's own
# azure-ai-ml takes no conda file without an image, and says itself that Spark installs what the conda file names and
# makes no container of the image
_IMAGE: Final = "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04"
_SIZE: Final = re.compile(r"standard_e(\d+)s_v\d+", re.IGNORECASE)
_USUAL_CORES: Final = 4
_MOST_EXECUTORS: Final = 8
_MEMORY_PER_CORE: Final = 7  # GB of the eight that a machine of the series has for each


def document(job: SparkJob, *, code: PurePath, data: Sequence[str], output: str) -> str:
    """The job, read from `data` and written to `output`, both URIs; `code` is its folder, seen from the file."""
    names = [f"data_{at}" for at in range(len(data))]
    reads = [f"--data ${{{{inputs.{name}}}}}" for name in names]
    folder = {"type": "uri_folder", "mode": "direct"}  # Spark reads and writes by itself; it knows no other mode
    whole = {
        "$schema": _SCHEMA,
        "type": "spark",
        "name": job.name,
        "display_name": job.name,
        "experiment_name": "mlmon",
        "description": job.description,
        "code": f"./{code}",
        "entry": {"file": job.entry},
        "py_files": list(job.packages),
        "args": " ".join([*reads, "--output ${{outputs.made}}"]),
        "inputs": {name: {**folder, "path": uri} for name, uri in zip(names, data, strict=True)},
        "outputs": {"made": {**folder, "path": output}},
        "environment": {
            "image": _IMAGE,
            "conda_file": {
                "channels": ["conda-forge"],
                "dependencies": [f"python={_PYTHON}", "pip", {"pip": list(job.pip)}],
            },
        },
        "identity": {"type": "user_identity"},  # what is read and written is what the submitter may read and write
        "resources": {"instance_type": job.instance_type, "runtime_version": RUNTIME},
        "conf": _conf(job.instance_type),
    }
    return "\n".join(["# az ml job create --file job.yml", *_lines(whole), ""])


def _conf(instance_type: str) -> Mapping[str, str | int | bool]:
    size = _SIZE.fullmatch(instance_type)
    cores = int(size[1]) if size else _USUAL_CORES
    memory = f"{cores * _MEMORY_PER_CORE}g"
    return {
        "spark.driver.cores": cores,
        "spark.driver.memory": memory,
        "spark.executor.cores": cores,
        "spark.executor.memory": memory,
        "spark.dynamicAllocation.enabled": True,
        "spark.dynamicAllocation.minExecutors": 1,
        "spark.dynamicAllocation.maxExecutors": _MOST_EXECUTORS,
    }


def _lines(values: Mapping[str, Any], indent: str = "") -> Iterator[str]:
    """YAML of nested mappings; what else there is stands as JSON, which is YAML too."""
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield f"{indent}{key}:"
            yield from _lines(value, indent + "  ")
        else:
            yield f"{indent}{key}: {json.dumps(value)}"
