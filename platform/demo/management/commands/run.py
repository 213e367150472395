"""`make run`: the whole platform on one machine, with nothing but Python."""

import os
import signal
import socket
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import honcho.manager
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from honcho.manager import Manager
from honcho.printer import Printer

from courses.models import CoursePage
from demo.files import CONTENT, read_yaml
from demo.loader.people import DEMO_PASSWORD

HOST = "127.0.0.1"
READY_SECONDS = 60
STOP_SECONDS = 15


class Command(BaseCommand):
    help = "Migrate, load the demo world once, and run web server, Celery worker and beat until Ctrl-C."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=8000)

    def handle(self, *args: Any, **options: Any) -> None:
        port: int = options["port"]
        if not settings.DEBUG:
            raise CommandError("This runs a demo; production is described in docs/operations.md.")
        _refuse_busy_port(port)
        os.environ["BASE_URL"] = settings.WAGTAILADMIN_BASE_URL = f"http://{HOST}:{port}"
        _prepare()
        manager = Manager(Printer(sys.stdout))
        honcho.manager.KILL_WAIT = STOP_SECONDS  # a worker finishes its task before it goes
        for name, command in _processes(port).items():
            manager.add_process(name, command, env=os.environ.copy())
        threading.Thread(target=self._announce, args=(port,), daemon=True).start()
        manager.loop()
        # Ctrl-C stops all three with SIGINT, which is the ordinary end here.
        if manager.returncode not in {0, -signal.SIGINT, 128 + signal.SIGINT, None}:
            raise CommandError("A process of the platform ended by itself: its last lines above say why.")

    def _announce(self, port: int) -> None:
        """Print the address and the accounts as soon as the site answers."""
        url = f"http://{HOST}:{port}"
        if not _wait_for(f"{url}/robots.txt"):
            return
        people = read_yaml(CONTENT / "site" / "people.yaml")
        lines = [
            "",
            f"  The platform is ready:  {url}/  (Russian)   {url}/en/  (English)",
            f"  Editors and the office: {url}/admin/",
            f"  Passkeys need a name:   http://localhost:{port}/account/login/",
            f"  Caught mail:            {url}/mailbox/",
            f"  Accounts, all with the password {DEMO_PASSWORD}:",
            *(f"    {person['email']:<28}{person['role']}" for person in people),
            "  Ctrl-C stops everything.",
            "",
        ]
        self.stdout.write("\n".join(lines))


def _refuse_busy_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise CommandError(
                f"Port {port} is taken by another program. Choose another one: make run PORT={port + 1}"
            ) from error


def _prepare() -> None:
    """Migrate if there is something to migrate, and load the demo world if it is not there."""
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        call_command("migrate", verbosity=0, interactive=False)
    if not CoursePage.objects.exists():
        call_command("load_demo")


def _processes(port: int) -> dict[str, str]:
    folder = Path(sys.executable).parent
    log = "--loglevel WARNING"
    return {
        "web": (
            f"{folder}/granian --interface wsgi config.wsgi:application --host {HOST} --port {port}"
            " --workers 1 --blocking-threads 4 --workers-kill-timeout 8 --log-level warning"
        ),
        "worker": (
            f"{folder}/celery --app config --quiet worker {log} --pool threads --concurrency 2 --queues default,bulk"
        ),
        "beat": f"{folder}/celery --app config --quiet beat {log}",
    }


def _wait_for(url: str) -> bool:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=2):  # noqa: S310 -- our own server on the loopback
                return True
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    return False
