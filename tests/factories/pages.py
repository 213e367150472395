import datetime as dt
import json
from collections.abc import Sequence
from typing import Any

import factory
from django.core.files.base import ContentFile
from wagtail.images.tests.utils import get_test_image_file
from wagtail.models import Locale, Page

from pages.models import HomePage, NewsIndexPage, NewsPage, SiteDocument, SiteImage, SiteText, StandardPage


class SiteImageFactory(factory.django.DjangoModelFactory):
    """A white picture of 640 by 480 pixels."""

    class Meta:
        model = SiteImage

    title = "Зал суда"
    file = factory.LazyFunction(lambda: get_test_image_file(filename="hall.png"))


class SiteDocumentFactory(factory.django.DjangoModelFactory):
    """A text file of 2,000 bytes for signed-in people."""

    class Meta:
        model = SiteDocument

    title = "Образец ходатайства"
    file = factory.LazyFunction(lambda: ContentFile(b"x" * 2000, name="motion.txt"))
    file_size = 2000


class SiteTextFactory(factory.django.DjangoModelFactory):
    """Names and contacts in Russian; `language` chooses another locale, `menu` and `footer` take raw blocks."""

    class Meta:
        model = SiteText

    class Params:
        language = "ru"

    locale = factory.LazyAttribute(lambda text: Locale.objects.get_or_create(language_code=text.language)[0])
    name = "Лига юристов"
    short_name = "Лига"
    contact_email = "office@example.org"


def link(label: str, *, page: Page | None = None, url: str = "") -> dict[str, Any]:
    """Make the raw value of a link."""
    return {"label": label, "page": page.pk if page else None, "url": url}


def menu(*links: dict[str, Any]) -> str:
    """Make the stored value of a main menu."""
    return json.dumps([{"type": "link", "value": value} for value in links])


def footer(heading: str, *links: dict[str, Any]) -> str:
    """Make the stored value of a footer of one column."""
    items = [{"type": "item", "id": str(place), "value": value} for place, value in enumerate(links)]
    return json.dumps([{"type": "column", "value": {"heading": heading, "links": items}}])


def add_page(parent: Page, page: Page, *, is_draft: bool = False) -> Page:
    """Add a page below another one in its language and publish it unless it is to stay a draft."""
    parent.refresh_from_db()
    page.locale = parent.locale
    page.live = False
    parent.add_child(instance=page)
    if not is_draft:
        page.save_revision().publish()
        page.refresh_from_db()
    return page


def add_standard_page(parent: Page, slug: str = "about", *, is_draft: bool = False, **fields: Any) -> StandardPage:
    """Add a page of text below the home page or another page of text."""
    page = StandardPage(slug=slug, **{"title": f"Страница {slug}", **fields})
    add_page(parent, page, is_draft=is_draft)
    return page


def add_news_index(home: HomePage, **fields: Any) -> NewsIndexPage:
    """Add the list of news below a home page."""
    page = NewsIndexPage(slug="news", **{"title": "Новости", **fields})
    add_page(home, page)
    return page


def add_news(index: NewsIndexPage, slug: str = "opening", *, is_draft: bool = False, **fields: Any) -> NewsPage:
    """Add a piece of news of 1 October 2026."""
    defaults = {
        "title": f"Известие {slug}",
        "summary": f"Кратко {slug}",
        "published_on": dt.date(2026, 10, 1),
    }
    page = NewsPage(slug=slug, **{**defaults, **fields})
    add_page(index, page, is_draft=is_draft)
    return page


def compose(page: Page, blocks: Sequence[dict[str, Any]]) -> Page:
    """Publish a page with these raw blocks as its body."""
    page.body = json.dumps(list(blocks))
    page.save_revision().publish()
    page.refresh_from_db()
    return page
