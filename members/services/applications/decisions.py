"""The League's part: approval, rejection, appeal; then dues, admission, and a second chance for who paid too late."""

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from audit.services import record
from members.choices import (
    ApplicationKind,
    ApplicationStatus,
    DecisionStep,
    InvoicePurpose,
    OfficeRole,
    PeriodSource,
    PracticeArea,
    SanctionKind,
    WorkLanguage,
)
from members.models import (
    AppealVote,
    Application,
    Decision,
    Invoice,
    Membership,
    Profile,
    ReviewNote,
    Sanction,
    Tier,
)
from members.rules.admission import APPEAL_WINDOW, REVIVE_MONTHS, VOTES_DECIDE
from members.rules.amounts import CurrenciesDiffer
from members.rules.transitions import LIVING
from members.services import telling
from members.services.applications.review import check_reason
from members.services.invoices import PriceMissing, issue_invoice, tier_change_price, void_invoice
from members.services.memberships import add_months, admit_member, change_tier
from members.services.transitions import (
    TransitionRefused,
    day_of,
    enter,
    lock_application,
    refuse_unless_party,
    refuse_unless_permitted,
    start_clock,
)


class Unpriced(TransitionRefused):
    """Raised where the treasurer has to set a price before the dues of an application can be asked for."""


SOURCES = {
    ApplicationKind.JOIN: PeriodSource.ADMISSION,
    ApplicationKind.REINSTATE: PeriodSource.REINSTATEMENT,
}


@transaction.atomic
def approve_application(
    application: Application,
    *,
    actor: User,
    version: int,
    internal_note: str = "",
    text_for_applicant: str = "",
    at: dt.datetime,
) -> Decision:
    """Approve an application and ask for the dues, or admit at once where they are nothing: A13, A18.

    Where the chapter has no price yet the approval stands, and the dues are asked for once it has one. Raises
    TransitionRefused, StaleApplication.
    """
    locked = lock_application(application, version=version)
    refuse_unless_permitted(locked, "approve", actor=actor)
    decision = Decision.objects.create(
        application=locked,
        step=DecisionStep.LEAGUE,
        is_positive=True,
        text_for_applicant=text_for_applicant.strip(),
        internal_note=internal_note.strip(),
        decided_by=actor,
        decided_at=at,
    )
    locked.approved_at = at
    enter(locked, ApplicationStatus.APPROVED, "approve", actor=actor, at=at)
    _ask_for_dues(locked, at=at)
    return decision


def _ask_for_dues(application: Application, *, at: dt.datetime, news: str = "awaiting_dues") -> None:
    """Ask for the dues, or leave the application approved until the treasurer has set a price. The lock is held."""
    try:
        ask_for_dues(application, at=at, news=news)
    except Unpriced:
        telling.tell_applicant(application, "approved", at=at)
        telling.tell_office(application, "unpriced", OfficeRole.TREASURER, actor=None, at=at)


def ask_for_dues(application: Application, *, at: dt.datetime, news: str = "awaiting_dues") -> None:
    """Issue the invoice of an approved application and wait for it, or complete at once: A18, A19.

    The caller holds the lock. Raises Unpriced, TransitionRefused.
    """
    on = day_of(application, at)
    if _issue(application, at=at, on=on) is None:
        _complete(application, actor=None, at=at, on=on, waived="nothing due")
        return
    enter(application, ApplicationStatus.AWAITING_DUES, "await_dues", actor=None, at=at)
    telling.tell_applicant(application, news, at=at)


def _issue(application: Application, *, at: dt.datetime, on: dt.date) -> Invoice | None:
    """Issue the invoice of an application; None where nothing is due. Raises Unpriced, TransitionRefused."""
    if application.chapter is None or application.tier is None:
        raise TransitionRefused(_("The application names no chapter or no kind of membership."))
    is_tier = application.kind == ApplicationKind.TIER
    try:
        price = None
        if is_tier:
            membership = _membership_to_change(application)
            price = tier_change_price(membership, tier=application.tier, chapter=application.chapter, on=on)
        return issue_invoice(
            application.user,
            chapter=application.chapter,
            tier=application.tier,
            purpose=InvoicePurpose.TIER if is_tier else InvoicePurpose.ADMISSION,
            actor=None,
            at=at,
            on=on,
            application=application,
            price=price,
        )
    except PriceMissing:
        raise Unpriced(_("The chapter has no price for this kind of membership: the treasurer sets one.")) from None
    except CurrenciesDiffer:
        raise Unpriced(
            _("The two kinds of membership are priced in different currencies: the treasurer sets one currency.")
        ) from None


def _membership_to_change(application: Application) -> Membership:
    """Return the membership whose kind an application changes. Raises TransitionRefused where it has ended."""
    membership = Membership.objects.select_related("tier", "chapter").filter(user=application.user_id).first()
    if membership is None or membership.standing not in LIVING:
        raise TransitionRefused(_("The membership of this person has ended: its kind cannot be changed."))
    return membership


