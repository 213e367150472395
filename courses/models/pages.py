"""What editors write: the catalogue, courses, modules and lessons, a page each per language."""

import datetime as dt
import uuid
from collections.abc import Iterator
from typing import Any, Self

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalKey
from wagtail.admin.panels import FieldPanel, FieldRowPanel, InlinePanel, MultiFieldPanel
from wagtail.fields import StreamField
from wagtail.models import Orderable, Page, PageManager
from wagtail.query import PageQuerySet
from wagtail_localize.fields import SynchronizedField, TranslatableField

from accounts.models import Viewer
from courses.blocks import LessonStream
from courses.choices import Subject, TeachingRole
from members.choices import Country
from pages.blocks import ProseBlock
from pages.models import BasePage, SiteImage


class CourseIndexPage(BasePage):
    """The catalogue."""

    intro = models.TextField(_("introduction"), blank=True)

    content_panels = [*Page.content_panels, FieldPanel("intro")]
    parent_page_types = ["pages.HomePage"]
    subpage_types = ["courses.CoursePage"]
    max_count_per_parent = 1

    class Meta:
        verbose_name = _("course catalogue")

    def serve(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        from courses.views import course_index  # noqa: PLC0415 -- circular import: views read models

        return course_index(request, self)

    def serve_preview(self, request: HttpRequest, mode_name: str) -> HttpResponse:
        return self.serve(request)


class CoursePageQuerySet(PageQuerySet):
    def visible_to(self, user: Viewer) -> Self:
        """Keep published courses that are in the public catalogue, or that this person takes or teaches."""
        listed = Q(is_listed=True)
        if not user.is_authenticated:
            return self.live().filter(listed)
        from courses.models.learning import Enrolment  # noqa: PLC0415 -- circular import: learning reads courses

        taken = Enrolment.objects.active().filter(user=user).values("run__course_id")
        taught = CourseFacilitator.objects.filter(user=user).values("course_page__translation_key")
        return self.live().filter(listed | Q(translation_key__in=taken) | Q(translation_key__in=taught) | Q(owner=user))

    def in_language(self, language: str) -> Self:
        return self.filter(locale__language_code=language)

    def by_language(self, course_key: uuid.UUID) -> "dict[str, CoursePage]":
        """Return the pages of one course by language code."""
        pages = self.filter(translation_key=course_key).select_related("locale")
        return {page.locale.language_code: page for page in pages}

    def for_catalogue(self) -> Self:
        """Order by title, with what one row shows and nothing heavier."""
        return self.select_related("cover").prefetch_related("scope").order_by("title", "pk")


class CoursePage(BasePage):
    """One course in one language. All languages of it are one course: they share `translation_key`."""

    summary = models.CharField(_("summary"), max_length=300, help_text=_("One or two sentences for the catalogue."))
    description = StreamField([("prose", ProseBlock())], verbose_name=_("description"), blank=True)
    outcomes = models.TextField(_("outcomes"), help_text=_("What one can do afterwards: one outcome a line."))
    audience = models.TextField(_("for whom"), blank=True)
    subject = models.CharField(_("subject"), max_length=30, choices=Subject.choices)
    workload_minutes = models.PositiveIntegerField(
        _("workload, minutes"),
        validators=[MinValueValidator(1)],
        help_text=_("Reading, exercises and quizzes."),
    )
    cpd_minutes = models.PositiveIntegerField(
        _("professional development, minutes"),
        default=0,
        help_text=_("Printed on the certificate; 0 if the course does not count."),
    )
    cover = models.ForeignKey(
        SiteImage, verbose_name=_("cover"), null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    is_listed = models.BooleanField(
        _("in the public catalogue"),
        default=False,
        help_text=_("Until then only those who take or teach the course can see it."),
    )

    objects = PageManager.from_queryset(CoursePageQuerySet)()

    content_panels = [
        *Page.content_panels,
        FieldPanel("summary"),
        FieldPanel("outcomes"),
        FieldPanel("audience"),
        FieldPanel("description"),
        MultiFieldPanel(
            [
                FieldPanel("subject"),
                FieldRowPanel([FieldPanel("workload_minutes"), FieldPanel("cpd_minutes")]),
            ],
            heading=_("Scope"),
        ),
        InlinePanel(
            "scope",
            heading=_("Countries whose law it is about"),
            label=_("country"),
            help_text=_("None: the course is not tied to the law of a country."),
        ),
        InlinePanel("facilitators", heading=_("Facilitators"), label=_("facilitator")),
        FieldPanel("cover"),
        FieldPanel("is_listed"),
    ]
    override_translatable_fields = [
        SynchronizedField("subject"),
        SynchronizedField("is_listed"),
        TranslatableField("summary"),
    ]
    parent_page_types = ["courses.CourseIndexPage"]
    subpage_types = ["courses.ModulePage", "courses.LessonPage"]

    class Meta:
        verbose_name = _("course")
        verbose_name_plural = _("courses")

    def serve(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        from courses.views import course_detail  # noqa: PLC0415 -- circular import: views read models

        return course_detail(request, self)

    def serve_preview(self, request: HttpRequest, mode_name: str) -> HttpResponse:
        return self.serve(request)

    def get_sitemap_urls(self, request: HttpRequest | None = None) -> list[dict[str, Any]]:
        """Name the course to search engines only while it is in the public catalogue."""
        return super().get_sitemap_urls(request) if self.is_listed else []

    @property
    def outcome_list(self) -> list[str]:
        return [line.strip() for line in self.outcomes.splitlines() if line.strip()]

    @property
    def country_names(self) -> list[str]:
        return [str(entry.get_country_display()) for entry in self.scope.all()]


class CourseCountry(Orderable):
    """A country whose law a course is about."""

    course_page = ParentalKey(CoursePage, on_delete=models.CASCADE, related_name="scope")
    country = models.CharField(_("country"), max_length=2, choices=Country.choices)

    panels = [FieldPanel("country")]

    class Meta(Orderable.Meta):
        constraints = [
            models.UniqueConstraint(fields=["course_page", "country"], name="courses_country_once_per_course")
        ]

    def __str__(self) -> str:
        return str(self.get_country_display())


class CourseFacilitator(Orderable):
    """Who teaches a course. An account that teaches cannot be deleted."""

    course_page = ParentalKey(CoursePage, on_delete=models.CASCADE, related_name="facilitators")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("person")
    )
    role = models.CharField(_("role"), max_length=20, choices=TeachingRole.choices, default=TeachingRole.FACILITATOR)

    panels = [FieldPanel("user"), FieldPanel("role")]

    class Meta(Orderable.Meta):
        constraints = [
            models.UniqueConstraint(fields=["course_page", "user"], name="courses_facilitator_once_per_course")
        ]

    def __str__(self) -> str:
        return str(self.user)


class ModulePage(BasePage):
    """A group of lessons; it has no page of its own but a place on the course's page."""

    summary = models.CharField(_("summary"), max_length=300, blank=True)

    content_panels = [*Page.content_panels, FieldPanel("summary")]
    parent_page_types = ["courses.CoursePage"]
    subpage_types = ["courses.LessonPage"]
    preview_modes: list[tuple[str, str]] = []  # it has no page to show

    class Meta:
        verbose_name = _("module")
        verbose_name_plural = _("modules")

    def serve(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        from courses.views import module_detail  # noqa: PLC0415 -- circular import: views read models

        return module_detail(request, self)

    def get_sitemap_urls(self, request: HttpRequest | None = None) -> list[dict[str, Any]]:
        return []


class LessonPage(BasePage):
    """A lesson. Its identity for a learner's record is `translation_key`; a quiz's is the id of its block."""

    summary = models.CharField(_("summary"), max_length=300, blank=True)
    minutes = models.PositiveIntegerField(
        _("length, minutes"),
        default=10,
        validators=[MinValueValidator(1)],
        help_text=_("Reading and exercises."),
    )
    is_required = models.BooleanField(
        _("needed for the certificate"), default=True, help_text=_("Optional lessons do not hold it back.")
    )
    body = StreamField(LessonStream(), verbose_name=_("body"), blank=True)
    law_as_of = models.DateField(
        _("law as in force on"), null=True, blank=True, help_text=_("The oldest date of a text of law in the lesson.")
    )

    content_panels = [
        *Page.content_panels,
        FieldPanel("summary"),
        FieldRowPanel([FieldPanel("minutes"), FieldPanel("is_required"), FieldPanel("law_as_of")]),
        FieldPanel("body"),
    ]
    override_translatable_fields = [SynchronizedField("is_required")]
    parent_page_types = ["courses.CoursePage", "courses.ModulePage"]
    subpage_types: list[str] = []

    class Meta:
        verbose_name = _("lesson")
        verbose_name_plural = _("lessons")

    def serve(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        from courses.views import lesson_detail  # noqa: PLC0415 -- circular import: views read models

        return lesson_detail(request, self)

    def serve_preview(self, request: HttpRequest, mode_name: str) -> HttpResponse:
        from courses.views import lesson_preview  # noqa: PLC0415 -- circular import: views read models

        return lesson_preview(request, self)

    def get_sitemap_urls(self, request: HttpRequest | None = None) -> list[dict[str, Any]]:
        return []  # lessons are for those who take the course

    def quizzes(self) -> Iterator[tuple[uuid.UUID, Any]]:
        """Yield the identity and the value of each quiz in the lesson, in order."""
        for block in self.body:
            if block.block_type == "quiz":
                yield uuid.UUID(block.id), block.value

    @property
    def updated_at(self) -> dt.datetime | None:
        return self.last_published_at
