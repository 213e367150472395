"""What applicants, referees and officers are told about applications: numbers and codes, never what somebody wrote."""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from members.choices import ReferenceStatus
from members.models import Application, Reference, hash_token
from members.rules.transitions import BEFORE_DECISION
from members.tokens import reference_token
from notifications.choices import Channel, Mode, Urgency
from notifications.registry import Kind, LetterVoid, Notice, OwnLetter, Subject, absolute, register

# What the applicant reads, by the code of the event.
NEWS = {
    "submitted": gettext_lazy("Your application %(number)s has reached the chapter"),
    "taken": gettext_lazy("The chapter has begun to review your application %(number)s"),
    "referee_needed": gettext_lazy("Your application %(number)s needs another referee"),
    "draft_idle": gettext_lazy("Your application is waiting to be finished"),
    "approved": gettext_lazy("Your application %(number)s is approved: the invoice for the dues will follow"),
    "awaiting_dues": gettext_lazy("Your application %(number)s is approved: the dues are left to be paid"),
    "dues_waiting": gettext_lazy("The dues for your application %(number)s are still to be paid"),
    "completed": gettext_lazy("You are a member of the League: application %(number)s is complete"),
    "tier_changed": gettext_lazy("Your kind of membership is changed: application %(number)s is complete"),
    "revived": gettext_lazy("Your application %(number)s is open again: the dues are left to be paid"),
    "appealed": gettext_lazy("Your appeal on application %(number)s has reached the board"),
}
# The same, where a deadline begins to run or the matter is closed: these letters cannot be turned off.
DECIDED = {
    "asked": gettext_lazy("The chapter asks you something about your application %(number)s"),
    "rejected": gettext_lazy("Your application %(number)s is rejected: read why, and how to appeal"),
    "rejected_final": gettext_lazy("The board has decided on your appeal: application %(number)s"),
    "appeal_granted": gettext_lazy("The board has granted your appeal: application %(number)s is approved"),
    "expired_draft": gettext_lazy("Your application was closed because it was not finished"),
    "expired_unanswered": gettext_lazy("Application %(number)s was closed because the questions were not answered"),
    "expired_unpaid": gettext_lazy("Application %(number)s was closed because the dues were not paid"),
}
MORE = {
    "referee_needed": gettext_lazy("One of the people you named will not answer. Name another member of the League."),
    "draft_idle": gettext_lazy("Everything you filled in is kept. Drafts are closed 60 days after the last change."),
    "dues_waiting": gettext_lazy("Applications are closed 60 days after the approval if the dues are not paid."),
    "asked": gettext_lazy("Answer within 45 days: otherwise the application is closed, and you can apply anew."),
    "rejected": gettext_lazy("You can appeal to the board within 30 days of the decision."),
    "expired_draft": gettext_lazy("You can begin a new application at any time."),
    "expired_unanswered": gettext_lazy("You can apply again at once."),
    "expired_unpaid": gettext_lazy("The approval stays valid for 6 months: you can open the application again."),
}
# What officers read.
WORK = {
    "submitted": gettext_lazy("A new application waits for review: %(number)s"),
    "withdrawn": gettext_lazy("Application %(number)s was withdrawn"),
    "answered": gettext_lazy("The applicant has answered your questions: application %(number)s"),
    "references_complete": gettext_lazy("Both referees have answered: application %(number)s"),
    "referee_declined": gettext_lazy("A referee has declined: application %(number)s"),
    "recommended": gettext_lazy("An application waits for the League’s decision: %(number)s"),
    "returned": gettext_lazy("The League returned application %(number)s to the chapter"),
    "unpriced": gettext_lazy("An approved application waits for the price of its kind of membership: %(number)s"),
    "appealed": gettext_lazy("An appeal waits for the board: application %(number)s"),
}


def _own_applications(user: User, ids: Iterable[str]) -> dict[str, Subject]:
    rows = Application.objects.filter(user=user.pk, pk__in=list(ids))
    return {str(row.pk): Subject(title=row.number, url=row.get_absolute_url()) for row in rows}


def _handled_applications(user: User, ids: Iterable[str]) -> dict[str, Subject]:
    rows = Application.objects.in_office(user).filter(pk__in=list(ids))
    return {str(row.pk): Subject(title=row.number, url=office_path(row.pk)) for row in rows}


def office_path(application_id: int) -> str:
    """Return the address of an application's page in the office."""
    return reverse("applications:detail", args=[application_id])


