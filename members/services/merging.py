"""Merging two accounts of one person (M17): proposed by one, approved by another, undone within 30 days.

A merge changes columns and deletes nothing. Every change is kept with what was there before; what a rule keeps from
moving stays with the account that goes, and is listed before and after. Ways to sign in and rights never move: a merge
must not be a way into somebody's account.
"""

import datetime as dt
import json
from collections import defaultdict
from typing import Any

from django.apps import apps
from django.db import transaction

from accounts.models import User
from audit.services import record
from members.choices import CaseStatus
from members.models import (
    DuplicateCase,
    Membership,
    MergeRecord,
    Profile,
)
from members.models.relations import (
    plain,
    python_value,
    relation_name,
    relations_to,
)
from members.rules.standing import standing_on
from members.services.duplicates import lock_case
from members.services.memberships import refresh_standing
from members.services.merge_plans import plan_merge
from members.services.profiles import index_profile

# Columns that are derived: an undo puts them back and derives them anew where time has passed.
DERIVED = ("standing", "standing_until", "version")


class SamePerson(Exception):
    """Raised when who proposed a merge, or whom it concerns, would approve it."""


class MergeBlocked(Exception):
    """Raised when something has to be settled before two accounts can be merged; carries codes."""

    def __init__(self, codes: list[str]) -> None:
        super().__init__(", ".join(codes))
        self.codes = codes


class PlanChanged(Exception):
    """Raised when the records have changed since the preview was read."""


class UndoRefused(Exception):
    """Raised when a merge cannot be taken back; carries the rows that changed since, or none when its time is over."""

    def __init__(self, rows: list[str]) -> None:
        super().__init__(", ".join(rows))
        self.rows = rows


@transaction.atomic
def propose_merge(
    case: DuplicateCase, *, survivor: User, version: int, reason: str, actor: User, at: dt.datetime
) -> DuplicateCase:
    """Propose to merge the two accounts of a case. Raises CaseChanged, MergeBlocked and RelationUnknown."""
    row = lock_case(case, version=version, statuses=(CaseStatus.OPEN,))
    plan = plan_merge(survivor, _other(row, survivor))
    if plan.blockers:
        raise MergeBlocked(plan.blockers)
    row.status, row.survivor, row.reason = CaseStatus.PROPOSED, survivor, reason
    row.proposed_by, row.proposed_at = actor, at
    row.version += 1
    row.save()
    _record("members.merge_proposed", row, actor=actor, at=at)
    return row


@transaction.atomic
def decline_merge(case: DuplicateCase, *, version: int, actor: User, at: dt.datetime) -> DuplicateCase:
    """Take a proposal off the table; the case is open again. Raises CaseChanged."""
    row = lock_case(case, version=version, statuses=(CaseStatus.PROPOSED,))
    row.status, row.survivor, row.proposed_by, row.proposed_at = CaseStatus.OPEN, None, None, None
    row.version += 1
    row.save()
    _record("members.merge_declined", row, actor=actor, at=at)
    return row


@transaction.atomic
def approve_merge(case: DuplicateCase, *, version: int, digest: str, actor: User, at: dt.datetime) -> MergeRecord:
    """Merge the two accounts as the preview said: M17.

    Raises CaseChanged, SamePerson, MergeBlocked, PlanChanged and RelationUnknown.
    """
    row = lock_case(case, version=version, statuses=(CaseStatus.PROPOSED,))
    if actor.pk in (row.proposed_by_id, row.first_id, row.second_id):
        raise SamePerson
    people = User.objects.select_for_update().order_by("pk").in_bulk([row.first_id, row.second_id])
    list(Membership.objects.select_for_update().filter(user__in=people).order_by("pk"))
    if row.survivor_id is None or row.proposed_by is None:
        raise PlanChanged
    survivor = people[row.survivor_id]
    plan = plan_merge(survivor, people[_other(row, survivor).pk])
    if plan.blockers:
        raise MergeBlocked(plan.blockers)
    if plan.digest != digest:
        raise PlanChanged
    _write([(label, pk, column, after) for label, pk, column, _before, after in plan.changes])
    _index_profile(plan.changes)
    changes = plan.changes + _refresh_standings(people)
    merge = MergeRecord.objects.create(
        case=row,
        survivor=survivor,
        merged=plan.merged,
        proposed_by=row.proposed_by,
        approved_by=actor,
        merged_at=at,
        changes=changes,
        stays=plan.stays,
    )
    row.status, row.closed_by, row.closed_at = CaseStatus.MERGED, actor, at
    row.version += 1
    row.save()
    record(
        "members.merged",
        actor=actor,
        subject=merge,
        at=at,
        person=plan.merged,
        detail={"survivor": survivor.pk, "proposed_by": row.proposed_by_id, "changes": len(changes)},
    )
    return merge


