"""Two accounts of one person, and their merging by two officers."""

from allauth.account.models import EmailAddress
from django.utils import timezone

from accounts.models import User
from members.models import DuplicateCase, MergeRecord
from members.services import merging
from tests.factories.imports import registrar


def case_of(first: User, second: User) -> DuplicateCase:
    """Return an open case about two accounts whose addresses are confirmed."""
    for user in (first, second):
        EmailAddress.objects.get_or_create(user=user, email=user.email, defaults={"primary": True, "verified": True})
    first, second = sorted((first, second), key=lambda user: user.pk)
    found: DuplicateCase = DuplicateCase.objects.create(
        first=first, second=second, signs=["licence"], found_at=timezone.now()
    )
    return found


def merge(survivor: User, merged: User) -> MergeRecord:
    """Merge one account into another, proposed and approved."""
    case, at = case_of(survivor, merged), timezone.now()
    merging.propose_merge(case, survivor=survivor, version=0, reason="One person", actor=registrar(), at=at)
    digest = merging.plan_merge(survivor, merged).digest
    return merging.approve_merge(case, version=1, digest=digest, actor=registrar(), at=at)
