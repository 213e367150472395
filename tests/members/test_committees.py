"""Committees: seats, chairs, who sees them, who may change them."""

import datetime as dt

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import User
from audit.models import AuditEvent
from courses.models import CourseIndexPage
from members.choices import Audience, CommitteeRole, Country, OfficeRole, SanctionKind
from members.models import Committee, CommitteeMember, Profile, league_day
from members.notifications.committees import COMMITTEE_JOINED
from members.services import committees as services
from members.services.memberships import refresh_standing
from notifications.models import Event
from tests.factories.accounts import UserFactory
from tests.factories.committees import CommitteeFactory, CommitteeMemberFactory
from tests.factories.members import ChapterFactory, OfficeTermFactory
from tests.factories.membership import MembershipFactory, SanctionFactory

pytestmark = pytest.mark.django_db

TODAY = league_day()
OFFICE = "/admin/committees/"


def when() -> dict[str, object]:
    return {"at": timezone.now(), "on": league_day()}


def add(committee: Committee, user: User, role: str = "member", **changes: object) -> CommitteeMember:
    arguments = {"role": CommitteeRole(role), "actor": UserFactory(), **when(), **changes}
    return services.add_member(committee, user, **arguments)  # type: ignore[arg-type]  # a table of arguments


@pytest.fixture
def committee() -> Committee:
    return CommitteeFactory()


def test_add_member_gives_a_seat_and_says_so(committee: Committee) -> None:
    member = MembershipFactory()

    seat = add(committee, member.user)

    assert committee.is_member(member.user, league_day())
    assert not committee.is_member(member.user, league_day() - dt.timedelta(days=1))
    event = Event.objects.get()
    assert (event.kind, event.recipients) == (COMMITTEE_JOINED.name, [member.user_id])
    assert str(committee.pk) in COMMITTEE_JOINED.load(member.user, [str(committee.pk)])
    assert not COMMITTEE_JOINED.load(UserFactory(), [str(committee.pk)])
    with pytest.raises(services.AlreadyMember):
        add(committee, member.user)
    assert CommitteeMember.objects.get() == seat
    assert AuditEvent.objects.get(action="members.committee_join").person_id == member.user_id


def test_only_active_members_can_be_added(committee: Committee) -> None:
    for user in (UserFactory(), MembershipFactory(paid=500).user):
        with pytest.raises(services.NotEligible):
            add(committee, user)

    add(committee, MembershipFactory(paid=370).user)  # in grace


def test_committee_of_a_chapter_takes_its_own_members() -> None:
    country = ChapterFactory()
    city = type(country).objects.create(country="KZ", parent=country, name_ru="Г", name_en="C", city="Astana")
    abroad = ChapterFactory(country=Country.KYRGYZSTAN)
    committee = CommitteeFactory(chapter=country)

    add(committee, MembershipFactory(chapter=country).user)
    add(committee, MembershipFactory(chapter=city).user)
    with pytest.raises(services.NotEligible):
        add(committee, MembershipFactory(chapter=abroad).user)


def test_a_new_chair_leaves_the_old_one_as_a_member(committee: Committee) -> None:
    old = CommitteeMemberFactory(committee=committee, role=CommitteeRole.CHAIR)
    seat = CommitteeMemberFactory(committee=committee)

    services.appoint_chair(seat, actor=UserFactory(), **when())  # type: ignore[arg-type]
    services.appoint_chair(
        CommitteeMember.objects.open().get(user=seat.user),
        actor=UserFactory(),
        **when(),  # type: ignore[arg-type]
    )

    roles = dict(committee.members.open().values_list("user", "role"))
    assert roles == {old.user_id: CommitteeRole.MEMBER, seat.user_id: CommitteeRole.CHAIR}
    old.refresh_from_db()
    assert old.ends_on == league_day() - dt.timedelta(days=1)
    assert AuditEvent.objects.filter(action="members.committee_chair").count() == 1
    add(committee, MembershipFactory().user, role="chair")
    assert committee.members.open().filter(role=CommitteeRole.CHAIR).count() == 1


def test_database_refuses_a_second_chair_and_a_second_seat(committee: Committee) -> None:
    chair = CommitteeMemberFactory(committee=committee, role=CommitteeRole.CHAIR)

    with pytest.raises(IntegrityError), transaction.atomic():
        CommitteeMemberFactory(committee=committee, role=CommitteeRole.CHAIR)
    with pytest.raises(IntegrityError), transaction.atomic():
        CommitteeMemberFactory(committee=committee, user=chair.user)


