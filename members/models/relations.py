"""Everything that points at a person, a membership or a profile, and what a merge of two accounts does with it.

The rows are found from the models' metadata, so nothing can be forgotten: what this table does not name stops every
merge, and a test fails. Models are named by their labels, because apps above this one are among them.

What is a person's own moves: membership, dues, learning, what was decided or answered in that name. What is the
account's stays with it: ways to sign in, rights, settings, what was sent to it, the editors' own logs.
"""

import datetime as dt
from enum import StrEnum
from typing import Any

from django.apps import apps
from django.db import models
from django.db.models.fields.files import FieldFile

from members.models.profiles import DESCRIPTION, TRAITS


class Treatment(StrEnum):
    """What a merge does with the rows of one relation."""

    MOVE = "move"  # to the account that stays, but for a row that a unique constraint keeps out
    KEEP = "keep"  # with the account that goes


# Wagtail and its parts, settings and messages: records of an account, not of a person.
KEPT_APPS = (
    "accounts",
    "account",
    "mfa",
    "notifications",
    "pages",
    "usersessions",
    "wagtail_localize",
    "wagtailadmin",
    "wagtailcore",
    "wagtaildocs",
    "wagtailimages",
    "wagtailusers",
)

TREATMENTS: dict[str, Treatment] = {
    "courses.Enrolment.user": Treatment.MOVE,
    # It lies in the revisions of the course's page as well: who teaches is changed there.
    "courses.CourseFacilitator.user": Treatment.KEEP,
    "members.Announcement.created_by": Treatment.MOVE,
    "members.Announcement.published_by": Treatment.MOVE,
    "members.AppealVote.voter": Treatment.MOVE,
    "members.Application.reviewer": Treatment.MOVE,
    "members.Application.user": Treatment.MOVE,
    "members.Consent.user": Treatment.MOVE,
    "members.Decision.decided_by": Treatment.MOVE,
    # The cases, merges, imports and exports tell what happened to accounts, under the accounts of that time.
    "members.DuplicateCase.closed_by": Treatment.KEEP,
    "members.DuplicateCase.first": Treatment.KEEP,
    "members.DuplicateCase.proposed_by": Treatment.KEEP,
    "members.DuplicateCase.second": Treatment.KEEP,
    "members.DuplicateCase.survivor": Treatment.KEEP,
    "members.ExpulsionVote.voter": Treatment.MOVE,
    "members.IdentityIndex.user": Treatment.KEEP,
    "members.IdentityKey.user": Treatment.KEEP,
    "members.ImportBatch.confirmed_by": Treatment.KEEP,
    "members.ImportBatch.undone_by": Treatment.KEEP,
    "members.ImportBatch.uploaded_by": Treatment.KEEP,
    "members.ImportRow.candidate": Treatment.KEEP,
    "members.ImportRow.person": Treatment.KEEP,
    "members.InformationRequest.asked_by": Treatment.MOVE,
    "members.Invoice.membership": Treatment.MOVE,
    "members.Invoice.user": Treatment.MOVE,
    "members.Licence.user": Treatment.MOVE,
    "members.LicenceCheck.checked_by": Treatment.MOVE,
    "members.MemberExport.requested_by": Treatment.KEEP,
    "members.Membership.user": Treatment.MOVE,
    "members.MembershipPeriod.membership": Treatment.MOVE,
    "members.MergeRecord.approved_by": Treatment.KEEP,
    "members.MergeRecord.merged": Treatment.KEEP,
    "members.MergeRecord.proposed_by": Treatment.KEEP,
    "members.MergeRecord.survivor": Treatment.KEEP,
    "members.MergeRecord.undone_by": Treatment.KEEP,
    "members.OfficeTerm.user": Treatment.KEEP,  # an office is a right
    "members.Payment.recorded_by": Treatment.MOVE,
    "members.Profile.user": Treatment.MOVE,
    "members.Reference.referee": Treatment.MOVE,
    "members.ReviewNote.author": Treatment.MOVE,
    "members.Sanction.confirmed_by": Treatment.MOVE,
    "members.Sanction.dismissed_by": Treatment.MOVE,
    "members.Sanction.membership": Treatment.MOVE,
    "members.Waiver.decided_by": Treatment.MOVE,
    # A card stays with the number that it prints; requests and blocks belong to the account.
    "members.CardToken.membership": Treatment.KEEP,
    "members.CardToken.revoked_by": Treatment.KEEP,
    "members.CommitteeMember.user": Treatment.MOVE,
    "members.ContactBlock.blocked": Treatment.KEEP,
    "members.ContactBlock.owner": Treatment.KEEP,
    "members.ContactMessage.recipient": Treatment.MOVE,
    "members.ContactMessage.sender": Treatment.MOVE,
    "members.CpdClaim.decided_by": Treatment.MOVE,
    "members.CpdClaim.user": Treatment.MOVE,
    "members.CpdEntry.recorded_by": Treatment.MOVE,
    "members.CpdEntry.user": Treatment.MOVE,
    "members.DataRequest.user": Treatment.KEEP,
    "members.HardshipRequest.decided_by": Treatment.MOVE,
    "members.ProfileTag.profile": Treatment.KEEP,
    "members.RenewalReminder.membership": Treatment.MOVE,
    "members.Transcript.user": Treatment.MOVE,
    "members.Transfer.ended_by": Treatment.MOVE,
    "members.Transfer.membership": Treatment.MOVE,
    "members.Transfer.new_agreed_by": Treatment.MOVE,
    "members.Transfer.old_agreed_by": Treatment.MOVE,
    # What was written stays together with who wrote it. A seat opens a room as a seat in a committee does.
    "forum.Draft.user": Treatment.MOVE,
    "forum.Ignored.ignored": Treatment.MOVE,
    "forum.Ignored.user": Treatment.MOVE,
    "forum.Mention.user": Treatment.MOVE,
    "forum.Post.author": Treatment.MOVE,
    "forum.PostingBan.by": Treatment.MOVE,
    "forum.PostingBan.lifted_by": Treatment.MOVE,
    "forum.PostingBan.user": Treatment.MOVE,
    "forum.PostVersion.replaced_by": Treatment.MOVE,
    "forum.PostWarning.by": Treatment.MOVE,
    "forum.Reaction.user": Treatment.MOVE,
    "forum.ReaderMark.user": Treatment.KEEP,  # the person is its key: the one that stays reads on from its own
    "forum.Report.closed_by": Treatment.MOVE,
    "forum.Report.reporter": Treatment.MOVE,
    "forum.RoomMark.user": Treatment.MOVE,
    "forum.RoomSeat.user": Treatment.MOVE,
    "forum.Thread.closed_by": Treatment.MOVE,
    "forum.Thread.last_by": Treatment.MOVE,
    "forum.Thread.starter": Treatment.MOVE,
    "forum.ThreadRead.user": Treatment.MOVE,
}

