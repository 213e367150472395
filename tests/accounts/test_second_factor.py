import re
from collections.abc import Callable

import pytest
import time_machine
from allauth.core.context import request_context
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from bs4 import BeautifulSoup
from django.core.cache import cache
from django.core.mail import EmailMessage
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from accounts.models import User
from tests.factories.accounts import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db

NOON = "2026-03-01T12:00:10Z"


@pytest.fixture(autouse=True)
def _no_used_codes() -> None:
    cache.clear()  # allauth remembers there which codes were used


@pytest.fixture
def staff(db: None) -> User:
    return UserFactory(is_verified=True, is_superuser=True)


def code_now(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, int(timezone.now().timestamp()) // 30))


def give_app(user: User) -> str:
    """Set up an authenticator app without the pages and return its secret."""
    secret = generate_totp_secret()
    TOTP.activate(user, secret)
    RecoveryCodes.activate(user)
    return secret


def set_up_app(client: Client, capture: DjangoCaptureOnCommitCallbacks) -> str:
    """Set up an authenticator app through the pages of a signed-in person and return its secret."""
    client.post("/account/reauthenticate/", {"password": PASSWORD})
    page = BeautifulSoup(client.get("/account/2fa/totp/activate/").content, "html.parser")
    secret = page.select_one("main code").get_text(strip=True)
    with capture() as callbacks:
        response = client.post("/account/2fa/totp/activate/", {"code": code_now(secret)})
    assert response["Location"] == "/account/2fa/recovery-codes/"
    # Outside a test the transaction ends inside the request, so what follows it finds the request there.
    with request_context(response.wsgi_request):
        for callback in callbacks:
            callback()
    response.wsgi_request.session.save()
    return secret


def test_second_step_pages_need_the_password_again(client: Client, person: User) -> None:
    client.force_login(person)

    for path in ("totp/activate", "webauthn/add"):
        response = client.get(f"/account/2fa/{path}/")
        assert response["Location"].startswith("/account/reauthenticate/?next=")
        assert client.get(response["Location"]).status_code == 200


def test_app_is_set_up_with_recovery_codes_and_a_letter(
    client: Client,
    person: User,
    mailoutbox: list[EmailMessage],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    client.force_login(person)

    set_up_app(client, django_capture_on_commit_callbacks)

    kinds = set(Authenticator.objects.filter(user=person).values_list("type", flat=True))
    assert kinds == {"totp", "recovery_codes"}
    page = BeautifulSoup(client.get("/account/2fa/recovery-codes/").content, "html.parser")
    assert len(page.select("main ul.codes li")) == 10
    assert client.get("/account/2fa/recovery-codes/download/").status_code == 200
    assert client.get("/account/2fa/").status_code == 200
    assert [letter.to for letter in mailoutbox] == [[person.email]]


def test_app_is_not_set_up_with_a_wrong_code(client: Client, person: User) -> None:
    client.force_login(person)
    client.post("/account/reauthenticate/", {"password": PASSWORD})
    before = BeautifulSoup(client.get("/account/2fa/totp/activate/").content, "html.parser")

    response = client.post("/account/2fa/totp/activate/", {"code": "abcdef"})

    assert list(response.context["form"].errors) == ["code"]
    after = BeautifulSoup(response.content, "html.parser")
    assert before.select_one("main code").text == after.select_one("main code").text
    assert after.select_one("main img.qr")["src"].startswith("data:image/svg+xml;base64,")
    assert not Authenticator.objects.exists()


def test_sign_in_asks_for_the_code(person: User, sign_in: Callable[..., Client]) -> None:
    secret = give_app(person)
    with time_machine.travel(NOON):
        client = sign_in(person)
        assert "_auth_user_id" not in client.session
        assert client.get("/account/2fa/authenticate/").status_code == 200
        assert client.get("/account/").status_code == 302

        response = client.post("/account/2fa/authenticate/", {"code": code_now(secret)})

        assert response["Location"] == "/home/"
        assert client.get("/account/").status_code == 200


def test_sign_in_refuses_a_wrong_and_a_used_code(person: User, sign_in: Callable[..., Client]) -> None:
    secret = give_app(person)
    with time_machine.travel(NOON):
        sign_in(person).post("/account/2fa/authenticate/", {"code": code_now(secret)})
        client = sign_in(person)
        for code in ("000000x", code_now(secret)):
            response = client.post("/account/2fa/authenticate/", {"code": code})
            assert list(response.context["form"].errors) == ["code"]
            page = BeautifulSoup(response.content, "html.parser")
            assert page.select_one("main input[name=code]")["aria-invalid"] == "true"

    assert "_auth_user_id" not in client.session


def test_sign_in_with_a_recovery_code_works_once(person: User, sign_in: Callable[..., Client]) -> None:
    give_app(person)
    code = Authenticator.objects.get(type="recovery_codes").wrap().get_unused_codes()[0]
    client = sign_in(person)

    response = client.post("/account/2fa/authenticate/", {"code": code})
    assert response["Location"] == "/home/"

    again = sign_in(person).post("/account/2fa/authenticate/", {"code": code})
    assert list(again.context["form"].errors) == ["code"]


def test_sign_in_can_be_abandoned_before_the_code(person: User, sign_in: Callable[..., Client]) -> None:
    give_app(person)
    client = sign_in(person)

    response = client.post("/account/logout/", {"next": "/account/login/"})

    assert response["Location"] == "/account/login/"
    assert client.get("/account/login/").status_code == 200


def test_password_reset_does_not_get_round_the_second_step(
    client: Client,
    person: User,
    mailoutbox: list[EmailMessage],
    link_in: Callable[[EmailMessage], str],
) -> None:
    give_app(person)
    client.post("/account/password/reset/", {"email": person.email})
    address = client.get(link_in(mailoutbox[0]), follow=True).redirect_chain[-1][0]

    client.post(address, {"password1": "another four quiet words"})

    assert "_auth_user_id" not in client.session
    assert Authenticator.objects.filter(user=person, type="totp").exists()


def test_passkey_pages_open(client: Client, person: User) -> None:
    client.force_login(person)
    client.post("/account/reauthenticate/", {"password": PASSWORD})

    assert client.get("/account/2fa/webauthn/").status_code == 200
    page = BeautifulSoup(client.get("/account/2fa/webauthn/add/").content, "html.parser")
    assert page.select_one("main input[name=passwordless]").has_attr("checked")
    assert page.select_one("#js_data")

    anonymous = Client().get("/account/2fa/webauthn/login/", headers={"accept": "application/json"})
    assert anonymous.json()["request_options"]["publicKey"]["challenge"]


def test_passkey_list_names_the_keys(client: Client, person: User) -> None:
    client.force_login(person)
    key = Authenticator.objects.create(
        user=person, type="webauthn", data={"name": "Телефон", "credential": {"clientExtensionResults": {}}}
    )

    page = BeautifulSoup(client.get("/account/2fa/webauthn/").content, "html.parser")

    assert "Телефон" in page.select_one("main h2").text
    assert page.select_one(f"main a[href='/account/2fa/webauthn/keys/{key.pk}/remove/']")


def test_passkey_sign_in_refuses_nonsense(client: Client) -> None:
    response = client.post("/account/2fa/webauthn/login/", {"credential": "{}"}, follow=True)

    assert response.redirect_chain == [("/account/login/", 302)]
    assert "_auth_user_id" not in client.session


# The way into Wagtail's admin


@pytest.mark.parametrize("path", ["/admin/", "/admin/login/", "/admin/password_reset/", "/admin/users/"])
def test_admin_sends_visitors_to_the_one_sign_in_page(client: Client, path: str) -> None:
    response = client.get(path)

    assert response.status_code == 302
    assert re.match(r"/account/login/\?next=/admin/", response["Location"])


def test_admin_login_keeps_the_page_asked_for(client: Client) -> None:
    response = client.get("/admin/login/?next=/admin/pages/")

    assert response["Location"] == "/account/login/?next=/admin/pages/"


def test_admin_is_forbidden_for_members(client: Client, person: User) -> None:
    client.force_login(person)

    assert client.get("/admin/").status_code == 403


def test_admin_leads_staff_without_second_step_to_set_one_up(
    client: Client,
    staff: User,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    client.force_login(staff)

    response = client.get("/admin/", follow=True)
    assert response.redirect_chain == [("/account/2fa/", 302)]
    assert len(response.context["messages"]) == 1
    assert client.get("/admin/", headers={"x-requested-with": "XMLHttpRequest"}).status_code == 403

    set_up_app(client, django_capture_on_commit_callbacks)
    assert client.get("/admin/").status_code == 200


def test_admin_asks_a_session_without_second_step_for_one(client: Client, staff: User) -> None:
    secret = give_app(staff)
    client.force_login(staff)  # a session that began before the app was set up

    response = client.get("/admin/pages/?p=1")

    assert response["Location"] == "/account/2fa/reauthenticate/?next=%2Fadmin%2Fpages%2F%3Fp%3D1"
    page = BeautifulSoup(client.get(response["Location"]).content, "html.parser")
    assert page.select_one("main input[name=next]")["value"] == "/admin/pages/?p=1"
    with time_machine.travel(NOON):
        data = {"code": code_now(secret), "next": "/admin/pages/?p=1"}
        assert client.post("/account/2fa/reauthenticate/", data)["Location"] == "/admin/pages/?p=1"
        assert client.get("/admin/").status_code == 200


def test_admin_opens_after_sign_in_with_the_code(staff: User, sign_in: Callable[..., Client]) -> None:
    secret = give_app(staff)
    with time_machine.travel(NOON):
        client = sign_in(staff)
        assert client.get("/admin/").status_code == 302
        client.post("/account/2fa/authenticate/", {"code": code_now(secret)})

        assert client.get("/admin/").status_code == 200


def test_admin_closes_when_the_second_step_is_removed(staff: User, sign_in: Callable[..., Client]) -> None:
    secret = give_app(staff)
    with time_machine.travel(NOON):
        client = sign_in(staff)
        client.post("/account/2fa/authenticate/", {"code": code_now(secret)})
        Authenticator.objects.all().delete()

        assert client.get("/admin/")["Location"] == "/account/2fa/"


def test_admin_needs_no_second_step_where_it_is_not_required(client: Client, staff: User, settings: Settings) -> None:
    settings.REQUIRE_STAFF_MFA = False
    client.force_login(staff)

    assert client.get("/admin/").status_code == 200


def test_admin_can_be_left_without_a_second_step(client: Client, staff: User) -> None:
    client.force_login(staff)

    response = client.post("/admin/logout/")

    assert response["Location"] == "/account/login/"
    assert "_auth_user_id" not in client.session