def test_end_membership_closes_at_once_and_lets_one_come_back(committee: Committee) -> None:
    seat = CommitteeMemberFactory(committee=committee)

    services.end_membership(seat, actor=UserFactory(), **when())  # type: ignore[arg-type]
    with pytest.raises(services.NotInCommittee):
        services.end_membership(seat, actor=UserFactory(), **when())  # type: ignore[arg-type]
    assert not committee.is_member(seat.user, league_day())
    assert committee.is_member(seat.user, league_day() - dt.timedelta(days=1))

    fresh = add(committee, seat.user)
    assert committee.is_member(seat.user, league_day())
    services.end_membership(fresh, actor=UserFactory(), **when())  # type: ignore[arg-type]
    assert not committee.is_member(seat.user, league_day())


def test_dissolve_ends_every_seat(committee: Committee) -> None:
    seats = CommitteeMemberFactory.create_batch(2, committee=committee)

    services.dissolve(committee, actor=UserFactory(), **when())  # type: ignore[arg-type]

    assert not any(committee.is_member(seat.user, league_day()) for seat in seats)
    for change in (
        lambda: services.dissolve(committee, actor=UserFactory(), **when()),  # type: ignore[arg-type]
        lambda: add(committee, MembershipFactory().user),
    ):
        with pytest.raises(services.CommitteeOver):
            change()


def test_stale_pages_change_nothing(committee: Committee) -> None:
    seat = CommitteeMemberFactory(committee=committee)
    add(committee, MembershipFactory().user, version=0)

    for change in (
        lambda: add(committee, MembershipFactory().user, version=0),
        lambda: services.end_membership(seat, version=0, actor=seat.user, **when()),  # type: ignore[arg-type]
        lambda: services.appoint_chair(seat, version=0, actor=seat.user, **when()),  # type: ignore[arg-type]
        lambda: services.dissolve(committee, version=0, actor=seat.user, **when()),  # type: ignore[arg-type]
        lambda: services.save_committee(committee, version=0, actor=seat.user, at=timezone.now()),
    ):
        with pytest.raises(services.StaleCommittee):
            change()

    assert committee.members.open().count() == 2


def test_who_is_expelled_sits_nowhere_and_who_is_suspended_keeps_the_seat(committee: Committee) -> None:
    expelled, suspended = CommitteeMemberFactory.create_batch(2, committee=committee)
    SanctionFactory(membership=expelled.user.membership, kind=SanctionKind.EXPULSION)
    SanctionFactory(membership=suspended.user.membership)
    for seat in (expelled, suspended):
        refresh_standing(seat.user.membership, on=league_day())

    assert not committee.is_member(expelled.user, league_day())
    assert committee.is_member(suspended.user, league_day())
    assert not Committee.objects.visible_to(expelled.user).exists()


def test_visible_to() -> None:
    listed, unlisted = CommitteeFactory(), CommitteeFactory(is_listed=False)
    chapters = CommitteeFactory(is_listed=False, chapter=ChapterFactory())
    seat = CommitteeMemberFactory(committee=unlisted)
    superuser = User.objects.create_superuser("root@example.org", "four unrelated quiet words", name_native="Root")

    def seen(user: User) -> set[Committee]:
        return set(Committee.objects.visible_to(user))

    assert seen(MembershipFactory().user) == {listed}
    assert seen(seat.user) == {listed, unlisted}
    assert seen(OfficeTermFactory().user) == {chapters}
    assert seen(OfficeTermFactory(role=OfficeRole.REGISTRAR, chapter=None).user) == {listed, unlisted, chapters}
    assert seen(UserFactory()) == seen(superuser) == seen(MembershipFactory(paid=500).user) == set()


# Pages of members


def test_committee_page_shows_names_and_never_addresses(
    committee: Committee, client: Client, catalogues: dict[str, CourseIndexPage]
) -> None:
    seat = CommitteeMemberFactory(committee=committee, role=CommitteeRole.CHAIR)
    client.force_login(MembershipFactory().user)

    page = client.get(f"/en/committees/{committee.pk}/").content.decode()

    assert seat.user.name_native in page
    assert "chair" in page
    assert seat.user.email not in page
    assert "members/add/" not in page
    assert committee.name_en in client.get("/en/committees/").content.decode()


