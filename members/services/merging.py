"""Merging two accounts of one person (M17): proposed by one, approved by another, undone within 30 days.

A merge changes columns and deletes nothing. Every change is kept with what was there before; what a rule keeps from
moving stays with the account that goes, and is listed before and after. Ways to sign in and rights never move: a merge
must not be a way into somebody's account.
"""

import datetime as dt
import hashlib
import json
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from allauth.account.models import EmailAddress
from django.apps import apps
from django.db import models, transaction
from django.db.models import Q

from accounts.models import User
from audit.services import record
from members.choices import CLOSED_STATUSES, CaseStatus, ProfileField, Standing
from members.models import (
    Application,
    DuplicateCase,
    Invoice,
    Membership,
    MembershipPeriod,
    MergeRecord,
    OfficeTerm,
    Profile,
    league_day,
)
from members.models.relations import (
    FILLED,
    Treatment,
    plain,
    python_value,
    relation_name,
    relations_to,
    treatment_of,
)
from members.rules.privacy import audience_of
from members.rules.standing import standing_on
from members.services.duplicates import lock_case
from members.services.memberships import refresh_standing
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


@dataclass
class MergePlan:
    """What a merge would do: changed columns, rows that stay and why, and what has to be settled before."""

    survivor: User
    merged: User
    changes: list[list[Any]] = field(default_factory=list)  # [model, pk, column, before, after]
    stays: list[list[Any]] = field(default_factory=list)  # [model, pk, code]
    blockers: list[str] = field(default_factory=list)

    @property
    def digest(self) -> str:
        """Return what changes when anything in the plan does: the preview's form carries it."""
        plain = json.dumps([self.survivor.pk, self.merged.pk, self.changes, self.stays, self.blockers])
        return hashlib.sha256(plain.encode()).hexdigest()[:32]

    def change(self, thing: models.Model, column: str, value: Any) -> None:
        """Add the change of one column, unless it has the value already."""
        before = plain(getattr(thing, column))
        if before != plain(value):
            self.changes.append([thing._meta.label, thing.pk, column, before, plain(value)])

    def stay(self, thing: models.Model, code: str) -> None:
        """Add a row that stays with the account that goes."""
        self.stays.append([thing._meta.label, thing.pk, code])


def plan_merge(survivor: User, merged: User) -> MergePlan:
    """Find every row that a merge would change or leave, from the models' metadata. Raises RelationUnknown."""
    plan = MergePlan(survivor, merged)
    _block(plan)
    ours = Membership.objects.filter(user=survivor).select_related("tier", "chapter").first()
    theirs = Membership.objects.filter(user=merged).select_related("tier", "chapter").first()
    _plan_relations(plan, User, survivor.pk, merged.pk)
    if ours is not None and theirs is not None:
        _plan_memberships(plan, ours, theirs)
    profiles = Profile.objects.filter(user__in=(survivor, merged)).in_bulk(field_name="user_id")
    if len(profiles) == 2:
        _fill(plan, profiles[survivor.pk], profiles[merged.pk])
        _plan_relations(plan, Profile, profiles[survivor.pk].pk, profiles[merged.pk].pk)
    _fill(plan, survivor, merged)
    plan.change(merged, "is_active", False)
    return plan


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


def _block(plan: MergePlan) -> None:
    pair = (plan.survivor, plan.merged)
    if MergeRecord.objects.filter(merged__in=pair, undone_at=None).exists():
        plan.blockers.append("merged_already")
    if not plan.survivor.is_active:
        plan.blockers.append("survivor_inactive")
    # Anybody may claim an address: without a proof it is nobody's, and all the records would be.
    if not EmailAddress.objects.filter(user=plan.survivor, email=plan.survivor.email, verified=True).exists():
        plan.blockers.append("survivor_unverified")
    if OfficeTerm.objects.filter(Q(ends_on=None) | Q(ends_on__gte=league_day()), user=plan.merged).exists():
        plan.blockers.append("holds_office")
    open_ones = Application.objects.exclude(status__in=CLOSED_STATUSES).filter(user__in=pair).count()
    if open_ones > 1:
        plan.blockers.append("two_applications")
    open_invoices = Invoice.objects.open().filter(membership__user__in=pair).values("membership").distinct().count()
    if open_invoices > 1:
        plan.blockers.append("two_invoices")
    standings = dict(Membership.objects.filter(user__in=pair).values_list("user", "standing"))
    if len(standings) == 2:
        ours, theirs = standings[plan.survivor.pk], standings[plan.merged.pk]
        if (ours == Standing.DECEASED) != (theirs == Standing.DECEASED):
            plan.blockers.append("one_deceased")
        elif ours == Standing.RESIGNED != theirs:
            plan.blockers.append("survivor_resigned")


