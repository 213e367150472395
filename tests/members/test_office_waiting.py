"""The first page of the office: what waits for whom, as many queries for one as for thirty."""

import datetime as dt

import pytest
from bs4 import BeautifulSoup
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import User
from courses.models import CourseIndexPage
from members.choices import ApplicationStatus, Country, OfficeRole
from members.models import Chapter, Membership
from members.services import transfers
from tests.factories.accounts import UserFactory
from tests.factories.members import ChapterFactory
from tests.factories.membership import ApplicationFactory, InvoiceFactory, MembershipFactory
from tests.factories.office import holder_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def roles(catalogues: dict[str, CourseIndexPage], settings: Settings) -> None:
    settings.REQUIRE_STAFF_MFA = False
    settings.LANGUAGE_CODE = "en"


@pytest.fixture
def here() -> Chapter:
    made: Chapter = ChapterFactory()
    return made


def waiting(client: Client, user: User) -> dict[str, str] | None:
    """Return the numbers on the first page by the address they lead to, or None without the panel."""
    client.force_login(user)
    panel = BeautifulSoup(client.get("/admin/").content, "html.parser").select_one("#members-waiting-section")
    if panel is None:
        return None
    return {row.a["href"]: row.select("td")[1].text for row in panel.select("tbody tr")}


def ask_transfer(membership: Membership, *, to_chapter: Chapter) -> None:
    transfers.ask_transfer(membership, actor=membership.user, to_chapter=to_chapter, reason="Move", at=timezone.now())


def test_each_office_sees_what_waits_for_it(here: Chapter, client: Client) -> None:
    elsewhere = ChapterFactory(country=Country.UZBEKISTAN)
    for chapter in (here, here, elsewhere):
        ApplicationFactory(chapter=chapter, status=ApplicationStatus.SUBMITTED)
    ApplicationFactory(chapter=here, status=ApplicationStatus.RECOMMENDED)
    member = MembershipFactory(chapter=here)
    InvoiceFactory(membership=MembershipFactory(chapter=here))  # is not due yet
    ask_transfer(MembershipFactory(chapter=elsewhere), to_chapter=ChapterFactory(country=Country.TAJIKISTAN))
    InvoiceFactory(membership=member, issued_on=dt.date(2020, 1, 1), due_on=dt.date(2020, 2, 1))
    ask_transfer(member, to_chapter=elsewhere)

    officer = waiting(client, holder_of(OfficeRole.CHAPTER_OFFICER, here))
    assert officer is not None
    assert (officer["/admin/applications/"], officer["/admin/transfers/"]) == ("2", "1")
    assert waiting(client, holder_of(OfficeRole.REGISTRAR)) == {
        "/admin/applications/": "1",
        "/admin/transfers/": "2",
        "/admin/dues/?state=overdue": "1",
    }
    assert waiting(client, holder_of(OfficeRole.TREASURER, here)) == {"/admin/dues/?state=overdue": "1"}


def test_who_has_nothing_to_do_is_told_so_and_who_has_no_office_sees_no_panel(here: Chapter, client: Client) -> None:
    client.force_login(holder_of(OfficeRole.CHAPTER_OFFICER, here))
    assert "Nothing waits for you." in client.get("/admin/").content.decode()

    assert waiting(client, UserFactory(is_superuser=True)) is None


@pytest.mark.parametrize("count", [1, 3, 30])
def test_first_page_costs_the_same_for_any_number(
    count: int, here: Chapter, client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    officer = holder_of(OfficeRole.CHAPTER_OFFICER, here)
    for _one in range(count):
        ApplicationFactory(chapter=here, status=ApplicationStatus.SUBMITTED)
    client.force_login(officer)
    client.get("/admin/")  # the site's root and the session are cached

    with django_assert_num_queries(23):
        client.get("/admin/")
