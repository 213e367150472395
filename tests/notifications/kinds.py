"""Kinds for tests. Their subject is a person (`accounts.User`); a person called “Hidden …” can be seen by nobody."""

import datetime as dt
from collections.abc import Iterable

from django.db.models import QuerySet

from accounts.models import User
from notifications.choices import Channel, Floor, Mode, Urgency
from notifications.registry import Kind, Notice, Subject, get_kind, register

FLOORS = {"Sealed": Floor.BARE, "Discreet": Floor.TITLE}


def load_people(user: User, ids: Iterable[str]) -> dict[str, Subject]:
    """Return the people who are not hidden; the first word of the name may lower the floor."""
    people = User.objects.filter(pk__in=list(ids)).exclude(name_native__startswith="Hidden")
    return {
        str(person.pk): Subject(
            title=person.name_native,
            url=f"/people/{person.pk}/",
            floor=FLOORS.get(person.name_native.split()[0], Floor.FULL),
        )
        for person in people
    }


def among(subject_id: str, people: list[User]) -> set[int]:
    visible = User.objects.filter(pk=subject_id).exclude(name_native__startswith="Hidden").exists()
    return {person.pk for person in people} if visible else set()


def everybody(subject_id: str) -> QuerySet[User]:
    return User.objects.all()


def line(notice: Notice) -> str:
    who = f"{notice.actor} wrote" if notice.actor else "News"
    return f"{who} about {notice.subject.title} ({notice.count})"


def kind(name: str, **changes: object) -> Kind:
    """Register a kind once per process: tests import this module from several places."""
    try:
        return get_kind(name)
    except LookupError:
        defaults: dict[str, object] = {
            "name": name,
            "label": f"Label of {name}",
            "group": "Tests",
            "load": load_people,
            "line": line,
            "paragraphs": lambda notice: [f"Paragraph about {notice.subject.title}"],
            "action": "Open it",
            "reason": "You get this because it is a test.",
            "visible_among": among,
        }
        return register(Kind(**{**defaults, **changes}))  # type: ignore[arg-type]  # the fields of Kind by name


TEST_KIND = kind("tests.news")
PUSHED = kind("tests.pushed", modes={Channel.SITE: Mode.INSTANT, Channel.PUSH: Mode.INSTANT})
SITE_ONLY = kind("tests.site", modes={Channel.SITE: Mode.INSTANT})
DIGESTED = kind(
    "tests.digested", modes={Channel.SITE: Mode.INSTANT, Channel.MAIL: Mode.DIGEST}, urgency=Urgency.DIGESTABLE
)
DIRECT = kind("tests.direct", urgency=Urgency.DIRECT, window=dt.timedelta(0))
LOCKED = kind("tests.locked", urgency=Urgency.SECURITY, locked=frozenset({Channel.SITE, Channel.MAIL}))
TO_ALL = kind("tests.to_all", urgency=Urgency.BROADCAST, recipients=everybody)
