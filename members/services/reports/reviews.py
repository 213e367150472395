"""Reports about applications and licences: how long decisions take, why people are refused, which checks are due."""

import datetime as dt
from collections import Counter, defaultdict
from statistics import median
from typing import Any

from django.db.models import Count, Max, Q
from django.utils.translation import gettext as _

from members.choices import DecisionReason, DecisionStep, LicenceState, Standing
from members.models import Application, Decision, Licence
from members.rules.admission import CHAPTER_TIME
from members.services.reports.tables import Cell, Chart, Scope, Table

DAY = dt.timedelta(days=1)


def decision_times(scope: Scope) -> Table:
    """Say for each chapter how long the decisions of twelve months took, and how many came late: three queries.

    The term of 30 days is the chapter's: the clock stands while the applicant is asked.
    """
    decided = (
        Application.objects.filter(
            chapter__in=scope.ids, decisions__step=DecisionStep.LEAGUE, decisions__decided_at__lt=scope.end
        )
        .annotate(decided=Max("decisions__decided_at", filter=Q(decisions__step=DecisionStep.LEAGUE)))
        .filter(decided__gte=scope.year_began)
        .order_by()
    )
    days: dict[int, list[float]] = defaultdict(list)
    late: Counter[int] = Counter()
    for chapter, submitted_at, decided_at, spent in decided.values_list(
        "chapter_id", "submitted_at", "decided", "clock_spent"
    ):
        days[chapter].append((decided_at - submitted_at) / DAY)
        late[chapter] += spent > CHAPTER_TIME
    waiting, overdue = Counter[int](), Counter[int]()
    undecided = (
        Application.objects.filter(chapter__in=scope.ids, submitted_at__lt=scope.end)
        .filter(Q(closed_at__isnull=True) | Q(closed_at__gte=scope.end))
        .exclude(
            pk__in=Decision.objects.filter(step=DecisionStep.LEAGUE, decided_at__lt=scope.end).values("application")
        )
        .order_by()
    )
    for chapter, started_at, spent in undecided.values_list("chapter_id", "clock_started_at", "clock_spent"):
        waiting[chapter] += 1
        running = scope.end - started_at if started_at is not None else dt.timedelta(0)
        overdue[chapter] += spent + max(running, dt.timedelta(0)) > CHAPTER_TIME
    rows: list[list[Cell]] = []
    labels, medians = [], []
    for chapter, name in scope.named().items():
        taken = days.get(chapter, [])
        if not taken and not waiting[chapter]:
            continue
        middle = round(median(taken), 1) if taken else None
        rows.append(
            [
                name,
                len(taken),
                middle,
                round(max(taken), 1) if taken else None,
                late[chapter],
                waiting[chapter],
                overdue[chapter],
            ]
        )
        if middle is not None:
            labels.append(name)
            medians.append(float(middle))
    return Table(
        [
            _("Chapter"),
            _("Decided"),
            _("Median, days"),
            _("Longest, days"),
            _("Over the term"),
            _("Waiting"),
            _("Waiting over the term"),
        ],
        rows,
        Chart(labels, [(_("Median, days"), medians)]),
        notes=[
            _(
                "Days from the submission to the League’s decision. "
                "The term of 30 days does not run while the applicant is asked."
            )
        ],
    )


def rejection_reasons(scope: Scope) -> Table:
    """Count the reasons of what was not recommended or rejected in twelve months: one query."""
    found = (
        Decision.objects.filter(
            application__chapter__in=scope.ids,
            is_positive=False,
            decided_at__gte=scope.year_began,
            decided_at__lt=scope.end,
        )
        .exclude(reason_code="")
        .order_by()
        .values_list("reason_code", "step")
        .annotate(number=Count("pk"))
    )
    counts = {(reason, step): number for reason, step, number in found}
    steps = (DecisionStep.CHAPTER, DecisionStep.LEAGUE, DecisionStep.APPEAL)
    rows: list[list[Cell]] = []
    for reason in DecisionReason:
        numbers = [counts.get((reason, step), 0) for step in steps]
        if any(numbers):
            rows.append([str(reason.label), *numbers])
    chart = Chart(
        [str(row[0]) for row in rows],
        [
            (
                str(step.label),
                [float(counts.get((reason, step), 0)) for reason in DecisionReason if _any(counts, reason)],
            )
            for step in steps
        ],
        is_stacked=True,
    )
    return Table([_("Reason"), *[str(step.label) for step in steps]], rows, chart)


def _any(counts: dict[tuple[str, str], int], reason: str) -> bool:
    return any(one == reason for one, _step in counts)


def licence_checks(scope: Scope) -> Table:
    """Count for each chapter the licences of living members whose check is or will be due: one query."""
    living = ~Q(user__membership__standing__in=[Standing.DECEASED, Standing.EXPELLED, Standing.RESIGNED])
    month, quarter = scope.on + dt.timedelta(days=30), scope.on + dt.timedelta(days=90)
    found: dict[int, Any] = {
        row["user__membership__chapter"]: dict(row)
        for row in Licence.objects.filter(living, user__membership__chapter__in=scope.ids)
        .order_by()
        .values("user__membership__chapter")
        .annotate(
            unchecked=Count("pk", filter=Q(state=LicenceState.UNCHECKED)),
            due=Count("pk", filter=Q(recheck_on__lte=scope.on)),
            month=Count("pk", filter=Q(recheck_on__gt=scope.on, recheck_on__lte=month)),
            quarter=Count("pk", filter=Q(recheck_on__gt=month, recheck_on__lte=quarter)),
            expired=Count("pk", filter=Q(valid_until__lt=scope.on)),
        )
    }
    keys = ("unchecked", "due", "month", "quarter", "expired")
    rows: list[list[Cell]] = [
        [name, *[found[chapter][key] for key in keys]] for chapter, name in scope.named().items() if chapter in found
    ]
    labels = [
        _("Never checked"),
        _("Check is due"),
        _("Due within 30 days"),
        _("Due within 31 to 90 days"),
        _("Expired"),
    ]
    chart = Chart(
        [str(row[0]) for row in rows],
        [
            (label, [float(found[pk][key]) for pk in scope.named() if pk in found])
            for label, key in zip(labels, keys, strict=True)
        ],
    )
    return Table(
        [_("Chapter"), *labels],
        rows,
        chart,
        notes=[_("Counted from the results that are on record now; a past day only moves the terms.")],
    )
