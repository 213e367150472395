import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError

from accounts.choices import HOME_ZONES, time_zone_choices
from accounts.models import User, validate_latin_name, validate_name, validate_time_zone
from tests.factories.accounts import UserFactory


@pytest.mark.django_db
def test_address_is_one_persons_in_any_spelling() -> None:
    UserFactory(email="One@Example.org")

    assert User.objects.get().email == "one@example.org"
    assert User.objects.get_by_natural_key("ONE@example.org") == User.objects.get()
    with pytest.raises(IntegrityError):
        User(email="ONE@EXAMPLE.ORG", name_native="Second").save()


def test_account_needs_an_address() -> None:
    with pytest.raises(ValueError, match="address"):
        User.objects.create_user("")


@pytest.mark.parametrize(("language", "interface"), [("ru", "ru"), ("en", "en"), ("kk", "ru"), ("tk", "ru")])
def test_interface_language_falls_back_where_no_interface_exists(language: str, interface: str) -> None:
    assert User(language=language).interface_language == interface


def test_name_for_english_falls_back_to_the_native_name() -> None:
    assert User(name_native="Айгуль").name_for_english == "Айгуль"
    assert User(name_native="Айгуль", name_latin="Aigul").name_for_english == "Aigul"


@pytest.mark.parametrize("zone", ["", "Almaty", "../../etc/passwd", "Mars/Olympus"])
def test_validate_time_zone_refuses_unknown_names(zone: str) -> None:
    with pytest.raises(ValidationError):
        validate_time_zone(zone)


def test_time_zone_choices_are_known_zones_each_offered_once() -> None:
    zones = [zone for _label, options in time_zone_choices() for zone, _name in options]

    assert len(zones) == len(set(zones)) > 350
    assert zones[: len(HOME_ZONES)] == list(HOME_ZONES)
    for zone in zones:
        validate_time_zone(zone)


@pytest.mark.parametrize(
    "name",
    [
        "Айгуль Нурпеисова",
        "Әсел Қуанышқызы",
        "Ӯктам Ҳоҷиев",
        "Gʻayrat Oʻrolov",
        "Jemşit Ýazmyradow",
        "Anne-Marie O'Hara",
    ],
)
def test_name_of_the_region_is_accepted(name: str) -> None:
    validate_name(name)


@pytest.mark.parametrize("name", ["Айгуль 🙂", "王小明", "Иван\u202eвонавИ", "Анна\n"])
def test_name_that_cannot_be_printed_is_refused(name: str) -> None:
    with pytest.raises(ValidationError):
        validate_name(name)


@pytest.mark.parametrize(
    ("name", "is_latin"), [("Aigul Nurpeisova", True), ("Gʻayrat", True), ("Айгуль", False), ("Аigul", False)]
)
def test_latin_name_holds_latin_letters_only(name: str, *, is_latin: bool) -> None:
    if is_latin:
        validate_latin_name(name)
    else:
        with pytest.raises(ValidationError, match=r"Latin|латин"):
            validate_latin_name(name)
