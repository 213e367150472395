from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from allauth.account.models import EmailAddress
from bs4 import BeautifulSoup
from django.core.mail import EmailMessage
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from tests.factories.accounts import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db

SIGN_UP = {
    "email": "Nodira@Example.org",
    "name_native": "Нодира Каримова",
    "name_latin": "Nodira Karimova",
    "language": "uz",
    "time_zone": "Asia/Tashkent",
    "password1": PASSWORD,
}


def text_of(response: Any) -> str:
    return BeautifulSoup(response.content, "html.parser").get_text(" ", strip=True)


def test_signup_page_presets_language_of_page_and_home_zone(client: Client) -> None:
    page = BeautifulSoup(client.get("/en/account/signup/").content, "html.parser")

    assert page.select_one("select[name=language] option[selected]")["value"] == "en"
    assert page.select_one("select[name=time_zone] option[selected]")["value"] == "Asia/Almaty"
    assert page.select_one("select[name=time_zone]").has_attr("data-guess-zone")
    zones = [option["value"] for option in page.select("select[name=time_zone] option")]
    assert zones[:5] == ["Asia/Almaty", "Asia/Bishkek", "Asia/Dushanbe", "Asia/Ashgabat", "Asia/Tashkent"]
    assert len(zones) == len(set(zones))


def test_signup_stores_profile_and_sends_one_letter(client: Client, mailoutbox: list[EmailMessage]) -> None:
    response = client.post("/account/signup/", SIGN_UP)

    assert response.status_code == 302
    assert response["Location"] == "/account/confirm-email/"
    user = User.objects.get()
    assert user.email == "nodira@example.org"
    assert (user.name_native, user.name_latin) == ("Нодира Каримова", "Nodira Karimova")
    assert (user.language, user.time_zone) == ("uz", "Asia/Tashkent")
    assert user.check_password(PASSWORD)
    assert [letter.to for letter in mailoutbox] == [["nodira@example.org"]]
    assert "_auth_user_id" not in client.session


def test_signup_letter_is_confirmed_by_button_not_by_opening_link(
    client: Client, mailoutbox: list[EmailMessage], link_in: Callable[[EmailMessage], str]
) -> None:
    client.post("/account/signup/", SIGN_UP)
    link = link_in(mailoutbox[0])

    page = Client().get(link)
    assert page.status_code == 200
    assert not EmailAddress.objects.get().verified

    response = client.post(link)
    assert EmailAddress.objects.get().verified
    assert response["Location"] == "/home/"
    assert client.session["_auth_user_id"] == str(User.objects.get().pk)


def test_confirmation_in_another_browser_leads_to_sign_in(
    client: Client, mailoutbox: list[EmailMessage], link_in: Callable[[EmailMessage], str]
) -> None:
    client.post("/account/signup/", SIGN_UP)
    other = Client()

    response = other.post(link_in(mailoutbox[0]))

    assert response["Location"] == "/account/login/"
    assert "_auth_user_id" not in other.session
    response = other.post("/account/login/", {"login": SIGN_UP["email"], "password": PASSWORD})
    assert response["Location"] == "/home/"


def test_sign_in_before_confirmation_sends_a_letter_instead(client: Client, mailoutbox: list[EmailMessage]) -> None:
    user = UserFactory()

    response = client.post("/account/login/", {"login": user.email, "password": PASSWORD})

    assert response["Location"] == "/account/confirm-email/"
    assert "_auth_user_id" not in client.session
    assert [letter.to for letter in mailoutbox] == [[user.email]]


@pytest.mark.parametrize("key", ["nonsense", "MQ:1abcde:not-a-signature"])
def test_wrong_link_offers_a_new_one(client: Client, key: str) -> None:
    response = client.get(f"/account/confirm-email/{key}/")

    assert response.status_code == 200
    page = BeautifulSoup(response.content, "html.parser")
    assert page.select_one("main a[href='/account/verification/']")
    assert not page.select_one("main form")


def test_expired_link_offers_a_new_one(
    client: Client, mailoutbox: list[EmailMessage], link_in: Callable[[EmailMessage], str]
) -> None:
    with time_machine.travel("2026-03-01T10:00:00Z"):
        client.post("/account/signup/", SIGN_UP)
        link = link_in(mailoutbox[0])

    with time_machine.travel("2026-03-04T10:00:01Z"):
        page = BeautifulSoup(Client().get(link).content, "html.parser")
        response = Client().post(link)

    assert page.select_one("main a[href='/account/verification/']")
    assert response.status_code == 404
    assert not EmailAddress.objects.get().verified


