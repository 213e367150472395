"""Finding people who are on record twice."""

import datetime as dt

import pytest
from allauth.account.models import EmailAddress
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from accounts.models import User
from audit.models import AuditEvent
from members.choices import CaseStatus, Country, OfficeRole
from members.models import DuplicateCase, IdentityIndex, IdentityKey
from members.services.duplicates import (
    SHARED_BY,
    CaseChanged,
    dismiss_case,
    email_sign,
    index_due_people,
    index_people,
    licence_sign,
    name_sign,
    note_birth_years,
)
from tests.factories.accounts import UserFactory
from tests.factories.applications import World
from tests.factories.imports import registrar
from tests.factories.members import ChapterFactory, OfficeTermFactory, ProfileFactory
from tests.factories.membership import ApplicationFactory, LicenceFactory

pytestmark = pytest.mark.django_db


def index(*people: User) -> int:
    return index_people([user.pk for user in people], at=timezone.now())


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("Қасымбеков Ерлан", "Yerlan Kasymbekov"),
        ("Айгуль Нурланова", "Nurlanova Aygul"),
        ("Гүлнара Әбдірахманова", "Gulnara Abdirakhmanova"),
    ],
)
def test_name_is_one_in_every_script_and_order(one: str, two: str) -> None:
    assert name_sign(one, 1980) == name_sign(two, 1980)
    assert name_sign(one, 1980) != name_sign(two, 1981)
    assert name_sign(one, None) is None


def test_licences_and_addresses_are_read_as_the_eye_reads_them() -> None:
    assert licence_sign("KZ", "№ 0012-А") == licence_sign("KZ", "0012A")
    assert licence_sign("KZ", "0012") != licence_sign("KG", "0012")
    assert licence_sign("KZ", "") is None
    assert email_sign("aigul@mail.ru") == email_sign("Аigul+league@mail.ru")
    assert email_sign("aigul@mail.ru") != email_sign("aigul@mail.kz")


def test_cases_are_found_by_every_sign() -> None:
    one, two = LicenceFactory(number="12").user, LicenceFactory(number="1-2").user
    three = UserFactory(name_native="Ерлан Қасымбеков")
    four = ApplicationFactory(
        status="completed", user__name_native="Kasymbekov Yerlan", answers={"person": {"birth_year": 1980}}
    ).user
    five, six = (UserFactory(email=email, is_verified=True) for email in ("aigul@mail.ru", "aigul+x@mail.ru"))
    note_birth_years({three.pk: 1980})

    assert index(one, two, three, four, five, six) == 3

    found = {(case.first, case.second): case.signs for case in DuplicateCase.objects.all()}
    assert found == {(one, two): ["licence"], (three, four): ["name"], (five, six): ["email"]}
    assert index(one, two, three, four, five, six) == 0


def test_address_that_nobody_confirmed_is_no_sign() -> None:
    claimed = UserFactory(email="aigul+x@mail.ru")
    EmailAddress.objects.create(user=claimed, email=claimed.email, verified=False, primary=True)

    assert index(UserFactory(email="aigul@mail.ru", is_verified=True), claimed) == 0

    EmailAddress.objects.update(verified=True)
    assert index(claimed) == 1


def test_index_tells_nothing_and_forgets_what_is_no_more() -> None:
    licence = LicenceFactory(number="12345", user=UserFactory(is_verified=True))
    index(licence.user)
    values = set(IdentityKey.objects.values_list("value", flat=True))
    assert len(values) == 2
    assert all(len(value) == 64 for value in values)

    licence.delete()
    index(licence.user)

    assert IdentityKey.objects.get().sign == "email"


def test_sign_that_many_share_makes_no_cases() -> None:
    people = [LicenceFactory(number="0").user for _person in range(SHARED_BY + 1)]

    assert index(*people) == 0


