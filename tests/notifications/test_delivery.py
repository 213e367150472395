"""From an open message to the other side: checked at the last moment, sent once, every end with its reason."""

import datetime as dt
import smtplib
from collections.abc import Callable

import pytest
import time_machine
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from notifications import services
from notifications.choices import Channel, DigestFrequency, MessageState, Mode, Verdict
from notifications.models import Attempt, Delivery, Item, MailAddress, Message, Preference, Reader
from notifications.registry import Kind, Notice
from notifications.services import delivery as delivery_module
from notifications.services import digests
from tests.factories.accounts import UserFactory
from tests.factories.notifications import never_quiet, pump, tell
from tests.notifications.kinds import DIGESTED, DIRECT, TEST_KIND
from tests.notifications.kinds import kind as declare

pytestmark = pytest.mark.django_db

NOON = dt.datetime(2026, 11, 24, 7, 0, tzinfo=dt.UTC)  # in Almaty
MIDNIGHT = dt.datetime(2026, 11, 24, 19, 0, tzinfo=dt.UTC)


class Obstinate(EmailBackend):
    """A mail server that answers as the test tells it to."""

    error: Exception | None = None
    opens = True

    def open(self) -> bool:
        if not self.opens:
            raise ConnectionRefusedError("no")
        return True

    def send_messages(self, messages: list[mail.EmailMessage]) -> int:
        if self.error is not None:
            raise self.error
        return super().send_messages(messages)


@pytest.fixture
def person() -> User:
    person = UserFactory(name_native="Aigul", language="en")
    never_quiet(person)
    return person


@pytest.fixture
def server(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> type[Obstinate]:
    settings.EMAIL_BACKEND = "tests.notifications.test_delivery.Obstinate"
    monkeypatch.setattr(Obstinate, "error", None)
    monkeypatch.setattr(Obstinate, "opens", True)
    return Obstinate


def opened(*people: User, kind: Kind = TEST_KIND, **facts: object) -> Message:
    """Tell an event and return the message that it opened for the first of the people."""
    services.expand(tell(*people, kind=kind, **facts).pk)  # type: ignore[arg-type]  # passed through
    return Message.objects.filter(user=people[0]).latest("pk")


def send() -> None:
    Message.objects.unfinished().update(due_at=timezone.now())
    services.deliver_due()


def end(message: Message) -> tuple[str, list[str]]:
    """Return how a message ended and what became of its events."""
    message.refresh_from_db()
    rows = Delivery.objects.filter(message=message).order_by("event_id")
    return message.state, list(rows.values_list("verdict", flat=True))


def test_message_waits_for_its_window(person: User) -> None:
    message = opened(person)

    services.sweep()

    assert end(message) == (MessageState.OPEN, [Verdict.WAITING])
    assert mail.outbox == []


def test_message_is_sent_and_says_so(person: User) -> None:
    message = opened(person)

    send()

    assert end(message) == (MessageState.SENT, [Verdict.SENT])
    assert message.sent_at is not None
    assert [letter.to for letter in mail.outbox] == [[person.email]]
    assert mail.outbox[0].subject == "News about Aigul (1)"
    attempt = Attempt.objects.get()
    assert (attempt.number, attempt.outcome, attempt.code) == (1, "sent", "250")


def test_message_sent_twice_is_one_letter(person: User) -> None:
    opened(person)

    send()
    send()

    assert len(mail.outbox) == 1


def test_events_in_the_window_are_one_letter(person: User) -> None:
    writer = UserFactory(name_native="Nurlan")
    for _number in range(3):
        message = opened(person, actor=writer)

    send()

    assert end(message) == (MessageState.SENT, [Verdict.SENT] * 3)
    assert [letter.subject for letter in mail.outbox] == ["Nurlan wrote about Aigul (3)"]


def test_an_event_after_closing_opens_a_new_message(person: User) -> None:
    first = opened(person)
    send()

    second = opened(person)

    assert first != second
    assert Message.objects.count() == 2


def revoke(person: User) -> None:
    person.name_native = "Hidden Now"
    person.save()


def deactivate(person: User) -> None:
    person.is_active = False
    person.save()


def read_it(person: User) -> None:
    services.mark_all_read(person, up_to=timezone.now(), at=timezone.now())


def mute_it(person: User) -> None:
    services.mute(person, Item.objects.get().scope, at=timezone.now())


def turn_it_off(person: User) -> None:
    Preference.objects.create(user=person, kind=TEST_KIND.name, channel=Channel.MAIL, mode=Mode.OFF)


def let_it_cool(person: User) -> None:
    MailAddress.objects.create(address=person.email, cooling_until=timezone.now() + dt.timedelta(days=7))


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        (revoke, Verdict.NOT_VISIBLE),
        (deactivate, Verdict.INACTIVE),
        (read_it, Verdict.READ),
        (mute_it, Verdict.MUTED),
        (turn_it_off, Verdict.OFF),
        (let_it_cool, Verdict.COOLING),
    ],
)
def test_what_changed_since_the_event_suppresses_with_a_reason(
    person: User, change: Callable[[User], None], verdict: Verdict
) -> None:
    message = opened(person)

    change(person)
    send()

    assert end(message) == (MessageState.SUPPRESSED, [verdict])
    assert mail.outbox == []
    assert not Attempt.objects.exists()


