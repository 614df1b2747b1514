"""Azure's importable modules, as far as scoring scripts use them, supplied while a script of ours runs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Protocol

from mlmon.local.runtime.v1_collector import ModelDataCollector, V1Collecting
from mlmon.local.runtime.v2_collector import BasicCorrelationContext, Collector, CorrelationContext, V2Collecting


class Collecting(V1Collecting, V2Collecting, Protocol):
    """A service that both generations' collectors can belong to."""


def modules(collecting: Collecting, model_path: Callable[[str, object], Path]) -> dict[str, ModuleType]:
    """The modules for one service, under the names that scripts import them by."""

    class Model:
        @staticmethod
        def get_model_path(model_name: str, version: object = None, _workspace: object = None) -> str:
            """The path of the service's model file or folder."""
            return str(model_path(model_name, version))

    bound = {"_collecting": collecting, "__module__": "azureml.monitoring"}
    v1 = type("ModelDataCollector", (ModelDataCollector,), bound)
    v2 = type("Collector", (Collector,), {**bound, "__module__": "azureml.ai.monitoring"})
    contents: dict[str, dict[str, object]] = {
        "azureml": {},
        "azureml.core": {"Model": Model},
        "azureml.core.model": {"Model": Model},
        "azureml.monitoring": {"ModelDataCollector": v1},
        "azureml.ai": {},
        "azureml.ai.monitoring": {"Collector": v2},
        "azureml.ai.monitoring.context": {
            "BasicCorrelationContext": BasicCorrelationContext,
            "CorrelationContext": CorrelationContext,
        },
    }
    made: dict[str, ModuleType] = {}
    for name, content in contents.items():
        module = ModuleType(name)
        # a path makes it a package, so that its parts can be imported
        module.__path__ = []
        vars(module).update(content)
        made[name] = module
        parent, _, child = name.rpartition(".")
        if parent:
            setattr(made[parent], child, module)
    return made
