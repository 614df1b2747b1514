"""What a run says beside its data: notes, errors, questions and progress, each stream judged on its own."""

from __future__ import annotations

import fcntl
import io
import json
import os
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path
from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlmon.core.errors import Failure, NotFound, UsageError
from mlmon.output.streams import Stream
from mlmon.output.terminal import Terminal
from mlmon.output.wrapping import cells_of, wrapped
from output.screens import Screen, desk


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def stream(environ: dict[str, str], *, tty: bool = True, encoding: str = "utf-8") -> Stream:
    return Stream.of(Screen(tty=tty, encoding=encoding), environ)


def test_a_real_terminal_is_seen_as_one_with_its_width():
    near, far = os.openpty()
    fcntl.ioctl(far, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 132, 0, 0))
    with os.fdopen(far, "w") as screen, Path(os.devnull).open("w") as nowhere:
        terminal = Terminal.of(None, nowhere, screen, {"TERM": "xterm"})
        assert (terminal.stdout.is_terminal, terminal.stderr.is_terminal) == (False, True)
        assert terminal.width == 132
        assert Terminal.of(None, nowhere, screen, {"COLUMNS": "77"}).width == 77
        assert Terminal.of(None, nowhere, screen, {"COLUMNS": "0"}).width == 132
    os.close(near)
    assert Terminal.of(None, io.StringIO(), None, {"COLUMNS": "wide"}).width == 80


@pytest.mark.parametrize(
    ("environ", "tty", "colour"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"TERM": "dumb"}, True, False),
        ({"NO_COLOR": "1"}, True, False),
        ({"NO_COLOR": ""}, True, True),
        ({"CLICOLOR": "0"}, True, False),
        ({"CLICOLOR_FORCE": "1"}, False, True),
        ({"FORCE_COLOR": "1"}, False, True),
        ({"FORCE_COLOR": "0"}, False, False),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, True, False),
        ({"FORCE_COLOR": "1", "TERM": "dumb"}, False, False),
    ],
)
def test_colour(environ, tty, colour):
    assert stream(environ, tty=tty).colour is colour


def test_no_color_switches_both_streams_off():
    terminal = desk(environ={"TERM": "xterm"}).terminal
    assert (terminal.stdout.colour, terminal.stderr.colour) == (True, True)
    plain = terminal.configured(no_color=True)
    assert (plain.stdout.colour, plain.stderr.colour) == (False, False)


@pytest.mark.parametrize(
    ("encoding", "unicode"), [("utf-8", True), ("UTF8", True), ("utf-16", True), ("ascii", False), ("latin-1", False)]
)
def test_unicode(encoding, unicode):
    assert stream({}, encoding=encoding).unicode is unicode


def test_notes_by_level():
    def said(**how: bool) -> str:
        place = desk()
        terminal = place.terminal.configured(**how)
        terminal.note("the March of 2026")
        terminal.note("two blobs were set aside", level="warning")
        terminal.note("GET /services", level="debug")
        assert place.out.seen == ""
        return place.err.seen

    assert said() == "the March of 2026\nwarning: two blobs were set aside\n"
    assert said(quiet=True) == "warning: two blobs were set aside\n"
    assert said(debug=True) == "the March of 2026\nwarning: two blobs were set aside\ndebug: GET /services\n"
    assert said(machine=True, debug=True) == (
        '{"level": "info", "message": "the March of 2026"}\n'
        '{"level": "warning", "message": "two blobs were set aside"}\n'
        '{"level": "debug", "message": "GET /services"}\n'
    )


def test_an_error_says_what_went_wrong_and_the_next_step():
    error = NotFound("no service named 'chrun'", hint="did you mean 'churn'?\nsee mlmon status")
    place = desk()
    place.terminal.error(error)
    assert place.err.seen == "error: no service named 'chrun'\nhint: did you mean 'churn'?\nhint: see mlmon status\n"

    coloured = desk(environ={"TERM": "xterm"})
    coloured.terminal.error(NotFound("gone"))
    assert coloured.err.seen == "\x1b[1;31merror:\x1b[0m gone\n"

    machine = desk(tty=False)
    machine.terminal.configured(machine=True).error(error)
    assert machine.err.seen == (
        '{"code": "not-found", "message": "no service named \'chrun\'", '
        '"hint": "did you mean \'churn\'?\\nsee mlmon status", "exit_code": 5}\n'
    )


