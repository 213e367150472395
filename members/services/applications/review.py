"""The chapter's part: taking an application, asking the applicant, notes, the recommendation."""

import datetime as dt
from collections.abc import Iterable, Mapping

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from members.choices import ApplicationStatus, DecisionReason, DecisionStep, LicenceState, OfficeRole
from members.models import Application, Decision, InformationRequest, ReviewNote
from members.permissions.applications import has_conflict, needs_board
from members.permissions.offices import application_parties
from members.rules.admission import references_needed
from members.rules.transitions import Party
from members.services import telling
from members.services.references import count_confirmed
from members.services.transitions import (
    TransitionRefused,
    enter,
    lock_application,
    note_event,
    refuse_unless_permitted,
    start_clock,
    stop_clock,
)

IN_OFFICE = frozenset({Party.CHAPTER_REVIEWER, Party.CHAPTER_OFFICER, Party.REGISTRAR, Party.BOARD})


@transaction.atomic
def take_application(application: Application, *, actor: User, version: int, at: dt.datetime) -> Application:
    """Make the actor the reviewer and lock the documents: A5. Raises TransitionRefused, StaleApplication."""
    locked = lock_application(application, version=version)
    refuse_unless_permitted(locked, "take", actor=actor)
    locked.reviewer = actor
    enter(locked, ApplicationStatus.UNDER_REVIEW, "take", actor=actor, at=at)
    telling.tell_applicant(locked, "taken", at=at)
    return locked


@transaction.atomic
def request_information(
    application: Application, *, actor: User, version: int, questions: Iterable[str], at: dt.datetime
) -> list[InformationRequest]:
    """Ask the applicant; meanwhile the chapter's clock stands: A6. Raises TransitionRefused, StaleApplication."""
    locked = lock_application(application, version=version)
    refuse_unless_permitted(locked, "request_information", actor=actor)
    asked = [question.strip() for question in questions if question.strip()]
    if not asked:
        raise TransitionRefused(_("Write at least one question to the applicant."))
    rows = [
        InformationRequest.objects.create(application=locked, question=question, asked_by=actor, asked_at=at)
        for question in asked
    ]
    stop_clock(locked, at=at)
    detail = {"questions": len(rows)}
    enter(locked, ApplicationStatus.INFO_REQUESTED, "request_information", actor=actor, at=at, detail=detail)
    telling.tell_applicant(locked, "asked", at=at)
    return rows


@transaction.atomic
def answer_information(
    application: Application, *, actor: User, version: int, answers: Mapping[int, str], at: dt.datetime
) -> Application:
    """Hand the answers to every open question to the chapter, whose clock runs again: A7.

    `answers` maps ids of questions to texts. Raises TransitionRefused, StaleApplication.
    """
    locked = lock_application(application, version=version)
    refuse_unless_permitted(locked, "answer", actor=actor)
    questions = list(locked.information_requests.filter(answered_at__isnull=True).order_by("pk"))
    texts = {question.pk: str(answers.get(question.pk, "")).strip() for question in questions}
    left = sum(not text for text in texts.values())
    if left:
        raise TransitionRefused(
            ngettext(
                "%(count)s question is not answered yet. Answer it too.",
                "%(count)s questions are not answered yet. Answer them too.",
                left,
            )
            % {"count": left}
        )
    for question in questions:
        question.answer, question.answered_at = texts[question.pk], at
        question.save(update_fields=["answer", "answered_at"])
    start_clock(locked, at=at)
    locked.touched_at = at
    enter(locked, ApplicationStatus.UNDER_REVIEW, "answer", actor=actor, at=at, detail={"answers": len(questions)})
    telling.tell_chapter(locked, "answered", actor=actor, at=at)
    return locked


@transaction.atomic
def recommend_application(
    application: Application, *, actor: User, version: int, internal_note: str = "", at: dt.datetime
) -> Decision:
    """Recommend the applicant to the League: A11. Raises TransitionRefused, StaleApplication."""
    locked = lock_application(application, version=version)
    refuse_unless_permitted(locked, "recommend", actor=actor)
    sentence = why_not_recommend(locked)
    if sentence:
        raise TransitionRefused(sentence)
    roles = [OfficeRole.REGISTRAR, OfficeRole.BOARD] if needs_board(locked) else [OfficeRole.REGISTRAR]
    return _advise(
        locked, ApplicationStatus.RECOMMENDED, "recommend", roles, actor=actor, internal_note=internal_note, at=at
    )


