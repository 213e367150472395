"""Finding people who are on record twice: the signs of each person, and the cases that equal signs make.

A sign is compared as a keyed hash, so that the index tells nothing. A dismissed case stays dismissed unless a new
kind of sign appears.
"""

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Iterable
from itertools import combinations

from allauth.account.models import EmailAddress
from django.db import transaction
from django.utils.crypto import salted_hmac

from accounts.models import User
from audit.services import record
from members import tasks
from members.choices import CaseStatus, IdentitySign
from members.models import Application, DuplicateCase, IdentityIndex, IdentityKey, Licence, MergeRecord
from members.rules.folding import fold

BATCH = 500
# A sign that so many people share tells nothing: a placeholder somebody typed, an address of an office.
SHARED_BY = 20

# Letters of two scripts that look the same, in the spelling of the Latin one.
_LOOKALIKES = str.maketrans("авсеԁһіјкԛмнорԍѕтухүԝ", "abcedhijkqmhopgstyxyw")


class CaseChanged(Exception):
    """Raised when somebody else has handled a case since the page was opened."""


Sign = tuple[str, str]


def name_parts(name: str) -> list[str]:
    """Return the parts of a name in the one spelling of all scripts, sorted: their order tells nothing."""
    return sorted(fold(name).split())


def name_sign(name: str, birth_year: int | None) -> Sign | None:
    """Return the sign of a name in any script, whatever the order of its parts; none without a year of birth."""
    parts = name_parts(name)
    return _sign(IdentitySign.NAME, f"{' '.join(parts)}:{birth_year}") if birth_year and len(parts) > 1 else None


def licence_sign(country: str, number: str) -> Sign | None:
    """Return the sign of a licence, its digits and letters without signs, in one script."""
    plain = re.sub(r"[\W_№]+", "", number.casefold()).translate(_LOOKALIKES)
    return _sign(IdentitySign.LICENCE, f"{country}:{plain}") if plain else None


def email_sign(email: str) -> Sign:
    """Return the sign of an address as the eye reads it: lookalikes of another script and tags make no other one."""
    local, _at, domain = email.casefold().partition("@")
    return _sign(IdentitySign.EMAIL, f"{local.partition('+')[0]}@{domain}".translate(_LOOKALIKES))


@transaction.atomic
def index_people(user_ids: Iterable[int], *, at: dt.datetime) -> int:
    """Derive the signs of people anew and open a case for everybody with whom they share one. Returns new cases."""
    ids = list(user_ids)
    wanted = signs_of(ids)
    held: dict[int, set[Sign]] = defaultdict(set)
    for user_id, sign, value in IdentityKey.objects.filter(user__in=ids).values_list("user", "sign", "value"):
        held[user_id].add((sign, value))
    for user_id in ids:
        for sign, value in held[user_id] - wanted[user_id]:
            IdentityKey.objects.filter(user=user_id, sign=sign, value=value).delete()
    IdentityKey.objects.bulk_create(
        [
            IdentityKey(user_id=user_id, sign=sign, value=value)
            for user_id in ids
            for sign, value in sorted(wanted[user_id] - held[user_id])
        ],
        ignore_conflicts=True,
    )
    IdentityIndex.objects.bulk_create(
        [IdentityIndex(user_id=user_id, indexed_at=at) for user_id in ids],
        update_conflicts=True,
        unique_fields=["user"],
        update_fields=["indexed_at"],
    )
    return _open_cases(set().union(*wanted.values()) if wanted else set(), at=at)


def look_for_duplicates(user_id: int) -> None:
    """Let a task derive the signs of a person as soon as this is committed; it opens a case for each like account."""
    tasks.find_duplicates_of.delay_on_commit(user_id)


def index_due_people(*, at: dt.datetime, limit: int = BATCH) -> int:
    """Index those who never were, then those who were longest ago. Returns how many people that were."""
    fresh = list(User.objects.filter(identity_index__isnull=True).order_by("pk").values_list("pk", flat=True)[:limit])
    due = IdentityIndex.objects.filter(indexed_at__lt=at - dt.timedelta(hours=6)).order_by("indexed_at")
    ids = fresh + list(due.values_list("user", flat=True)[: max(0, limit - len(fresh))])
    never = IdentityIndex.objects.filter(indexed_at__isnull=True).values_list("user", flat=True)
    ids += list(never[: max(0, limit - len(ids))])
    if ids:
        index_people(ids, at=at)
    return len(ids)


def note_birth_years(years: dict[int, int]) -> None:
    """Keep the years of birth that an import brought; the signs are derived by `index_people` afterwards."""
    IdentityIndex.objects.bulk_create(
        [IdentityIndex(user_id=user_id, birth_year=year) for user_id, year in years.items()],
        update_conflicts=True,
        unique_fields=["user"],
        update_fields=["birth_year"],
    )


