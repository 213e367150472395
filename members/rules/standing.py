"""What a person is to the League on a day: a pure function of facts and a date, without the database.

Order of precedence: deceased, expelled, suspended, resigned, active, grace, lapsed, none.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from members.choices import SanctionKind, Standing

LONGEST_LAPSE = dt.timedelta(days=365)  # then the membership is closed: only a new application helps


@dataclass(frozen=True)
class Period:
    """A paid, waived or imported stretch of membership; its first and last day belong to it."""

    starts_on: dt.date
    ends_on: dt.date
    grace_days: int = 45  # of the kind of membership, counted from the day after the end


@dataclass(frozen=True)
class SanctionFact:
    """A confirmed suspension or expulsion; `ends_on` is its last day, None until it is decided."""

    kind: str
    starts_on: dt.date
    ends_on: dt.date | None = None

    def holds(self, on: dt.date) -> bool:
        return self.starts_on <= on and (self.ends_on is None or on <= self.ends_on)


@dataclass(frozen=True)
class Facts:
    """Everything that a standing depends on."""

    periods: tuple[Period, ...] = ()
    sanctions: tuple[SanctionFact, ...] = ()
    resigned_on: dt.date | None = None  # the first day as a former member
    deceased_on: dt.date | None = None


def standing_on(facts: Facts, on: dt.date) -> Standing:
    """Return the standing on a day."""
    if facts.deceased_on is not None and facts.deceased_on <= on:
        return Standing.DECEASED
    in_force = [sanction for sanction in facts.sanctions if sanction.holds(on)]
    if any(sanction.kind == SanctionKind.EXPULSION for sanction in in_force):
        return Standing.EXPELLED
    begun = [period for period in facts.periods if period.starts_on <= on]
    if begun and in_force:
        return Standing.SUSPENDED
    if facts.resigned_on is not None and facts.resigned_on <= on:
        return Standing.RESIGNED
    if not begun:
        return Standing.NONE
    last = max(begun, key=lambda period: (period.ends_on, period.starts_on))
    if on <= last.ends_on:
        return Standing.ACTIVE
    return Standing.GRACE if on <= grace_ends_on(last, facts.sanctions) else Standing.LAPSED


def grace_ends_on(period: Period, sanctions: Iterable[SanctionFact]) -> dt.date:
    """Return the last day of grace after a period.

    Where a suspension held when the period ended, or began within its grace, the full grace starts on the day after
    the suspension: who could not renew loses none of it. An open suspension counts to its known end only.
    """
    day_after = period.ends_on + dt.timedelta(days=1)
    last = period.ends_on + dt.timedelta(days=period.grace_days)
    for sanction in sorted(sanctions, key=lambda one: one.starts_on):
        if sanction.kind == SanctionKind.EXPULSION or sanction.ends_on is None:
            continue
        if sanction.starts_on <= last and sanction.ends_on >= day_after:
            last = max(last, sanction.ends_on + dt.timedelta(days=period.grace_days))
    return last


def is_closed(facts: Facts, on: dt.date) -> bool:
    """Whether a membership has lapsed for so long that renewing is over and an application is needed."""
    if standing_on(facts, on) != Standing.LAPSED:
        return False
    last = max((p for p in facts.periods if p.starts_on <= on), key=lambda period: (period.ends_on, period.starts_on))
    return on > grace_ends_on(last, facts.sanctions) + LONGEST_LAPSE


def next_change(facts: Facts, on: dt.date) -> dt.date | None:
    """Return the first day after `on` on which the standing is another one by the passing of time alone, or None."""
    days = {period.starts_on for period in facts.periods}
    days |= {period.ends_on + dt.timedelta(days=1) for period in facts.periods}
    days |= {grace_ends_on(period, facts.sanctions) + dt.timedelta(days=1) for period in facts.periods}
    days |= {sanction.starts_on for sanction in facts.sanctions}
    days |= {sanction.ends_on + dt.timedelta(days=1) for sanction in facts.sanctions if sanction.ends_on is not None}
    days |= {day for day in (facts.resigned_on, facts.deceased_on) if day is not None}
    now = standing_on(facts, on)
    return next((day for day in sorted(days) if day > on and standing_on(facts, day) != now), None)
