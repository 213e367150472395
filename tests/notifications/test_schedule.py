"""Quiet hours and digests by the wall clock: tables of zones, changes of clocks, properties."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.choices import DigestFrequency
from notifications.services.schedule import after_quiet, next_digest, zone_of

NIGHT = [[22 * 60, 8 * 60]] * 7
WEEKEND = [None] * 5 + [[0, 0], [0, 0]]
ZONES = ["Asia/Almaty", "Asia/Qyzylorda", "Asia/Bishkek", "Asia/Dushanbe", "Asia/Tashkent", "Asia/Ashgabat"]


def utc(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("zone", "moment", "expected"),
    [
        # Kazakhstan went from UTC+6 to UTC+5 on 1 March 2024: eight in the morning is another moment since.
        ("Asia/Almaty", "2024-02-20T20:00", "2024-02-21T02:00"),
        ("Asia/Almaty", "2024-03-20T20:00", "2024-03-21T03:00"),
        ("Asia/Almaty", "2024-02-29T17:30", "2024-03-01T03:00"),  # over the change itself
        ("Asia/Qyzylorda", "2024-02-20T20:00", "2024-02-21T03:00"),  # it was at UTC+5 before
        ("Asia/Bishkek", "2026-11-24T17:00", "2026-11-25T02:00"),
        ("Asia/Dushanbe", "2026-11-24T18:00", "2026-11-25T03:00"),
        ("Asia/Tashkent", "2026-11-24T18:00", "2026-11-25T03:00"),
        ("Asia/Ashgabat", "2026-11-24T18:00", "2026-11-25T03:00"),
        # A zone with summer time: the gap of 29 March 2026 and the fold of 25 October 2026.
        ("Europe/Berlin", "2026-03-28T22:30", "2026-03-29T06:00"),
        ("Europe/Berlin", "2026-10-24T21:30", "2026-10-25T07:00"),
        # Not quiet: nothing moves; the end is not quiet any more.
        ("Asia/Almaty", "2026-11-24T10:00", "2026-11-24T10:00"),
        ("Asia/Almaty", "2026-11-25T03:00", "2026-11-25T03:00"),
        ("Asia/Almaty", "2026-11-25T02:59", "2026-11-25T03:00"),
    ],
)
def test_after_quiet_by_zone(zone: str, moment: str, expected: str) -> None:
    assert after_quiet(utc(moment), zone=ZoneInfo(zone), quiet_hours=NIGHT) == utc(expected)


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        ([[2 * 60 + 15, 2 * 60 + 45]] * 7, "2026-03-29T00:15"),  # a span inside the gap is over before it begins
        ([[60, 2 * 60 + 30]] * 7, "2026-03-29T01:30"),  # an end inside the gap is the moment after it
    ],
)
def test_after_quiet_in_a_gap(hours: list[list[int]], expected: str) -> None:
    moment = utc("2026-03-29T00:15")

    assert after_quiet(moment, zone=ZoneInfo("Europe/Berlin"), quiet_hours=hours) == utc(expected)


def test_after_quiet_over_a_whole_weekend() -> None:
    saturday = utc("2026-11-28T04:00")

    assert after_quiet(saturday, zone=ZoneInfo("Asia/Almaty"), quiet_hours=WEEKEND) == utc("2026-11-29T19:00")


def test_after_quiet_of_a_week_that_is_all_quiet_ends() -> None:
    moment = utc("2026-11-24T10:00")

    later = after_quiet(moment, zone=ZoneInfo("Asia/Almaty"), quiet_hours=[[0, 0]] * 7)

    assert later == moment + dt.timedelta(days=7)


spans = st.one_of(st.none(), st.lists(st.integers(0, 1439), min_size=2, max_size=2))


@given(
    moment=st.datetimes(dt.datetime(2023, 1, 1), dt.datetime(2027, 1, 1), timezones=st.just(dt.UTC)),  # noqa: DTZ001 -- hypothesis adds the zone
    zone=st.sampled_from([*ZONES, "Europe/Berlin"]),
    hours=st.lists(spans, min_size=7, max_size=7),
)
def test_after_quiet_is_never_earlier_and_stays(moment: dt.datetime, zone: str, hours: list[list[int] | None]) -> None:
    later = after_quiet(moment, zone=ZoneInfo(zone), quiet_hours=hours)

    assert moment <= later <= moment + dt.timedelta(days=7)
    if later < moment + dt.timedelta(days=7):
        assert after_quiet(later, zone=ZoneInfo(zone), quiet_hours=hours) == later


@pytest.mark.parametrize(
    ("zone", "moment", "frequency", "expected", "period"),
    [
        ("Asia/Almaty", "2026-11-24T02:59", DigestFrequency.DAILY, "2026-11-24T03:00", "2026-11-24"),
        ("Asia/Almaty", "2026-11-24T03:00", DigestFrequency.DAILY, "2026-11-25T03:00", "2026-11-25"),
        ("Asia/Almaty", "2024-02-29T01:59", DigestFrequency.DAILY, "2024-02-29T02:00", "2024-02-29"),
        ("Asia/Almaty", "2024-02-29T02:00", DigestFrequency.DAILY, "2024-03-01T03:00", "2024-03-01"),
        ("Asia/Almaty", "2026-11-24T10:00", DigestFrequency.WEEKLY, "2026-11-27T03:00", "2026-W48"),
        # 1 January 2027 is a Friday of the last ISO week of 2026.
        ("Asia/Tashkent", "2026-12-30T10:00", DigestFrequency.WEEKLY, "2027-01-01T03:00", "2026-W53"),
        ("Europe/Berlin", "2026-03-28T10:00", DigestFrequency.DAILY, "2026-03-29T06:00", "2026-03-29"),
    ],
)
def test_next_digest(zone: str, moment: str, frequency: str, expected: str, period: str) -> None:
    due = next_digest(utc(moment), zone=ZoneInfo(zone), frequency=frequency, hour=8, weekday=4)

    assert due == (utc(expected), period)


def test_next_digest_of_who_wants_none() -> None:
    moment = utc("2026-11-24T10:00")

    assert next_digest(moment, zone=ZoneInfo("Asia/Almaty"), frequency="off", hour=8, weekday=4) is None


def test_zone_that_is_gone_is_the_leagues() -> None:
    assert zone_of("Asia/Nowhere") == ZoneInfo("Asia/Almaty")
