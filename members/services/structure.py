"""The League's structure: who changed a chapter or a term of office, and from what to what, is on record."""

import datetime as dt
from collections.abc import Mapping

from accounts.models import User
from audit.services import record
from members.models import Chapter, OfficeTerm
from members.models.relations import plain

Structure = Chapter | OfficeTerm


def values_of(thing: Structure) -> dict[str, object]:
    """Return the columns of a chapter or a term as the audit log keeps them."""
    return {
        field.attname: plain(getattr(thing, field.attname))
        for field in thing._meta.concrete_fields
        if field.name != "id"
    }


def stored_values(thing: Structure) -> dict[str, object]:
    """Return the columns as they stand in the database, under lock; the caller has a transaction."""
    return values_of(type(thing)._default_manager.select_for_update().get(pk=thing.pk))


def note_added(thing: Structure, *, actor: User, at: dt.datetime) -> None:
    """Record that a chapter was founded or a term of office given."""
    _note("added", thing, values_of(thing), actor=actor, at=at)


def note_changed(thing: Structure, *, before: Mapping[str, object], actor: User, at: dt.datetime) -> None:
    """Record what was changed, each column from what to what; nothing where nothing was."""
    after = values_of(thing)
    changed = {name: [before[name], after[name]] for name in after if before[name] != after[name]}
    if changed:
        _note("changed", thing, changed, actor=actor, at=at)


def note_removed(thing: Structure, *, actor: User, at: dt.datetime) -> None:
    """Record that a chapter or a term of office is removed; called before it is."""
    _note("removed", thing, values_of(thing), actor=actor, at=at)


def _note(what: str, thing: Structure, detail: Mapping[str, object], *, actor: User, at: dt.datetime) -> None:
    term = thing if isinstance(thing, OfficeTerm) else None
    record(
        f"members.office_term_{what}" if term else f"members.chapter_{what}",
        actor=actor,
        subject=thing,
        at=at,
        person=term.user_id if term else None,
        chapter=term.chapter_id if term else thing.pk,
        detail=detail,
    )
