"""What people and files get wrong: the documented exit code, one sentence, a next step, and nothing written."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from running import Runner


def snapshot(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file() and "run" not in path.parts}


@pytest.mark.parametrize(
    ("command", "code", "error"),
    [
        (
            "status chrun",
            5,
            "error: no service named 'chrun' in {folder}\nhint: did you mean 'churn'? see mlmon status\n",
        ),
        (
            "logs nothing/like/it",
            2,
            (
                "error: 'nothing/like/it' is not a service name\n"
                "hint: a v1 web service is a name, a v2 deployment is endpoint/deployment\n"
            ),
        ),
        (
            "pull --month 13",
            2,
            "error: '13' is not a month\nhint: write it like 3 (the latest March that has begun) or 2026-03\n",
        ),
        (
            "ls --from 2026-03-02 --to 2026-03-01",
            2,
            (
                "error: the range ends (2026-03-01) before it begins (2026-03-02)\n"
                "hint: ranges are half-open: --from is included, --to is not\n"
            ),
        ),
        (
            "pull --month 2027-01",
            2,
            "error: 2027-01-01 is in the future\nhint: it is 2026-11-20 10:30:00 now, in UTC\n",
        ),
        (
            "logs --since -3d",
            2,
            "error: the duration '-3d' is negative\nhint: durations count back from now: 3d\n",
        ),
        ("pul", 2, "error: no such command 'pul'\nhint: did you mean 'pull'?\n"),
        ("-o jsn status", 2, "error: 'jsn' is not an output format\nhint: did you mean 'json' or 'jsonl'?\n"),
        ("ls --mnth 3", 2, "error: no such option: --mnth\nhint: did you mean --month or --to or --until?\n"),
        ("pull --month", 2, "error: option --month needs a value\nhint: see mlmon pull --help\n"),
        ("ls --by", 2, "error: option --by needs a value\nhint: see mlmon ls --help\n"),
        ("-o", 2, "error: option -o needs a value\nhint: see mlmon --help\n"),
        ("ls --du=3", 2, "error: option --du takes no value\nhint: see mlmon ls --help\n"),
        ("ls a b", 2, "error: more than is asked for: b\nhint: see mlmon ls --help\n"),
        ("use", 2, "error: SERVICE is missing\nhint: see mlmon use --help\n"),
        ("serve v1.py", 2, "error: --name is missing\nhint: see mlmon serve --help\n"),
        ("handoff", 2, "error: powerbi, databricks, duckdb or pandas is missing\nhint: see mlmon handoff --help\n"),
        (
            "logs -n many",
            2,
            "error: --tail takes a whole number of at least 0, not 'many'\nhint: see mlmon logs --help\n",
        ),
        ("logs -n -1", 2, "error: --tail takes a whole number of at least 0, not -1\nhint: see mlmon logs --help\n"),
        (
            "pull --parallel 65",
            2,
            "error: --parallel takes a whole number from 1 to 64, not 65\nhint: see mlmon pull --help\n",
        ),
        (
            "pull --cap-mbps x",
            2,
            "error: --cap-mbps takes a number of at least 0.1, not 'x'\nhint: see mlmon pull --help\n",
        ),
        (
            "pull --cap-mbps nan",
            2,
            "error: --cap-mbps takes a number of at least 0.1, not nan\nhint: see mlmon pull --help\n",
        ),
        (
            "enable-collection --sampling-rate x",
            2,
            "error: --sampling-rate takes a number, not 'x'\nhint: see mlmon enable-collection --help\n",
        ),
        (
            "pull --overwrite alwys",
            2,
            "error: --overwrite takes changed, always or never, not 'alwys'\nhint: did you mean 'always'?\n",
        ),
        (
            "--workspace ./nowhere status",
            5,
            (
                "error: {folder}/nowhere holds no workspace\n"
                "hint: make one with mlmon demo, or an empty one with mlmon init --local DIR\n"
            ),
        ),
        (
            "--workspace elsewhere status",
            5,
            (
                "error: no workspace named 'elsewhere' in the settings (asked for by --workspace)\n"
                "hint: a folder is written as a path: ./elsewhere\n"
            ),
        ),
        (
            "query",
            2,
            "error: say one query\nhint: mlmon query 'traces | take 10', or -f FILE, or - for stdin, or --saved NAME\n",
        ),
        ("query -f missing.kql", 5, "error: there is no file missing.kql\nhint: name a file, or - for stdin\n"),
        (
            "serve missing.py --name x",
            5,
            "error: there is no file missing.py\nhint: name a Python file with init() and run(raw_data)\n",
        ),
        ("invoke --data missing.json", 5, "error: there is no file missing.json\nhint: name a file, or - for stdin\n"),
        (
            "enable-collection churn --sampling-rate 2 --yes",
            2,
            None,
        ),
        ("enable-collection churn-v2 --collection 'a b' --yes", 2, None),
        ("serve v1.py --name a/b --kind v1", 2, None),
        (
            "demo .",
            2,
            "error: {folder} exists\nhint: --force makes a demo that is there anew; or name another folder\n",
        ),
        ("demo --force .", 2, "error: {folder} holds something else than a demo\nhint: name another folder\n"),
        ("demo rows.json", 2, "error: {folder}/rows.json is a file\nhint: name another folder\n"),
        ("disable-collection --yes -o parquet", 2, None),
        (
            "init",
            2,
            (
                "error: which workspace? nothing names one\n"
                "hint: mlmon init --config config.json\n"
                "hint: or: mlmon init --subscription ID --resource-group NAME --name NAME\n"
                "hint: or: mlmon init --local DIR makes or connects an embedded one\n"
            ),
        ),
    ],
)
def test_wrong_words(churn: Runner, command: str, code: int, error: str | None) -> None:
    before = snapshot(churn.folder)
    outcome = churn(command)
    assert (outcome.code, outcome.out) == (code, "")
    if error is not None:
        assert outcome.err == error.format(folder=churn.folder)
    assert outcome.err.startswith("error: ")
    assert "\nhint: " in outcome.err
    assert snapshot(churn.folder) == before
    machine = churn([*(word for word in shlex.split(command) if word not in {"-o", "jsn", "parquet"}), "-o", "json"])
    if machine.code:  # some are wrong only in their format
        assert set(json.loads(machine.err.splitlines()[-1])) == {"code", "message", "hint", "exit_code"}


TABLES = (
    "traces, requests, dependencies, exceptions, customEvents, customMetrics, pageViews, availabilityResults, "
    "browserTimings, performanceCounters"
)


@pytest.mark.parametrize(
    ("query", "message", "hint"),
    [
        (
            "traces | where (",
            "line 1, column 8: the step '| where' is not written right",
            "the syntax is at https://learn.microsoft.com/kusto/query/",
        ),
        (
            "traces\n| wher message == 'x'",
            "line 2, column 3: there is no operator named 'wher'",
            "did you mean 'where' or 'parse-where'?",
        ),
        ("tracess | count", "line 1, column 1: there is no table named 'tracess'", "did you mean 'traces'?"),
        ("['/etc/passwd'] | count", "there is no table named '/etc/passwd'", f"the tables are {TABLES}"),
        (
            "externaldata(x:string)['file:///etc/passwd']",
            "line 1, column 1: externaldata is not supported by the local engine",
            "run the query on Azure, or write it without",
        ),
        (
            "traces | where mesage == 'x'",
            "line 1, column 16: there is no column named 'mesage' here",
            "did you mean 'message'?",
        ),
        (
            "requests | where resultCode == 500",
            "values of types string and long cannot be compared (==)",
            'compare with "500", or toint(resultCode)',
        ),
        (
            ".drop table traces",
            "commands that begin with a dot are not queries, and are not run",
            "the tables are named in the documentation of Application Insights; try: traces | getschema",
        ),
        ("", "the query is empty", "try: traces | take 10"),
    ],
)
def test_wrong_queries(churn: Runner, query: str, message: str, hint: str) -> None:
    outcome = churn(["query", query])
    assert (outcome.code, outcome.out, outcome.err) == (2, "", f"error: {message}\nhint: {hint}\n")


def test_no_workspace_anywhere(mlmon: Runner) -> None:
    outcome = mlmon("status -o json")
    assert outcome.code == 5
    assert json.loads(outcome.err) == {
        "code": "no-workspace",
        "message": f"no workspace here ({mlmon.folder}) or in any folder above",
        "hint": "mlmon init connects this folder to one on Azure, mlmon demo makes one to try",
        "exit_code": 5,
    }


def test_several_services_and_no_default(churn: Runner) -> None:
    (churn.folder / "mlmon.toml").write_text('workspace = "."\n')
    outcome = churn("logs")
    assert (outcome.code, outcome.err) == (
        2,
        "error: which service? there are 2: churn, churn-v2/blue\nhint: name one, or: mlmon use churn\n",
    )
    assert churn("logs", stdin="2\n", terminal=True).code == 0


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("format = 1\nname = \n", "line 2"),
        ("format = 99\n", "format 99"),
        ('format = 1\nnaem = "x"\n', "naem"),
        ("", "format"),
    ],
)
def test_a_damaged_workspace_is_refused_and_left_as_it_was(churn: Runner, text: str, says: str) -> None:
    path = churn.folder / "workspace.toml"
    path.write_text(text)
    for command in ("status", "enable-collection --yes", "pull --month 3", "query traces", "use churn"):
        outcome = churn(command)
        assert outcome.code == 1
        assert says in outcome.err
        assert str(path) in outcome.err
    assert path.read_text() == text


def test_a_target_that_is_a_file(demo: Runner, tmp_path: Path) -> None:
    (tmp_path / "X").write_text("mine")
    outcome = demo(f"pull --month 3 --to-dir {tmp_path / 'X'}")
    assert outcome.code == 2
    assert str(tmp_path / "X") in outcome.err
    assert (tmp_path / "X").read_text() == "mine"


def test_an_argument_that_is_not_utf8(churn: Runner) -> None:
    outcome = churn(["disable-collection", "--yes", "ch\udce9rn"])
    assert (outcome.code, outcome.err) == (
        2,
        "error: the argument 'ch\\xe9rn' is not valid UTF-8\nhint: write it in UTF-8\n",
    )
    assert churn("status -o json").json[0]["collection"] is True


_HOMELESS = "error: there is no home folder ~nosuch\nhint: a folder of that name is written ./~nosuch\n"


@pytest.mark.parametrize(
    "command",
    [
        "pull --to-dir ~nosuch --day yesterday",
        "dataset --with ~nosuch/x.csv --on a",
        "dataset --partition day --to-dir ~nosuch/x",
        "demo ~nosuch/y",
        "init --local ~nosuch/y",
        "query -f ~nosuch/q.kql",
    ],
)
def test_a_home_folder_that_is_not_there_is_a_usage_error(churn: Runner, command: str) -> None:
    outcome = churn(command)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.endswith(_HOMELESS)


def test_a_workspace_in_somebody_else_s_home_folder_is_a_usage_error(churn: Runner) -> None:
    outcome = churn("ls --workspace ~nosuch/ws")
    assert (outcome.code, outcome.err) == (
        2,
        (
            "error: only one's own home folder can be named, not ~nosuch (asked for by --workspace)\n"
            "hint: write the whole path; a folder of that name is written ./~nosuch\n"
        ),
    )


@pytest.mark.parametrize(
    ("command", "name"),
    [
        ("pull --month 3 --to-dir ''", "--to-dir"),
        ("pull --month 3 --to-dir=", "--to-dir"),
        ("dataset --partition day --to-dir ''", "--to-dir"),
        ("dataset --with '' --on a", "--with"),
        ("ls ''", "SERVICE"),
        ("status churn ''", "SERVICE"),
        ("ls --collection inputs --collection ''", "--collection"),
        ("ls --model ''", "--model"),
        ("ls --workspace ''", "--workspace"),
        ("--workspace '' ls", "--workspace"),
        ("demo ''", "DIR"),
        ("handoff duckdb ''", "SERVICE"),
    ],
)
def test_an_empty_text_is_a_usage_error_everywhere(churn: Runner, command: str, name: str) -> None:
    before = snapshot(churn.folder)
    outcome = churn(command)
    assert (outcome.code, outcome.out, outcome.err) == (
        2,
        "",
        f"error: {name} is an empty text\nhint: is a variable not set? give it a value, or leave {name} out\n",
    )
    assert snapshot(churn.folder) == before


def test_an_empty_text_that_must_be_given_is_not_to_be_left_out(churn: Runner) -> None:
    outcome = churn("use ''")
    assert (outcome.code, outcome.err) == (
        2,
        "error: SERVICE is an empty text\nhint: is a variable not set? give it a value\n",
    )


@pytest.mark.parametrize("command", ["pull", "logs", "traces", "serve", "handoff", "completion"])
def test_help_holds_no_formula_and_no_name_of_a_parser(
    churn: Runner, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert churn(f"{command} --help").code == 0
    said = capsys.readouterr().out
    assert said
    # how click writes the bounds of a number; the operators that --filter takes are meant to be read
    assert not re.findall(r"\d<=?x|x[<>]=?-?\d|<parse>", re.sub(r"[│\s]", "", said))
