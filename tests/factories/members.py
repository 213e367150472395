import datetime as dt

import factory
from django.utils import timezone

from members.choices import Country, OfficeRole
from members.models import Announcement, Chapter, OfficeTerm, Profile
from tests.factories.accounts import UserFactory


class ChapterFactory(factory.django.DjangoModelFactory):
    """The chapter of Kazakhstan; asked for twice, it is the same one."""

    class Meta:
        model = Chapter
        django_get_or_create = ("country",)

    country = Country.KAZAKHSTAN
    name_ru = factory.LazyAttribute(lambda chapter: f"Отделение {chapter.country}")
    name_en = factory.LazyAttribute(lambda chapter: f"Chapter {chapter.country}")
    city = "Алматы"


class ProfileFactory(factory.django.DjangoModelFactory):
    """A member of a chapter."""

    class Meta:
        model = Profile

    user = factory.SubFactory(UserFactory)
    chapter = factory.SubFactory(ChapterFactory)


class OfficeTermFactory(factory.django.DjangoModelFactory):
    """An officer of a chapter since the first day of 2026; `role` REGISTRAR needs `chapter=None`."""

    class Meta:
        model = OfficeTerm

    user = factory.SubFactory(UserFactory)
    role = OfficeRole.CHAPTER_OFFICER
    chapter = factory.SubFactory(ChapterFactory)
    starts_on = dt.date(2026, 1, 1)


class AnnouncementFactory(factory.django.DjangoModelFactory):
    """A draft to everybody; `is_published=True` has been published this minute, without telling anybody."""

    class Meta:
        model = Announcement
        skip_postgeneration_save = True

    class Params:
        is_published = factory.Trait(published_at=factory.LazyFunction(timezone.now))

    title_ru = factory.Sequence(lambda number: f"Собрание № {number}")
    text_ru = "Первый абзац.\n\nВторой абзац."
    title_en = factory.Sequence(lambda number: f"Assembly no. {number}")
    text_en = "First paragraph.\n\nSecond paragraph."

    @factory.post_generation
    def chapters(self, create: bool, extracted: list[Chapter] | None) -> None:
        if create and extracted:
            self.chapters.set(extracted)  # type: ignore[attr-defined]  # by now an Announcement
