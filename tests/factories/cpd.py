"""Factories of professional development."""

import datetime as dt

import factory
from django.utils import timezone

from members.choices import CpdActivity, CpdSource
from members.models import CpdClaim, CpdEntry, CpdRule
from tests.factories.accounts import UserFactory


class CpdClaimFactory(factory.django.DjangoModelFactory):
    """A claim of two hours of a seminar that waits; give it a `user` with a membership."""

    class Meta:
        model = CpdClaim

    user = factory.SubFactory(UserFactory)
    activity = CpdActivity.SEMINAR
    provider = "Bar Association"
    title = factory.Sequence(lambda number: f"Seminar {number}")
    done_on = dt.date(2026, 3, 2)
    minutes = 120
    topics = factory.LazyFunction(lambda: ["ethics"])
    claimed_at = factory.LazyFunction(timezone.now)


class CpdEntryFactory(factory.django.DjangoModelFactory):
    """Two hours of a seminar in 2026."""

    class Meta:
        model = CpdEntry

    user = factory.SubFactory(UserFactory)
    activity = CpdActivity.SEMINAR
    provider = "Bar Association"
    title = factory.Sequence(lambda number: f"Seminar {number}")
    done_on = dt.date(2026, 3, 2)
    minutes = 120
    source = CpdSource.EXTERNAL
    recorded_at = factory.LazyFunction(timezone.now)


class CpdRuleFactory(factory.django.DjangoModelFactory):
    """A rule of Kazakhstan of which nothing is known."""

    class Meta:
        model = CpdRule

    country = "KZ"
    starts_on = dt.date(2026, 1, 1)
    source_ru = "Источник"
    source_en = "A source"
