import datetime as dt

import pytest
from django.db import IntegrityError
from django.db.models import ProtectedError
from django.utils import timezone

from accounts.models import User
from courses import services
from courses.choices import RunState
from courses.models import CourseRun, Enrolment, UnitProgress
from tests.factories.accounts import UserFactory
from tests.factories.courses import CourseRunFactory, EnrolmentFactory, LessonUnitFactory

pytestmark = pytest.mark.django_db

DAY = dt.timedelta(days=1)
NOW = timezone.now()


def run_in_state(state: RunState) -> CourseRun:
    """Make a run that is in this state at NOW."""
    opens, closes, starts, ends = {
        RunState.TO_BE_SCHEDULED: (None, None, None, None),
        RunState.FUTURE_NOT_YET_OPEN: (NOW + DAY, None, NOW + 2 * DAY, None),
        RunState.FUTURE_OPEN: (NOW - DAY, None, NOW + 2 * DAY, None),
        RunState.FUTURE_CLOSED: (NOW - 2 * DAY, NOW - DAY, NOW + 2 * DAY, None),
        RunState.ONGOING_OPEN: (NOW - 2 * DAY, None, NOW - DAY, None),
        RunState.ONGOING_CLOSED: (NOW - 2 * DAY, NOW - DAY, NOW - DAY, None),
        RunState.ARCHIVED_OPEN: (NOW - 3 * DAY, None, NOW - 2 * DAY, NOW - DAY),
        RunState.ARCHIVED_CLOSED: (NOW - 3 * DAY, NOW - 2 * DAY, NOW - 2 * DAY, NOW - DAY),
    }[state]
    run = CourseRunFactory(enrolment_opens_at=opens, enrolment_closes_at=closes, starts_at=starts, ends_at=ends)
    assert run.state(NOW) == state
    return run


def test_enrol_gives_a_place() -> None:
    run, person = CourseRunFactory(), UserFactory()

    enrolment = services.enrol(run, user=person, language="en", at=NOW)

    assert Enrolment.objects.get() == enrolment
    assert (enrolment.run, enrolment.user, enrolment.language) == (run, person, "en")
    assert enrolment.enrolled_at == NOW
    assert enrolment.withdrawn_at is enrolment.completed_at is enrolment.last_unit is None


def test_enrol_twice_gives_the_same_place() -> None:
    run, person = CourseRunFactory(capacity=1), UserFactory()
    first = services.enrol(run, user=person, language="ru", at=NOW)

    second = services.enrol(run, user=person, language="en", at=NOW + DAY)

    assert second == first
    assert (second.enrolled_at, second.language) == (NOW, "ru")
    assert Enrolment.objects.count() == 1


def test_enrol_again_after_the_run_closed_keeps_the_place() -> None:
    enrolment = EnrolmentFactory(run=run_in_state(RunState.ONGOING_CLOSED))

    assert services.enrol(enrolment.run, user=enrolment.user, language="ru", at=NOW) == enrolment


@pytest.mark.parametrize("state", [RunState.FUTURE_OPEN, RunState.ONGOING_OPEN, RunState.ARCHIVED_OPEN])
def test_enrol_in_an_open_run(state: RunState) -> None:
    enrolment = services.enrol(run_in_state(state), user=UserFactory(), language="ru", at=NOW)

    assert Enrolment.objects.get() == enrolment


@pytest.mark.parametrize(
    "state",
    [
        RunState.TO_BE_SCHEDULED,
        RunState.FUTURE_NOT_YET_OPEN,
        RunState.FUTURE_CLOSED,
        RunState.ONGOING_CLOSED,
        RunState.ARCHIVED_CLOSED,
    ],
)
def test_enrol_in_a_closed_run_says_why(state: RunState) -> None:
    run = run_in_state(state)

    with pytest.raises(services.EnrolmentClosed) as closed:
        services.enrol(run, user=UserFactory(), language="ru", at=NOW)

    assert closed.value.state == state
    assert not Enrolment.objects.exists()


@pytest.mark.parametrize("state", [RunState.ONGOING_CLOSED, RunState.ARCHIVED_CLOSED])
def test_enrol_after_withdrawal_needs_an_open_run(state: RunState) -> None:
    enrolment = EnrolmentFactory(run=run_in_state(state), withdrawn_at=NOW - DAY)

    with pytest.raises(services.EnrolmentClosed):
        services.enrol(enrolment.run, user=enrolment.user, language="ru", at=NOW)

    enrolment.refresh_from_db()
    assert enrolment.withdrawn_at == NOW - DAY


