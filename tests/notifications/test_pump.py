import os
import signal
import time
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.core.management import call_command
from django.db import OperationalError, connection
from django.utils import timezone
from pytest_django import Settings

from notifications.choices import EventState, MessageState
from notifications.management.commands import pump
from notifications.models import Event, Item, Message
from notifications.services import outbox
from tests.factories.accounts import UserFactory
from tests.factories.notifications import never_quiet, tell
from tests.notifications.kinds import DIRECT

# The command closes worn-out connections, and would close that of a test's own transaction.
pytestmark = pytest.mark.usefixtures("committed")


@pytest.fixture(autouse=True)
def lost_nudges(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lose every message to Celery: the pump alone has to do."""
    monkeypatch.setattr(outbox, "nudge", lambda event_id: None)


class TerminatingBackend(EmailBackend):
    """A mail server during whose answer the supervisor asks the process to stop."""

    def send_messages(self, messages: Any) -> int:
        os.kill(os.getpid(), signal.SIGTERM)
        return super().send_messages(messages)


def run_pump(*arguments: str) -> str:
    out = StringIO()
    call_command("pump", *arguments, stdout=out)
    return out.getvalue()


def direct_letters(number: int) -> None:
    for person in UserFactory.create_batch(number):
        never_quiet(person)
        tell(person, kind=DIRECT)


def test_pump_once_tells_and_sends_what_is_due() -> None:
    direct_letters(2)

    output = run_pump("--once")

    assert output == "told 2, sent or settled 2, digests 0, recovered 0\n"
    assert len(mail.outbox) == 2
    assert Item.objects.count() == 2


def test_pump_once_with_nothing_due() -> None:
    assert run_pump("--once") == "told 0, sent or settled 0, digests 0, recovered 0\n"


def test_pump_takes_back_what_a_dead_worker_held() -> None:
    direct_letters(1)
    run_pump("--once")
    Message.objects.update(state=MessageState.CLAIMED, lease_until=timezone.now())

    assert run_pump("--once") == "told 0, sent or settled 1, digests 0, recovered 1\n"


def test_pump_stops_when_its_time_is_over() -> None:
    direct_letters(1)
    started = time.monotonic()

    output = run_pump("--seconds", "0.5")

    assert time.monotonic() - started < 5
    assert output == "told 1, sent or settled 1, digests 0, recovered 0\n"


def test_pump_reports_each_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pump, "REPORT", 0.0)
    direct_letters(1)

    lines = run_pump("--seconds", "0.2").splitlines()

    assert lines[0] == "told 1, sent or settled 1, digests 0, recovered 0"
    assert lines[-1] == "told 0, sent or settled 0, digests 0, recovered 0"


def test_pump_finishes_the_message_in_hand_when_told_to_stop(settings: Settings) -> None:
    settings.EMAIL_BACKEND = f"{__name__}.TerminatingBackend"
    direct_letters(3)
    before = signal.getsignal(signal.SIGTERM)

    output = run_pump()

    assert output == "told 3, sent or settled 1, digests 0, recovered 0\n"
    assert len(mail.outbox) == 1
    states = Message.objects.order_by("state").values_list("state", "lease_owner")
    assert list(states) == [(MessageState.RETRY, ""), (MessageState.RETRY, ""), (MessageState.SENT, "")]
    assert signal.getsignal(signal.SIGTERM) == before


def test_pump_hands_back_what_it_did_not_send(settings: Settings) -> None:
    settings.EMAIL_BACKEND = f"{__name__}.TerminatingBackend"
    direct_letters(3)
    run_pump()
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"

    run_pump("--once")

    assert len(mail.outbox) == 3
    assert len({letter.extra_headers["Message-ID"] for letter in mail.outbox}) == 3


def test_pump_survives_a_database_that_goes_away(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(pump, "PAUSE_AFTER_ERROR", 0.01)
    direct_letters(1)
    failures = iter([True])

    def fail_once(execute: Callable[..., Any], *arguments: Any) -> Any:
        if next(failures, False):
            raise OperationalError("the connection is closed: somebody@example.org")
        return execute(*arguments)

    with connection.execute_wrapper(fail_once):
        output = run_pump("--seconds", "0.5")

    assert "The sweep failed: OperationalError" in caplog.text
    assert "somebody@example.org" not in caplog.text
    assert output == "told 1, sent or settled 1, digests 0, recovered 0\n"
    assert Event.objects.get().state == EventState.DONE
