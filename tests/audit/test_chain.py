"""The chain of the audit log: written once, sealed in order, and every kind of tampering found."""

import datetime as dt
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks

from audit.models import AuditEvent, ChainHead, EventUnchangeable, raw_events
from audit.services import ERASED, GENESIS, Problem, erase_detail, record, seal, verify
from tests.courses.threads import run_together
from tests.factories.accounts import UserFactory
from tests.factories.audit import write_event

pytestmark = pytest.mark.django_db


def now() -> dt.datetime:
    return timezone.now()


def tamper(assignment: str, number: int, *values: object) -> None:
    """Change a sealed event behind the back of the code."""
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE audit_auditevent SET {assignment} WHERE number = %s", [*values, number])  # noqa: S608 -- ours


def sealed(count: int) -> list[AuditEvent]:
    person = UserFactory()
    for number in range(count):
        write_event(actor=person, person=person, detail={"n": number, "share": 1e20})
    seal(at=now())
    return list(AuditEvent.objects.order_by("pk"))


def test_an_event_cannot_be_changed_or_deleted() -> None:
    event = write_event()

    for forbidden in (
        event.save,
        event.delete,
        AuditEvent.objects.all().delete,
        lambda: AuditEvent.objects.update(action="x"),
    ):
        with pytest.raises(EventUnchangeable):
            forbidden()


def test_seal_numbers_in_the_order_of_writing() -> None:
    events = [write_event() for _n in range(5)]

    assert [seal(at=now(), limit=3), seal(at=now(), limit=3), seal(at=now(), limit=3)] == [3, 2, 0]

    rows = list(AuditEvent.objects.order_by("pk").values_list("pk", "number"))
    assert rows == [(event.pk, number) for number, event in enumerate(events, 1)]
    head = ChainHead.objects.get()
    assert (head.number, head.hash) == (5, AuditEvent.objects.get(number=5).hash)
    assert len(set(AuditEvent.objects.values_list("hash", flat=True))) == 5