def test_chair_adds_and_removes_by_number(
    committee: Committee, client: Client, catalogues: dict[str, CourseIndexPage]
) -> None:
    chair = CommitteeMemberFactory(committee=committee, role=CommitteeRole.CHAIR)
    member = MembershipFactory()
    path = f"/en/committees/{committee.pk}/"
    client.force_login(chair.user)

    unknown = client.post(f"{path}members/add/", {"version": 0, "number": "KZ-99999", "role": "member"})
    as_chair = client.post(f"{path}members/add/", {"version": 0, "number": member.number, "role": "chair"})
    client.post(f"{path}members/add/", {"version": 0, "number": f" {member.number.lower()}", "role": "secretary"})
    stale = client.post(f"{path}members/add/", {"version": 0, "number": MembershipFactory().number, "role": "member"})
    seat = committee.members.get(user=member.user)

    assert (unknown.status_code, as_chair.status_code, stale.status_code) == (422, 422, 422)
    assert 'name="version" value="1"' in stale.content.decode()
    assert seat.role == CommitteeRole.SECRETARY
    client.post(f"{path}members/{seat.pk}/remove/", {"version": 0})
    assert committee.is_member(member.user, league_day())
    client.post(f"{path}members/{seat.pk}/remove/", {"version": 1})
    assert not committee.is_member(member.user, league_day())


def test_a_number_tells_a_chair_nothing_of_whom_he_does_not_see(
    client: Client, catalogues: dict[str, CourseIndexPage]
) -> None:
    chapter = ChapterFactory()
    committee = CommitteeFactory(chapter=chapter)
    chair = CommitteeMemberFactory(committee=committee, role=CommitteeRole.CHAIR)
    hidden = MembershipFactory(chapter=chapter)
    abroad = MembershipFactory(chapter=ChapterFactory(country=Country.TAJIKISTAN))
    lapsed = MembershipFactory(chapter=chapter, paid=500)
    Profile.objects.filter(user=hidden.user).update(name_audience=Audience.NOBODY)
    path = f"/en/committees/{committee.pk}/members/add/"

    def ask(number: str) -> list[str]:
        response = client.post(path, {"version": committee.version, "number": number, "role": "member"})
        assert response.status_code == 422
        errors: list[str] = response.context["form"].errors["number"]
        return errors

    client.force_login(chair.user)
    answers = [ask(number) for number in ("KZ-99999", hidden.number, abroad.number, lapsed.number)]
    assert all(answer == answers[0] for answer in answers)
    client.force_login(OfficeTermFactory(chapter=chapter).user)
    assert ask(abroad.number) == answers[0]
    client.post(path, {"version": committee.version, "number": hidden.number, "role": "member"})

    assert committee.is_member(hidden.user, league_day())
    assert hidden.user.name_native in client.get(committee.get_absolute_url()).content.decode()
    for reader in (chair.user, MembershipFactory(chapter=chapter).user):
        client.force_login(reader)
        assert hidden.user.name_native not in client.get(committee.get_absolute_url()).content.decode()
    client.force_login(hidden.user)
    assert hidden.user.name_native in client.get(committee.get_absolute_url()).content.decode()


def test_numbers_are_tried_thirty_times_an_hour_at_most(
    committee: Committee, client: Client, catalogues: dict[str, CourseIndexPage]
) -> None:
    chair = CommitteeMemberFactory(committee=committee, role=CommitteeRole.CHAIR)
    client.force_login(chair.user)
    path = f"/en/committees/{committee.pk}/members/add/"

    statuses = [client.post(path, {"version": 0, "number": "KZ-99999"}).status_code for _try in range(31)]

    assert set(statuses[:30]) == {422}
    assert statuses[30] == 429


def test_others_may_not_change_members(
    committee: Committee, client: Client, catalogues: dict[str, CourseIndexPage]
) -> None:
    seat = CommitteeMemberFactory(committee=committee)
    hidden = CommitteeFactory(is_listed=False)
    client.force_login(seat.user)

    data = {"version": 0, "number": MembershipFactory().number, "role": "member"}
    assert client.post(f"/en/committees/{committee.pk}/members/add/", data).status_code == 403
    assert client.post(f"/en/committees/{committee.pk}/members/{seat.pk}/remove/", data).status_code == 403
    assert client.post(f"/en/committees/{hidden.pk}/members/add/", data).status_code == 404
    assert client.get(f"/en/committees/{hidden.pk}/").status_code == 404
    client.logout()
    assert "/account/login/" in client.get("/en/committees/")["Location"]

    assert committee.members.count() == 1


