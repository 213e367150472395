"""Factories of committees."""

import datetime as dt

import factory

from members.models import Committee, CommitteeMember, league_day
from tests.factories.membership import MembershipFactory


class CommitteeFactory(factory.django.DjangoModelFactory):
    """A listed committee of the whole League since a year."""

    class Meta:
        model = Committee

    name_ru = factory.Sequence(lambda number: f"Комитет {number}")
    name_en = factory.Sequence(lambda number: f"Committee {number}")
    starts_on = factory.LazyFunction(lambda: league_day() - dt.timedelta(days=365))


class CommitteeMemberFactory(factory.django.DjangoModelFactory):
    """An active member of the League with a seat since a month."""

    class Meta:
        model = CommitteeMember

    committee = factory.SubFactory(CommitteeFactory)
    user = factory.LazyFunction(lambda: MembershipFactory().user)
    starts_on = factory.LazyFunction(lambda: league_day() - dt.timedelta(days=30))
