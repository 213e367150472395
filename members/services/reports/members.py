"""Reports about members: how many there were, who came and went, who renewed, where they are."""

import datetime as dt
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable

from django.db.models import Q
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from members.choices import Country, Standing
from members.models import Membership, MembershipPeriod, Profile, Tier
from members.services.reports.tables import Cell, Chart, Scope, Table
from members.services.standings import Record, read_records

SHOWN = (
    Standing.ACTIVE,
    Standing.GRACE,
    Standing.SUSPENDED,
    Standing.LAPSED,
    Standing.RESIGNED,
    Standing.EXPELLED,
    Standing.DECEASED,
)
COUNTED = frozenset({Standing.ACTIVE, Standing.GRACE, Standing.SUSPENDED})  # who is a member, in reports
SMALLEST = 5  # a smaller number of people could point at one of them


def records_of(scope: Scope) -> list[Record]:
    """Read the memberships that belonged to these chapters on the day."""
    came_from = Q(transfers__from_chapter__in=scope.ids, transfers__completed_at__gte=scope.end)
    memberships = Membership.objects.filter(Q(chapter__in=scope.ids) | came_from).distinct()
    within = set(scope.ids)
    return [one for one in read_records(memberships, on=scope.on) if one.chapter_id in within]


def month_name(day: dt.date) -> str:
    return date_format(day, "YEAR_MONTH_FORMAT")


def members_by_standing(scope: Scope) -> Table:
    """Count members by chapter, kind of membership and standing on the day: six queries."""
    tiers = {tier.pk: str(tier) for tier in Tier.objects.order_by("position", "pk")}
    counts: dict[tuple[int, int], Counter[str]] = defaultdict(Counter)
    for record in records_of(scope):
        counts[record.chapter_id, record.tier_id][record.standing(scope.on)] += 1
    rows: list[list[Cell]] = []
    by_chapter: dict[str, Counter[str]] = {}
    totals: Counter[str] = Counter()
    for chapter, name in scope.named().items():
        for tier, tier_name in tiers.items():
            found = counts.get((chapter, tier), Counter())
            numbers = [found[standing] for standing in SHOWN]
            if any(numbers):
                rows.append([name, tier_name, *numbers, sum(numbers)])
                by_chapter.setdefault(name, Counter()).update(found)
                totals.update(found)
    all_numbers = [totals[standing] for standing in SHOWN]
    chart = Chart(
        list(by_chapter),
        [(str(one.label), [float(found[one]) for found in by_chapter.values()]) for one in SHOWN],
        is_stacked=True,
    )
    labels = [str(standing.label) for standing in SHOWN]
    return Table(
        [_("Chapter"), _("Kind of membership"), *labels, _("Total")],
        rows,
        chart,
        [_("Total"), "", *all_numbers, sum(all_numbers)],
    )


def joins_and_leaves(scope: Scope) -> Table:
    """Count who became and who ceased to be a member in each of twelve months, and the balance: five queries.

    Members are those who are active, in grace or suspended, so that the balance is the change of their number.
    """
    records = records_of(scope)
    days = [month - dt.timedelta(days=1) for month in scope.months] + [scope.on]
    joins, leaves = [0] * 12, [0] * 12
    for record in records:
        was = record.standing(days[0]) in COUNTED
        for number, day in enumerate(days[1:]):
            is_member = record.standing(day) in COUNTED
            joins[number] += is_member and not was
            leaves[number] += was and not is_member
            was = is_member
    labels = [month_name(month) for month in scope.months]
    rows: list[list[Cell]] = [
        [label, came, went, came - went] for label, came, went in zip(labels, joins, leaves, strict=True)
    ]
    chart = Chart(labels, [(_("Joined"), [float(one) for one in joins]), (_("Left"), [float(one) for one in leaves])])
    return Table(
        [_("Month"), _("Joined"), _("Left"), _("Balance")],
        rows,
        chart,
        [_("Total"), sum(joins), sum(leaves), sum(joins) - sum(leaves)],
        [_("Members are those who are active, in the grace period or suspended. A return after a lapse is a joining.")],
    )


