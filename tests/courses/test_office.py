"""The office of learning in Wagtail's admin: every list opens with rows in it, and costs the same for few and many."""

from collections.abc import Callable

import pytest
from bs4 import BeautifulSoup
from django.contrib.auth.models import Group
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from courses.models import Certificate, CourseIndexPage
from courses.services.setup import OFFICE
from tests.factories.accounts import UserFactory
from tests.factories.courses import CertificateFactory, CourseRunFactory, EnrolmentFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(catalogues: dict[str, CourseIndexPage], settings: Settings) -> Client:
    """A browser of somebody of the League's office."""
    settings.REQUIRE_STAFF_MFA = False
    registrar: User = UserFactory()
    registrar.groups.add(Group.objects.get(name=OFFICE))
    client = Client()
    client.force_login(registrar, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def test_certificate_that_stands_can_be_revoked_from_the_list(office: Client) -> None:
    certificate: Certificate = CertificateFactory()

    page = BeautifulSoup(office.get("/admin/certificate/").content, "html.parser")

    assert page.find("a", href=f"/admin/certificate/revoke/{certificate.pk}/")
    assert page.find("a", href=f"/admin/certificate/reissue/{certificate.pk}/")


def test_enrolments_name_person_and_course(office: Client) -> None:
    enrolment = EnrolmentFactory()

    page = office.get("/admin/enrolment/").content.decode()

    assert enrolment.user.name_native in page


@pytest.mark.parametrize("count", [1, 3, 30])
@pytest.mark.parametrize(
    ("path", "factory", "queries"),
    [
        ("/admin/certificate/", CertificateFactory, 10),
        ("/admin/enrolment/", EnrolmentFactory, 11),
        ("/admin/courserun/", CourseRunFactory, 11),
    ],
)
def test_lists_cost_the_same(
    office: Client,
    path: str,
    factory: Callable[[], object],
    queries: int,
    count: int,
    django_assert_num_queries: Callable[[int], object],
) -> None:
    for _number in range(count):
        factory()
    office.get(path)

    with django_assert_num_queries(queries):  # type: ignore[attr-defined]  # a context manager
        assert office.get(path).status_code == 200