def test_on_a_terminal_words_stay_whole_and_elsewhere_lines_do():
    message = "two files of modeldata/inputs/2026/03/01 were set aside, because no line of them can be read"
    hint = "look at them, or: mlmon ls diabetes --month 3 --collection inputs; see mlmon status"
    lines = [
        "warning: two files of",
        "  modeldata/inputs/2026/03/01 were set",
        "  aside, because no line of them can be",
        "  read",
        "hint: look at them, or:",
        "  mlmon ls diabetes --month 3 --collection inputs;",
        "  see mlmon status",
    ]

    def said(**how: object) -> str:
        place = desk(width=40, **how)
        place.terminal.note(message, level="warning", hint=hint)
        return place.err.seen

    assert said() == "\n".join([*lines, ""])
    assert said(environ={"TERM": "xterm"}).startswith("\x1b[33mwarning:\x1b[0m two files of\n  modeldata")
    assert said(err_tty=False) == f"warning: {message}\nhint: {hint}\n"
    assert said(tty=False, err_tty=True) == "\n".join([*lines, ""])


def test_what_fits_or_has_lines_of_its_own_is_not_touched():
    place = desk(width=20)
    place.terminal.note("as  wide as this is.")
    place.terminal.note('{\n  "text": "longer than the window is wide"\n}')
    place.terminal.error(NotFound("no service 'a'", hint="12345678901234"))
    assert place.err.seen == (
        'as  wide as this is.\n{\n  "text": "longer than the window is wide"\n}\n'
        "error: no service\n  'a'\nhint: 12345678901234\n"
    )


@given(st.lists(st.text("abcé列👩,;:(", min_size=1, max_size=12) | st.just("mlmon"), min_size=1), st.integers(1, 60))
def test_broken_lines_have_all_words_and_fit_where_their_words_do(words: list[str], width: int):
    text = " ".join(words)
    lines = wrapped(text, width).split("\n")
    assert " ".join(line.removeprefix("  ") for line in lines) == text
    for line in lines:
        assert cells_of(line) <= width or " " not in line.removeprefix("  ") or "mlmon " in line


def test_an_error_in_json_is_one_line_of_ascii_whatever_is_in_it():
    place = desk(tty=False, encoding="ascii")
    place.terminal.configured(machine=True).error(UsageError("é\n\x1b\u2028\ud800", hint="日"))
    line = '{"code": "usage", "message": "\\u00e9\\n\\u001b\\u2028\\ud800", "hint": "\\u65e5", "exit_code": 2}\n'
    assert place.err.seen == line
    assert json.loads(line)["message"] == "é\n\x1b\u2028\ud800"


@pytest.mark.parametrize(
    ("typed", "answer"),
    [("y\n", True), (" YES \n", True), ("n\n", False), ("\n", False), ("yep\n", False), ("y", True)],
)
def test_a_person_confirms(typed, answer):
    place = desk(typed=typed)
    assert place.terminal.confirm("change churn?") is answer
    assert (place.out.seen, place.err.seen) == ("", "change churn? [y/N] ")


def test_the_end_of_input_is_no():
    place = desk(typed="")
    assert place.terminal.confirm("change churn?") is False
    assert place.err.seen == "change churn? [y/N] \n"


def test_an_answer_in_another_encoding_is_no():
    place = desk()
    stdin = Screen(tty=True, encoding="ascii")
    stdin.memory.write(b"\xff\n")
    stdin.memory.seek(0)
    terminal = Terminal.of(stdin, place.out, place.err, {}, width=80)
    assert terminal.confirm("change churn?") is False


@pytest.mark.parametrize("how", [{"in_tty": False}, {"err_tty": False}])
def test_without_a_person_a_change_needs_yes(how):
    place = desk(typed="y\n", **how)
    with pytest.raises(UsageError) as caught:
        place.terminal.confirm("change churn?")
    assert (caught.value.message, caught.value.hint) == (
        "nobody is there to be asked, so this needs --yes",
        "add --yes to go ahead, or --dry-run to see what would change",
    )
    assert place.err.seen == ""


