"""The standing of many members on any day: a few queries in all, and the rule itself for each of them."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import QuerySet
from django.db.models.functions import TruncDate

from members.choices import ApplicationKind, ApplicationStatus, Standing
from members.models import Application, Membership, MembershipPeriod, Sanction
from members.models.transfers import Transfer
from members.rules.standing import Facts, Period, SanctionFact, standing_on


@dataclass(frozen=True)
class Record:
    """What is known of one membership: its facts, and the kind of membership and the chapter of a day."""

    pk: int
    user_id: int
    chapter_id: int
    tier_id: int
    facts: Facts

    def standing(self, on: dt.date) -> Standing:
        return standing_on(self.facts, on)


def day_begins(day: dt.date) -> dt.datetime:
    """Return the first moment of a day, as the League's office counts it."""
    return dt.datetime.combine(day, dt.time.min, tzinfo=ZoneInfo(settings.TIME_ZONE))


def read_records(memberships: QuerySet[Membership], *, on: dt.date) -> list[Record]:
    """Read the facts of memberships as plain rows: five queries, however many memberships.

    Chapter and kind of membership are those of the day: the kind of the last period that had begun, or the one that
    an application changed it to since.
    """
    end = day_begins(on + dt.timedelta(days=1))
    chosen = memberships.order_by().values("pk")
    periods: dict[int, list[Period]] = defaultdict(list)
    tiers: dict[int, tuple[dt.date, int]] = {}
    rows = MembershipPeriod.objects.filter(membership__in=chosen).order_by("ends_on", "starts_on")
    for pk, starts_on, ends_on, grace, tier in rows.values_list(
        "membership_id", "starts_on", "ends_on", "tier__grace_days", "tier_id"
    ):
        periods[pk].append(Period(starts_on, ends_on, grace))
        if starts_on <= on:
            tiers[pk] = (starts_on, tier)
    changes = Application.objects.filter(
        user__membership__in=chosen, kind=ApplicationKind.TIER, status=ApplicationStatus.COMPLETED, closed_at__lt=end
    )
    changed_on = TruncDate("closed_at", tzinfo=ZoneInfo(settings.TIME_ZONE))
    for pk, day, tier in (
        changes.annotate(day=changed_on).order_by("closed_at", "pk").values_list("user__membership", "day", "tier_id")
    ):
        if pk not in tiers or tiers[pk][0] <= day:
            tiers[pk] = (day, tier)
    sanctions: dict[int, list[SanctionFact]] = defaultdict(list)
    for sanction in Sanction.objects.filter(membership__in=chosen, confirmed_at__isnull=False).only(
        "membership_id", "kind", "starts_on", "ends_on", "lifted_on"
    ):
        sanctions[sanction.membership_id].append(
            SanctionFact(sanction.kind, sanction.starts_on, sanction.effective_end)
        )
    moved = dict(
        Transfer.objects.filter(membership__in=chosen, completed_at__gte=end)
        .order_by("-completed_at")
        .values_list("membership_id", "from_chapter_id")
    )
    return [
        Record(
            pk,
            user_id,
            moved.get(pk, chapter),
            tiers[pk][1] if pk in tiers else tier,
            Facts(tuple(periods[pk]), tuple(sanctions[pk]), resigned_on, deceased_on),
        )
        for pk, user_id, chapter, tier, resigned_on, deceased_on in memberships.order_by("pk").values_list(
            "pk", "user_id", "chapter_id", "tier_id", "resigned_on", "deceased_on"
        )
    ]


def with_standing(records: Iterable[Record], standing: str, on: dt.date) -> list[int]:
    """Return the memberships that had a standing on a day."""
    return [record.pk for record in records if record.standing(on) == standing]
