"""Reports that say something of members which a small number would tell of one of them: small numbers are hidden.

In a country whose safety profile hides the size of its chapters numbers below ten are small, elsewhere below five.
What is hidden cannot be found by subtraction: where the hidden numbers of a row add up to few people, or only one is
hidden, the next larger one is hidden too, and nothing is added up over rows.
"""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from django.db.models import Sum
from django.utils.translation import gettext as _

from members.choices import LISTED_STANDINGS, Audience
from members.models import Chapter, CpdEntry, Profile, SafetyProfile
from members.services.reports.members import COUNTED, SMALLEST, records_of
from members.services.reports.tables import Cell, Chart, Scope, Table

SMALLEST_WHERE_HIDDEN = 10  # where the size of a chapter is not shown
HOURS = (1, 600, 1200, 2400)  # the first minute of each group after "none"


def suppress(numbers: Sequence[int], least: int) -> list[int | None]:
    """Return numbers of people with None in the place of what could point at fewer than `least` of them.

    Nought stays where no other number of the row is hidden: it points at nobody.
    """
    hidden = {place for place, number in enumerate(numbers) if 0 < number < least}
    rest = sorted((number, place) for place, number in enumerate(numbers) if place not in hidden)
    while hidden and rest and (len(hidden) < 2 or sum(numbers[place] for place in hidden) < least):
        hidden.add(rest.pop(0)[1])
    return [None if place in hidden else number for place, number in enumerate(numbers)]


def smallest_numbers(chapters: Iterable[Chapter]) -> dict[int, int]:
    """Return for each chapter from which number on people are counted: one query."""
    shown = set(SafetyProfile.objects.filter(chapter_size_shown=True).values_list("country", flat=True))
    return {chapter.pk: SMALLEST if chapter.country in shown else SMALLEST_WHERE_HIDDEN for chapter in chapters}


def hours_of_development(scope: Scope) -> Table:
    """Count members of each chapter by hours of professional development in twelve months: seven queries."""
    chapter_of = {
        record.user_id: record.chapter_id for record in records_of(scope) if record.standing(scope.on) in COUNTED
    }
    entries = CpdEntry.objects.between(scope.year_before, scope.on).filter(recorded_at__lt=scope.end)
    minutes = dict(
        entries.filter(user__membership__chapter__in=scope.ids)
        .order_by()
        .values_list("user")
        .annotate(sum=Sum("minutes"))
    )
    counts: dict[int, Counter[int]] = defaultdict(Counter)
    for user_id, chapter in chapter_of.items():
        counts[chapter][bisect_right(HOURS, minutes.get(user_id, 0))] += 1
    labels = [_("No hours"), _("Under 10 hours"), _("10 to 20 hours"), _("20 to 40 hours"), _("40 hours and more")]
    rows, charted = _rows(scope, {chapter: [found[group] for group in range(5)] for chapter, found in counts.items()})
    chart = Chart(
        [name for name, _numbers in charted],
        [(label, [float(numbers[group] or 0) for _name, numbers in charted]) for group, label in enumerate(labels)],
        is_stacked=True,
    )
    note = _("Hours that are recorded, with corrections taken off. They say nothing about duties towards a bar.")
    return Table([_("Chapter"), *labels], rows, chart, notes=[note, _hidden_note()])


def directory_choices(scope: Scope) -> Table:
    """Say for each chapter who may find its active members in the directory, by their choice: seven queries."""
    chapter_of = {
        record.user_id: record.chapter_id
        for record in records_of(scope)
        if record.standing(scope.on) in LISTED_STANDINGS
    }
    chosen = Profile.objects.filter(user__membership__chapter__in=scope.ids).order_by()
    audiences = dict(chosen.values_list("user_id", "name_audience"))
    counts: dict[int, Counter[int]] = defaultdict(Counter)
    for user_id, chapter in chapter_of.items():
        counts[chapter][audiences.get(user_id, Audience.NOBODY)] += 1
    rows, charted = _rows(
        scope, {chapter: [found[audience] for audience in Audience] for chapter, found in counts.items()}
    )
    rates: list[tuple[str, float]] = []
    for row, (name, numbers) in zip(rows, charted, strict=True):
        rate = _opt_in_rate(numbers)
        row.append(round(rate) if rate is not None else _("not shown"))
        if rate is not None:
            rates.append((name, rate))
    label = _("In the directory, %")
    chart = Chart([name for name, _rate in rates], [(label, [rate for _name, rate in rates])])
    notes = [
        _("In the directory is whose name all members of the League or everybody may see. Choices are those of today."),
        _hidden_note(),
    ]
    columns = [_("Nobody"), _("Members of the chapter"), _("All members"), _("Everybody")]
    return Table([_("Chapter"), *columns, label], rows, chart, notes=notes)


def _opt_in_rate(numbers: Sequence[int | None]) -> float | None:
    """Return the share of who may be found, unless a number of the row is hidden: the share would tell it."""
    known = [number for number in numbers if number is not None]
    if len(known) < len(numbers) or not sum(known):
        return None
    return 100 * sum(known[Audience.MEMBERS :]) / sum(known)


def _rows(scope: Scope, counts: dict[int, list[int]]) -> tuple[list[list[Cell]], list[tuple[str, list[int | None]]]]:
    """Return a row for each chapter that has members, and the same as numbers, small ones hidden in both."""
    least = smallest_numbers(scope.chapters)
    found = [
        (name, suppress(counts[chapter], least[chapter]))
        for chapter, name in scope.named().items()
        if chapter in counts
    ]
    hidden = _("not shown")
    rows: list[list[Cell]] = [
        [name, *[hidden if number is None else number for number in numbers]] for name, numbers in found
    ]
    return rows, found


def _hidden_note() -> str:
    return _(
        "Numbers below %(number)d, in countries where the size of a chapter is not shown below %(more)d, are hidden, "
        "and others with them where they could be found by subtraction."
    ) % {"number": SMALLEST, "more": SMALLEST_WHERE_HIDDEN}
