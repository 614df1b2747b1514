"""nginx as a blob service over TLS, with a pause before each answer. Needs nginx-light and libnginx-mod-http-lua."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.blobserver.containers import Container
from emulators.certificate import Certificate

ACCOUNT = "benchmark"
PACKAGES = ("nginx-light", "libnginx-mod-http-lua", "libsecret-1-0", "curl")
MODULES = Path("/usr/lib/nginx/modules")
LUA = Path(__file__).parent

CONFIGURATION = """
{user}
load_module {modules}/ndk_http_module.so;
load_module {modules}/ngx_http_lua_module.so;
daemon off;
worker_processes 2;
worker_rlimit_nofile 16384;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
events {{ worker_connections 4096; }}
http {{
  {temporary}
  log_format listed "$request_uri";
  map $arg_comp $is_listing {{ default 0; list 1; }}
  access_log {folder}/listed.log listed if=$is_listing;
  default_type application/octet-stream;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 10000000;
  keepalive_timeout 120s;
  client_body_buffer_size 1m;
  lua_package_path "{lua}/?.lua;;";
  init_by_lua_block {{
    blobs = require "blobs"
    {load}
  }}
  server {{
    listen 127.0.0.1:{port} ssl backlog=1024;
    ssl_certificate {served};
    ssl_certificate_key {key};
    ssl_session_cache shared:tls:10m;
    location / {{
      root {root};
      rewrite_by_lua_block {{ blobs.rewrite({seconds}) }}
    }}
  }}
}}
"""


@dataclass(frozen=True, slots=True)
class Server:
    """A running server. `url` has the account in it and no slash at its end."""

    url: str
    folder: Path

    def listed(self) -> int:
        """How many listings it has answered so far."""
        with (self.folder / "listed.log").open("rb") as log:
            return sum(1 for _ in log)


@contextmanager
def serving(
    folder: Path, containers: Sequence[Container], *, root: Path, certificate: Certificate, delay: float
) -> Iterator[Server]:
    """Serve the containers, which lie below `root`/benchmark, with `delay` seconds before each answer.

    `folder` must exist; nginx keeps its own files there. Exits the program where nginx cannot be started.
    """
    port = _free_port()
    configuration = folder / "nginx.conf"
    configuration.write_text(
        _configuration(folder, containers, root=root, certificate=certificate, delay=delay, port=port)
    )
    program = shutil.which("nginx") or "/usr/sbin/nginx"
    command = [program, "-p", str(folder), "-e", str(folder / "error.log"), "-c", str(configuration)]
    with subprocess.Popen(command) as process:
        try:
            _wait_for(port, process, folder / "error.log")
            yield Server(f"https://127.0.0.1:{port}/{ACCOUNT}", folder)
        finally:
            process.terminate()


def _configuration(
    folder: Path, containers: Sequence[Container], *, root: Path, certificate: Certificate, delay: float, port: int
) -> str:
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    return CONFIGURATION.format(
        user="user root;" if os.getuid() == 0 else "",
        modules=MODULES,
        folder=folder,
        temporary="\n  ".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds),
        lua=LUA,
        load="\n    ".join(f'blobs.load("{each.index}", "{each.name}")' for each in containers),
        port=port,
        served=certificate.served,
        key=certificate.key,
        root=root,
        seconds=delay,
    )


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(200):
        if process.poll() is not None:
            break
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    process.kill()
    sys.exit(f"nginx did not start: {log.read_text() if log.exists() else ''}")
