"""What the office looks at: that it looked is on record, and who else an applicant may be."""

import datetime as dt
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q

from accounts.models import User
from audit.services import record
from members.models import Application, ApplicationDocument, Licence, Membership

MOST_DUPLICATES = 10


def view_application(application: Application, *, actor: User, at: dt.datetime) -> None:
    """Record that an officer opened an application."""
    record(
        "members.application_viewed",
        actor=actor,
        subject=application,
        at=at,
        person=application.user_id,
        chapter=application.chapter_id,
    )


@transaction.atomic
def view_document(document: ApplicationDocument, *, actor: User, at: dt.datetime) -> bytes | None:
    """Return the content of a document, None when it was deleted, and record who took it."""
    application = document.application
    if document.purged_at is not None or not document.file:
        return None
    try:
        with document.file.open("rb") as file:
            content: bytes = file.read()
    except FileNotFoundError:
        return None
    record(
        "members.document_viewed",
        actor=actor,
        subject=application,
        at=at,
        person=application.user_id,
        chapter=application.chapter_id,
        detail={"document": document.pk, "kind": document.kind},
    )
    return content


def view_membership(membership: Membership, *, actor: User, at: dt.datetime) -> None:
    """Record that an officer opened the record of a member."""
    record(
        "members.membership_viewed",
        actor=actor,
        subject=membership,
        at=at,
        person=membership.user_id,
        chapter=membership.chapter_id,
    )


def view_licence(licence: Licence, *, actor: User, at: dt.datetime) -> None:
    """Record that an officer opened a licence."""
    record("members.licence_viewed", actor=actor, subject=licence, at=at, person=licence.user_id)


@dataclass(frozen=True)
class Likeness:
    """An account that may be of the same person, and what they have in common."""

    user: User
    has_same_licence: bool
    has_same_name: bool


def look_alikes(user: User) -> list[Likeness]:
    """Return other accounts with a licence of the same country and number, or with the same name: three queries."""
    same_licence = Q(pk__in=[])
    for country, number in user.licences.values_list("country", "number"):
        same_licence |= Q(licences__country=country, licences__number__iexact=number)
    by_licence = set(User.objects.filter(same_licence).exclude(pk=user.pk).values_list("pk", flat=True))
    same_name = Q(name_native__iexact=user.name_native)
    if user.name_latin:
        same_name |= Q(name_latin__iexact=user.name_latin)
    found = User.objects.filter(same_name | Q(pk__in=by_licence)).exclude(pk=user.pk).order_by("pk")
    name = user.name_native.casefold()
    return [
        Likeness(other, other.pk in by_licence, other.name_native.casefold() == name or _is_same_latin(user, other))
        for other in found.select_related("membership")[:MOST_DUPLICATES]
    ]


def _is_same_latin(one: User, other: User) -> bool:
    return bool(one.name_latin) and one.name_latin.casefold() == other.name_latin.casefold()
