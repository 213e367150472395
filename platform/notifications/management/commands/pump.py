"""`manage.py pump`: the sweeper as a process of its own, for a platform without a broker or beside a busy one."""

import logging
import signal
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError, InterfaceError, close_old_connections

from notifications import services

logger = logging.getLogger(__name__)

PAUSE = 1.0  # seconds, where nothing was due
PAUSE_AFTER_ERROR = 5.0
REPORT = 60.0
STEP = 0.1  # how soon a waiting process notices a signal


class Command(BaseCommand):
    help = "Tell and send whatever is due, for ever; needs the database alone. Any number may run at the same time."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="Look once and stop.")
        parser.add_argument("--seconds", type=float, help="Stop after so many seconds.")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["once"]:
            self._print(Counter(services.sweep()))
            return
        # A flag and no threading.Event: a handler that runs while the same thread holds the lock of an event hangs.
        self._is_told_to_stop = False
        old = {number: signal.signal(number, self._stop) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            self._loop(options["seconds"])
        finally:
            for number, handler in old.items():
                signal.signal(number, handler)

    def _stop(self, *_arguments: object) -> None:
        self._is_told_to_stop = True

    def _loop(self, seconds: float | None) -> None:
        """Sweep until told to stop or until the time is over; the message in hand is finished first."""
        started = reported = time.monotonic()
        counts: Counter[str] = Counter()

        def is_over() -> bool:
            return self._is_told_to_stop or (seconds is not None and time.monotonic() - started >= seconds)

        while not is_over():
            close_old_connections()
            try:
                done = services.sweep(is_over=is_over)
            except (DatabaseError, InterfaceError) as error:
                # The database is away or was restarted: whatever was in hand has a lease and is taken up again, over a
                # new connection.
                logger.warning("The sweep failed: %s", type(error).__name__)
                _wait(PAUSE_AFTER_ERROR, is_over)
                continue
            counts.update(done)
            if time.monotonic() - reported >= REPORT:
                self._print(counts)
                counts.clear()
                reported = time.monotonic()
            if not any(done.values()):
                _wait(PAUSE, is_over)
        self._print(counts)

    def _print(self, counts: Counter[str]) -> None:
        self.stdout.write(
            f"told {counts['told']}, sent or settled {counts['messages']}, digests {counts['digests']}, "
            f"recovered {counts['recovered']}"
        )
        self.stdout.flush()


def _wait(seconds: float, is_over: Callable[[], bool]) -> None:
    """Wait, but not beyond a signal to stop."""
    until = time.monotonic() + seconds
    while not is_over() and (left := until - time.monotonic()) > 0:
        time.sleep(min(left, STEP))
