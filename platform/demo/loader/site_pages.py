import json
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from wagtail.models import Locale, Page

from courses.management.commands.setup_site import CATALOGUE_TITLES, NEWS_TITLES
from courses.models import CourseIndexPage
from courses.services import setup
from demo.files import identity
from demo.markdown import to_rich_text
from pages.models import HomePage, NewsIndexPage, NewsPage, SiteText, StandardPage
from pages.services import create_home_pages, create_news_pages, forget_furniture


def stream(blocks: list[dict[str, Any]]) -> str:
    """Make a StreamField's value of raw blocks; as JSON, since only that is read as stored values all the way down."""
    return json.dumps(blocks)


def items(values: Iterable[Any], *names: object) -> list[dict[str, Any]]:
    """Make the raw values of a list's items, ids from their places.

    Without an id Wagtail takes an item for the value itself, as lists were stored long ago.
    """
    return [
        {"type": "item", "id": identity("item", *names, place), "value": value} for place, value in enumerate(values)
    ]


def prose(text: str) -> str:
    """Make a StreamField's value of one Markdown text."""
    return stream([{"type": "prose", "value": to_rich_text(text), "id": identity("prose", text)}])


def publish_child(parent: Page, page: Page) -> Page:
    """Add a page below another and publish it, with a first revision for its editors."""
    parent.refresh_from_db()
    parent.add_child(instance=page)
    page.save_revision().publish()
    return page


def load_site(
    site: Any, home: Any, pages: list[Any], news: list[Any], *, hostname: str, port: int
) -> dict[str, CourseIndexPage]:
    """Create the public face in every language; return the catalogues by language."""
    homes = create_home_pages({code: home[code]["title"] for code in home}, hostname=hostname, port=port)
    indexes = create_news_pages(homes, NEWS_TITLES)
    catalogues = setup.create_catalogue(homes, CATALOGUE_TITLES)
    setup.create_roles(catalogues)
    for code, page in homes.items():
        for texts in pages:
            _standard_page(page, texts[code])
        _news(indexes[code], [texts[code] for texts in news])
        _site_text(site[code], code)
    for code, page in homes.items():
        _compose_home(page, home[code])
    forget_furniture()
    return catalogues


def _standard_page(home: HomePage, text: dict[str, Any]) -> None:
    if StandardPage.objects.child_of(home).filter(slug=text["slug"]).exists():
        return
    publish_child(
        home,
        StandardPage(
            title=text["title"],
            slug=text["slug"],
            intro=text["intro"],
            search_description=text["search_description"],
            body=prose(text["body"]),
            locale=home.locale,
            translation_key=identity("page", text["slug"]),
        ),
    )


def _news(index: NewsIndexPage, texts: list[dict[str, Any]]) -> None:
    for text in texts:
        if NewsPage.objects.child_of(index).filter(slug=text["slug"]).exists():
            continue
        publish_child(
            index,
            NewsPage(
                title=text["title"],
                slug=text["slug"],
                published_on=text["published_on"],
                summary=text["summary"],
                search_description=text["summary"],
                body=prose(text["body"]),
                locale=index.locale,
                translation_key=identity("news", text["slug"]),
            ),
        )


def _link(link: dict[str, str]) -> dict[str, Any]:
    return {"label": link["label"], "page": None, "url": link["url"]}


def _site_text(text: dict[str, Any], code: str) -> None:
    fields = {key: text[key] for key in ("name", "short_name", "contact_email")}
    fields |= {key: text.get(key) or "" for key in ("tagline", "contact_phone", "address", "footer_note")}
    SiteText.objects.get_or_create(
        locale=Locale.objects.get(language_code=code),
        defaults={
            **fields,
            "translation_key": identity("site text"),
            "menu": stream([{"type": "link", "value": _link(link)} for link in text["menu"]]),
            "footer": stream(
                [
                    {
                        "type": "column",
                        "value": {
                            "heading": column["heading"],
                            "links": items(map(_link, column["links"]), "footer", place),
                        },
                    }
                    for place, column in enumerate(text["footer"])
                ]
            ),
        },
    )


def _compose_home(page: HomePage, text: dict[str, Any]) -> None:
    if page.body:
        return
    hero = text["hero"]
    agenda = [
        {"on": str(entry["on"]), "text": entry["text"], "page": _page_at(page, entry["url"])}
        for entry in hero["agenda"]
    ]
    page.seo_title = text["seo_title"]
    page.search_description = text["search_description"]
    page.body = stream(
        [
            {
                "type": "hero",
                "value": {
                    **{key: hero[key] for key in ("kicker", "heading", "lede", "note", "agenda_heading")},
                    "primary": _link(hero["primary"]),
                    "secondary": _link(hero["secondary"]),
                    "agenda": items(agenda, "agenda"),
                },
            },
            {
                "type": "features",
                "value": {
                    "heading": text["features"]["heading"],
                    "items": items(text["features"]["items"], "features"),
                },
            },
            {
                "type": "statement",
                "value": {
                    "heading": text["statement"]["heading"],
                    "text": to_rich_text(text["statement"]["text"]),
                    "figures": items(text["statement"]["figures"], "figures"),
                },
            },
            {
                "type": "steps",
                "value": {
                    "heading": text["steps"]["heading"],
                    "steps": items(text["steps"]["steps"], "steps"),
                    "link": _link(text["steps"]["link"]),
                },
            },
            {"type": "news", "value": text["news"]},
        ]
    )
    page.save_revision().publish()


def _page_at(home: HomePage, url: str) -> int | None:
    """Find the page behind a path of the site."""
    path = (
        url.removeprefix(f"/{home.locale.language_code}")
        if home.locale.language_code != settings.LANGUAGE_CODE
        else url
    )
    return Page.objects.filter(url_path=f"{home.url_path.rstrip('/')}{path}").values_list("pk", flat=True).first()
