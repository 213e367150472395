import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st

from courses.choices import RunState
from courses.models import OPEN_STATES, CourseRun, RunDates, run_state
from tests.factories.courses import CourseRunFactory, EnrolmentFactory

DAY = dt.timedelta(days=1)
NOW = dt.datetime(2026, 10, 5, 9, tzinfo=dt.UTC)
BEFORE, AFTER = NOW - dt.timedelta(seconds=1), NOW + dt.timedelta(seconds=1)
S = RunState


@pytest.mark.parametrize(
    ("opens", "closes", "starts", "ends", "state"),
    [
        # nothing is scheduled without the two opening dates
        (None, None, None, None, S.TO_BE_SCHEDULED),
        (None, None, BEFORE, None, S.TO_BE_SCHEDULED),
        (BEFORE, None, None, None, S.TO_BE_SCHEDULED),
        (None, AFTER, None, AFTER, S.TO_BE_SCHEDULED),
        # before the start
        (AFTER, None, AFTER, None, S.FUTURE_NOT_YET_OPEN),
        (AFTER, AFTER + DAY, AFTER + DAY, AFTER + 2 * DAY, S.FUTURE_NOT_YET_OPEN),
        (NOW, None, AFTER, None, S.FUTURE_OPEN),
        (BEFORE, AFTER, AFTER, None, S.FUTURE_OPEN),
        (BEFORE, NOW, AFTER, None, S.FUTURE_CLOSED),
        (BEFORE - DAY, BEFORE, AFTER, AFTER + DAY, S.FUTURE_CLOSED),
        # running
        (BEFORE, None, NOW, None, S.ONGOING_OPEN),
        (NOW, None, NOW, AFTER, S.ONGOING_OPEN),
        (BEFORE, AFTER, BEFORE, None, S.ONGOING_OPEN),
        (BEFORE, NOW, NOW, AFTER, S.ONGOING_CLOSED),
        (BEFORE, BEFORE, BEFORE, None, S.ONGOING_CLOSED),
        (AFTER, None, NOW, None, S.ONGOING_CLOSED),
        # ended
        (BEFORE, None, BEFORE, NOW, S.ARCHIVED_OPEN),
        (BEFORE, AFTER, BEFORE, BEFORE, S.ARCHIVED_OPEN),
        (BEFORE, NOW, BEFORE, NOW, S.ARCHIVED_CLOSED),
        (BEFORE, BEFORE, BEFORE, BEFORE, S.ARCHIVED_CLOSED),
        (AFTER, None, BEFORE, NOW, S.ARCHIVED_CLOSED),
    ],
)
def test_run_state_by_table(
    opens: dt.datetime | None,
    closes: dt.datetime | None,
    starts: dt.datetime | None,
    ends: dt.datetime | None,
    state: RunState,
) -> None:
    assert run_state(RunDates(opens, closes, starts, ends), NOW) == state


MOMENTS = st.integers(0, 20).map(lambda hours: NOW + hours * dt.timedelta(hours=1))
DATES = st.builds(RunDates, *[st.none() | MOMENTS] * 4)
BEGUN = {S.ONGOING_OPEN, S.ONGOING_CLOSED, S.ARCHIVED_OPEN, S.ARCHIVED_CLOSED}
ENDED = {S.ARCHIVED_OPEN, S.ARCHIVED_CLOSED}


def phase(state: RunState) -> int:
    """Number the states as time passes: before the start, running, ended."""
    return (state in BEGUN) + (state in ENDED)


@settings(database=None)
@given(dates=DATES, first=MOMENTS, second=MOMENTS)
def test_run_state_never_goes_back(dates: RunDates, first: dt.datetime, second: dt.datetime) -> None:
    earlier, later = sorted([first, second])
    # A run that ends before it starts cannot be stored.
    if dates.starts_at and dates.ends_at and dates.ends_at <= dates.starts_at:
        return

    before, after = run_state(dates, earlier), run_state(dates, later)

    assert phase(before) <= phase(after)
    assert (before == S.TO_BE_SCHEDULED) == (after == S.TO_BE_SCHEDULED)


@settings(database=None)
@given(dates=DATES, at=MOMENTS)
def test_run_state_says_open_exactly_between_the_dates_of_enrolment(dates: RunDates, at: dt.datetime) -> None:
    state = run_state(dates, at)

    is_open = (
        dates.starts_at is not None
        and dates.enrolment_opens_at is not None
        and dates.enrolment_opens_at <= at
        and (dates.enrolment_closes_at is None or at < dates.enrolment_closes_at)
    )
    assert (state in OPEN_STATES) == is_open


@pytest.mark.parametrize(
    ("starts", "ends", "at", "has_started", "has_ended"),
    [
        (None, None, NOW, False, False),
        (AFTER, None, NOW, False, False),
        (NOW, AFTER, NOW, True, False),
        (BEFORE, NOW, NOW, True, True),
    ],
)
def test_course_run_starts_and_ends_on_its_dates(
    starts: dt.datetime | None, ends: dt.datetime | None, at: dt.datetime, has_started: bool, has_ended: bool
) -> None:
    run = CourseRun(enrolment_opens_at=BEFORE, starts_at=starts, ends_at=ends)

    assert run.has_started(at) is has_started
    assert run.has_ended(at) is has_ended


@pytest.mark.django_db
@pytest.mark.parametrize(
    "dates",
    [
        {"starts_at": NOW, "ends_at": NOW},
        {"starts_at": NOW, "ends_at": BEFORE},
        {"enrolment_opens_at": NOW, "enrolment_closes_at": NOW},
        {"enrolment_opens_at": NOW, "enrolment_closes_at": BEFORE},
    ],
)
def test_course_run_refuses_dates_out_of_order(dates: dict[str, dt.datetime]) -> None:
    run = CourseRunFactory.build(**{"course": None, **dates})

    with translation.override("en"), pytest.raises(ValidationError, match="before it"):
        run.validate_constraints()

    with pytest.raises(IntegrityError):
        CourseRunFactory(**dates)


@pytest.mark.django_db
def test_course_run_counts_the_places_taken() -> None:
    run = CourseRunFactory()
    EnrolmentFactory.create_batch(2, run=run)
    EnrolmentFactory(run=run, withdrawn_at=NOW)

    assert CourseRun.objects.with_taken().get().taken == 2


@pytest.mark.django_db
def test_course_runs_of_a_page_stand_in_the_order_of_their_start() -> None:
    later = CourseRunFactory(starts_at=NOW + DAY)
    unplanned = CourseRunFactory(starts_at=None)
    sooner = CourseRunFactory(starts_at=NOW)

    assert list(CourseRun.objects.for_course_page()) == [sooner, later, unplanned]
