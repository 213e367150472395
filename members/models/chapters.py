"""The League's structure: chapters with their country's safety profile, and who holds which office until when."""

import datetime as dt
from typing import Self
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts.models import validate_time_zone
from members.choices import CHAPTER_ROLES, LEAGUE_ROLES, LISTED_STANDINGS, Country, Currency, OfficeRole


def league_day() -> dt.date:
    """Return today as the League's office counts it."""
    return timezone.localdate(timezone=ZoneInfo(settings.TIME_ZONE))


class SafetyProfile(models.Model):
    """What may be shown of members in a country: data, because safety there changes and code does not."""

    country = models.CharField(_("country"), max_length=2, choices=Country.choices, unique=True)
    directory_public_allowed = models.BooleanField(_("members may show fields to everybody"), default=False)
    photo_allowed = models.BooleanField(_("photographs may be shown"), default=False)
    chapter_size_shown = models.BooleanField(_("the number of members may be shown"), default=False)
    pseudonym_allowed = models.BooleanField(_("pseudonyms are allowed in the forum"), default=True)
    neutral_subjects = models.BooleanField(_("letters have neutral subjects"), default=True)

    class Meta:
        verbose_name = _("safety profile")
        verbose_name_plural = _("safety profiles")

    def __str__(self) -> str:
        return self.get_country_display()


class ChapterQuerySet(models.QuerySet["Chapter"]):
    def national(self) -> Self:
        """Keep the chapters of countries, without those of cities."""
        return self.filter(parent__isnull=True)

    def within(self, chapter_ids: set[int]) -> Self:
        """Keep these chapters and the city chapters that belong to them."""
        return self.filter(Q(pk__in=chapter_ids) | Q(parent__in=chapter_ids))


class Chapter(models.Model):
    """The League's organisation in one country, or in a city of it."""

    country = models.CharField(_("country"), max_length=2, choices=Country.choices)
    parent = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="city_chapters",
        verbose_name=_("belongs to"),
        help_text=_("Empty for the chapter of a country."),
    )
    name_ru = models.CharField(_("name in Russian"), max_length=120)
    name_en = models.CharField(_("name in English"), max_length=120)
    city = models.CharField(_("seat"), max_length=80)
    founded_on = models.DateField(_("founded"), null=True, blank=True)
    currency = models.CharField(_("currency of dues"), max_length=3, choices=Currency.choices, default=Currency.USD)
    time_zone = models.CharField(_("time zone"), max_length=40, default="Asia/Bishkek", validators=[validate_time_zone])

    objects = ChapterQuerySet.as_manager()

    class Meta:
        verbose_name = _("chapter")
        verbose_name_plural = _("chapters")
        constraints = [
            models.UniqueConstraint(
                fields=["country"],
                condition=Q(parent__isnull=True),
                name="members_chapter_one_per_country",
                violation_error_message=_("This country has a chapter; a city’s chapter belongs to it."),
            ),
            models.CheckConstraint(
                condition=~Q(parent=F("pk")),
                name="members_chapter_not_its_own_parent",
                violation_error_message=_("A chapter cannot belong to itself."),
            ),
        ]

    def __str__(self) -> str:
        return self.name_in(get_language())

    def clean(self) -> None:
        """Allow two levels only: a country and its cities."""
        if self.parent is not None and (self.parent.parent_id is not None or self.parent.country != self.country):
            raise ValidationError({"parent": _("A city’s chapter belongs to the chapter of its own country.")})

    def name_in(self, language: str | None) -> str:
        """Return the name in English for English, else in Russian."""
        return self.name_en if language == "en" else self.name_ru

    def today(self) -> dt.date:
        """Return the date that it is in the chapter."""
        return timezone.localdate(timezone=ZoneInfo(self.time_zone))


class OfficeTermQuerySet(models.QuerySet["OfficeTerm"]):
    def current(self, on: dt.date) -> Self:
        """Keep the terms that run on that day, its first and last day included."""
        return self.filter(Q(ends_on__isnull=True) | Q(ends_on__gte=on), starts_on__lte=on)

    def held(self, on: dt.date) -> Self:
        """Keep the terms that run on that day and whose holder is a member in good standing, or staff.

        Staff of the League have no membership at all; who has one keeps an office only while it is active or in grace.
        """
        return self.current(on).filter(
            Q(user__membership__isnull=True) | Q(user__membership__standing__in=LISTED_STANDINGS)
        )


class OfficeTerm(models.Model):
    """A person's term in an office: of a chapter, or of the whole League where no chapter is named."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="office_terms",
        verbose_name=_("person"),
    )
    role = models.CharField(_("office"), max_length=20, choices=OfficeRole.choices)
    chapter = models.ForeignKey(
        Chapter,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="office_terms",
        verbose_name=_("chapter"),
    )
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("until"), null=True, blank=True)

    objects = OfficeTermQuerySet.as_manager()

    class Meta:
        verbose_name = _("term of office")
        verbose_name_plural = _("terms of office")
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                name="members_officeterm_ends_after_start",
                violation_error_message=_("A term cannot end before it starts."),
            ),
            models.CheckConstraint(
                condition=Q(role__in=CHAPTER_ROLES, chapter__isnull=False)
                | Q(role__in=LEAGUE_ROLES, chapter__isnull=True)
                | Q(role=OfficeRole.TREASURER),
                name="members_officeterm_chapter_fits_role",
                violation_error_message=_(
                    "Reviewers and officers of a chapter need a chapter; registrars, board and ethics committee serve "
                    "the whole League."
                ),
            ),
        ]

    def __str__(self) -> str:
        """Name nobody: Wagtail keeps this in its log, which people read who may not know who holds which office."""
        return _("term of office %(number)s") % {"number": self.pk}
