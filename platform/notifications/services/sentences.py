"""What the pages say of items, deliveries and muted things: the sentence of a kind, or a neutral one.

Titles and names are nowhere stored. They are asked for when a page is made, through the `load` of each kind, so what
a person may no longer see leaves no trace on it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Max
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.models import User
from notifications.models import Delivery, Item, Mute
from notifications.registry import Kind, Notice, Pulled, Subject, UnknownKind, all_kinds, get_kind

Reference = tuple[str, str]  # the name of a kind, the id of a subject


@dataclass(frozen=True)
class Fact:
    """What happened, as a row remembers it."""

    kind: str
    subject_id: str
    count: int = 1
    actor: User | None = None
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Sentence:
    """A fact in words for one person; `kind` and `url` are empty where the person may not see the subject."""

    text: str
    kind: Kind | None = None
    url: str = ""

    @property
    def icon(self) -> str:
        return self.kind.icon if self.kind is not None else "lock"

    @property
    def group(self) -> str:
        return str(self.kind.group) if self.kind is not None else ""


def fact_of_item(item: Item) -> Fact:
    return Fact(item.kind, item.subject_id, item.count, item.actor, item.event.data)


def fact_of_delivery(delivery: Delivery) -> Fact:
    event = delivery.event
    return Fact(event.kind, event.subject_id, actor=event.actor, data=event.data)


def fact_of_pulled(kind: Kind, pulled: Pulled) -> Fact:
    return Fact(kind.name, pulled.subject_id)


def kind_or_none(name: str) -> Kind | None:
    """Return a kind, or None for one that no app declares any more: rows of it stay."""
    try:
        return get_kind(name)
    except UnknownKind:
        return None


def grouped_kinds() -> dict[str, list[Kind]]:
    """Return every kind by its heading in the active language, both in the order of declaration."""
    groups: dict[str, list[Kind]] = {}
    for kind in all_kinds():
        groups.setdefault(str(kind.group), []).append(kind)
    return groups


def subjects_of(user: User, references: Iterable[Reference]) -> dict[Reference, Subject]:
    """Return what of these a person may see now, in their own language: each kind is asked once."""
    ids: dict[str, set[str]] = {}
    for name, subject_id in references:
        ids.setdefault(name, set()).add(subject_id)
    found: dict[Reference, Subject] = {}
    with translation.override(user.interface_language):
        for name, wanted in ids.items():
            kind = kind_or_none(name)
            if kind is not None:
                found |= {(name, subject_id): subject for subject_id, subject in kind.load(user, wanted).items()}
    return found


def sentences_for(user: User, facts: Sequence[Fact]) -> list[Sentence]:
    """Put facts into words in the active language, in their order."""
    subjects = subjects_of(user, {(fact.kind, fact.subject_id) for fact in facts})
    return [_sentence(fact, subjects.get((fact.kind, fact.subject_id))) for fact in facts]


def _sentence(fact: Fact, subject: Subject | None) -> Sentence:
    if subject is None:
        return Sentence(_("Something that you can no longer see"))
    kind = get_kind(fact.kind)
    notice = Notice(subject=subject, count=fact.count, actor=_name(fact.actor), data=fact.data)
    return Sentence(kind.line(notice), kind, subject.url)


def _name(actor: User | None) -> str:
    if actor is None:
        return ""
    return actor.name_for_english if translation.get_language() == "en" else actor.name_native


def latest_unread(user: User, limit: int) -> list[tuple[Item, Sentence]]:
    """Return the latest unread items that a person may see, in words."""
    items = list(Item.objects.visible_to(user).unread().for_list()[:limit])
    told = sentences_for(user, [fact_of_item(item) for item in items])
    return [(item, sentence) for item, sentence in zip(items, told, strict=True) if sentence.kind is not None]


def muted_titles(user: User, mutes: Sequence[Mute]) -> dict[int, str]:
    """Return the titles of muted things by the id of the mute, without those that the person may not see.

    A mute remembers only a scope; the latest item with that scope says what it is.
    """
    latest = (
        Item.objects.visible_to(user)
        .filter(scope__in=[mute.scope for mute in mutes])
        .order_by()
        .values("scope")
        .annotate(latest=Max("pk"))
        .values("latest")
    )
    rows = Item.objects.filter(pk__in=latest).values_list("scope", "kind", "subject_id")
    references = {scope: (kind, subject_id) for scope, kind, subject_id in rows}
    subjects = subjects_of(user, references.values())
    return {mute.pk: subjects[references[mute.scope]].title for mute in mutes if references.get(mute.scope) in subjects}
