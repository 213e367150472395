"""Whom to tell what about an application. Each function is called within the transaction of what it tells."""

import datetime as dt
from collections.abc import Iterable

from django.db.models import Q

from accounts.models import User
from members.choices import OfficeRole
from members.models import Application, OfficeTerm, Reference
from members.notifications.applications import (
    APPLICATION_DECIDED,
    APPLICATION_NEWS,
    APPLICATION_WORK,
    DECIDED,
    REFERENCE_LETTER,
)
from members.services.transitions import day_of
from notifications.services import notify

MOST_TOLD = 500


def tell_applicant(application: Application, what: str, *, at: dt.datetime, about: object = "") -> None:
    """Tell the applicant what became of the application; `about` tells two facts of one kind apart."""
    kind = APPLICATION_DECIDED if what in DECIDED else APPLICATION_NEWS
    notify(
        kind,
        subject_id=application.pk,
        key=f"{kind.name}:{application.pk}:{what}:{about or application.version}",
        collapse_key=f"{kind.name}:{application.pk}:{what}",
        recipients=[application.user_id],
        data={"what": what},
        at=at,
    )


def tell_chapter(
    application: Application, what: str, *, actor: User | None, at: dt.datetime, about: object = ""
) -> None:
    """Tell those who review in the chapter, or the reviewer alone while there is one."""
    people = officers(application, OfficeRole.CHAPTER_REVIEWER, OfficeRole.CHAPTER_OFFICER, at=at)
    if application.reviewer_id in people:
        people = [application.reviewer_id]
    _tell_office(application, what, people, actor=actor, at=at, about=about)


def tell_office(
    application: Application,
    what: str,
    *roles: OfficeRole,
    actor: User | None,
    at: dt.datetime,
    without: Iterable[int] = (),
) -> None:
    """Tell those who hold one of these offices over an application, without some people."""
    people = set(officers(application, *roles, at=at)) - set(without)
    _tell_office(application, what, people, actor=actor, at=at)


def _tell_office(
    application: Application,
    what: str,
    people: Iterable[int],
    *,
    actor: User | None,
    at: dt.datetime,
    about: object = "",
) -> None:
    notify(
        APPLICATION_WORK,
        subject_id=application.pk,
        key=f"{APPLICATION_WORK.name}:{application.pk}:{what}:{about or application.version}",
        collapse_key=f"{APPLICATION_WORK.name}:{application.pk}:{what}",
        recipients=list(people)[:MOST_TOLD],
        actor=actor,
        data={"what": what},
        at=at,
    )


def officers(application: Application, *roles: OfficeRole, at: dt.datetime) -> list[int]:
    """Return the ids of those who hold one of these offices over an application's chapter, the applicant excluded."""
    chapter = application.chapter
    reached = Q(chapter__isnull=True)
    if chapter is not None:
        reached |= Q(chapter=chapter.pk)
        if chapter.parent_id is not None:
            reached |= Q(chapter=chapter.parent_id)
    terms = OfficeTerm.objects.held(day_of(application, at)).filter(reached, role__in=roles, user__is_active=True)
    return sorted(set(terms.exclude(user=application.user_id).values_list("user_id", flat=True)))


def write_to_referee(reference: Reference, application: Application, *, at: dt.datetime) -> None:
    """Put the letter with the referee's link into the outbox; the link is made when the letter is."""
    invited_at = reference.invited_at or at
    notify(
        REFERENCE_LETTER,
        subject_id=reference.pk,
        key=f"{REFERENCE_LETTER.name}:{reference.pk}:{invited_at.timestamp()}",
        recipients=[application.user_id],
        data={"letter": "reference", "reference": reference.pk},
        at=at,
    )
