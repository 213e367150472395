"""Member cards: issuing, replacing, revoking, and what the status page says to whoever was shown one."""

import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import translation

from accounts.models import User
from audit.services import record
from members.choices import CardRevocation, Standing
from members.models import CardToken, Membership, SafetyProfile
from members.rules.standing import Facts, grace_ends_on, standing_on
from members.rules.transitions import LIVING


class CardNotAvailable(Exception):
    """Raised when somebody is to get a card who is no member any more."""


class CardNotCurrent(Exception):
    """Raised when a card that was revoked is to be revoked or changed again."""


class NameNotAllowed(Exception):
    """Raised when a card is to show the name in a country where members are never public."""


@dataclass(frozen=True)
class CardState:
    """What a membership is on a day, as its card says it. `until` is the last day on which it is active."""

    standing: Standing
    until: dt.date | None = None

    @property
    def is_active(self) -> bool:
        return self.standing in {Standing.ACTIVE, Standing.GRACE}


@dataclass(frozen=True)
class CardCheck:
    """What the status page shows of a card that exists."""

    card: CardToken
    state: CardState
    checked_at: dt.datetime  # in the chapter's own time
    name: str  # empty unless the member chose to show it


def card_state(facts: Facts, on: dt.date) -> CardState:
    """Return what a card says on a day. Grace is active until its end: dues are nobody else's business."""
    standing = standing_on(facts, on)
    if not facts.periods or standing not in {Standing.ACTIVE, Standing.GRACE}:
        return CardState(standing)
    last = max(facts.periods, key=lambda period: (period.ends_on, period.starts_on))
    if standing == Standing.GRACE:
        return CardState(standing, grace_ends_on(last, facts.sanctions))
    return CardState(standing, last.ends_on)


@transaction.atomic
def issue_card(membership: Membership, *, actor: User | None, at: dt.datetime) -> CardToken:
    """Return the current card of a membership, a new one if there is none. Raises CardNotAvailable."""
    locked = _lock(membership)
    current = locked.cards.current().first()
    if current is not None:
        return current
    if locked.standing not in LIVING:
        raise CardNotAvailable
    before = locked.cards.order_by("-pk").first()
    card = CardToken.objects.create(
        membership=locked, issued_at=at, shows_name=before is not None and before.shows_name and may_show_name(locked)
    )
    record("members.card_issue", actor=actor, subject=card, at=at, person=locked.user_id, chapter=locked.chapter_id)
    return card


@transaction.atomic
def replace_card(membership: Membership, *, actor: User, at: dt.datetime) -> CardToken:
    """Revoke the card that its holder lost, and issue a new one. Raises CardNotAvailable."""
    locked = _lock(membership)
    if locked.standing not in LIVING:
        raise CardNotAvailable
    current = locked.cards.current().first()
    if current is not None:
        _revoke(current, reason=CardRevocation.LOST, actor=actor, at=at)
    return issue_card(locked, actor=actor, at=at)


@transaction.atomic
def revoke_card(card: CardToken, *, actor: User, at: dt.datetime) -> CardToken:
    """Revoke a card for the office; the member can have a new one made. Raises CardNotCurrent."""
    _lock(card.membership)
    card.refresh_from_db()
    _revoke(card, reason=CardRevocation.OFFICE, actor=actor, at=at)
    return card


@transaction.atomic
def set_name_shown(card: CardToken, *, shows_name: bool, actor: User, at: dt.datetime) -> CardToken:
    """Show the holder's name on the status page, or hide it. Raises CardNotCurrent, NameNotAllowed."""
    membership = _lock(card.membership)
    card.refresh_from_db()
    if card.revoked_at is not None:
        raise CardNotCurrent
    if shows_name and not may_show_name(membership):
        raise NameNotAllowed
    card.shows_name = shows_name
    card.save(update_fields=["shows_name"])
    record(
        "members.card_name",
        actor=actor,
        subject=card,
        at=at,
        person=membership.user_id,
        chapter=membership.chapter_id,
        detail={"shown": shows_name},
    )
    return card


def check_card(token: str, *, at: dt.datetime) -> CardCheck | None:
    """Return what a card says at a moment, or None for a token that never existed."""
    card = CardToken.objects.select_related("membership__chapter", "membership__user").filter(token=token).first()
    if card is None:
        return None
    membership = Membership.objects.with_facts().get(pk=card.membership_id)
    chapter = card.membership.chapter
    moment = at.astimezone(ZoneInfo(chapter.time_zone))
    shows_name = card.shows_name and card.revoked_at is None and may_show_name(card.membership)
    return CardCheck(
        card=card,
        state=card_state(membership.facts(), moment.date()),
        checked_at=moment,
        name=card.membership.user.name_native if shows_name else "",
    )


def may_show_name(membership: Membership) -> bool:
    """Whether the country of a membership lets its members show their names to everybody."""
    country = membership.chapter.country
    return SafetyProfile.objects.filter(country=country, directory_public_allowed=True).exists()


def card_address(card: CardToken) -> str:
    """Return the whole address that is coded in the square code of a card: the token and nothing else."""
    with translation.override(settings.LANGUAGE_CODE):
        path = reverse("card:check", args=[card.token])
    return f"{settings.WAGTAILADMIN_BASE_URL.rstrip('/')}{path}"


def _lock(membership: Membership) -> Membership:
    return Membership.objects.select_for_update(of=("self",)).select_related("chapter").get(pk=membership.pk)


def _revoke(card: CardToken, *, reason: CardRevocation, actor: User, at: dt.datetime) -> None:
    if card.revoked_at is not None:
        raise CardNotCurrent
    card.revoked_at, card.revocation, card.revoked_by = at, reason, actor
    card.save(update_fields=["revoked_at", "revocation", "revoked_by"])
    record(
        "members.card_revoke",
        actor=actor,
        subject=card,
        at=at,
        person=card.membership.user_id,
        chapter=card.membership.chapter_id,
        reason_code=reason,
    )
