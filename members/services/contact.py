"""Writing to a member through the site: neither side learns an address, and no message leaves the site."""

import datetime as dt

from django.db import transaction

from accounts.models import User
from audit.services import record
from members.choices import LISTED_STANDINGS, OfficeRole
from members.models import ContactBlock, ContactMessage, Membership, OfficeTerm, Profile, league_day
from members.notifications.contact import CONTACT, CONTACT_REPORT
from notifications.services import notify

DAY = dt.timedelta(days=1)
MOST_A_DAY = 10
MOST_TO_ONE_A_DAY = 3


class SenderNotMember(Exception):
    """Raised when somebody writes who is not an active member."""


class ContactRefused(Exception):
    """Raised when the recipient takes no messages, or none from this sender: it does not say which."""


class TooManyMessages(Exception):
    """Raised when a sender has written enough for a day, to everybody or to this recipient."""


class AlreadyReported(Exception):
    """Raised when a message is reported again."""


@transaction.atomic
def send_message(
    recipient: User, *, actor: User, text: str, at: dt.datetime, in_reply_to: ContactMessage | None = None
) -> ContactMessage:
    """Keep a message for a member and tell him that there is one.

    Who wrote to somebody takes the answer, whatever his settings. Raises SenderNotMember, ContactRefused,
    TooManyMessages.
    """
    # The lock makes two windows of one sender count each other's messages.
    sender = Membership.objects.select_for_update().filter(user=actor, standing__in=LISTED_STANDINGS).first()
    if sender is None:
        raise SenderNotMember
    if not _takes(recipient, sender=actor, in_reply_to=in_reply_to):
        raise ContactRefused
    today = ContactMessage.objects.filter(sender=actor, sent_at__gt=at - DAY)
    if today.count() >= MOST_A_DAY or today.filter(recipient=recipient).count() >= MOST_TO_ONE_A_DAY:
        raise TooManyMessages
    message = ContactMessage.objects.create(sender=actor, recipient=recipient, text=text, sent_at=at)
    key = f"members.contact:{message.pk}"
    notify(CONTACT, subject_id=message.pk, key=key, recipients=[recipient.pk], actor=actor, at=at)
    return message


def _takes(recipient: User, *, sender: User, in_reply_to: ContactMessage | None) -> bool:
    if recipient.pk == sender.pk or not recipient.is_active:
        return False
    if ContactBlock.objects.filter(owner=recipient, blocked=sender).exists():
        return False
    if in_reply_to is not None:
        return (in_reply_to.sender_id, in_reply_to.recipient_id) == (recipient.pk, sender.pk)
    return Profile.objects.filter(user=recipient, accepts_messages=True).exists()


def mark_message_read(message: ContactMessage, *, at: dt.datetime) -> None:
    """Note that the recipient has opened a message, once."""
    if message.read_at is None:
        ContactMessage.objects.filter(pk=message.pk, read_at__isnull=True).update(read_at=at)


@transaction.atomic
def record_look(message: ContactMessage, *, actor: User, at: dt.datetime) -> None:
    """Note in the audit log that an officer has read a reported message of other people."""
    record("members.message_seen", actor=actor, subject=message, at=at, person=message.sender_id)


@transaction.atomic
def block_sender(sender: User, *, actor: User, at: dt.datetime) -> None:
    """Take no more messages from somebody; he is not told."""
    _block, is_new = ContactBlock.objects.get_or_create(owner=actor, blocked=sender, defaults={"at": at})
    if is_new:
        record("members.sender_blocked", actor=actor, subject=_block, at=at, person=actor)


@transaction.atomic
def unblock_sender(block: ContactBlock, *, actor: User, at: dt.datetime) -> None:
    """Take messages from somebody again."""
    record("members.sender_unblocked", actor=actor, subject=block, at=at, person=actor)
    block.delete()


@transaction.atomic
def report_message(message: ContactMessage, *, actor: User, reason: str, at: dt.datetime) -> ContactMessage:
    """Show a message to the League's registrars, who otherwise see none. Raises AlreadyReported."""
    locked = ContactMessage.objects.select_for_update().get(pk=message.pk)
    if locked.reported_at is not None:
        raise AlreadyReported
    locked.reported_at, locked.report_reason = at, reason
    locked.save(update_fields=["reported_at", "report_reason"])
    record("members.message_reported", actor=actor, subject=locked, at=at, person=locked.sender_id)
    terms = OfficeTerm.objects.held(league_day()).filter(role=OfficeRole.REGISTRAR, user__is_active=True)
    # The sender is never asked about his own message, whatever his office.
    registrars = set(terms.exclude(user=locked.sender_id).values_list("user_id", flat=True))
    key = f"members.contact_report:{locked.pk}"
    notify(CONTACT_REPORT, subject_id=locked.pk, key=key, recipients=registrars, actor=actor, at=at)
    return locked