def test_a_piped_stdout_is_no_reason_not_to_ask():
    out, err, stdin = Screen(tty=False), Screen(tty=True), Screen(tty=True, typed="y\n")
    assert Terminal.of(stdin, out, err, {}).confirm("go?") is True


def test_a_person_chooses_by_number_or_name_until_it_is_one():
    place = desk(typed="chrn\n0\n2\n")
    assert place.terminal.choose("which service?", ["churn", "fraud\x1b"]) == "fraud\x1b"
    assert place.err.seen == (
        "which service?\n  1  churn\n  2  fraud\\x1b\n"
        "number or name: 'chrn' is none of them; did you mean 'churn'?\n"
        "number or name: '0' is none of them; type a number from 1 to 2\n"
        "number or name: "
    )
    assert desk(typed="churn\n").terminal.choose("which service?", ["churn", "fraud"]) == "churn"


def test_a_short_name_chooses_where_only_one_is_called_so():
    labels, names = ["dev (rg, s1)", "prod (rg, s1)", "dev (rg, s2)"], ["dev", "prod", "dev"]
    assert desk(typed="PROD\n").terminal.choose("which?", labels, names=names) == "prod (rg, s1)"
    assert desk(typed="dev (rg, s2)\n").terminal.choose("which?", labels, names=names) == "dev (rg, s2)"
    place = desk(typed="dev\nprd\n7\n" + "9" * 5000 + "\n3\n")
    assert place.terminal.choose("which?", labels, names=names) == "dev (rg, s2)"
    _, *answers = place.err.seen.split("number or name: ")
    assert [answer.replace("9" * 5000, "99") for answer in answers] == [
        "'dev' is what 2 of them are called; type a number from 1 to 3\n",
        "'prd' is none of them; did you mean 'prod'?\n",
        "'7' is none of them; type a number from 1 to 3\n",
        "'99' is none of them; type a number from 1 to 3\n",
        "",
    ]


def test_choosing_without_a_person_or_an_answer_names_the_options():
    with pytest.raises(UsageError) as nobody:
        desk(tty=False).terminal.choose("which service?", ["churn", "fraud"])
    assert (nobody.value.message, nobody.value.hint) == (
        "which service?: nobody is there to be asked",
        "name one of: churn, fraud",
    )
    with pytest.raises(Failure) as silence:
        desk(typed="").terminal.choose("which service?", ["churn", "fraud"])
    assert (silence.value.message, silence.value.hint) == ("nothing was chosen", "name one of: churn, fraud")


def test_progress_off_a_terminal_is_a_line_now_and_then():
    clock = Clock()
    place = desk(tty=False, clock=clock)
    with place.terminal.progress("pulling", total=100) as files:
        files.advance(1)
        clock.now += 5
        files.advance(9, item="a\x1b.csv")
        files.advance(1)
        clock.now += 5
        files.advance(2)
    with place.terminal.progress("pulling", total=None, unit="bytes") as size:
        clock.now += 5
        size.advance(1_500_000)
    with place.terminal.progress("reading", total=2_000_000, unit="bytes") as size:
        clock.now += 5
        size.advance(1_500_000)
    assert place.err.seen == (
        "pulling: 10 of 100 files, a\\x1b.csv\npulling: 13 of 100 files\npulling: 1.5 MB\nreading: 1.5 MB of 2.0 MB\n"
    )


@pytest.mark.parametrize("tty", [True, False])
def test_quiet_shows_no_progress(tty):
    clock = Clock()
    place = desk(tty=tty, clock=clock)
    with place.terminal.configured(quiet=True).progress("pulling", total=2) as files:
        clock.now += 60
        files.advance(1)
    assert place.err.seen == ""


def test_a_dumb_terminal_gets_lines():
    clock = Clock()
    place = desk(clock=clock, environ={"TERM": "dumb"})
    with place.terminal.progress("pulling", total=2) as files:
        clock.now += 60
        files.advance(1)
    assert place.err.seen == "pulling: 1 of 2 files\n"


def test_machines_get_progress_as_notes():
    clock = Clock()
    place = desk(tty=False, clock=clock)
    with place.terminal.configured(machine=True).progress("pulling", total=2) as files:
        clock.now += 60
        files.advance(1)
    assert place.err.seen == '{"level": "info", "message": "pulling: 1 of 2 files"}\n'


