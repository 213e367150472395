"""Merging two accounts: what moves, what stays, what stands in the way, and that an undo leaves no trace."""

import datetime as dt
import random
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.apps import apps
from django.utils import timezone

from accounts.models import User
from audit.models import AuditEvent
from members.choices import (
    ApplicationStatus,
    Audience,
    CaseStatus,
    Country,
    OfficeRole,
    ProfileField,
    Standing,
    TagKind,
)
from members.models import (
    Invoice,
    Licence,
    Membership,
    MembershipPeriod,
    MergeRecord,
    OfficeTerm,
    Profile,
    ProfileTag,
    league_day,
    survivor_of,
)
from members.models.relations import FILLED, TREATMENTS, RelationUnknown, Treatment, relations_to, treatment_of
from members.services import merging
from members.services.duplicates import CaseChanged
from members.services.imports.applying import TRACED
from members.services.memberships import refresh_standing
from tests.factories.accounts import UserFactory
from tests.factories.courses import EnrolmentFactory
from tests.factories.duplicates import case_of, merge
from tests.factories.imports import registrar
from tests.factories.members import ChapterFactory, OfficeTermFactory, ProfileFactory
from tests.factories.membership import (
    ApplicationFactory,
    ConsentTextFactory,
    InvoiceFactory,
    LicenceFactory,
    MembershipFactory,
    PeriodFactory,
    ReferenceFactory,
    SanctionFactory,
    TierFactory,
)

pytestmark = pytest.mark.django_db

# What a merge writes about itself; everything else is as it was after an undo.
OWN = {"audit.AuditEvent", "members.DuplicateCase", "members.MergeRecord"}


def now() -> dt.datetime:
    return timezone.now()


def snapshot() -> dict[str, list[Any]]:
    """Return every row of every table; of the directory's index, which is written anew, without the numbers."""
    return {
        model._meta.label: sorted(
            (row[1:] if model is ProfileTag else row for row in model._base_manager.values_list()), key=str
        )
        for model in apps.get_models(include_auto_created=True)
        if not model._meta.proxy and model._meta.managed and model._meta.label not in OWN
    }


def test_every_relation_has_its_treatment() -> None:
    """Whoever adds a relation to a person says in `members.models.relations` what a merge does with it."""
    for model in (User, Membership, Profile):
        for relation in relations_to(model):
            assert treatment_of(relation) in Treatment

    assert set(TREATMENTS) <= set(merging.relation_names()), "The table names relations that do not exist any more."


def test_profile_is_filled_and_shows_nothing_to_more_people() -> None:
    survivor = ProfileFactory(audiences={ProfileField.TELEGRAM: Audience.MEMBERS}, city="Ош").user
    merged = ProfileFactory(city="Алматы", bio="Trials", phone="+7 701 000 00 00", telegram="@a_lawyer").user

    record = merge(survivor, merged)

    profile = Profile.objects.get(user=survivor)
    assert (profile.city, profile.bio, profile.phone) == ("Ош", "Trials", "+7 701 000 00 00")
    assert profile.telegram == ""  # it was for nobody, and would be for all members
    merging.undo_merge(record, actor=registrar(), at=now())
    assert Profile.objects.get(user=survivor).bio == ""


def test_directory_finds_what_a_merge_filled() -> None:
    survivor, merged = ProfileFactory().user, ProfileFactory(areas=["criminal"]).user

    record = merge(survivor, merged)

    assert survivor.profile.tags.filter(kind=TagKind.AREA, code="criminal").exists()
    merging.undo_merge(record, actor=registrar(), at=now())
    assert not survivor.profile.tags.filter(kind=TagKind.AREA).exists()


def test_every_column_of_a_profile_is_known_to_merges_and_imports() -> None:
    derived = {"id", "user_id", "public_id", "sort_name", "pseudonym_key"}
    columns = {field.attname for field in Profile._meta.concrete_fields} - derived

    assert set(TRACED["members.Profile"]) == columns
    assert set(FILLED["members.Profile"]) <= columns


