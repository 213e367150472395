"""What goes wrong without end has one: for the message, for the alerts, and never for the others."""

import smtplib
from typing import Any

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.utils import timezone
from pytest_django import Settings

from notifications import services
from notifications.choices import Channel, MessageState, Verdict
from notifications.models import Attempt, Delivery, Message
from notifications.services import alerts, delivery
from tests.factories.accounts import UserFactory
from tests.factories.notifications import never_quiet, tell
from tests.notifications.kinds import DIRECT

pytestmark = pytest.mark.django_db


class BreakingBackend(EmailBackend):
    """A mail server that hangs up in the middle of every letter."""

    def send_messages(self, messages: Any) -> int:
        raise smtplib.SMTPServerDisconnected


class PoisonedBackend(EmailBackend):
    """A backend that fails for one address in a way that nobody has thought of."""

    def send_messages(self, messages: Any) -> int:
        if messages[0].to == ["poison@example.org"]:
            raise ValueError("poison@example.org")
        return super().send_messages(messages)


def direct_letter(email: str) -> None:
    person = UserFactory(email=email)
    never_quiet(person)
    services.expand(tell(person, kind=DIRECT).pk)


def mail_delivery() -> Delivery:
    return Delivery.objects.get(channel=Channel.MAIL)


def test_doubtful_letter_is_given_up_after_the_last_try(settings: Settings) -> None:
    settings.EMAIL_BACKEND = f"{__name__}.BreakingBackend"
    direct_letter("somebody@example.org")

    for _try in range(10):
        Message.objects.unfinished().update(due_at=timezone.now())
        services.deliver_due()

    message = Message.objects.get()
    assert (message.state, message.is_ambiguous) == (MessageState.FAILED, True)
    assert message.tries == Attempt.objects.count() == len(delivery.PAUSES) + 1
    assert mail_delivery().verdict == Verdict.UNKNOWN


def test_doubtful_letter_waits_longer_after_each_try(settings: Settings) -> None:
    settings.EMAIL_BACKEND = f"{__name__}.BreakingBackend"
    direct_letter("somebody@example.org")
    waits = []

    for _try in range(5):
        now = timezone.now()
        Message.objects.unfinished().update(due_at=now)
        services.deliver_due()
        waits.append((Message.objects.get().due_at - now).total_seconds())

    assert waits[0] == pytest.approx(60, abs=2)
    assert waits == sorted(waits)
    assert waits[-1] > 3600


def test_retry_of_a_doubtful_letter_sends_it_again() -> None:
    direct_letter("somebody@example.org")
    Message.objects.update(state=MessageState.FAILED, is_ambiguous=True, tries=len(delivery.PAUSES) + 1)
    Delivery.objects.update(verdict=Verdict.UNKNOWN)

    services.retry_message(Message.objects.get(), at=timezone.now())
    services.deliver_due()

    assert len(mail.outbox) == 1
    assert mail_delivery().verdict == Verdict.SENT


def test_error_of_a_channel_that_nobody_foresaw_concerns_one_message(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.EMAIL_BACKEND = f"{__name__}.PoisonedBackend"
    for email in ("poison@example.org", "second@example.org", "third@example.org"):
        direct_letter(email)
    mail.outbox.clear()
    Message.objects.update(state=MessageState.RETRY, due_at=timezone.now())

    services.deliver_due()

    states = dict(Message.objects.values_list("user__email", "state"))
    assert states == {
        "poison@example.org": MessageState.UNKNOWN,
        "second@example.org": MessageState.SENT,
        "third@example.org": MessageState.SENT,
    }
    assert [letter.to for letter in mail.outbox] == [["second@example.org"], ["third@example.org"]]
    assert caplog.text.count("fail at send: ValueError") == 1
    assert "poison@example.org" not in caplog.text


def test_alert_without_a_cache_is_told_and_stops_nothing(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    settings.CACHES = {
        "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://127.0.0.1:9/0"}
    }

    alerts.report("deliver", "tests.news", ValueError())

    assert "Notifications of kind tests.news fail at deliver: ValueError" in caplog.text
