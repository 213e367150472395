"""The applications of the demo world: in every state, and as the services would have left them."""

from collections import defaultdict

import pytest
from allauth.account.models import EmailAddress
from django.utils import timezone

from accounts.models import User
from audit.models import AuditEvent
from audit.services import hash_detail
from members.choices import (
    ApplicationKind,
    ApplicationStatus,
    Country,
    DecisionReason,
    DecisionStep,
    LicenceState,
    PeriodSource,
    ReferenceStatus,
    Standing,
)
from members.models import (
    Application,
    Consent,
    Decision,
    Membership,
    Reference,
    ReviewNote,
    hash_token,
)
from members.rules.admission import references_needed
from members.rules.transitions import APPLICATION, find
from members.services.applications import ask_for_dues_left_open, missing_items
from members.services.applications.review import why_not_recommend
from members.services.history import history_of
from members.services.invoices import PriceMissing, price_for
from members.tokens import reference_token
from tests.factories.membership import TierPriceFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("loaded_at")]

OPEN = (ApplicationStatus.SUBMITTED, ApplicationStatus.UNDER_REVIEW, ApplicationStatus.RECOMMENDED)


def transitions_of(application: Application) -> list[AuditEvent]:
    """Return what changed the status of an application, the oldest first."""
    return [event for event in AuditEvent.objects.about(application).order_by("pk") if "to" in event.detail]


def test_every_status_every_kind_and_every_country_is_there() -> None:
    rows = Application.objects.select_related("chapter")

    assert {row.status for row in rows} == set(ApplicationStatus)
    assert {row.kind for row in rows} == set(ApplicationKind)
    assert {row.chapter.country for row in rows if row.chapter} == set(Country)
    assert any(row.chapter and row.chapter.parent_id for row in rows)
    assert {ApplicationKind.TIER, ApplicationKind.REINSTATE} <= {
        row.kind for row in rows if row.status == ApplicationStatus.COMPLETED
    }


def test_referees_licences_decisions_and_reasons_are_of_every_sort() -> None:
    checks = Application.objects.filter(licence__isnull=False).values_list("licence__state", flat=True)
    refused = Decision.objects.filter(is_positive=False)

    assert set(Reference.objects.values_list("status", flat=True)) == set(ReferenceStatus)
    assert {LicenceState.UNCHECKED, LicenceState.VERIFIED, LicenceState.FAILED, LicenceState.UNVERIFIABLE} <= set(
        checks
    )
    assert set(Decision.objects.values_list("step", flat=True)) == set(DecisionStep)
    assert set(refused.exclude(step=DecisionStep.APPEAL).values_list("reason_code", flat=True)) <= set(DecisionReason)
    assert not refused.filter(step=DecisionStep.LEAGUE, text_for_applicant="").exists()
    assert Decision.objects.exclude(internal_note="").exists()
    assert ReviewNote.objects.filter(is_conflict=True).exists()
    assert Consent.objects.exists()


def test_demo_applicant_is_asked_and_has_one_referee_left() -> None:
    application = Application.objects.get(user__email="applicant@example.org")

    assert application.status == ApplicationStatus.INFO_REQUESTED
    assert application.information_requests.filter(answered_at=None).count() == 2
    assert sorted(application.references.values_list("status", flat=True)) == ["confirmed", "invited"]


def test_approval_stands_until_the_chapter_has_a_price() -> None:
    application = Application.objects.get(status=ApplicationStatus.APPROVED)
    tier, chapter, now = application.tier, application.chapter, timezone.now()
    assert tier is not None
    assert chapter is not None

    with pytest.raises(PriceMissing):
        price_for(tier, chapter, on=chapter.today())
    assert ask_for_dues_left_open(now) == 0
    assert not application.invoices.exists()

    TierPriceFactory(tier=tier, chapter=chapter, currency=chapter.currency)
    assert ask_for_dues_left_open(now) == 1


