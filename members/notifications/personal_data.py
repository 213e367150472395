"""What people are told about their own data."""

import datetime as dt
from collections.abc import Iterable

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from members.models import DataRequest
from notifications.choices import Channel, Mode, Urgency
from notifications.registry import Kind, Subject, register


def load_ready(user: User, ids: Iterable[str]) -> dict[str, Subject]:
    """Return a person's own copies that can be downloaded now: one query."""
    rows = DataRequest.objects.visible_to(user).ready(timezone.now()).filter(pk__in=list(ids))
    url = reverse("personal_data:overview")
    return {str(pk): Subject(title=_("Copy of your data"), url=url) for pk in rows.values_list("pk", flat=True)}


EXPORT_READY = register(
    Kind(
        name="members.data_export_ready",
        label=gettext_lazy("The copy of your data is ready"),
        group=gettext_lazy("The League"),
        load=load_ready,
        line=lambda notice: _("The copy of your data is ready"),
        paragraphs=lambda notice: [
            _("Download it from the page “My data”. It is deleted after some days; you can always ask for another.")
        ],
        action=gettext_lazy("Open the page “My data”"),
        reason=gettext_lazy("You get this letter because you asked for a copy of your data."),
        urgency=Urgency.DIRECT,
        modes={Channel.SITE: Mode.INSTANT, Channel.MAIL: Mode.INSTANT},
        window=dt.timedelta(0),
        lifetime=dt.timedelta(days=6),
        icon="download",
    )
)
