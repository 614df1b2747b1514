"""What is wrong with a command line, in our voice: what typer finds, and texts that are empty."""

import re
from collections.abc import Callable, Mapping
from copy import copy
from typing import Annotated, Any, Final, get_args

import typer
from typer.core import TyperCommand, TyperGroup
from typer.models import OptionInfo

from mlmon.core.errors import UsageError, did_you_mean


class Command(TyperCommand):
    """A command that takes no empty text and knows itself in every complaint."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        _see_texts(self, ctx, args)
        return super().parse_args(ctx, args)


class Tree(TyperGroup):
    """The whole tree, with the options before a command."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args:  # without any there is help
            _see_texts(self, ctx, args)
        return super().parse_args(ctx, args)


def _see_texts(of: Any, context: Any, args: list[str]) -> None:
    """Refuse empty texts, which are variables that are not set: as a path one would be the folder we stand in.

    It has to be seen before typer turns texts into values. Raises `UsageError`.
    """
    try:
        values, *_ = of.make_parser(context).parse_args(args=list(args))
    except typer.TyperException as error:
        if getattr(error, "ctx", context) is None:
            error.ctx = context  # type: ignore[attr-defined]  # it has one, but the parser does not tell it
        raise
    _refuse_empty(of.get_params(context), values)


def _refuse_empty(parameters: list[Any], values: Mapping[str, Any]) -> None:
    for one in parameters:
        value = values.get(one.name) if _name(one) != _QUERY else None
        if value == "" or (isinstance(value, list | tuple) and "" in value):
            name = _name(one)
            way_out = "give it a value" if one.required else f"give it a value, or leave {name} out"
            raise UsageError(f"{name} is an empty text", hint=f"is a variable not set? {way_out}")


_QUERY: Final = "KQL"  # an empty query is refused with a query to try


def _name(parameter: Any) -> str:
    """What a person calls an option or an argument."""
    if parameter.param_type_name == "argument":
        return str(parameter.metavar or parameter.name.upper()).strip("[].")
    return str(max(parameter.opts, key=lambda said: said.startswith("--")))


def worded(error: Exception) -> UsageError:
    """typer's own complaint as an error of ours."""
    message = str(getattr(error, "message", error)).strip()
    context, parameter = getattr(error, "ctx", None), getattr(error, "param", None)
    hint = f"see {getattr(context, 'command_path', 'mlmon')} --help"
    if parameter is not None:
        return _about(parameter, message, hint=hint)
    possible = " or ".join(sorted(getattr(error, "possibilities", None) or ()))
    message, _, suggestion = message.partition(" Did you mean ")
    if suggestion or possible:
        hint = f"did you mean {suggestion or possible + '?'}"
    for theirs, ours in _REWORDED:
        message = theirs.sub(ours, message)
    return UsageError(message[:1].lower() + message[1:].rstrip("."), hint=hint)


_REWORDED: Final = (
    (re.compile(r"Option '(.*)' requires an argument\."), r"option \1 needs a value"),
    (re.compile(r"Option '(.*)' does not take a value\."), r"option \1 takes no value"),
    (re.compile(r"Got unexpected extra argument\(s\) \((.*)\)", re.DOTALL), r"more than is asked for: \1"),
)


def _about(parameter: Any, message: str, *, hint: str) -> UsageError:
    """A complaint about the value of one option or argument."""
    name = _name(parameter)
    if not message:  # there is none
        return UsageError(f"{_either(tuple(name.split('|')))} is missing", hint=hint)
    if message.startswith(_TAKES):
        return UsageError(f"{name} {message}", hint=hint)
    if found := _NO_NUMBER.fullmatch(message):
        return UsageError(f"{name} {_TAKES}{_KINDS[found['kind']]}, not {found['value']}", hint=hint)
    if found := _NO_CHOICE.fullmatch(message):
        words = tuple(re.findall(r"'([^']*)'", found["words"]))
        near = did_you_mean(found["value"].strip("'"), words)
        return UsageError(f"{name} {_TAKES}{_either(words)}, not {found['value']}", hint=near or hint)
    return UsageError(f"{name}: {message.rstrip('.')}", hint=hint)


_TAKES: Final = "takes "
_KINDS: Final = {"integer": "a whole number", "int": "a whole number", "float": "a number"}
_NO_NUMBER: Final = re.compile(r"(?P<value>.+) is not a valid (?P<kind>integer|int|float)( range)?\.", re.DOTALL)
_NO_CHOICE: Final = re.compile(r"(?P<value>.+) is not one of (?P<words>'.*')\.", re.DOTALL)


def _either(words: tuple[str, ...]) -> str:
    return " or ".join(part for part in (", ".join(words[:-1]), words[-1]) if part)


def bounded(annotation: Any) -> Any:
    """The annotation of a parameter. Where it is a number with bounds, they are said in words, in the help and when one
    is passed: typer would write a formula."""
    infos = [one for one in get_args(annotation)[1:] if isinstance(one, OptionInfo)]
    if not infos or (infos[0].min is None and infos[0].max is None):
        return annotation
    kind, info = get_args(annotation)[0], copy(infos[0])
    whole = int in {kind, *get_args(kind)}
    span = _span(info.min, info.max).removeprefix("of ")
    info.parser, info.min, info.max = _number(whole=whole, least=info.min, most=info.max), None, None
    info.help = f"{info.help} {span[:1].upper()}{span[1:]}."
    return Annotated[kind, info]


def _number(*, whole: bool, least: float | None, most: float | None) -> Callable[[Any], float]:
    wanted = f"{_TAKES}a {'whole ' if whole else ''}number {_span(least, most)}"

    def number(text: Any) -> float:
        try:
            value: float = int(text) if whole else float(text)
        except ValueError:
            raise typer.BadParameter(f"{wanted}, not {text!r}") from None
        # written so that nan, which is in no order, is refused
        if not (-_ENDLESS if least is None else least) <= value <= (_ENDLESS if most is None else most):
            raise typer.BadParameter(f"{wanted}, not {text}")
        return value

    return number


_ENDLESS: Final = float("inf")


def _span(least: float | None, most: float | None) -> str:
    if least is None:
        return f"up to {most:g}"
    return f"of at least {least:g}" if most is None else f"from {least:g} to {most:g}"
