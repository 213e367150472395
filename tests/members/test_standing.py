"""The standing: a pure function of facts and a day."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from members.choices import SanctionKind, Standing
from members.rules.standing import Facts, Period, SanctionFact, grace_ends_on, is_closed, next_change, standing_on

YEAR = Period(dt.date(2026, 1, 1), dt.date(2026, 12, 31), grace_days=45)
NEXT = Period(dt.date(2027, 1, 1), dt.date(2027, 12, 31), grace_days=45)
SUSPENSION = SanctionFact(SanctionKind.SUSPENSION, dt.date(2026, 6, 1), dt.date(2026, 6, 30))
OPEN = SanctionFact(SanctionKind.SUSPENSION, dt.date(2026, 6, 1))
OVER_THE_END = SanctionFact(SanctionKind.SUSPENSION, dt.date(2026, 12, 1), dt.date(2027, 3, 31))
LICENCE = SanctionFact(SanctionKind.LICENCE, dt.date(2026, 6, 1), dt.date(2026, 6, 30))
EXPULSION = SanctionFact(SanctionKind.EXPULSION, dt.date(2026, 6, 1))

TABLE = [
    # facts, day, standing
    ("nobody", Facts(), "2026-06-01", Standing.NONE),
    ("before the first day", Facts((YEAR,)), "2025-12-31", Standing.NONE),
    ("first day", Facts((YEAR,)), "2026-01-01", Standing.ACTIVE),
    ("last day", Facts((YEAR,)), "2026-12-31", Standing.ACTIVE),
    ("first day of grace", Facts((YEAR,)), "2027-01-01", Standing.GRACE),
    ("last day of grace", Facts((YEAR,)), "2027-02-14", Standing.GRACE),
    ("day after grace", Facts((YEAR,)), "2027-02-15", Standing.LAPSED),
    ("renewed", Facts((YEAR, NEXT)), "2027-02-15", Standing.ACTIVE),
    ("renewed before the end", Facts((YEAR, NEXT)), "2026-12-31", Standing.ACTIVE),
    ("gap between periods", Facts((Period(dt.date(2024, 1, 1), dt.date(2024, 12, 31)), YEAR)), "2025-06-01", "lapsed"),
    ("suspended, first day", Facts((YEAR,), (SUSPENSION,)), "2026-06-01", Standing.SUSPENDED),
    ("suspended, last day", Facts((YEAR,), (SUSPENSION,)), "2026-06-30", Standing.SUSPENDED),
    ("after the suspension", Facts((YEAR,), (SUSPENSION,)), "2026-07-01", Standing.ACTIVE),
    ("suspended until it is decided", Facts((YEAR,), (OPEN,)), "2030-01-01", Standing.SUSPENDED),
    ("suspended for the licence", Facts((YEAR,), (LICENCE,)), "2026-06-15", Standing.SUSPENDED),
    ("the period ended during the suspension", Facts((YEAR,), (OVER_THE_END,)), "2027-03-31", Standing.SUSPENDED),
    ("full grace after it, first day", Facts((YEAR,), (OVER_THE_END,)), "2027-04-01", Standing.GRACE),
    ("full grace after it, last day", Facts((YEAR,), (OVER_THE_END,)), "2027-05-15", Standing.GRACE),
    ("after that grace", Facts((YEAR,), (OVER_THE_END,)), "2027-05-16", Standing.LAPSED),
    ("sanction of somebody who never was a member", Facts((), (SUSPENSION,)), "2026-06-15", Standing.NONE),
    ("expelled", Facts((YEAR,), (EXPULSION,)), "2026-06-01", Standing.EXPELLED),
    ("expelled and suspended", Facts((YEAR,), (EXPULSION, OPEN)), "2026-06-01", Standing.EXPELLED),
    ("expelled, later resigned", Facts((YEAR,), (EXPULSION,), dt.date(2026, 7, 1)), "2026-08-01", Standing.EXPELLED),
    ("resigned, the day before", Facts((YEAR,), (), dt.date(2026, 7, 1)), "2026-06-30", Standing.ACTIVE),
    ("resigned", Facts((YEAR,), (), dt.date(2026, 7, 1)), "2026-07-01", Standing.RESIGNED),
    ("suspended and resigned", Facts((YEAR,), (OPEN,), dt.date(2026, 7, 1)), "2026-07-01", Standing.SUSPENDED),
    ("deceased", Facts((YEAR,), (EXPULSION,), dt.date(2026, 7, 1), dt.date(2026, 8, 1)), "2026-08-01", "deceased"),
    ("deceased, the day before", Facts((YEAR,), (), None, dt.date(2026, 8, 1)), "2026-07-31", Standing.ACTIVE),
]


@pytest.mark.parametrize(("facts", "day", "standing"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_standing(facts: Facts, day: str, standing: Standing) -> None:
    assert standing_on(facts, dt.date.fromisoformat(day)) == standing


def test_the_table_reaches_every_standing() -> None:
    assert {row[3] for row in TABLE} == set(Standing)


@pytest.mark.parametrize(("day", "closed"), [("2028-02-14", False), ("2028-02-15", True), ("2026-06-01", False)])
def test_a_membership_closes_a_year_after_its_grace(day: str, closed: bool) -> None:
    assert is_closed(Facts((YEAR,)), dt.date.fromisoformat(day)) is closed


days = st.integers(0, 900).map(lambda number: dt.date(2026, 1, 1) + dt.timedelta(days=number))
periods = st.lists(st.integers(1, 400), max_size=4).map(
    lambda lengths: tuple(
        Period(
            dt.date(2026, 1, 1) + dt.timedelta(days=sum(lengths[:index])),
            dt.date(2026, 1, 1) + dt.timedelta(days=sum(lengths[: index + 1]) - 1),
        )
        for index in range(len(lengths))
    )
)
sanctions = st.lists(
    st.builds(
        lambda kind, start, length: SanctionFact(kind, start, length and start + dt.timedelta(days=length)),
        st.sampled_from(SanctionKind.values),
        days,
        st.one_of(st.none(), st.integers(1, 200)),
    ),
    max_size=3,
).map(tuple)
facts = st.builds(Facts, periods, sanctions, st.one_of(st.none(), days), st.one_of(st.none(), days))


@given(facts, days)
def test_nothing_changes_before_the_next_change(facts: Facts, day: dt.date) -> None:
    now, change = standing_on(facts, day), next_change(facts, day)
    end = change if change is not None else day + dt.timedelta(days=2000)
    between = (day + dt.timedelta(days=number) for number in range((end - day).days))
    assert {standing_on(facts, one) for one in between} == {now}
    if change is not None:
        assert standing_on(facts, change) != now


@given(periods.filter(len), sanctions)
def test_a_suspension_never_shortens_the_grace(
    periods: tuple[Period, ...], sanctions: tuple[SanctionFact, ...]
) -> None:
    last = periods[-1]
    assert grace_ends_on(last, sanctions) >= grace_ends_on(last, ())


@given(periods.filter(len), days, st.integers(1, 200))
def test_a_suspended_member_loses_no_paid_day(periods: tuple[Period, ...], start: dt.date, length: int) -> None:
    suspension = SanctionFact(SanctionKind.SUSPENSION, start, start + dt.timedelta(days=length))
    facts = Facts(periods, (suspension,))
    for number in range(1300):
        day = dt.date(2026, 1, 1) + dt.timedelta(days=number)
        if not suspension.holds(day) and standing_on(Facts(periods), day) == Standing.ACTIVE:
            assert standing_on(facts, day) == Standing.ACTIVE
