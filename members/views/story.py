"""How an application goes, in the applicant's words. What the chapter advised is not among them."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from members.choices import ApplicationKind, ApplicationStatus, DecisionReason, DecisionStep
from members.models import Application, Decision, InformationRequest
from members.rules.admission import APPEAL_WINDOW, REVIVE_MONTHS
from members.services.memberships import add_months
from members.services.transitions import day_of

# The stage that each status belongs to. A recommendation and its contrary look alike.
STAGE = {
    ApplicationStatus.SUBMITTED: 1,
    ApplicationStatus.UNDER_REVIEW: 1,
    ApplicationStatus.INFO_REQUESTED: 1,
    ApplicationStatus.RECOMMENDED: 2,
    ApplicationStatus.NOT_RECOMMENDED: 2,
    ApplicationStatus.APPEALED: 2,
    ApplicationStatus.APPROVED: 3,
    ApplicationStatus.AWAITING_DUES: 3,
    ApplicationStatus.COMPLETED: 5,
}


@dataclass(frozen=True)
class Stage:
    """One station on the way to membership."""

    label: str
    is_done: bool
    is_current: bool


@dataclass(frozen=True)
class Event:
    """Something that happened, as a sentence."""

    at: dt.datetime
    sentence: str


def status_sentence(application: Application) -> str:
    """Say where an application stands now."""
    is_tier = application.kind == ApplicationKind.TIER
    return {
        ApplicationStatus.SUBMITTED: _("Your application waits for a reviewer of the chapter."),
        ApplicationStatus.UNDER_REVIEW: _("The chapter is looking at your application."),
        ApplicationStatus.INFO_REQUESTED: _("The chapter has questions. Answer them below, then it goes on."),
        ApplicationStatus.RECOMMENDED: _("The chapter has finished. The League’s registrar decides."),
        ApplicationStatus.NOT_RECOMMENDED: _("The chapter has finished. The League’s registrar decides."),
        ApplicationStatus.APPROVED: _(
            "Your application is approved. The chapter is setting the dues: the invoice will follow."
        ),
        ApplicationStatus.AWAITING_DUES: (
            _("Your application is approved. Pay the difference in dues to change the kind of membership.")
            if is_tier
            else _("Your application is approved. Pay the dues to become a member.")
        ),
        ApplicationStatus.COMPLETED: (
            _("Your kind of membership is changed.") if is_tier else _("You are a member of the League.")
        ),
        ApplicationStatus.REJECTED: _("Your application was rejected."),
        ApplicationStatus.APPEALED: _("The board is deciding on your appeal."),
        ApplicationStatus.REJECTED_FINAL: _("Your application was finally rejected."),
        ApplicationStatus.WITHDRAWN: _("You withdrew this application."),
        ApplicationStatus.EXPIRED: _("This application has expired."),
        ApplicationStatus.DRAFT: _("This is a draft."),
    }[ApplicationStatus(application.status)]


def stages_of(application: Application) -> list[Stage]:
    """Return the way to membership with the stage reached; nothing where it ended elsewhere."""
    reached = STAGE.get(ApplicationStatus(application.status))
    if reached is None:
        return []
    end = _("Kind of membership") if application.kind == ApplicationKind.TIER else _("Membership")
    labels = (_("Sent"), _("The chapter reviews"), _("The League decides"), _("Dues"), end)
    return [Stage(label, number < reached, number == reached) for number, label in enumerate(labels)]


def story_of(
    application: Application, questions: Iterable[InformationRequest], decisions: Iterable[Decision]
) -> list[Event]:
    """Return what happened so far, the latest first."""
    events = [Event(application.created_at, _("You began the application."))]
    if application.submitted_at is not None:
        events.append(Event(application.submitted_at, _("You sent the application.")))
    asked = list(questions)
    events += [Event(at, _("The chapter asked you something.")) for at in {one.asked_at for one in asked}]
    events += [
        Event(at, _("You answered the chapter’s questions."))
        for at in {one.answered_at for one in asked}
        if at is not None
    ]
    for decision in decisions:
        if decision.step == DecisionStep.LEAGUE:
            yes, no = _("The application was approved."), _("The application was rejected.")
        elif decision.step == DecisionStep.APPEAL:
            yes, no = _("The board allowed your appeal."), _("The board upheld the decision.")
        else:
            continue  # the chapter's advice is for the League
        events.append(Event(decision.decided_at, yes if decision.is_positive else no))
    last = {
        ApplicationStatus.APPEALED: _("You appealed to the board."),
        ApplicationStatus.AWAITING_DUES: _("The invoice was issued."),
        ApplicationStatus.COMPLETED: (
            _("Your kind of membership was changed.")
            if application.kind == ApplicationKind.TIER
            else _("You became a member.")
        ),
        ApplicationStatus.WITHDRAWN: _("You withdrew the application."),
        ApplicationStatus.EXPIRED: _("The application expired."),
    }.get(ApplicationStatus(application.status))
    if last is not None:
        events.append(Event(application.status_at, last))
    # What has one time keeps its order: the cause stands before the consequence.
    return [event for _at, _number, event in sorted(((e.at, n, e) for n, e in enumerate(events)), reverse=True)]


@dataclass(frozen=True)
class Ruling:
    """The decision as the applicant reads it."""

    is_positive: bool
    decided_at: dt.datetime
    reason: str
    text: str


def decision_shown(application: Application, decisions: Iterable[Decision]) -> Ruling | None:
    """Return the latest decision of the League or, after an appeal, of the board; None before there is one."""
    if application.status in {ApplicationStatus.RECOMMENDED, ApplicationStatus.NOT_RECOMMENDED}:
        return None
    told = [one for one in decisions if one.step in {DecisionStep.LEAGUE, DecisionStep.APPEAL}]
    if not told:
        return None
    one = told[-1]
    reason = str(DecisionReason(one.reason_code).label) if one.reason_code else ""
    return Ruling(one.is_positive, one.decided_at, reason, one.text_for_applicant)


def appeal_until(application: Application) -> dt.datetime | None:
    """Return until when a rejection can be appealed."""
    return application.rejected_at + APPEAL_WINDOW if application.rejected_at is not None else None


def may_appeal(application: Application, *, at: dt.datetime) -> bool:
    """Whether the applicant can appeal now: once, in time."""
    until = appeal_until(application)
    return (
        application.status == ApplicationStatus.REJECTED
        and not application.has_appealed
        and until is not None
        and at <= until
    )


def may_revive(application: Application, *, at: dt.datetime) -> bool:
    """Whether an approval whose dues were not paid in time still stands."""
    if (
        application.status != ApplicationStatus.EXPIRED
        or application.approved_at is None
        or application.chapter is None
    ):
        return False
    return day_of(application, at) <= add_months(day_of(application, application.approved_at), REVIVE_MONTHS)
