"""What the records of the demo world refer to: the book they are written in, people, chapters, kinds, offices."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from accounts.models import User
from demo.loader.book import Book, Plan
from demo.loader.dues import Dues
from demo.sources import Entry
from members.models import (
    Chapter,
    ConsentText,
    LicenceRule,
    Tier,
)

if TYPE_CHECKING:
    from demo.loader.steps.base import StoryBase


@dataclass
class World:
    """What applications refer to."""

    book: Book
    dues: Dues
    chapters: dict[str, Chapter]
    tiers: dict[str, Tier]
    people: dict[str, User]
    plans: dict[str, Plan]  # of members, by e-mail address
    officers: dict[tuple[str, str], User]  # by office and country, "" for those of the League
    rules: dict[str, LicenceRule]
    texts: list[ConsentText]  # in the order of their versions
    admit: Callable[["StoryBase"], Plan]  # puts the membership of who joined into the book of memberships

    def texts_on(self, day: dt.date) -> list[ConsentText]:
        """Return what applicants agreed to on a day: the version in force of each text, else the first one."""
        found: dict[str, ConsentText] = {}
        for text in self.texts:
            if text.starts_on <= day or text.kind not in found:
                found[text.kind] = text
        return list(found.values())

    def person(self, entry: Entry, key: str) -> User:
        email = entry[key]
        if email not in self.people:
            raise entry.where.error(f"“{email}” is nobody of the demo world.")
        return self.people[email]

    def officer(self, role: str, chapter: Chapter | None) -> User:
        return self.officers[role, chapter.country if chapter is not None else ""]
