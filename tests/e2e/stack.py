"""The platform as `make run` starts it, in a folder, a database and a Redis of its own."""

import contextlib
import io
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import redis
from django.core.management import call_command

from tests.databases import copy_template

ROOT = Path(__file__).resolve().parents[2]
READY_SECONDS = 150  # migrating and loading the demo world on a slow machine
STOP_SECONDS = 20
REDIS_DATABASES = range(15, 0, -1)
LOG_LINES = 60


@dataclass
class Platform:
    """A running platform: where it answers and what its processes have said."""

    url: str
    folder: Path
    environment: dict[str, str]
    logs: list[Path] = field(default_factory=list)

    def said(self) -> str:
        """Return the last lines of every process, for the report of a failure."""
        parts = []
        for log in self.logs:
            lines = log.read_text(errors="replace").splitlines()[-LOG_LINES:]
            parts.append("\n".join([f"{log.name}:", *lines]))
        return "\n\n".join(parts)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def own_database(server: str, folder: Path) -> Iterator[str]:
    """Give the address of a new database: on that PostgreSQL server, or a file in the folder without one.

    It begins as a copy of what the suite migrated before, if it did.
    """
    if not server.startswith(("postgres://", "postgresql://")):
        path = folder / "platform.sqlite3"
        copy_template(str(path), "migrated")
        yield f"sqlite:///{path}"
        return
    name = f"call_e2e_{os.getpid()}"
    address = urlsplit(server)
    with psycopg.connect(server, autocommit=True) as connection:
        if not copy_template(name, "migrated"):
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            connection.execute(f'CREATE DATABASE "{name}"')
    try:
        yield urlunsplit(address._replace(path=f"/{name}"))
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@contextlib.contextmanager
def own_redis(server: str) -> Iterator[str]:
    """Give the address of an empty Redis database on that server, or nothing without one."""
    if not server:
        yield ""
        return
    address = urlsplit(server)
    taken = address.path.strip("/") or "0"
    for number in REDIS_DATABASES:
        url = urlunsplit(address._replace(path=f"/{number}"))
        with contextlib.closing(redis.Redis.from_url(url)) as client:
            if str(number) == taken or client.dbsize():
                continue
            client.set("e2e", secrets.token_hex(4))  # taken, for another run that looks for one
            try:
                yield url
            finally:
                client.flushdb()
            return
    raise RuntimeError("Redis has no empty database for the browser tests: 1 to 15 hold something.")


@contextlib.contextmanager
def running(command: list[str], log: Path, environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command, its words in a file, and stop it as Ctrl-C does; what does not stop is killed."""
    with log.open("wb") as words:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=words, stderr=words
        )
        try:
            yield process
        finally:
            for name in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
                if process.poll() is None:
                    process.send_signal(name)
                    with contextlib.suppress(subprocess.TimeoutExpired):
                        process.wait(STOP_SECONDS)


def wait_until_ready(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"The platform ended before it answered.\n{log.read_text(errors='replace')}")
        try:
            urllib.request.urlopen(f"{url}/robots.txt", timeout=10).close()  # noqa: S310 -- our own server
        except urllib.error.HTTPError as error:  # maintenance is an answer too
            error.close()
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
        else:
            return
    raise RuntimeError(f"The platform did not answer in {READY_SECONDS} s.\n{log.read_text(errors='replace')}")


@contextlib.contextmanager
def running_platform(folder: Path) -> Iterator[Platform]:
    """Start web server, worker and beat by `manage.py run`, on the engines that the environment names."""
    with (
        own_database(os.environ.get("DATABASE_URL", ""), folder) as database_url,
        own_redis(os.environ.get("REDIS_URL", "")) as redis_url,
    ):
        port = free_port()
        platform = Platform(f"http://127.0.0.1:{port}", folder, environment(folder, database_url, redis_url))
        log = folder / "platform.log"
        platform.logs.append(log)
        command = [sys.executable, "manage.py", "run", "--port", str(port)]
        with running(command, log, platform.environment) as process:
            wait_until_ready(platform.url, process, log)
            yield platform


def environment(folder: Path, database_url: str, redis_url: str) -> dict[str, str]:
    """Name everything that a file .env of the developer might name otherwise."""
    own = {
        "DJANGO_SETTINGS_MODULE": "config.settings.development",
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "VAR_ROOT": str(folder / "var"),
        "MEDIA_ROOT": str(folder / "var" / "media"),
        "PRIVATE_ROOT": str(folder / "var" / "private"),
        "MAILBOX_FOLDER": str(folder / "var" / "mail"),
        "MAINTENANCE": "false",
        "REQUIRE_STAFF_MFA": "false",
        "PYTHONUNBUFFERED": "1",
        **vapid_keys(),
    }
    return {**os.environ, **own}


def vapid_keys() -> dict[str, str]:
    """Make a pair of keys for browser push, as an operator does."""
    output = io.StringIO()
    call_command("make_vapid_keys", stdout=output)
    return dict(line.split("=", 1) for line in output.getvalue().split())


@contextlib.contextmanager
def running_web_server(platform: Platform, name: str, **variables: str) -> Iterator[str]:
    """Start one more web server before the same database, under other settings; give its address."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    log = platform.folder / f"{name}.log"
    platform.logs.append(log)
    command = [str(Path(sys.executable).parent / "granian"), "--interface", "wsgi", "config.wsgi:application"]
    command += ["--host", "127.0.0.1", "--port", str(port), "--blocking-threads", "2", "--log-level", "warning"]
    with running(command, log, {**platform.environment, **variables}) as process:
        wait_until_ready(url, process, log)
        yield url
