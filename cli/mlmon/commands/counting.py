"""What `dataset` says on stderr of the rows that it joined."""

from mlmon.collected.tables.dataset import Dataset
from mlmon.collected.tables.join import Pairing
from mlmon.collected.tables.labels import Labels
from mlmon.collected.tables.plan import Counts
from mlmon.session import Session


def say(session: Session, made: Dataset) -> None:
    """How many rows of the range there are, were joined, have no partner, were left out, and have a label."""
    for pairing, counts in zip(made.pairings, made.counts, strict=True):
        _say_pairing(session, pairing, counts)
    if not made.pairings:
        session.terminal.note(f"{made.base.name}: {_counted(made.found, 'row')}")
    session.terminal.note(f"{_counted(made.duplicates, 'duplicate row')} left out")
    if made.labels:
        _say_labels(session, made.labels)


def _say_pairing(session: Session, pairing: Pairing, counts: Counts) -> None:
    base, other = pairing.base.name, pairing.other.name
    by_order = f" ({counts.by_order} of them by their order)" if counts.by_order else ""
    session.terminal.note(
        f"{base} and {other}: {counts.matched} matched{by_order}, {counts.unmatched_base} without {other},"
        f" {counts.unmatched_other} without {base}"
    )
    if pairing.uneven:
        days = ", ".join(pairing.uneven[:3]) + (", …" if len(pairing.uneven) > 3 else "")
        session.terminal.note(
            f"rows without ids are joined by their order, and there are not as many {base} as"
            f" {other} on {days}: which belong together there is a guess",
            level="warning",
        )


def _say_labels(session: Session, labels: Labels) -> None:
    session.terminal.note(
        f"{labels.name}: {_counted(labels.rows, 'row')} with a label, {labels.rows_without} without;"
        f" {_counted(labels.unmet, 'label')} met no row",
        level="warning" if labels.count and not labels.met else "info",
    )
    if labels.repeated:
        repeat = "label repeats a value and was" if labels.repeated == 1 else "labels repeat a value and were"
        session.terminal.note(f"{labels.name}: {labels.repeated} {repeat} left out")
    if labels.empty:
        have = "label has" if labels.empty == 1 else "labels have"
        session.terminal.note(f"{labels.name}: {labels.empty} {have} no {labels.on} and met no row")


def _counted(count: int, thing: str) -> str:
    return f"{count} {thing}{'' if count == 1 else 's'}"
