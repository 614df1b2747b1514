"""A service and a timer of systemd, in a script that installs them for the user who runs it.

Grammar: systemd.service(5) on command lines, systemd.unit(5) on specifiers, systemd.time(7) on calendar events.
"""

from __future__ import annotations

from mlmon.core.errors import UsageError
from mlmon.monitoring.scheduling.check import ENV_FILE, Check

_END = "END-OF-UNIT"


def script(check: Check) -> str:
    """The script. Its units are texts that no shell looks into. Raises `UsageError` as `service`."""
    name = check.slug
    return "\n".join([
        "#!/bin/sh",
        "# Installs a timer for you on this machine: read it, then run it with sh. Without you being signed in it runs",
        "# after `loginctl enable-linger`. To see it: systemctl --user list-timers, and journalctl --user -u " + name,
        "# Nobody is there to sign in: on Azure use a managed identity, or set AZURE_CLIENT_ID and what goes with it.",
        *_comments(check),
        "set -eu",
        'units="${XDG_CONFIG_HOME:-$HOME/.config}/systemd/user"',
        'mkdir -p "$units"',
        f"""cat > "$units/{name}.service" <<'{_END}'""",
        service(check) + _END,
        f"""cat > "$units/{name}.timer" <<'{_END}'""",
        timer(check) + _END,
        "systemctl --user daemon-reload",
        f"systemctl --user enable --now {name}.timer",
        "",
    ])  # fmt: skip


def service(check: Check) -> str:
    """The unit that runs it. Raises `UsageError` for a folder that no unit can name."""
    if check.folder != check.folder.strip() or check.folder.endswith("\\"):
        raise UsageError(
            f"systemd cannot work in {check.folder!r}", hint="rename the folder: it ends in a blank or a backslash"
        )
    command = " ".join([_quoted(check.program, program=True), *(_quoted(each) for each in check.arguments())])
    optional = "" if check.alerts else "-"
    return "\n".join([
        "[Unit]",
        "Description=Checks for drift with mlmon",
        "",
        "[Service]",
        "Type=oneshot",
        f"WorkingDirectory={check.folder.replace('%', '%%')}",
        f"EnvironmentFile={optional}%h/{ENV_FILE}",
        f"ExecStart={command}",
        "",
    ])  # fmt: skip


def timer(check: Check) -> str:
    """The unit that says when: also after the machine was off."""
    return "\n".join([
        "[Unit]",
        "Description=Checks for drift with mlmon, regularly",
        "",
        "[Timer]",
        f"OnCalendar={calendar(check)}",
        "Persistent=true",
        "",
        "[Install]",
        "WantedBy=timers.target",
        "",
    ])  # fmt: skip


def calendar(check: Check) -> str:
    """When, as systemd.time(7) has it; a weekly check is on Mondays."""
    hour, minute = check.at
    clock = f"*:{minute:02}:00" if check.every == "hour" else f"{hour:02}:{minute:02}:00"
    return f"{'Mon ' if check.every == 'week' else ''}*-*-* {clock}"


def _comments(check: Check) -> list[str]:
    if not check.alerts:
        return []
    needed, optional = check.variables.needed, check.variables.optional
    return [
        f"# Addresses and secrets stand in ~/{ENV_FILE}, which only you may read (chmod 600), as NAME='value':",
        f"#   {' '.join(needed)}",
        *([f"#   if wanted: {' '.join(optional)}"] if optional else []),
    ]


def _quoted(word: str, *, program: bool = False) -> str:
    """One word: in double quotes, with what a unit gives a meaning to doubled. In a program's path `$` has none."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{escaped if program else escaped.replace("$", "$$")}"'