def test_work_that_is_soon_done_draws_no_bar():
    clock = Clock()
    place = desk(clock=clock)
    with place.terminal.progress("pulling", total=2) as files:
        clock.now += 0.9
        files.advance(2)
    assert place.err.seen == ""


ERASE_LINE = "\x1b[2K"
SHOW_CURSOR = "\x1b[?25h"


def test_a_bar_shows_hostile_names_harmlessly_makes_room_for_notes_and_goes_away():
    clock = Clock()
    place = desk(clock=clock, encoding="ascii")
    with place.terminal.progress("pulling", total=4) as files:
        place.terminal.note("four blobs")
        clock.now += 2
        files.advance(1, item="[red]日\x1b]0;x\x07")
        files.advance(1, item="b.csv")
        place.terminal.note("one was set aside", level="warning")
        place.terminal.write("a row\n")
        files.advance(1)
    first, _, seen = place.err.seen.partition("\n")
    assert first == "four blobs"
    controls = set(re.findall(r"\x1b\[[?0-9;]*[A-Za-z]", seen))
    assert "\x1b" not in re.sub(r"\x1b\[[?0-9;]*[A-Za-z]", "", seen)
    assert {ERASE_LINE, SHOW_CURSOR} <= controls
    assert "\x07" not in seen
    before, _, after = seen.partition("warning: one was set aside\n")
    assert "2 of 4 files b.csv" in before
    assert before.endswith(ERASE_LINE)
    assert "3 of 4 files" in after
    assert after.endswith(ERASE_LINE)
    assert seen.count(SHOW_CURSOR) >= seen.count("\x1b[?25l")
    assert place.out.seen == "a row\n"


def drawn(seen: str) -> list[str]:
    """What stood on the line of the bar, one after the other."""
    plain = re.sub(r"\x1b\[[?0-9;]*[A-Za-z]", "", seen)
    return list(dict.fromkeys(line for line in re.split(r"[\r\n]+", plain) if line.strip()))


MEASURES = "1.2 MB/s, 3345 of 24192 files, 2m05s left"
MEASURED = [
    (100, "Pulling ━━╸                  160.4 kB of 1.2 MB 1.2 MB/s, 3345 of 24192 files, 2m05s left"),
    (90, "Pulling ━━                 160.4 kB of 1.2 MB 1.2 MB/s, 3345 of 24192 files, 2m05s left"),
    (80, "Pulling ━        160.4 kB of 1.2 MB 1.2 MB/s, 3345 of 24192 files, 2m05s left"),
    (70, "Pulling ━        160.4 kB of 1.2 MB 3345 of 24192 files, 2m05s left"),
    (60, "Pulling ━          160.4 kB of 1.2 MB 3345 of 24192 files"),
    (40, "Pulling ━         3345 of 24192 files"),
    (30, "Pulling ━━              13%"),
    (24, "Pulling ━         13%"),
    (16, "Pulling"),
]


def moved(*, width: int, label: str, item: str, environ: dict[str, str] | None = None) -> list[str]:
    clock = Clock()
    place = desk(clock=clock, width=width, environ=environ)
    with place.terminal.progress(label, total=1_200_000, unit="bytes") as size:
        clock.now += 2
        size.advance(160_400, item=item)
    lines = drawn(place.err.seen)
    assert max(map(len, lines), default=0) <= max(1, width - 3)
    return [line.rstrip() for line in lines]


@pytest.mark.parametrize(("width", "shown"), MEASURED)
def test_the_bar_gets_shorter_before_measures_go_and_no_number_is_cut(width, shown):
    assert moved(width=width, label="Pulling", item=MEASURES)[-1] == shown


@pytest.mark.parametrize(
    ("label", "item", "shown"),
    [
        ("Pulling ep1/blue", "3 of 40 files", "Pulling ep1/blue ━━╸                  160.4 kB of 1.2 MB 3 of 40 files"),
        (
            "Pulling ep1/blue",
            "00000000-0000/rg/ws/svc/inputs.csv",
            "Pulling ep1/blue ━        160.4 kB of 1.2 MB …00000-0000/rg/ws/svc/inputs.csv",
        ),
        (
            "Pulling a-long-endpoint-name/and-its-deployment",
            "3 of 40 files",
            "Pulling a-long-endpoint-name/and-its-deployment ━━              3 of 40 files",
        ),
        (
            "Pulling a-very-very-long-endpoint-name/and-its-very-long-deployment",
            "3 of 40 files",
            "Pulling a-very-very-long-endpoint-… ━        160.4 kB of 1.2 MB 3 of 40 files",
        ),
    ],
)
def test_the_bar_fits_and_leaves_room_for_what_ctrl_c_prints(label, item, shown):
    """`^C` behind a full line would wrap it, and what is erased then is the wrong line."""
    assert moved(width=80, label=label, item=item)[-1] == shown


