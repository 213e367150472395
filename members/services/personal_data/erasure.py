"""Forgetting a person: what can go goes, what must stay true stays under a number without a name."""

import datetime as dt
import secrets
from dataclasses import dataclass
from functools import partial
from zoneinfo import ZoneInfo

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.db import models, transaction
from django.db.models import Q
from django.utils import translation
from django.utils.translation import gettext as _
from moneyed import Money
from wagtail.models import ModelLogEntry
from wagtail.users.models import UserProfile

from accounts.models import User
from audit.models import AuditEvent
from audit.services import erase_detail, record
from members import tasks
from members.choices import CardRevocation, RequestKind, RequestState
from members.models import (
    Application,
    CardToken,
    CommitteeMember,
    ContactBlock,
    ContactMessage,
    CpdClaim,
    DataRequest,
    DuplicateCase,
    HardshipRequest,
    IdentityIndex,
    IdentityKey,
    Invoice,
    Licence,
    Membership,
    MergeRecord,
    OfficeTerm,
    Profile,
    Reference,
    Transcript,
    Transfer,
    accounts_of,
)
from members.registry.personal_data import all_erasers
from members.rules.transitions import LIVING
from members.services.anonymising import NOBODY, reduce_application
from members.services.applications import withdraw_application
from members.services.imports import forget_rows
from members.services.memberships import refresh_standing
from members.services.sanctions import resign_membership
from notifications.models import Delivery, Item, MailAddress, Message, Mute, Preference, PushSubscription, Reader

REASON = "erasure"


@dataclass(frozen=True)
class Blocker:
    """What stands in the way of an erasure."""

    code: str  # "application", "dues", "office"
    names: tuple[str, ...] = ()  # numbers of applications and invoices, names of offices
    amounts: tuple[Money, ...] = ()


class ErasureBlocked(Exception):
    """Raised when a person who still owes, applies or holds an office asks to be forgotten."""

    def __init__(self, blockers: list[Blocker]) -> None:
        super().__init__(", ".join(blocker.code for blocker in blockers))
        self.blockers = blockers


def blockers_of(user: User, *, on: dt.date) -> list[Blocker]:
    """Return what has to be settled before a person can be forgotten, under any account: five queries."""
    found: list[Blocker] = []
    accounts = accounts_of(user)
    applications = Application.objects.open().filter(user__in=accounts, submitted_at__isnull=False)
    if numbers := tuple(applications.values_list("number", flat=True)):
        found.append(Blocker("application", numbers))
    open_invoices = Invoice.objects.open().filter(user__in=accounts)
    invoices = list(open_invoices.prefetch_related("payments", "waivers").order_by("pk"))
    if invoices:
        amounts = tuple(invoice.balance() for invoice in invoices)
        found.append(Blocker("dues", tuple(invoice.number for invoice in invoices), amounts))
    terms = OfficeTerm.objects.filter(Q(ends_on__isnull=True) | Q(ends_on__gte=on), user__in=accounts)
    if terms:
        found.append(Blocker("office", tuple(str(term.get_role_display()) for term in terms)))
    return found


@transaction.atomic
def erase_person(user: User, *, actor: User | None, at: dt.datetime) -> DataRequest:
    """Make a person anonymous for good; asked again, it changes nothing. Raises ErasureBlocked.

    Accounts that were merged into this one are the same person's and go with it.
    Numbers, periods, payments, votes, discipline and certificates stay as they are; files are deleted after the
    commit, by a task that the daily job repeats.
    """
    locked = User.objects.select_for_update().get(pk=user.pk)
    erased = DataRequest.objects.filter(user=locked, kind=RequestKind.ERASURE).first()
    if erased is not None:
        return erased
    on = at.astimezone(ZoneInfo(settings.TIME_ZONE)).date()
    if blockers := blockers_of(locked, on=on):
        raise ErasureBlocked(blockers)
    accounts = accounts_of(locked)[1:]
    for merged in User.objects.select_for_update().filter(pk__in=[one.pk for one in accounts]).order_by("pk"):
        if not DataRequest.objects.filter(user=merged, kind=RequestKind.ERASURE).exists():
            _erase_account(merged, actor=actor, at=at, on=on)
    request = _erase_account(locked, actor=actor, at=at, on=on)
    tasks.purge_files.delay_on_commit()
    return request


def _erase_account(locked: User, *, actor: User | None, at: dt.datetime, on: dt.date) -> DataRequest:
    _end_membership(locked, actor=actor, at=at, on=on)
    _empty_applications(locked, at=at)
    _delete_profile(locked)
    Licence.objects.filter(user=locked).delete()
    Reference.objects.filter(referee=locked).update(name=NOBODY, email="")
    _forget_dealings(locked, at=at, on=on)
    for erase in all_erasers():
        erase(locked, at)
    _delete_account(locked)
    for mine in (Delivery, Item, Message, Mute, Preference, PushSubscription, Reader):
        mine._default_manager.filter(user=locked).delete()
    _cancel_exports(locked, at=at)
    cases = _forget_merges(locked)
    subject = Q(subject_type=User._meta.label_lower, subject_id=str(locked.pk))
    subject |= Q(subject_type=DuplicateCase._meta.label_lower, subject_id__in=cases)
    events = AuditEvent.objects.with_detail().filter(Q(person_id=locked.pk) | subject)
    erase_detail(list(events.values_list("pk", flat=True)), actor=actor, reason=REASON, at=at)
    request = DataRequest.objects.create(
        user=locked, kind=RequestKind.ERASURE, state=RequestState.DONE, asked_at=at, finished_at=at
    )
    record("members.person_erased", actor=actor, subject=request, at=at, person=locked, reason_code=REASON)
    return request


