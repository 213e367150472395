"""What an office lets a person reach, for as long as its term runs."""

import datetime as dt
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from audit.models import AuditEvent
from members.choices import Country, OfficeRole
from members.models import Chapter, Membership, OfficeTerm, league_day, offices_of
from members.permissions.offices import membership_parties, parties_in
from members.rules.transitions import Party
from members.services.sanctions import resign_membership
from tests.factories.accounts import UserFactory
from tests.factories.members import ChapterFactory, OfficeTermFactory
from tests.factories.membership import MembershipFactory, SanctionFactory
from tests.factories.office import holder_of

pytestmark = pytest.mark.django_db


def city_chapter(parent: Chapter) -> Chapter:
    return Chapter.objects.create(country=parent.country, parent=parent, name_ru="Ош", name_en="Osh", city="Ош")


def test_an_officer_reaches_the_chapter_and_its_cities_only() -> None:
    officer = OfficeTermFactory().user
    own = MembershipFactory()
    in_city = MembershipFactory(chapter=city_chapter(own.chapter))
    MembershipFactory(chapter=ChapterFactory(country=Country.UZBEKISTAN))

    assert set(Membership.objects.visible_to(officer)) == {own, in_city}


def test_an_officer_of_a_city_does_not_reach_the_country() -> None:
    country = ChapterFactory()
    city = city_chapter(country)
    officer = OfficeTermFactory(chapter=city).user
    MembershipFactory(chapter=country)
    in_city = MembershipFactory(chapter=city)

    assert set(Membership.objects.visible_to(officer)) == {in_city}
    assert parties_in(officer, country) == set()
    assert parties_in(officer, city) == {Party.CHAPTER_OFFICER}


def test_a_registrar_reaches_every_chapter() -> None:
    registrar = OfficeTermFactory(role=OfficeRole.REGISTRAR, chapter=None).user
    memberships = {MembershipFactory(), MembershipFactory(chapter=ChapterFactory(country=Country.TAJIKISTAN))}

    assert set(Membership.objects.visible_to(registrar)) == memberships


def test_a_superuser_reaches_no_membership_but_his_own() -> None:
    MembershipFactory()
    own = MembershipFactory(user=UserFactory(is_superuser=True))

    assert list(Membership.objects.visible_to(own.user)) == [own]
    assert parties_in(own.user, own.chapter) == set()


@pytest.mark.parametrize("ended", [{"starts_on": dt.date(2025, 1, 1), "ends_on": dt.date(2025, 12, 31)}])
def test_a_term_that_ended_gives_nothing(ended: dict[str, dt.date]) -> None:
    MembershipFactory()
    officer = OfficeTermFactory(**ended).user

    assert not offices_of(officer)
    assert not Membership.objects.visible_to(officer)


def test_who_is_suspended_holds_no_office() -> None:
    officer = OfficeTermFactory(chapter=ChapterFactory()).user
    SanctionFactory(membership=MembershipFactory(user=officer))

    assert not offices_of(officer)


@pytest.mark.parametrize(
    ("fields", "holds"),
    [
        ({}, True),
        ({"paid": 370}, True),  # in grace
        ({"paid": 500}, False),
        ({"paid": -1}, False),
        ({"resigned_on": dt.date(2026, 1, 2)}, False),
        ({"deceased_on": dt.date(2026, 1, 2)}, False),
    ],
)
@pytest.mark.parametrize("role", [OfficeRole.CHAPTER_OFFICER, OfficeRole.BOARD])
def test_a_member_s_office_needs_a_living_standing(role: OfficeRole, fields: dict[str, Any], holds: bool) -> None:
    officer = holder_of(role, ChapterFactory())
    assert offices_of(User.objects.get(pk=officer.pk))  # staff without any membership

    MembershipFactory(user=officer, **fields)

    assert bool(offices_of(User.objects.get(pk=officer.pk))) is holds
    assert OfficeTerm.objects.held(league_day()).exists() is holds


@pytest.mark.parametrize("at_period_end", [False, True])
def test_a_resignation_ends_every_office(at_period_end: bool) -> None:
    membership = MembershipFactory()
    term = OfficeTermFactory(user=membership.user)
    ended = OfficeTermFactory(user=membership.user, ends_on=dt.date(2026, 1, 31))
    later = OfficeTermFactory(user=membership.user, starts_on=league_day() + dt.timedelta(days=900))

    day = resign_membership(membership, actor=membership.user, at_period_end=at_period_end, at=timezone.now())

    term.refresh_from_db()
    ended.refresh_from_db()
    assert (term.ends_on, ended.ends_on) == (day - dt.timedelta(days=1), dt.date(2026, 1, 31))
    assert not OfficeTerm.objects.filter(pk=later.pk).exists()
    actions = AuditEvent.objects.filter(person_id=membership.user_id, action__startswith="members.office_term")
    assert set(actions.values_list("action", "actor_id")) == {
        ("members.office_term_changed", membership.user_id),
        ("members.office_term_removed", membership.user_id),
    }
    assert bool(offices_of(User.objects.get(pk=membership.user_id))) is at_period_end


def test_offices_take_one_query(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    officer = OfficeTermFactory(user=MembershipFactory().user).user

    with django_assert_num_queries(1):
        offices_of(officer)


def test_nobody_holds_an_office_over_oneself() -> None:
    membership = MembershipFactory()
    OfficeTermFactory(user=membership.user, chapter=membership.chapter)

    assert membership_parties(membership.user, membership) == {Party.MEMBER}


def test_an_office_brings_the_permissions_of_its_group_until_it_ends() -> None:
    access = Permission.objects.get(content_type__app_label="wagtailadmin", codename="access_admin")
    Group.objects.get(name="Chapter officers").permissions.add(access)
    term = OfficeTermFactory()

    assert term.user.has_perm("wagtailadmin.access_admin")

    term.ends_on = term.starts_on
    term.save()
    fresh = type(term.user).objects.get(pk=term.user.pk)
    assert not fresh.has_perm("wagtailadmin.access_admin")