def test_enrol_in_a_full_run() -> None:
    run = CourseRunFactory(capacity=2)
    EnrolmentFactory.create_batch(2, run=run)

    with pytest.raises(services.RunFull):
        services.enrol(run, user=UserFactory(), language="ru", at=NOW)

    assert Enrolment.objects.count() == 2


def test_withdrawal_frees_a_place() -> None:
    run = CourseRunFactory(capacity=1)
    gone = services.withdraw(EnrolmentFactory(run=run), at=NOW)

    services.enrol(run, user=UserFactory(), language="ru", at=NOW)

    assert gone.withdrawn_at == NOW
    with pytest.raises(services.RunFull):
        services.enrol(run, user=gone.user, language="ru", at=NOW)


def test_return_after_withdrawal_brings_the_record_back() -> None:
    enrolment = EnrolmentFactory()
    unit = LessonUnitFactory(course=enrolment.run.course)
    services.touch_unit(enrolment, unit, at=NOW)
    services.record_completion(enrolment, unit, percent=None, language="ru", at=NOW)
    services.withdraw(enrolment, at=NOW)

    back = services.enrol(enrolment.run, user=enrolment.user, language="ru", at=NOW + DAY)

    assert back.pk == enrolment.pk
    assert back.withdrawn_at is None
    assert back.last_unit == unit
    assert back.completed_at == NOW
    assert UnitProgress.objects.get(enrolment=back).completed_at == NOW


def test_withdraw_twice_keeps_the_first_moment() -> None:
    enrolment = services.withdraw(EnrolmentFactory(), at=NOW)

    again = services.withdraw(enrolment, at=NOW + DAY)

    assert again.withdrawn_at == NOW


def test_enrolment_is_once_per_person_and_run() -> None:
    enrolment = EnrolmentFactory()

    with pytest.raises(IntegrityError):
        EnrolmentFactory(run=enrolment.run, user=enrolment.user)


@pytest.mark.parametrize("owner", ["user", "run"])
def test_enrolment_protects_what_it_belongs_to(owner: str) -> None:
    enrolment = EnrolmentFactory()

    with pytest.raises(ProtectedError):
        getattr(enrolment, owner).delete()


@pytest.mark.parametrize(
    ("starts", "ends", "withdrawn", "accepts"),
    [
        (NOW, None, None, True),
        (NOW + DAY, None, None, False),
        (NOW - DAY, NOW, None, False),
        (NOW - DAY, NOW + DAY, None, True),
        (NOW - DAY, None, NOW, False),
        (None, None, None, False),
    ],
)
def test_enrolment_accepts_work_while_the_run_lasts(
    starts: dt.datetime | None, ends: dt.datetime | None, withdrawn: dt.datetime | None, accepts: bool
) -> None:
    enrolment = EnrolmentFactory.build(run__starts_at=starts, run__ends_at=ends, withdrawn_at=withdrawn)

    assert enrolment.accepts_work(NOW) is accepts


def test_enrolments_are_visible_to_their_owner_only() -> None:
    mine = EnrolmentFactory()
    EnrolmentFactory(run=mine.run)

    assert list(Enrolment.objects.visible_to(mine.user)) == [mine]
    assert not Enrolment.objects.visible_to(UserFactory(is_superuser=True)).exists()


def test_enrolments_for_home_put_courses_in_hand_first(learner: User) -> None:
    done = EnrolmentFactory(user=learner, completed_at=NOW)
    EnrolmentFactory(user=learner, withdrawn_at=NOW)
    old = EnrolmentFactory(user=learner, last_seen_at=NOW - DAY)
    untouched = EnrolmentFactory(user=learner)
    recent = EnrolmentFactory(user=learner, last_seen_at=NOW)

    assert list(Enrolment.objects.visible_to(learner).for_home()) == [recent, old, untouched, done]


def test_enrolment_counts_required_units_of_its_course_now() -> None:
    enrolment = EnrolmentFactory()
    course = enrolment.run.course
    required = LessonUnitFactory.create_batch(3, course=course)
    optional = LessonUnitFactory(course=course, is_required=False)
    retired = LessonUnitFactory(course=course, retired_at=NOW)
    elsewhere = LessonUnitFactory()
    for unit in (required[0], optional, retired, elsewhere):
        UnitProgress.objects.create(enrolment=enrolment, unit=unit, first_seen_at=NOW, completed_at=NOW)
    UnitProgress.objects.create(enrolment=enrolment, unit=required[1], first_seen_at=NOW)

    counted = Enrolment.objects.with_progress().get()

    assert (counted.units_done, counted.units_total) == (1, 3)


def test_enrolment_in_a_course_without_units_counts_nothing() -> None:
    EnrolmentFactory()

    counted = Enrolment.objects.with_progress().get()

    assert (counted.units_done, counted.units_total) == (0, 0)
