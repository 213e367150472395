import re
from collections.abc import Callable

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.core.cache import cache
from django.core.mail import EmailMessage
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from tests.factories.accounts import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db

NEW_PASSWORD = "another four quiet words"


@pytest.mark.parametrize(
    ("language", "page", "home"),
    [
        ("ru", "/account/login/", "/home/"),
        ("ru", "/en/account/login/", "/home/"),
        ("en", "/account/login/", "/en/home/"),
        ("kk", "/account/login/", "/home/"),
    ],
)
def test_sign_in_leads_home_in_ones_own_language(client: Client, language: str, page: str, home: str) -> None:
    user = UserFactory(is_verified=True, language=language)

    response = client.post(page, {"login": user.email.upper(), "password": PASSWORD})

    assert response["Location"] == home


@pytest.mark.parametrize(("target", "location"), [("/courses/", "/courses/"), ("https://evil.example/", "/home/")])
def test_sign_in_returns_to_the_page_asked_for_on_this_site_only(
    client: Client, person: User, target: str, location: str
) -> None:
    page = client.get("/account/login/", {"next": target})
    field = BeautifulSoup(page.content, "html.parser").select_one("main input[name=next]")
    data = {"login": person.email, "password": PASSWORD, "next": field["value"] if field else target}

    assert client.post("/account/login/", data)["Location"] == location


def test_sign_in_says_the_same_for_wrong_password_and_unknown_address(client: Client, person: User) -> None:
    errors = [
        client.post("/account/login/", {"login": login, "password": "wrong"}).context["form"].errors
        for login in (person.email, "nobody@example.org")
    ]

    assert errors[0] == errors[1]
    assert list(errors[0]) == ["__all__"]


def test_sign_in_page_shows_its_error(client: Client) -> None:
    response = client.post("/account/login/", {"login": "nobody@example.org", "password": "wrong"})

    page = BeautifulSoup(response.content, "html.parser")
    assert page.select_one("main [role=alert]").get_text(strip=True)
    assert page.select_one("main input[name=login]")["value"] == "nobody@example.org"
    assert not page.select_one("main input[name=password]").get("value")


def test_sign_in_page_keeps_passkeys_hidden_without_javascript(client: Client) -> None:
    page = BeautifulSoup(client.get("/account/login/").content, "html.parser")

    assert page.select_one("#passkey_login").find_parent(attrs={"data-passkey": True}).has_attr("hidden")
    assert all(script.get("src") or script["type"] == "application/json" for script in page.select("script"))


def test_sign_in_refuses_a_closed_account(client: Client) -> None:
    user = UserFactory(is_verified=True, is_active=False)

    response = client.post("/account/login/", {"login": user.email, "password": PASSWORD}, follow=True)

    assert response.redirect_chain == [("/account/inactive/", 302)]
    assert response.status_code == 200
    assert "_auth_user_id" not in client.session


def test_sign_in_remembers_only_on_request(client: Client, person: User) -> None:
    data = {"login": person.email, "password": PASSWORD}

    client.post("/account/login/", data)
    assert client.session.get_expire_at_browser_close()

    other = Client()
    other.post("/account/login/", {**data, "remember": "on"})
    assert other.session.get_expiry_age() > 29 * 24 * 60 * 60


def test_too_many_attempts_get_a_page_of_ours(client: Client, settings: Settings) -> None:
    cache.clear()
    settings.ACCOUNT_RATE_LIMITS = {"login": "1/m/ip"}
    data = {"login": "nobody@example.org", "password": "wrong"}

    client.post("/account/login/", data)
    response = client.post("/account/login/", data)

    assert response.status_code == 429
    page = BeautifulSoup(response.content, "html.parser")
    assert page.select_one("main h1")
    assert page.select_one("main a[href='/account/login/']")
    cache.clear()