def _forget_merges(user: User) -> list[str]:
    """Empty what merges copied and why two accounts were compared; return the cases, as the log names them."""
    MergeRecord.objects.filter(Q(survivor=user) | Q(merged=user)).update(changes=[], stays=[])
    cases = DuplicateCase.objects.filter(Q(first=user) | Q(second=user))
    cases.update(reason="")
    return [str(pk) for pk in cases.values_list("pk", flat=True)]


def _end_membership(user: User, *, actor: User | None, at: dt.datetime, on: dt.date) -> None:
    """Resign from a living membership as the person would; end any other that has not ended, without that step."""
    membership = Membership.objects.select_for_update().filter(user=user).first()
    if membership is None or membership.deceased_on is not None:
        return
    if membership.resigned_on is not None and membership.resigned_on <= on:
        return
    if membership.standing in LIVING:
        resign_membership(membership, actor=user, at_period_end=False, at=at)
        return
    membership.resigned_on = on
    membership.save(update_fields=["resigned_on"])
    refresh_standing(membership, on=on)
    record(
        "members.membership_resign",
        actor=actor,
        subject=membership,
        at=at,
        person=user,
        chapter=membership.chapter_id,
        reason_code=REASON,
    )


def _empty_applications(user: User, *, at: dt.datetime) -> None:
    """Withdraw the draft, if there is one, as the person would, and empty whatever was handed in ever."""
    for application in Application.objects.select_for_update(of=("self",)).filter(user=user):
        if application.is_open:
            withdraw_application(application, actor=user, version=application.version, at=at)
        reduce_application(application, at=application.purged_at or at)


def _forget_dealings(user: User, *, at: dt.datetime, on: dt.date) -> None:
    """Empty what a person wrote to the League and to colleagues, and end what was given in that name."""
    HardshipRequest.objects.filter(invoice__user=user).update(reason="", answer="")
    Transfer.objects.filter(membership__user=user).update(reason="", refusal="")
    Transfer.objects.open().filter(membership__user=user).update(ended_at=at)
    ContactMessage.objects.filter(Q(sender=user) | Q(recipient=user)).delete()
    ContactBlock.objects.filter(Q(owner=user) | Q(blocked=user)).delete()
    CardToken.objects.filter(membership__user=user).update(shows_name=False)
    CardToken.objects.filter(membership__user=user, revoked_at=None).update(
        revoked_at=at, revocation=CardRevocation.OFFICE
    )
    CommitteeMember.objects.filter(user=user, starts_on__gt=on).delete()
    CommitteeMember.objects.filter(Q(ends_on=None) | Q(ends_on__gt=on), user=user).update(ends_on=on)
    for claim in CpdClaim.objects.filter(user=user).exclude(evidence=""):
        transaction.on_commit(partial(claim.evidence.storage.delete, str(claim.evidence.name)), robust=True)
    CpdClaim.objects.filter(user=user).update(evidence="", evidence_name="", text_for_member="")
    Transcript.objects.filter(user=user, revoked_at=None).update(revoked_at=at)
    Transcript.objects.filter(user=user).update(holder_name=NOBODY, entries=[])
    forget_rows(Q(person=user) | Q(candidate=user) | Q(data__email__in=_addresses(user)))
    for index in (IdentityKey, IdentityIndex):
        index._default_manager.filter(user=user).delete()


def _delete_profile(user: User) -> None:
    """Delete what a person wrote and showed, with the files; those go once nothing can bring the row back."""
    for profile in Profile.objects.filter(user=user):
        for field in profile._meta.get_fields():
            if isinstance(field, models.FileField) and (file := getattr(profile, field.name)):
                transaction.on_commit(partial(file.storage.delete, file.name), robust=True)
        profile.delete()


def _addresses(user: User) -> list[str]:
    addresses = {user.email, *EmailAddress.objects.filter(user=user).values_list("email", flat=True)}
    return sorted(address.lower() for address in addresses)


def _delete_account(user: User) -> None:
    MailAddress.objects.filter(address__in=_addresses(user)).delete()
    for session in UserSession.objects.filter(user=user):
        session.end()
    EmailAddress.objects.filter(user=user).delete()
    Authenticator.objects.filter(user=user).delete()
    UserProfile.objects.filter(user=user).delete()  # Wagtail's own: a picture, a theme
    with translation.override(settings.LANGUAGE_CODE):
        user.name_native = _("Former member")
    user.name_latin = "Former member"
    user.email = f"{secrets.token_hex(16)}@erased.invalid"  # RFC 2606: a name that can never exist
    user.is_active, user.is_superuser, user.last_login = False, False, None
    user.time_zone = settings.TIME_ZONE
    user.set_unusable_password()
    user.save()
    user.groups.clear()
    user.user_permissions.clear()
    labels = ModelLogEntry.objects.filter(content_type=ContentType.objects.get_for_model(User), object_id=str(user.pk))
    labels.update(label=user.name_native, data={})


def _cancel_exports(user: User, *, at: dt.datetime) -> None:
    """Take copies out of reach at once; `purge_files` deletes them."""
    exports = DataRequest.objects.exports().filter(user=user)
    exports.filter(state__in=[RequestState.WAITING, RequestState.BUILDING]).update(state=RequestState.FAILED)
    exports.filter(state=RequestState.READY).update(expires_at=at)