def test_log_leads_from_step_to_step_of_the_machine_to_the_status_of_the_row() -> None:
    for application in Application.objects.all():
        events = transitions_of(application)
        status = ""
        for event in events:
            assert event.detail["from"] == status, event
            if event.action != "members.application_start":
                arrow = find(APPLICATION, event.action.removeprefix("members.application_"))
                assert event.detail["from"] in arrow.sources
                assert event.detail["to"] in arrow.targets
                assert (event.actor_id is None) <= ("job" in arrow.parties)
            status = event.detail["to"]
        assert status == application.status
        moved = [event.at for event in events if event.detail["from"] != event.detail["to"]]
        assert application.status_at == moved[-1]
        assert (application.closed_at is None) == application.is_open
        assert application.submitted_at is None or application.number
        assert application.clock_started_at is None or application.status in OPEN
        assert len(history_of(application)) >= len(events)


def test_events_are_in_order_with_true_hashes_and_have_their_subjects() -> None:
    events = list(AuditEvent.objects.order_by("pk"))

    assert [event.at for event in events] == sorted(event.at for event in events)
    assert all(event.detail_hash == hash_detail(event.detail, event.salt) for event in events)
    assert all(event.at <= timezone.now() for event in events)
    assert not [event for event in events if event.subject_id == "None"]
    assert not [event for event in events if event.action == "members.licence_check" and event.chapter_id is None]
    assert len({event.action for event in events}) > 40


def test_what_was_submitted_was_complete() -> None:
    for application in Application.objects.filter(status__in=OPEN).exclude(submitted_at=None):
        lacking = {item.step for item in missing_items(application)}
        assert lacking <= {"referees"}  # one who declined since
        if application.status == ApplicationStatus.RECOMMENDED:
            assert why_not_recommend(application) == ""


def test_referees_were_invited_by_links_that_open_and_answered_as_members() -> None:
    for reference in Reference.objects.select_related("application"):
        if reference.invited_at is None:
            assert reference.token_hash == ""
            continue
        assert reference.token_hash == hash_token(reference_token(reference))
        if reference.status == ReferenceStatus.CONFIRMED:
            assert reference.statement
            assert reference.referee_id not in {None, reference.application.user_id, reference.application.reviewer_id}
            assert Membership.objects.get(user=reference.referee_id).standing in {Standing.ACTIVE, Standing.GRACE}


def test_nobody_decides_twice_or_about_a_conflict() -> None:
    for application in Application.objects.prefetch_related("decisions", "appeal_votes", "notes"):
        first = [row.decided_by_id for row in application.decisions.all() if row.step != DecisionStep.APPEAL]
        voters = [vote.voter_id for vote in application.appeal_votes.all()]
        assert len(set(first)) == len(first)
        assert not {application.reviewer_id, *first} & set(voters)
        conflicts = {note.author_id for note in application.notes.all() if note.is_conflict}
        assert not conflicts & {application.reviewer_id, *first}
        assert application.user_id not in {application.reviewer_id, *first, *voters}


def test_who_was_admitted_has_the_membership_and_the_paid_invoice() -> None:
    sources: dict[str, set[str]] = defaultdict(set)
    for application in Application.objects.filter(status=ApplicationStatus.COMPLETED):
        membership = Membership.objects.get(user=application.user_id)
        invoice = application.invoices.get()
        assert invoice.settled_at is not None
        assert invoice.balance().amount == 0
        assert membership.tier_id == application.tier_id
        period = membership.periods.latest("ends_on")
        sources[application.kind].add(period.source)
    assert sources == {
        ApplicationKind.JOIN: {PeriodSource.ADMISSION},
        ApplicationKind.REINSTATE: {PeriodSource.REINSTATEMENT},
        ApplicationKind.TIER: {PeriodSource.TIER},
    }
    pending = Application.objects.exclude(status=ApplicationStatus.COMPLETED).filter(kind=ApplicationKind.JOIN)
    assert not Membership.objects.filter(user__in=pending.values("user")).exists()
    assert all(references_needed(row.kind) <= row.references.count() for row in pending.exclude(submitted_at=None))


def test_applicants_can_sign_in_and_have_confirmed_their_addresses() -> None:
    applicants = User.objects.filter(applications__isnull=False).distinct()

    assert EmailAddress.objects.filter(user__in=applicants, verified=True).count() == applicants.count()
    assert len(set(applicants.values_list("password", flat=True))) == 1