def test_reset_changes_the_password_once(
    client: Client,
    person: User,
    mailoutbox: list[EmailMessage],
    link_in: Callable[[EmailMessage], str],
) -> None:
    response = client.post("/account/password/reset/", {"email": person.email.upper()})
    assert response["Location"] == "/account/password/reset/done/"
    assert client.get(response["Location"]).status_code == 200
    link = link_in(mailoutbox[0])

    form_page = client.get(link, follow=True)
    address = form_page.redirect_chain[-1][0]
    assert link.split("-", 1)[1] not in address  # the secret is not kept in the address bar
    response = client.post(address, {"password1": NEW_PASSWORD})

    assert response["Location"] == "/account/password/reset/key/done/"
    assert client.get(response["Location"]).status_code == 200
    person.refresh_from_db()
    assert person.check_password(NEW_PASSWORD)
    assert len(mailoutbox) == 2  # the second one tells what happened
    used = BeautifulSoup(Client().get(link).content, "html.parser")
    assert used.select_one("main a[href='/account/password/reset/']")


def test_reset_refuses_a_weak_password_and_keeps_the_old_one(
    client: Client,
    person: User,
    mailoutbox: list[EmailMessage],
    link_in: Callable[[EmailMessage], str],
) -> None:
    client.post("/account/password/reset/", {"email": person.email})
    address = client.get(link_in(mailoutbox[0]), follow=True).redirect_chain[-1][0]

    response = client.post(address, {"password1": "short"})

    assert "password1" in response.context["form"].errors
    person.refresh_from_db()
    assert person.check_password(PASSWORD)


def test_reset_answers_the_same_for_known_and_unknown_address(person: User, mailoutbox: list[EmailMessage]) -> None:
    answers = []
    for email in (person.email, "nobody@example.org"):
        browser = Client()
        response = browser.post("/account/password/reset/", {"email": email})
        answers.append((response["Location"], browser.get(response["Location"]).content))

    # The pages differ at most in the token of a form.
    first, second = (re.sub(rb'value="[A-Za-z0-9]{64}"', b"", page) for _location, page in answers)
    assert answers[0][0] == answers[1][0]
    assert first == second
    assert [letter.to[0] for letter in mailoutbox] == [person.email]


def test_reset_link_expires(
    client: Client,
    person: User,
    mailoutbox: list[EmailMessage],
    link_in: Callable[[EmailMessage], str],
) -> None:
    with time_machine.travel("2026-03-01T10:00:00Z"):
        client.post("/account/password/reset/", {"email": person.email})
        link = link_in(mailoutbox[0])

    with time_machine.travel("2026-03-04T10:00:05Z"):
        page = BeautifulSoup(Client().get(link).content, "html.parser")

    assert page.select_one("main a[href='/account/password/reset/']")


def test_letters_are_in_the_persons_language_whatever_the_page(client: Client, mailoutbox: list[EmailMessage]) -> None:
    UserFactory(email="english@example.org", language="en", is_verified=True, name_native="Ann")
    UserFactory(email="russian@example.org", language="ru", is_verified=True)

    client.post("/account/password/reset/", {"email": "english@example.org"})
    client.post("/en/account/password/reset/", {"email": "russian@example.org"})

    assert mailoutbox[0].subject == "A new password"
    assert mailoutbox[0].body.startswith("Hello, Ann!")
    assert "http://127.0.0.1:8000/en/account/password/reset/key/" in mailoutbox[0].body
    assert "http://127.0.0.1:8000/account/password/reset/key/" in mailoutbox[1].body


def test_sign_out_leads_to_the_public_home_in_the_language_of_the_page(client: Client, person: User) -> None:
    client.force_login(person)
    assert client.get("/en/account/logout/").status_code == 200

    response = client.post("/en/account/logout/")

    assert response["Location"] == "/en/"
    assert "_auth_user_id" not in client.session


@pytest.mark.django_db
def test_wagtails_own_sign_in_leads_to_our_door(client: Client) -> None:
    """It asks for a password alone, so it would be a way round the second factor."""
    UserFactory(email="person@example.org", is_verified=True)

    answer = client.post("/_util/login/?next=/about/", {"username": "person@example.org", "password": PASSWORD})

    assert answer.status_code == 302
    assert answer["Location"] == "/account/login/?next=/about/"
    assert "_auth_user_id" not in client.session
