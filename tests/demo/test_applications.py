"""The applications of the demo world: in every state, and as the services would have left them."""

from collections import defaultdict
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.db.models import F, QuerySet
from django.utils import timezone
from moneyed import Money

from accounts.models import User
from audit.models import AuditEvent
from audit.services import hash_detail
from members.choices import (
    ApplicationKind,
    ApplicationStatus,
    Country,
    DecisionReason,
    DecisionStep,
    InvoicePurpose,
    LicenceState,
    PaymentMethod,
    PeriodSource,
    ReferenceStatus,
    Standing,
)
from members.models import (
    Application,
    Consent,
    Decision,
    Invoice,
    Membership,
    MembershipPeriod,
    Payment,
    Receipt,
    Reference,
    ReviewNote,
    Tier,
    hash_token,
)
from members.rules.admission import references_needed
from members.rules.transitions import APPLICATION, find
from members.services.applications import approve_application, ask_for_dues_left_open, missing_items
from members.services.applications.review import why_not_recommend
from members.services.history import history_of
from members.services.invoices import PriceMissing, price_for, tier_change_price
from members.services.payments import confirm_payment
from members.services.transitions import day_of
from members.tokens import reference_token
from tests.factories.membership import TierPriceFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("loaded_at")]

CHANGE = "members.membership_change_tier"
OPEN = (ApplicationStatus.SUBMITTED, ApplicationStatus.UNDER_REVIEW, ApplicationStatus.RECOMMENDED)


def transitions_of(application: Application) -> list[AuditEvent]:
    """Return what changed the status of an application, the oldest first."""
    return [event for event in AuditEvent.objects.about(application).order_by("pk") if "to" in event.detail]


def about_dues(application: Application) -> QuerySet[AuditEvent]:
    """Return what the log says of applications, dues and membership of who applied, in its order."""
    subjects = [f"members.{name}" for name in ("application", "invoice", "membership")]
    return AuditEvent.objects.filter(person_id=application.user_id, subject_type__in=subjects).order_by("pk")


def told(event: AuditEvent) -> tuple[Any, ...]:
    """Return what an event says, but for the numbers of rows and receipts, which are given once."""
    detail = {name: value for name, value in event.detail.items() if name != "receipt"}
    return (event.at, event.action, event.actor_id, event.chapter_id, event.subject_type, event.reason_code, detail)


def rows_of(application: Application) -> list[list[dict[str, Any]]]:
    """Return the rows that an approval and a payment write, but for the numbers that are given once."""
    user = application.user_id
    rows: list[QuerySet[Any]] = [
        Application.objects.filter(pk=application.pk),
        Decision.objects.filter(application=application).order_by("decided_at"),
        Invoice.objects.filter(user=user).order_by("issued_on"),
        Payment.objects.filter(invoice__user=user).order_by("recorded_at"),
        Membership.objects.filter(user=user),
        MembershipPeriod.objects.filter(membership__user=user).order_by("starts_on"),
    ]
    given_once = {"id", "number", "invoice_id"}
    return [[{name: row[name] for name in row.keys() - given_once} for row in each.values()] for each in rows]


def take_back_approval(application: Application) -> None:
    """Put an application, and what came of it, back to where the League had not decided."""
    decision = application.decisions.get(step=DecisionStep.LEAGUE)
    after = [event for event in transitions_of(application) if event.at >= decision.decided_at]
    invoices = application.invoices.all()
    Receipt.objects.filter(payment__invoice__in=invoices).delete()
    Payment.objects.filter(invoice__in=invoices).delete()
    invoices.delete()
    decision.delete()
    application.status, application.version = after[0].detail["from"], application.version - len(after)
    application.approved_at = application.closed_at = None
    application.save()
    one_less = F("version") - 1
    for event in AuditEvent.objects.filter(action=CHANGE, person_id=application.user_id):
        before = Tier.objects.get(code=event.detail["from"])
        Membership.objects.filter(user=application.user_id).update(tier=before, version=one_less)
        voided = Invoice.objects.filter(user=application.user_id, voided_at=event.at)
        voided.update(voided_at=None, version=one_less)


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
        assert application.submitted_at is not None
        lacking = {item.step for item in missing_items(application, on=application.submitted_at.date())}
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
        assert membership.tier_id == application.tier_id
        if application.kind == ApplicationKind.TIER:
            continue
        invoice = application.invoices.get()
        assert invoice.settled_at is not None
        assert invoice.balance().amount == 0
        period = membership.periods.latest("ends_on")
        sources[application.kind].add(period.source)
    assert sources == {
        ApplicationKind.JOIN: {PeriodSource.ADMISSION},
        ApplicationKind.REINSTATE: {PeriodSource.REINSTATEMENT},
    }
    pending = Application.objects.exclude(status=ApplicationStatus.COMPLETED).filter(kind=ApplicationKind.JOIN)
    assert not Membership.objects.filter(user__in=pending.values("user")).exists()
    assert all(references_needed(row.kind) <= row.references.count() for row in pending.exclude(submitted_at=None))


