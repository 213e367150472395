"""When something may be sent: quiet hours and digests by the wall clock of a person's IANA zone. Pure functions."""

import datetime as dt
from collections.abc import Sequence
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings

from notifications.choices import DigestFrequency

Span = Sequence[int]  # two minutes of the day: the beginning, the end
QuietHours = Sequence[Span | None]  # by weekday, Monday first
MOST_SPANS = 16  # a week of whole quiet days, with spare


def zone_of(name: str) -> ZoneInfo:
    """Return a zone by its name, that of the League for a name that the database of zones has dropped."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo(settings.TIME_ZONE)


def after_quiet(moment: dt.datetime, *, zone: ZoneInfo, quiet_hours: QuietHours) -> dt.datetime:
    """Return the first moment from `moment` on that is not quiet, in UTC.

    A span belongs to the day on which it begins and may go on into the next one. Somebody for whom the whole week is
    quiet is told when a week has passed: nothing is held for ever.
    """
    latest = moment + dt.timedelta(days=7)
    for _step in range(MOST_SPANS):
        end = _end_of_quiet(moment, zone, quiet_hours)
        if end is None:
            return moment.astimezone(dt.UTC)
        if end >= latest:
            break
        moment = end
    return latest.astimezone(dt.UTC)


def _end_of_quiet(moment: dt.datetime, zone: ZoneInfo, quiet_hours: QuietHours) -> dt.datetime | None:
    """Return the end of the span that covers a moment: yesterday's, which may not be over, or today's."""
    today = moment.astimezone(zone).date()
    for day in (today - dt.timedelta(days=1), today):
        span = quiet_hours[day.weekday()]
        if span is None:
            continue
        start, end = span
        until = day if end > start else day + dt.timedelta(days=1)
        if _at(day, start, zone) <= moment < _at(until, end, zone):
            return _at(until, end, zone)
    return None


def _at(day: dt.date, minute: int, zone: ZoneInfo) -> dt.datetime:
    """Return a minute of a day as a moment in UTC; where the clock skips it, the moment the clock jumps over it."""
    return dt.datetime.combine(day, dt.time(minute // 60, minute % 60), tzinfo=zone).astimezone(dt.UTC)


def next_digest(
    moment: dt.datetime, *, zone: ZoneInfo, frequency: str, hour: int, weekday: int
) -> tuple[dt.datetime, str] | None:
    """Return when the next digest after `moment` is due, in UTC, and the name of its period; None without digests.

    A daily period is named by its day, a weekly one by its ISO week, both of the day on which it is due.
    """
    if frequency == DigestFrequency.OFF:
        return None
    day = moment.astimezone(zone).date()
    for _day in range(9):
        due = _at(day, hour * 60, zone)
        if due > moment and (frequency == DigestFrequency.DAILY or day.weekday() == weekday):
            return due, period_of(day, frequency)
        day += dt.timedelta(days=1)
    raise AssertionError("every week has every weekday")


def period_of(day: dt.date, frequency: str) -> str:
    """Name the period of a digest that is due on a day: 2026-11-27, or 2026-W48."""
    if frequency == DigestFrequency.DAILY:
        return day.isoformat()
    year, week, _weekday = day.isocalendar()
    return f"{year}-W{week:02}"