def _plan_relations(plan: MergePlan, target: type[models.Model], ours: int, theirs: int) -> None:
    """Plan the rows of every relation to a model; one query tells which have any."""
    relations = [relation for relation in relations_to(target) if relation.model is not MembershipPeriod]
    for relation in relations:
        treatment_of(relation)  # an unknown one stops the merge, with rows or without
    if not relations:
        return
    parts = [
        relation.model._base_manager.filter(**{relation.attname: theirs})
        .order_by()
        .annotate(_number=models.Value(number, models.IntegerField()))
        .values_list("_number")
        for number, relation in enumerate(relations)
    ]
    for (number,) in sorted(parts[0].union(*parts[1:]) if len(parts) > 1 else set(parts[0])):
        _plan_relation(plan, relations[number], ours, theirs)


def _plan_relation(plan: MergePlan, relation: models.ForeignKey, ours: int, theirs: int) -> None:
    """Plan the rows of one relation: they move, unless the account that stays has such a row already."""
    model = relation.model
    is_kept = treatment_of(relation) == Treatment.KEEP
    rows = model._base_manager.filter(**{relation.attname: theirs}).order_by("pk")
    for row in rows:
        if is_kept:
            plan.stay(row, "kept")
        elif _clashes(relation, row, ours):
            plan.stay(row, "has_one" if relation.unique else "same_there")
        else:
            plan.change(row, relation.attname, ours)


def _clashes(relation: models.ForeignKey, row: models.Model, ours: int) -> bool:
    """Whether a unique constraint keeps a row from pointing at the other account."""
    model = relation.model
    manager = model._base_manager
    if relation.unique:
        return manager.filter(**{relation.attname: ours}).exists()
    groups: list[tuple[tuple[str, ...], Q]] = [(tuple(names), Q()) for names in model._meta.unique_together]
    groups += [
        (tuple(constraint.fields), constraint.condition or Q())
        for constraint in model._meta.constraints
        if isinstance(constraint, models.UniqueConstraint) and constraint.fields
    ]
    for names, condition in groups:
        if relation.name not in names:
            continue
        columns = [model._meta.get_field(name) for name in names if name != relation.name]
        others = {column.attname: getattr(row, column.attname) for column in columns if hasattr(column, "attname")}
        if None in others.values() or not manager.filter(condition, pk=row.pk).exists():
            continue
        if manager.filter(condition, **others, **{relation.attname: ours}).exists():
            return True
    return False


def _plan_memberships(plan: MergePlan, ours: Membership, theirs: Membership) -> None:
    """Plan two memberships: one number stays in use, every sanction and every paid day that fits moves to it."""
    taken = [(period.starts_on, period.ends_on) for period in ours.periods.all()]
    _plan_relations(plan, Membership, ours.pk, theirs.pk)
    for period in theirs.periods.order_by("starts_on", "pk"):
        if any(period.starts_on <= end and start <= period.ends_on for start, end in taken):
            plan.stay(period, "overlaps")
        else:
            taken.append((period.starts_on, period.ends_on))
            plan.change(period, "membership_id", ours.pk)
    plan.change(ours, "joined_on", min(ours.joined_on, theirs.joined_on))


def _fill(plan: MergePlan, ours: models.Model, theirs: models.Model) -> None:
    for column in FILLED[ours._meta.label]:
        if isinstance(ours, Profile) and isinstance(theirs, Profile) and _would_be_seen(column, ours, theirs):
            continue
        if not getattr(ours, column) and getattr(theirs, column):
            plan.change(ours, column, getattr(theirs, column))


def _would_be_seen(column: str, ours: Profile, theirs: Profile) -> bool:
    """Whether more people would see a column in the profile that stays than in the one that goes."""
    name = ProfileField.ADMITTED if column == "admitted_year" else ProfileField(column)
    return audience_of(name, ours.chosen) > audience_of(name, theirs.chosen)


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