def _line(texts: Mapping[str, Any], notice: Notice) -> str:
    text = texts.get(notice.data.get("what", ""), gettext_lazy("There is news about application %(number)s"))
    return str(text) % {"number": notice.subject.title}


def _more(notice: Notice) -> list[str]:
    text = MORE.get(notice.data.get("what", ""))
    return [str(text)] if text is not None else []


APPLICATION_NEWS = register(
    Kind(
        name="members.application_news",
        label=gettext_lazy("How your application goes on"),
        group=gettext_lazy("Membership"),
        load=_own_applications,
        line=lambda notice: _line(NEWS, notice),
        paragraphs=_more,
        action=gettext_lazy("Open your application"),
        reason=gettext_lazy("You get this letter because you have an application with the League."),
        urgency=Urgency.DIRECT,
        window=dt.timedelta(0),
        lifetime=dt.timedelta(days=7),
        icon="file-text",
    )
)

APPLICATION_DECIDED = register(
    Kind(
        name="members.application_decided",
        label=gettext_lazy("Questions and decisions on your application"),
        group=gettext_lazy("Membership"),
        load=_own_applications,
        line=lambda notice: _line(DECIDED, notice),
        paragraphs=_more,
        action=gettext_lazy("Open your application"),
        reason=gettext_lazy("You get this letter because you have an application with the League."),
        urgency=Urgency.SECURITY,
        locked=frozenset({Channel.SITE, Channel.MAIL}),
        window=dt.timedelta(0),
        lifetime=dt.timedelta(days=14),
        icon="file-text",
    )
)

APPLICATION_WORK = register(
    Kind(
        name="members.application_work",
        label=gettext_lazy("Applications that wait for you as an officer"),
        group=gettext_lazy("The League"),
        load=_handled_applications,
        line=lambda notice: _line(WORK, notice),
        action=gettext_lazy("Open the application"),
        reason=gettext_lazy("You get this letter because you hold an office of the League."),
        lifetime=dt.timedelta(days=7),
        icon="inbox",
    )
)


def open_references() -> QuerySet[Reference]:
    """Return the references whose letters may still be sent."""
    return Reference.objects.filter(
        Q(status=ReferenceStatus.INVITED), Q(application__status__in=BEFORE_DECISION), invited_at__isnull=False
    ).select_related("application__user")


def _own_references(user: User, ids: Iterable[str]) -> dict[str, Subject]:
    """Return a person's referees as the page of deliveries names them: by the application, not by the referee."""
    rows = open_references().filter(application__user=user.pk, pk__in=list(ids))
    return {str(row.pk): Subject(title=row.application.number, url=row.application.get_absolute_url()) for row in rows}


def reference_letter(user: User, data: Mapping[str, Any]) -> OwnLetter:
    """Write to a referee in the language that the applicant chose for the letter; the secret link is made now.

    Raises LetterVoid when there is nothing to answer any more.
    """
    reference = open_references().filter(application__user=user.pk, pk=data["reference"]).first()
    if reference is None or reference.expires_at is None:
        raise LetterVoid
    token = reference_token(reference)
    if hash_token(token) != reference.token_hash:
        raise LetterVoid
    language = reference.language if reference.language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
    applicant = reference.application.user
    with translation.override(language):
        context = {
            "referee": reference.name,
            "applicant": applicant.name_for_english if language == "en" else applicant.name_native,
            "url": absolute(reverse("application:reference", args=[token])),
            "until": reference.expires_at,
        }
        subject = " ".join(render_to_string("members/mail/reference_subject.txt", context).split())
        body = render_to_string("members/mail/reference_message.txt", context).strip() + "\n"
    return OwnLetter(to=reference.email, subject=subject, body=body, language=language)


REFERENCE_LETTER = register(
    Kind(
        name="members.reference_letter",
        label=gettext_lazy("Letters to the referees whom you named"),
        group=gettext_lazy("Membership"),
        load=_own_references,
        line=lambda notice: (
            _("A letter to a referee of your application %(number)s") % {"number": notice.subject.title}
        ),
        action=gettext_lazy("Open your application"),
        reason=gettext_lazy("You get this letter because an applicant to the League named you as a referee."),
        urgency=Urgency.SECURITY,
        modes={Channel.MAIL: Mode.INSTANT},
        locked=frozenset({Channel.MAIL}),
        window=dt.timedelta(0),
        lifetime=dt.timedelta(days=7),
        icon="mail",
        letter=reference_letter,
        is_listed=False,
    )
)