def test_link_of_another_person_ends_ones_own_session(
    client: Client, person: User, mailoutbox: list[EmailMessage], link_in: Callable[[EmailMessage], str]
) -> None:
    Client().post("/account/signup/", SIGN_UP)
    client.force_login(person)

    client.get(link_in(mailoutbox[0]))

    assert "_auth_user_id" not in client.session


def test_signup_answers_the_same_for_known_and_unknown_address(person: User, mailoutbox: list[EmailMessage]) -> None:
    unknown, known = Client(), Client()

    first = unknown.post("/account/signup/", SIGN_UP)
    second = known.post("/account/signup/", {**SIGN_UP, "email": person.email})

    assert (first.status_code, first["Location"]) == (second.status_code, second["Location"])
    pages = [
        text_of(browser.get(first["Location"])).replace(email, "address")
        for browser, email in ((unknown, "nodira@example.org"), (known, person.email))
    ]
    assert pages[0] == pages[1]
    assert User.objects.count() == 2
    person.refresh_from_db()
    assert person.name_native == "Айгуль Нурпеисова"
    assert [letter.to for letter in mailoutbox] == [["nodira@example.org"], [person.email]]
    assert "/account/confirm-email/" not in mailoutbox[1].body
    assert "/account/password/reset/" in mailoutbox[1].body


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "not an address"),
        ("name_native", ""),
        ("language", "xx"),
        ("time_zone", "Mars/Olympus"),
        ("password1", "1234567890"),
        ("password1", "short"),
        ("password1", "nodira@example.org"),
    ],
)
def test_signup_names_the_wrong_field_and_keeps_the_rest(client: Client, field: str, value: str) -> None:
    response = client.post("/account/signup/", {**SIGN_UP, field: value})

    assert response.status_code == 200
    assert list(response.context["form"].errors) == [field]
    assert not User.objects.exists()
    page = BeautifulSoup(response.content, "html.parser")
    wrong = page.select_one(f"main [name={field}]")
    assert wrong["aria-invalid"] == "true"
    if field != "name_latin":
        assert page.select_one("main [name=name_latin]")["value"] == "Nodira Karimova"
    assert not page.select_one("select[name=time_zone]").has_attr("data-guess-zone")


def test_signup_accepts_a_zone_outside_the_list(client: Client) -> None:
    client.post("/account/signup/", {**SIGN_UP, "time_zone": "Asia/Calcutta"})

    assert User.objects.get().time_zone == "Asia/Calcutta"


def test_verification_sends_again_to_an_unconfirmed_address(
    client: Client, mailoutbox: list[EmailMessage], link_in: Callable[[EmailMessage], str]
) -> None:
    UserFactory(email="later@example.org")

    response = client.post("/account/verification/", {"email": "Later@example.org"})

    assert response["Location"] == "/account/confirm-email/"
    client.post(link_in(mailoutbox[0]))
    assert EmailAddress.objects.get(email="later@example.org").verified


def test_verification_answers_the_same_for_every_address(person: User, mailoutbox: list[EmailMessage]) -> None:
    waiting = UserFactory(email="later@example.org")
    answers = set()

    for email in (person.email, waiting.email, "nobody@example.org"):
        browser = Client()
        response = browser.post("/account/verification/", {"email": email})
        text = text_of(browser.get(response["Location"])).replace(email, "address")
        answers.add((response.status_code, response["Location"], text))

    assert len(answers) == 1
    assert [letter.to[0] for letter in mailoutbox] == [person.email, waiting.email]
    assert ["/account/confirm-email/" in letter.body for letter in mailoutbox] == [False, True]


def test_verification_sends_one_letter_in_three_minutes(
    client: Client, settings: Settings, mailoutbox: list[EmailMessage]
) -> None:
    settings.ACCOUNT_RATE_LIMITS = {}
    UserFactory(email="hurry@example.org")

    for _attempt in range(3):
        client.post("/account/verification/", {"email": "hurry@example.org"})

    assert len(mailoutbox) == 1


def test_verification_names_a_malformed_address(client: Client) -> None:
    response = client.post("/account/verification/", {"email": "nobody"})

    assert response.status_code == 200
    assert list(response.context["form"].errors) == ["email"]
