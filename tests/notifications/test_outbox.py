"""From a fact to lines and messages: once, with the change, for those who may see it."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from types import SimpleNamespace

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from notifications import services, tasks
from notifications.choices import Channel, EventState, MessageState, Mode, Verdict
from notifications.models import Delivery, Event, Item, Message, Mute, Preference, Reader
from notifications.registry import Kind, UnknownKind, register
from notifications.services import expansion, outbox
from tests.factories.accounts import UserFactory
from tests.factories.notifications import tell, told
from tests.notifications.kinds import DIGESTED, LOCKED, PUSHED, SITE_ONLY, TEST_KIND, TO_ALL, load_people

pytestmark = pytest.mark.django_db

Capture = Callable[..., AbstractContextManager[list[Callable[[], object]]]]


@pytest.fixture
def person() -> User:
    return UserFactory(name_native="Aigul")


def verdicts(event: Event) -> list[tuple[int, str, str]]:
    return list(event.deliveries.order_by("user_id", "channel").values_list("user_id", "channel", "verdict"))


def test_notify_outside_of_a_transaction_is_refused(person: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "connection", SimpleNamespace(in_atomic_block=False))

    with pytest.raises(services.NotInTransaction):
        services.notify(TEST_KIND, subject_id=person.pk, key="k", recipients=[person.pk])

    assert not Event.objects.exists()


def test_notify_rolls_back_with_its_change(person: User) -> None:
    def change_and_fail() -> None:
        with transaction.atomic():
            tell(person)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        change_and_fail()

    assert not Event.objects.exists()


def test_notify_of_the_same_fact_twice_is_one_event(person: User) -> None:
    first, second = tell(person, key="once"), tell(person, key="once")

    assert first == second
    assert Event.objects.count() == 1


def test_notify_of_an_unknown_kind_is_refused(person: User) -> None:
    kind = Kind("tests.unknown", "", "", load_people, str, "", "")

    with pytest.raises(UnknownKind):
        tell(person, kind=kind)


def test_notify_of_too_many_named_people_is_refused(person: User) -> None:
    with pytest.raises(services.TooManyRecipients):
        services.notify(TEST_KIND, subject_id=person.pk, key="k", recipients=range(501))


def test_notify_nudges_after_the_commit_with_the_id_alone(
    person: User, django_capture_on_commit_callbacks: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[tuple[object, ...]] = []
    monkeypatch.setattr(tasks.expand_event, "delay", lambda *arguments: sent.append(arguments))

    with django_capture_on_commit_callbacks(execute=True):
        event = tell(person)
        assert sent == []

    assert sent == [(event.pk,)]


def test_nudge_without_a_broker_costs_one_try_in_ten_seconds(
    person: User, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    tries: list[int] = []

    def fail(event_id: int) -> None:
        tries.append(event_id)
        raise ConnectionError("secret host")

    monkeypatch.setattr(tasks.expand_event, "delay", fail)
    monkeypatch.setattr(tasks, "_broken_until", 0.0)
    event = tell(person)

    tasks.nudge(event.pk)
    tasks.nudge(event.pk)

    assert tries == [event.pk]
    assert caplog.text.count("ConnectionError") == 1
    assert "secret" not in caplog.text


def test_kind_declared_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="twice"):
        register(TEST_KIND)


def test_expand_writes_a_line_and_a_message(person: User) -> None:
    event = tell(person)

    assert services.expand(event.pk) is True

    event.refresh_from_db()
    item, message = Item.objects.get(), Message.objects.get()
    assert (event.state, event.told, event.lease_owner) == (EventState.DONE, 1, "")
    assert (item.user, item.count, item.read_at) == (person, 1, None)
    assert (message.user, message.channel, message.state) == (person, Channel.MAIL, MessageState.OPEN)
    assert verdicts(event) == [(person.pk, "mail", "waiting")]


def test_expand_twice_tells_once(person: User) -> None:
    event = tell(person)
    services.expand(event.pk)

    assert services.expand(event.pk) is False

    assert Item.objects.get().count == 1


def test_expand_collapses_what_is_unread(person: User) -> None:
    told(person, times=3)

    item = Item.objects.get()
    assert item.count == 3
    assert Message.objects.count() == 1
    assert Delivery.objects.filter(message=Message.objects.get()).count() == 3


def test_expand_opens_a_new_line_after_reading(person: User) -> None:
    told(person)
    services.mark_read(person, Item.objects.get().pk, at=timezone.now())

    told(person)

    assert sorted(Item.objects.values_list("count", flat=True)) == [1, 1]
    assert Item.objects.unread().count() == 1


def test_expand_never_tells_the_actor_or_the_inactive(person: User) -> None:
    gone = UserFactory(is_active=False)
    other = UserFactory()

    event = tell(person, gone, other, actor=person, subject=other)

    services.expand(event.pk)

    assert [item.user for item in Item.objects.all()] == [other]
    assert (gone.pk, "site", Verdict.INACTIVE) in verdicts(event)


def test_expand_tells_nobody_what_they_may_not_see(person: User) -> None:
    event = tell(person, subject=UserFactory(name_native="Hidden One"))

    services.expand(event.pk)

    assert not Item.objects.exists()
    assert not Message.objects.exists()
    assert verdicts(event) == [(person.pk, "site", Verdict.NOT_VISIBLE)]


def test_expand_respects_choices(person: User) -> None:
    Preference.objects.create(user=person, kind=TEST_KIND.name, channel=Channel.MAIL, mode=Mode.OFF)
    event = tell(person)

    services.expand(event.pk)

    assert Item.objects.count() == 1
    assert not Message.objects.exists()
    assert verdicts(event) == [(person.pk, "mail", Verdict.OFF)]


def test_expand_records_a_mute_for_every_channel(person: User) -> None:
    event = tell(person)
    services.mute(person, event.scope, at=timezone.now())

    services.expand(event.pk)

    assert not Item.objects.exists()
    assert verdicts(event) == [(person.pk, "mail", "muted"), (person.pk, "site", "muted")]
    assert Mute.objects.count() == 1


def test_expand_of_a_locked_kind_ignores_mute_and_choice(person: User) -> None:
    Preference.objects.create(user=person, kind=LOCKED.name, channel=Channel.MAIL, mode=Mode.OFF)
    event = tell(person, kind=LOCKED)
    services.mute(person, event.scope, at=timezone.now())

    services.expand(event.pk)

    assert Item.objects.count() == 1
    assert verdicts(event) == [(person.pk, "mail", "waiting")]


def test_expand_for_the_digest_sets_its_hour(person: User) -> None:
    event = tell(person, kind=DIGESTED)

    services.expand(event.pk)

    assert verdicts(event) == [(person.pk, "mail", Verdict.DIGEST)]
    assert not Message.objects.exists()
    reader = Reader.objects.get(user=person)
    assert reader.digest_due_at is not None
    assert reader.digest_due_at > timezone.now()


def test_expand_for_the_digest_of_who_wants_none(person: User) -> None:
    Reader.objects.create(user=person, digest="off")
    event = tell(person, kind=DIGESTED)

    services.expand(event.pk)

    assert verdicts(event) == [(person.pk, "mail", Verdict.OFF)]


def test_expand_in_chunks_counts_exactly_after_a_crash(person: User, monkeypatch: pytest.MonkeyPatch) -> None:
    people = [person, *UserFactory.create_batch(6)]
    monkeypatch.setattr(expansion, "CHUNK", 2)
    with transaction.atomic():
        event = services.notify(TO_ALL, subject_id=person.pk, key="all")
    tell_chunk = expansion._tell
    calls = []

    def crash_in_the_middle(*arguments: object) -> None:
        calls.append(arguments)
        tell_chunk(*arguments)  # type: ignore[arg-type]  # passed through
        if len(calls) == 2:
            raise KeyboardInterrupt  # as a killed process: nothing is caught, the chunk rolls back

    monkeypatch.setattr(expansion, "_tell", crash_in_the_middle)
    with pytest.raises(KeyboardInterrupt):
        services.expand(event.pk)
    assert Item.objects.count() == 2
    assert services.expand(event.pk) is False  # the lease of the dead worker still runs

    Event.objects.update(lease_until=timezone.now())
    assert services.expand(event.pk) is True

    event.refresh_from_db()
    assert (event.state, event.told) == (EventState.DONE, len(people))
    assert sorted(Item.objects.values_list("user_id", "count")) == sorted((person.pk, 1) for person in people)
    assert Delivery.objects.count() == Message.objects.count() == len(people)


def test_expand_by_a_worker_that_lost_its_lease_writes_nothing(person: User, monkeypatch: pytest.MonkeyPatch) -> None:
    event = tell(person)
    tell_chunk = expansion._tell

    def be_overtaken(*arguments: object) -> None:
        tell_chunk(*arguments)  # type: ignore[arg-type]  # passed through
        Event.objects.update(lease_owner="another")

    monkeypatch.setattr(expansion, "_tell", be_overtaken)

    assert services.expand(event.pk) is False
    assert not Item.objects.exists()
    assert not Delivery.objects.exists()


def test_expand_gives_what_is_urgent_precedence(person: User, monkeypatch: pytest.MonkeyPatch) -> None:
    UserFactory.create_batch(3)
    monkeypatch.setattr(expansion, "CHUNK", 2)
    with transaction.atomic():
        slow = services.notify(TO_ALL, subject_id=person.pk, key="all")
    urgent = tell(person, kind=LOCKED)

    services.expand(slow.pk)

    order = list(Item.objects.order_by("pk").values_list("kind", flat=True))
    assert order.index(LOCKED.name) == 2  # after the first chunk
    assert Event.objects.get(pk=urgent.pk).state == EventState.DONE


def test_expand_that_fails_is_tried_again_and_given_up(
    person: User, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_arguments: object) -> None:
        raise RuntimeError("canary of a person")

    monkeypatch.setattr(expansion, "_tell", fail)
    event = tell(person)

    for _try in range(expansion.MOST_TRIES):
        Event.objects.update(due_at=timezone.now())
        assert services.expand(event.pk) is False

    event.refresh_from_db()
    assert (event.state, event.error_code) == (EventState.DEAD, "RuntimeError")
    assert caplog.text.count("RuntimeError") == 1  # one alert for one cause
    assert "canary" not in caplog.text


def test_event_of_a_kind_that_is_gone_is_given_up_at_once(person: User) -> None:
    event = tell(person)
    Event.objects.update(kind="gone.kind")

    services.expand(event.pk)

    event.refresh_from_db()
    assert (event.state, event.error_code) == (EventState.DEAD, "UnknownKind")


def test_push_joins_a_message_of_its_own(person: User) -> None:
    services.expand(tell(person, kind=PUSHED).pk)

    assert Message.objects.get().channel == Channel.PUSH


def test_expand_costs_the_same_for_one_and_for_many(
    person: User, django_assert_max_num_queries: Callable[[int], AbstractContextManager[object]]
) -> None:
    people = [person, *UserFactory.create_batch(60)]
    event = tell(*people, kind=SITE_ONLY)

    with django_assert_max_num_queries(14):
        services.expand(event.pk)

    assert Item.objects.count() == 61


def test_cancel_takes_back_what_was_not_sent(person: User) -> None:
    other = UserFactory()
    event = tell(person, other)
    services.expand(event.pk)

    withdrawn = services.cancel(event.scope, user_ids=[person.pk], at=timezone.now())

    assert withdrawn == 1
    assert [item.user for item in Item.objects.all()] == [other]
    assert verdicts(event) == [(person.pk, "mail", "cancelled"), (other.pk, "mail", "waiting")]
    assert Message.objects.get(user=person).state == MessageState.CANCELLED
    assert Message.objects.get(user=other).state == MessageState.OPEN


def test_cancel_for_everybody_stops_an_event_that_waits(person: User) -> None:
    event = tell(person)

    services.cancel(event.scope, at=timezone.now())

    assert services.expand(event.pk) is False
    assert not Item.objects.exists()
