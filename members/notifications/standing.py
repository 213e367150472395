"""What members are told about their own standing."""

import datetime as dt
from collections.abc import Iterable

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from members.choices import Standing
from members.models import Membership, Transfer
from notifications.choices import Channel, Mode, Urgency
from notifications.registry import Kind, Notice, Subject, register


def load_own(user: User, ids: Iterable[str]) -> dict[str, Subject]:
    """Return a person's own membership, named by its standing."""
    rows = Membership.objects.filter(user=user.pk, pk__in=list(ids))
    return {
        str(row.pk): Subject(title=str(Standing(row.standing).label), url=reverse("membership:home")) for row in rows
    }


def _line(notice: Notice) -> str:
    return _("Your membership of the League has changed. It is now: %(standing)s.") % {"standing": notice.subject.title}


STANDING = register(
    Kind(
        name="members.standing",
        label=gettext_lazy("Changes of your membership"),
        group=gettext_lazy("The League"),
        load=load_own,
        line=_line,
        action=gettext_lazy("Open your membership"),
        reason=gettext_lazy("You get this letter because it concerns your membership of the League."),
        urgency=Urgency.DIRECT,
        modes={Channel.SITE: Mode.INSTANT, Channel.MAIL: Mode.INSTANT, Channel.PUSH: Mode.OFF},
        locked=frozenset({Channel.SITE, Channel.MAIL}),
        icon="user",
    )
)


def load_transfers(user: User, ids: Iterable[str]) -> dict[str, Subject]:
    """Return a person's own transfers, named by the chapter that was asked for."""
    rows = Transfer.objects.filter(membership__user=user.pk, pk__in=list(ids)).select_related("to_chapter")
    language = user.interface_language
    return {
        str(row.pk): Subject(title=row.to_chapter.name_in(language), url=reverse("membership:transfer")) for row in rows
    }


def _transfer_line(notice: Notice) -> str:
    return _("Your wish to move to another chapter was decided: %(chapter)s.") % {"chapter": notice.subject.title}


TRANSFER = register(
    Kind(
        name="members.transfer",
        label=gettext_lazy("Moving to another chapter"),
        group=gettext_lazy("The League"),
        load=load_transfers,
        line=_transfer_line,
        action=gettext_lazy("Read the decision"),
        reason=gettext_lazy("You get this letter because you asked to move to another chapter."),
        urgency=Urgency.DIRECT,
        modes={Channel.SITE: Mode.INSTANT, Channel.MAIL: Mode.INSTANT, Channel.PUSH: Mode.OFF},
        icon="users",
    )
)


def load_handled_transfers(user: User, ids: Iterable[str]) -> dict[str, Subject]:
    """Return the transfers on which a person may have to decide, named by the member's number."""
    rows = Transfer.objects.in_office(user).open().filter(pk__in=list(ids)).select_related("membership")
    return {
        str(row.pk): Subject(title=row.membership.number, url=reverse("transfers:detail", args=[row.pk]))
        for row in rows
    }


def _transfer_work_line(notice: Notice) -> str:
    return _("A member asks to move to another chapter: %(number)s") % {"number": notice.subject.title}


TRANSFER_WORK = register(
    Kind(
        name="members.transfer_work",
        label=gettext_lazy("Transfers that wait for you as an officer"),
        group=gettext_lazy("The League"),
        load=load_handled_transfers,
        line=_transfer_work_line,
        action=gettext_lazy("Open the transfer"),
        reason=gettext_lazy("You get this letter because you hold an office of the League."),
        lifetime=dt.timedelta(days=14),
        icon="inbox",
    )
)
