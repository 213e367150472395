"""Two people, or one person twice, at the same moment."""

import pytest

from accounts.models import User
from audit.models import AuditEvent
from members.choices import ApplicationStatus, Country, OfficeRole
from members.models import (
    Application,
    Decision,
    Invoice,
    Membership,
    MembershipPeriod,
    NumberCounter,
)
from members.services import applications, references
from members.services.applications import StaleApplication
from members.services.references import ReferenceUsed
from notifications.models import Event
from tests.courses.threads import run_together
from tests.factories.applications import NOW, World, fresh, officer

pytestmark = pytest.mark.usefixtures("committed")


def test_two_officers_decide_at_once() -> None:
    world = World()
    second = officer(OfficeRole.REGISTRAR, None)
    row = world.recommended()
    deciders = [world.registrar, second]

    def decide(number: int) -> object:
        person = User.objects.get(pk=deciders[number].pk)
        if number:
            return applications.reject_application(
                row,
                actor=person,
                version=row.version,
                reason_code="other",
                text_for_applicant="No",
                at=NOW,
            )
        return applications.approve_application(row, actor=person, version=row.version, at=NOW)

    results = run_together(2, decide)

    assert sorted(type(result).__name__ for result in results) == ["Decision", "StaleApplication"]
    assert Decision.objects.filter(application=row, step="league").count() == 1
    assert fresh(row).status in {ApplicationStatus.AWAITING_DUES, ApplicationStatus.REJECTED}


def test_two_reviewers_take_at_once() -> None:
    world = World()
    row = world.submitted()
    people = [world.reviewer, world.officer]

    results = run_together(
        2, lambda number: applications.take_application(row, actor=people[number], version=row.version, at=NOW)
    )

    assert sum(isinstance(result, StaleApplication) for result in results) == 1
    assert AuditEvent.objects.filter(action="members.application_take").count() == 1


def test_referee_link_is_used_twice_at_once() -> None:
    world = World()
    reference = world.under_review().references.order_by("pk").first()

    def answer(number: int) -> object:
        if number % 2:
            return references.decline_reference(reference, reason="No", at=NOW)
        return references.confirm_reference(reference, known_years=3, statement="Yes", conflict="", at=NOW)

    results = run_together(4, answer)

    assert sum(isinstance(result, ReferenceUsed) for result in results) == 3
    assert AuditEvent.objects.filter(action__in=["members.reference_confirm", "members.reference_decline"]).count() == 1


def test_submitted_twice_at_once() -> None:
    world = World()
    draft = world.draft()

    results = run_together(
        3, lambda _n: applications.submit_application(draft, actor=world.applicant, version=draft.version, at=NOW)
    )

    assert sum(isinstance(result, StaleApplication) for result in results) == 2
    assert NumberCounter.objects.get(series="application:2026-KZ").last == 1
    assert Event.objects.filter(kind="members.reference_letter").count() == 2


def test_started_twice_at_once() -> None:
    world = World()

    results = run_together(4, lambda _n: applications.start_application(world.applicant, at=NOW))

    assert {result.pk for result in results} == {Application.objects.get().pk}


def test_two_votes_at_once_are_both_counted() -> None:
    world = World()
    row = world.appealed()

    def vote(number: int) -> object:
        return applications.vote_on_appeal(row, actor=world.board[number], version=row.version, is_for=True, at=NOW)

    results = run_together(2, vote)

    assert sorted(type(result).__name__ for result in results) == ["AppealVote", "StaleApplication"]
    assert fresh(row).status == ApplicationStatus.APPEALED


def test_completed_twice_at_once_gives_one_period() -> None:
    world = World()
    row = world.approved()
    Invoice.objects.update(settled_at=NOW)

    run_together(3, lambda _n: applications.complete_application(row, actor=None, at=NOW, on=NOW.date()))

    assert MembershipPeriod.objects.filter(membership__user=world.applicant).count() == 1
    assert Membership.objects.get(user=world.applicant).number.startswith(Country.KAZAKHSTAN)
