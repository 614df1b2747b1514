"""What the two generations' servers leave behind for one request: log lines and telemetry, in whole."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from local.steady import Clock
from mlmon.core.errors import Code, Failure
from mlmon.core.model import ServiceName, Switch, SwitchRequest
from mlmon.local.workspace import LocalWorkspace

Add = Callable[..., ServiceName]
ACCESS = '127.0.0.1 - - [01/Mar/2026:12:00:00 +0000] "POST /score HTTP/1.0" 200 8 "-" "mlmon"'
BODY = '{"data": [[1, 2]]}'
TALKING = """
import json
import sys


def init():
    print("model loaded")


def run(raw_data):
    print("got", len(raw_data), "characters")
    print("two\\nlines\\r")
    print()
    print("to the log only", file=sys.stderr)
    print("no line end", end="")
    if raw_data == "fail":
        raise KeyError("who") from ValueError("why")
    return json.loads(raw_data)["data"]
"""


def number(value: int) -> str:
    return f"00000000-0000-0000-0000-{value:012x}"


def rows(workspace: LocalWorkspace, table: str) -> list[dict[str, Any]]:
    folder = workspace.folder / "telemetry" / table
    return [json.loads(line) for file in sorted(folder.glob("*")) for line in file.read_text("utf-8").splitlines()]


def log(workspace: LocalWorkspace, name: ServiceName) -> list[str]:
    return list(workspace.logs.snapshot(name, lines=1000).lines)


def common(service: str, kind: str, item: int, *, instance: str, operation: str, parent: str = "") -> dict[str, object]:
    return {
        "operation_Name": "POST /score",
        "operation_Id": operation,
        "operation_ParentId": parent,
        "cloud_RoleName": service,
        "cloud_RoleInstance": instance,
        "appName": "Shop",
        "sdkVersion": "py_azureml:v1" if "/" not in service else "py_azmlinfsrv:1.5.1",
        "client_Type": "PC",
        "itemId": number(item),
        "itemType": kind,
        "itemCount": 1,
    }


def test_a_v1_request_in_whole(workspace: LocalWorkspace, add: Add) -> None:
    name = add("sums", TALKING)
    answer = workspace.scoring.invoke(name, BODY)
    assert (answer.status, answer.body, answer.request_id) == (200, "[[1, 2]]", number(3))
    assert log(workspace, name) == [
        "2026-03-01 12:00:00,000 | root | INFO | Invoking user's init function",
        "model loaded",
        "2026-03-01 12:00:00,010 | root | INFO | Users's init has completed successfully",
        "2026-03-01 12:00:00,015 | root | INFO | Validation Request Content-Type",
        "2026-03-01 12:00:00,015 | root | INFO | Scoring Timer is set to 60.0 seconds",
        "got 18 characters",
        "two",
        "lines\r",
        "to the log only",
        "no line end",
        "2026-03-01 12:00:00,035 | root | INFO | 200",
        ACCESS,
    ]
    (request,) = rows(workspace, "requests")
    instance = request["cloud_RoleInstance"]
    dimensions = {
        "Service Name": "sums",
        "Workspace Name": "Shop",
        "Container Id": instance,
        "Request Id": number(3),
        "Client Request Id": "",
    }
    operation = number(4).replace("-", "")
    assert request == {
        "timestamp": "2026-03-01T12:00:00.015000Z",
        "id": number(3),
        "name": "POST /score",
        "url": "http://127.0.0.1/score",
        "success": "True",
        "resultCode": "200",
        "duration": 20.0,
        "performanceBucket": "<250ms",
        "customDimensions": {**dimensions, "Response Value": '"[[1, 2]]"'},
        **common("sums", "request", 8, instance=instance, operation=operation),
    }
    texts = {"got 18 characters": (20, 5), "two\nlines\r": (25, 6), "no line end": (30, 7)}
    assert rows(workspace, "traces") == [
        {
            "timestamp": "2026-03-01T12:00:00.005000Z",
            "message": "STDOUT",
            "severityLevel": 1,
            "customDimensions": {"Content": "model loaded", **dimensions, "Request Id": number(0)},
            **common("sums", "trace", 2, instance=instance, operation="0" * 32),
        },
        *(
            {
                "timestamp": f"2026-03-01T12:00:00.0{milliseconds}000Z",
                "message": "STDOUT",
                "severityLevel": 1,
                "customDimensions": {"Content": text, **dimensions},
                **common("sums", "trace", item, instance=instance, operation=operation, parent=number(3)),
            }
            for text, (milliseconds, item) in texts.items()
        ),
    ]
    assert rows(workspace, "exceptions") == []


def test_a_v2_request_in_whole(workspace: LocalWorkspace, add: Add) -> None:
    name = add("ep/blue", TALKING)
    workspace.services.apply(workspace.services.plan(name, SwitchRequest(Switch.COLLECTION, on=False)))
    answer = workspace.scoring.invoke(name, BODY)
    assert answer.request_id == number(3)
    assert log(workspace, name) == [
        "2026-03-01 12:00:00,000 I [73] azmlinfsrv - Invoking user's init function",
        "2026-03-01 12:00:00,005 I [73] azmlinfsrv.print - model loaded",
        "2026-03-01 12:00:00,010 I [73] azmlinfsrv - Users's init has completed successfully",
        "2026-03-01 12:00:00,020 I [73] azmlinfsrv.print - got 18 characters",
        "2026-03-01 12:00:00,025 I [73] azmlinfsrv.print - two",
        "lines\r",
        "to the log only",
        "2026-03-01 12:00:00,030 I [73] azmlinfsrv.print - no line end",
        "2026-03-01 12:00:00,035 I [73] azmlinfsrv - POST /score 200 20.000ms 8",
        f"2026-03-01 12:00:00,035 I [73] gunicorn.access - {ACCESS}",
    ]
    (request,) = rows(workspace, "requests")
    instance = request["cloud_RoleInstance"]
    assert request["customDimensions"] == {
        "Container Id": instance,
        "Request Id": number(3),
        "Client Request Id": "",
        "Response Value": '"[[1, 2]]"',
        "name": "/score",
        "url": "http://127.0.0.1/score",
        "start_time": "2026-03-01T12:00:00.015000Z",
        "duration": "00:00:00.020",
        "resultCode": "200",
        "success": "True",
        "http_method": "POST",
        "Workspace Name": "Shop",
        "Service Name": "ep/blue",
    }
    assert rows(workspace, "traces")[1] == {
        "timestamp": "2026-03-01T12:00:00.020000Z",
        "message": "got 18 characters",
        "severityLevel": 1,
        "customDimensions": {"code.function.name": "print", "code.file.path": "print_log_hook.py"},
        **common("ep/blue", "trace", 5, instance=instance, operation="0" * 32),
    }


@pytest.mark.parametrize("service", ["sums", "ep/blue"])
def test_a_failing_script_is_an_answer_an_exception_and_a_traceback(
    service: str, workspace: LocalWorkspace, add: Add
) -> None:
    name = add(service, TALKING)
    answer = workspace.scoring.invoke(name, "fail")
    assert (answer.status, answer.body) == (
        500,
        '{"message": "The scoring script failed with KeyError; its log says more"}',
    )
    script = f"scripts/{service.replace('/', '-')}/score.py"  # as in workspace.toml: the folder may move
    trace = [
        "ValueError: why",
        "",
        "The above exception was the direct cause of the following exception:",
        "",
        "Traceback (most recent call last):",
        f'  File "{script}", line 17, in run',
        '    raise KeyError("who") from ValueError("why")',
        "KeyError: 'who'",
    ]
    lines = log(workspace, name)
    place = next(place for place, line in enumerate(lines) if line.endswith("Encountered Exception: ValueError: why"))
    assert lines[place + 1 : place + len(trace)] == trace[1:]
    assert " 500 " in lines[-1]
    (exception,) = rows(workspace, "exceptions")
    assert {key: exception[key] for key in exception if key.startswith(("outer", "innermost"))} == {
        "outerType": "KeyError",
        "outerMessage": "'who'",
        "outerMethod": "run",
        "outerAssembly": "score.py",
        "innermostType": "ValueError",
        "innermostMessage": "why",
        "innermostMethod": "",
        "innermostAssembly": "",
    }
    assert exception["problemId"] == "KeyError at run"
    assert (exception["type"], exception["message"], exception["method"]) == ("KeyError", "'who'", "run")
    assert (exception["severityLevel"], exception["itemType"]) == (3, "exception")
    assert exception["details"] == [
        {
            "id": "0",
            "outerId": "0",
            "type": "KeyError",
            "message": "'who'",
            "parsedStack": [
                {"level": 0, "method": "run", "assembly": "score.py", "fileName": str(script), "line": 17},
            ],
        },
        {"id": "1", "outerId": "0", "type": "ValueError", "message": "why", "parsedStack": []},
    ]
    (request,) = rows(workspace, "requests")
    assert (request["success"], request["resultCode"]) == ("False", "500")
    assert exception["operation_Id"] == request["operation_Id"]
    own = {"Container Id": request["cloud_RoleInstance"], "Request Id": answer.request_id, "Client Request Id": ""}
    if service == "sums":
        assert exception["customDimensions"] == {"Service Name": "sums", "Workspace Name": "Shop", **own}
    else:
        # a Python dict's text, as the v2 server writes it
        assert exception["customDimensions"] == {"custom_dimensions": str(own)}


RAISING = {
    "raise SystemExit(3)": ("SystemExit", "3"),
    "raise Unprintable": ("Unprintable", "<exception str() failed>"),
    "return {1, 2}": ("TypeError", "Object of type set is not JSON serializable"),
    "import numpy; return numpy.array([1])": ("TypeError", "Object of type ndarray is not JSON serializable"),
    "return float('nan')": ("ValueError", "Out of range float values are not JSON compliant"),
    "return {'scores': [1.5, float('inf')]}": ("ValueError", "Out of range float values are not JSON compliant"),
    "loop = []; loop.append(loop); return loop": ("ValueError", "Circular reference detected"),
}


@pytest.mark.parametrize("code", RAISING)
def test_whatever_a_script_does_is_an_answer(code: str, workspace: LocalWorkspace, add: Add) -> None:
    script = (
        "class Unprintable(Exception):\n    def __str__(self): raise ValueError\n"
        f"def init(): pass\ndef run(raw_data):\n    {code}\n"
    )
    name = add("sums", script)
    assert workspace.scoring.invoke(name, "{}").status == 500
    (exception,) = rows(workspace, "exceptions")
    kind, message = RAISING[code]
    # later releases of Python add the value that JSON has no word for
    said = exception["message"].removesuffix(": nan").removesuffix(": inf")
    assert (exception["type"].rpartition(".")[2], said) == (kind, message)


def test_a_number_of_numpy_is_a_number(workspace: LocalWorkspace, add: Add) -> None:
    script = "import numpy\ndef init(): pass\ndef run(raw_data): return [numpy.float64(1.5), 'é']"
    assert workspace.scoring.invoke(add("sums", script), "{}").body == '[1.5, "\\u00e9"]'


def test_with_insights_off_only_the_log_grows(workspace: LocalWorkspace, add: Add) -> None:
    names = (add("sums", TALKING), add("ep/blue", TALKING))
    off, on = (SwitchRequest(Switch.INSIGHTS, on=each) for each in (False, True))
    for name in names:
        workspace.services.apply(workspace.services.plan(name, off))
        for body in (BODY, "fail"):
            workspace.scoring.invoke(name, body)
        assert "Traceback (most recent call last):" in "\n".join(log(workspace, name))
    assert not (workspace.folder / "telemetry").exists()
    for count, name in enumerate(names, 1):
        workspace.services.apply(workspace.services.plan(name, on))
        workspace.scoring.invoke(name, BODY)
        assert len(rows(workspace, "requests")) == count


def test_a_folder_deleted_meanwhile_is_made_again(workspace: LocalWorkspace, add: Add) -> None:
    name = add("sums")
    for _ in range(2):
        workspace.scoring.invoke(name, BODY)
        assert len(rows(workspace, "requests")) == 1
        for part in ("logs", "telemetry"):
            shutil.rmtree(workspace.folder / part)


@pytest.mark.parametrize(
    "case",
    [
        (0.2499, "<250ms", "00:00:00.250"),
        (0.25, "250ms-500ms", "00:00:00.250"),
        (59.9999, "30sec-1min", "00:01:00.000"),
        (299, "2min-5min", "00:04:59.000"),
        (90061.5, ">=5min", "1.01:01:01.500"),
    ],
)
def test_durations_are_those_of_the_clock(
    case: tuple[float, str, str], workspace: LocalWorkspace, add: Add, clock: Clock
) -> None:
    seconds, bucket, span = case
    name = add("ep/blue", "def init(): pass\ndef run(raw_data): return 1")
    workspace.services.apply(workspace.services.plan(name, SwitchRequest(Switch.COLLECTION, on=False)))
    workspace.scoring.invoke(name, "")
    clock.step = timedelta(seconds=seconds)
    assert workspace.scoring.invoke(name, "").duration == timedelta(seconds=seconds)
    request = rows(workspace, "requests")[1]
    assert request["performanceBucket"] == bucket
    assert request["duration"] == round(seconds * 1000, 3)
    assert request["customDimensions"]["duration"] == span


def test_an_init_that_fails_is_an_error_with_its_place_in_the_log(workspace: LocalWorkspace, add: Add) -> None:
    for service in ("sums", "ep/blue"):
        name = add(service, "def init():\n    print('begin')\n    open('/no/such/model')\ndef run(raw_data): pass\n")
        with pytest.raises(Failure) as caught:
            workspace.scoring.invoke(name, "{}")
        assert str(caught.value).endswith(
            "score.py failed with FileNotFoundError: [Errno 2] No such file or directory: '/no/such/model'"
        )
        container = "scoring" if service == "sums" else "inference-server"
        file = workspace.folder / "logs" / service / f"{container}.log"
        assert caught.value.hint == f"the whole traceback is at the end of {file}"
        assert caught.value.code == Code.SCRIPT_FAILED
        assert log(workspace, name)[-1] == "FileNotFoundError: [Errno 2] No such file or directory: '/no/such/model'"
    assert [row["cloud_RoleName"] for row in rows(workspace, "exceptions")] == ["sums", "ep/blue"]
    assert [row["operation_Id"] for row in rows(workspace, "exceptions")] == ["0" * 32] * 2
    assert rows(workspace, "requests") == []
