"""Members and licences in the office: standing on any day, what each office reads, and what it does."""

import datetime as dt
from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import User
from audit.models import AuditEvent
from courses.models import CourseIndexPage
from members.choices import Country, LicenceState, OfficeRole, SanctionGround, SanctionKind, Standing
from members.models import Chapter, LicenceCheck, Membership, Sanction, league_day
from members.services.sanctions import propose_licence_suspension
from tests.factories.accounts import UserFactory
from tests.factories.members import ChapterFactory, OfficeTermFactory
from tests.factories.membership import (
    ApplicationFactory,
    InvoiceFactory,
    LicenceFactory,
    LicenceRuleFactory,
    MembershipFactory,
    PeriodFactory,
    SanctionFactory,
)
from tests.factories.office import holder_of

pytestmark = pytest.mark.django_db

MEMBERS, LICENCES = "/admin/memberships/", "/admin/licences/"
DAY = dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def roles(catalogues: dict[str, CourseIndexPage], settings: Settings) -> None:
    settings.REQUIRE_STAFF_MFA = False


@pytest.fixture
def chapter() -> Chapter:
    made: Chapter = ChapterFactory()
    return made


@pytest.fixture
def officer(chapter: Chapter, client: Client) -> User:
    user = holder_of(OfficeRole.CHAPTER_OFFICER, chapter)
    client.force_login(user)
    return user


def url(membership: Membership, rest: str = "") -> str:
    return f"{MEMBERS}{membership.pk}/{rest}"


def listed(client: Client, query: str = "") -> dict[int, str]:
    return {one.pk: standing for one, standing in client.get(f"{MEMBERS}{query}").context["rows"]}


def licences_listed(client: Client, query: str = "") -> set[int]:
    return {licence.pk for licence in client.get(f"{LICENCES}{query}").context["page_obj"]}


# The list


def test_list_shows_the_standing_of_any_day(officer: User, chapter: Chapter, client: Client) -> None:
    in_grace = MembershipFactory(chapter=chapter, paid=400)
    active = MembershipFactory(chapter=chapter, paid=30)
    then = league_day() - 100 * DAY

    assert listed(client) == {in_grace.pk: Standing.GRACE.label, active.pk: Standing.ACTIVE.label}
    assert listed(client, f"?on={then}") == {in_grace.pk: Standing.ACTIVE.label, active.pk: Standing.NONE.label}
    assert set(listed(client, "?standing=active")) == {active.pk}
    assert set(listed(client, f"?standing=active&on={then}")) == {in_grace.pk}


def test_list_is_found_by_name_number_kind_and_chapter(officer: User, chapter: Chapter, client: Client) -> None:
    one = MembershipFactory(chapter=chapter, user=UserFactory(name_native="Ерлан Қасымбеков", name_latin="Yerlan K."))
    MembershipFactory(chapter=chapter)

    for query in ("?q=Қасымбек", "?q=yerlan", f"?q={one.number.lower()}"):
        assert set(listed(client, query)) == {one.pk}
    assert len(listed(client, f"?chapter={chapter.pk}&tier={one.tier_id}")) == 2


@pytest.mark.parametrize("query", ["?on=yesterday", "?standing=none-such", "?chapter=999", "?p=999"])
def test_nonsense_in_the_address_breaks_nothing(query: str, officer: User, chapter: Chapter, client: Client) -> None:
    MembershipFactory(chapter=chapter)

    assert client.get(f"{MEMBERS}{query}").status_code == 200


def test_list_is_about_reached_chapters(officer: User, chapter: Chapter, client: Client) -> None:
    foreign = MembershipFactory(chapter=ChapterFactory(country=Country.UZBEKISTAN))
    own = MembershipFactory(chapter=chapter)

    assert set(listed(client)) == {own.pk}
    assert client.get(url(foreign)).status_code == 404
    assert client.get(url(foreign, "record-death/")).status_code == 404
    assert client.post(url(foreign, "record-death/"), {}).status_code == 404


def test_superuser_without_an_office_sees_no_member(chapter: Chapter, client: Client) -> None:
    member = MembershipFactory(chapter=chapter)
    licence = LicenceFactory(user=member.user)
    client.force_login(UserFactory(is_superuser=True))

    for path in (MEMBERS, url(member), LICENCES, f"{LICENCES}{licence.pk}/"):
        response = client.get(path)
        assert (response.status_code, response["Location"]) == (302, "/admin/")
    menu = client.get("/admin/").content.decode()
    assert MEMBERS not in menu
    assert LICENCES not in menu


