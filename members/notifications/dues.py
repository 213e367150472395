"""What members are told about their dues, and officers about requests for lower ones. No amounts leave the site."""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils import formats, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from members.choices import OfficeRole, ReminderText, Standing
from members.models import (
    HardshipRequest,
    Invoice,
    Membership,
    MembershipPeriod,
    OfficeTerm,
    Receipt,
    RenewalReminder,
    league_day,
    offices_of,
)
from notifications.choices import Channel, Mode, Urgency
from notifications.registry import Kind, Notice, Subject, Text, register

MODES = {Channel.SITE: Mode.INSTANT, Channel.MAIL: Mode.INSTANT, Channel.PUSH: Mode.OFF}
TO_DUES = gettext_lazy("Open your dues")
OWN_DUES = gettext_lazy("You get this letter because it concerns the dues of your membership.")
Load = Callable[[User, Iterable[str]], Mapping[str, Subject]]


@dataclass(frozen=True)
class ReminderSubject(Subject):
    """A reminder: the day on which the period ends or ended, and which sentence is said about it."""

    text: str = ReminderText.SOON


def load_invoices(user: User, ids: Iterable[str]) -> dict[str, Subject]:
    """Return a person's own invoices, named by their number: one query."""
    rows = Invoice.objects.filter(user=user.pk, pk__in=list(ids))
    return {str(row.pk): Subject(title=row.number, url=row.get_absolute_url()) for row in rows}


def load_receipts(user: User, ids: Iterable[str]) -> dict[str, Subject]:
    """Return the receipts of a person's own payments, named by their number: one query."""
    rows = Receipt.objects.filter(payment__invoice__user=user.pk, pk__in=list(ids)).select_related("payment__invoice")
    return {str(row.pk): Subject(title=row.number, url=row.payment.invoice.get_absolute_url()) for row in rows}


def load_memberships(user: User, ids: Iterable[str]) -> dict[str, Subject]:
    """Return a person's own membership while its period or grace is over: one query."""
    rows = Membership.objects.filter(
        user=user.pk, pk__in=list(ids), standing__in=(Standing.GRACE, Standing.LAPSED)
    ).values_list("pk", "number")
    return {str(pk): Subject(title=number, url=reverse("dues:home")) for pk, number in rows}


def load_reminders(user: User, ids: Iterable[str]) -> dict[str, Subject]:
    """Return a person's reminders, named by the last day of the period, unless a later period has been paid."""
    later = MembershipPeriod.objects.filter(membership=OuterRef("membership"), ends_on__gt=OuterRef("period__ends_on"))
    rows = (
        RenewalReminder.objects.filter(~Exists(later), membership__user=user.pk, pk__in=list(ids))
        .exclude(membership__standing__in=(Standing.EXPELLED, Standing.RESIGNED, Standing.DECEASED))
        .select_related("period")
    )
    with translation.override(user.interface_language):
        return {
            str(row.pk): ReminderSubject(
                title=formats.date_format(row.period.ends_on, "DATE_FORMAT"), url=reverse("dues:home"), text=row.text
            )
            for row in rows
        }


def load_hardship(user: User, ids: Iterable[str]) -> dict[str, Subject]:
    """Return the open requests for lower dues that a person decides by office, named by the invoice: one query."""
    rows = (
        HardshipRequest.objects.open()
        .in_office(user)
        .filter(pk__in=list(ids))
        .exclude(invoice__user=user.pk)
        .select_related("invoice")
    )
    if not offices_of(user).chapters_with(OfficeRole.CHAPTER_OFFICER, OfficeRole.REGISTRAR, OfficeRole.BOARD):
        return {}
    return {
        str(row.pk): Subject(title=row.invoice.number, url=reverse("dues_office:invoice", args=[row.invoice_id]))
        for row in rows
    }


def hardship_recipients(subject_id: str) -> QuerySet[User]:
    """Return the officers of the chapter that a request concerns, of its country too, and the registrars."""
    asked = HardshipRequest.objects.select_related("invoice__chapter").get(pk=subject_id)
    chapter = asked.invoice.chapter
    terms = OfficeTerm.objects.held(league_day()).filter(
        Q(role=OfficeRole.REGISTRAR)
        | Q(role=OfficeRole.CHAPTER_OFFICER, chapter__in=[chapter.pk, chapter.parent_id or chapter.pk]),
        user=OuterRef("pk"),
    )
    return User.objects.filter(Exists(terms), is_active=True)


