"""`mlmon drift --baseline azureml:NAME:VERSION`, a folder of files: in an embedded workspace and over Azure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from azured import local_azure, runner
from emulators.azure import LocalAzure
from running import Runner

Keep = Callable[[Mapping[str, str]], Runner]
"""Makes the asset `train`, version 1, of these files, and gives mlmon beside it."""

HALVES = {
    f"part-{at}.csv": "age,city\n" + "".join(f"{20 + n},{'AB'[n % 2]}\n" for n in range(at, 80, 2)) for at in (0, 1)
}
WHOLE = "age,city\n" + "".join(f"{20 + n},{'AB'[n % 2]}\n" for n in range(80))


@pytest.fixture(scope="module")
def azure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAzure]:
    with local_azure(tmp_path_factory.mktemp("azure") / "azure") as made:
        yield made


@pytest.fixture(params=["embedded", "azure"])
def keep(request: pytest.FixtureRequest, tmp_path: Path) -> Keep:
    def embedded(files: Mapping[str, str]) -> Runner:
        mlmon: Runner = request.getfixturevalue("churn")
        folder = mlmon.folder / "blobs/assets/train/1"
        folder.mkdir(parents=True)
        for name, text in files.items():
            (folder / name).write_text(text, "utf-8")
        return mlmon

    def over(files: Mapping[str, str]) -> Runner:
        azure: LocalAzure = request.getfixturevalue("azure")
        below = f"sets/{tmp_path.name}"  # each test has its own files
        azure.add_data("train", uri=f"azureml://datastores/workspaceblobstore/paths/{below}/")
        container = str(azure.datastores["workspaceblobstore"]["properties"]["containerName"])
        for name, text in files.items():
            azure.blobs.put(container, f"{below}/{name}", text.encode())
        return runner(azure, tmp_path / "there")

    return embedded if request.param == "embedded" else over


def test_a_folder_of_files_is_one_baseline(keep: Keep) -> None:
    mlmon = keep({**HALVES, "_SUCCESS": "", "readme.md": "two halves"})
    (mlmon.folder / "whole.csv").write_text(WHOLE)
    document = mlmon("drift --baseline azureml:train:1 --target whole.csv -o json").json
    assert (document["verdict"], document["baseline"]["name"]) == ("no drift", "azureml:train:1")
    assert [each["baseline"]["rows"] for each in document["features"]] == [80, 80]
    assert {each["effect"] for each in document["features"]} == {0}


def test_files_of_two_kinds_are_refused_in_a_sentence(keep: Keep) -> None:
    mlmon = keep({"a.csv": "age\n1\n", "b.jsonl": '{"age": 1}\n'})
    (mlmon.folder / "whole.csv").write_text(WHOLE)
    outcome = mlmon("drift --baseline azureml:train:1 --target whole.csv")
    assert (outcome.code, outcome.out) == (2, "")
    kinds = "csv ('a.csv') and JSON ('b.jsonl')"
    assert outcome.err.splitlines()[-2:] == [
        f"error: azureml:train:1 has files of several kinds, {kinds}, and a baseline is of one",
        "hint: register those of one kind, or fetch the files and name one here",
    ]
