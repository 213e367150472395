"""Counting hours of professional development: pure functions of rows and dates, without the database.

They count and never judge: whether an advocate has met a duty is for the bar of the country to say.
"""

import calendar
import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from members.choices import CpdTopic

QUARTER = 15  # minutes: the smallest unit that is recorded


@dataclass(frozen=True)
class Row:
    """One row of a ledger; a correction has a minus."""

    done_on: dt.date
    minutes: int
    topics: tuple[str, ...] = ()
    is_self_study: bool = False


@dataclass(frozen=True)
class Period:
    """A stretch of days, the first and the last included."""

    starts_on: dt.date
    ends_on: dt.date

    def __contains__(self, day: dt.date) -> bool:
        return self.starts_on <= day <= self.ends_on


@dataclass(frozen=True)
class Totals:
    """What a ledger holds of a period. `counted` is what a cap on self-study leaves, where a cap is known."""

    recorded: int
    ethics: int
    self_study: int
    counted: int


def whole_quarters(minutes: int) -> int:
    """Return minutes rounded down to quarters of an hour: nobody is credited with more than was done."""
    return minutes // QUARTER * QUARTER


def totals(rows: Iterable[Row], period: Period, *, self_study_at_most: int | None = None) -> Totals:
    """Add up the rows of a period; an unknown cap leaves everything counted."""
    recorded = ethics = self_study = 0
    for row in rows:
        if row.done_on not in period:
            continue
        recorded += row.minutes
        if CpdTopic.ETHICS in row.topics:
            ethics += row.minutes
        if row.is_self_study:
            self_study += row.minutes
    excess = max(0, self_study - self_study_at_most) if self_study_at_most is not None else 0
    return Totals(recorded=recorded, ethics=ethics, self_study=self_study, counted=recorded - excess)


def year_period(year: int) -> Period:
    """Return a calendar year."""
    return Period(dt.date(year, 1, 1), dt.date(year, 12, 31))


def rule_period(starts_on: dt.date, months: int, on: dt.date) -> Period:
    """Return the period of a rule that holds a day: they follow each other from the rule's first day."""
    passed = (on.year - starts_on.year) * 12 + on.month - starts_on.month
    number = passed // months
    if _after(starts_on, number * months) > on:
        number -= 1
    first = _after(starts_on, number * months)
    return Period(first, _after(starts_on, (number + 1) * months) - dt.timedelta(days=1))


def _after(day: dt.date, months: int) -> dt.date:
    """Return the same day so many months later, the last of the month where that is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return dt.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
