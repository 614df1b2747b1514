"""What az takes for granted on a machine."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mlmon.azure.setup.az import Defaults, defaults


def test_az_has_said_nothing(tmp_path: Path) -> None:
    assert defaults({"HOME": str(tmp_path)}, cwd=tmp_path) == Defaults("", "", "")
    assert defaults({}, cwd=tmp_path) == Defaults("", "", "")


def test_its_files_and_variables_are_read_as_az_reads_them(tmp_path: Path) -> None:
    home, here = tmp_path / "home" / ".azure", tmp_path / "here"
    home.mkdir(parents=True)
    (here / ".azure").mkdir(parents=True)
    (home / "config").write_text("[core]\noutput = json\n[defaults]\ngroup = rg\nworkspace = ws\n")
    profile = {"subscriptions": [{"id": "one"}, {"id": "two", "isDefault": True}, {"id": 3, "isDefault": True}]}
    (home / "azureProfile.json").write_text(json.dumps(profile), "utf-8-sig")  # az writes the mark
    environ = {"HOME": str(tmp_path / "home")}
    assert defaults(environ, cwd=here) == Defaults("two", "rg", "ws")

    (here / ".azure" / "config").write_text("[defaults]\ngroup = nearer\n")
    assert defaults(environ, cwd=here) == Defaults("two", "nearer", "ws")
    said = {"AZURE_DEFAULTS_GROUP": "said", "AZURE_SUBSCRIPTION_ID": "three"}
    assert defaults({**environ, **said}, cwd=here) == Defaults("three", "said", "ws")
    assert defaults({"AZURE_CONFIG_DIR": str(home)}, cwd=tmp_path) == Defaults("two", "rg", "ws")


@pytest.mark.parametrize("content", ["", "[", "no section", "[defaults]\ngroup", '{"subscriptions": 3}', "[" * 100_000])
def test_a_file_that_cannot_be_read_says_nothing(tmp_path: Path, content: str) -> None:
    folder = tmp_path / ".azure"
    folder.mkdir()
    for name in ("config", "azureProfile.json"):
        (folder / name).write_text(content)
    assert defaults({"HOME": str(tmp_path)}, cwd=tmp_path / "x") == Defaults("", "", "")
