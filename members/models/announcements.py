import re
from typing import Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Cast
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.choices import Language
from accounts.models import User
from members.choices import OfficeRole
from members.models.chapters import Chapter, OfficeTerm, league_day


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
        own_terms = OfficeTerm.objects.held(league_day()).filter(user=user.pk)
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
