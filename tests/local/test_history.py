"""Much history made at once is the same, byte for byte, as history made request by request, and as the run before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from local.conftest import SUMS, files_of
from local.steady import Clock, counted_ids, lots
from mlmon.core.model import ServiceName, Switch, SwitchRequest
from mlmon.core.timerange import TimeRange
from mlmon.local.workspace import LocalWorkspace
from mlmon.monitoring.attribution import attributed

START = datetime(2025, 2, 27, 22, tzinfo=UTC)
COLLECTING = SUMS.replace(
    "def init():\n    pass",
    "from azureml.monitoring import ModelDataCollector\n\n\ndef init():\n    global collector\n"
    '    collector = ModelDataCollector("sum", designation="inputs", feature_names=["a", "b"])',
).replace("    return sums", "    collector.collect(json.loads(raw_data)['data'])\n    return sums")


def make(folder: Path, *, batched: bool) -> dict[str, str]:
    """Sixty requests to two services over three days, some of them failing, with a switch in between."""
    clock = Clock(START)
    workspace = LocalWorkspace.create(folder, name="shop", clock=clock, ids=counted_ids(), random=lots(0.2, 0.7, 0.4))
    names = [ServiceName("sums"), ServiceName("ep", "blue")]
    for name, script in zip(names, (COLLECTING, SUMS), strict=True):
        path = folder / f"{name.endpoint}.py"
        path.write_text(script)
        workspace.register(name, script=Path(f"{folder}/{name.endpoint}.py"), features=["a", "b"])

    def score() -> None:
        for number in range(60):
            clock.now = START + timedelta(hours=number + number / 7)
            if number == 30:
                request = SwitchRequest(Switch.COLLECTION, on=True, sampling_rate=0.5)
                workspace.services.apply(workspace.services.plan(names[1], request))
            workspace.scoring.invoke(names[number % 2], "fail" if number % 9 == 0 else f'{{"data": [[{number}, 1]]}}')

    if batched:
        with workspace.batched():
            score()
    else:
        score()
    seen = workspace.telemetry.request_counts(TimeRange(START, START + timedelta(days=5)))
    counts, nobodys = attributed(seen, [service.name for service in workspace.services.list()])
    assert not nobodys
    assert {str(name): (count.requests, count.failed) for name, count in counts.items()} == {
        "sums": (30, 4),
        "ep/blue": (30, 3),
    }
    return {name: text.replace(str(folder), "…") for name, text in files_of(folder).items()}


@pytest.mark.parametrize("batched", [True, False])
def test_history_is_the_same_however_and_how_often_it_is_made(*, batched: bool, tmp_path: Path) -> None:
    first = make(tmp_path / "first", batched=True)
    assert make(tmp_path / "second", batched=batched) == first
    # every day and hour that was lived through has its own file
    days = {name.split("/")[2] for name in first if name.startswith("telemetry/requests/")}
    assert days == {"2025-02-27.jsonl", "2025-02-28.jsonl", "2025-03-01.jsonl", "2025-03-02.jsonl"}


def test_what_was_made_in_a_batch_is_written_when_a_request_breaks_it_off(tmp_path: Path) -> None:
    workspace = LocalWorkspace.create(tmp_path, name="shop", clock=Clock(START))
    (tmp_path / "score.py").write_text(SUMS)
    name = ServiceName("sums")
    workspace.register(name, script=tmp_path / "score.py")

    def score() -> None:
        with workspace.batched():
            workspace.scoring.invoke(name, '{"data": [[1]]}')
            assert workspace.logs.snapshot(name, lines=9).lines == ()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        score()
    assert workspace.logs.snapshot(name, lines=2).lines[0].endswith("| root | INFO | 200")