# What both accounts may have and only one can keep: empty columns of the one that stays are filled from the other.
FILLED: dict[str, tuple[str, ...]] = {
    "accounts.User": ("name_latin",),
    # What a person says of himself. Not what he chose (audiences, the pseudonym, yes or no), and no file.
    "members.Profile": tuple(column for column in DESCRIPTION if column not in TRAITS),
}

# What the site wrote about a person by itself, and what goes with the account: nobody's touch.
TRANSIENT = frozenset(
    {
        "members.DuplicateCase",
        "members.IdentityIndex",
        "members.IdentityKey",
        "members.ImportRow",
        "notifications.Delivery",
        "notifications.Item",
        "notifications.Message",
        "notifications.Reader",
    }
)


class RelationUnknown(Exception):
    """Raised when a relation exists of which nobody has said what a merge does with it."""


def relations_to(model: type[models.Model]) -> list[models.ForeignKey]:
    """Return every column, of all apps, that points at a model; the links of many-to-many fields included."""
    return sorted(
        (
            field
            for owner in apps.get_models(include_auto_created=True)
            if not owner._meta.proxy
            for field in owner._meta.local_fields
            if isinstance(field, models.ForeignKey) and field.related_model is model
            if not field.remote_field.parent_link
        ),
        key=relation_name,
    )


def relation_name(relation: models.ForeignKey) -> str:
    """Return the name of a relation, such as "members.Licence.user"."""
    return f"{relation.model._meta.label}.{relation.name}"


def treatment_of(relation: models.ForeignKey) -> Treatment:
    """Return what a merge does with a relation. Raises RelationUnknown."""
    name = relation_name(relation)
    if name in TREATMENTS:
        return TREATMENTS[name]
    if relation.model._meta.app_label in KEPT_APPS:
        return Treatment.KEEP
    raise RelationUnknown(name)


def plain(value: Any) -> Any:
    """Return a column's value as JSON holds it."""
    if isinstance(value, FieldFile):
        return value.name or ""
    return value.isoformat() if isinstance(value, dt.date) else value


def python_value(model: type[models.Model], column: str, value: Any) -> Any:
    """Return what JSON held as the column's value."""
    field = next(one for one in model._meta.local_fields if one.attname == column)
    return value if field.remote_field else field.to_python(value)
