"""Whose posts a reader has folded: the reader's own matter, told to nobody and in no log."""

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from forum.models import Ignored
from forum.services.posting import PostRefused


@transaction.atomic
def ignore_person(person: User, *, reader: User, at: dt.datetime) -> Ignored:
    """Fold somebody's posts for a reader, and tell the reader nothing of them. Asking again changes nothing.

    Raises PostRefused for oneself.
    """
    if person.pk == reader.pk:
        raise PostRefused(_("Your own posts stay as they are for you."))
    return Ignored.objects.get_or_create(user=reader, ignored=person, defaults={"at": at})[0]


def stop_ignoring(row: Ignored) -> None:
    """Show somebody's posts to a reader again."""
    row.delete()
