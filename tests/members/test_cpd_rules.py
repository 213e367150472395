"""Counting hours: pure functions, by table and by property."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from members.rules.cpd import Period, Row, rule_period, totals, whole_quarters, year_period

YEAR = Period(dt.date(2026, 1, 1), dt.date(2026, 12, 31))
DAY = dt.date(2026, 5, 1)

rows = st.lists(
    st.builds(
        Row,
        done_on=st.dates(dt.date(2025, 12, 1), dt.date(2027, 1, 31)),
        minutes=st.integers(1, 400).map(lambda quarters: quarters * 15),
        topics=st.sampled_from([(), ("ethics",), ("jury",), ("ethics", "jury")]),
        is_self_study=st.booleans(),
    ),
    max_size=30,
)

TABLE = [
    ([], None, (0, 0, 0, 0)),
    ([Row(DAY, 60)], None, (60, 0, 0, 60)),
    ([Row(DAY, 60, ("ethics",)), Row(DAY, 30, ("jury",))], None, (90, 60, 0, 90)),
    ([Row(DAY, 120, (), True)], None, (120, 0, 120, 120)),
    ([Row(DAY, 120, (), True)], 60, (120, 0, 120, 60)),
    ([Row(DAY, 120, (), True)], 0, (120, 0, 120, 0)),
    ([Row(DAY, 45, (), True), Row(DAY, 60)], 60, (105, 0, 45, 105)),
    ([Row(DAY, 60), Row(DAY, -60)], None, (0, 0, 0, 0)),
    ([Row(dt.date(2025, 12, 31), 60), Row(dt.date(2027, 1, 1), 60)], None, (0, 0, 0, 0)),
    ([Row(dt.date(2026, 1, 1), 15), Row(dt.date(2026, 12, 31), 30)], None, (45, 0, 0, 45)),
]


@pytest.mark.parametrize(("found", "cap", "expected"), TABLE)
def test_totals(found: list[Row], cap: int | None, expected: tuple[int, int, int, int]) -> None:
    result = totals(found, YEAR, self_study_at_most=cap)

    assert (result.recorded, result.ethics, result.self_study, result.counted) == expected


@given(rows)
def test_total_is_the_sum_of_the_rows_of_the_period(found: list[Row]) -> None:
    inside = [row for row in found if row.done_on.year == 2026]

    assert totals(found, YEAR).recorded == sum(row.minutes for row in inside)


@given(rows, st.none() | st.integers(0, 3000))
def test_corrections_of_all_rows_cancel_exactly(found: list[Row], cap: int | None) -> None:
    corrections = [Row(row.done_on, -row.minutes, row.topics, row.is_self_study) for row in found]

    result = totals([*found, *corrections], YEAR, self_study_at_most=cap)

    assert (result.recorded, result.ethics, result.self_study, result.counted) == (0, 0, 0, 0)


@given(rows, st.integers(0, 3000))
def test_a_cap_never_adds_and_never_touches_the_rest(found: list[Row], cap: int) -> None:
    result = totals(found, YEAR, self_study_at_most=cap)

    assert result.counted <= result.recorded
    assert result.counted - (result.recorded - result.self_study) == min(cap, result.self_study)


@given(rows, rows)
def test_totals_add_up(first: list[Row], second: list[Row]) -> None:
    both = totals([*first, *second], YEAR)

    assert both.recorded == totals(first, YEAR).recorded + totals(second, YEAR).recorded


@given(st.integers(0, 10_000))
def test_whole_quarters_never_credits_more(minutes: int) -> None:
    assert whole_quarters(minutes) % 15 == 0
    assert 0 <= minutes - whole_quarters(minutes) < 15


@given(st.dates(dt.date(2000, 1, 1), dt.date(2030, 1, 1)), st.integers(1, 60), st.integers(0, 9000))
def test_periods_of_a_rule_follow_each_other(starts_on: dt.date, months: int, days: int) -> None:
    day = starts_on + dt.timedelta(days=days)

    period = rule_period(starts_on, months, day)
    following = rule_period(starts_on, months, period.ends_on + dt.timedelta(days=1))

    assert day in period
    assert following.starts_on == period.ends_on + dt.timedelta(days=1)


def test_year_period_is_the_whole_year() -> None:
    assert year_period(2026) == YEAR
