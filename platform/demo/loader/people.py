import datetime as dt
from functools import cache
from typing import Any

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group

from accounts.models import User
from courses.services import setup
from members.choices import CHAPTER_ROLES, OfficeRole
from members.models import Chapter, OfficeTerm, Profile

# The one password of every demo account; accounts exist only where DEBUG is on.
DEMO_PASSWORD = "advocate-demo-2026"  # noqa: S105 -- documented in the README, refused outside DEBUG

GROUPS = {"author": [setup.AUTHORS]}  # offices bring the permissions of their groups by themselves


def load_chapters(rows: list[dict[str, Any]]) -> dict[str, Chapter]:
    """Create the chapters: of countries by the country, of cities by their keys."""
    chapters: dict[str, Chapter] = {}
    for row in rows:
        parent = chapters[row["parent"]] if "parent" in row else None
        defaults = {name: value for name, value in row.items() if name not in {"key", "country", "parent", "city"}}
        chapters[row.get("key", row["country"])], _created = Chapter.objects.get_or_create(
            country=row["country"], parent=parent, city=row["city"], defaults=defaults
        )
    return chapters


def load_people(rows: list[dict[str, Any]], chapters: dict[str, Chapter], *, at: dt.datetime) -> dict[str, User]:
    """Create the accounts with their chapters and offices; return them by e-mail address."""
    known = {user.email: user for user in User.objects.filter(email__in=[row["email"] for row in rows])}
    return {row["email"]: known.get(row["email"]) or _create(row, chapters, at=at) for row in rows}


@cache
def hashed_password() -> str:
    """Return the one password as it is stored: computed once, because that takes as long as a page."""
    return make_password(DEMO_PASSWORD)


def _create(row: dict[str, Any], chapters: dict[str, Chapter], *, at: dt.datetime) -> User:
    user = User.objects.create(
        email=row["email"],
        password=hashed_password(),
        name_native=row["name_native"],
        name_latin=row["name_latin"],
        language=row["language"],
        time_zone=row["time_zone"],
        is_superuser=row["role"] == "superuser",
    )
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    if row.get("chapter"):
        Profile.objects.create(user=user, chapter=chapters[row["chapter"]], city=row.get("city", ""))
    user.groups.set(Group.objects.filter(name__in=GROUPS.get(row["role"], [])))
    if row["role"] in OfficeRole.values:
        is_chapter_office = row["role"] in CHAPTER_ROLES
        OfficeTerm.objects.create(
            user=user,
            role=row["role"],
            chapter=chapters[row["chapter"]] if is_chapter_office else None,
            starts_on=at.date() - dt.timedelta(days=200),
        )
    return user
