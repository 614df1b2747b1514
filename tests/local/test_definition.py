"""`workspace.toml`: what a person may write there, and what happens when it is wrong."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlmon.core.errors import DamagedWorkspace, MlmonError, NotFound, UsageError
from mlmon.core.model import CollectionSetting, Kind, Service, ServiceName, Switch, SwitchRequest
from mlmon.local.definition import parse
from mlmon.local.workspace import LocalWorkspace

HEAD = 'format = 1\nname = "Shop"\nid = "00000000-0000-0000-0000-00000000000a"\n'
GOOD = HEAD + 'subscription = "SUB"\nresource_group = "Group"\n'
WRITTEN_BY_HAND = (
    GOOD
    + """
# the one the branch offices call
[services."diabetes"]
script = "score.py"   # relative to this folder
collection = true
features = ["age", "bmi"]

[services."ep/blue"]
script = "blue.py"
insights = false

  [services."ep/blue".collections.model_inputs]
  enabled = false     # until the lawyers agree
  sampling_rate = 0.5
"""
)
MEND = "mend that place in an editor; nothing was changed"


def test_a_file_written_by_hand_is_understood(tmp_path: Path) -> None:
    (tmp_path / "workspace.toml").write_text(WRITTEN_BY_HAND)
    assert LocalWorkspace.open(tmp_path).services.list() == [
        Service(ServiceName("diabetes"), Kind.LOCAL, "Healthy", collection=True, insights=True),
        Service(
            ServiceName("ep", "blue"),
            Kind.LOCAL,
            "Succeeded",
            collection=False,
            insights=False,
            collections=(CollectionSetting("model_inputs", enabled=False, sampling_rate=0.5),),
        ),
    ]


def test_switching_changes_one_line_and_keeps_what_a_person_wrote(tmp_path: Path) -> None:
    file = tmp_path / "workspace.toml"
    file.write_text(WRITTEN_BY_HAND)
    services = LocalWorkspace.open(tmp_path).services
    request = SwitchRequest(Switch.COLLECTION, on=True, collections=("model_inputs",))
    services.apply(services.plan(ServiceName("ep", "blue"), request))
    assert file.read_text() == WRITTEN_BY_HAND.replace(
        "enabled = false     # until the lawyers agree", "enabled = true     # until the lawyers agree"
    )
    services.apply(services.plan(ServiceName("diabetes"), SwitchRequest(Switch.INSIGHTS, on=False)))
    assert "insights = false" in file.read_text().partition('[services."ep/blue"]')[0]
    assert "# the one the branch offices call\n" in file.read_text()


STYLES = (
    'services.a = {script = "s", insights = true}\nservices."e/b" = {script = "s"}\n',
    'services.a.script = "s"\nservices."e/b".script = "s"\nservices."e/b".collections.audit.enabled = false\n',
    '[services]\na = {script = "s", collection = false}\n[services."e/b"]\nscript = "s"\ncollections = {}\n',
    (
        '[services.a]\nscript = "s"\n[services."e/b"]\nscript = "s"\n[services."e/b".collections]\n'
        "model_outputs = {enabled = false, sampling_rate = 1}\n"
    ),
    '[services."e/b".collections.audit]\nenabled = true\n[services."e/b"]\nscript = "s"\n[services.a]\nscript = "s"\n',
)


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_every_way_of_writing_toml_can_be_switched(style: str, newline: str, tmp_path: Path) -> None:
    (tmp_path / "workspace.toml").write_bytes((GOOD + style).replace("\n", newline).encode())
    services = LocalWorkspace.open(tmp_path).services
    for on in (True, False, True):
        for name in (ServiceName("a"), ServiceName("e", "b")):
            for switch in Switch:
                service = services.apply(services.plan(name, SwitchRequest(switch, on=on)))
                assert getattr(service, switch) is on
                assert service == services.get(name)


DAMAGE = {
    "no TOML": (b'format = 1\nname = "Shop', "is not readable TOML: Unterminated string (at end of document)"),
    "a line without a value": (b"format = 1\nname =\n", "is not readable TOML: Invalid value (at line 2, column 7)"),
    "not UTF-8": (b'format = 1\nname = "\xff"', "is not readable TOML: 'utf-8' codec can't decode byte 0xff"),
    "no format": (b"name = 'Shop'", "format is missing"),
    "format of a wrong type": (b"format = '1'", "format is '1' and must be 1"),
    "format true": (b"format = true", "format is True and must be 1"),
    "no id": (b"format = 1\nname = 'a'\nid = 'x'\n", "id is 'x' and must be a UUID"),
    "no subscription": (HEAD.encode(), "subscription is missing, empty, or has a slash or a control character"),
    "a slash in the name": (GOOD.replace('"Shop"', '"a/b"').encode(), "name is missing, empty, or has a slash"),
    "a number for a name": (GOOD.replace('"Shop"', "3").encode(), "name is 3 and must be a text in quotes"),
    "services no table": ((GOOD + "services = 3").encode(), "services must be a table"),
    "a service no table": ((GOOD + "services.a = 3").encode(), 'services."a" must be a table'),
    "a service name with blanks": (
        (GOOD + '[services."a b"]\nscript = "s"').encode(),
        "services.\"a b\" is wrong: 'a b' is not a service name",
    ),
    "a service name with a control character": (
        (GOOD + '[services."a\\u0001"]\nscript = "s"').encode(),
        "services.\"a\x01\" is wrong: 'a\\x01' is not a service name",
    ),
    "no script": ((GOOD + '[services."a"]').encode(), 'services."a".script must be the path of a file'),
    "a NUL in a path": (
        (GOOD + '[services."a"]\nscript = "s"\nmodel = "\\u0000"').encode(),
        'services."a".model must be the path of a file',
    ),
    "a switch in words": (
        (GOOD + '[services."a"]\nscript = "s"\ninsights = "yes"').encode(),
        "services.\"a\".insights is 'yes' and must be true or false",
    ),
    "a third column generation": (
        (GOOD + '[services."a"]\nscript = "s"\ncolumn_generation = 3').encode(),
        'services."a".column_generation is 3 and must be 1 or 2',
    ),
    "a feature that is a number": (
        (GOOD + '[services."a"]\nscript = "s"\nfeatures = ["a", 2]').encode(),
        'services."a".features must be a list of texts',
    ),
    "a sampling rate above 1": (
        (GOOD + '[services."a/b"]\nscript = "s"\ncollections.c = {enabled = true, sampling_rate = 25}').encode(),
        'services."a/b".collections."c".sampling_rate is 25 and must be a number from 0 to 1',
    ),
    "a sampling rate that is no number": (
        (GOOD + '[services."a/b"]\nscript = "s"\ncollections.c = {enabled = true, sampling_rate = nan}').encode(),
        'services."a/b".collections."c".sampling_rate is nan and must be a number from 0 to 1',
    ),
    "a collection without its switch": (
        (GOOD + '[services."a/b"]\nscript = "s"\n[services."a/b".collections.c]').encode(),
        'services."a/b".collections."c".enabled is missing',
    ),
    "a collection that climbs": (
        (GOOD + '[services."a/b"]\nscript = "s"\n[services."a/b".collections.".."]\nenabled = true').encode(),
        'services."a/b".collections.".." is wrong: a collection\'s name is letters, digits, _ and -',
    ),
}


@pytest.mark.parametrize("case", DAMAGE)
def test_a_damaged_file_is_refused_by_name_and_left_as_it_was(case: str, tmp_path: Path) -> None:
    content, complaint = DAMAGE[case]
    file = tmp_path / "workspace.toml"
    file.write_bytes(content)
    with pytest.raises(DamagedWorkspace) as caught:
        LocalWorkspace.open(tmp_path)
    assert str(caught.value).startswith(f"{file}")
    assert complaint in str(caught.value)
    assert caught.value.hint == MEND
    assert file.read_bytes() == content


UNKNOWN = {
    "servces = 1\n": ("servces", f"did you mean 'services'? {MEND}"),
    '[services."a"]\nscript = "s"\ncolection = true': (
        'services."a".colection',
        f"did you mean 'collection' or 'column_generation'? {MEND}",
    ),
    # the other generation's switch
    '[services."a/b"]\nscript = "s"\nxyz = true': (
        'services."a/b".xyz',
        "known here: script, model, model_name, model_version, features, insights, collections; nothing was changed",
    ),
}


@pytest.mark.parametrize("text", UNKNOWN)
def test_a_key_with_a_typo_is_refused_with_the_key_that_was_meant(text: str, tmp_path: Path) -> None:
    key, hint = UNKNOWN[text]
    file = tmp_path / "workspace.toml"
    file.write_text(GOOD + text)
    with pytest.raises(DamagedWorkspace) as caught:
        LocalWorkspace.open(tmp_path)
    assert (str(caught.value), caught.value.hint) == (f"{file}: {key} is not a key that mlmon knows", hint)


def test_a_newer_format_asks_for_a_newer_mlmon(tmp_path: Path) -> None:
    file = tmp_path / "workspace.toml"
    file.write_text(GOOD.replace("format = 1", "format = 2") + "anything = 'new'\n")
    with pytest.raises(DamagedWorkspace) as caught:
        LocalWorkspace.open(tmp_path)
    assert str(caught.value) == f"{file} has format 2, and this mlmon knows formats up to 1"
    assert caught.value.hint == "upgrade mlmon; nothing was changed"


def test_a_file_damaged_while_in_use_is_refused_at_the_next_step(
    workspace: LocalWorkspace, add: Callable[..., ServiceName]
) -> None:
    name = add("sums")
    plan = workspace.services.plan(name, SwitchRequest(Switch.INSIGHTS, on=False))
    file = workspace.folder / "workspace.toml"
    file.write_text("format = 1\n[")
    with pytest.raises(DamagedWorkspace):
        workspace.services.apply(plan)
    assert file.read_text() == "format = 1\n["


@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda text: (GOOD + text).encode("utf-8", "replace")))
def test_no_bytes_make_anything_but_a_definition_or_a_clear_refusal(content: bytes) -> None:
    try:
        definition = parse(content, Path("workspace.toml"))
    except DamagedWorkspace:
        return
    assert (definition.name, definition.subscription) == ("Shop", "SUB")


def test_deep_nesting_is_damage_too() -> None:
    with pytest.raises(DamagedWorkspace):
        parse(b"a = " + b"[" * 100_000, Path("workspace.toml"))


def test_a_folder_without_a_workspace_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(NotFound) as caught:
        LocalWorkspace.open(tmp_path)
    assert str(caught.value) == f"{tmp_path} holds no workspace"
    assert caught.value.hint == "make one with mlmon demo, or an empty one with mlmon init --local DIR"


def test_a_workspace_is_never_made_over_another(workspace: LocalWorkspace) -> None:
    before = (workspace.folder / "workspace.toml").read_bytes()
    with pytest.raises(UsageError) as caught:
        LocalWorkspace.create(workspace.folder, name="other")
    assert str(caught.value) == f"{workspace.folder} holds a workspace already"
    assert (workspace.folder / "workspace.toml").read_bytes() == before


def test_a_workspace_needs_a_folder_and_a_name(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="is a file"):
        LocalWorkspace.create(tmp_path / "file", name="a")
    with pytest.raises(MlmonError, match="cannot be made"):
        LocalWorkspace.create(tmp_path / "file" / "below", name="a")
    for name in ("", "a/b", "a\nb"):
        with pytest.raises(UsageError, match="cannot be a workspace's name"):
            LocalWorkspace.create(tmp_path / "new", name=name)
    assert not (tmp_path / "new").exists()


def test_a_new_workspace_can_be_read_by_people_and_is_called_by_its_folder(workspace: LocalWorkspace) -> None:
    assert workspace.name == str(workspace.folder)
    assert workspace.services.list() == []
    assert (workspace.folder / "workspace.toml").read_text() == (
        "# An mlmon workspace: services and their switches. mlmon keeps your comments.\n"
        'format = 1\nname = "Shop"\nid = "00000000-0000-0000-0000-000000000001"\n'
        'subscription = "SUB"\nresource_group = "Group"\n'
    )
    assert oct((workspace.folder / "workspace.toml").stat().st_mode)[-3:] == "644"


def test_a_workspace_file_that_is_a_folder_says_so(tmp_path: Path) -> None:
    (tmp_path / "workspace.toml").mkdir()
    with pytest.raises(MlmonError, match="cannot be read: Is a directory"):
        LocalWorkspace.open(tmp_path)


def test_services_are_registered_with_paths_that_move_with_the_folder(
    workspace: LocalWorkspace, tmp_path: Path
) -> None:
    inside, outside = workspace.folder / "score.py", tmp_path / "elsewhere.py"
    inside.write_text("")
    outside.write_text("")
    workspace.register(
        ServiceName("a"), script=inside, model=outside, model_name="ridge", model_version="3", features=["x", "y"]
    )
    made = workspace.register(ServiceName("ep", "blue"), script=outside)
    assert made.collections == (
        CollectionSetting("model_inputs", enabled=True),
        CollectionSetting("model_outputs", enabled=True),
    )
    assert (workspace.folder / "workspace.toml").read_text().partition("\n\n")[2] == (
        f'[services.a]\nscript = "score.py"\nmodel = "{outside}"\nmodel_name = "ridge"\nmodel_version = "3"\n'
        'features = ["x", "y"]\ninsights = true\ncollection = true\n\n'
        f'[services."ep/blue"]\nscript = "{outside}"\ninsights = true\n\n'
        '[services."ep/blue".collections.model_inputs]\nenabled = true\n\n'
        '[services."ep/blue".collections.model_outputs]\nenabled = true\n'
    )
    with pytest.raises(NotFound, match=r"the model .*nothing is not there"):
        workspace.register(ServiceName("b"), script=inside, model=tmp_path / "nothing")


def test_registering_again_keeps_the_switches(workspace: LocalWorkspace, add: Callable[..., ServiceName]) -> None:
    name = add("sums", features=["x"], column_generation=1)
    services = workspace.services
    services.apply(services.plan(name, SwitchRequest(Switch.COLLECTION, on=False)))
    add("sums")
    assert not services.get(name).collection
    assert workspace.services.get(name).insights
    assert 'features = ["x"]' in (workspace.folder / "workspace.toml").read_text()


def test_several_at_once_each_get_their_service_in(workspace: LocalWorkspace) -> None:
    script = workspace.folder / "score.py"
    script.write_text("")
    names = [ServiceName(f"service{number}") for number in range(12)]

    def register(name: ServiceName) -> None:
        LocalWorkspace.open(workspace.folder).register(name, script=script)

    threads = [threading.Thread(target=register, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [service.name for service in workspace.services.list()] == sorted(names)