@transaction.atomic
def return_to_chapter(
    application: Application, *, actor: User, version: int, internal_note: str, at: dt.datetime
) -> Application:
    """Give an application back to the chapter with a note: A14. Raises TransitionRefused, StaleApplication."""
    locked = lock_application(application, version=version)
    refuse_unless_permitted(locked, "return_to_chapter", actor=actor)
    if not internal_note.strip():
        raise TransitionRefused(_("Write a note: the chapter has to know what is missing."))
    ReviewNote.objects.create(application=locked, author=actor, text=internal_note.strip(), at=at)
    start_clock(locked, at=at)
    enter(locked, ApplicationStatus.UNDER_REVIEW, "return_to_chapter", actor=actor, at=at)
    telling.tell_chapter(locked, "returned", actor=actor, at=at)
    return locked


@transaction.atomic
def reject_application(
    application: Application,
    *,
    actor: User,
    version: int,
    reason_code: str,
    text_for_applicant: str,
    internal_note: str = "",
    at: dt.datetime,
) -> Decision:
    """Reject an application with a reason; the right to appeal begins: A15. Raises TransitionRefused, StaleApplication.

    The applicant reads `text_for_applicant` and never `internal_note`.
    """
    locked = lock_application(application, version=version)
    refuse_unless_permitted(locked, "reject", actor=actor)
    check_reason(reason_code)
    if not text_for_applicant.strip():
        raise TransitionRefused(_("Write what the applicant reads about the reason."))
    decision = Decision.objects.create(
        application=locked,
        step=DecisionStep.LEAGUE,
        is_positive=False,
        reason_code=reason_code,
        text_for_applicant=text_for_applicant.strip(),
        internal_note=internal_note.strip(),
        decided_by=actor,
        decided_at=at,
    )
    locked.rejected_at = at
    enter(locked, ApplicationStatus.REJECTED, "reject", actor=actor, at=at, reason_code=reason_code)
    telling.tell_applicant(locked, "rejected", at=at)
    return decision


@transaction.atomic
def appeal_rejection(application: Application, *, actor: User, text: str, at: dt.datetime) -> Application:
    """Bring a rejection before the board, once and within 30 days: A16. Raises TransitionRefused."""
    User.objects.select_for_update().get(pk=application.user_id)  # against a new application at the same moment
    locked = lock_application(application)
    refuse_unless_permitted(locked, "appeal", actor=actor)
    if locked.has_appealed:
        raise TransitionRefused(_("You have appealed against this decision already."))
    if locked.rejected_at is None or at > locked.rejected_at + APPEAL_WINDOW:
        raise TransitionRefused(_("The 30 days in which an appeal was possible are over. You can apply anew."))
    if not text.strip():
        raise TransitionRefused(_("Write why the decision should be another one."))
    _refuse_second_open(locked)
    locked.has_appealed, locked.appeal_text, locked.touched_at = True, text.strip(), at
    enter(locked, ApplicationStatus.APPEALED, "appeal", actor=actor, at=at)
    telling.tell_applicant(locked, "appealed", at=at)
    deciders = {*locked.decisions.values_list("decided_by_id", flat=True), *filter(None, [locked.reviewer_id])}
    telling.tell_office(locked, "appealed", OfficeRole.BOARD, actor=actor, at=at, without=deciders)
    return locked


def _refuse_second_open(application: Application) -> None:
    if Application.objects.filter(user=application.user_id).open().exclude(pk=application.pk).exists():
        raise TransitionRefused(_("You have another open application. Withdraw it first."))


@transaction.atomic
def vote_on_appeal(
    application: Application,
    *,
    actor: User,
    version: int,
    is_for: bool,
    note: str = "",
    text_for_applicant: str = "",
    at: dt.datetime,
) -> AppealVote:
    """Vote on an appeal; two equal votes decide, for good: A17. Raises TransitionRefused, StaleApplication.

    The vote that decides against the applicant needs `text_for_applicant`.
    """
    locked = lock_application(application, version=version)
    refuse_unless_permitted(locked, "vote_on_appeal", actor=actor)
    vote = AppealVote.objects.create(application=locked, voter=actor, is_for=is_for, note=note.strip(), at=at)
    if locked.appeal_votes.filter(is_for=is_for).count() < VOTES_DECIDE:
        enter(locked, ApplicationStatus.APPEALED, "vote_on_appeal", actor=actor, at=at)
        return vote
    if not is_for and not text_for_applicant.strip():
        raise TransitionRefused(_("Your vote decides: write what the applicant reads about the reason."))
    Decision.objects.create(
        application=locked,
        step=DecisionStep.APPEAL,
        is_positive=is_for,
        text_for_applicant=text_for_applicant.strip(),
        internal_note=note.strip(),
        decided_by=actor,
        decided_at=at,
    )
    if is_for:
        locked.approved_at = at
        enter(locked, ApplicationStatus.APPROVED, "vote_on_appeal", actor=actor, at=at)
        telling.tell_applicant(locked, "appeal_granted", at=at)
        _ask_for_dues(locked, at=at)
    else:
        enter(locked, ApplicationStatus.REJECTED_FINAL, "vote_on_appeal", actor=actor, at=at)
        telling.tell_applicant(locked, "rejected_final", at=at)
    return vote


