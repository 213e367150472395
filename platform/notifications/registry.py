"""The kinds of things people are told about: each app declares its own in its `notifications.py`.

This app never learns what a course or a thread is. A kind says how to load its subjects for a person, through the
`visible_to` of the app that owns them, and what to say about them.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.utils.functional import Promise

from accounts.models import User
from notifications.choices import Channel, Floor, Mode, Urgency

Text = str | Promise
DEFAULT_MODES = {Channel.SITE: Mode.INSTANT, Channel.MAIL: Mode.INSTANT, Channel.PUSH: Mode.OFF}


class UnknownKind(LookupError):
    """Raised for the name of a kind that no installed app declares."""


def absolute(path: str) -> str:
    """Return the whole address of a path of the site, for letters."""
    return path if "://" in path else f"{settings.WAGTAILADMIN_BASE_URL.rstrip('/')}{path}"


@dataclass(frozen=True)
class Subject:
    """A thing as one person may see it at this moment.

    `floor` is the lowest of what its space and the thing itself allow to leave the site.
    """

    title: str
    url: str  # a path; letters add the host
    floor: Floor = Floor.FULL


@dataclass(frozen=True)
class Notice:
    """What a sentence is made of: a subject, who did it, how often it happened since one last looked."""

    subject: Subject
    count: int = 1
    actor: str = ""  # empty for the League itself, and where the floor hides names
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Pulled:
    """A subject that is for everybody of a kind's circle and has no line of its own in anybody's list."""

    subject_id: str
    at: dt.datetime


class LetterVoid(Exception):
    """Raised by a kind's letter that must not be written any more: what it would open belongs to somebody else now."""


@dataclass(frozen=True)
class OwnLetter:
    """A letter whose words a kind writes itself, made at the last moment: links in it may be secrets."""

    to: str
    subject: str
    body: str
    language: str = ""  # of a reader who need not have an account; empty for the person's own


@dataclass(frozen=True)
class Kind:
    """A kind of notification.

    name: stable, `<app>.<what>`; it is stored.
    label: in the table of preferences.
    group: heading in the table of preferences.
    load: return the subjects that a person may see, by id as text; the last check before anything is shown or sent.
    line: one sentence about a notice; the list on the site, the subject of a letter.
    paragraphs: further sentences of a letter; none means the line alone.
    action: label of the button of a letter.
    reason: why one gets this, a sentence at the foot of a letter.
    modes: by channel, for those who never chose.
    locked: channels that cannot be turned off (security, legal deadlines).
    window: how long letters wait for further events on the same subject.
    lifetime: after this nothing is sent any more.
    icon: symbol beside the line.
    recipients: who is told, for events that do not name people; a queryset, read in order of the primary key.
    letter: for letters that are more than sentences about a subject; made from the person and the event's data.
    visible_among: of many people at once, the ids of those who may see a subject; without it `load` is asked for each.
    pull: the latest subjects for a person, newest first, after a moment; for what concerns so many that a line in
        everybody's list would be a waste. Such a kind has no channel SITE.
    is_listed: whether the kind has a row in the table of preferences.
    """

    name: str
    label: Text
    group: Text
    load: Callable[[User, Iterable[str]], Mapping[str, Subject]]
    line: Callable[[Notice], str]
    action: Text
    reason: Text
    paragraphs: Callable[[Notice], list[str]] = lambda notice: []
    urgency: Urgency = Urgency.NORMAL
    modes: Mapping[Channel, Mode] = field(default_factory=lambda: DEFAULT_MODES)
    locked: frozenset[Channel] = frozenset()
    window: dt.timedelta = dt.timedelta(minutes=3)
    lifetime: dt.timedelta = dt.timedelta(hours=48)
    icon: str = "bell"
    recipients: Callable[[str], QuerySet[User]] | None = None
    letter: Callable[[User, Mapping[str, Any]], OwnLetter] | None = None
    visible_among: Callable[[str, list[User]], set[int]] | None = None
    pull: Callable[[User, dt.datetime], list[Pulled]] | None = None
    is_listed: bool = True

    @cached_property
    def channels(self) -> tuple[Channel, ...]:
        """The channels this kind can use, in the order of the table of preferences."""
        return tuple(channel for channel in Channel if channel in self.modes)

    def may_see(self, subject_id: str, people: list[User]) -> set[int]:
        """Return the ids of those who may see a subject now."""
        if self.visible_among is not None:
            return self.visible_among(subject_id, people)
        return {person.pk for person in people if subject_id in self.load(person, [subject_id])}


_kinds: dict[str, Kind] = {}


def register(kind: Kind) -> Kind:
    """Make a kind known. Raises ValueError for a name that is taken."""
    if kind.name in _kinds:
        raise ValueError(f"The kind {kind.name} is declared twice.")
    _kinds[kind.name] = kind
    return kind


def get_kind(name: str) -> Kind:
    """Return the kind of that name. Raises UnknownKind."""
    try:
        return _kinds[name]
    except KeyError:
        raise UnknownKind(name) from None


def all_kinds() -> list[Kind]:
    """Return every kind in the order of declaration."""
    return list(_kinds.values())
