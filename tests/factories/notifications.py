"""Events and what became of them; `tell` does what a product does, `pump` what the workers do."""

import itertools
from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from notifications import services
from notifications.models import Event, Message, Reader
from notifications.registry import Kind
from tests.notifications.kinds import TEST_KIND

_numbers = itertools.count()


def never_quiet(*people: User) -> None:
    """Let these people be told at any hour, whatever the time of day at which the suite runs."""
    for person in people:
        Reader.objects.update_or_create(user=person, defaults={"quiet_hours": [None] * 7})


def tell(
    *people: User, kind: Kind = TEST_KIND, subject: User | None = None, actor: User | None = None, key: str = ""
) -> Event:
    """Report a fact to people about a subject (by default the first of them)."""
    with transaction.atomic():
        return services.notify(
            kind,
            subject_id=(subject or people[0]).pk,
            key=key or f"test:{next(_numbers)}",
            recipients=[person.pk for person in people],
            actor=actor,
        )


def pump(*, now: bool = True) -> dict[str, int]:
    """Do what is due; with `now` do not wait for the windows in which letters collect events."""
    done = services.sweep()
    if now:
        Message.objects.unfinished().update(due_at=timezone.now())
        done["messages"] += services.deliver_due()
    return done


def told(*people: User, kind: Kind = TEST_KIND, times: int = 1, subjects: Iterable[User] | None = None) -> None:
    """Report facts and tell them on the site, without sending anything."""
    for subject in subjects or [None] * times:  # type: ignore[list-item]  # None: the first of the people
        services.expand(tell(*people, kind=kind, subject=subject).pk)
