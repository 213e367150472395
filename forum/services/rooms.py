"""Rooms, tags and flagged words as the League's office keeps them: who changed what is in the audit log."""

import datetime as dt
import hashlib
import json
from collections.abc import Iterable

from django.db import transaction

from accounts.models import User
from audit.services import record
from forum.models import FlaggedWord, Room, RoomRule, Tag, Thread

RULE = ("audience", "right", "chapter_id", "committee_id", "group_id")


class StaleRoom(Exception):
    """Raised when a room was changed since its page was opened."""


class RoomInUse(Exception):
    """Raised for a room that cannot be deleted: it holds so many threads, and so many rooms stand below it."""

    def __init__(self, threads: int, rooms: int) -> None:
        super().__init__(f"{threads} threads, {rooms} rooms")
        self.threads, self.rooms = threads, rooms


@transaction.atomic
def save_room(room: Room, *, rules: Iterable[RoomRule], seen: str, actor: User, at: dt.datetime) -> Room:
    """Open a room, or change it, with exactly these rules; the counters stay. Raises StaleRoom.

    `seen`: the `fingerprint` of the room as the page showed it, "" for a new one.
    """
    before = None
    if room.pk is not None:
        stored = Room.objects.select_for_update(no_key=True).get(pk=room.pk)
        if fingerprint(stored) != seen:
            raise StaleRoom
        before = _room_values(stored)
    room.save(update_fields=_columns(room) if before is not None else None)
    wanted = _rule_values(rules)
    if before is None or before["rules"] != wanted:
        room.rules.all().delete()
        RoomRule.objects.bulk_create([RoomRule(room=room, **dict(zip(RULE, row, strict=True))) for row in wanted])
    _note("room", room, before, _room_values(room), actor=actor, at=at)
    return room


@transaction.atomic
def delete_room(room: Room, *, actor: User, at: dt.datetime) -> None:
    """Delete a room that never held anything. Raises RoomInUse: such a room is archived."""
    stored = Room.objects.select_for_update().get(pk=room.pk)  # the strong lock: no thread may begin here meanwhile
    refuse_if_used(stored)
    _note("room", stored, _room_values(stored), None, actor=actor, at=at)
    stored.delete()


def refuse_if_used(room: Room) -> None:
    """Raise RoomInUse for a room with threads, whatever became of them, or with rooms below it."""
    threads, rooms = Thread.objects.filter(room=room).count(), room.children.count()
    if threads or rooms:
        raise RoomInUse(threads, rooms)


def fingerprint(room: Room) -> str:
    """Return what changes when anything that the office set of a room does; two queries at most."""
    if room.pk is None:
        return ""
    return hashlib.sha256(json.dumps(_room_values(room)).encode()).hexdigest()[:32]


@transaction.atomic
def save_tag(tag: Tag, *, actor: User, at: dt.datetime) -> Tag:
    """Add a tag, or change it."""
    before = None
    if tag.pk is not None:
        before = _values(Tag.objects.select_for_update(no_key=True).get(pk=tag.pk))
    tag.save()
    _note("tag", tag, before, _values(tag), actor=actor, at=at)
    return tag


@transaction.atomic
def delete_tag(tag: Tag, *, actor: User, at: dt.datetime) -> None:
    """Delete a tag and take it off every thread."""
    _note("tag", tag, {**_values(tag), "threads": tag.threads.count()}, None, actor=actor, at=at)
    tag.delete()


@transaction.atomic
def save_word(word: FlaggedWord, *, actor: User, at: dt.datetime) -> FlaggedWord:
    """Add a word of the list, or change it."""
    before = None
    if word.pk is not None:
        before = _values(FlaggedWord.objects.select_for_update(no_key=True).get(pk=word.pk))
    word.save()
    _note("word", word, before, _values(word), actor=actor, at=at)
    return word


@transaction.atomic
def delete_word(word: FlaggedWord, *, actor: User, at: dt.datetime) -> None:
    """Take a word off the list; reports that it made stay."""
    _note("word", word, _values(word), None, actor=actor, at=at)
    word.delete()


def _columns(thing: Room | Tag | FlaggedWord) -> list[str]:
    """Return the columns that the office fills: counters are none of them."""
    return [field.attname for field in thing._meta.concrete_fields if field.editable and not field.primary_key]


def _values(thing: Room | Tag | FlaggedWord) -> dict[str, object]:
    return {column: getattr(thing, column) for column in _columns(thing)}


def _rule_values(rules: Iterable[RoomRule]) -> list[list[object]]:
    """Return the values of rules in one order, whatever order they were written in."""
    rows = [[getattr(rule, column) for column in RULE] for rule in rules]
    return sorted(rows, key=lambda row: [(value is not None, value) for value in row])


def _room_values(room: Room) -> dict[str, object]:
    return {**_values(room), "rules": _rule_values(RoomRule.objects.filter(room=room.pk))}


def _note(
    what: str,
    thing: Room | Tag | FlaggedWord,
    before: dict[str, object] | None,
    after: dict[str, object] | None,
    *,
    actor: User,
    at: dt.datetime,
) -> None:
    """Record what was added, removed, or changed from what to what; nothing where nothing was."""
    if before is None or after is None:
        action, detail = ("added", after) if before is None else ("removed", before)
    else:
        action, detail = "changed", {name: [before[name], after[name]] for name in after if before[name] != after[name]}
    if detail:
        record(f"forum.{what}_{action}", actor=actor, subject=thing, at=at, detail=detail)
