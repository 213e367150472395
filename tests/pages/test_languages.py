"""The switch of languages leads to what is on the screen, in the other language."""

import pytest
from bs4 import BeautifulSoup
from django.test import Client, RequestFactory
from django.utils import translation

from pages import services
from pages.models import HomePage
from tests.factories.accounts import UserFactory
from tests.factories.pages import add_standard_page

pytestmark = pytest.mark.django_db


def links(client: Client, path: str) -> dict[str, str]:
    response = client.get(path)
    return {entry["code"]: entry["url"] for entry in response.context["language_links"]}


def test_language_links_of_a_translated_page(home: HomePage, english_home: HomePage, client: Client) -> None:
    russian = add_standard_page(home, "about")
    add_standard_page(english_home, "about-us", translation_key=russian.translation_key)

    expected = {"ru": "/about/", "en": "/en/about-us/"}
    assert links(client, "/about/") == expected
    assert links(client, "/en/about-us/") == expected


def test_language_links_of_a_page_without_translation_lead_home(
    home: HomePage, english_home: HomePage, client: Client
) -> None:
    add_standard_page(home, "about")
    add_standard_page(english_home, "contacts")

    assert links(client, "/about/") == {"ru": "/about/", "en": "/en/"}
    assert links(client, "/en/contacts/") == {"ru": "/", "en": "/en/contacts/"}


def test_language_links_of_a_page_with_a_draft_translation_lead_home(
    home: HomePage, english_home: HomePage, client: Client
) -> None:
    russian = add_standard_page(home, "about")
    add_standard_page(english_home, "about", translation_key=russian.translation_key, is_draft=True)

    assert links(client, "/about/") == {"ru": "/about/", "en": "/en/"}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/account/login/", {"ru": "/account/login/", "en": "/en/account/login/"}),
        ("/en/account/login/", {"ru": "/account/login/", "en": "/en/account/login/"}),
        (
            "/account/login/?next=/home/%3Fa%3D1&word=%D1%81%D1%83%D0%B4",
            {
                "ru": "/account/login/?next=/home/%3Fa%3D1&word=%D1%81%D1%83%D0%B4",
                "en": "/en/account/login/?next=/home/%3Fa%3D1&word=%D1%81%D1%83%D0%B4",
            },
        ),
        ("/verify/?code=1", {"ru": "/verify/?code=1", "en": "/en/verify/?code=1"}),
    ],
)
def test_language_links_of_our_views_keep_the_query(
    path: str, expected: dict[str, str], home: HomePage, client: Client
) -> None:
    assert links(client, path) == expected


def test_language_links_of_a_missing_page_lead_to_a_page(home: HomePage, client: Client) -> None:
    """An address that leads nowhere leads nowhere in the other language either: better home."""
    response = client.get("/nothing/")

    assert response.status_code == 404
    assert {entry["code"] for entry in response.context["language_links"]} == {"ru", "en"}


def test_language_links_name_languages_in_themselves(home: HomePage, client: Client) -> None:
    entries = client.get("/").context["language_links"]

    assert [(entry["name"], entry["is_current"]) for entry in entries] == [("Русский", True), ("English", False)]


def test_language_of_the_address_wins_over_the_browser(home: HomePage, client: Client) -> None:
    response = client.get("/", headers={"accept-language": "en"})

    assert BeautifulSoup(response.content, "html.parser").html["lang"] == "ru"


def test_language_of_the_address_wins_over_the_person(home: HomePage, client: Client) -> None:
    client.force_login(UserFactory(language="en"))

    assert BeautifulSoup(client.get("/home/").content, "html.parser").html["lang"] == "ru"
    assert BeautifulSoup(client.get("/en/home/").content, "html.parser").html["lang"] == "en"


def test_language_links_outside_a_page_need_no_page(db: None) -> None:
    request = RequestFactory().get("/admin/")

    with translation.override("en"):
        entries = services.language_links(request)

    assert [entry["is_translation"] for entry in entries] == [False, False]


@pytest.mark.parametrize(("language", "expected"), [("ru", "/"), ("en", "/en/")])
def test_home_url(language: str, expected: str) -> None:
    assert services.home_url(language) == expected


def test_active_language_without_translation_is_the_default() -> None:
    with translation.override(None):
        assert services.active_language() == "ru"
