"""Scripts run unmodified, each in surroundings of its own, and leave the process as it was."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from mlmon.core.errors import Failure, UsageError
from mlmon.core.model import ServiceName
from mlmon.local.workspace import LocalWorkspace

Add = Callable[..., ServiceName]


def invoke(workspace: LocalWorkspace, name: ServiceName, body: str = "") -> str:
    answer = workspace.scoring.invoke(name, body)
    assert answer.status == 200, "\n".join(workspace.logs.snapshot(name, lines=50).lines)
    return answer.body


def test_each_service_has_its_own_modules_beside_its_script(workspace: LocalWorkspace, add: Add) -> None:
    services = []
    for number in (1, 2):
        name = add(
            f"service{number}",
            "import helper\nfrom . import near\nfrom .helper import number as same\n"
            "def init(): global kept; kept = []\n"
            "def run(raw):\n    import late\n    kept.append(1)\n"
            "    return [helper.number, near.number, same, late.number, len(kept), __name__.rpartition('.')[2]]",
        )
        folder = workspace.folder / "scripts" / f"service{number}"
        for module in ("helper", "near", "late"):
            (folder / f"{module}.py").write_text(f"number = {number}\n")
        services.append(name)
    for count in (1, 2):
        for number, name in enumerate(services, 1):
            assert invoke(workspace, name) == f'[{number}, {number}, {number}, {number}, {count}, "score"]'
    assert not list(workspace.folder.rglob("__pycache__"))


def test_the_process_is_as_it_was_afterwards(workspace: LocalWorkspace, add: Add) -> None:
    before = (dict(os.environ), list(sys.path), sys.stdout, sys.stderr, sys.dont_write_bytecode)
    os.environ.pop("AZUREML_MODEL_DIR", None)
    name = add(
        "sums",
        "import azureml.monitoring, json, os\nfrom azureml.core import Model\n"
        "def init(): pass\ndef run(raw): return os.environ['AZUREML_MODEL_DIR']",
    )
    assert invoke(workspace, name) == f'"{workspace.folder / "scripts" / "sums"}"'
    assert not [module for module in sys.modules if module.startswith(("azureml", "mlmon_service"))]
    assert (dict(os.environ), list(sys.path), sys.stdout, sys.stderr, sys.dont_write_bytecode) == before


def test_an_installed_azureml_is_put_back(workspace: LocalWorkspace, add: Add, monkeypatch: pytest.MonkeyPatch) -> None:
    installed = type(sys)("azureml")
    monkeypatch.setitem(sys.modules, "azureml", installed)
    monkeypatch.setenv("AZUREML_MODEL_DIR", "mine")
    invoke(workspace, add("sums", "import azureml\ndef init(): pass\ndef run(raw): return 1"))
    assert sys.modules["azureml"] is installed
    assert os.environ["AZUREML_MODEL_DIR"] == "mine"


MODEL = """
import os
from azureml.core.model import Model
def init(): pass
def run(raw): return [os.path.relpath(Model.get_model_path({arguments}), os.environ["AZUREML_MODEL_DIR"])]
"""


def test_a_model_is_found_by_its_name_or_beside_the_script(workspace: LocalWorkspace, add: Add) -> None:
    model = workspace.folder / "models" / "ridge.pkl"
    model.parent.mkdir()
    model.write_text("")
    named = {"model": model, "model_name": "ridge", "model_version": "3"}
    for service, arguments, details, expected in (
        ("a", "model_name='ridge'", named, "ridge.pkl"),
        ("b", "'ridge', version=3", named, "ridge.pkl"),
        ("c", "'ridge.pkl', None, None", named, "ridge.pkl"),
        # the only model there is, whatever the script calls it
        ("d", "'sklearn_regression_model.pkl', 1", {"model": model}, "ridge.pkl"),
        ("e", "'score.py'", {}, "score.py"),
    ):
        name = add(service, MODEL.format(arguments=arguments), **details)
        assert invoke(workspace, name) == f'["{expected}"]'


@pytest.mark.parametrize("arguments", ["'lasso'", "'ridge', version=4"])
def test_a_model_of_another_name_or_version_is_not_passed_off(
    arguments: str, workspace: LocalWorkspace, add: Add
) -> None:
    model = workspace.folder / "ridge.pkl"
    model.write_text("")
    name = add("sums", MODEL.format(arguments=arguments), model=model, model_name="ridge", model_version="3")
    assert workspace.scoring.invoke(name, "").status == 500
    assert workspace.logs.snapshot(name, lines=3).lines[0].endswith("; it has ridge:3")


def test_a_model_that_went_away_is_named(workspace: LocalWorkspace, add: Add) -> None:
    model = workspace.folder / "ridge.pkl"
    model.write_text("")
    name = add("sums", MODEL.format(arguments="'any'"), model=model)
    model.unlink()
    assert workspace.scoring.invoke(name, "").status == 500
    assert (
        workspace.logs.snapshot(name, lines=3).lines[0] == f"FileNotFoundError: the model {model} of sums is not there"
    )


def test_a_changed_script_or_model_is_loaded_again(workspace: LocalWorkspace, add: Add) -> None:
    name = add("sums", "def init(): pass\ndef run(raw): return 1")
    script = workspace.folder / "scripts/sums/score.py"
    assert invoke(workspace, name) == "1"
    script.write_text("def init(): pass\ndef run(raw): return 2")
    os.utime(script, ns=(1, 1))
    assert invoke(workspace, name) == "2"
    other = script.with_name("other.py")
    other.write_text("def init(): pass\ndef run(raw): return 3")
    workspace.register(name, script=other)
    assert invoke(workspace, name) == "3"


REFUSED = {
    "def run(raw): pass": " has no function init()",
    "def init(): pass": " has no function run(raw_data)",
    "init = run = 3": " has no function init()",
    "def init(:": " failed with SyntaxError: ",
    "import no_such_module": " failed with ModuleNotFoundError: No module named 'no_such_module'",
    "raise SystemExit('no')": " failed with SystemExit: no",
}


@pytest.mark.parametrize("script", REFUSED)
def test_what_is_no_scoring_script_is_refused(script: str, workspace: LocalWorkspace, add: Add) -> None:
    name = add("sums", script)
    with pytest.raises(Failure) as caught:
        workspace.scoring.invoke(name, "")
    assert REFUSED[script] in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not [module for module in sys.modules if module.startswith("mlmon_service")]


def test_a_script_that_went_away_or_is_no_python_is_refused(workspace: LocalWorkspace, add: Add) -> None:
    name = add("sums")
    script = workspace.folder / "scripts/sums/score.py"
    renamed = script.rename(script.with_suffix(".txt"))
    with pytest.raises(Failure, match="is not there"):
        workspace.scoring.invoke(name, "")
    workspace.register(name, script=renamed)
    with pytest.raises(Failure, match="is not a Python script"):
        workspace.scoring.invoke(name, "")


def test_a_body_that_is_not_utf_8_is_the_callers_mistake(workspace: LocalWorkspace, add: Add) -> None:
    with pytest.raises(UsageError, match="not valid UTF-8"):
        workspace.scoring.invoke(add("sums"), "\udcff")


def test_ctrl_c_in_a_script_is_not_the_scripts_failure(workspace: LocalWorkspace, add: Add) -> None:
    name = add("sums", "def init(): pass\ndef run(raw): raise KeyboardInterrupt")
    with pytest.raises(KeyboardInterrupt):
        workspace.scoring.invoke(name, "")
    assert sys.stdout is not None
    assert not (workspace.folder / "telemetry").exists()


def test_hostile_prints_are_stored_as_they_are(workspace: LocalWorkspace, add: Add) -> None:
    name = add("sums", "def init(): pass\ndef run(raw): print(raw); print('\\ud800')")
    text = "\x1b]0;owned\x07\r2026-01-01 | root | ERROR | \x00 \u2028 \u202e"
    invoke(workspace, name, text)
    lines = workspace.logs.snapshot(name, lines=20).lines
    assert (text in lines, "\ufffd" in lines) == (True, True)


def test_calls_from_several_threads_take_turns(workspace: LocalWorkspace, add: Add) -> None:
    name = add(
        "sums",
        "import time\ndef init(): global busy; busy = []\n"
        "def run(raw):\n    busy.append(1); time.sleep(0.002); most = len(busy); busy.pop(); print(raw); return most",
    )
    other = add("other", "def init(): pass\ndef run(raw): print(raw, raw); return 1")
    answers: list[str] = []

    def call(number: int) -> None:
        answers.append(invoke(workspace, name, f"n{number}"))
        answers.append(invoke(workspace, other, f"n{number}"))

    invoke(workspace, name, "first")
    invoke(workspace, other, "first")
    threads = [threading.Thread(target=call, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == ["1"] * 16
    for each, text in ((name, "n{0}"), (other, "n{0} n{0}")):
        printed = [line for line in workspace.logs.snapshot(each, lines=999).lines if line.startswith("n")]
        assert sorted(printed) == [text.format(number) for number in range(8)]


def test_a_script_in_a_folder_above_the_installed_packages_shares_them(
    workspace: LocalWorkspace, tmp_path: Path
) -> None:
    packages = tmp_path / "site-packages"
    packages.mkdir()
    (packages / "shared_by_all.py").write_text("loads = 0\n")
    script = tmp_path / "score.py"
    script.write_text(
        f"import sys\nsys.path.append({str(packages)!r})\nimport shared_by_all\nshared_by_all.loads += 1\n"
        "def init(): pass\ndef run(raw): return shared_by_all.loads"
    )
    name = ServiceName("a")
    workspace.register(name, script=script)
    try:
        assert invoke(workspace, name) == "1"
        os.utime(script, ns=(1, 1))
        assert invoke(workspace, name) == "2"
    finally:
        while str(packages) in sys.path:
            sys.path.remove(str(packages))
        sys.modules.pop("shared_by_all", None)


LATE = """
import os, sys, threading, time