def test_only_what_was_read_is_left_out(person: User) -> None:
    message = opened(person)
    read_it(person)
    services.expand(tell(person).pk)

    send()

    assert end(message) == (MessageState.SENT, [Verdict.READ, Verdict.SENT])
    assert mail.outbox[0].subject == "News about Aigul (1)"


def test_quiet_hours_hold_a_message_until_the_morning(person: User) -> None:
    Reader.objects.filter(user=person).delete()
    with time_machine.travel(MIDNIGHT, tick=False):
        message = opened(person)
        services.deliver_due()
        assert message.due_at == dt.datetime(2026, 11, 25, 3, 0, tzinfo=dt.UTC)
        assert mail.outbox == []

    with time_machine.travel(message.due_at, tick=False):
        services.deliver_due()

    assert end(message) == (MessageState.SENT, [Verdict.SENT])


def test_quiet_hours_that_were_chosen_later_hold_it_too(person: User) -> None:
    with time_machine.travel(MIDNIGHT, tick=False):
        message = opened(person)
        Reader.objects.filter(user=person).update(quiet_hours=[[22 * 60, 8 * 60]] * 7)

        send()

        assert end(message) == (MessageState.RETRY, [Verdict.WAITING])
        assert message.due_at == dt.datetime(2026, 11, 25, 3, 0, tzinfo=dt.UTC)


def test_a_refusal_for_now_is_tried_again(person: User, server: type[Obstinate]) -> None:
    server.error = smtplib.SMTPSenderRefused(451, b"later", "x")
    message = opened(person)

    send()
    assert end(message) == (MessageState.RETRY, [Verdict.WAITING])
    server.error = None
    send()

    assert end(message) == (MessageState.SENT, [Verdict.SENT])
    assert list(Attempt.objects.order_by("number").values_list("outcome", "code")) == [
        ("temporary", "451"),
        ("sent", "250"),
    ]


def test_a_server_that_is_away_leaves_no_doubt(person: User, server: type[Obstinate]) -> None:
    server.opens = False
    message = opened(person)

    send()

    assert end(message) == (MessageState.RETRY, [Verdict.WAITING])
    assert message.is_ambiguous is False


@pytest.mark.parametrize(
    "error",
    [
        smtplib.SMTPRecipientsRefused({"x": (550, b"5.1.1 no such user")}),
        smtplib.SMTPDataError(554, b"policy"),
    ],
)
def test_a_refusal_for_good_ends_it(person: User, server: type[Obstinate], error: Exception) -> None:
    server.error = error
    message = opened(person)

    send()
    send()

    assert end(message) == (MessageState.FAILED, [Verdict.REFUSED])
    assert Attempt.objects.count() == 1


def test_a_broken_connection_is_doubtful_and_repeats_the_same_letter(person: User, server: type[Obstinate]) -> None:
    server.error = smtplib.SMTPServerDisconnected("after DATA")
    message = opened(person)

    send()
    assert end(message) == (MessageState.UNKNOWN, [Verdict.WAITING])
    server.error = None
    send()

    assert end(message) == (MessageState.SENT, [Verdict.SENT])
    first = mail.outbox[0]
    assert first.extra_headers["Message-ID"].startswith(f"<n{message.pk}.")


