"""Serving a scoring script on this machine, and sending rows to a service."""

import json
from pathlib import Path
from typing import Annotated

import typer

from mlmon.commands.command import Group, command
from mlmon.commands.options import ServiceArgument, one_of
from mlmon.core.errors import Code, ExitCode, Failure, NotFound, UsageError
from mlmon.core.model import Response, ServiceName, Value
from mlmon.output.results import Faces, Field, Lines, Nothing, Record, Result
from mlmon.session import Session


@command(
    "serve",
    Group.SERVICES,
    examples=["mlmon serve score.py --name diabetes --kind v1", "mlmon serve score.py --name ep/blue --port 5001"],
)
def serve(
    session: Session,
    *,
    script: Annotated[Path, typer.Argument(metavar="SCRIPT", help="A scoring script with init() and run(raw_data).")],
    name: Annotated[
        str, typer.Option("--name", metavar="NAME", help="Its service name: NAME, or ENDPOINT/DEPLOYMENT.")
    ],
    kind: Annotated[
        str | None,
        typer.Option(
            "--kind",
            metavar="v1|v2",
            parser=one_of(("v1", "v2"), "a kind of service"),
            help="v1 web service or v2 deployment. Default: v2 when the name has a slash.",
        ),
    ] = None,
    model: Annotated[
        Path | None,
        typer.Option("--model", metavar="PATH", help="The model file or folder. Default: beside the script."),
    ] = None,
    port: Annotated[
        int, typer.Option("--port", metavar="N", min=0, max=65535, help="Port on 127.0.0.1; 0 takes any free one.")
    ] = 5001,
) -> Result:
    """Serve a scoring script on this machine, as Azure ML would.

    Requests go to POST /score. Its switches decide what is collected and sent, and act at once.
    """
    if not session.path(script).is_file():
        raise NotFound(f"there is no file {script}", hint="name a Python file with init() and run(raw_data)")
    service = _named(name, kind)
    server = session.embedded().serve(
        session.path(script), name=service, port=port, model=session.path(model) if model else None
    )
    session.terminal.note(f"serving {service} on {server.address}/score, Ctrl-C stops")
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        session.terminal.note("stopped")
        return Nothing(exit_code=ExitCode.INTERRUPTED)
    return Nothing()


def _named(name: str, kind: str | None) -> ServiceName:
    """The service's name; a v2 kind without a deployment gets Azure's customary one."""
    service = ServiceName.parse(name if kind != "v2" or "/" in name else f"{name}/blue")
    if kind == "v1" and service.deployment:
        raise UsageError(f"{name!r} is a v2 name", hint="a v1 web service has no slash in its name; or --kind v2")
    return service


@command(
    "invoke",
    Group.SERVICES,
    examples=["mlmon invoke diabetes --data rows.json", "cat rows.json | mlmon invoke diabetes-v2/blue --data -"],
)
def invoke(
    session: Session,
    *,
    service: ServiceArgument = None,
    data: Annotated[
        str, typer.Option("--data", metavar="FILE", help='JSON to send, like {"data": [[…], …]}; - reads stdin.')
    ] = "-",
) -> Result:
    """Send rows to a service and print its answer.

    On Azure its endpoint is called, with the key or token that this sign-in may read. In an embedded workspace the
    server that `mlmon serve` runs for it is used; without one the script is run here, once.
    """
    workspace = session.connect()
    found = session.service(workspace, service)
    if data == "-" and session.terminal.can_ask:
        session.terminal.note("reading rows from the terminal; end with Ctrl-D")
    response = workspace.scoring.invoke(found.name, session.read_text(data))
    return _answer(str(found.name), response)


def _answer(service: str, response: Response) -> Result:
    try:
        answer = json.loads(response.body)
    except ValueError:
        answer = response.body
    values: dict[str, Value] = {
        "service": service,
        "status": response.status,
        "request_id": response.request_id,
        "duration_ms": round(response.duration.total_seconds() * 1000, 3),
        "answer": answer,
    }
    failed = Failure(
        f"{service} answered with status {response.status}", hint=f"see mlmon logs {service}", code=Code.SCRIPT_FAILED
    )
    return Faces(
        people=Lines(response.body.splitlines()),
        machines=Record(tuple(Field(key) for key in values), values),
        error=failed if response.status >= 400 else None,
    )