def init():
    pass

def run(raw):
    def late():
        while not os.path.exists(raw):
            time.sleep(0.005)
        print("late", end=" ")
        inner = threading.Thread(target=print, args=("inner",))
        inner.start()
        inner.join()
        print(os.path.basename(raw))
        sys.stderr.write("bad " + os.path.basename(raw) + "\\n")
    threading.Thread(target=late).start()
    print("now")
"""


def test_what_threads_print_after_their_request_never_reaches_this_programs_output(
    workspace: LocalWorkspace, add: Add, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = (sys.stdout, sys.stderr)
    known = set(threading.enumerate())
    names = [add("first", LATE), add("second", LATE)]
    for name in names:
        invoke(workspace, name, str(tmp_path / f"gate of {name}"))
    sys.stdout.write("own\n")
    sys.stderr.write("own error\n")
    for name in names:
        (tmp_path / f"gate of {name}").touch()
    for late in set(threading.enumerate()) - known:
        late.join()
    assert capsys.readouterr() == ("own\n", "own error\n")
    logs = ["\n".join(workspace.logs.snapshot(name, lines=200).lines) for name in names]
    for name, text in zip(names, logs, strict=True):
        assert [f"late gate of {each}" in text for each in names] == [each == name for each in names]
        assert [f"bad gate of {each}" in text for each in names] == [each == name for each in names]
    # which script a thread of a thread belongs to is not known, but it is none of ours
    assert "".join(logs).count("inner") == 2
    # once they have ended, a script leaves the outputs as they were
    invoke(workspace, add("third", "def init(): pass\ndef run(raw): pass"))
    assert (sys.stdout, sys.stderr) == own


def test_what_threads_print_belongs_to_no_request(workspace: LocalWorkspace, add: Add) -> None:
    name = add(
        "sums",
        "import threading\ndef init(): pass\ndef run(raw):\n    print('main')\n"
        "    side = threading.Thread(target=print, args=('side',)); side.start(); side.join()",
    )
    request_id = workspace.scoring.invoke(name, "").request_id
    query = 'traces | project tostring(customDimensions.Content), tostring(customDimensions["Request Id"])'
    assert workspace.telemetry.query(query).rows == (
        ("main", request_id),
        ("side", "00000000-0000-0000-0000-000000000000"),
    )
