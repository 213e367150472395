"""The League's structure: who changed a chapter or a term of office, and from what to what, is on record."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.models import User
from audit.services import record
from members.choices import OfficeRole
from members.models import Chapter, OfficeTerm
from members.models.relations import plain
from members.permissions.offices import may_appoint

Structure = Chapter | OfficeTerm


class AppointmentRefused(Exception):
    """Raised when a person may not give, change or remove a term of office; `sentence` says who may."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


@transaction.atomic
def appoint_from_server(
    user: User, *, role: OfficeRole, chapter: Chapter | None, on: dt.date, at: dt.datetime
) -> OfficeTerm:
    """Give an office from the server's command line: the first one, which nobody else could give.

    Raises ValidationError for an office that does not fit the chapter.
    """
    term = OfficeTerm(user=user, role=role, chapter=chapter, starts_on=on)
    term.full_clean()
    term.save()
    _note("added", term, {**values_of(term), "from_server": True}, actor=None, at=at)
    return term


def end_terms(user: User, *, last_on: dt.date, actor: User, at: dt.datetime) -> None:
    """End the offices of who leaves the League, with the last day as a member; what begins later never does."""
    terms = OfficeTerm.objects.select_for_update().filter(user=user)
    for term in terms.filter(Q(ends_on__isnull=True) | Q(ends_on__gt=last_on)):
        if term.starts_on > last_on:
            _note("removed", term, values_of(term), actor=actor, at=at)
            term.delete()
            continue
        changed = {"ends_on": [plain(term.ends_on), plain(last_on)]}
        term.ends_on = last_on
        term.save(update_fields=["ends_on"])
        _note("changed", term, changed, actor=actor, at=at)


def refuse_unless_appointing(actor: User, *, person_id: int | None, chapter_id: int | None) -> None:
    """Raise AppointmentRefused unless the actor may decide about this term of office."""
    if person_id is None or may_appoint(actor, person_id=person_id, chapter_id=chapter_id):
        return
    if person_id == actor.pk:
        raise AppointmentRefused(
            _("Nobody decides about an office of his or her own. Ask another member of the board.")
        )
    raise AppointmentRefused(
        _("Only the board decides about offices of the League, the registrar also about chapters’.")
    )


def _refuse(thing: Structure, values: Mapping[str, Any], actor: User) -> None:
    if isinstance(thing, OfficeTerm):
        refuse_unless_appointing(actor, person_id=values["user_id"], chapter_id=values["chapter_id"])


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
    """Record that a chapter was founded or a term of office given. Raises AppointmentRefused."""
    _refuse(thing, values_of(thing), actor)
    _note("added", thing, values_of(thing), actor=actor, at=at)


def note_changed(thing: Structure, *, before: Mapping[str, object], actor: User, at: dt.datetime) -> None:
    """Record what was changed, each column from what to what; nothing where nothing was.

    Raises AppointmentRefused: the caller's transaction takes the change back.
    """
    after = values_of(thing)
    for values in (before, after):
        _refuse(thing, values, actor)
    changed = {name: [before[name], after[name]] for name in after if before[name] != after[name]}
    if changed:
        _note("changed", thing, changed, actor=actor, at=at)


def note_removed(thing: Structure, *, actor: User, at: dt.datetime) -> None:
    """Record that a chapter or a term of office is removed; called before it is. Raises AppointmentRefused."""
    _refuse(thing, values_of(thing), actor)
    _note("removed", thing, values_of(thing), actor=actor, at=at)


def _note(what: str, thing: Structure, detail: Mapping[str, object], *, actor: User | None, at: dt.datetime) -> None:
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
