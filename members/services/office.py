"""What the office looks at: that it looked is on record, and who else an applicant may be."""

import datetime as dt
from dataclasses import dataclass
from itertools import permutations

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.models import User
from audit.services import record
from members.choices import IdentitySign
from members.models import (
    Application,
    ApplicationDocument,
    CpdClaim,
    ImportBatch,
    Invoice,
    Licence,
    Membership,
    MergeRecord,
    in_chapters,
    offices_of,
)
from members.permissions.applications import has_conflict
from members.permissions.records import REVIEW_ROLES
from members.services.duplicates import Sign, find_people, name_parts, signs_of
from members.services.licences import chapter_concerned

MOST_DUPLICATES = 10
MOST_PARTS = 4  # of a name whose orders are all tried


def _note_look(
    action: str,
    subject: Application | Membership | Invoice | Licence | CpdClaim,
    *,
    actor: User,
    at: dt.datetime,
    detail: dict[str, object] | None = None,
) -> None:
    """Record that an officer looked at what a chapter keeps about a person."""
    record(
        action,
        actor=actor,
        subject=subject,
        at=at,
        person=subject.user_id,
        chapter=_chapter_of(subject),
        detail=detail,
    )


def _chapter_of(subject: Application | Membership | Invoice | Licence | CpdClaim) -> int | None:
    if isinstance(subject, (Licence, CpdClaim)):
        return chapter_concerned(subject.user_id)
    return subject.chapter_id


def view_application(application: Application, *, actor: User, at: dt.datetime) -> None:
    """Record that an officer opened an application."""
    _note_look("members.application_viewed", application, actor=actor, at=at)


class LookRefused(Exception):
    """Raised when an officer may not look at something; `sentence` says why."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


@transaction.atomic
def view_document(document: ApplicationDocument, *, actor: User, at: dt.datetime) -> bytes | None:
    """Return the content of a document, None when it was deleted, and record who took it. Raises LookRefused."""
    application = document.application
    if has_conflict(actor, application):
        raise LookRefused(_("You declared a conflict of interest in this application: another officer handles it."))
    if document.purged_at is not None or not document.file:
        return None
    try:
        with document.file.open("rb") as file:
            content: bytes = file.read()
    except FileNotFoundError:
        return None
    detail: dict[str, object] = {"document": document.pk, "kind": document.kind}
    _note_look("members.document_viewed", application, actor=actor, at=at, detail=detail)
    return content


def view_membership(membership: Membership, *, actor: User, at: dt.datetime) -> None:
    """Record that an officer opened the record of a member."""
    _note_look("members.membership_viewed", membership, actor=actor, at=at)


def view_licence(licence: Licence, *, actor: User, at: dt.datetime) -> None:
    """Record that an officer opened a licence."""
    _note_look("members.licence_viewed", licence, actor=actor, at=at)


def view_invoice(invoice: Invoice, *, actor: User, at: dt.datetime) -> None:
    """Record that an officer opened an invoice, on which members say why they cannot pay."""
    _note_look("members.invoice_viewed", invoice, actor=actor, at=at)


def view_claim(claim: CpdClaim, *, actor: User, at: dt.datetime) -> None:
    """Record that an officer opened a claim of hours."""
    _note_look("members.cpd_claim_viewed", claim, actor=actor, at=at)


def view_ledger(membership: Membership, *, actor: User, at: dt.datetime) -> None:
    """Record that an officer opened a member's ledger of hours."""
    _note_look("members.cpd_ledger_viewed", membership, actor=actor, at=at)


def view_import(batch: ImportBatch, *, actor: User, at: dt.datetime) -> None:
    """Record that an officer opened the rows of an import."""
    record("members.import_viewed", actor=actor, subject=batch, at=at, chapter=batch.chapter_id)


def view_cards(number: str, *, actor: User, at: dt.datetime) -> None:
    """Record that an officer looked through the members' cards, or for one by its number."""
    record("members.cards_viewed", actor=actor, subject=actor, at=at, detail={"number": number} if number else None)


@dataclass(frozen=True)
class Likeness:
    """An account that may be of the same person, and what they have in common."""

    user: User
    has_same_licence: bool
    has_same_name: bool
    has_same_email: bool


def look_alikes(user: User, *, viewer: User) -> list[Likeness]:
    """Return other accounts with the same licence, name or address, in whatever script they are written.

    Only people of the viewer's chapters are named; of other chapters' the registrar and the board learn.

    The index of signs finds who was indexed already and has the year of birth beside the name; names alone are found
    by their folded form in profiles, and as they are written in accounts without one.
    """
    own = signs_of([user.pk])[user.pk]
    candidates = {pk for people in find_people(own).values() for pk in people}
    names = {tuple(name_parts(name)) for name in (user.name_native, user.name_latin) if name}
    orders = {" ".join(order) for parts in names if len(parts) <= MOST_PARTS for order in permutations(parts)}
    alike = Q(pk__in=candidates) | Q(profile__sort_name__in=orders) | Q(name_native__iexact=user.name_native)
    if user.name_latin:
        alike |= Q(name_latin__iexact=user.name_latin)
    for country, number in user.licences.values_list("country", "number"):
        alike |= Q(pk__in=Licence.objects.filter(country=country, number__iexact=number).values("user"))
    merged = MergeRecord.objects.filter(undone_at=None).values("merged")
    found = User.objects.filter(alike).exclude(pk__in=merged).exclude(pk=user.pk).order_by("pk")
    chapters = offices_of(viewer).chapters_with(*REVIEW_ROLES)
    if None not in chapters:
        found = found.filter(in_chapters("pk", chapters))
    people = list(found.select_related("membership")[:MOST_DUPLICATES])
    signs = signs_of([one.pk for one in people]) if people else {}
    return [_likeness(one, names=names, shared=own & signs[one.pk]) for one in people]


def _likeness(other: User, *, names: set[tuple[str, ...]], shared: set[Sign]) -> Likeness:
    kinds = {kind for kind, _value in shared}
    others = {tuple(name_parts(name)) for name in (other.name_native, other.name_latin) if name}
    return Likeness(
        other,
        has_same_licence=IdentitySign.LICENCE in kinds,
        has_same_name=not names.isdisjoint(others),
        has_same_email=IdentitySign.EMAIL in kinds,
    )