def test_another_kind_costs_the_rest_of_the_period_and_adds_none() -> None:
    changes = {event.person_id: event.detail for event in AuditEvent.objects.filter(action=CHANGE)}
    approved = Application.objects.filter(kind=ApplicationKind.TIER, approved_at__isnull=False)

    dues = {}
    for application in approved.select_related("user", "tier", "chapter"):
        tier, chapter, approved_at = application.tier, application.chapter, application.approved_at
        assert tier is not None
        assert chapter is not None
        assert approved_at is not None
        membership = Membership.objects.get(user=application.user_id)
        detail = changes.get(application.user_id)
        if detail is not None:
            assert (membership.tier, detail["to"]) == (tier, tier.code)
            membership.tier = Tier.objects.get(code=detail["from"])
        assert (detail is not None) == (application.status == ApplicationStatus.COMPLETED)
        assert set(membership.periods.values_list("tier", flat=True)) == {membership.tier_id}
        assert membership.standing == Standing.ACTIVE
        price = tier_change_price(membership, tier=tier, chapter=chapter, on=day_of(application, approved_at))
        assert [invoice.money for invoice in application.invoices.all()] == [price] * bool(price.amount)
        dues[application.user.email] = price.amount

    assert not MembershipPeriod.objects.filter(source=PeriodSource.TIER).exists()
    assert {email for email, amount in dues.items() if not amount} == {"kg037@example.org"}
    assert len(dues) == 3
    old_offer = Invoice.objects.get(user__email="uz028@example.org", purpose=InvoicePurpose.RENEWAL)
    assert (old_offer.tier.code, old_offer.voided_at is not None) == ("trainee", True)


@pytest.mark.parametrize(
    "name",
    ["applicant-tj05", "applicant-kz11", "kz020", "kg037", "uz028"],
    ids=["no price", "dues", "difference", "nothing due", "difference paid"],
)
def test_services_make_of_an_approval_what_the_loader_wrote(name: str) -> None:
    application = Application.objects.get(user__email=f"{name}@example.org")
    decision = application.decisions.get(step=DecisionStep.LEAGUE)
    payments, written = list(Payment.objects.filter(invoice__application=application)), rows_of(application)
    seen = AuditEvent.objects.latest("pk").pk
    events = [told(event) for event in about_dues(application).filter(at__gte=decision.decided_at)]
    assert events
    take_back_approval(application)

    approve_application(
        application,
        actor=decision.decided_by,
        version=application.version,
        internal_note=decision.internal_note,
        text_for_applicant=decision.text_for_applicant,
        at=decision.decided_at,
    )
    for payment in payments:
        confirm_payment(
            application.invoices.get(),
            actor=payment.recorded_by,
            amount=Money(payment.amount, application.invoices.get().currency),
            method=PaymentMethod(payment.method),
            received_on=payment.received_on,
            reference=payment.reference,
            at=payment.recorded_at,
        )

    assert rows_of(application) == written
    assert [told(event) for event in about_dues(application).filter(pk__gt=seen)] == events


def test_applicants_can_sign_in_and_have_confirmed_their_addresses() -> None:
    applicants = User.objects.filter(applications__isnull=False).distinct()

    assert EmailAddress.objects.filter(user__in=applicants, verified=True).count() == applicants.count()
    assert len(set(applicants.values_list("password", flat=True))) == 1
