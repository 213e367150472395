"""Taking a batch back: what it created and nobody touched since goes, what it changed becomes what it was.

A row is undone whole or not at all; one that cannot be says why.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db import models, transaction

from accounts.models import User
from audit.services import record
from members.choices import RowState
from members.models import ImportBatch, ImportRow, Membership
from members.models.relations import TRANSIENT, plain, python_value, relations_to
from members.services.duplicates import index_people
from members.services.imports.checking import CHUNK
from members.services.memberships import refresh_standing

# Deleted in this order: what points at others first.
ORDER = (
    "members.CardToken",
    "members.MembershipPeriod",
    "members.Licence",
    "members.Membership",
    "members.Profile",
    "accounts.User",
)


class NotUndone(Exception):
    """Raised when a row cannot be taken back; carries a code of `members.rules.import_problems`."""

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code)
        self.code, self.params = code, params


def undo_chunks(batch: ImportBatch, *, at: dt.datetime) -> Iterator[int]:
    """Take rows back, the last first, a chunk in each transaction; yields how many rows are done after each."""
    while True:
        rows = list(batch.rows.filter(state=RowState.DONE).order_by("-number")[:CHUNK])
        if not rows:
            return
        with transaction.atomic():
            undo_rows(batch, rows, at=at)
            batch.rows_done += len(rows)
            batch.save(update_fields=["rows_done"])
        yield batch.rows_done


def undo_rows(batch: ImportBatch, rows: list[ImportRow], *, at: dt.datetime) -> None:
    """Take back those of some rows that nobody touched; the others keep their reason. The caller has a transaction."""
    things = _load(rows)
    references = _references(rows)
    removed: dict[str, set[int]] = defaultdict(set)
    restored: set[int] = set()
    for row in rows:
        person = row.person_id
        try:
            _check(row, things, references)
        except NotUndone as reason:
            row.state, row.problems = RowState.KEPT, [(reason.code, reason.params)]
            continue
        for label, pk, name, before, _after in reversed(row.trace["changed"]):
            thing = things[label, pk]
            setattr(thing, name, python_value(type(thing), name, before))
            thing.save(update_fields=[name])
        for label, pk, _values in row.trace["created"]:
            removed[label].add(pk)
        if person is not None and person not in removed["accounts.User"]:
            restored.add(person)
        row.state = RowState.UNDONE
        record(
            "members.import_row_undone",
            actor=batch.undone_by,
            subject=row,
            at=at,
            person=person,
            chapter=batch.chapter_id,
            detail={"batch": batch.pk},
        )
    ImportRow.objects.bulk_update(rows, ["state", "problems"])
    for label in ORDER:
        if removed[label]:
            apps.get_model(label)._default_manager.filter(pk__in=removed[label]).delete()
    for membership in Membership.objects.filter(user__in=restored).select_related("chapter"):
        refresh_standing(membership, on=membership.chapter.today())
    if restored:
        index_people(restored, at=at)


def _load(rows: list[ImportRow]) -> dict[tuple[str, int], models.Model]:
    """Return every row that the traces name, under lock: one query for each kind."""
    wanted: dict[str, set[int]] = defaultdict(set)
    for row in rows:
        for entry in (*row.trace.get("created", ()), *row.trace.get("changed", ())):
            wanted[entry[0]].add(entry[1])
    found: dict[tuple[str, int], models.Model] = {}
    for label in sorted(wanted):
        model = apps.get_model(label)
        for thing in model._default_manager.select_for_update().filter(pk__in=wanted[label]).order_by("pk"):
            found[label, thing.pk] = thing
    return found


def _check(
    row: ImportRow, things: dict[tuple[str, int], models.Model], references: dict[tuple[str, int], set[str]]
) -> None:
    if not row.trace:  # the person was erased since
        raise NotUndone("undo_changed", what=[_name(User._meta.label)])
    for label, pk, values in row.trace["created"]:
        thing = things.get((label, pk))
        if thing is None:
            raise NotUndone("undo_changed", what=[_name(label)])
        if isinstance(thing, User) and (thing.last_login is not None or thing.has_usable_password()):
            raise NotUndone("undo_signed_in")
        for name, value in values.items():
            if plain(getattr(thing, name)) != value:
                raise NotUndone("undo_changed", what=[_name(label)])
        if references.get((label, pk)):
            raise NotUndone("undo_referenced", what=sorted(references[label, pk]))
    for label, pk, name, _before, after in row.trace["changed"]:
        thing = things.get((label, pk))
        if thing is None or plain(getattr(thing, name)) != after:
            raise NotUndone("undo_changed", what=[_name(label)])


def _references(rows: list[ImportRow]) -> dict[tuple[str, int], set[str]]:
    """Return what depends on created rows and was not created with them: one query for each relation and chunk."""
    created: dict[str, dict[int, int]] = defaultdict(dict)
    for row in rows:
        for label, pk, _values in row.trace.get("created", ()):
            created[label][pk] = row.pk
    found: dict[tuple[str, int], set[str]] = defaultdict(set)
    for label, pks in created.items():
        for relation in relations_to(apps.get_model(label)):
            if relation.model._meta.label in TRANSIENT:
                continue
            own = created.get(relation.model._meta.label, {})
            query: Any = relation.model._default_manager.filter(**{f"{relation.attname}__in": pks})
            for pk, target in query.values_list("pk", relation.attname):
                if pk not in own:
                    found[label, target].add(str(relation.model._meta.verbose_name))
    return found


def _name(label: str) -> str:
    return str(apps.get_model(label)._meta.verbose_name)