REMINDERS = {
    ReminderText.OPENED: gettext_lazy("You can renew your membership now; your period ends on %(day)s"),
    ReminderText.SOON: gettext_lazy("Your membership ends soon, on %(day)s: renew it in time"),
    ReminderText.ENDS: gettext_lazy("Your membership ends today, %(day)s"),
    ReminderText.GRACE: gettext_lazy("Your period ended on %(day)s, and the grace period is running: renew now"),
    ReminderText.LAPSED: gettext_lazy("Your membership lapsed; its period ended on %(day)s. You can still renew it"),
}


def _reminder_line(notice: Notice) -> str:
    text = ReminderText(getattr(notice.subject, "text", ReminderText.SOON))
    return str(REMINDERS[text]) % {"day": notice.subject.title}


def _reminder_paragraphs(notice: Notice) -> list[str]:
    return [_("On the page of your dues you ask for the invoice, see how to pay, and can ask for lower dues.")]


def _ended_line(notice: Notice) -> str:
    if notice.data.get("standing") == Standing.LAPSED:
        return _("Your membership has lapsed")
    return _("Your period of membership has ended; the grace period has begun")


def _ended_paragraphs(notice: Notice) -> list[str]:
    if notice.data.get("standing") == Standing.LAPSED:
        return [
            _("You are no longer in the directory and do not vote."),
            _("You keep your account, your courses, certificates and posts, and can renew within a year."),
        ]
    return [_("You keep everything for now. The new period follows the old one, without a lost or a free day.")]


def _numbered(sentence: Text) -> Callable[[Notice], str]:
    return lambda notice: str(sentence) % {"number": notice.subject.title}


def _register(
    name: str,
    *,
    label: Text,
    load: Load,
    line: Callable[[Notice], str],
    paragraphs: Callable[[Notice], list[str]] = lambda notice: [],
    action: Text = TO_DUES,
    reason: Text = OWN_DUES,
    locked: frozenset[Channel] = frozenset(),
    recipients: Callable[[str], QuerySet[User]] | None = None,
) -> Kind:
    return register(
        Kind(
            name=name,
            label=label,
            group=gettext_lazy("Your membership"),
            load=load,
            line=line,
            paragraphs=paragraphs,
            action=action,
            reason=reason,
            urgency=Urgency.DIRECT,
            modes=MODES,
            locked=locked,
            lifetime=dt.timedelta(days=7),
            icon="file-text",
            recipients=recipients,
        )
    )


PAYMENT = _register(
    "members.payment",
    label=gettext_lazy("A payment of yours was recorded or booked back"),
    load=load_receipts,
    line=_numbered(gettext_lazy("There is a new receipt of your dues: %(number)s")),
)
WAIVER = _register(
    "members.waiver",
    label=gettext_lazy("Dues of yours were waived"),
    load=load_invoices,
    line=_numbered(gettext_lazy("Your invoice %(number)s was lowered")),
)
DUES_REMINDER = _register(
    "members.dues_reminder",
    label=gettext_lazy("Reminders to renew your membership"),
    load=load_reminders,
    line=_reminder_line,
    paragraphs=_reminder_paragraphs,
    action=gettext_lazy("Renew your membership"),
)
# Rights end here: who turned letters off still learns it.
MEMBERSHIP_ENDED = _register(
    "members.membership_ended",
    label=gettext_lazy("The end of a period of membership and of its grace"),
    load=load_memberships,
    line=_ended_line,
    paragraphs=_ended_paragraphs,
    action=gettext_lazy("Renew your membership"),
    locked=frozenset({Channel.SITE, Channel.MAIL}),
)
HARDSHIP_DECLINED = _register(
    "members.hardship_declined",
    label=gettext_lazy("Answers to your requests for lower dues"),
    load=load_invoices,
    line=_numbered(gettext_lazy("Your request about invoice %(number)s was answered")),
    paragraphs=lambda notice: [_("The answer stands on the page of the invoice.")],
    locked=frozenset({Channel.SITE}),
)
HARDSHIP_ASKED = _register(
    "members.hardship_asked",
    label=gettext_lazy("Requests for lower dues in your chapter"),
    load=load_hardship,
    line=_numbered(gettext_lazy("A member asks for lower dues: invoice %(number)s")),
    action=gettext_lazy("Open the invoice"),
    reason=gettext_lazy("You get this letter because you hold an office of the League."),
    recipients=hardship_recipients,
)
