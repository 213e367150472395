"""What a reader sees of the pages of notifications."""

import datetime as dt
import re

from bs4 import BeautifulSoup
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from accounts.models import User
from notifications.models import Event, Item
from notifications.registry import Kind
from tests.factories.accounts import UserFactory
from tests.factories.notifications import told
from tests.notifications.kinds import TEST_KIND

CENTRE = "/en/notifications/"


def see(client: Client, path: str = CENTRE) -> BeautifulSoup:
    response = client.get(path)
    assert response.status_code == 200
    return BeautifulSoup(response.content, "html.parser")


def words(tag: object) -> str:
    return re.sub(r"\s+", " ", tag.get_text(" ")).strip()  # type: ignore[attr-defined]  # of a Tag


def lines(page: BeautifulSoup) -> list[str]:
    """List the sentences of the centre, a star before those that are new."""
    rows = page.select("li.notif")
    return [words(row.select_one(".grow > p")).replace("New: ", "*") for row in rows]


def messages_of(response: HttpResponse) -> list[str]:
    return [str(message) for message in response.wsgi_request._messages]  # type: ignore[attr-defined]  # by middleware


def tell_about(person: User, *names: str, kind: Kind = TEST_KIND) -> list[Item]:
    """Tell a person about people of these names, the last one latest, and return the lines in that order.

    A name that makes a subject invisible gets it only after the line is there.
    """
    subjects = [UserFactory() for _name in names]
    told(person, kind=kind, subjects=subjects)
    for subject, name in zip(subjects, names, strict=True):
        subject.name_native = name
        subject.save()
    items = {item.subject_id: item for item in Item.objects.filter(user=person)}
    found = [items[str(subject.pk)] for subject in subjects]
    for number, item in enumerate(found):
        move(item, timezone.now() - dt.timedelta(seconds=len(found) - number))
    return found


def move(item: Item, moment: dt.datetime, *, read: bool = False) -> None:
    """Let a line be of another moment."""
    item.updated_at = item.created_at = moment
    item.read_at = timezone.now() if read else None
    item.save()


def many_items(person: User, count: int, *, kind: Kind = TEST_KIND, read: bool = False) -> list[Item]:
    """Add lines about as many people, the first the latest, a minute apart."""
    now = timezone.now()
    subjects = User.objects.bulk_create(
        [User(email=f"{kind.name}{read}{number}@example.org", name_native=f"Имя {number}") for number in range(count)]
    )
    events = Event.objects.bulk_create(
        [
            Event(
                key=f"{kind.name}:{subject.pk}", kind=kind.name, subject_id=str(subject.pk),
                collapse_key=str(subject.pk), scope=f"{kind.name}:{subject.pk}", urgency=kind.urgency,
                created_at=now, due_at=now, state="done", actor=subject,
            )
            for subject in subjects
        ]
    )  # fmt: skip
    return Item.objects.bulk_create(
        [
            Item(
                user=person, kind=kind.name, collapse_key=event.collapse_key, subject_id=event.subject_id,
                scope=event.scope, event=event, actor=event.actor, created_at=now,
                updated_at=now - dt.timedelta(minutes=number), read_at=now if read else None,
            )
            for number, event in enumerate(events)
        ]
    )  # fmt: skip