def test_a_doubtful_digest_is_never_repeated(person: User, server: type[Obstinate]) -> None:
    server.error = smtplib.SMTPServerDisconnected("after DATA")
    services.expand(tell(person, kind=DIGESTED).pk)
    Reader.objects.update(digest_due_at=timezone.now())
    services.make_due_digests(at=timezone.now())
    message = Message.objects.get()

    send()
    server.error = None
    send()

    assert end(message) == (MessageState.FAILED, [Verdict.UNKNOWN])
    assert mail.outbox == []


def test_a_message_is_given_up_after_its_last_try(person: User, server: type[Obstinate]) -> None:
    server.error = smtplib.SMTPDataError(421, b"later")
    message = opened(person)

    for _try in range(len(delivery_module.PAUSES) + 1):
        send()

    assert end(message) == (MessageState.FAILED, [Verdict.EXPIRED])
    assert Attempt.objects.count() == len(delivery_module.PAUSES) + 1


def test_a_message_that_would_come_too_late_expires(person: User, server: type[Obstinate]) -> None:
    server.error = smtplib.SMTPDataError(421, b"later")
    message = opened(person)
    Message.objects.update(expires_at=timezone.now() + dt.timedelta(seconds=5))

    send()

    assert end(message) == (MessageState.EXPIRED, [Verdict.EXPIRED])


def test_an_old_message_is_not_sent(person: User) -> None:
    message = opened(person)

    with time_machine.travel(timezone.now() + dt.timedelta(days=4)):
        send()

    assert end(message) == (MessageState.SUPPRESSED, [Verdict.EXPIRED])


def test_a_worker_that_died_while_checking_is_replaced(person: User) -> None:
    message = opened(person)
    Message.objects.update(state=MessageState.CLAIMED, lease_owner="dead", lease_until=timezone.now())

    services.sweep()

    assert end(message) == (MessageState.SENT, [Verdict.SENT])


def test_a_worker_that_died_while_sending_leaves_a_doubt(person: User) -> None:
    message = opened(person)
    Message.objects.update(state=MessageState.SENDING, lease_owner="dead", lease_until=timezone.now(), tries=1)

    services.sweep()
    assert end(message) == (MessageState.UNKNOWN, [Verdict.WAITING])
    assert message.due_at > timezone.now()
    send()

    assert end(message) == (MessageState.SENT, [Verdict.SENT])


def test_an_answer_after_the_lease_is_stolen_changes_nothing(person: User) -> None:
    message = opened(person)
    Message.objects.update(state=MessageState.SENDING, lease_owner="another", tries=1)
    outcome = delivery_module.Outcome(delivery_module.Result.PERMANENT, "550")

    services.settle(message, outcome, attempt=1, owner="mine")

    assert end(message) == (MessageState.SENDING, [Verdict.WAITING])


def _fail_for_bekzat(notice: Notice) -> str:
    if notice.subject.title == "Bekzat":
        raise ValueError(f"canary {notice.subject.title}")
    return "Fine"


FRAGILE = declare("tests.fragile", line=_fail_for_bekzat)


def test_a_letter_that_cannot_be_made_stops_no_other(person: User, caplog: pytest.LogCaptureFixture) -> None:
    bekzat, bolot = UserFactory(name_native="Bekzat"), UserFactory(name_native="Bekzat")
    never_quiet(bekzat, bolot)
    broken = [opened(bekzat, kind=FRAGILE), opened(bolot, kind=FRAGILE)]
    good = opened(person, kind=FRAGILE)

    send()

    assert end(good) == (MessageState.SENT, [Verdict.SENT])
    assert [end(message) for message in broken] == [(MessageState.RETRY, [Verdict.WAITING])] * 2
    assert [record.levelname for record in caplog.records if record.name.startswith("notifications")] == ["ERROR"]
    assert "canary" not in caplog.text
    for _try in range(len(delivery_module.PAUSES)):
        send()
    assert end(broken[0]) == (MessageState.FAILED, [Verdict.BROKEN])


def test_a_failed_message_can_be_tried_again_by_hand(person: User, server: type[Obstinate]) -> None:
    server.error = smtplib.SMTPDataError(554, b"policy")
    message = opened(person)
    send()
    server.error = None

    message.refresh_from_db()
    services.retry_message(message, at=timezone.now())
    send()

    assert end(message) == (MessageState.SENT, [Verdict.SENT])


def test_urgent_messages_go_first(person: User) -> None:
    other = UserFactory(name_native="Bolat")
    never_quiet(other)
    opened(person)
    opened(other, kind=DIRECT)

    send()

    assert [letter.to for letter in mail.outbox] == [[other.email], [person.email]]