@pytest.mark.parametrize("count", [1, 3, 30])
def test_seal_costs_the_same_for_any_number(count: int, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    sealed(1)
    for _n in range(count):
        write_event()

    with django_assert_num_queries(7):  # savepoints included
        seal(at=now())


def test_an_empty_log_is_whole() -> None:
    result = verify(at=now(), known_head=GENESIS)

    assert (result.is_whole, result.count, result.head_hash) == (True, 0, GENESIS)


def test_verify_accepts_what_was_written() -> None:
    sealed(7)
    write_event()

    result = verify(at=now())

    assert (result.is_whole, result.count) == (True, 7)


TAMPERING: list[tuple[str, tuple[Any, ...], Problem]] = [
    ("at = %s", (dt.datetime(2020, 1, 1, tzinfo=dt.UTC),), Problem.CHANGED),
    ("actor_id = %s", (99,), Problem.CHANGED),
    ("actor_id = NULL", (), Problem.CHANGED),
    ("action = %s", ("members.other",), Problem.CHANGED),
    ("subject_type = %s", ("members.other",), Problem.CHANGED),
    ("subject_id = %s", ("99",), Problem.CHANGED),
    ("person_id = %s", (99,), Problem.CHANGED),
    ("chapter_id = NULL", (), Problem.CHANGED),
    ("reason_code = %s", ("conduct",), Problem.CHANGED),
    ("detail_hash = %s", ("0" * 64,), Problem.CHANGED),
    ("hash = %s", ("0" * 64,), Problem.CHANGED),
    ("id = id + 1000", (), Problem.CHANGED),
    ("number = number + 1000", (), Problem.GAP),
    ("number = 0", (), Problem.GAP),
    ("number = NULL", (), Problem.GAP),
    ("detail = %s", ('{"n": 8}',), Problem.DETAIL),
    ("detail = %s", ("{}",), Problem.DETAIL),
    ("salt = %s", ("1" * 32,), Problem.DETAIL),
    ("salt = ''", (), Problem.DETAIL),
    ("detail = %s, salt = ''", ("{}",), Problem.EMPTIED),
]


@pytest.mark.parametrize(("assignment", "values", "problem"), TAMPERING)
def test_verify_finds_a_changed_event(assignment: str, values: tuple[Any, ...], problem: Problem) -> None:
    sealed(6)

    tamper(assignment, 3, *values)

    assert verify(at=now()).problem == problem


def test_verify_finds_a_removed_event() -> None:
    sealed(6)
    raw_events().filter(number=3).delete()

    result = verify(at=now())

    assert (result.problem, result.number, result.count) == (Problem.GAP, 4, 2)


def test_verify_finds_removed_events_at_the_end() -> None:
    sealed(6)
    raw_events().filter(number__gte=5).delete()

    result = verify(at=now())

    assert (result.problem, result.number) == (Problem.REMOVED, 5)


def test_verify_finds_a_head_that_was_moved_back_with_the_removal() -> None:
    events = sealed(6)
    noted = events[-1].hash
    raw_events().filter(number=6).delete()
    ChainHead.objects.update(number=5, hash=events[4].hash)

    assert verify(at=now()).is_whole  # nothing inside the log can show it
    assert verify(at=now(), known_head=noted).has_known_head is False
    assert verify(at=now(), known_head=events[2].hash).is_whole


@pytest.mark.parametrize("change", [{"number": 5}, {"hash": "a" * 64}])
def test_verify_finds_a_head_that_does_not_match(change: dict[str, object]) -> None:
    sealed(6)
    ChainHead.objects.update(**change)

    assert verify(at=now()).problem == Problem.HEAD


def test_verify_finds_a_swap() -> None:
    sealed(6)
    tamper("number = 1003", 3)
    tamper("number = 3", 4)
    tamper("number = 4", 1003)

    assert verify(at=now()).problem == Problem.CHANGED


def test_verify_finds_what_waits_for_too_long() -> None:
    late = write_event(at=now() - dt.timedelta(minutes=6))

    result = verify(at=now())

    assert (result.problem, result.event_id) == (Problem.UNSEALED, late.pk)


FIELDS = st.sampled_from(
    ["actor_id", "action", "subject_type", "subject_id", "person_id", "chapter_id", "reason_code", "hash", "salt"]
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(number=st.integers(1, 4), field=FIELDS, text=st.text("abcdef0123456789", min_size=1, max_size=12))
def test_any_change_of_a_single_field_is_found(db: None, number: int, field: str, text: str) -> None:
    with transaction.atomic():
        if not AuditEvent.objects.exists():
            sealed(4)
        event = AuditEvent.objects.get(number=number)
        value = int(text, 16) if field.endswith("_id") and field != "subject_id" else text
        raw_events().filter(pk=event.pk).update(**{field: value})

        result = verify(at=now())

        assert result.is_whole == (getattr(event, field) == value)
        transaction.set_rollback(True)


def test_erase_detail_keeps_the_chain_whole() -> None:
    person = UserFactory()
    events = sealed(4)

    assert erase_detail([events[1].pk, events[2].pk], actor=person, reason="erasure", at=now()) == 2
    assert verify(at=now()).is_whole  # before it is sealed, too
    seal(at=now())

    assert verify(at=now()).is_whole
    emptied = AuditEvent.objects.filter(salt="")
    assert [event.detail for event in emptied] == [{}, {}]
    naming = AuditEvent.objects.get(action=ERASED)
    assert (naming.actor_id, naming.reason_code, naming.detail) == (
        person.pk,
        "erasure",
        {"events": [events[1].pk, events[2].pk]},
    )


def test_erase_detail_again_changes_nothing_and_spares_what_names_the_erased() -> None:
    events = sealed(2)
    erase_detail([events[0].pk], actor=None, reason="erasure", at=now())
    naming = AuditEvent.objects.get(action=ERASED)

    assert erase_detail([events[0].pk, naming.pk], actor=None, reason="erasure", at=now()) == 0
    assert AuditEvent.objects.count() == 3


def test_an_earlier_event_does_not_excuse_what_is_emptied_later() -> None:
    events = sealed(2)
    erase_detail([events[0].pk, events[1].pk], actor=None, reason="erasure", at=now())
    write_event(detail={"events": [events[0].pk]})
    later = write_event()
    record(ERASED, actor=None, subject=later, at=now(), detail={"events": []})
    seal(at=now())
    raw_events().filter(pk=later.pk).update(detail={}, salt="")

    assert verify(at=now()).event_id == later.pk


def test_verify_reads_the_log_in_pieces(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    sealed(30)

    with django_assert_num_queries(4):
        assert verify(at=now()).is_whole


def test_one_transaction_asks_once_to_be_sealed(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(execute=True) as callbacks, transaction.atomic():
        write_event()
        with transaction.atomic():
            write_event()
        write_event()

    assert len(callbacks) == 1
    assert AuditEvent.objects.sealed().count() == 3


def test_what_a_rolled_back_part_asked_for_is_asked_again(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        with transaction.atomic():
            write_event()
            transaction.set_rollback(True)
        write_event()

    assert AuditEvent.objects.get().number == 1


@pytest.mark.usefixtures("committed")
def test_two_sealers_at_once_make_one_chain() -> None:
    with transaction.atomic():
        for _n in range(40):
            write_event()
    raw_events().update(number=None, hash="")  # the commit asked for the seal at once
    ChainHead.objects.all().delete()

    results = run_together(4, lambda _n: seal(at=now(), limit=10))

    assert results == [10, 10, 10, 10]
    assert verify(at=now()).count == 40
    assert list(AuditEvent.objects.order_by("number").values_list("number", flat=True)) == list(range(1, 41))


@pytest.mark.usefixtures("committed")
def test_writers_do_not_wait_for_each_other() -> None:
    person = UserFactory()

    def write(number: int) -> int:
        with transaction.atomic():
            write_event(actor=person, person=person)
        return seal(at=now())

    results = run_together(6, write)

    assert all(isinstance(result, int) for result in results)
    assert (verify(at=now()).is_whole, verify(at=now()).count) == (True, 6)


def call(**options: object) -> str:
    out = StringIO()
    call_command("verify_audit", stdout=out, **options)
    return out.getvalue()


def test_command_prints_the_head() -> None:
    events = sealed(3)

    text = call()

    assert f"events: 3\nhead: {events[2].hash}\ntime: " in text
    assert "The chain is whole." in text


def test_command_proves_an_earlier_head() -> None:
    events = sealed(3)
    write_event()

    assert "events: 4" in call(head=events[0].hash.upper(), seal=True)


@pytest.mark.parametrize(("head", "sentence"), [("f" * 64, "is not in the chain"), ("abc", "copy the whole hash")])
def test_command_refuses_another_head(head: str, sentence: str) -> None:
    sealed(1)

    with pytest.raises(CommandError, match=sentence):
        call(head=head)


def test_command_fails_with_a_sentence() -> None:
    sealed(3)
    tamper("action = 'x'", 2)

    with pytest.raises(CommandError, match=r"A field of event 2 .* was changed") as caught:
        call()

    assert caught.value.returncode == 1
