"""There is one door: whoever signs in passes allauth's page, with its second factor and its rate limits."""

from urllib.parse import unquote

import pytest
from django.test import Client

from pages.models import HomePage
from tests.factories.accounts import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("path", ["/_util/login/", "/en/_util/login/", "/admin/login/"])
def test_other_sign_in_pages_lead_to_the_one_door(path: str, home_pages: dict[str, HomePage], client: Client) -> None:
    response = client.get(path, {"next": "/about/"})

    assert response.status_code == 302
    assert unquote(response["Location"]).removeprefix("/en") == "/account/login/?next=/about/"


@pytest.mark.parametrize("path", ["/_util/login/", "/en/_util/login/", "/admin/login/"])
def test_other_sign_in_pages_take_no_password(path: str, home_pages: dict[str, HomePage], client: Client) -> None:
    user = UserFactory(is_verified=True)

    client.post(path, {"username": user.email, "password": PASSWORD, "login": user.email})

    assert "_auth_user_id" not in client.session
