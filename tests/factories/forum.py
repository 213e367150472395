"""Rooms with the members' right in them, threads and posts as the services make them."""

import datetime as dt
from typing import Any

import factory
from django.contrib.auth.models import Group
from django.utils import timezone

from accounts.models import User
from forum import services
from forum.choices import Audience, Right, ThreadKind
from forum.models import Post, Room, RoomRule, Thread
from tests.factories.membership import MembershipFactory


class RoomFactory(factory.django.DjangoModelFactory):
    """A room in which members start threads and whose first posts wait for nobody; `rules=False` gives no right."""

    class Meta:
        model = Room
        skip_postgeneration_save = True

    slug = factory.Sequence(lambda number: f"room-{number}")
    name_ru = factory.Sequence(lambda number: f"Раздел {number}")
    name_en = factory.Sequence(lambda number: f"Room {number}")
    holds_first_posts = False

    @factory.post_generation
    def rules(room: Room, create: bool, extracted: bool | None, **kwargs: Any) -> None:  # noqa: N805 -- factory_boy
        if create and extracted is not False:
            grant(room, Right.START)


def grant(room: Room, right: Right, audience: Audience = Audience.MEMBERS, **whom: Any) -> RoomRule:
    """Give somebody a right in a room."""
    return RoomRule.objects.create(room=room, right=right, audience=audience, **whom)


def member(**fields: Any) -> User:
    """A member in good standing."""
    user: User = MembershipFactory(**fields).user
    return user


def moderator(room: Room, **fields: Any) -> User:
    """A member who moderates a room, by a group of the site."""
    user = member(**fields)
    group, _is_new = Group.objects.get_or_create(name=f"Moderators of {room.slug}")
    user.groups.add(group)
    RoomRule.objects.get_or_create(room=room, right=Right.MODERATE, audience=Audience.GROUP, group=group)
    return user


def start(
    room: Room | None = None, *, author: User | None = None, at: dt.datetime | None = None, **fields: Any
) -> Thread:
    """A thread with its opening post; `replies` adds so many, by as many people as `by` names."""
    replies = fields.pop("replies", 0)
    by = fields.pop("by", None)
    room = room or RoomFactory()
    author = author or member()
    defaults = {"kind": ThreadKind.DISCUSSION, "title": "Срок задержания", "text": "С какого часа считать срок?"}
    thread = services.start_thread(room, author=author, at=at or timezone.now(), **defaults | fields)
    for number in range(replies):
        reply(thread, author=(by or [author])[number % len(by or [author])], text=f"Ответ {number}")
    return Thread.objects.get(pk=thread.pk)


def reply(thread: Thread, *, author: User | None = None, at: dt.datetime | None = None, **fields: Any) -> Post:
    """A reply."""
    text = fields.pop("text", "С момента фактического задержания.")
    return services.post_reply(thread, author=author or member(), text=text, at=at or timezone.now(), **fields)
