"""The demo: real scripts, a real model, real data, and thirteen months of requests scored through them."""

from __future__ import annotations

import csv
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from importlib.resources import as_file, files
from itertools import groupby
from pathlib import Path
from random import Random
from typing import Final
from uuid import UUID

from mlmon.core.errors import MlmonError, UsageError
from mlmon.core.model import Demo
from mlmon.core.timerange import day_start
from mlmon.local.demo.traffic import DRIFTED, V1, V2, Call, calls, drift_day, first_day
from mlmon.local.workspace import LocalWorkspace

NAME: Final = "mlmon-demo"
_DATA: Final = "data/diabetes.csv"
_SOURCE: Final = "data/diabetes.md"
_SCRIPTS: Final = {V1: "scripts/diabetes.py", V2: "scripts/diabetes_v2.py"}
_SETTINGS: Final = f"""\
# What mlmon commands in this folder mean when nothing else is said.
workspace = "."
service = "{V1}"

[drift]
baseline = "{_DATA}"
label = "progression"  # what the model predicts: it is not given that
"""


def days(today: date) -> int:
    """How many days of history a demo made today has."""
    return (today - first_day(today)).days


def create(folder: Path, *, today: date, on_day: Callable[[], None], replacing: bool) -> Demo:
    """Make the demo in `folder`, whole or not at all; `on_day` is called after each day of history.

    The same day gives the same demo. With `replacing`, a demo that is there is replaced with everything in its folder.

    Raises:
        UsageError: the folder is there, and `replacing` is not asked for or it is no demo and not empty.
        MlmonError: the folder cannot be written.
    """
    _refuse(folder, replacing=replacing)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".mlmon-demo-", dir=folder.parent) as partial:
        built, old = Path(partial, "new"), Path(partial, "old")
        built.mkdir()
        requests, failed = _build(built, today=today, on_day=on_day)
        # what was there leaves with the temporary folder, and only after the new one stands in its place
        if folder.exists():
            folder.rename(old)
        built.rename(folder)
    return Demo(
        folder=folder,
        services=(V1, V2),
        first_day=first_day(today),
        requests=requests,
        failed=failed,
        drift_day=drift_day(today),
        drifted=tuple(DRIFTED),
    )


def _refuse(folder: Path, *, replacing: bool) -> None:
    if not folder.exists():
        return
    if not folder.is_dir():
        raise UsageError(f"{folder} is a file", hint="name another folder")
    if not replacing:
        raise UsageError(f"{folder} exists", hint="--force makes a demo that is there anew; or name another folder")
    if any(folder.iterdir()) and not _is_demo(folder):
        raise UsageError(f"{folder} holds something else than a demo", hint="name another folder")


def _is_demo(folder: Path) -> bool:
    try:
        return LocalWorkspace.open(folder).title == NAME
    except MlmonError:
        return False


def _build(folder: Path, *, today: date, on_day: Callable[[], None]) -> tuple[int, int]:
    """Everything the demo consists of, in an empty folder; how many requests were made, and how many failed."""
    header, patients = _patients()
    for name in (_DATA, _SOURCE, *_SCRIPTS.values()):
        _copy(Path(name).name, folder / name)
    (folder / "mlmon.toml").write_text(_SETTINGS, "utf-8")
    rows = [patients[at] for at in (0, 200, 400)]
    (folder / "rows.json").write_text(json.dumps({"data": rows}) + "\n", "utf-8")

    clock = _HistoryClock(day_start(first_day(today)))
    chance = Random(f"demo {today}")  # noqa: S311 - a repeatable history, no secret
    workspace = LocalWorkspace.create(
        folder,
        name=NAME,
        clock=clock,
        ids=lambda: UUID(int=chance.getrandbits(128), version=4),
        random=chance.random,
    )
    for service, script in _SCRIPTS.items():
        workspace.register(
            service,
            script=folder / script,
            model=folder / _DATA,
            model_name="diabetes",
            model_version="1",
            features=header,
        )
    for service in _SCRIPTS:
        workspace.scoring.load(service)
    statuses: list[int] = []
    with workspace.batched():
        for _, of_day in groupby(calls(header, patients, today=today), key=lambda call: call.at.date()):
            for call in of_day:
                clock.begin(call)
                statuses.append(workspace.scoring.invoke(call.service, call.body).status)
            on_day()
    return len(statuses), sum(status != 200 for status in statuses)


class _HistoryClock:
    """A clock that stands where a call begins when it is first asked, and where it ends from then on."""

    def __init__(self, start: datetime) -> None:
        self._first = self._then = start

    def begin(self, call: Call) -> None:
        self._first, self._then = call.at, call.at + call.takes

    def __call__(self) -> datetime:
        moment, self._first = self._first, self._then
        return moment


def _patients() -> tuple[list[str], list[list[float]]]:
    """The training data without its target column: feature names, and a row for each patient."""
    with _packaged("diabetes.csv") as path, path.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    return header[:-1], [[float(cell) for cell in row[:-1]] for row in rows]


@contextmanager
def _packaged(name: str) -> Iterator[Path]:
    package = files(__package__)
    with as_file(package / ("scripts" if name.endswith(".py") else ".") / name) as path:
        yield path


def _copy(name: str, target: Path) -> None:
    target.parent.mkdir(exist_ok=True)
    with _packaged(name) as path:
        shutil.copyfile(path, target)