def test_job_takes_new_people_first_and_everybody_in_turn() -> None:
    people = [UserFactory() for _person in range(3)]
    at = timezone.now()

    assert index_due_people(at=at, limit=2) == 2
    assert index_due_people(at=at, limit=2) == 1
    assert index_due_people(at=at, limit=2) == 0
    later = at + dt.timedelta(hours=7)
    assert index_due_people(at=later, limit=10) == 3
    note_birth_years({UserFactory().pk: 1980})
    assert index_due_people(at=later, limit=10) == 1
    assert IdentityIndex.objects.count() == len(people) + 1


def test_submitted_application_opens_a_case(django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks) -> None:
    world = World()
    twin = LicenceFactory(number="0001234").user
    index(twin)

    with django_capture_on_commit_callbacks(execute=True):
        world.submitted()

    case = DuplicateCase.objects.get()
    assert {case.first, case.second} == {twin, world.applicant}
    assert (case.signs, case.status) == (["licence"], CaseStatus.OPEN)


def test_dismissed_case_comes_back_only_with_a_new_sign() -> None:
    one, two = LicenceFactory(number="12").user, LicenceFactory(number="12").user
    index(one, two)
    case, officer = DuplicateCase.objects.get(), registrar()
    dismiss_case(case, version=0, reason="Brothers", actor=officer, at=timezone.now())
    index(one, two)
    case.refresh_from_db()
    assert (case.status, case.reason, case.closed_by) == (CaseStatus.DISMISSED, "Brothers", officer)
    event = AuditEvent.objects.get(action="members.duplicate_dismissed")
    assert event.detail["reason"] == "Brothers"

    note_birth_years({one.pk: 1980, two.pk: 1980})
    User.objects.filter(pk__in=(one.pk, two.pk)).update(name_native="Айгуль Нурланова")
    index(one)
    index(two)

    case.refresh_from_db()
    assert (case.status, case.signs) == (CaseStatus.OPEN, ["licence", "name"])


def test_second_click_is_refused() -> None:
    index(LicenceFactory(number="12").user, LicenceFactory(number="12").user)
    case, officer = DuplicateCase.objects.get(), registrar()
    dismiss_case(case, version=0, reason="x", actor=officer, at=timezone.now())

    with pytest.raises(CaseChanged):
        dismiss_case(case, version=0, reason="x", actor=officer, at=timezone.now())


def test_cases_are_seen_where_both_people_belong() -> None:
    kazakhstan, kyrgyzstan = ChapterFactory(), ChapterFactory(country=Country.KYRGYZSTAN)
    city = ChapterFactory._meta.model.objects.create(
        country=kazakhstan.country, parent=kazakhstan, name_ru="Астана", name_en="Astana", city="Астана"
    )
    own = [ProfileFactory(chapter=kazakhstan).user, ProfileFactory(chapter=city).user]
    mixed = [ProfileFactory(chapter=kazakhstan).user, ProfileFactory(chapter=kyrgyzstan).user]
    moving = ProfileFactory(chapter=kazakhstan).user
    ApplicationFactory(user=moving, chapter=kyrgyzstan, status="submitted")
    stray = [own[0], moving]
    cases = [
        DuplicateCase.objects.create(first=one, second=two, found_at=timezone.now())
        for one, two in (own, mixed, sorted(stray, key=lambda user: user.pk))
    ]

    def seen(user: User) -> list[DuplicateCase]:
        return list(DuplicateCase.objects.visible_to(user).order_by("pk"))

    assert seen(OfficeTermFactory(chapter=kazakhstan).user) == cases[:1]
    assert seen(OfficeTermFactory(chapter=kyrgyzstan).user) == []
    assert seen(OfficeTermFactory(chapter=city).user) == []
    assert seen(registrar()) == cases
    assert seen(OfficeTermFactory(role=OfficeRole.ETHICS, chapter=None).user) == []
    assert seen(UserFactory(is_superuser=True)) == []
    OfficeTermFactory(user=own[0], role=OfficeRole.REGISTRAR, chapter=None)
    assert seen(own[0]) == cases[1:2]
