"""Where the collected data of a drift check are summarized: here, or by Spark, of one's own or Azure's."""

from __future__ import annotations

import re
import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mlmon.core.errors import ExitCode, Failure, NotFound, UsageError
from mlmon.core.jobs import SparkJob
from mlmon.core.model import BlobInfo, Service
from mlmon.core.ports import Blobs, Workspace
from mlmon.core.timerange import TimeRange
from mlmon.drift.result import Kind
from mlmon.output.controls import neutral
from mlmon.session import Session

if TYPE_CHECKING:
    from mlmon.collected.selecting.layout import CollectedBlob
    from mlmon.drift.days import Days
    from mlmon.drift.spark.running import Part

_NAMED: Final = 20
_LONGEST: Final = 500
_ROOM: Final = "TMPDIR names the folder that jobs are written in"
_JOB: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,254}")
USUAL_INSTANCE: Final = "standard_e4s_v3"


@dataclass(frozen=True, slots=True)
class Work:
    """What an engine is to summarize: files of a service, between which `strays` stand that are not meant."""

    workspace: Workspace
    found: Service
    selected: Sequence[CollectedBlob]
    strays: Sequence[BlobInfo]
    kinds: Mapping[str, Kind]
    between: TimeRange | None
    most: int

    def parts(self, session: Session) -> list[Part]:
        """The same for Spark, which reads by wildcard."""
        from mlmon.drift.spark.running import parts_of

        blobs = self.workspace.blobs
        return parts_of(
            self.selected,
            self.kinds,
            roots=blobs.roots(self.found.name),
            address=blobs.address,
            now=session.now,
            between=self.between,
            most=self.most,
            others=self.strays,
        )


@dataclass(frozen=True, slots=True)
class Spark:
    """A Spark by its master: local[2], spark://HOST:PORT, yarn."""

    master: str

    def read(self, session: Session, work: Work) -> tuple[Days, ExitCode]:
        """The days of the files. Raises as `drift.spark.session`."""
        from mlmon.drift.days import Days  # why here: who compares two files needs no collected data

        if not work.selected:
            return Days(dict(work.kinds), {}), ExitCode.DONE
        from mlmon.drift.spark.running import summarize_collected  # why here: few runs are by Spark
        from mlmon.drift.spark.session import session as started

        said, parts = f"Reading {work.found.name} by Spark", work.parts(session)
        with session.terminal.progress(said, total=None, unit="seconds", ticking=True), started(self.master) as spark:
            days, left_out = summarize_collected(spark, parts, work.kinds, work.selected, most=work.most)
        return days, _told(session, left_out)


@dataclass(frozen=True, slots=True)
class AzureML:
    """A job on the Azure Machine Learning workspace's own Spark: a new one, or the one of the name `job`.

    With `folder` a new one is written there and not handed over.
    """

    instance_type: str
    job: str = ""
    folder: Path | None = None

    def read(self, session: Session, work: Work) -> tuple[Days, ExitCode]:
        """The days of the files, when the job has made them. Raises as `core.ports.Jobs` and `handover.brought`."""
        jobs = work.workspace.jobs
        from mlmon.drift.days import Days  # why here: who compares two files needs no collected data

        if not work.selected:
            return Days(dict(work.kinds), {}), ExitCode.DONE
        from mlmon.drift.spark.handover import asked_of, brought  # why here: few runs are by Spark

        name = self.job or self._submitted(session, work)
        page = jobs.page(name)
        session.terminal.note(f"the job {name}{f' is shown at {page}' if page else ''}")
        with session.terminal.progress(f"Job {name}", total=None, unit="seconds", ticking=True):
            jobs.wait(name, told=_saying(session))
        asked = asked_of(work.selected, work.kinds, between=work.between, most=work.most)
        with _held_folder() as folder:
            files = _fetched(work.workspace.blobs, jobs.made(name), folder)
            days, left_out = brought(files, asked, work.selected, work.kinds, job=name)
        return days, _told(session, left_out)

    def write(self, session: Session, work: Work, folder: Path) -> str:
        """Write a job into a folder, as a file beside its code; its name. Raises as `core.ports.Jobs.written`."""
        if not work.selected:
            raise NotFound("there is nothing to make a job of", hint="name another range")
        name = _new_name(session)
        with _held_folder() as made:
            _written(session, work, made, name=name, instance_type=self.instance_type)
            _copy(made, folder)  # only when it is found in order
        return name

    def _submitted(self, session: Session, work: Work) -> str:
        name, said = _new_name(session), "Submitting a job"
        with (
            _held_folder() as folder,
            session.terminal.progress(said, total=None, unit="seconds", ticking=True),
        ):
            file = _written(session, work, folder, name=name, instance_type=self.instance_type)
            work.workspace.jobs.submit(name, file)
        return name


Engine = Spark | AzureML


