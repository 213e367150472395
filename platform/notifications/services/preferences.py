"""What people chose, with the defaults of kinds for those who never did."""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction

from accounts.models import User
from notifications.choices import Channel, Mode, Verdict
from notifications.models import Delivery, Mute, Preference, Reader
from notifications.registry import Kind, all_kinds
from notifications.services.schedule import next_digest, zone_of


class LockedChannel(ValueError):
    """Raised for a choice that would turn off what cannot be turned off."""


def allowed_modes(kind: Kind, channel: Channel) -> tuple[Mode, ...]:
    """Return what one may choose: a digest exists only as a letter, a locked channel is always on."""
    if channel not in kind.modes:
        return ()
    if channel in kind.locked:
        return (kind.modes[channel],)
    if channel == Channel.MAIL:
        return (Mode.OFF, Mode.INSTANT, Mode.DIGEST)
    return (Mode.OFF, Mode.INSTANT)


def chosen_modes(kind: Kind, user_ids: Iterable[int]) -> dict[tuple[int, str], str]:
    """Return the choices of many people for one kind, by person and channel; locked channels have none."""
    rows = Preference.objects.filter(user__in=list(user_ids), kind=kind.name)
    return {
        (user_id, channel): mode
        for user_id, channel, mode in rows.values_list("user_id", "channel", "mode")
        if channel not in kind.locked
    }


def matrix(user: User) -> dict[tuple[str, str], str]:
    """Return the mode of every listed kind and channel for a person: one query."""
    kinds = {kind.name: kind for kind in all_kinds() if kind.is_listed}
    modes = {(name, channel.value): mode.value for name, kind in kinds.items() for channel, mode in kind.modes.items()}
    for name, channel, mode in Preference.objects.filter(user=user).values_list("kind", "channel", "mode"):
        if (name, channel) in modes and channel not in kinds[name].locked:
            modes[name, channel] = mode
    return modes


@transaction.atomic
def save_preferences(user: User, choices: Mapping[tuple[str, str], str]) -> None:
    """Store a person's choices by kind and channel; what equals the default needs no row.

    Raises LockedChannel for a mode that the kind does not allow on that channel.
    """
    kinds = {kind.name: kind for kind in all_kinds()}
    for (name, channel), mode in choices.items():
        kind = kinds[name]
        if mode not in allowed_modes(kind, Channel(channel)):
            raise LockedChannel(f"{name} {channel} {mode}")
        rows = Preference.objects.filter(user=user, kind=name, channel=channel)
        if mode == kind.modes[Channel(channel)]:
            rows.delete()
        elif not rows.update(mode=mode):
            Preference.objects.create(user=user, kind=name, channel=channel, mode=mode)


def digest_due(reader: Reader, *, time_zone: str, at: dt.datetime) -> dt.datetime | None:
    """Return when the next digest of a person is due after a moment; None for who wants none."""
    due = next_digest(
        at,
        zone=zone_of(time_zone),
        frequency=reader.digest,
        hour=reader.digest_hour,
        weekday=reader.digest_weekday,
    )
    return due[0] if due is not None else None


@transaction.atomic
def save_reader(user: User, *, at: dt.datetime, **choices: Any) -> Reader:
    """Store how a person wants to be told: any of `digest`, `digest_hour`, `digest_weekday`, `quiet_hours`,
    `mail_floor`.

    What waits for a digest goes out at the new hour; without digests it is noted as turned off. Messages that wait
    for quiet hours to end are looked at again when they are due.
    """
    Reader.objects.get_or_create(user=user)
    reader = Reader.objects.select_for_update().get(user=user)
    for name, value in choices.items():
        setattr(reader, name, value)
    waiting = Delivery.objects.filter(user=user, verdict=Verdict.DIGEST)
    due_at = digest_due(reader, time_zone=user.time_zone, at=at)
    if due_at is None:
        waiting.update(verdict=Verdict.OFF, decided_at=at)
    reader.digest_due_at = due_at if waiting.exists() else None
    reader.save(update_fields=[*choices, "digest_due_at"])
    return reader


@transaction.atomic
def save_settings(user: User, modes: Mapping[tuple[str, str], str], *, at: dt.datetime, **choices: Any) -> None:
    """Store a person's modes by kind and channel and how they want to be told. Raises LockedChannel."""
    save_preferences(user, modes)
    save_reader(user, at=at, **choices)


@transaction.atomic
def reset_preferences(user: User, *, at: dt.datetime) -> None:
    """Return to the recommended choices, quiet hours and digest. What is muted stays so."""
    Preference.objects.filter(user=user).delete()
    fresh = Reader()
    names = ("digest", "digest_hour", "digest_weekday", "quiet_hours", "mail_floor")
    save_reader(user, at=at, **{name: getattr(fresh, name) for name in names})


def reader_of(user: User) -> Reader:
    """Return how a person wants to be told; the defaults, not stored, for who never chose."""
    return Reader.objects.filter(user=user).first() or Reader(user=user)


def mute(user: User, scope: str, *, at: dt.datetime) -> None:
    """Stop telling a person about one thing."""
    Mute.objects.get_or_create(user=user, scope=scope, defaults={"created_at": at})


def unmute(user: User, scope: str) -> None:
    """Tell a person about the thing again."""
    Mute.objects.filter(user=user, scope=scope).delete()
