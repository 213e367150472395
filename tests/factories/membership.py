"""Factories of membership: kinds, memberships with a period, licences, applications, prices, invoices."""

import datetime as dt
from decimal import Decimal
from typing import Any

import factory
from django.utils import timezone

from members.choices import ApplicationStatus, ConsentKind, Country, Currency, InvoicePurpose, PeriodSource
from members.models import (
    Application,
    ConsentText,
    Invoice,
    Licence,
    LicenceRule,
    Membership,
    MembershipPeriod,
    Reference,
    SafetyProfile,
    Sanction,
    Tier,
    TierPrice,
    league_day,
)
from members.services.memberships import refresh_standing
from tests.factories.accounts import UserFactory
from tests.factories.members import ChapterFactory, ProfileFactory


class SafetyProfileFactory(factory.django.DjangoModelFactory):
    """The profile of a country where nothing is ever public."""

    class Meta:
        model = SafetyProfile
        django_get_or_create = ("country",)

    country = Country.KAZAKHSTAN


class TierFactory(factory.django.DjangoModelFactory):
    """Full advocates; asked for twice, it is the same one."""

    class Meta:
        model = Tier
        django_get_or_create = ("code",)

    code = "full"
    name_ru = "Адвокат"
    name_en = "Advocate"


class MembershipFactory(factory.django.DjangoModelFactory):
    """A member with a profile whose one period began `days_ago` days ago; `periods=0` makes none."""

    class Meta:
        model = Membership
        skip_postgeneration_save = True

    user = factory.SubFactory(UserFactory)
    number = factory.Sequence(lambda number: f"KZ-{60000 + number}")  # above those that admissions give
    chapter = factory.SubFactory(ChapterFactory)
    tier = factory.SubFactory(TierFactory)
    joined_on = factory.LazyFunction(lambda: league_day() - dt.timedelta(days=30))

    @factory.post_generation
    def paid(self, create: bool, days_ago: int | None, **kwargs: Any) -> None:
        """The period; `paid=None` is a month ago, `paid=400` has ended, `paid=-1` makes none."""
        if not create:
            return
        ProfileFactory(user=self.user, chapter=self.chapter)
        days = 30 if days_ago is None else days_ago
        if days >= 0:
            PeriodFactory(membership=self, tier=self.tier, starts_on=league_day() - dt.timedelta(days=days))
        refresh_standing(self, on=league_day())


class PeriodFactory(factory.django.DjangoModelFactory):
    """A year from `starts_on`; refresh the standing afterwards."""

    class Meta:
        model = MembershipPeriod

    membership = factory.SubFactory(MembershipFactory, paid=-1)
    tier = factory.SelfAttribute("membership.tier")
    starts_on = factory.LazyFunction(league_day)
    ends_on = factory.LazyAttribute(lambda period: period.starts_on + dt.timedelta(days=364))
    source = PeriodSource.ADMISSION
    created_at = factory.LazyFunction(timezone.now)


class SanctionFactory(factory.django.DjangoModelFactory):
    """A confirmed suspension since yesterday, until it is decided; refresh the standing afterwards."""

    class Meta:
        model = Sanction

    membership = factory.SubFactory(MembershipFactory)
    kind = "suspension"
    ground = "code_of_conduct"
    starts_on = factory.LazyFunction(lambda: league_day() - dt.timedelta(days=1))
    confirmed_at = factory.LazyFunction(timezone.now)


class LicenceRuleFactory(factory.django.DjangoModelFactory):
    """A rule of Kazakhstan that asks for nothing special."""

    class Meta:
        model = LicenceRule

    country = Country.KAZAKHSTAN
    starts_on = dt.date(2020, 1, 1)
    document_ru = "Лицензия на занятие адвокатской деятельностью"
    document_en = "Licence to practise as an advocate"
    body_ru = "Министерство юстиции"
    body_en = "Ministry of Justice"


class LicenceFactory(factory.django.DjangoModelFactory):
    """A licence that nobody has checked."""

    class Meta:
        model = Licence

    user = factory.SubFactory(UserFactory)
    country = Country.KAZAKHSTAN
    number = factory.Sequence(lambda number: f"{number:07d}")
    issued_on = dt.date(2015, 3, 12)


class ConsentTextFactory(factory.django.DjangoModelFactory):
    """The first version of what people agree to about their data."""

    class Meta:
        model = ConsentText
        django_get_or_create = ("kind", "version")

    kind = ConsentKind.DATA
    version = 1
    text_ru = "Я согласен на обработку моих данных."
    text_en = "I agree to the processing of my data."
    starts_on = dt.date(2026, 1, 1)


class ApplicationFactory(factory.django.DjangoModelFactory):
    """A draft; any other `status` has been submitted three days ago."""

    class Meta:
        model = Application

    class Params:
        is_submitted = factory.LazyAttribute(lambda application: application.status != ApplicationStatus.DRAFT)

    user = factory.SubFactory(UserFactory)
    status = ApplicationStatus.DRAFT
    chapter = factory.SubFactory(ChapterFactory)
    tier = factory.SubFactory(TierFactory)
    created_at = factory.LazyFunction(lambda: timezone.now() - dt.timedelta(days=4))
    touched_at = factory.LazyFunction(timezone.now)
    status_at = factory.LazyFunction(timezone.now)
    number = factory.LazyAttributeSequence(lambda one, number: f"A-{number:05d}" if one.is_submitted else "")
    submitted_at = factory.LazyAttribute(
        lambda one: timezone.now() - dt.timedelta(days=3) if one.is_submitted else None
    )


class ReferenceFactory(factory.django.DjangoModelFactory):
    """A referee who was named; nobody has written to him yet."""

    class Meta:
        model = Reference

    application = factory.SubFactory(ApplicationFactory)
    name = "Данияр Абенов"
    email = factory.Sequence(lambda number: f"referee{number}@example.org")


class TierPriceFactory(factory.django.DjangoModelFactory):
    """30,000 tenge a year."""

    class Meta:
        model = TierPrice

    tier = factory.SubFactory(TierFactory)
    chapter = factory.SubFactory(ChapterFactory)
    currency = Currency.KZT
    amount = Decimal(30000)
    starts_on = dt.date(2026, 1, 1)


class InvoiceFactory(factory.django.DjangoModelFactory):
    """An open invoice of a member for a renewal, issued today."""

    class Meta:
        model = Invoice

    number = factory.Sequence(lambda number: f"2026-KZ-{number:05d}")
    membership = factory.SubFactory(MembershipFactory)
    user = factory.SelfAttribute("membership.user")
    chapter = factory.SelfAttribute("membership.chapter")
    tier = factory.SelfAttribute("membership.tier")
    purpose = InvoicePurpose.RENEWAL
    currency = Currency.KZT
    amount = Decimal(30000)
    issued_on = factory.LazyFunction(league_day)
    due_on = factory.LazyAttribute(lambda invoice: invoice.issued_on + dt.timedelta(days=30))
    payer_name = factory.SelfAttribute("user.name_native")
