"""Several workers at the same moment, and workers that wake up after others have taken over."""

import datetime as dt
import threading
from collections.abc import Iterator

import pytest
from django.core import mail
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import User
from notifications import registry, services
from notifications.channels.outcomes import Outcome, Result
from notifications.choices import Channel, EventState, MessageState, Urgency, Verdict
from notifications.models import Attempt, Delivery, Event, Item, Message
from notifications.registry import Kind
from notifications.services import delivery, expansion, outbox
from tests.courses.threads import run_together
from tests.factories.accounts import UserFactory
from tests.factories.notifications import never_quiet, tell
from tests.notifications.kinds import DIRECT, SITE_ONLY, TEST_KIND, TO_ALL, kind


@pytest.fixture(autouse=True)
def lost_nudges(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lose every message to Celery: each test says itself who works when."""
    monkeypatch.setattr(outbox, "nudge", lambda event_id: None)


def people(number: int) -> list[User]:
    persons = UserFactory.create_batch(number)
    never_quiet(*persons)
    return persons


def make_due() -> None:
    Message.objects.unfinished().update(due_at=timezone.now())


def message_ids() -> list[str]:
    return [letter.extra_headers["Message-ID"] for letter in mail.outbox]


@pytest.mark.usefixtures("committed")
def test_sweep_by_four_at_once_does_everything_once() -> None:
    persons = people(6)
    for _number in range(5):
        tell(*persons, kind=DIRECT)

    results = run_together(4, lambda _n: services.sweep())
    services.sweep()

    assert not [result for result in results if isinstance(result, Exception)]
    assert sum(result["told"] for result in results) == 5
    assert sum(Item.objects.values_list("count", flat=True)) == 5 * 6
    assert set(Delivery.objects.values_list("verdict", flat=True)) == {Verdict.SENT}
    assert len(mail.outbox) == len(set(message_ids())) == Message.objects.count() == Attempt.objects.count()


@pytest.mark.usefixtures("committed")
def test_deliver_due_by_four_at_once_sends_each_letter_once() -> None:
    for person in people(50):
        services.expand(tell(person, kind=DIRECT).pk)

    results = run_together(4, lambda _n: services.deliver_due())

    assert sum(results) == 50
    assert sorted(set(message_ids())) == sorted(message_ids())
    assert set(Message.objects.values_list("state", "tries")) == {(MessageState.SENT, 1)}


@pytest.mark.usefixtures("committed")
def test_expand_by_four_at_once_is_done_by_one() -> None:
    event = tell(*people(3), kind=SITE_ONLY)

    results = run_together(4, lambda _n: services.expand(event.pk))

    assert sorted(results) == [False, False, False, True]
    assert list(Item.objects.values_list("count", flat=True)) == [1, 1, 1]


@pytest.mark.usefixtures("committed")
def test_events_on_one_subject_expanded_at_once_add_up() -> None:
    persons = people(20)
    events = [tell(*persons, kind=TEST_KIND) for _number in range(8)]

    results = run_together(8, lambda number: services.expand(events[number].pk))

    assert results == [True] * 8
    assert set(Item.objects.values_list("count", flat=True)) == {8}
    assert Item.objects.count() == Message.objects.filter(state=MessageState.OPEN).count() == 20
    assert Delivery.objects.filter(message__state=MessageState.OPEN).count() == 8 * 20


@pytest.mark.usefixtures("committed")
def test_event_that_comes_while_its_message_is_claimed_gets_a_message_of_its_own() -> None:
    [person] = people(1)
    services.expand(tell(person).pk)
    make_due()
    late = tell(person)

    with transaction.atomic():
        [claimed] = delivery._claim("first")
        joining = threading.Thread(target=_expand_and_close, args=(late.pk,))
        joining.start()
        joining.join(timeout=0.5)
        waits = joining.is_alive()
    joining.join(timeout=30)

    assert waits
    first, second = Message.objects.order_by("pk")
    assert (first.pk, first.state, second.state) == (claimed, MessageState.CLAIMED, MessageState.OPEN)
    assert [row.message for row in Delivery.objects.order_by("event_id")] == [first, second]


@pytest.mark.usefixtures("committed")
def test_event_that_joins_while_its_message_is_looked_for_is_in_the_letter() -> None:
    [person] = people(1)
    services.expand(tell(person).pk)
    make_due()
    late = tell(person)
    claimed: list[int] = []

    with transaction.atomic():
        services.expand(late.pk)
        looking = threading.Thread(target=lambda: (claimed.append(services.deliver_due()), connection.close()))
        looking.start()
        looking.join(timeout=0.5)
    looking.join(timeout=30)
    services.deliver_due()

    message = Message.objects.get()
    assert message.state == MessageState.SENT
    assert message.deliveries.filter(verdict=Verdict.SENT).count() == 2
    assert len(mail.outbox) == 1


def _expand_and_close(event_id: int) -> None:
    services.expand(event_id)
    connection.close()


@pytest.mark.usefixtures("committed")
def test_events_that_come_while_letters_go_out_are_all_in_some_letter() -> None:
    persons = people(4)
    events = [tell(*persons, kind=DIRECT, subject=persons[0]) for _number in range(12)]

    def work(number: int) -> int:
        if number % 2:
            return services.deliver_due()
        return sum(services.expand(event.pk) for event in events[number // 2 :: 3])

    results = run_together(6, work)
    make_due()
    services.deliver_due()

    assert not [result for result in results if isinstance(result, Exception)]
    assert Delivery.objects.filter(channel=Channel.MAIL, verdict=Verdict.SENT).count() == 12 * 4
    assert set(Item.objects.values_list("count", flat=True)) == {12}
    assert len(mail.outbox) == len(set(message_ids())) == Message.objects.filter(state=MessageState.SENT).count()


def steal(subject_id: str, persons: list[User]) -> set[int]:
    """Take the lease of the long event over, as a worker does that found it expired."""
    Event.objects.filter(kind=TO_ALL.name).update(lease_owner="thief", lease_until=timezone.now() + dt.timedelta(60))
    return {person.pk for person in persons}


@pytest.fixture
def thief() -> Iterator[Kind]:
    """A kind whose events are told between two chunks of any other."""
    yield kind("tests.thief", urgency=Urgency.SECURITY, visible_among=steal)
    del registry._kinds["tests.thief"]


@pytest.mark.django_db
def test_expand_whose_lease_was_stolen_between_two_chunks_rolls_back_and_is_finished_by_another(thief: Kind) -> None:
    persons = User.objects.bulk_create(User(email=f"p{number}@example.org", password="!") for number in range(501))
    long = tell(persons[0], kind=TO_ALL)
    Event.objects.filter(pk=long.pk).update(recipients=None)
    tell(persons[0], kind=thief)

    assert not services.expand(long.pk)

    long.refresh_from_db()
    mine = Item.objects.filter(event=long)
    assert (long.told, long.cursor, long.state) == (500, persons[499].pk, EventState.EXPANDING)
    assert mine.count() == Delivery.objects.filter(event=long).count() == 500

    Event.objects.filter(pk=long.pk).update(lease_until=timezone.now())

    assert services.expand(long.pk)
    long.refresh_from_db()
    assert (long.told, long.state) == (501, EventState.DONE)
    assert list(mine.values_list("count", flat=True).distinct()) == [1]
    assert mine.count() == Delivery.objects.filter(event=long).count() == 501


@pytest.mark.django_db
def test_chunk_of_a_worker_that_lost_its_lease_leaves_nothing() -> None:
    event = tell(*people(3))
    Event.objects.update(state=EventState.EXPANDING, lease_owner="thief")

    with pytest.raises(expansion.LeaseLost):
        expansion._expand_chunk(event, TEST_KIND, "sleeper")

    event.refresh_from_db()
    assert (event.told, event.cursor, event.lease_owner) == (0, 0, "thief")
    assert not Item.objects.exists()
    assert not Message.objects.exists()
    assert not Delivery.objects.exists()


def _claimed(owner: str) -> Message:
    [person] = people(1)
    services.expand(tell(person, kind=DIRECT).pk)
    delivery._claim(owner)
    return Message.objects.get()


@pytest.mark.django_db
def test_worker_that_lost_its_lease_before_sending_sends_nothing() -> None:
    message = _claimed("sleeper")
    Message.objects.update(lease_owner="thief")

    delivery._deliver(message.pk, "sleeper")

    message.refresh_from_db()
    assert (message.state, message.lease_owner, message.tries) == (MessageState.CLAIMED, "thief", 0)
    assert mail.outbox == []


@pytest.mark.django_db
def test_worker_whose_lease_ran_out_before_sending_sends_nothing() -> None:
    message = _claimed("sleeper")
    Message.objects.update(lease_until=timezone.now())

    delivery._deliver(message.pk, "sleeper")

    assert mail.outbox == []
    assert not Attempt.objects.exists()


@pytest.mark.django_db
def test_worker_that_lost_its_lease_while_sending_notes_only_its_attempt() -> None:
    message = _claimed("sleeper")
    prepared = delivery._prepare(message.pk, "sleeper")
    assert prepared is not None
    Message.objects.update(lease_owner="thief")

    services.settle(prepared.message, Outcome(Result.PERMANENT, "550"), attempt=prepared.attempt, owner="sleeper")

    message.refresh_from_db()
    assert (message.state, message.lease_owner) == (MessageState.SENDING, "thief")
    assert Attempt.objects.get().code == "550"
    assert Delivery.objects.get(channel=Channel.MAIL).verdict == Verdict.WAITING