def test_a_terminal_without_more_than_ascii_gets_a_bar_of_ascii():
    [*_, last] = moved(width=60, label="Reading", item="", environ={"TERM": "xterm", "LC_ALL": "C", "NO_COLOR": "1"})
    assert last == "Reading --                   160.4 kB of 1.2 MB"


@given(st.integers(1, 130), st.integers(0, 10**6), st.text("ab/ ", min_size=1, max_size=90))
def test_a_number_beside_the_bar_is_whole_at_any_width(width, done, label):
    item = f"1.2 MB/s, {done} of 1000000 files, 2m05s left"
    said = moved(width=width, label=label, item=item)[-1:]
    numbers = re.findall(r"\d[\w.%]*", " ".join(said))
    assert set(numbers) <= {*re.findall(r"\d[\w.%]*", item), "160.4", "1.2", "13%"}


def test_one_of_anything_is_not_called_several():
    clock = Clock()
    place = desk(tty=False, clock=clock)
    for total in (None, 1, 2):
        with place.terminal.progress("looking", total=total, unit="services") as services:
            clock.now += 5
            services.advance(1)
    assert place.err.seen == "looking: 1 service\nlooking: 1 of 1 service\nlooking: 1 of 2 services\n"


def test_many_threads_may_advance():
    clock = Clock()
    place = desk(tty=False, clock=clock)
    with place.terminal.progress("pulling", total=4000) as files:
        threads = [Thread(target=lambda: [files.advance(1) for _ in range(1000)]) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        clock.now += 60
        files.advance(0)
    assert place.err.seen == "pulling: 4000 of 4000 files\n"


def test_text_and_bytes_come_out_in_the_order_they_were_written():
    place = desk(tty=False)
    place.terminal.write("one\n")
    place.terminal.write_bytes(b"two\n")
    place.terminal.write("three\n")
    assert place.out.seen == "one\ntwo\nthree\n"


def test_a_stream_without_bytes_gets_text():
    out = io.StringIO()
    terminal = Terminal.of(None, out, None, {})
    terminal.write_bytes("é\n".encode())
    terminal.write("\ud800\n")
    assert out.getvalue() == "é\n\\ud800\n"


def test_streams_that_were_closed_at_the_start():
    terminal = Terminal.of(None, None, None, {})
    terminal.note("nobody listens")
    terminal.error(UsageError("nobody listens"))
    with pytest.raises(Failure) as caught:
        terminal.write("data")
    assert caught.value.message == "the output stream is closed"


def test_a_full_device_is_an_error_with_a_reason():
    full = Path("/dev/full").open("w")  # noqa: SIM115 - closing it fails too, which is the point
    terminal = Terminal.of(None, full, None, {})
    terminal.write("data\n")
    with pytest.raises(Failure) as caught:
        terminal.flush()
    assert (caught.value.message, caught.value.hint) == (
        "the output cannot be written: No space left on device",
        "see whether its device is full",
    )
    with pytest.raises(OSError, match="No space"):
        full.close()


def test_a_reader_that_went_away_is_told_to_the_caller():
    """`mlmon … | head`: main ends the run quietly, so the error must reach it as it is."""
    program = (
        "import os, sys\n"
        "from mlmon.output.results import Field, Format, Rows\n"
        "from mlmon.output.show import show\n"
        "from mlmon.output.terminal import Terminal\n"
        "terminal = Terminal.of(sys.stdin, sys.stdout, sys.stderr, os.environ)\n"
        "try:\n"
        "    show(Rows((Field('n'),), ({'n': n} for n in range(10**6))), format=Format.JSONL, terminal=terminal)\n"
        "except BrokenPipeError:\n"
        "    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)\n"
        "    sys.exit(41)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b'{"n": 0}\n'
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == b""
        assert process.wait(30) == 41