@transaction.atomic
def undo_merge(merge: MergeRecord, *, actor: User, at: dt.datetime) -> MergeRecord:
    """Put back every value that a merge changed. Raises UndoRefused where its time is over or a row changed since."""
    row = MergeRecord.objects.select_for_update().get(pk=merge.pk)
    if not row.can_be_undone(at):
        raise UndoRefused([])
    people = (row.survivor_id, row.merged_id)
    list(User.objects.select_for_update().filter(pk__in=people).order_by("pk"))
    list(Membership.objects.select_for_update().filter(user__in=people).order_by("pk"))
    changed = _changed_since(row.changes)
    if changed:
        raise UndoRefused(changed)
    _write([(label, pk, column, before) for label, pk, column, before, _after in reversed(row.changes)])
    _index_profile(row.changes)
    for membership in Membership.objects.filter(user__in=people).with_facts().select_related("chapter"):
        on = membership.chapter.today()
        if standing_on(membership.facts(), on) != membership.standing:
            refresh_standing(membership, on=on)
    row.undone_at, row.undone_by = at, actor
    row.save(update_fields=["undone_at", "undone_by"])
    case = DuplicateCase.objects.select_for_update().get(pk=row.case_id)
    case.status, case.survivor, case.proposed_by, case.proposed_at = CaseStatus.OPEN, None, None, None
    case.closed_by = case.closed_at = None
    case.version += 1
    case.save()
    record(
        "members.merge_undone",
        actor=actor,
        subject=row,
        at=at,
        person=row.merged_id,
        detail={"survivor": row.survivor_id},
    )
    return row


def _index_profile(changes: list[list[Any]]) -> None:
    """Let the directory find what a merge or its undoing wrote into a profile."""
    ids = {pk for label, pk, *_values in changes if label == "members.Profile"}
    for profile in Profile.objects.filter(pk__in=ids).select_related("user") if ids else ():
        index_profile(profile)


def _write(changes: list[tuple[str, int, str, Any]]) -> None:
    """Set columns: those that get the same value in one statement."""
    groups: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for label, pk, column, value in changes:
        groups[label, column, json.dumps(value)].append(pk)
    for (label, column, value), pks in groups.items():
        model = apps.get_model(label)
        model._base_manager.filter(pk__in=pks).update(**{column: python_value(model, column, json.loads(value))})


def _refresh_standings(people: dict[int, User]) -> list[list[Any]]:
    """Derive the standings of both accounts' memberships anew and return what that changed."""
    changes = []
    for membership in Membership.objects.filter(user__in=people).select_related("chapter").order_by("pk"):
        before = {column: plain(getattr(membership, column)) for column in DERIVED}
        refresh_standing(membership, on=membership.chapter.today())
        changes += [
            ["members.Membership", membership.pk, column, before[column], plain(getattr(membership, column))]
            for column in DERIVED
            if before[column] != plain(getattr(membership, column))
        ]
    return changes


def _changed_since(changes: list[list[Any]]) -> list[str]:
    """Return the rows that do not hold any more what the merge put there."""
    columns: dict[str, set[str]] = defaultdict(set)
    pks: dict[str, set[int]] = defaultdict(set)
    for label, pk, column, _before, _after in changes:
        columns[label].add(column)
        pks[label].add(pk)
    found: dict[tuple[str, int], dict[str, Any]] = {}
    for label, names in columns.items():
        rows = apps.get_model(label)._base_manager.filter(pk__in=pks[label]).values("pk", *names)
        found |= {(label, row["pk"]): row for row in rows}
    stale = {
        (label, pk)
        for label, pk, column, _before, after in changes
        if (label, pk) not in found or (column not in DERIVED and plain(found[label, pk][column]) != after)
    }
    return [f"{apps.get_model(label)._meta.verbose_name} {pk}" for label, pk in sorted(stale)]


def _other(case: DuplicateCase, survivor: User) -> User:
    return case.second if survivor.pk == case.first_id else case.first


def _record(action: str, case: DuplicateCase, *, actor: User, at: dt.datetime) -> None:
    record(
        action,
        actor=actor,
        subject=case,
        at=at,
        person=case.first_id,
        detail={"first": case.first_id, "second": case.second_id, "survivor": case.survivor_id},
    )


def describe_plan(rows: list[list[Any]]) -> list[tuple[str, int]]:
    """Return how many rows of each kind a list of changes or of stays names, for a preview."""
    counts: dict[str, set[int]] = defaultdict(set)
    for row in rows:
        counts[row[0]].add(row[1])
    return sorted((str(apps.get_model(label)._meta.verbose_name_plural), len(pks)) for label, pks in counts.items())


def relation_names() -> list[str]:
    """Return every relation that a merge has to know."""
    return [relation_name(relation) for model in (User, Membership, Profile) for relation in relations_to(model)]