def find_people(signs: Iterable[Sign]) -> dict[Sign, list[int]]:
    """Return who bears each sign, leaving out those who were merged into others and signs that many people share."""
    wanted = set(signs)
    found: dict[Sign, list[int]] = defaultdict(list)
    merged = MergeRecord.objects.filter(undone_at=None).values("merged")
    rows = IdentityKey.objects.filter(value__in={value for _sign, value in wanted}).exclude(user__in=merged)
    for sign, value, user_id in rows.order_by("user").values_list("sign", "value", "user"):
        if (sign, value) in wanted:
            found[sign, value].append(user_id)
    return {sign: people for sign, people in found.items() if len(people) <= SHARED_BY}


@transaction.atomic
def record_view(case: DuplicateCase, *, actor: User, at: dt.datetime) -> None:
    """Note that somebody looked at two people's addresses and licences side by side."""
    for person in (case.first_id, case.second_id):
        record("members.duplicate_viewed", actor=actor, subject=case, at=at, person=person)


@transaction.atomic
def dismiss_case(case: DuplicateCase, *, version: int, reason: str, actor: User, at: dt.datetime) -> DuplicateCase:
    """Say that the two are two people, and why. Raises CaseChanged."""
    row = lock_case(case, version=version, statuses=(CaseStatus.OPEN, CaseStatus.PROPOSED))
    row.status, row.reason, row.closed_by, row.closed_at = CaseStatus.DISMISSED, reason, actor, at
    row.survivor = row.proposed_by = row.proposed_at = None
    row.version += 1
    row.save()
    record(
        "members.duplicate_dismissed",
        actor=actor,
        subject=row,
        at=at,
        person=row.first_id,
        detail={"first": row.first_id, "second": row.second_id, "reason": reason},
    )
    return row


def lock_case(case: DuplicateCase, *, version: int, statuses: tuple[CaseStatus, ...]) -> DuplicateCase:
    """Return the case under lock as the officer saw it. Raises CaseChanged."""
    row = DuplicateCase.objects.select_for_update().get(pk=case.pk)
    if row.version != version or row.status not in statuses:
        raise CaseChanged
    return row


def signs_of(ids: list[int]) -> dict[int, set[Sign]]:
    """Return the signs of people in five queries, however many they are; an address only once it was confirmed."""
    signs: dict[int, set[Sign]] = {user_id: set() for user_id in ids}
    years: dict[int, set[int]] = defaultdict(set)
    for user_id, year in IdentityIndex.objects.filter(user__in=ids, birth_year__isnull=False).values_list(
        "user", "birth_year"
    ):
        if year is not None:
            years[user_id].add(year)
    answers = Application.objects.filter(user__in=ids, submitted_at__isnull=False)
    for user_id, person in answers.values_list("user", "answers__person"):
        answer = str((person or {}).get("birth_year", ""))
        if re.fullmatch(r"\d{4}", answer):
            years[user_id].add(int(answer))
    for user in User.objects.filter(pk__in=ids).only("name_native", "name_latin"):
        for year in years[user.pk]:
            for name in (user.name_native, user.name_latin):
                sign = name_sign(name, year)
                if sign is not None:
                    signs[user.pk].add(sign)
    for user_id, email in EmailAddress.objects.filter(user__in=ids, verified=True).values_list("user", "email"):
        signs[user_id].add(email_sign(email))
    for user_id, country, number in Licence.objects.filter(user__in=ids).values_list("user", "country", "number"):
        sign = licence_sign(country, number)
        if sign is not None:
            signs[user_id].add(sign)
    return signs


def _open_cases(signs: set[Sign], *, at: dt.datetime) -> int:
    pairs: dict[tuple[int, int], set[str]] = defaultdict(set)
    for (sign, _value), people in find_people(signs).items():
        for pair in combinations(sorted(set(people)), 2):
            pairs[pair].add(sign)
    if not pairs:
        return 0
    known = {
        (case.first_id, case.second_id): case
        for case in DuplicateCase.objects.filter(
            first__in={first for first, _second in pairs}, second__in={second for _first, second in pairs}
        )
    }
    for pair, found in pairs.items():
        case = known.get(pair)
        if case is not None and not found <= set(case.signs):
            case.signs = sorted(found | set(case.signs))
            if case.status == CaseStatus.DISMISSED:
                case.status, case.version = CaseStatus.OPEN, case.version + 1
            case.save(update_fields=["signs", "status", "version"])
    fresh = [
        DuplicateCase(first_id=first, second_id=second, signs=sorted(found), found_at=at)
        for (first, second), found in sorted(pairs.items())
        if (first, second) not in known
    ]
    DuplicateCase.objects.bulk_create(fresh, ignore_conflicts=True)
    return len(fresh)


def _sign(sign: IdentitySign, value: str) -> Sign:
    return sign.value, salted_hmac("members.identity", value, algorithm="sha256").hexdigest()
