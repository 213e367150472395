"""The blocks that editors compose public pages of; courses build on the shared ones."""

import datetime as dt
from typing import Any

from django.utils.translation import gettext_lazy as _
from wagtail import blocks
from wagtail.documents import get_document_model
from wagtail.documents.blocks import DocumentChooserBlock
from wagtail.images import get_image_model
from wagtail.images.blocks import ImageChooserBlock

# One allow-list for prose everywhere: what the stylesheet knows, and nothing that an editor could break a page with.
PROSE_FEATURES = ["h2", "h3", "bold", "italic", "ol", "ul", "link", "document-link", "blockquote", "hr"]


class ProseBlock(blocks.RichTextBlock):
    """Running text."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("features", PROSE_FEATURES)
        super().__init__(**kwargs)

    class Meta:
        icon = "pilcrow"
        label = _("Text")
        template = "pages/blocks/prose.html"
        preview_value = "<h2>Heading</h2><p>A paragraph of running text with <b>stress</b>.</p>"


class ImageBlock(blocks.StructBlock):
    """A picture with what it shows for those who cannot see it, and a caption."""

    image = ImageChooserBlock(label=_("image"))
    alt = blocks.CharBlock(
        label=_("description"),
        required=False,
        help_text=_("What the picture shows. Leave empty only if it adds nothing to the text."),
    )
    caption = blocks.CharBlock(label=_("caption"), required=False)

    def get_preview_value(self) -> Any:
        """Show the picture that was uploaded last."""
        image = get_image_model().objects.order_by("-pk").first()
        return self.normalize({"image": image, "alt": "", "caption": "Caption"})

    class Meta:
        icon = "image"
        label = _("Image")
        template = "pages/blocks/image.html"


class DocumentBlock(blocks.StructBlock):
    """A file to download; its type and size are shown before the download."""

    document = DocumentChooserBlock(label=_("document"))
    note = blocks.CharBlock(label=_("note"), required=False)

    def get_preview_value(self) -> Any:
        """Show the file that was uploaded last."""
        document = get_document_model().objects.order_by("-pk").first()
        return self.normalize({"document": document, "note": "Note"})

    class Meta:
        icon = "doc-full"
        label = _("Document")
        template = "pages/blocks/document.html"


class CalloutBlock(blocks.StructBlock):
    """A short aside that stands out of the text."""

    kicker = blocks.CharBlock(label=_("kicker"), required=False)
    heading = blocks.CharBlock(label=_("heading"))
    text = blocks.RichTextBlock(label=_("text"), features=["bold", "italic", "link", "ol", "ul"])

    class Meta:
        icon = "info-circle"
        label = _("Call-out")
        template = "pages/blocks/callout.html"
        preview_value = {"kicker": "Kicker", "heading": "Heading", "text": "<p>Text of the call-out.</p>"}


class LinkBlock(blocks.StructBlock):
    """A link to a page of the site or to an address; the page wins."""

    label = blocks.CharBlock(label=_("label"))
    page = blocks.PageChooserBlock(label=_("page"), required=False)
    url = blocks.CharBlock(
        label=_("address"),
        required=False,
        help_text=_("Used without a page: a path of this site such as /en/courses/ or a whole address."),
    )

    class Meta:
        icon = "link"
        label = _("Link")
        template = "pages/blocks/link.html"
        preview_value = {"label": "Courses", "page": None, "url": "/courses/"}


class HeroBlock(blocks.StructBlock):
    """The first screen: what the League is, for whom, and the one thing to do."""

    kicker = blocks.CharBlock(label=_("kicker"), required=False)
    heading = blocks.CharBlock(label=_("heading"))
    lede = blocks.TextBlock(label=_("introduction"))
    primary = LinkBlock(label=_("main button"))
    secondary = LinkBlock(label=_("second button"))
    note = blocks.CharBlock(label=_("small print"), required=False)
    agenda_heading = blocks.CharBlock(label=_("heading of the agenda"), required=False)
    agenda = blocks.ListBlock(
        blocks.StructBlock(
            [
                ("on", blocks.DateBlock(label=_("date"))),
                ("text", blocks.CharBlock(label=_("text"))),
                ("page", blocks.PageChooserBlock(label=_("page"), required=False)),
            ],
            label=_("date"),
        ),
        label=_("agenda"),
        default=[],
        collapsed=True,
    )

    class Meta:
        icon = "home"
        label = _("Opening")
        template = "pages/blocks/hero.html"
        preview_value = {
            "kicker": "Kicker",
            "heading": "The craft of defence knows no borders",
            "lede": "One or two sentences of introduction.",
            "primary": {"label": "See the courses", "page": None, "url": "/courses/"},
            "secondary": {"label": "Create an account", "page": None, "url": "/account/signup/"},
            "note": "Small print.",
            "agenda_heading": "Agenda",
            "agenda": [{"on": dt.date(2026, 12, 14), "text": "A group with a facilitator starts", "page": None}],
        }


ICON_CHOICES = [
    ("graduation-cap", _("Learning")),
    ("gavel", _("Court")),
    ("messages-square", _("Conversation")),
    ("library", _("Library")),
    ("scale", _("Law")),
    ("users", _("People")),
    ("shield-check", _("Safety")),
    ("globe", _("Languages")),
]


class FeaturesBlock(blocks.StructBlock):
    """What one finds here: a grid of short texts, each with an icon."""

    heading = blocks.CharBlock(label=_("heading"))
    items = blocks.ListBlock(
        blocks.StructBlock(
            [
                ("icon", blocks.ChoiceBlock(label=_("icon"), choices=ICON_CHOICES)),
                ("heading", blocks.CharBlock(label=_("heading"))),
                ("text", blocks.TextBlock(label=_("text"))),
            ]
        ),
        label=_("items"),
        min_num=2,
        max_num=9,
    )

    class Meta:
        icon = "list-ul"
        label = _("Features")
        template = "pages/blocks/features.html"
        preview_value = {
            "heading": "What you will find",
            "items": [
                {"icon": "graduation-cap", "heading": "Courses", "text": "Short lessons with training cases."},
                {"icon": "shield-check", "heading": "Certificates", "text": "Anybody can verify them."},
            ],
        }


class StepsBlock(blocks.StructBlock):
    """How something is done, step by step."""

    heading = blocks.CharBlock(label=_("heading"))
    steps = blocks.ListBlock(
        blocks.StructBlock(
            [("heading", blocks.CharBlock(label=_("heading"))), ("text", blocks.TextBlock(label=_("text")))]
        ),
        label=_("steps"),
        min_num=2,
        max_num=6,
    )
    link = LinkBlock(label=_("button"), required=False)

    class Meta:
        icon = "list-ol"
        label = _("Steps")
        template = "pages/blocks/steps.html"
        preview_value = {
            "heading": "How to begin",
            "steps": [
                {"heading": "Create an account", "text": "An address and a name are enough."},
                {"heading": "Choose a course", "text": "Study at your own pace."},
            ],
            "link": {"label": "Create an account", "page": None, "url": "/account/signup/"},
        }


class StatementBlock(blocks.StructBlock):
    """A section of a heading, a text and, beside it, facts in large figures."""

    heading = blocks.CharBlock(label=_("heading"))
    text = blocks.RichTextBlock(label=_("text"), features=["bold", "italic", "link", "ul"])
    figures = blocks.ListBlock(
        blocks.StructBlock(
            [
                ("value", blocks.CharBlock(label=_("figure"), max_length=20)),
                ("text", blocks.CharBlock(label=_("what it counts"))),
            ]
        ),
        label=_("figures"),
        default=[],
        max_num=4,
    )

    class Meta:
        icon = "pilcrow"
        label = _("Statement")
        template = "pages/blocks/statement.html"
        preview_value = {
            "heading": "Five countries, one profession",
            "text": "<p>A paragraph with <b>stress</b>.</p>",
            "figures": [{"value": "5", "text": "countries"}, {"value": "7", "text": "languages"}],
        }


class LatestNewsBlock(blocks.StructBlock):
    """The latest news, kept up to date by itself."""

    heading = blocks.CharBlock(label=_("heading"))
    count = blocks.IntegerBlock(label=_("how many"), default=3, min_value=1, max_value=6)

    def get_context(self, value: Any, parent_context: dict[str, Any] | None = None) -> dict[str, Any]:
        from pages.models import NewsPage  # noqa: PLC0415 -- circular import: models are made of blocks

        context: dict[str, Any] = super().get_context(value, parent_context=parent_context)
        context["news"] = NewsPage.objects.for_list()[: value["count"]]
        return context

    class Meta:
        icon = "doc-full-inverse"
        label = _("Latest news")
        template = "pages/blocks/latest_news.html"
        preview_value = {"heading": "News", "count": 3}


class HomeStream(blocks.StreamBlock):
    """Sections of the public home."""

    hero = HeroBlock()
    features = FeaturesBlock()
    statement = StatementBlock()
    steps = StepsBlock()
    news = LatestNewsBlock()


class ArticleStream(blocks.StreamBlock):
    """The body of a standard page or a piece of news."""

    prose = ProseBlock()
    image = ImageBlock()
    document = DocumentBlock()
    callout = CalloutBlock()


class FooterColumnBlock(blocks.StructBlock):
    """One column of the footer."""

    heading = blocks.CharBlock(label=_("heading"))
    links = blocks.ListBlock(LinkBlock(), label=_("links"))

    class Meta:
        icon = "list-ul"
        label = _("Column")
        template = "pages/blocks/footer_column.html"
