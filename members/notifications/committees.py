"""What members are told about committees: that they sit in one now."""

from collections.abc import Iterable

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from members.models import Committee, league_day
from notifications.registry import Kind, Notice, Subject, register


def load_committees(user: User, ids: Iterable[str]) -> dict[str, Subject]:
    """Return the committees in which a person sits today: one query."""
    rows = Committee.objects.with_member(user, league_day()).filter(pk__in=list(ids))
    language = user.interface_language
    return {str(row.pk): Subject(title=row.name_in(language), url=row.get_absolute_url()) for row in rows}


def _joined(notice: Notice) -> str:
    return _("You sit in “%(title)s” now") % {"title": notice.subject.title}


COMMITTEE_JOINED = register(
    Kind(
        name="members.committee_joined",
        label=gettext_lazy("You were added to a committee or working group"),
        group=gettext_lazy("The League"),
        load=load_committees,
        line=_joined,
        paragraphs=lambda notice: [_("Its page says who else sits in it and in which role.")],
        action=gettext_lazy("Open the page"),
        reason=gettext_lazy("You get this letter because you were added to a committee or working group."),
        icon="users",
    )
)
