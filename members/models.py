import datetime as dt
import re
from typing import Self
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Cast
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.choices import Language
from accounts.models import User
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


def league_day() -> dt.date:
    """Return today as the League's office counts it."""
    return timezone.localdate(timezone=ZoneInfo(settings.TIME_ZONE))


def validate_roles(value: object) -> None:
    """Raise ValidationError unless there is a list of offices."""
    _validate_list(value, OfficeRole.values)


def validate_languages(value: object) -> None:
    """Raise ValidationError unless there is a list of languages."""
    _validate_list(value, Language.values)


def _validate_list(value: object, allowed: list[str]) -> None:
    if not isinstance(value, list) or not set(value) <= set(allowed):
        raise ValidationError(_("Choose from the list."))


class AnnouncementQuerySet(models.QuerySet["Announcement"]):
    def current(self) -> Self:
        """Keep what was published and not recalled."""
        return self.filter(published_at__isnull=False, recalled_at__isnull=True)

    def addressed_to(self, user: User) -> Self:
        """Keep what is current and meant for this person, who may have changed chapter, office or language since."""
        chapters = Announcement.chapters.through.objects.filter(announcement=OuterRef("pk"))
        own_terms = OfficeTerm.objects.current(league_day()).filter(user=user.pk)
        own_role = Q(roles=[])
        for role in OfficeRole:
            own_role |= Q(Exists(own_terms.filter(role=role)), _roles__contains=f'"{role}"')
        return (
            self.current()
            .alias(_roles=Cast("roles", models.TextField()), _languages=Cast("languages", models.TextField()))
            .filter(~Exists(chapters) | Exists(chapters.filter(chapter__profiles__user=user.pk)))
            .filter(own_role)
            .filter(Q(languages=[]) | Q(_languages__contains=f'"{user.language}"'))
        )

    def visible_to(self, user: User) -> Self:
        """Keep what is addressed to this person; the office sees every one, an author the own ones, drafts too."""
        if user.has_perm("members.view_announcement"):
            return self
        return self.filter(Q(pk__in=self.addressed_to(user).values("pk")) | Q(created_by=user.pk))

    def for_list(self) -> Self:
        return self.order_by("-published_at", "-pk")


class Announcement(models.Model):
    """What the League's office says to everybody, or to the people of some chapters, offices and languages.

    It is a draft until it is published, once; from then on it stays as people read it, or is recalled. Members find
    it on their own: no line is written for each of them.
    """

    title_ru = models.CharField(_("title in Russian"), max_length=120)
    text_ru = models.TextField(_("text in Russian"), max_length=5000)
    title_en = models.CharField(_("title in English"), max_length=120)
    text_en = models.TextField(_("text in English"), max_length=5000)
    chapters = models.ManyToManyField(Chapter, blank=True, related_name="+", verbose_name=_("chapters"))
    roles = models.JSONField(_("offices"), default=list, blank=True, validators=[validate_roles])
    languages = models.JSONField(_("languages"), default=list, blank=True, validators=[validate_languages])
    with_letter = models.BooleanField(
        _("also by e-mail"),
        default=False,
        help_text=_("A line in the digest, or a letter at once for those who chose it. Without it, on the site only."),
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        editable=False,
        verbose_name=_("written by"),
    )
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        editable=False,
        verbose_name=_("published by"),
    )
    published_at = models.DateTimeField(_("published"), null=True, editable=False)
    recalled_at = models.DateTimeField(_("recalled"), null=True, editable=False)

    objects = AnnouncementQuerySet.as_manager()

    class Meta:
        verbose_name = _("announcement")
        verbose_name_plural = _("announcements")
        permissions = [("publish_announcement", _("Can publish and recall announcements"))]
        constraints = [
            models.CheckConstraint(
                condition=Q(recalled_at__isnull=True) | Q(published_at__isnull=False),
                name="members_announcement_recalled_after_published",
                violation_error_message=_("Only what was published can be recalled."),
            )
        ]
        indexes = [models.Index(fields=["-published_at"], name="members_announcement_list")]

    def __str__(self) -> str:
        return self.title_ru

    def get_absolute_url(self) -> str:
        return reverse("members:announcement_detail", args=[self.pk])

    @property
    def is_draft(self) -> bool:
        return self.published_at is None

    @property
    def is_current(self) -> bool:
        return self.published_at is not None and self.recalled_at is None

    def title_in(self, language: str) -> str:
        """Return the title in English for English, else in Russian."""
        return self.title_en if language == "en" else self.title_ru

    def paragraphs_in(self, language: str) -> list[str]:
        """Return the text as plain paragraphs: an empty line ends one."""
        text = self.text_en if language == "en" else self.text_ru
        return [part.strip() for part in re.split(r"\n\s*\n", text.replace("\r\n", "\n")) if part.strip()]
