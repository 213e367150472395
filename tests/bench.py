"""`make bench`: what a page costs the server, under granian with production settings.

A database of its own is created on the engine of DATABASE_URL (SQLite in a temporary folder without it), the demo world
is loaded, and pages are asked for one after another over one kept connection. CPU time is that of all threads of the
server's process between two requests, in nanoseconds from the kernel's scheduler; bytes are those of the compressed
body.
"""

import http.client
import json
import os
import platform
import secrets
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
REQUESTS = 200
WARM_UP = 20
TARGETS = {"lesson": 12.0, "public": 8.0}  # milliseconds at the median

PREPARE = """
import json
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.cached_db import SessionStore
from django.utils import timezone
from accounts.models import User
from courses import services
from courses.models import CourseRun, LessonPage, Unit
user = User.objects.get(email="advocate@example.org")
run = CourseRun.objects.filter(pace="self", course__title__contains="присяжных").get()
enrolment = services.enrol(run, user=user, language="ru", at=timezone.now())
lessons = Unit.objects.in_use().filter(course=run.course, lesson=None).order_by("position")
for unit in lessons[:2]:
    services.complete_lesson(enrolment, unit, language="ru", at=timezone.now())
session = SessionStore()
session[SESSION_KEY] = str(user.pk)
session[BACKEND_SESSION_KEY] = "allauth.account.auth_backends.AuthenticationBackend"
session[HASH_SESSION_KEY] = user.get_session_auth_hash()
session.save()
page = LessonPage.objects.get(translation_key=lessons[2].pk, locale__language_code="ru")
course = page.get_parent().get_parent().get_url()
print("RESULT" + json.dumps({"session": session.session_key, "lesson": page.get_url(), "course": course}))
"""


def main() -> None:
    """Measure the main pages and print a line for each."""
    with tempfile.TemporaryDirectory() as folder, database(Path(folder)) as url:
        environment = {
            **os.environ,
            "DATABASE_URL": url,
            "VAR_ROOT": folder,
            "SECRET_KEY": secrets.token_urlsafe(60),
            "ALLOWED_HOSTS": "127.0.0.1",
            "BASE_URL": "http://127.0.0.1",
        }
        development = {**environment, "DJANGO_SETTINGS_MODULE": "config.settings.development"}
        production = {**environment, "DJANGO_SETTINGS_MODULE": "config.settings.production"}
        manage(development, "migrate", "-v0")
        manage(development, "load_demo")
        output = manage(development, "shell", "-v0", "-c", PREPARE)
        prepared = json.loads(output.split("RESULT")[1].splitlines()[0])
        manage(production, "collectstatic", "--no-input", "-v0")
        print(describe(url))
        pages = [
            ("public home", "public", "/", False),
            ("standard page", "public", "/about/", False),
            ("news", "public", "/news/", False),
            ("catalogue", "public", "/courses/", False),
            ("course, visitor", "public", prepared["course"], False),
            ("member home", "member", "/home/", True),
            ("catalogue, learner", "member", "/courses/", True),
            ("course, learner", "member", prepared["course"], True),
            ("lesson, learner", "lesson", prepared["lesson"], True),
        ]
        print(f"{'page':<20}{'CPU ms median':>14}{'p95':>8}{'bytes':>9}{'target':>9}")
        with server(production) as (port, pid):
            for name, kind, path, is_signed_in in pages:
                cookie = f"sessionid={prepared['session']}" if is_signed_in else ""
                median, p95, size = measure(port, pid, path, cookie)
                target = f"{TARGETS[kind]:.0f}" if kind in TARGETS else "-"
                print(f"{name:<20}{median:>14.1f}{p95:>8.1f}{size:>9}{target:>9}")


def manage(environment: dict[str, str], *arguments: str) -> str:
    """Run a management command and return what it printed."""
    command = [sys.executable, "manage.py", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(arguments)}:\n{done.stderr[-2000:]}")
    return done.stdout


@contextmanager
def database(folder: Path) -> Iterator[str]:
    """Create an empty database on the engine of DATABASE_URL for the length of the block."""
    url = os.environ.get("DATABASE_URL", "")
    if not url.startswith("postgres"):
        yield f"sqlite:///{folder / 'bench.sqlite3'}"
        return
    import psycopg  # noqa: PLC0415 -- only for this engine

    name = f"call_bench_{os.getpid()}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    try:
        yield urlunsplit(urlsplit(url)._replace(path=f"/{name}"))
    finally:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def server(environment: dict[str, str]) -> Iterator[tuple[int, int]]:
    """Run granian with one worker; yield its port and the worker's process id."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        str(BIN / "granian"), "--interface", "wsgi", "config.wsgi:application", "--port", str(port),
        "--workers", "1", "--blocking-threads", "1", "--log-level", "error",
    ]  # fmt: skip
    process = subprocess.Popen(command, cwd=ROOT, env=environment)
    try:
        deadline = time.monotonic() + 30
        while True:
            try:
                request(http.client.HTTPConnection("127.0.0.1", port, timeout=5), "/robots.txt", "")
                break
            except OSError:
                if time.monotonic() > deadline:
                    sys.exit("The server did not start.")
                time.sleep(0.1)
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        yield port, max(map(int, children), key=lambda pid: cpu_nanoseconds(pid))
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=20)


def request(connection: http.client.HTTPConnection, path: str, cookie: str) -> tuple[int, int]:
    """Ask for a page as a proxy would; return status and bytes of the compressed body."""
    headers = {"X-Forwarded-Proto": "https", "Accept-Encoding": "gzip", "Host": "127.0.0.1"}
    connection.request("GET", path, headers={**headers, "Cookie": cookie} if cookie else headers)
    response = connection.getresponse()
    return response.status, len(response.read())


def cpu_nanoseconds(pid: int) -> int:
    """Return the time that all threads of a process have run."""
    return sum(int(path.read_text().split()[0]) for path in Path(f"/proc/{pid}/task").glob("*/schedstat"))


def measure(port: int, pid: int, path: str, cookie: str) -> tuple[float, float, int]:
    """Return median and 95th percentile of milliseconds of CPU, and bytes."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    times = []
    size = 0
    for number in range(WARM_UP + REQUESTS):
        before = cpu_nanoseconds(pid)
        status, size = request(connection, path, cookie)
        if status != http.HTTPStatus.OK:
            sys.exit(f"{path} answered {status}.")
        if number >= WARM_UP:
            times.append((cpu_nanoseconds(pid) - before) / 1e6)
    return statistics.median(times), statistics.quantiles(times, n=20)[-1], size


def describe(url: str) -> str:
    """Name the machine and the engines beside the figures."""
    model = next(
        (line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line),
        platform.machine(),
    )
    engine = "SQLite" if url.startswith("sqlite") else "PostgreSQL"
    if engine == "PostgreSQL":
        import psycopg  # noqa: PLC0415 -- only for this engine

        with psycopg.connect(url) as connection:
            engine = f"PostgreSQL {connection.info.server_version // 10000}"
    cache = "Redis" if os.environ.get("REDIS_URL") else "file cache"
    return (
        f"{model}, {os.cpu_count()} cores; Python {platform.python_version()}, granian, {engine}, {cache}; "
        f"{REQUESTS} requests a page, one at a time"
    )


if __name__ == "__main__":
    main()