def renewals_by_cohort(scope: Scope) -> Table:
    """Say how many periods that ended in each of twelve months were followed by another one: two queries."""
    rows = (
        MembershipPeriod.objects.filter(membership__chapter__in=scope.ids, starts_on__lte=scope.on)
        .order_by("membership", "starts_on")
        .values_list("membership_id", "starts_on", "ends_on")
    )
    periods: dict[int, list[tuple[dt.date, dt.date]]] = defaultdict(list)
    for membership, starts_on, ends_on in rows:
        periods[membership].append((starts_on, ends_on))
    months = scope.months
    due, renewed, returned = [0] * 12, [0] * 12, [0] * 12
    for chain in periods.values():
        for number, (_starts_on, ends_on) in enumerate(chain):
            place = bisect_right(months, ends_on) - 1
            if place < 0 or ends_on >= scope.on:
                continue
            due[place] += 1
            following = chain[number + 1] if number + 1 < len(chain) else None
            if following is not None:
                is_without_gap = following[0] - ends_on <= dt.timedelta(days=1)
                renewed[place] += is_without_gap
                returned[place] += not is_without_gap
    labels = [month_name(month) for month in months]
    table: list[list[Cell]] = [
        [label, *numbers, _percent(numbers[1], numbers[0])]
        for label, *numbers in zip(labels, due, renewed, returned, strict=True)
    ]
    rates = [100 * one / total if total else 0.0 for one, total in zip(renewed, due, strict=True)]
    return Table(
        [_("Period ended in"), _("Ended"), _("Renewed without a gap"), _("Returned after a gap"), _("Renewal rate, %")],
        table,
        Chart(labels, [(_("Renewal rate, %"), rates)]),
        [_("Total"), sum(due), sum(renewed), sum(returned), _percent(sum(renewed), sum(due))],
    )


def members_by_place(scope: Scope) -> Table:
    """Count members by country and city, with small numbers pooled or hidden: six queries."""
    members = {
        record.user_id: record.chapter_id for record in records_of(scope) if record.standing(scope.on) in COUNTED
    }
    countries = {chapter.pk: chapter.country for chapter in scope.chapters}
    cities = dict(
        Profile.objects.filter(user__membership__chapter__in=scope.ids).order_by().values_list("user_id", "city")
    )
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for user_id, chapter in members.items():
        counts[countries[chapter]][" ".join(cities.get(user_id, "").split())] += 1
    rows: list[list[Cell]] = []
    labels, numbers = [], []
    for country in Country:
        for place, number in pool_small(counts[country].items(), _("other places"), _("place not given")):
            shown: Cell = number if number >= SMALLEST else _("fewer than %(number)d") % {"number": SMALLEST}
            rows.append([str(country.label), place, shown])
            if number >= SMALLEST:
                labels.append(place)
                numbers.append(float(number))
    note = _("Numbers below %(number)d are put together or not shown, so that nobody can be found by them.")
    chart = Chart(labels, [(_("Members"), numbers)])
    return Table([_("Country"), _("City"), _("Members")], rows, chart, notes=[note % {"number": SMALLEST}])


def pool_small(counts: Iterable[tuple[str, int]], others: str, unnamed: str) -> list[tuple[str, int]]:
    """Put places with few people together, with the next smallest one where the few are still too few."""
    ordered = sorted(counts, key=lambda one: (-one[1], one[0]))
    named = [one for one in ordered if one[1] >= SMALLEST]
    pooled = sum(number for _place, number in ordered[len(named) :])
    while 0 < pooled < SMALLEST and named:
        pooled += named.pop()[1]
    shown = [(place or unnamed, number) for place, number in named]
    return [*shown, (others, pooled)] if pooled else shown


def _percent(part: int, whole: int) -> Cell:
    return round(100 * part / whole) if whole else None