@dataclass(frozen=True, slots=True)
class Said:
    """What options say of engines."""

    engine: str | None
    master: str | None
    instance_type: str | None
    job: str | None
    folder: Path | None

    def meant(self, *, excluded: Mapping[str, object], of_report: Mapping[str, object]) -> Engine | None:
        """The engine that was asked for, None for this process.

        By the names of the options, `excluded` are what an engine cannot do, and `of_report` what is done with a
        report, which a job that is only written does not make. Raises `UsageError`.
        """
        azures = {"--instance-type": self.instance_type, "--job": self.job, "--write-job": self.folder}
        for engine, options in (("spark", {"--master": self.master}), ("azureml", azures)):
            if self.engine != engine and (alone := [name for name, value in options.items() if value]):
                raise UsageError(
                    f"{alone[0]} is for --engine {engine}", hint=f"say --engine {engine} too, or leave it out"
                )
        if self.engine is None:
            return None
        if given := [name for name, value in excluded.items() if value]:
            raise UsageError(
                f"--engine {self.engine} reads collected data beside a baseline file,"
                f" and {given[0]} is for what is read here",
                hint="leave one of the two out",
            )
        if self.folder and (given := [name for name, value in of_report.items() if value]):
            raise UsageError(
                f"--write-job makes no report, and {given[0]} is for one",
                hint="give it when the job has run, with --job NAME in place of --write-job",
            )
        return self._azureml() if self.engine == "azureml" else Spark(self.master or "local[*]")

    def _azureml(self) -> AzureML:
        if self.job and (self.folder or self.instance_type):
            other = "--write-job" if self.folder else "--instance-type"
            raise UsageError(
                f"{other} is for a new job, and --job names one that is there", hint="leave one of the two out"
            )
        if self.job and not _JOB.fullmatch(self.job):
            raise UsageError(f"{self.job!r} is not the name of a job", hint="az ml job list --output table shows them")
        if self.folder and (self.folder.is_file() or (self.folder.is_dir() and any(self.folder.iterdir()))):
            raise UsageError(f"{str(self.folder)!r} is there already", hint="name a new folder")
        return AzureML(self.instance_type or USUAL_INSTANCE, self.job or "", self.folder)


@contextmanager
def _held_folder() -> Iterator[Path]:
    """An empty temporary folder, gone afterwards. Raises `Failure` where there is no room for one."""
    from mlmon.collected.tables.temporary import TemporaryFolder  # why here: jobs alone need one

    try:
        held = TemporaryFolder.make()
        (inside := held.path / "job").mkdir()
    except OSError as error:
        raise Failure(f"there is no temporary folder: {error.strerror or error}", hint=_ROOM) from None
    try:
        yield inside
    finally:
        held.delete()


def _copy(made: Path, folder: Path) -> None:
    """Copy a job to where it is wanted. Raises `Failure`."""
    try:
        shutil.copytree(made, folder, dirs_exist_ok=True)
    except OSError as error:
        # copytree goes on after what it could not copy, and tells of each
        why = error.args[0][0][2] if isinstance(error, shutil.Error) else error.strerror
        raise Failure(f"{str(folder)!r} cannot be written: {why}", hint="name another folder") from None


def _saying(session: Session) -> Callable[[str], None]:
    """Says a state when it is another one than before."""
    said = [""]

    def say(state: str) -> None:
        if state != said[0]:
            said[0] = state
            session.terminal.note(f"the job is {neutral(state[:_NAMED])}")

    return say


def _new_name(session: Session) -> str:
    return f"mlmon-drift-{session.now:%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"


def _written(session: Session, work: Work, folder: Path, *, name: str, instance_type: str) -> Path:
    """Write a job: its code, then the file beside it."""
    from mlmon.drift.spark import handover

    jobs, parts = work.workspace.jobs, work.parts(session)
    code = folder / "code"
    handover.write_code(code, parts, handover.asked_of(work.selected, work.kinds, between=work.between, most=work.most))
    return jobs.written(
        SparkJob(
            name,
            f"mlmon drift: summaries of {work.found.name}, {work.selected[0].collection}",
            code,
            entry=handover.ENTRY,
            packages=(handover.ARCHIVE,),
            containers=tuple(part.container for part in parts),
            pip=handover.PIP,
            instance_type=instance_type,
        )
    )


def _fetched(blobs: Blobs, made: Sequence[BlobInfo], folder: Path) -> list[Path]:
    """The parquet files among what a job made, as files here."""
    files = []
    for at, blob in enumerate(one for one in made if one.name.endswith(".parquet")):
        file = folder / f"{at}.parquet"
        try:
            with file.open("wb") as into:
                into.writelines(blobs.read(blob))
        except OSError as error:
            raise Failure(
                f"{str(file)!r} cannot be written: {error.strerror or error}", hint="free some room"
            ) from None
        files.append(file)
    return files


def _told(session: Session, left_out: Mapping[str, int]) -> ExitCode:
    """Say what could not be read."""
    for at, (what, count) in enumerate(left_out.items()):
        times = f" ({count} times)" if count > 1 else ""
        session.terminal.note(
            f"set aside: {neutral(what[:_LONGEST])}{times}", level="warning" if at < _NAMED else "debug"
        )
    if len(left_out) > _NAMED:
        session.terminal.note(f"set aside: {len(left_out) - _NAMED} more; --debug names them", level="warning")
    return ExitCode.PARTIAL if left_out else ExitCode.DONE
