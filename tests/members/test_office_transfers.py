"""Transfers in the office: who sees them, who decides, and what a stale page does."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import User
from audit.models import AuditEvent
from courses.models import CourseIndexPage
from members.choices import Country, OfficeRole
from members.models import Chapter, Membership, Transfer
from members.services import transfers
from notifications.models import Event
from tests.factories.members import ChapterFactory
from tests.factories.membership import MembershipFactory
from tests.factories.office import holder_of

pytestmark = pytest.mark.django_db

URL = "/admin/transfers/"


@pytest.fixture(autouse=True)
def roles(catalogues: dict[str, CourseIndexPage], settings: Settings) -> None:
    settings.REQUIRE_STAFF_MFA = False


@pytest.fixture
def here() -> Chapter:
    made: Chapter = ChapterFactory()
    return made


@pytest.fixture
def there() -> Chapter:
    made: Chapter = ChapterFactory(country=Country.KYRGYZSTAN)
    return made


@pytest.fixture
def sign_in(client: Client) -> Callable[[User], Client]:
    def as_(user: User) -> Client:
        client.force_login(user)
        return client

    return as_


def ask(here: Chapter, there: Chapter, user: User | None = None) -> Transfer:
    membership: Membership = MembershipFactory(chapter=here, **({"user": user} if user else {}))
    return transfers.ask_transfer(membership, actor=membership.user, to_chapter=there, reason="Move", at=timezone.now())


def shown(client: Client, transfer: Transfer) -> tuple[bool, bool]:
    """Return whether the page offers to agree, and to refuse."""
    context = client.get(f"{URL}{transfer.pk}/").context
    return context["may_agree"], context["refusal"] is not None


def test_both_chapters_are_told(here: Chapter, there: Chapter) -> None:
    officers = {holder_of(OfficeRole.CHAPTER_OFFICER, chapter).pk for chapter in (here, there)}
    holder_of(OfficeRole.CHAPTER_OFFICER, ChapterFactory(country=Country.TAJIKISTAN))

    ask(here, there)

    assert set(Event.objects.get(kind="members.transfer_work").recipients) == officers


def test_both_chapters_agree(here: Chapter, there: Chapter, sign_in: Callable[[User], Client]) -> None:
    transfer = ask(here, there)
    for chapter, version, may_refuse in ((here, 0, True), (there, 1, False)):
        client = sign_in(holder_of(OfficeRole.CHAPTER_OFFICER, chapter))
        assert shown(client, transfer) == (True, True)
        assert client.post(f"{URL}{transfer.pk}/agree/", {"version": version}).status_code == 302
        assert shown(client, transfer) == (False, may_refuse)

    transfer.membership.refresh_from_db()
    assert transfer.membership.chapter == there
    assert AuditEvent.objects.filter(action="members.transfer_agreed").count() == 2
    assert AuditEvent.objects.filter(action="members.transfer_viewed").count() == 4
    assert 'id="result"' in client.get(f"{URL}{transfer.pk}/").content.decode()


def test_refusal_needs_a_reason(here: Chapter, there: Chapter, sign_in: Callable[[User], Client]) -> None:
    transfer = ask(here, there)
    client = sign_in(holder_of(OfficeRole.CHAPTER_OFFICER, there))

    assert client.post(f"{URL}{transfer.pk}/refuse/", {"version": 0, "reason": " "}).status_code == 422
    assert client.post(f"{URL}{transfer.pk}/refuse/", {"version": 0, "reason": "No seat"}).status_code == 302

    transfer.refresh_from_db()
    assert transfer.refusal == "No seat"
    assert {one.pk for one in client.get(f"{URL}?ended=1").context["page_obj"]} == {transfer.pk}
    assert not client.get(URL).context["page_obj"].object_list


@pytest.mark.parametrize("step", ["agree", "refuse"])
def test_stale_page_decides_nothing(
    step: str, here: Chapter, there: Chapter, sign_in: Callable[[User], Client]
) -> None:
    transfer = ask(here, there)
    transfers.agree_to_transfer(transfer, actor=holder_of(OfficeRole.CHAPTER_OFFICER, there), at=timezone.now())
    client = sign_in(holder_of(OfficeRole.CHAPTER_OFFICER, here))

    response = client.post(f"{URL}{transfer.pk}/{step}/", {"version": 0, "reason": "My words"})

    assert response.status_code == 422
    assert 'id="refused"' in response.content.decode()
    if step == "refuse":
        assert "My words" in response.content.decode()
    transfer.refresh_from_db()
    assert (transfer.old_agreed_at, transfer.ended_at) == (None, None)


def test_registrar_looks_on_and_decides_nothing(
    here: Chapter, there: Chapter, sign_in: Callable[[User], Client]
) -> None:
    transfer = ask(here, there)
    client = sign_in(holder_of(OfficeRole.REGISTRAR))

    assert shown(client, transfer) == (False, False)
    client.post(f"{URL}{transfer.pk}/agree/", {"version": 0})
    client.post(f"{URL}{transfer.pk}/refuse/", {"version": 0, "reason": "No"})

    transfer.refresh_from_db()
    assert transfer.version == 0


def test_third_chapter_and_the_member_see_nothing(
    here: Chapter, there: Chapter, sign_in: Callable[[User], Client]
) -> None:
    own = holder_of(OfficeRole.CHAPTER_OFFICER, here)
    transfer = ask(here, there, own)

    for user in (holder_of(OfficeRole.CHAPTER_OFFICER, ChapterFactory(country=Country.TAJIKISTAN)), own):
        client = sign_in(user)
        assert client.get(f"{URL}{transfer.pk}/").status_code == 404
        assert client.post(f"{URL}{transfer.pk}/agree/", {"version": 0}).status_code == 404
        assert not client.get(URL).context["page_obj"].object_list


def test_members_page_leads_to_the_transfer(here: Chapter, there: Chapter, sign_in: Callable[[User], Client]) -> None:
    transfer = ask(here, there)
    client = sign_in(holder_of(OfficeRole.CHAPTER_OFFICER, here))

    page = client.get(f"/admin/memberships/{transfer.membership_id}/").content.decode()

    assert f'href="{URL}{transfer.pk}/"' in page


@pytest.mark.parametrize("count", [1, 3])
def test_list_costs_the_same_queries(
    count: int,
    here: Chapter,
    there: Chapter,
    sign_in: Callable[[User], Client],
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    client = sign_in(holder_of(OfficeRole.CHAPTER_OFFICER, here))
    for _number in range(count):
        ask(here, there)
    client.get(URL)

    with django_assert_num_queries(11):
        response = client.get(URL)

    assert len(response.context["page_obj"].object_list) == count
