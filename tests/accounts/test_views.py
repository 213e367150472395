from collections.abc import Callable

import pytest
import time_machine
from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from bs4 import BeautifulSoup
from django.core.cache import cache
from django.core.mail import EmailMessage
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from tests.factories.accounts import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db

PROFILE = {
    "name_native": "Айгүл Нұрпейісова",
    "name_latin": "Aigul Nurpeisova",
    "language": "kk",
    "time_zone": "Asia/Aqtau",
}


@pytest.mark.parametrize("path", ["", "profile/", "email/", "password/change/", "2fa/", "sessions/"])
def test_account_pages_are_for_signed_in_people(client: Client, path: str) -> None:
    response = client.get(f"/account/{path}")

    assert response.status_code == 302
    assert response["Location"] == f"/account/login/?next=/account/{path}"


@pytest.mark.parametrize("path", ["", "email/", "password/change/", "2fa/", "sessions/"])
def test_account_pages_open_in_both_languages(client: Client, person: User, path: str) -> None:
    client.force_login(person)

    for prefix in ("", "/en"):
        response = client.get(f"{prefix}/account/{path}")
        assert response.status_code == 200
        assert BeautifulSoup(response.content, "html.parser").select_one("main h1")


def test_overview_links_every_part_of_the_account(client: Client, person: User) -> None:
    client.force_login(person)

    page = BeautifulSoup(client.get("/account/").content, "html.parser")

    links = {link["href"] for link in page.select("main a[href]")}
    parts = ("email", "password/change", "2fa", "2fa/webauthn", "sessions")
    assert {f"/account/{part}/" for part in parts} <= links
    assert page.select_one("main input[name=name_native]")["value"] == person.name_native


@pytest.mark.parametrize("count", [1, 3])
def test_overview_queries_do_not_grow(
    client: Client, person: User, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(count):
        EmailAddress.objects.create(user=person, email=f"more{number}@example.org")
    client.force_login(person)
    client.get("/account/")

    with django_assert_num_queries(5):  # person, addresses, second factors, sessions, the bell
        client.get("/account/")


def test_profile_is_saved_and_answered_in_the_new_language(client: Client, person: User) -> None:
    client.force_login(person)

    response = client.post("/account/profile/", {**PROFILE, "language": "en"})

    assert response["Location"] == "/en/account/"
    person.refresh_from_db()
    assert (person.name_native, person.name_latin) == (PROFILE["name_native"], PROFILE["name_latin"])
    assert (person.language, person.time_zone) == ("en", "Asia/Aqtau")
    assert person.email == "aigul@example.org"


def test_profile_ignores_fields_that_are_not_the_persons_to_change(client: Client, person: User) -> None:
    client.force_login(person)

    client.post("/account/profile/", {**PROFILE, "is_superuser": "on", "email": "other@example.org"})

    person.refresh_from_db()
    assert not person.is_superuser
    assert person.email == "aigul@example.org"


@pytest.mark.parametrize(
    ("field", "value"),
    [("name_native", " "), ("language", "de"), ("time_zone", "Almaty"), ("name_latin", "x" * 151)],
)
def test_profile_names_the_wrong_field_and_saves_nothing(client: Client, person: User, field: str, value: str) -> None:
    client.force_login(person)

    response = client.post("/account/profile/", {**PROFILE, field: value})

    assert response.status_code == 200
    page = BeautifulSoup(response.content, "html.parser")
    assert page.select_one(f"main [name={field}]")["aria-invalid"] == "true"
    assert page.select_one("main [role=alert] a")["href"] == f"#id_{field}"
    person.refresh_from_db()
    assert person.name_native == "Айгуль Нурпеисова"


def test_profile_opened_by_address_leads_to_the_account(client: Client, person: User) -> None:
    client.force_login(person)

    assert client.get("/account/profile/")["Location"] == "/account/"


def test_address_is_changed_only_after_confirmation(
    client: Client,
    person: User,
    mailoutbox: list[EmailMessage],
    link_in: Callable[[EmailMessage], str],
) -> None:
    client.force_login(person)
    client.post("/account/reauthenticate/", {"password": PASSWORD})

    client.post("/account/email/", {"action_add": "", "email": "new@example.org"})
    client.post("/account/email/", {"action_primary": "", "email": "new@example.org"})
    person.refresh_from_db()
    assert person.email == "aigul@example.org"

    client.post(link_in(mailoutbox[0]))
    client.post("/account/email/", {"action_primary": "", "email": "new@example.org"})
    person.refresh_from_db()
    assert person.email == "new@example.org"
    assert mailoutbox[-1].to == ["aigul@example.org"]  # the old address hears of it


def test_password_change_needs_the_old_one_and_keeps_this_session(
    client: Client, person: User, mailoutbox: list[EmailMessage]
) -> None:
    client.force_login(person)
    new = "another four quiet words"

    wrong = {"oldpassword": "wrong", "password1": new}
    assert "oldpassword" in client.post("/account/password/change/", wrong).context["form"].errors
    response = client.post("/account/password/change/", {**wrong, "oldpassword": PASSWORD})

    assert response["Location"] == "/account/"
    assert client.get("/account/").status_code == 200
    person.refresh_from_db()
    assert person.check_password(new)
    assert [letter.to for letter in mailoutbox] == [[person.email]]


def test_sign_out_everywhere_else_ends_the_other_browser_only(person: User, sign_in: Callable[..., Client]) -> None:
    here = sign_in(person)
    there = sign_in(person, Client(headers={"user-agent": "An old telephone"}))
    stranger = sign_in(UserFactory(is_verified=True))

    page = BeautifulSoup(here.get("/account/sessions/").content, "html.parser")
    assert "An old telephone" in page.select_one("main").text
    assert len(page.select("main ul.rows > li")) == 2
    response = here.post("/account/sessions/")

    assert response["Location"] == "/account/sessions/"
    assert here.get("/account/").status_code == 200
    assert there.get("/account/")["Location"] == "/account/login/?next=/account/"
    assert stranger.get("/account/").status_code == 200


def test_new_password_ends_the_other_sessions(person: User, sign_in: Callable[..., Client]) -> None:
    here, there = sign_in(person), sign_in(person)
    new = "another four quiet words"

    here.post("/account/password/change/", {"oldpassword": PASSWORD, "password1": new})

    assert here.get("/account/").status_code == 200
    assert there.get("/account/").status_code == 302


def test_session_use_is_noted_once_in_ten_minutes(person: User, sign_in: Callable[..., Client]) -> None:
    cache.clear()
    with time_machine.travel("2026-03-01T10:00:00Z", tick=False) as clock:
        client = sign_in(person)
        client.get("/account/")
        first = UserSession.objects.get().last_seen_at
        clock.shift(300)
        client.get("/account/")
        assert UserSession.objects.get().last_seen_at == first
        clock.shift(301)
        client.get("/account/")
        assert UserSession.objects.get().last_seen_at > first
    cache.clear()
