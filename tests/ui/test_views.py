import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import Http404, HttpRequest
from django.test import Client, RequestFactory
from django.utils import translation

from ui import views


@pytest.fixture
def request_() -> HttpRequest:
    request = RequestFactory().get("/somewhere/")
    request.user = AnonymousUser()
    return request


@pytest.mark.django_db
def test_page_not_found_is_ours(client: Client) -> None:
    response = client.get("/no/such/page/")

    assert response.status_code == 404
    assert 'id="main"' in response.text


@pytest.mark.django_db
def test_permission_denied_gives_the_reason(request_: HttpRequest) -> None:
    response = views.permission_denied(request_, PermissionDenied("The run is closed."))

    assert response.status_code == 403
    assert "The run is closed." in response.text


@pytest.mark.django_db
def test_hidden_and_missing_pages_look_the_same(request_: HttpRequest) -> None:
    first = views.page_not_found(request_, Http404("A secret topic"))
    second = views.page_not_found(request_, Http404())

    assert first.content == second.content


def test_bad_request_asks_the_database_nothing(request_: HttpRequest) -> None:
    response = views.bad_request(request_, BadRequest())

    assert response.status_code == 400


def test_server_error_asks_the_database_nothing(request_: HttpRequest) -> None:
    with translation.override("en"):
        response = views.server_error(request_)

    assert response.status_code == 500
    assert "Central Asian League of Lawyers" in response.text


@pytest.mark.django_db
def test_expired_form_is_explained() -> None:
    response = Client(enforce_csrf_checks=True).post("/account/login/", headers={"accept-language": "en"})

    assert response.status_code == 403
    assert 'class="empty stack"' in response.text


@pytest.mark.django_db
def test_gallery_shows_every_section(request_: HttpRequest) -> None:
    response = views.gallery(request_)

    assert response.status_code == 200
    for name in views.GALLERY:
        assert f'<h2 id="{name}">' in response.text
