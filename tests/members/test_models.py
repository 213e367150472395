import datetime as dt
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.utils import translation

from members.choices import Country, OfficeRole
from members.models import Chapter, OfficeTerm, Profile
from tests.factories.accounts import UserFactory
from tests.factories.members import ChapterFactory, OfficeTermFactory, ProfileFactory

pytestmark = pytest.mark.django_db

FIRST, LAST = dt.date(2026, 3, 1), dt.date(2026, 8, 31)
DAY = dt.timedelta(days=1)

CHAPTER_FITS_ROLE = (
    "Reviewers and officers of a chapter need a chapter; registrars, board and ethics committee serve the whole League."
)

TERMS: list[tuple[str, dict[str, Any], str]] = [
    ("ends before it starts", {"starts_on": LAST, "ends_on": FIRST}, "A term cannot end before it starts."),
    (
        "officer of no chapter",
        {"chapter": None},
        CHAPTER_FITS_ROLE,
    ),
    (
        "registrar of a chapter",
        {"role": OfficeRole.REGISTRAR},
        CHAPTER_FITS_ROLE,
    ),
]


def term(**fields: Any) -> OfficeTerm:
    return OfficeTermFactory.build(**{"user": UserFactory(), "chapter": ChapterFactory(), **fields})


@pytest.mark.parametrize(("fields", "sentence"), [case[1:] for case in TERMS], ids=[case[0] for case in TERMS])
def test_office_term_refuses(fields: dict[str, Any], sentence: str) -> None:
    broken = term(**fields)

    with translation.override("en"), pytest.raises(ValidationError) as refusal:
        broken.full_clean()
    with pytest.raises(IntegrityError), transaction.atomic():
        broken.save()

    assert refusal.value.messages == [sentence]


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"ends_on": dt.date(2026, 1, 1)},  # a term of one day
        {"ends_on": LAST},
        {"role": OfficeRole.REGISTRAR, "chapter": None},
    ],
)
def test_office_term_accepts(fields: dict[str, Any]) -> None:
    good = term(**fields)

    good.full_clean()
    good.save()

    assert OfficeTerm.objects.get() == good


@pytest.mark.parametrize(
    ("ends_on", "on", "expected"),
    [
        (LAST, FIRST - DAY, False),
        (LAST, FIRST, True),
        (LAST, FIRST + DAY, True),
        (LAST, LAST, True),
        (LAST, LAST + DAY, False),
        (None, FIRST - DAY, False),
        (None, FIRST, True),
        (None, LAST + 3650 * DAY, True),
    ],
)
def test_current_counts_first_and_last_day(ends_on: dt.date | None, on: dt.date, expected: bool) -> None:
    OfficeTermFactory(starts_on=FIRST, ends_on=ends_on)

    assert OfficeTerm.objects.current(on).exists() is expected


def test_current_keeps_other_filters() -> None:
    ours = OfficeTermFactory(starts_on=FIRST)
    OfficeTermFactory(role=OfficeRole.REGISTRAR, chapter=None, starts_on=FIRST)

    found = OfficeTerm.objects.filter(role=OfficeRole.CHAPTER_OFFICER).current(LAST)

    assert list(found) == [ours]


def test_chapter_stands_once_in_a_country() -> None:
    ChapterFactory(country=Country.UZBEKISTAN)

    with pytest.raises(IntegrityError), transaction.atomic():
        Chapter.objects.create(country=Country.UZBEKISTAN, name_ru="a", name_en="a", city="a")


def test_person_has_one_profile() -> None:
    profile = ProfileFactory()

    with pytest.raises(IntegrityError), transaction.atomic():
        ProfileFactory(user=profile.user)


def test_deleting_a_person_deletes_profile_and_terms() -> None:
    profile = ProfileFactory()
    OfficeTermFactory(user=profile.user)

    profile.user.delete()

    assert not Profile.objects.exists()
    assert not OfficeTerm.objects.exists()
    assert Chapter.objects.exists()


@pytest.mark.parametrize("factory", [ProfileFactory, OfficeTermFactory])
def test_chapter_with_people_cannot_be_deleted(factory: type) -> None:
    row = factory()

    with pytest.raises(ProtectedError):
        row.chapter.delete()


def test_names_of_things() -> None:
    chapter = ChapterFactory(name_ru="Отделение в Алматы")
    user = UserFactory(name_native="Айгуль Нурпеисова")

    assert str(chapter) == "Отделение в Алматы"
    assert str(ProfileFactory(user=user)) == "Айгуль Нурпеисова"
    term = OfficeTermFactory(user=user)
    assert str(term).endswith(f" {term.pk}")
    assert user.name_native not in str(term)


def test_countries_are_the_five_of_the_league() -> None:
    assert sorted(Country.values) == ["KG", "KZ", "TJ", "TM", "UZ"]