def why_not_recommend(application: Application) -> str:
    """Return in a sentence what an application lacks to be recommended, or ""."""
    lacking = references_needed(application.kind) - count_confirmed(application)
    if lacking > 0:
        return ngettext(
            "%(count)s referee has not confirmed yet: an application is recommended when both have.",
            "%(count)s referees have not confirmed yet: an application is recommended when both have.",
            lacking,
        ) % {"count": lacking}
    if application.tier is not None and not application.tier.needs_licence:
        return ""
    licence = application.licence
    if licence is None:
        return _("The application states no licence. Ask the applicant for it.")
    if licence.state == LicenceState.VERIFIED:
        return ""
    if licence.state == LicenceState.UNVERIFIABLE:
        latest = licence.checks.order_by("-checked_at", "-pk").first()
        if latest is not None and latest.board_note:
            return ""
        return _("The licence cannot be verified: record the board’s note on it with another check.")
    return _("Check the licence first: it has to be verified, or unverifiable with a note of the board.")


@transaction.atomic
def advise_against(
    application: Application,
    *,
    actor: User,
    version: int,
    reason_code: str,
    internal_note: str = "",
    at: dt.datetime,
) -> Decision:
    """Advise the League against the applicant, who is not told: A12. Raises TransitionRefused, StaleApplication."""
    locked = lock_application(application, version=version)
    refuse_unless_permitted(locked, "advise_against", actor=actor)
    check_reason(reason_code)
    return _advise(
        locked,
        ApplicationStatus.NOT_RECOMMENDED,
        "advise_against",
        [OfficeRole.REGISTRAR, OfficeRole.BOARD],
        actor=actor,
        reason_code=reason_code,
        internal_note=internal_note,
        at=at,
    )


def check_reason(reason_code: str) -> None:
    """Raise TransitionRefused for a reason that is not on the list."""
    if reason_code not in DecisionReason.values:
        raise TransitionRefused(_("Choose the reason from the list."))


def _advise(
    application: Application,
    target: ApplicationStatus,
    name: str,
    told: list[OfficeRole],
    *,
    actor: User,
    reason_code: str = "",
    internal_note: str,
    at: dt.datetime,
) -> Decision:
    decision = Decision.objects.create(
        application=application,
        step=DecisionStep.CHAPTER,
        is_positive=target == ApplicationStatus.RECOMMENDED,
        reason_code=reason_code,
        internal_note=internal_note.strip(),
        decided_by=actor,
        decided_at=at,
    )
    stop_clock(application, at=at)
    enter(application, target, name, actor=actor, at=at, reason_code=reason_code)
    telling.tell_office(application, "recommended", *told, actor=actor, at=at)
    return decision


@transaction.atomic
def add_note(application: Application, *, actor: User, text: str, at: dt.datetime) -> ReviewNote:
    """Note something for other officers; the applicant never sees it. Raises TransitionRefused."""
    return _note(application, actor=actor, text=text, at=at, is_conflict=False)


@transaction.atomic
def declare_conflict(application: Application, *, actor: User, text: str, at: dt.datetime) -> ReviewNote:
    """Leave an application to other officers because of a conflict of interest; again changes nothing.

    Raises TransitionRefused.
    """
    if has_conflict(actor, application):
        return application.notes.get(author=actor, is_conflict=True)
    return _note(application, actor=actor, text=text, at=at, is_conflict=True)


def _note(application: Application, *, actor: User, text: str, at: dt.datetime, is_conflict: bool) -> ReviewNote:
    locked = lock_application(application)
    if locked.submitted_at is None or IN_OFFICE.isdisjoint(application_parties(actor, locked)):
        raise TransitionRefused(_("Only officers who handle this application can note something on it."))
    if not text.strip():
        raise TransitionRefused(_("Write the note first."))
    note = ReviewNote.objects.create(
        application=locked, author=actor, text=text.strip(), at=at, is_conflict=is_conflict
    )
    note_event(locked, "conflict" if is_conflict else "note", actor=actor, at=at, detail={"note": note.pk})
    return note
