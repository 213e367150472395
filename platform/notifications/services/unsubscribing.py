"""No more letters of a kind, or no more digests, by a link in a letter: nobody is signed in (RFC 8058)."""

import datetime as dt

from django.db import transaction

from accounts.models import User
from notifications.choices import Channel, DigestFrequency, Mode, Verdict
from notifications.models import Delivery, Preference, Reader
from notifications.registry import get_kind
from notifications.services.preferences import LockedChannel, allowed_modes, save_preferences


def chosen_letters(user: User, kind_name: str) -> str:
    """Return how a person gets letters of a kind now, or, for the empty name, how often the digest."""
    if not kind_name:
        return Reader.objects.filter(user=user).values_list("digest", flat=True).first() or Reader().digest
    kind = get_kind(kind_name)
    chosen = Preference.objects.filter(user=user, kind=kind_name, channel=Channel.MAIL).values_list("mode", flat=True)
    return chosen.first() or kind.modes.get(Channel.MAIL, Mode.OFF)


@transaction.atomic
def turn_letters_off(user: User, kind_name: str, *, at: dt.datetime) -> str:
    """Send a person no more letters of a kind, or no more digests. Returns what they had, for `turn_letters_on`.

    Once more is the same. What waits is checked against the choice before it is sent; what waits for a digest that
    will not come is noted as turned off. Raises LockedChannel for letters that cannot be turned off.
    """
    User.objects.select_for_update().get(pk=user.pk)  # a mail program may ask twice at the same moment
    before = chosen_letters(user, kind_name)
    if not kind_name:
        if before != DigestFrequency.OFF:
            Reader.objects.update_or_create(user=user, defaults={"digest": DigestFrequency.OFF, "digest_due_at": None})
            Delivery.objects.filter(user=user, verdict=Verdict.DIGEST).update(verdict=Verdict.OFF, decided_at=at)
    else:
        save_preferences(user, {(kind_name, Channel.MAIL.value): Mode.OFF.value})
    return before


@transaction.atomic
def turn_letters_on(user: User, kind_name: str, *, before: str) -> None:
    """Undo `turn_letters_off`: send letters as before, or as the League recommends where that is unknown.

    Raises LockedChannel for letters that were never off.
    """
    User.objects.select_for_update().get(pk=user.pk)
    if not kind_name:
        known = {DigestFrequency.DAILY, DigestFrequency.WEEKLY}
        digest = before if before in known else Reader._meta.get_field("digest").get_default()
        Reader.objects.update_or_create(user=user, defaults={"digest": digest})
        return
    kind = get_kind(kind_name)
    if Channel.MAIL in kind.locked or Channel.MAIL not in kind.modes:
        raise LockedChannel(kind_name)
    wanted = {mode.value for mode in allowed_modes(kind, Channel.MAIL)} - {Mode.OFF.value}
    default = kind.modes[Channel.MAIL]
    fallback = default if default != Mode.OFF else Mode.INSTANT
    save_preferences(user, {(kind_name, Channel.MAIL.value): before if before in wanted else fallback})