def test_unknown_relation_stops_every_merge(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(TREATMENTS, "members.Licence.user")

    with pytest.raises(RelationUnknown):
        merging.plan_merge(UserFactory(), UserFactory())


def test_membership_of_an_account_that_goes_moves_whole() -> None:
    survivor, membership = UserFactory(), MembershipFactory(user__name_latin="Aigul")
    merged = membership.user
    invoice = InvoiceFactory(membership=membership)
    licence = LicenceFactory(user=merged)
    term = OfficeTermFactory(user=merged, ends_on=dt.date(2026, 2, 1))

    record = merge(survivor, merged)

    survivor = User.objects.get(pk=survivor.pk)
    assert survivor.membership == membership
    assert survivor.profile.chapter == membership.chapter
    assert [thing.user for thing in (Invoice.objects.get(), Licence.objects.get())] == [survivor, survivor]
    assert OfficeTerm.objects.get(pk=term.pk).user == merged
    assert (invoice.pk, licence.pk) == (Invoice.objects.get().pk, Licence.objects.get().pk)
    assert survivor.name_latin == "Aigul"
    merged.refresh_from_db()
    assert not merged.is_active
    assert survivor_of(merged) == survivor
    event = AuditEvent.objects.get(action="members.merged")
    assert (event.subject_id, event.person_id) == (str(record.pk), merged.pk)


def test_two_memberships_keep_one_number_and_lose_no_day_and_no_sanction() -> None:
    today = league_day()
    ours = MembershipFactory(number="KZ-00001", joined_on=today - dt.timedelta(days=30))
    theirs = MembershipFactory(number="KZ-00002", joined_on=today - dt.timedelta(days=900), paid=800)
    overlapping = PeriodFactory(membership=theirs, starts_on=today - dt.timedelta(days=100))
    SanctionFactory(membership=theirs)

    record = merge(ours.user, theirs.user)

    ours, theirs = Membership.objects.get(pk=ours.pk), Membership.objects.get(pk=theirs.pk)
    assert (ours.number, ours.user_id, ours.joined_on) == ("KZ-00001", record.survivor_id, theirs.joined_on)
    assert ours.standing == Standing.SUSPENDED
    assert ours.periods.count() == 2
    assert list(theirs.periods.all()) == [overlapping]
    assert theirs.user_id == record.merged_id
    stays = {(label, code) for label, _pk, code in record.stays}
    assert {
        ("members.Membership", "has_one"),
        ("members.MembershipPeriod", "overlaps"),
        ("members.Profile", "has_one"),
    } <= stays


def test_what_both_have_stays_and_is_listed() -> None:
    survivor, merged = UserFactory(), UserFactory()
    LicenceFactory(user=survivor, number="5")
    twin = LicenceFactory(user=merged, number="5")
    mine = EnrolmentFactory(user=survivor)
    again = EnrolmentFactory(user=merged, run=mine.run)
    other = EnrolmentFactory(user=merged)

    record = merge(survivor, merged)

    assert ["members.Licence", twin.pk, "same_there"] in record.stays
    assert ["courses.Enrolment", again.pk, "same_there"] in record.stays
    other.refresh_from_db()
    assert other.user == survivor


def test_ways_to_sign_in_and_rights_never_move() -> None:
    survivor, merged = UserFactory(), UserFactory(is_verified=True, is_superuser=True)

    record = merge(survivor, merged)

    survivor.refresh_from_db()
    assert not survivor.is_superuser
    assert EmailAddress.objects.get(user=survivor).email == survivor.email
    assert "account.EmailAddress" in {label for label, _pk, _code in record.stays}


@pytest.mark.parametrize(
    ("code", "arrange"),
    [
        ("two_applications", lambda one, two: [ApplicationFactory(user=one), ApplicationFactory(user=two)]),
        (
            "two_invoices",
            lambda one, two: [InvoiceFactory(membership=MembershipFactory(user=user)) for user in (one, two)],
        ),
        (
            "one_deceased",
            lambda one, two: [
                MembershipFactory(user=one),
                MembershipFactory(user=two, deceased_on=dt.date(2026, 1, 1)),
            ],
        ),
        (
            "survivor_resigned",
            lambda one, two: [
                MembershipFactory(user=one, resigned_on=dt.date(2026, 1, 1)),
                MembershipFactory(user=two),
            ],
        ),
        ("holds_office", lambda one, two: OfficeTermFactory(user=two)),
        ("holds_office", lambda one, two: OfficeTermFactory(user=two, starts_on=league_day(), ends_on=league_day())),
        ("survivor_unverified", lambda one, two: EmailAddress.objects.filter(user=one).update(verified=False)),
        (
            "survivor_unverified",
            lambda one, two: EmailAddress.objects.filter(user=one).update(email="another@example.org"),
        ),
        ("survivor_inactive", lambda one, two: User.objects.filter(pk=one.pk).update(is_active=False)),
    ],
)
def test_what_has_to_be_settled_first_stops_a_merge(code: str, arrange: Any) -> None:
    one, two = UserFactory(), UserFactory()
    case = case_of(one, two)
    arrange(one, two)
    one.refresh_from_db()

    with pytest.raises(merging.MergeBlocked) as blocked:
        merging.propose_merge(case, survivor=one, version=0, reason="x", actor=registrar(), at=now())

    assert blocked.value.codes == [code]


def test_nobody_approves_his_own_proposal_or_his_own_account() -> None:
    one, two = UserFactory(), OfficeTermFactory(role=OfficeRole.BOARD, chapter=None).user
    case, proposer = case_of(one, two), registrar()
    merging.propose_merge(case, survivor=two, version=0, reason="x", actor=proposer, at=now())
    digest = merging.plan_merge(two, one).digest

    for actor in (proposer, two):
        with pytest.raises(merging.SamePerson):
            merging.approve_merge(case, version=1, digest=digest, actor=actor, at=now())


def test_stale_pages_are_refused() -> None:
    one, two, officer = UserFactory(), UserFactory(), registrar()
    case = case_of(one, two)
    with pytest.raises(CaseChanged):
        merging.propose_merge(case, survivor=one, version=7, reason="x", actor=officer, at=now())
    merging.propose_merge(case, survivor=one, version=0, reason="x", actor=officer, at=now())
    digest = merging.plan_merge(one, two).digest
    LicenceFactory(user=two)

    with pytest.raises(merging.PlanChanged):
        merging.approve_merge(case, version=1, digest=digest, actor=registrar(), at=now())

    merging.decline_merge(case, version=1, actor=registrar(), at=now())
    with pytest.raises(CaseChanged):
        merging.approve_merge(case, version=1, digest=digest, actor=registrar(), at=now())


def test_undo_is_refused_when_its_time_is_over_or_a_row_changed() -> None:
    survivor, licence = UserFactory(), LicenceFactory()
    record = merge(survivor, licence.user)
    with pytest.raises(merging.UndoRefused) as late:
        merging.undo_merge(record, actor=registrar(), at=now() + dt.timedelta(days=31))
    assert late.value.rows == []

    Licence.objects.update(user=UserFactory())

    with pytest.raises(merging.UndoRefused) as changed:
        merging.undo_merge(record, actor=registrar(), at=now())
    assert len(changed.value.rows) == 1
    licence.refresh_from_db()
    assert MergeRecord.objects.get().undone_at is None


def test_chain_of_merges_is_followed_and_undone_from_its_end() -> None:
    one, two, three = UserFactory(), UserFactory(), UserFactory()
    LicenceFactory(user=one)
    first = merge(two, one)
    second = merge(three, two)
    assert survivor_of(one) == three

    with pytest.raises(merging.UndoRefused):
        merging.undo_merge(first, actor=registrar(), at=now())
    merging.undo_merge(second, actor=registrar(), at=now())
    merging.undo_merge(first, actor=registrar(), at=now())

    assert Licence.objects.get().user == one
    assert survivor_of(one) == one


def build_person(dice: random.Random, number: int) -> User:
    """Return somebody with a random choice of everything that a person may have."""
    user: User = UserFactory(name_latin=dice.choice(["", "Aigul"]))
    country = dice.choice([Country.KAZAKHSTAN, Country.KYRGYZSTAN])
    chapter = ChapterFactory(country=country)
    if dice.random() < 0.7:
        start = dice.choice([0, 100, 200, 500])
        membership = MembershipFactory(
            user=user, chapter=chapter, number=f"{country}-{dice.randrange(10**8):09d}", paid=start
        )
        if dice.random() < 0.5:
            PeriodFactory(membership=membership, starts_on=league_day() - dt.timedelta(days=start - 365))
        if dice.random() < 0.3:
            SanctionFactory(membership=membership)
        refresh_standing(membership, on=chapter.today())
        if number and dice.random() < 0.5:
            InvoiceFactory(membership=membership, amount=Decimal(7))
    elif dice.random() < 0.5:
        ProfileFactory(user=user, chapter=chapter, city=dice.choice(["", "Ош"]))
    for _licence in range(dice.randrange(3)):
        Licence.objects.get_or_create(
            user=user, country=country, number=str(dice.randrange(3)), defaults={"issued_on": dt.date(2015, 1, 1)}
        )
    if dice.random() < 0.4:
        OfficeTermFactory(user=user, chapter=chapter)
    status = dice.choice([None, ApplicationStatus.COMPLETED, ApplicationStatus.REJECTED])
    if status:
        application = ApplicationFactory(user=user, chapter=chapter, status=status)
        ReferenceFactory(application=application, referee=dice.choice([None, user]))
        user.consents.create(text=ConsentTextFactory(), application=application, given_at=now())
    if dice.random() < 0.5:
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


@pytest.mark.parametrize("seed", range(25))
def test_merge_and_undo_leave_every_table_as_it_was(seed: int) -> None:
    dice = random.Random(seed)
    TierFactory()
    people = [build_person(dice, number) for number in range(2)]
    run = EnrolmentFactory(user=people[0]).run
    if dice.random() < 0.5:
        EnrolmentFactory(user=people[1], run=run)
    registrar(), registrar()
    officers = list(User.objects.filter(office_terms__role=OfficeRole.REGISTRAR))
    case = case_of(*people)
    survivor, merged = dice.sample(people, 2)
    merged.office_terms.update(ends_on=dt.date(2026, 1, 2))  # one that runs would stop the merge
    before = snapshot()

    merging.propose_merge(case, survivor=survivor, version=0, reason="One", actor=officers[0], at=now())
    plan = merging.plan_merge(survivor, merged)
    record = merging.approve_merge(case, version=1, digest=plan.digest, actor=officers[1], at=now())
    during = snapshot()

    assert {label: len(rows) for label, rows in during.items()} == {label: len(rows) for label, rows in before.items()}
    moved_or_listed = {(label, pk) for label, pk, *_rest in record.changes + record.stays}
    for relation in relations_to(User):
        if relation.model._meta.label not in OWN:
            left = relation.model._base_manager.filter(**{relation.attname: merged.pk})
            assert {(relation.model._meta.label, pk) for pk in left.values_list("pk", flat=True)} <= moved_or_listed
    kept = Membership.objects.filter(user=survivor).first()
    periods = list(MembershipPeriod.objects.filter(membership=kept).order_by("starts_on")) if kept else []
    assert all(one.ends_on < two.starts_on for one, two in pairwise(periods))

    merging.undo_merge(record, actor=officers[0], at=now())

    after = snapshot()
    assert {label for label in before if before[label] != after[label]} == set()
    case.refresh_from_db()
    assert case.status == CaseStatus.OPEN
