import datetime as dt
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from members.choices import Country, OfficeRole


class Chapter(models.Model):
    """The League's organisation in one country."""

    country = models.CharField(_("country"), max_length=2, choices=Country.choices, unique=True)
    name_ru = models.CharField(_("name in Russian"), max_length=120)
    name_en = models.CharField(_("name in English"), max_length=120)
    city = models.CharField(_("seat"), max_length=80)
    founded_on = models.DateField(_("founded"), null=True, blank=True)

    class Meta:
        verbose_name = _("chapter")
        verbose_name_plural = _("chapters")

    def __str__(self) -> str:
        return self.name_ru


class Profile(models.Model):
    """What makes an account a member's: the chapter it belongs to.

    Deleting an account deletes its profile; a chapter with people in it cannot be deleted.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="profile", verbose_name=_("person")
    )
    chapter = models.ForeignKey(Chapter, on_delete=models.PROTECT, related_name="profiles", verbose_name=_("chapter"))
    city = models.CharField(_("city"), max_length=80, blank=True)

    class Meta:
        verbose_name = _("profile")
        verbose_name_plural = _("profiles")

    def __str__(self) -> str:
        return str(self.user)


class OfficeTermQuerySet(models.QuerySet["OfficeTerm"]):
    def current(self, on: dt.date) -> Self:
        """Keep the terms that run on that day, its first and last day included."""
        return self.filter(Q(ends_on__isnull=True) | Q(ends_on__gte=on), starts_on__lte=on)


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
                condition=(Q(role=OfficeRole.CHAPTER_OFFICER) & Q(chapter__isnull=False))
                | (Q(role=OfficeRole.REGISTRAR) & Q(chapter__isnull=True)),
                name="members_officeterm_chapter_fits_role",
                violation_error_message=_("A chapter officer needs a chapter; a registrar serves the whole League."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.get_role_display()}"