def test_officer_does_not_open_his_own_record(officer: User, chapter: Chapter, client: Client) -> None:
    own = MembershipFactory(user=officer, chapter=chapter)

    assert set(listed(client)) == {own.pk}
    assert url(own) not in client.get(MEMBERS).content.decode()
    assert client.get(url(own)).status_code == 404


@pytest.mark.parametrize("query", ["", "?on=2026-01-01", "?on=2026-01-01&standing=none"])
@pytest.mark.parametrize("count", [1, 3, 30])
def test_list_costs_the_same_for_any_number(
    count: int,
    query: str,
    officer: User,
    chapter: Chapter,
    client: Client,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for _number in range(count):
        SanctionFactory(membership=MembershipFactory(chapter=chapter))
    client.get(f"{MEMBERS}{query}")

    with django_assert_num_queries({0: 13, 1: 16, 2: 21}[query.count("=")]):
        client.get(f"{MEMBERS}{query}")


# One member


def test_member_is_shown_as_far_as_the_office_reads(chapter: Chapter, client: Client) -> None:
    member = MembershipFactory(chapter=chapter)
    SanctionFactory(membership=member, internal_note="The witness asked not to be named.")
    LicenceFactory(user=member.user, number="LIC-77")
    InvoiceFactory(membership=member, number="2026-KZ-77777", amount=Decimal(30000))
    OfficeTermFactory(user=member.user, chapter=chapter)
    secrets = {"discipline": "The witness asked", "licence": "LIC-77", "dues": "2026-KZ-77777"}
    reads = {
        OfficeRole.CHAPTER_REVIEWER: {"licence"},
        OfficeRole.CHAPTER_OFFICER: {"discipline", "licence", "dues"},
        OfficeRole.TREASURER: {"dues"},
        OfficeRole.REGISTRAR: {"discipline", "licence", "dues"},
        OfficeRole.BOARD: {"discipline", "licence", "dues"},
        OfficeRole.ETHICS: {"discipline"},
    }
    for role, expected in reads.items():
        client.force_login(holder_of(role, chapter))

        page = client.get(url(member)).content.decode()

        assert {name for name, text in secrets.items() if text in page} == expected, role


def test_opening_a_member_is_on_record(officer: User, chapter: Chapter, client: Client) -> None:
    member = MembershipFactory(chapter=chapter)

    client.get(url(member))

    event = AuditEvent.objects.get(action="members.membership_viewed")
    assert (event.actor_id, event.person_id) == (officer.pk, member.user_id)


@pytest.mark.parametrize("count", [1, 3, 30])
def test_one_member_costs_the_same_for_any_number_of_rows(
    count: int,
    officer: User,
    chapter: Chapter,
    client: Client,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    member = MembershipFactory(chapter=chapter, paid=-1)
    for number in range(count):
        PeriodFactory(membership=member, starts_on=league_day() - 400 * (number + 1) * DAY)
        SanctionFactory(membership=member, confirmed_by=UserFactory())
        LicenceFactory(user=member.user)
        InvoiceFactory(membership=member, settled_at=timezone.now())
        OfficeTermFactory(user=member.user, chapter=chapter)
    client.get(url(member))

    with django_assert_num_queries(19):
        client.get(url(member))


# What the office does


def act(client: Client, path: str, membership: Membership, **data: object) -> int:
    membership.refresh_from_db()
    response = client.post(path, {"version": membership.version, **data})
    membership.refresh_from_db()
    return response.status_code


SUSPENSION = {
    "ground": SanctionGround.CODE_OF_CONDUCT,
    "decision_reference": "No. 4",
    "text_for_member": "Until it is decided.",
    "internal_note": "",
}


def test_buttons_are_those_of_table_and_office(chapter: Chapter, client: Client) -> None:
    member = MembershipFactory(chapter=chapter)
    buttons = {
        OfficeRole.CHAPTER_REVIEWER: set(),
        OfficeRole.CHAPTER_OFFICER: {"record-death"},
        OfficeRole.TREASURER: set(),
        OfficeRole.REGISTRAR: {"suspend"},
        OfficeRole.BOARD: set(),
        OfficeRole.ETHICS: {"suspend", "propose-expulsion"},
    }
    for role, names in buttons.items():
        client.force_login(holder_of(role, chapter))

        assert {one.name for one in client.get(url(member)).context["acts"]} == names, role
        for name in {"suspend", "propose-expulsion", "record-death"} - names:
            assert client.get(url(member, f"{name}/"))["Location"] == "/admin/"


def test_registrar_suspends_for_thirty_days(chapter: Chapter, client: Client) -> None:
    member = MembershipFactory(chapter=chapter)
    client.force_login(holder_of(OfficeRole.REGISTRAR))
    days = {"starts_on": league_day(), "ends_on": league_day() + 60 * DAY}

    assert client.get(url(member, "suspend/")).status_code == 200
    assert act(client, url(member, "suspend/"), member, **SUSPENSION, **days) == 422
    days["ends_on"] = league_day() + 20 * DAY
    assert act(client, url(member, "suspend/"), member, **SUSPENSION, **days) == 302

    assert member.standing == Standing.SUSPENDED
    assert "Until it is decided." in client.get(url(member)).content.decode()


def test_second_click_keeps_what_was_typed(chapter: Chapter, client: Client) -> None:
    member = MembershipFactory(chapter=chapter)
    client.force_login(holder_of(OfficeRole.ETHICS))
    data = {"version": member.version, **SUSPENSION, "starts_on": league_day(), "ends_on": ""}
    client.post(url(member, "suspend/"), data)

    response = client.post(url(member, "suspend/"), {**data, "text_for_member": "Typed by the second."})

    assert response.status_code == 422
    assert 'id="refused"' in response.content.decode()
    assert "Typed by the second." in response.content.decode()
    assert Sanction.objects.count() == 1


def test_ethics_committee_lifts_a_suspension(chapter: Chapter, client: Client) -> None:
    member = MembershipFactory(chapter=chapter)
    sanction = SanctionFactory(membership=member)
    path = url(member, f"sanctions/{sanction.pk}/lift/")
    client.force_login(holder_of(OfficeRole.REGISTRAR))
    assert client.get(path)["Location"] == "/admin/"

    client.force_login(holder_of(OfficeRole.ETHICS))
    assert client.get(path).status_code == 200
    assert act(client, path, member, on=league_day(), reason="Unfounded.") == 302

    assert member.standing == Standing.ACTIVE
    assert client.get(path)["Location"] == url(member)


@pytest.mark.parametrize(("name", "standing"), [("confirm", Standing.SUSPENDED), ("dismiss", Standing.ACTIVE)])
def test_officer_decides_on_a_proposed_suspension(
    name: str, standing: Standing, officer: User, chapter: Chapter, client: Client
) -> None:
    member = MembershipFactory(chapter=chapter)
    sanction = propose_licence_suspension(member, at=timezone.now(), on=league_day())
    path = url(member, f"sanctions/{sanction.pk}/{name}/")

    page = client.get(url(member)).content.decode()
    assert path in page
    assert act(client, path, member, reason="A reprisal of the state.") == 302

    assert member.standing == standing
    assert path not in client.get(url(member)).content.decode()


def test_board_expels_after_a_proposal(chapter: Chapter, client: Client) -> None:
    member = MembershipFactory(chapter=chapter)
    board = [holder_of(OfficeRole.BOARD) for _number in range(3)]
    client.force_login(holder_of(OfficeRole.ETHICS))
    data = {**SUSPENSION, "hearing_on": league_day()}
    assert act(client, url(member, "propose-expulsion/"), member, **data) == 302
    sanction = Sanction.objects.get(kind=SanctionKind.EXPULSION)
    path = url(member, f"sanctions/{sanction.pk}/vote/")

    for voter in board[:2]:
        client.force_login(voter)
        assert act(client, path, member) == 422
        assert act(client, path, member, is_for="yes") == 302

    assert member.standing == Standing.EXPELLED
    assert client.get(url(member)).status_code == 200


def test_death_is_recorded_by_the_chapter(officer: User, chapter: Chapter, client: Client) -> None:
    member = MembershipFactory(chapter=chapter)

    assert act(client, url(member, "record-death/"), member, on=league_day() + DAY, note="Told by family.") == 422
    assert act(client, url(member, "record-death/"), member, on=league_day(), note="Told by family.") == 302

    assert member.standing == Standing.DECEASED


def test_sanction_of_another_member_is_not_reached(officer: User, chapter: Chapter, client: Client) -> None:
    member, other = MembershipFactory(chapter=chapter), MembershipFactory(chapter=chapter)
    sanction = propose_licence_suspension(other, at=timezone.now(), on=league_day())

    assert client.get(url(member, f"sanctions/{sanction.pk}/confirm/")).status_code == 404
    assert client.get(url(member, "no-such-thing/")).status_code == 404


# Licences


def test_licences_are_filtered(officer: User, chapter: Chapter, client: Client) -> None:
    def licence(**fields: object) -> int:
        made: int = LicenceFactory(user=MembershipFactory(chapter=chapter).user, **fields).pk
        return made

    due = licence(state=LicenceState.VERIFIED, recheck_on=league_day())
    soon = licence(state=LicenceState.VERIFIED, recheck_on=league_day() + 20 * DAY)
    later = licence(state=LicenceState.SUSPENDED, recheck_on=league_day() + 90 * DAY)
    fresh = licence()
    expired = licence(state=LicenceState.VERIFIED, valid_until=league_day() - DAY)
    LicenceRuleFactory(remind_days=10)

    assert licences_listed(client) == {due, expired}
    assert licences_listed(client, "?due=month") == {due, soon, expired}
    assert licences_listed(client, "?due=unchecked") == {fresh}
    assert licences_listed(client, "?due=expired") == {expired}
    assert licences_listed(client, "?due=all&state=suspended") == {later}
    assert licences_listed(client, f"?due=all&chapter={chapter.pk}") == {due, soon, later, fresh, expired}


def test_licences_are_those_of_the_chapter(officer: User, chapter: Chapter, client: Client) -> None:
    abroad = ChapterFactory(country=Country.UZBEKISTAN)
    foreign = LicenceFactory(user=MembershipFactory(chapter=abroad).user)
    own = LicenceFactory(user=officer)
    of_draft, of_applicant = LicenceFactory(), LicenceFactory()
    for licence, status in ((of_draft, "draft"), (of_applicant, "submitted")):
        ApplicationFactory(chapter=chapter, status=status, user=licence.user, licence=licence)

    assert licences_listed(client, "?due=all") == {of_applicant.pk}
    for licence in (foreign, own, of_draft):
        assert client.get(f"{LICENCES}{licence.pk}/").status_code == 404
        assert client.post(f"{LICENCES}{licence.pk}/", {}).status_code == 404


def test_check_is_recorded(officer: User, chapter: Chapter, client: Client) -> None:
    member = MembershipFactory(chapter=chapter)
    licence = LicenceFactory(user=member.user)
    path = f"{LICENCES}{licence.pk}/"

    assert client.get(path).status_code == 200
    assert AuditEvent.objects.filter(action="members.licence_viewed", actor_id=officer.pk).count() == 1
    assert client.post(path, {"state": "terminated"}).status_code == 422
    data = {"state": "terminated", "method": "register", "evidence": "Order of the ministry, 3 March."}
    assert client.post(path, data)["Location"] == path

    assert LicenceCheck.objects.get().checked_by == officer
    assert Sanction.objects.proposed().filter(membership=member).exists()
    member.refresh_from_db()
    assert member.standing == Standing.ACTIVE  # until a person confirms


@pytest.mark.parametrize("role", [OfficeRole.TREASURER, OfficeRole.ETHICS])
def test_offices_that_check_no_licence_are_led_away(role: OfficeRole, chapter: Chapter, client: Client) -> None:
    client.force_login(holder_of(role, chapter))

    assert client.get(LICENCES)["Location"] == "/admin/"


def test_treasurer_of_one_chapter_who_reviews_in_another(chapter: Chapter, client: Client) -> None:
    """An office counts in its own chapter only."""
    abroad = ChapterFactory(country=Country.UZBEKISTAN)
    user = holder_of(OfficeRole.CHAPTER_REVIEWER, abroad)
    OfficeTermFactory(user=user, role=OfficeRole.TREASURER, chapter=chapter)
    licence = LicenceFactory(user=MembershipFactory(chapter=chapter).user)
    client.force_login(user)

    assert licences_listed(client, "?due=all") == set()
    assert client.get(f"{LICENCES}{licence.pk}/").status_code == 404


@pytest.mark.parametrize("count", [1, 3, 30])
def test_licences_cost_the_same_for_any_number(
    count: int,
    officer: User,
    chapter: Chapter,
    client: Client,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for _number in range(count):
        LicenceFactory(user=MembershipFactory(chapter=chapter).user, recheck_on=league_day())
    client.get(LICENCES)

    with django_assert_num_queries(13):
        client.get(LICENCES)
