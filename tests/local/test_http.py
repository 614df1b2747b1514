"""Services over real HTTP, served by real processes: what a caller sees, and what is left behind."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from mlmon.core.errors import Failure, Unavailable, UsageError
from mlmon.core.model import ServiceName, Switch, SwitchRequest
from mlmon.local.runtime import running
from mlmon.local.runtime.server import LoopbackServer
from mlmon.local.workspace import LocalWorkspace

Add = Callable[..., ServiceName]
SERVING = Path(__file__).with_name("serving.py")
LATE = """
import threading, time
def init(): pass
def run(raw):
    def late():
        time.sleep(0.05)
        print("late")
        raise ValueError("late failure")
    threading.Thread(target=late).start()
"""
WHO = "import os\ndef init(): print('ready')\ndef run(raw): print(raw); return os.getpid()"


@pytest.fixture
def workspace(folder: Path) -> LocalWorkspace:
    """A workspace in real time: servers are other processes with clocks of their own."""
    return LocalWorkspace.create(folder, name="Shop")


@contextmanager
def process(workspace: LocalWorkspace, name: ServiceName, script: Path, model: str = "") -> Iterator[tuple[str, int]]:
    """A server of its own process: its address and process id. It ends by Ctrl-C, with the exit code for that."""
    arguments = [sys.executable, str(SERVING), str(workspace.folder), str(script), str(name), model]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:
        assert server.stdout
        assert server.stderr
        try:
            address = server.stdout.readline().strip()
            until(lambda: announced(workspace, server.pid))
            yield address, server.pid
        finally:
            server.send_signal(signal.SIGINT)
            said = (server.stdout.read(), server.stderr.read())
    assert (server.returncode, said) == (130, ("", ""))
    assert not announced(workspace, server.pid)


@contextmanager
def thread(workspace: LocalWorkspace, name: ServiceName) -> Iterator[str]:
    """A server in a thread of this process, stopped at the end."""
    server = workspace.scoring.serve(name, port=0)
    assert isinstance(server, LoopbackServer)
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    try:
        yield server.address
    finally:
        server.stop()
        serving.join()


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def announced(workspace: LocalWorkspace, pid: int) -> list[Path]:
    return list((workspace.folder / ".servers").rglob(f"{pid}-*.json"))


def send(
    address: str, method: str, path: str, body: bytes | None = None, **headers: str
) -> tuple[int, str, dict[str, str]]:
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=20)
    try:
        connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        return answer.status, answer.read().decode(), {key.lower(): value for key, value in answer.getheaders()}
    finally:
        connection.close()


def script_of(workspace: LocalWorkspace, name: ServiceName) -> Path:
    return workspace.folder / "scripts" / str(name).replace("/", "-") / "score.py"


def test_a_served_service_scores_where_it_is_served(workspace: LocalWorkspace, add: Add) -> None:
    name = add("ep/blue", WHO)
    here = workspace.scoring.invoke(name, "{}")
    assert here.body == str(os.getpid())
    with process(workspace, name, script_of(workspace, name)) as (_, pid):
        there = workspace.scoring.invoke(name, '{"größe": 1}')
        assert (there.status, there.body) == (200, str(pid))
        assert len(there.request_id) == 36
        # another service of the same workspace is still scored here
        assert workspace.scoring.invoke(add("other", WHO), "{}").body == str(os.getpid())
    assert workspace.scoring.invoke(name, "{}").body == str(os.getpid())
    printed = [line.partition("azmlinfsrv.print - ")[2] for line in workspace.logs.snapshot(name, lines=99).lines]
    assert [text for text in printed if text] == ["ready", "{}", "ready", '{"größe": 1}', "{}"]


def test_switching_acts_on_a_running_server_at_once(workspace: LocalWorkspace, add: Add) -> None:
    name = add("ep/blue")
    root = workspace.blobs.roots(name)[0]

    def collected() -> int:
        return sum(
            b"".join(workspace.blobs.read(blob)).count(b"\n")
            for blob in workspace.blobs.list(root.container, root.prefix)
        )

    def switch(*, on: bool) -> None:
        request = SwitchRequest(Switch.COLLECTION, on=on)
        workspace.services.apply(workspace.services.plan(name, request))

    with process(workspace, name, script_of(workspace, name)):
        for on, expected in ((True, 1), (False, 1), (True, 2)):
            switch(on=on)
            assert workspace.scoring.invoke(name, '{"data": [[1]]}').status == 200
            assert collected() == expected


def test_what_a_server_answers(workspace: LocalWorkspace, add: Add) -> None:
    name = add("sums")
    with thread(workspace, name) as address:
        assert send(address, "GET", "/")[:2] == (200, "Healthy")
        assert send(address, "POST", "/score", b'{"data": [[1, 2]]}')[:2] == (200, "[3]")
        for method, path, body, status, message in (
            ("POST", "/score", b"\xff", 400, "the body is not UTF-8"),
            ("GET", "/score", None, 405, "send rows with POST"),
            ("POST", "/", b"", 404, "send rows to POST /score"),
            ("GET", "/../workspace.toml", None, 404, "send rows to POST /score"),
            ("POST", "/score", b"nothing", 500, "The scoring script failed with JSONDecodeError; its log says more"),
        ):
            assert send(address, method, path, body)[:2] == (status, json.dumps({"message": message}))
        # a page that a browser opened must not reach the script under a name of its own
        assert send(address, "POST", "/score", b"{}", Host="evil.example:80")[:2] == (
            403,
            '{"message": "this server answers on 127.0.0.1 and localhost only"}',
        )
        assert send(address, "GET", "/", Host=f"localhost:{urlsplit(address).port}")[0] == 200


def test_request_ids_are_honoured_and_echoed(workspace: LocalWorkspace, add: Add) -> None:
    name = add("sums")
    body = b'{"data": [[1]]}'
    with thread(workspace, name) as address:
        for headers, request_id, client_id in (
            ({"x_ms_request_id": "r-1", "x_ms_client_request_id": "loan-7"}, "r-1", "loan-7"),
            ({"x_request_id": "r-2"}, "r-2", None),
        ):
            answer = send(address, "POST", "/score", body, User_Agent='a "b"', **headers)[2]
            assert [answer.get(f"x-{key}") for key in ("ms-request-id", "request-id", "ms-client-request-id")] == [
                request_id,
                request_id,
                client_id,
            ]
        for header in ("x_ms_request_id", "x_ms_client_request_id"):
            assert send(address, "POST", "/score", body, **{header: "x" * 101})[0] == 431
    (file,) = (workspace.folder / "telemetry" / "requests").iterdir()
    requests = [json.loads(line) for line in file.read_text().splitlines()]
    assert [(row["id"], row["customDimensions"]["Client Request Id"], row["url"]) for row in requests] == [
        ("r-1", "loan-7", f"{address}/score"),
        ("r-2", "", f"{address}/score"),
    ]
    assert workspace.logs.snapshot(name, lines=1).lines[0].endswith('"POST /score HTTP/1.0" 200 3 "-" "a %22b%22"')


def test_a_workspace_damaged_under_a_server_is_an_answer(workspace: LocalWorkspace, add: Add) -> None:
    name = add("sums")
    with thread(workspace, name) as address:
        file = workspace.folder / "workspace.toml"
        good = file.read_text()
        file.write_text("format = 2\n")
        status, text, _ = send(address, "POST", "/score", b'{"data": [[1]]}')
        assert (status, json.loads(text)["message"]) == (
            500,
            f"{file} has format 2, and this mlmon knows formats up to 1; upgrade mlmon; nothing was changed",
        )
        file.write_text(good)
        assert send(address, "POST", "/score", b'{"data": [[1]]}')[0] == 200


def test_health_answers_do_not_wait_for_the_script(workspace: LocalWorkspace, add: Add, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    name = add(
        "slow",
        f"import os, time\ndef init(): pass\ndef run(raw):\n"
        f"    open({str(gate)!r}, 'w').close()\n"
        f"    while os.path.exists({str(gate)!r}): time.sleep(0.005)\n    return 1",
    )
    answers: list[str] = []
    with thread(workspace, name) as address:
        caller = threading.Thread(target=lambda: answers.append(send(address, "POST", "/score", b"{}")[1]))
        caller.start()
        until(gate.exists)
        assert send(address, "GET", "/")[1] == "Healthy"
        assert answers == []
        gate.unlink()
        caller.join()
    assert answers == ["1"]


def test_a_queue_of_callers_is_nothing_to_tell_the_person_who_serves(workspace: LocalWorkspace, add: Add) -> None:
    name = add("slow", "import time\ndef init(): pass\ndef run(raw): time.sleep(0.01); return 1")
    with process(workspace, name, script_of(workspace, name)) as (address, _), ThreadPoolExecutor(16) as callers:
        answers = list(callers.map(lambda _: send(address, "POST", "/score", b"{}")[:2], range(32)))
    assert answers == [(200, "1")] * 32


def test_what_a_script_does_to_end_its_server_is_an_answer(workspace: LocalWorkspace, add: Add) -> None:
    name = add("ep/blue", "import sys\ndef init(): pass\ndef run(raw): raise KeyboardInterrupt('stop')")
    with process(workspace, name, script_of(workspace, name)) as (address, _):
        status, body, _ = send(address, "POST", "/score", b"{}")
        assert (status, json.loads(body)) == (
            500,
            {"message": "The scoring script failed with KeyboardInterrupt; its log says more"},
        )
        assert send(address, "GET", "/")[1] == "Healthy"
    table = workspace.telemetry.query("exceptions | project type, outerMessage")
    assert table.rows == (("KeyboardInterrupt", "stop"),)


def test_a_thread_that_outlives_its_request_prints_into_the_log(workspace: LocalWorkspace, add: Add) -> None:
    name = add("sums", LATE)
    with process(workspace, name, script_of(workspace, name)) as (address, _):
        for _ in range(3):
            assert send(address, "POST", "/score", b"{}")[0] == 200
        until(lambda: workspace.logs.snapshot(name, lines=99).lines.count("late") == 3)
        until(lambda: workspace.logs.snapshot(name, lines=99).lines.count("ValueError: late failure") == 3)
    query = 'traces | where customDimensions.Content == "late" | project tostring(customDimensions["Request Id"])'
    assert workspace.telemetry.query(query).rows == (("00000000-0000-0000-0000-000000000000",),) * 3


def test_two_servers_and_this_process_lose_no_row(workspace: LocalWorkspace, add: Add) -> None:
    name = add("ep/blue")
    count = 40

    def call(address: str) -> None:
        for number in range(count):
            assert send(address, "POST", "/score", b'{"data": [[%d]]}' % number)[0] == 200

    script = script_of(workspace, name)
    with process(workspace, name, script) as (one, _), process(workspace, name, script) as (two, _):
        assert one != two
        callers = [threading.Thread(target=call, args=(address,)) for address in (one, two)]
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join()
        assert workspace.scoring.invoke(name, '{"data": [[1]]}').status == 200
    root = workspace.blobs.roots(name)[0]
    lines = [
        json.loads(line)
        for blob in workspace.blobs.list(root.container, root.prefix)
        for line in b"".join(workspace.blobs.read(blob)).splitlines()
    ]
    assert len(lines) == 2 * count + 1
    assert len({line["correlationid"] for line in lines}) == len(lines)
    logged = workspace.logs.snapshot(name, lines=10_000).lines
    assert sum(" - POST /score 200 " in line for line in logged) == len(lines)


def test_what_is_left_of_a_server_that_was_killed_leads_nowhere(workspace: LocalWorkspace, add: Add) -> None:
    name = add("ep/blue", WHO)
    folder = workspace.folder / ".servers" / "ep%2Fblue"
    folder.mkdir(parents=True)
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    for number, content in enumerate((f'{{"port": {port}}}', "", "[]", '{"port": "x"}', '{"port": 99999}', "{}")):
        (folder / f"{number}.json").write_text(content)
    assert workspace.scoring.invoke(name, "{}").body == str(os.getpid())


def test_a_port_that_another_program_took_over_is_not_mistaken_for_a_service(
    workspace: LocalWorkspace, add: Add
) -> None:
    blue, green = add("ep/blue", WHO), add("ep/green", WHO)
    with thread(workspace, green) as address:
        folder = workspace.folder / ".servers" / "ep%2Fblue"
        folder.mkdir(parents=True)
        (folder / "1.json").write_text(json.dumps({"port": urlsplit(address).port, "pid": os.getpid()}))
        assert workspace.scoring.invoke(blue, "by blue").status == 200
    assert workspace.logs.snapshot(blue, lines=3).lines[0].endswith("azmlinfsrv.print - by blue")
    with babbling(b"no http at all\r\n\r\n") as port:
        (folder / "1.json").write_text(json.dumps({"port": port, "pid": os.getpid()}))
        assert workspace.scoring.invoke(blue, "again").status == 200


@contextmanager
def babbling(answer: bytes) -> Iterator[int]:
    """A port where something that is no server of ours answers once."""

    def serve(listening: socket.socket) -> None:
        connection, _ = listening.accept()
        with connection:
            connection.recv(9999)
            connection.sendall(answer)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        speaking = threading.Thread(target=serve, args=(listening,))
        speaking.start()
        yield listening.getsockname()[1]
        speaking.join()


def test_a_server_that_goes_away_in_the_middle_is_unavailable(workspace: LocalWorkspace, add: Add) -> None:
    name = add("ep/blue")
    with babbling(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc") as port, pytest.raises(Unavailable) as caught:
        running.send(running.Endpoint(port), name, b"{}", workspace._world)
    assert caught.value.hint == "start it again: mlmon serve"


def test_a_copy_of_a_workspace_does_not_send_its_rows_to_the_original(
    workspace: LocalWorkspace, add: Add, tmp_path: Path
) -> None:
    name = add("sums")
    with thread(workspace, name):
        until(lambda: announced(workspace, os.getpid()))
        shutil.copytree(workspace.folder, tmp_path / "copy")
        copy = LocalWorkspace.open(tmp_path / "copy")
        assert copy.scoring.invoke(name, '{"data": [[1]]}').status == 200
    assert not (workspace.folder / "telemetry" / "requests").exists()
    assert (copy.folder / "telemetry" / "requests").exists()


def test_ports_that_cannot_be_opened_are_refused_by_number(workspace: LocalWorkspace, add: Add) -> None:
    name = add("sums")
    script = script_of(workspace, name)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(Failure) as caught:
            workspace.serve(script, name=name, port=port, model=None)
    assert str(caught.value) == f"port {port} cannot be opened: Address already in use"
    with pytest.raises(UsageError, match="70000 is not a port"):
        workspace.serve(script, name=name, port=70000, model=None)
    assert not announced(workspace, os.getpid())