@pytest.mark.parametrize("count", [1, 3, 30])
def test_pages_take_as_many_queries_for_many_rows(
    count: int,
    committee: Committee,
    client: Client,
    catalogues: dict[str, CourseIndexPage],
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    CommitteeFactory.create_batch(count - 1, chapter=ChapterFactory())
    seats = CommitteeMemberFactory.create_batch(count, committee=committee)
    client.force_login(seats[0].user)
    client.get("/en/committees/")

    with django_assert_num_queries(7):
        assert len(client.get("/en/committees/").context["page_obj"].object_list) == count
    with django_assert_num_queries(10):  # names: whose the directory shows, by membership and countries
        assert len(client.get(f"/en/committees/{committee.pk}/").context["seats"]) == count


# The office


@pytest.fixture
def registrar(catalogues: dict[str, CourseIndexPage], settings: Settings, client: Client) -> User:
    """The registrar, signed in."""
    settings.REQUIRE_STAFF_MFA = False
    user = OfficeTermFactory(role=OfficeRole.REGISTRAR, chapter=None).user
    client.force_login(user)
    return user


FORM = {
    "name_ru": "Комитет",
    "name_en": "Committee",
    "kind": "working_group",
    "starts_on": "2026-01-01",
    "is_listed": "on",
    "version": "0",
}


def test_office_founds_seats_and_dissolves(registrar: User, client: Client) -> None:
    member = MembershipFactory()

    client.post(f"{OFFICE}new/", FORM)
    committee = Committee.objects.get()
    page = f"{OFFICE}{committee.pk}/"
    client.post(f"{page}members/", {"version": 0, "number": member.number, "role": "member"})
    seat = committee.members.get()
    client.post(f"{page}members/{seat.pk}/chair/", {"version": 0})
    assert not committee.members.filter(role=CommitteeRole.CHAIR).exists()
    client.post(f"{page}members/{seat.pk}/chair/", {"version": 1})
    assert committee.members.get().role == CommitteeRole.CHAIR
    client.post(f"{page}edit/", {**FORM, "name_en": "Stale", "version": "1"})
    client.post(f"{page}edit/", {**FORM, "name_en": "Renamed", "version": "2"})
    assert "Renamed" in [Committee.objects.get().name_en]
    assert client.get(page).status_code == 200
    assert client.post(f"{page}members/", {"version": 3, "number": "KZ-99999", "role": "member"}).status_code == 422
    client.post(f"{page}members/{committee.members.get().pk}/remove/", {"version": 3})
    client.post(f"{page}dissolve/", {"version": 0})
    assert Committee.objects.get().ends_on is None
    client.post(f"{page}dissolve/", {"version": 4})
    client.post(f"{page}dissolve/", {"version": 5})

    assert Committee.objects.get().ends_on is not None
    assert client.post(f"{OFFICE}new/", {**FORM, "name_en": ""}).status_code == 422


def test_officer_of_a_chapter_runs_its_own_committees_only(registrar: User, client: Client) -> None:
    chapter, abroad = ChapterFactory(), ChapterFactory(country=Country.KYRGYZSTAN)
    own, theirs, league = CommitteeFactory(chapter=chapter), CommitteeFactory(chapter=abroad), CommitteeFactory()
    client.force_login(OfficeTermFactory(chapter=chapter).user)

    listed = set(client.get(OFFICE).context["page_obj"].object_list)
    refused = [client.post(f"{OFFICE}new/", {**FORM, "chapter": value}).status_code for value in ("", abroad.pk)]

    assert listed == {own}
    assert refused == [422, 422]
    assert client.post(f"{OFFICE}new/", {**FORM, "chapter": chapter.pk}).status_code == 302
    for committee in (theirs, league):
        assert client.get(f"{OFFICE}{committee.pk}/").status_code == 404
        assert client.post(f"{OFFICE}{committee.pk}/dissolve/", {"version": 0}).status_code == 404


def test_office_is_closed_to_superusers_and_reviewers(registrar: User, client: Client) -> None:
    superuser = User.objects.create_superuser("root@example.org", "four unrelated quiet words", name_native="Root")
    committee = CommitteeFactory()

    for user in (superuser, OfficeTermFactory(role=OfficeRole.CHAPTER_REVIEWER).user):
        client.force_login(user)
        for path in ("", "new/", f"{committee.pk}/", f"{committee.pk}/edit/"):
            assert client.get(OFFICE + path)["Location"] == "/admin/"
        client.post(f"{OFFICE}{committee.pk}/dissolve/", {"version": 0})

    committee.refresh_from_db()
    assert committee.ends_on is None


@pytest.mark.parametrize("count", [1, 3, 30])
def test_office_pages_take_as_many_queries_for_many_rows(
    count: int, registrar: User, client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    committees = CommitteeFactory.create_batch(count)
    CommitteeMemberFactory.create_batch(count, committee=committees[0])
    client.get(OFFICE)

    with django_assert_num_queries(11):
        assert len(client.get(OFFICE).context["page_obj"].object_list) == count
    with django_assert_num_queries(11):
        assert len(client.get(f"{OFFICE}{committees[0].pk}/").context["seats"]) == count
