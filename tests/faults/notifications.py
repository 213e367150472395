"""Kinds of the harness. Their subjects are people; the members who are told are all the others."""

import datetime as dt
from collections.abc import Iterable

from django.db.models import QuerySet

from accounts.models import User
from notifications.choices import Channel, Mode, Urgency
from notifications.registry import Kind, Notice, Subject, register


def load_people(user: User, ids: Iterable[str]) -> dict[str, Subject]:
    people = User.objects.filter(pk__in=list(ids))
    return {str(person.pk): Subject(title=person.name_native, url=f"/people/{person.pk}/") for person in people}


def everybody_may(subject_id: str, people: list[User]) -> set[int]:
    return {person.pk for person in people} if User.objects.filter(pk=subject_id).exists() else set()


def everybody(subject_id: str) -> QuerySet[User]:
    return User.objects.all()


def line(notice: Notice) -> str:
    """Say which event the letter carries, so that the mail server alone can tell what came twice."""
    return f"Event {notice.data.get('number', 0)} and others, {notice.count} in all"


def declare(name: str, **changes: object) -> Kind:
    fields: dict[str, object] = {
        "name": f"faults.{name}",
        "label": name,
        "group": "Faults",
        "load": load_people,
        "line": line,
        "action": "Open",
        "reason": "You get this because everything is being broken on purpose.",
        "visible_among": everybody_may,
    }
    return register(Kind(**{**fields, **changes}))  # type: ignore[arg-type]  # the fields of Kind by name


# Letters wait for each other; may be repeated where it is doubtful whether one arrived.
NEWS = declare("news", window=dt.timedelta(seconds=4))
# At once, one letter for each event.
MENTION = declare("mention", urgency=Urgency.DIRECT, window=dt.timedelta(0))
# Never repeated, however doubtful.
HINT = declare("hint", urgency=Urgency.DIGESTABLE, window=dt.timedelta(seconds=2))

# The benchmark: one event for everybody.
SITE_TO_ALL = declare(
    "site_to_all", urgency=Urgency.BROADCAST, recipients=everybody, modes={Channel.SITE: Mode.INSTANT}
)
LETTER_TO_ALL = declare("letter_to_all", urgency=Urgency.BROADCAST, recipients=everybody, window=dt.timedelta(0))
