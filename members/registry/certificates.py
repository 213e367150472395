"""What apps above this one add to a member's profile, without being known here."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Achievement:
    """Something a member completed and may show to others: a course with its certificate."""

    public_id: str
    title: str
    on: dt.date
    url: str


Source = Callable[[int], list[Achievement]]

_sources: list[Source] = []


def register_achievements(source: Source) -> Source:
    """Let a function tell what a person, named by the id of the account, completed; the latest first."""
    if source not in _sources:
        _sources.append(source)
    return source


def achievements_of(user_id: int) -> list[Achievement]:
    """Return everything that a person completed and that still stands."""
    return [achievement for source in _sources for achievement in source(user_id)]
