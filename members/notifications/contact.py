"""Members write to each other through the site. What is written never leaves it, nor does who wrote."""

from collections.abc import Iterable

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from members.models import ContactMessage
from notifications.choices import Floor, Urgency
from notifications.registry import Kind, Subject, register


def load_received(user: User, ids: Iterable[str]) -> dict[str, Subject]:
    """Return messages to this person from people whom he has not blocked: one query."""
    rows = ContactMessage.objects.exchanged_by(user).filter(recipient=user.pk, pk__in=list(ids))
    title = _("Message from a member")
    return {str(row.pk): Subject(title=title, url=row.get_absolute_url(), floor=Floor.BARE) for row in rows}


def load_reported(user: User, ids: Iterable[str]) -> dict[str, Subject]:
    """Return reported messages that this person may read: one query, and the offices."""
    rows = ContactMessage.objects.visible_to(user).filter(reported_at__isnull=False, pk__in=list(ids))
    title = _("Reported message")
    return {str(row.pk): Subject(title=title, url=row.get_absolute_url(), floor=Floor.BARE) for row in rows}


CONTACT = register(
    Kind(
        name="members.contact",
        label=gettext_lazy("A member wrote to you"),
        group=gettext_lazy("The League"),
        load=load_received,
        line=lambda notice: _("A member of the League wrote to you"),
        paragraphs=lambda notice: [_("The message is on the site. Nobody has learned your address.")],
        action=gettext_lazy("Read the message"),
        reason=gettext_lazy("You get this letter because members may write to you; your profile turns it off."),
        urgency=Urgency.DIRECT,
        icon="mail",
    )
)

CONTACT_REPORT = register(
    Kind(
        name="members.contact_report",
        label=gettext_lazy("A member reported a message"),
        group=gettext_lazy("The League"),
        load=load_reported,
        line=lambda notice: _("A member reported a message from another member"),
        action=gettext_lazy("Read the message"),
        reason=gettext_lazy("You get this letter because you are a registrar of the League."),
        urgency=Urgency.DIRECT,
        icon="flag",
    )
)
