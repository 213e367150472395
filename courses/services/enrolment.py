import datetime as dt

from django.db import transaction

from accounts.models import User
from courses.choices import RunState
from courses.models import OPEN_STATES, CourseRun, Enrolment
from courses.notifications import ENROLLED
from courses.services.progress import settle_enrolment
from notifications.services import notify


class EnrolmentClosed(Exception):
    """Raised when a run takes no enrolments at this moment; `state` says why."""

    def __init__(self, state: RunState) -> None:
        super().__init__(state)
        self.state = state


class RunFull(Exception):
    """Raised when every place of a run is taken."""


@transaction.atomic
def enrol(run: CourseRun, *, user: User, language: str, at: dt.datetime) -> Enrolment:
    """Give a person a place in a run; asking twice gives the same place.

    Someone who withdrew gets the old record back with all its progress. The run's row is locked, so the last place is
    given once. Raises EnrolmentClosed or RunFull.
    """
    run = CourseRun.objects.select_for_update().get(pk=run.pk)
    existing = Enrolment.objects.filter(run=run, user=user).first()
    if existing is not None and existing.withdrawn_at is None:
        return existing
    state = run.state(at)
    if state not in OPEN_STATES:
        raise EnrolmentClosed(state)
    if run.capacity is not None and run.enrolments.active().count() >= run.capacity:
        raise RunFull
    if existing is not None:
        existing.withdrawn_at = None
        existing.save(update_fields=["withdrawn_at"])
        settle_enrolment(existing, language=language, at=at)
        return existing
    enrolment = Enrolment.objects.create(run=run, user=user, language=language, enrolled_at=at)
    notify(ENROLLED, subject_id=enrolment.pk, key=f"courses.enrolled:{enrolment.pk}", recipients=[user.pk], at=at)
    return enrolment


@transaction.atomic
def withdraw(enrolment: Enrolment, *, at: dt.datetime) -> Enrolment:
    """Free a learner's place; the record stays and comes back with a new enrolment."""
    Enrolment.objects.active().filter(pk=enrolment.pk).update(withdrawn_at=at)
    enrolment.refresh_from_db()
    return enrolment
