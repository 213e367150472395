import pytest
from django.conf import LazySettings
from django.test import Client, RequestFactory

from ui.http import ADMIN_POLICY, ContentSecurityPolicyMiddleware

pytestmark = pytest.mark.django_db


def directives(header: str) -> dict[str, list[str]]:
    parts = [part.split() for part in header.split("; ")]
    return {name: sources for name, *sources in parts}


def test_site_has_a_policy_without_exceptions(client: Client) -> None:
    response = client.get("/account/login/")

    policy = directives(response["Content-Security-Policy"])
    assert policy["default-src"] == ["'self'"]
    assert policy["img-src"] == ["'self'", "data:"]
    assert "unsafe" not in response["Content-Security-Policy"]
    assert "script-src" not in policy


def test_error_pages_have_the_policy_too(client: Client) -> None:
    response = client.get("/no/such/page/")

    assert directives(response["Content-Security-Policy"])["default-src"] == ["'self'"]


def test_admin_has_a_policy_of_its_own() -> None:
    middleware = ContentSecurityPolicyMiddleware(lambda request: None)
    request = RequestFactory().get("/admin/pages/")

    parts = middleware.get_policy_parts(request, response=None)

    assert parts.config == ADMIN_POLICY
    assert "unsafe-eval" not in str(ADMIN_POLICY)
    assert ADMIN_POLICY["default-src"] == ["'self'"]


def test_path_that_only_begins_like_the_admin_gets_the_sites_policy(client: Client) -> None:
    response = client.get("/administration/")

    assert "unsafe" not in response["Content-Security-Policy"]


@pytest.fixture
def maintenance(settings: LazySettings) -> None:
    settings.MAINTENANCE = True
    if "ui.http.MaintenanceMiddleware" not in settings.MIDDLEWARE:
        settings.MIDDLEWARE = ["ui.http.MaintenanceMiddleware", *settings.MIDDLEWARE]


@pytest.mark.usefixtures("maintenance")
def test_maintenance_answers_503_and_when_to_return(client: Client) -> None:
    response = client.get("/account/login/")

    assert response.status_code == 503
    assert response["Retry-After"] == "600"
    assert "no-store" in response["Cache-Control"]
    assert 'id="main"' in response.text


@pytest.mark.usefixtures("maintenance")
def test_maintenance_lets_the_office_in(client: Client) -> None:
    assert client.get("/admin/").status_code != 503


def test_without_maintenance_pages_are_served(client: Client) -> None:
    assert client.get("/account/login/").status_code == 200
