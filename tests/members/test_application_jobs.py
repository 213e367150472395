"""What time alone does, by travelling in it; every job runs twice."""

import datetime as dt

import pytest
from django.utils import timezone

from audit.models import AuditEvent
from members import tasks
from members.choices import ApplicationStatus
from members.models import Application, Invoice
from members.services import applications
from members.services.applications.jobs import Moved, settle_each
from notifications.models import Event
from tests.factories.applications import NOW, World, fresh
from tests.factories.membership import ApplicationFactory

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)
S = ApplicationStatus


@pytest.fixture
def world(db: None) -> World:
    return World()


def run(day: int) -> dict[str, int]:
    """Run every job on a day, twice; the second run changes nothing."""
    at = NOW + day * DAY
    jobs = (
        applications.ask_for_dues_left_open,
        applications.remind_and_expire_drafts,
        applications.expire_unanswered,
        applications.remind_and_expire_unpaid,
        applications.expire_references,
    )
    for job in jobs:
        job(at)
    before = state()
    for job in jobs:
        again = job(at)
        assert not (any(again) if isinstance(again, Moved) else again)
    assert state() == before
    return {row.status: row.reminders for row in Application.objects.all()}


def state() -> tuple[object, ...]:
    return (
        list(Application.objects.order_by("pk").values()),
        AuditEvent.objects.count(),
        Event.objects.count(),
        list(Invoice.objects.values()),
    )


def test_draft_is_reminded_of_twice_and_closed(world: World) -> None:
    row = world.draft()

    assert run(29) == {S.DRAFT: 0}
    assert run(30) == {S.DRAFT: 1}
    assert run(49) == {S.DRAFT: 1}
    assert run(50) == {S.DRAFT: 2}
    assert run(59) == {S.DRAFT: 2}
    assert run(60) == {S.EXPIRED: 0}
    assert Event.objects.filter(data={"what": "draft_idle"}).count() == 2
    assert Event.objects.filter(data={"what": "expired_draft"}).count() == 1
    event = AuditEvent.objects.get(action="members.application_expire_draft")
    assert (event.actor_id, event.detail) == (None, {"from": "draft", "to": "expired"})
    assert fresh(row).closed_at == NOW + 60 * DAY


def test_touched_draft_begins_anew(world: World) -> None:
    row = world.draft()
    run(50)
    applications.save_step(row, actor=world.applicant, step="person", data={}, at=NOW + 51 * DAY)

    assert run(61) == {S.DRAFT: 0}
    assert run(81) == {S.DRAFT: 1}


def test_job_that_stood_still_sends_no_two_letters_at_once(world: World) -> None:
    world.draft()

    assert run(100) == {S.DRAFT: 1}
    assert run(101) == {S.DRAFT: 1}
    assert run(107) == {S.DRAFT: 2}
    assert run(113) == {S.DRAFT: 2}
    assert run(114) == {S.EXPIRED: 0}


def test_questions_without_answers_close_the_application(world: World) -> None:
    world.info_requested()

    assert run(44) == {S.INFO_REQUESTED: 0}
    assert run(45) == {S.EXPIRED: 0}
    assert applications.why_not_start(world.applicant, kind="join", at=NOW + 46 * DAY) == ""


def test_dues_are_asked_for_once_the_treasurer_has_set_a_price(world: World) -> None:
    row = world.recommended()
    prices = list(world.tier.prices.all())
    world.tier.prices.all().delete()
    applications.approve_application(row, actor=world.registrar, version=row.version, at=NOW)

    assert run(20) == {S.APPROVED: 0}
    world.tier.prices.bulk_create(prices)
    assert run(21) == {S.AWAITING_DUES: 0}

    assert Invoice.objects.get().application_id == row.pk
    assert fresh(row).approved_at == NOW
    assert run(35) == {S.AWAITING_DUES: 0}
    assert run(36) == {S.AWAITING_DUES: 1}


def test_unpaid_dues_close_the_application_and_void_the_invoice(world: World) -> None:
    row = world.approved()

    assert run(14) == {S.AWAITING_DUES: 0}
    assert run(15) == {S.AWAITING_DUES: 1}
    assert run(30) == {S.AWAITING_DUES: 2}
    assert run(50) == {S.AWAITING_DUES: 3}
    assert run(59) == {S.AWAITING_DUES: 3}
    assert run(60) == {S.EXPIRED: 0}
    assert Invoice.objects.get().voided_at == NOW + 60 * DAY
    applications.revive_application(row, actor=world.applicant, at=NOW + 90 * DAY)
    assert run(100) == {S.AWAITING_DUES: 0}
    assert run(105) == {S.AWAITING_DUES: 1}


def test_one_failure_stops_no_other(caplog: pytest.LogCaptureFixture) -> None:
    def settle(number: int, at: dt.datetime) -> Moved:
        if number == 1:
            raise ValueError
        return Moved(reminded=1)

    assert settle_each([1, 2, 3], settle, NOW) == Moved(reminded=2)
    assert "Application 1 could not be moved on" in caplog.text


def test_task_runs_every_job(world: World) -> None:
    ApplicationFactory(status=S.INFO_REQUESTED, status_at=timezone.now() - 50 * DAY)

    assert tasks.move_applications() == {"asked": 0, "reminded": 0, "expired": 1, "references": 0}
    assert tasks.move_applications() == {"asked": 0, "reminded": 0, "expired": 0, "references": 0}