@transaction.atomic
def complete_application(application: Application, *, actor: User | None, at: dt.datetime, on: dt.date) -> Membership:
    """Make an approved applicant a member once the invoice is settled: A19 and M1. Asking again changes nothing.

    Who asked for another kind of membership has it from now on, M16: no period is added. Raises TransitionRefused.
    """
    locked = lock_application(application)
    refuse_unless_party(locked, "complete", actor=actor)
    if locked.status == ApplicationStatus.COMPLETED:
        return Membership.objects.get(user=locked.user)
    refuse_unless_permitted(locked, "complete", actor=actor)
    settled = Invoice.objects.filter(application=locked, settled_at__isnull=False, voided_at__isnull=True)
    if not settled.exists() and _issue(locked, at=at, on=on) is not None:
        raise TransitionRefused(_("The dues of this application are neither paid nor waived yet."))
    return _complete(locked, actor=actor, at=at, on=on)


def _complete(
    application: Application, *, actor: User | None, at: dt.datetime, on: dt.date, waived: str = ""
) -> Membership:
    if application.chapter is None or application.tier is None:
        raise TransitionRefused(_("The application names no chapter or no kind of membership."))
    detail = {"waived": waived} if waived else None
    enter(application, ApplicationStatus.COMPLETED, "complete", actor=actor, at=at, detail=detail)
    if application.kind == ApplicationKind.TIER:
        return _change_tier(application, tier=application.tier, actor=actor, at=at)
    if application.kind == ApplicationKind.REINSTATE:
        _end_expulsion(application, actor=actor, at=at, on=on)
    membership = admit_member(
        application.user,
        chapter=application.chapter,
        tier=application.tier,
        source=SOURCES[ApplicationKind(application.kind)],
        actor=actor,
        at=at,
        on=on,
    )
    _begin_profile(application)
    telling.tell_applicant(application, "completed", at=at)
    return membership


def _begin_profile(application: Application) -> None:
    """Begin an empty profile with the areas and languages of the application; what is there already stays."""
    profile = Profile.objects.get(user=application.user_id)
    practice = application.answers.get("practice", {})
    changed = []
    for column, known in (("areas", PracticeArea.values), ("languages", WorkLanguage.values)):
        chosen = [code for code in practice.get(column, []) if code in known]
        if chosen and not getattr(profile, column):
            setattr(profile, column, chosen)
            changed.append(column)
    if changed:
        profile.save(update_fields=changed)


def _change_tier(application: Application, *, tier: Tier, actor: User | None, at: dt.datetime) -> Membership:
    membership = _membership_to_change(application)
    change_tier(membership, tier=tier, actor=actor, at=at)
    # What was asked for the next period is another price now. Where money stands on it, the treasurer decides.
    for invoice in Invoice.objects.open().unfulfilled().filter(membership=membership, purpose=InvoicePurpose.RENEWAL):
        void_invoice(invoice, actor=actor, at=at, reason=application.number)
    telling.tell_applicant(application, "tier_changed", at=at)
    return Membership.objects.get(pk=membership.pk)


def _end_expulsion(application: Application, *, actor: User | None, at: dt.datetime, on: dt.date) -> None:
    """Lift the expulsion of a person whom the board reinstated: M12."""
    sanctions = Sanction.objects.select_for_update().in_force(on).filter(membership__user=application.user)
    for sanction in sanctions.filter(kind=SanctionKind.EXPULSION):
        sanction.lifted_on, sanction.lift_reason = on, application.number
        sanction.save(update_fields=["lifted_on", "lift_reason"])
        record(
            "members.sanction_lift",
            actor=actor,
            subject=sanction,
            at=at,
            person=application.user_id,
            chapter=application.chapter_id,
            detail={"application": application.number, "on": on},
        )


@transaction.atomic
def revive_application(application: Application, *, actor: User, at: dt.datetime) -> Application:
    """Open an approved application again that expired unpaid, within 6 months of the approval: A20b.

    Raises TransitionRefused.
    """
    User.objects.select_for_update().get(pk=application.user_id)
    locked = lock_application(application)
    refuse_unless_permitted(locked, "revive", actor=actor)
    if locked.approved_at is None:
        raise TransitionRefused(_("This application was never approved. You can apply anew."))
    on = day_of(locked, at)
    if on > add_months(day_of(locked, locked.approved_at), REVIVE_MONTHS):
        raise TransitionRefused(_("The approval was valid for 6 months and is over. You can apply anew."))
    _refuse_second_open(locked)
    is_free = _issue(locked, at=at, on=on) is None
    enter(locked, ApplicationStatus.AWAITING_DUES, "revive", actor=actor, at=at)
    if is_free:
        _complete(locked, actor=None, at=at, on=on, waived="nothing due")
    else:
        telling.tell_applicant(locked, "revived", at=at)
    return locked
