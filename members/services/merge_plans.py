"""What a merge of two accounts would change, computed and never written: the preview, and what is decided on."""

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from allauth.account.models import EmailAddress
from django.db import models
from django.db.models import Q

from accounts.models import User
from members.choices import CLOSED_STATUSES, ProfileField, Standing
from members.models import (
    Application,
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
    relations_to,
    treatment_of,
)
from members.rules.privacy import audience_of


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
