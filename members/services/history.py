"""What happened to an application or a membership, in words, from the audit log."""

import datetime as dt
from dataclasses import dataclass

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_stubs_ext import StrOrPromise

from accounts.models import User
from audit.models import AuditEvent
from members.choices import ApplicationStatus, DecisionReason, LicenceState, SanctionGround, Standing

MOST = 200  # events on one page

WORDS: dict[str, StrOrPromise] = {
    "members.application_start": gettext_lazy("Application begun"),
    "members.application_submit": gettext_lazy("Submitted"),
    "members.application_withdraw": gettext_lazy("Withdrawn"),
    "members.application_take": gettext_lazy("Taken for review"),
    "members.application_request_information": gettext_lazy("Applicant asked"),
    "members.application_answer": gettext_lazy("Applicant answered"),
    "members.application_recommend": gettext_lazy("Recommended by the chapter"),
    "members.application_advise_against": gettext_lazy("Not recommended by the chapter"),
    "members.application_approve": gettext_lazy("Approved"),
    "members.application_return_to_chapter": gettext_lazy("Returned to the chapter"),
    "members.application_reject": gettext_lazy("Rejected"),
    "members.application_appeal": gettext_lazy("Appeal lodged"),
    "members.application_vote_on_appeal": gettext_lazy("Vote on the appeal"),
    "members.application_await_dues": gettext_lazy("Invoice issued, waiting for dues"),
    "members.application_complete": gettext_lazy("Completed"),
    "members.application_revive": gettext_lazy("Revived"),
    "members.application_expire_draft": gettext_lazy("Expired: not submitted"),
    "members.application_expire_unanswered": gettext_lazy("Expired: questions not answered"),
    "members.application_expire_unpaid": gettext_lazy("Expired: dues not paid"),
    "members.application_document_added": gettext_lazy("Document handed in"),
    "members.application_document_removed": gettext_lazy("Document removed"),
    "members.application_consent": gettext_lazy("Consent given"),
    "members.application_note": gettext_lazy("Internal note"),
    "members.application_conflict": gettext_lazy("Conflict of interest declared"),
    "members.document_viewed": gettext_lazy("Document downloaded"),
    "members.admit": gettext_lazy("Admitted"),
    "members.period_added": gettext_lazy("Period of membership added"),
    "members.standing_changed": gettext_lazy("Standing changed with time"),
    "members.membership_suspend": gettext_lazy("Suspended"),
    "members.membership_propose_licence": gettext_lazy("Suspension proposed because of the licence"),
    "members.membership_confirm_licence": gettext_lazy("Suspended because of the licence"),
    "members.membership_dismiss_licence": gettext_lazy("Proposed suspension dismissed"),
    "members.membership_lift": gettext_lazy("Suspension lifted"),
    "members.membership_propose_expulsion": gettext_lazy("Expulsion put before the board"),
    "members.membership_expulsion_vote": gettext_lazy("Vote on the expulsion"),
    "members.membership_expulsion_refused": gettext_lazy("Expulsion refused by the board"),
    "members.membership_expel": gettext_lazy("Expelled"),
    "members.membership_resign": gettext_lazy("Resigned"),
    "members.membership_take_back_resignation": gettext_lazy("Resignation taken back"),
    "members.membership_record_death": gettext_lazy("Death recorded"),
    "members.membership_change_tier": gettext_lazy("Kind of membership changed"),
    "members.transfer_asked": gettext_lazy("Asked to move to another chapter"),
    "members.transfer_agreed": gettext_lazy("A chapter agreed"),
    "members.transfer_agreed_by_silence": gettext_lazy("The old chapter kept silent, which is agreement"),
    "members.transfer_refused": gettext_lazy("A chapter refused"),
    "members.transfer_cancelled": gettext_lazy("Taken back by the member"),
    "members.transfer_completed": gettext_lazy("Moved to the new chapter"),
    "members.licence_check": gettext_lazy("Licence checked"),
}
VIEWS = (
    "members.application_viewed",
    "members.membership_viewed",
    "members.licence_viewed",
    "members.transfer_viewed",
    "members.cpd_ledger_viewed",
)
STATES: dict[str, StrOrPromise] = {
    **dict(Standing.choices),
    **dict(LicenceState.choices),
    **dict(ApplicationStatus.choices),
}
MEMBERSHIP_STATES: dict[str, StrOrPromise] = {**STATES, **dict(Standing.choices)}
REASONS: dict[str, StrOrPromise] = {**dict(SanctionGround.choices), **dict(DecisionReason.choices)}


@dataclass(frozen=True)
class Line:
    """One event: when, who, what, from which state to which, and why."""

    at: dt.datetime
    who: str
    what: str
    source: str
    target: str
    reason: str


def history_of(*subjects: models.Model) -> list[Line]:
    """Return what happened to things, the latest first, without who merely looked: two queries."""
    condition = models.Q(pk__in=[])
    for subject in subjects:
        condition |= models.Q(subject_type=subject._meta.label_lower, subject_id=str(subject.pk))
    events = list(AuditEvent.objects.filter(condition).exclude(action__in=VIEWS).order_by("-pk")[:MOST])
    names = {person.pk: str(person) for person in User.objects.filter(pk__in={one.actor_id for one in events})}
    return [_line(event, names) for event in events]


def _line(event: AuditEvent, names: dict[int, str]) -> Line:
    states = STATES if event.subject_type == "members.application" else MEMBERSHIP_STATES
    source, target = str(event.detail.get("from", "")), str(event.detail.get("to", ""))
    who = _("scheduled job") if event.actor_id is None else names.get(event.actor_id, _("a deleted account"))
    is_change = source != target and source in states and target in states
    return Line(
        event.at,
        who,
        str(WORDS.get(event.action) or event.action),
        str(states[source]) if is_change else "",
        str(states[target]) if is_change else "",
        str(REASONS.get(event.reason_code) or ""),
    )
