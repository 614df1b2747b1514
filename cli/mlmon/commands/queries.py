"""Saved queries: showing, saving and deleting them."""

from __future__ import annotations

from mlmon.core.errors import Code, Failure, UsageError
from mlmon.kql.saved import SavedQueries
from mlmon.output.results import Field, Result, Rows, Text
from mlmon.session import Session


def saved_queries(session: Session) -> SavedQueries:
    """Those of the folder that holds mlmon.toml, with mlmon's own."""
    return SavedQueries(session.settings.file.parent)


def listed(session: Session) -> Result:
    """Name, description and variables of each."""
    from mlmon.kql.variables import defaults

    queries = saved_queries(session)
    fields = (
        Field("name", whole=True),
        Field("description"),
        Field("variables", optional=True),
        Field("source", optional=True),
    )
    rows = [
        {
            "name": each.name,
            "description": each.description,
            "variables": ", ".join(f"{name}={value}" for name, value in defaults(each.text).items()),
            "source": "mlmon" if each.shipped else str(queries.path(each.name)),
        }
        for each in queries.all()
    ]
    return Rows(fields, rows)


def saved(session: Session, name: str, text: str, *, yes: bool) -> Result:
    """Save a query. One that is there is replaced only after a yes.

    Raises:
        UsageError: the query is empty, the name can be none, or nobody is there to be asked.
        Failure: the person said no.
    """
    if not text.strip():
        raise UsageError("the query is empty", hint="try: mlmon query 'traces | take 10' --save newest")
    queries = saved_queries(session)
    path = queries.path(name)
    if path.is_file() and path.read_bytes() == f"{text.strip()}\n".encode("utf-8", "surrogateescape"):
        return Text(f"{name} is saved so already in {path}\n")
    replacing = path.exists() and (yes or _agreed(session, f"replace the saved query {name} ({path})?"))
    queries.save(name, text, replacing=replacing or yes)
    return Text(f"saved in {path}; mlmon query --saved {name} runs it\n")


def deleted(session: Session, name: str, *, yes: bool) -> Result:
    """Delete a query of the folder, after a yes. Raises as `saved`, and `NotFound`."""
    queries = saved_queries(session)
    path = queries.path(name)
    if path.exists() and not yes:
        _agreed(session, f"delete the saved query {name} ({path})?")
    return Text(f"deleted {queries.delete(name)}\n")


def _agreed(session: Session, question: str) -> bool:
    if not session.terminal.can_ask:
        raise UsageError(f"{question.rstrip('?')}: nobody is there to be asked", hint="--yes does it")
    if not session.terminal.confirm(question):
        raise Failure("nothing changed", code=Code.DECLINED)
    return True