def test_digest_is_one_letter_however_often_it_is_made(person: User) -> None:
    subjects = UserFactory.create_batch(3, name_native="Aizada")
    for subject in subjects:
        services.expand(tell(person, kind=DIGESTED, subject=subject).pk)
    Reader.objects.update(digest_due_at=timezone.now())

    made = [services.make_due_digests(at=timezone.now()) for _run in range(2)]
    send()

    assert made == [1, 0]
    assert [letter.subject for letter in mail.outbox] == ["Your digest: 3 pieces of news"]
    assert Delivery.objects.filter(verdict=Verdict.SENT).count() == 3


def test_digest_of_nothing_is_no_letter(person: User) -> None:
    Reader.objects.filter(user=person).update(digest_due_at=timezone.now())

    assert services.make_due_digests(at=timezone.now()) == 0
    assert Reader.objects.get(user=person).digest_due_at is None


def test_digest_leaves_out_what_was_read(person: User) -> None:
    services.expand(tell(person, kind=DIGESTED).pk)
    read_it(person)
    Reader.objects.update(digest_due_at=timezone.now())

    services.make_due_digests(at=timezone.now())
    send()

    assert mail.outbox == []
    assert Delivery.objects.get().verdict == Verdict.READ


def test_daily_digests_of_two_days_are_two(person: User) -> None:
    Reader.objects.filter(user=person).update(digest=DigestFrequency.DAILY)
    moment = NOON
    for _day in range(2):
        with time_machine.travel(moment, tick=False):
            services.expand(tell(person, kind=DIGESTED).pk)
            moment = Reader.objects.get(user=person).digest_due_at or moment
        with time_machine.travel(moment, tick=False):
            services.sweep()

    assert list(Message.objects.order_by("pk").values_list("period", flat=True)) == ["2026-11-25", "2026-11-26"]
    assert len(mail.outbox) == 2


def test_pump_needs_no_broker(person: User) -> None:
    tell(person)

    done = pump()

    assert (done["told"], done["messages"]) == (1, 1)
    assert len(mail.outbox) == 1


def test_digest_that_lost_its_hour_is_given_one(person: User) -> None:
    services.expand(tell(person, kind=DIGESTED).pk)
    Reader.objects.update(digest_due_at=None)

    assert digests.remind_of_digests(at=timezone.now()) == 1

    assert Reader.objects.get(user=person).digest_due_at is not None


def test_digest_takes_what_came_while_it_was_due(person: User) -> None:
    services.expand(tell(person, kind=DIGESTED).pk)
    moment = timezone.now()
    Reader.objects.update(digest_due_at=moment)
    services.expand(tell(person, kind=DIGESTED, subject=UserFactory()).pk)

    services.make_due_digests(at=moment)

    assert Message.objects.get().deliveries.count() == 2


def test_retry_by_hand_leaves_what_was_withdrawn(person: User, server: type[Obstinate]) -> None:
    server.error = smtplib.SMTPDataError(554, b"policy")
    message = opened(person)
    withdrawn = tell(person, subject=UserFactory())
    services.expand(withdrawn.pk)
    Delivery.objects.filter(event=withdrawn).update(message=message, verdict=Verdict.CANCELLED)
    Message.objects.exclude(pk=message.pk).delete()
    send()
    server.error = None

    message.refresh_from_db()
    services.retry_message(message, at=timezone.now())
    send()

    assert end(message) == (MessageState.SENT, [Verdict.SENT, Verdict.CANCELLED])


def test_cancel_does_not_deny_what_is_being_sent(person: User) -> None:
    message = opened(person)
    Message.objects.update(state=MessageState.SENDING, lease_owner="worker", lease_until=timezone.now(), tries=1)

    withdrawn = services.cancel(Item.objects.get().scope, at=timezone.now())

    assert withdrawn == 0
    assert end(message) == (MessageState.SENDING, [Verdict.WAITING])


def test_what_stands_in_an_unread_line_is_not_taken_for_read(person: User) -> None:
    message = opened(person)
    read_it(person)
    services.expand(tell(person).pk)
    # The older line is read a moment after the newer one was written.
    Item.objects.filter(read_at__isnull=False).update(read_at=timezone.now() + dt.timedelta(seconds=5))

    send()

    assert end(message) == (MessageState.SENT, [Verdict.READ, Verdict.SENT])
