"""The table `[drift]` of a settings file: what holds for every check of drift in a folder."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from mlmon.core.errors import UsageError, did_you_mean
from mlmon.settings.target import Setting

THRESHOLD: Final = "0.1"
"""What holds where nothing is said; `mlmon.drift` has it as a number."""
KINDS: Final = ("number", "category")
_KEYS: Final = ("baseline", "label", "threshold", "features")
_OF_A_FEATURE: Final = ("threshold", "kind")
_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")
"""Keys that TOML has without quotes."""


@dataclass(frozen=True, slots=True)
class DriftSettings:
    """What a settings file says of drift; empty or None for what it does not say.

    `baseline` is a file (from the folder of the settings file) or a data asset, `label` the column of it that a service
    is not given, `threshold` the effect above which a difference matters, `thresholds` that of single features, and
    `kinds` what single features are: `number` or `category`.
    """

    baseline: str = ""
    label: str = ""
    threshold: float | None = None
    thresholds: Mapping[str, float] = field(default_factory=dict)
    kinds: Mapping[str, str] = field(default_factory=dict)
    file: Path | None = None
    """The settings file that says it."""

    def all(self) -> Iterator[Setting]:
        """Each of them, by its place in a settings file; one of a feature only where it is said."""
        yield self._setting("baseline", self.baseline)
        yield self._setting("label", self.label)
        yield self._setting("threshold", _written(self.threshold), default=THRESHOLD)
        for name in sorted({*self.thresholds, *self.kinds}):
            key = name if _BARE.fullmatch(name) else json.dumps(name, ensure_ascii=False)
            for what, value in (("kind", self.kinds.get(name, "")), ("threshold", _written(self.thresholds.get(name)))):
                if value:
                    yield self._setting(f"features.{key}.{what}", value)

    def _setting(self, name: str, value: str, *, default: str = "") -> Setting:
        return Setting(f"drift.{name}", value or default, str(self.file) if value and self.file else "default")


NOTHING_SAID: Final = DriftSettings()


def drift_settings(table: Any, *, path: Path) -> DriftSettings:
    """Read the table. Raises `UsageError`, naming the file, for what means nothing."""
    _see_keys(table, _KEYS, where=f"[drift] in {path}")
    features = table.get("features", {})
    if not isinstance(features, dict):
        raise UsageError(f"'features' in [drift] in {path} is not a table", hint="write [drift.features.NAME]")
    for name, one in features.items():
        _see_keys(one, _OF_A_FEATURE, where=f"[drift.features.{name}] in {path}")
    kinds = {name: _kind(one, where=f"[drift.features.{name}] in {path}") for name, one in features.items()}
    said = {name: _threshold(one, where=f"[drift.features.{name}] in {path}") for name, one in features.items()}
    baseline = _text(table, "baseline", path=path)
    return DriftSettings(
        baseline if not baseline or baseline.startswith("azureml:") else str(path.parent / baseline),
        _text(table, "label", path=path),
        _threshold(table, where=f"[drift] in {path}"),
        {name: value for name, value in said.items() if value is not None},
        {name: kind for name, kind in kinds.items() if kind},
        path,
    )


def threshold_in(value: object, *, where: str) -> float:
    """A threshold: a number from 0 on. Raises `UsageError`."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        raise UsageError(f"the threshold of {where} is not a number from 0 on", hint="write it like 0.1")
    return float(value)


def _see_keys(table: Any, known: tuple[str, ...], *, where: str) -> None:
    if not isinstance(table, dict):
        raise UsageError(f"{where} is not a table", hint=f"it has: {', '.join(known)}")
    for key in table:
        if key not in known:
            hint = did_you_mean(key, known) or f"known keys: {', '.join(known)}"
            raise UsageError(f"{where} has an unknown key {key!r}", hint=hint)


def _text(table: Mapping[str, Any], key: str, *, path: Path) -> str:
    value = table.get(key, "")
    if not isinstance(value, str):
        raise UsageError(f"{key!r} in [drift] in {path} is not text", hint=f'write it like {key} = "…"')
    return value


def _threshold(table: Mapping[str, Any], *, where: str) -> float | None:
    return threshold_in(table["threshold"], where=where) if "threshold" in table else None


def _kind(table: Mapping[str, Any], *, where: str) -> str:
    if "kind" in table and table["kind"] not in KINDS:
        raise UsageError(f"the kind of {where} is none", hint=f"it is one of: {', '.join(KINDS)}")
    return str(table.get("kind", ""))


def _written(number: float | None) -> str:
    return "" if number is None else f"{number:.12g}"
