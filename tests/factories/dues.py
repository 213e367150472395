"""Factories of dues: how to pay, the plan of reminders, officers who may open the office."""

import factory
from django.contrib.auth.models import Group, Permission
from wagtail.users.models import UserProfile

from accounts.models import User
from members.choices import OFFICE_GROUPS, Currency, OfficeRole, ReminderText
from members.models import Chapter, PaymentDetails, ReminderStep
from tests.factories.accounts import UserFactory
from tests.factories.members import ChapterFactory, OfficeTermFactory
from tests.factories.membership import TierFactory


class PaymentDetailsFactory(factory.django.DjangoModelFactory):
    """An account in tenge."""

    class Meta:
        model = PaymentDetails

    chapter = factory.SubFactory(ChapterFactory)
    currency = Currency.KZT
    text_ru = "Получатель: Лига\nСчёт KZ00 0000 0000 0000 0000"
    text_en = "Payee: the League\nAccount KZ00 0000 0000 0000 0000"


class ReminderStepFactory(factory.django.DjangoModelFactory):
    """A month before the end."""

    class Meta:
        model = ReminderStep

    tier = factory.SubFactory(TierFactory)
    offset_days = -30
    text = ReminderText.SOON


def officer(role: OfficeRole, chapter: Chapter | None) -> User:
    """Return a person with an office of a chapter or of the League, whose group opens Wagtail's admin."""
    user: User = UserFactory()
    OfficeTermFactory(user=user, role=role, chapter=chapter)
    group, _created = Group.objects.get_or_create(name=OFFICE_GROUPS[role])
    group.permissions.add(Permission.objects.get(content_type__app_label="wagtailadmin", codename="access_admin"))
    UserProfile.objects.create(user=user, preferred_language="en")  # the admin speaks the language of the code
    return user
