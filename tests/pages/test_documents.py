import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import Client

from pages.models import HomePage, SiteDocument
from pages.permissions import can_download
from tests.factories.accounts import UserFactory
from tests.factories.pages import SiteDocumentFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def members_file(home_pages: dict[str, HomePage]) -> SiteDocument:
    return SiteDocumentFactory()


@pytest.fixture
def public_file(home_pages: dict[str, HomePage]) -> SiteDocument:
    return SiteDocumentFactory(is_public=True)


def content_of(response: object) -> bytes:
    return b"".join(response.streaming_content)


def test_document_is_for_members_unless_opened(db: None) -> None:
    assert SiteDocument().is_public is False


def test_public_document_is_for_everybody(public_file: SiteDocument, client: Client) -> None:
    response = client.get(public_file.url)

    assert response.status_code == 200
    assert content_of(response) == b"x" * 2000
    assert response["Content-Disposition"].startswith("attachment")


def test_members_document_leads_visitors_to_the_door(members_file: SiteDocument, client: Client) -> None:
    response = client.get(members_file.url)

    assert response.status_code == 302
    assert response["Location"] == f"/account/login/?next={members_file.url}"


def test_members_document_is_for_whoever_is_signed_in(members_file: SiteDocument, client: Client) -> None:
    client.force_login(UserFactory())

    response = client.get(members_file.url)

    assert response.status_code == 200
    assert content_of(response) == b"x" * 2000


def test_members_document_is_not_cached_by_others(members_file: SiteDocument, client: Client) -> None:
    client.force_login(UserFactory())

    response = client.get(members_file.url)
    content_of(response)

    assert "public" not in response.get("Cache-Control", "")
    assert "Cookie" in response.get("Vary", "")


@pytest.mark.parametrize("fixture", ["members_file", "public_file"])
def test_document_has_no_address_beside_the_check(fixture: str, request: pytest.FixtureRequest, client: Client) -> None:
    document = request.getfixturevalue(fixture)

    response = client.get(f"/media/{document.file.name}")

    assert response.status_code == 404


def test_unknown_document_is_missing(home_pages: dict[str, HomePage], client: Client) -> None:
    assert client.get("/documents/999/nothing.pdf").status_code == 404


def test_document_of_another_name_is_missing(public_file: SiteDocument, client: Client) -> None:
    assert client.get(f"/documents/{public_file.pk}/another.txt").status_code == 404


@pytest.mark.parametrize(
    ("is_public", "is_signed_in", "expected"),
    [(True, True, True), (True, False, True), (False, True, True), (False, False, False)],
)
def test_can_download(is_public: bool, is_signed_in: bool, expected: bool, client: Client) -> None:
    user = UserFactory() if is_signed_in else AnonymousUser()

    assert can_download(user, SiteDocument(is_public=is_public)) is expected
