from typing import Any, Self

from django.core.files.storage import Storage, storages
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, MultiFieldPanel
from wagtail.documents.models import AbstractDocument
from wagtail.documents.models import Document as WagtailDocument
from wagtail.fields import StreamField
from wagtail.images.models import AbstractImage, AbstractRendition
from wagtail.images.models import Image as WagtailImage
from wagtail.models import Page, PageManager, PageViewRestriction, TranslatableMixin
from wagtail.query import PageQuerySet

from pages.blocks import ArticleStream, FooterColumnBlock, HomeStream, LinkBlock


class SiteImage(AbstractImage):
    """A picture of the site; a model of our own so that fields can be added later."""

    credit = models.CharField(_("credit"), max_length=200, blank=True)

    admin_form_fields = (*WagtailImage.admin_form_fields, "credit")


class SiteRendition(AbstractRendition):
    image = models.ForeignKey(SiteImage, on_delete=models.CASCADE, related_name="renditions")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("image", "filter_spec", "focal_point_key"), name="pages_rendition_unique")
        ]


def private_storage() -> Storage:
    """Return the storage whose files only a permission check hands out."""
    return storages["private"]


class SiteDocument(AbstractDocument):
    """A file of the site: for signed-in people unless an editor opens it to everybody."""

    file = models.FileField(_("file"), upload_to="documents", storage=private_storage)
    is_public = models.BooleanField(
        _("open to everybody"),
        default=False,
        help_text=_("Otherwise only people who are signed in can download it."),
    )

    admin_form_fields = (*WagtailDocument.admin_form_fields, "is_public")


class BasePage(Page):
    """What every page of ours has: metadata and language alternates."""

    social_image = models.ForeignKey(
        SiteImage,
        verbose_name=_("image for sharing"),
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )

    promote_panels = [
        *Page.promote_panels,
        MultiFieldPanel([FieldPanel("social_image")], heading=_("Sharing")),
    ]

    class Meta:
        abstract = True

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Leave the page on the request too: the language switch of the frame asks for its translations."""
        request.wagtail_page = self  # type: ignore[attr-defined]  # read by pages.services.language_links
        context: dict[str, Any] = super().get_context(request, *args, **kwargs)
        return context

    def get_view_restrictions(self) -> QuerySet[PageViewRestriction]:
        """Return the restrictions of the page and its ancestors; one small query where the site has none at all."""
        if not PageViewRestriction.objects.exists():
            return PageViewRestriction.objects.none()
        restrictions: QuerySet[PageViewRestriction] = super().get_view_restrictions()
        return restrictions

    def get_sitemap_urls(self, request: HttpRequest | None = None) -> list[dict[str, Any]]:
        """List the page with its languages, as sitemaps.org's alternates."""
        urls: list[dict[str, Any]] = super().get_sitemap_urls(request)
        alternates = [
            {"lang_code": page.locale.language_code, "location": page.get_full_url(request)}
            for page in self.get_translations(inclusive=True).live().select_related("locale")
        ]
        for url in urls:
            url["alternates"] = alternates if len(alternates) > 1 else []
        return urls


class HomePage(BasePage):
    """The public face, composed of sections."""

    body = StreamField(HomeStream(), verbose_name=_("sections"), blank=True)

    content_panels = [*Page.content_panels, FieldPanel("body")]
    parent_page_types = ["wagtailcore.Page"]
    template = "pages/home_page.html"

    class Meta:
        verbose_name = _("home page")


class StandardPage(BasePage):
    """A page of text: about the League, its rules, its privacy notice."""

    intro = models.TextField(_("introduction"), blank=True)
    body = StreamField(ArticleStream(), verbose_name=_("body"), blank=True)

    content_panels = [*Page.content_panels, FieldPanel("intro"), FieldPanel("body")]
    template = "pages/standard_page.html"

    class Meta:
        verbose_name = _("standard page")


class NewsPageQuerySet(PageQuerySet):
    def for_list(self) -> Self:
        """Return the published news of the active language, latest first, with what a list shows."""
        return (
            self.live()
            .public()
            .filter(locale__language_code=get_language() or "ru")
            .defer_streamfields()
            .order_by("-published_on", "-pk")
        )


class NewsIndexPage(BasePage):
    """The list of news."""

    PAGE_SIZE = 12

    intro = models.TextField(_("introduction"), blank=True)

    content_panels = [*Page.content_panels, FieldPanel("intro")]
    parent_page_types = ["pages.HomePage"]
    subpage_types = ["pages.NewsPage"]
    max_count_per_parent = 1
    template = "pages/news_index_page.html"

    class Meta:
        verbose_name = _("list of news")

    def serve(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        from pages.views import news_index  # noqa: PLC0415 -- circular import: views read models

        return news_index(request, self)


class NewsPage(BasePage):
    """One piece of news."""

    published_on = models.DateField(_("date"), default=timezone.localdate)
    summary = models.TextField(_("summary"), max_length=400)
    image = models.ForeignKey(
        SiteImage, verbose_name=_("image"), null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    body = StreamField(ArticleStream(), verbose_name=_("body"), blank=True)

    objects = PageManager.from_queryset(NewsPageQuerySet)()

    content_panels = [
        *Page.content_panels,
        FieldPanel("published_on"),
        FieldPanel("summary"),
        FieldPanel("image"),
        FieldPanel("body"),
    ]
    parent_page_types = ["pages.NewsIndexPage"]
    subpage_types: list[str] = []
    template = "pages/news_page.html"

    def get_context(self, request: HttpRequest, *args: Any, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context(request, *args, **kwargs)
        parent = self.get_parent()
        context["news_crumbs"] = [(parent.title, parent.get_url(request))]
        return context

    class Meta:
        verbose_name = _("piece of news")
        verbose_name_plural = _("news")
        indexes = [models.Index(fields=["-published_on"])]


class SiteText(TranslatableMixin, models.Model):
    """The site's names, contacts and menus in one language; one row per language."""

    name = models.CharField(_("name"), max_length=120)
    short_name = models.CharField(_("name in the masthead"), max_length=80)
    tagline = models.CharField(_("tagline"), max_length=200, blank=True)
    contact_email = models.EmailField(_("e-mail for visitors"))
    contact_phone = models.CharField(_("telephone"), max_length=40, blank=True)
    address = models.TextField(_("postal address"), blank=True)
    footer_note = models.CharField(_("last line of the footer"), max_length=300, blank=True)
    menu = StreamField([("link", LinkBlock())], verbose_name=_("main menu"), blank=True)
    footer = StreamField([("column", FooterColumnBlock())], verbose_name=_("footer"), blank=True)

    panels = [
        MultiFieldPanel([FieldPanel("name"), FieldPanel("short_name"), FieldPanel("tagline")], heading=_("Names")),
        MultiFieldPanel(
            [FieldPanel("contact_email"), FieldPanel("contact_phone"), FieldPanel("address")],
            heading=_("Contacts"),
        ),
        FieldPanel("menu"),
        FieldPanel("footer"),
        FieldPanel("footer_note"),
    ]

    class Meta(TranslatableMixin.Meta):
        verbose_name = _("site text")
        verbose_name_plural = _("site texts")
        constraints = [
            models.UniqueConstraint(
                fields=["locale"],
                name="pages_sitetext_one_per_locale",
                violation_error_message=_("The site's text in this language exists already: edit it."),
            )
        ]

    def __str__(self) -> str:
        return self.name
