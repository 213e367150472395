"""The furniture of every page: names, menus, languages.

Menus hold links to pages, so reading them costs several queries. They are read once per language, kept in the cache as
plain values and forgotten whenever an editor saves them or a page is published, moved, renamed or withdrawn.
"""

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.core.cache import cache
from django.db import transaction
from django.http import HttpRequest
from django.urls import translate_url
from django.utils.translation import get_language, get_language_info
from wagtail.models import Locale, Page, Site

from pages.models import HomePage, NewsIndexPage, SiteText

FURNITURE_SECONDS = 3600
Value = TypeVar("Value")
_remembered: ContextVar[dict[str, dict[str, Any]] | None] = ContextVar("pages.furniture", default=None)


def _cache_key(language: str) -> str:
    return f"pages.furniture.2.{language}"  # the number is that of the value's shape


def _links(stream_or_list: Any) -> list[dict[str, str]]:
    links = []
    for item in stream_or_list:
        value = getattr(item, "value", item)
        page = value.get("page")
        url = page.url if page is not None and page.live else value.get("url")
        if url:
            links.append({"label": value["label"], "url": url})
    return links


def site_furniture() -> dict[str, Any]:
    """Return names, main menu and footer in the active language as plain values, from the cache if possible."""
    language = active_language()
    key = _cache_key(language)
    remembered = _remembered.get()
    furniture: dict[str, Any] | None = (remembered or {}).get(key) or cache.get(key)
    if furniture is None:
        texts = {text.locale.language_code: text for text in SiteText.objects.select_related("locale")}
        text = texts.get(language) or texts.get(settings.LANGUAGE_CODE)
        furniture = {
            "version": uuid.uuid4().hex,  # of all that is kept until the next publication: a new one forgets it
            "text": None,
            "menu": [],
            "footer": [],
            "news_url": _news_url(language),
        }
        if text is not None:
            furniture |= {
                "text": {
                    "name": text.name,
                    "short_name": text.short_name,
                    "tagline": text.tagline,
                    "contact_email": text.contact_email,
                    "contact_phone": text.contact_phone,
                    "address": text.address,
                    "footer_note": text.footer_note,
                },
                "menu": _links(text.menu),
                "footer": [
                    {"heading": column.value["heading"], "links": _links(column.value["links"])}
                    for column in text.footer
                ],
            }
        cache.set(key, furniture, FURNITURE_SECONDS)
    if remembered is not None:
        remembered[key] = furniture
    return furniture


@contextmanager
def remember_furniture() -> Iterator[None]:
    """Ask the cache only once for names and menus inside the block: a page needs them several times."""
    token = _remembered.set({})
    try:
        yield
    finally:
        _remembered.reset(token)


def _news_url(language: str) -> str:
    page = NewsIndexPage.objects.live().filter(locale__language_code=language).first()
    return page.get_url() if page is not None else ""


def forget_furniture() -> None:
    """Make the next page read names, menus and all that was kept until the next publication from the database again.

    Done at once and again when the transaction commits: another request may have read the old state in between.
    """
    keys = [_cache_key(code) for code, _name in settings.LANGUAGES]
    cache.delete_many(keys)
    (_remembered.get() or {}).clear()
    transaction.on_commit(lambda: cache.delete_many(keys))


def until_publication(name: str, make: Callable[[], Value]) -> Value:
    """Return a value that only a publication can change, from the cache if possible; `make` returns it otherwise.

    It is kept for an hour at most, under `name` and the active language, and forgotten as soon as an editor publishes,
    withdraws or moves a page or changes the menus. The value must be plain (it is pickled) and never None.
    """
    key = f"pages.kept.{name}.{active_language()}.{site_furniture()['version']}"
    value: Value | None = cache.get(key)
    if value is None:
        value = make()
        cache.set(key, value, FURNITURE_SECONDS)
    return value


def mark_current(links: list[dict[str, str]], path: str) -> list[dict[str, Any]]:
    """Mark the link that leads to `path` or above it; the home page only marks itself.

    Where a link leads to one page of a part of the site, its `section` is the address of the whole part.
    """
    sections = [link.get("section") or link["url"] for link in links]
    best = max(
        (section for section in sections if section.startswith("/") and path.startswith(section)),
        key=len,
        default=None,
    )
    return [
        {**link, "is_current": section == best and best is not None}
        for link, section in zip(links, sections, strict=True)
    ]


def language_links(request: HttpRequest) -> list[dict[str, Any]]:
    """List the interface languages with the address of what is on the screen in each.

    For a page of Wagtail that is its live translation, else the home page of that language; for every other address
    the same view under the other prefix.
    """
    active = get_language()
    page = getattr(request, "wagtail_page", None)
    translations: dict[str, str] = {}
    if page is not None:
        key = page.translation_key
        translations = until_publication(f"translations.{key}", lambda: _translation_urls(key))
    links = []
    for code, _name in settings.LANGUAGES:
        if page is not None and code not in translations:
            url = home_url(code)
        else:
            url = translations.get(code) or translate_url(request.get_full_path(), code)
        links.append(
            {
                "code": code,
                "name": get_language_info(code)["name_local"].capitalize(),
                "url": url,
                "is_current": code == active,
                "is_translation": page is not None and code in translations,
            }
        )
    return links


def _translation_urls(translation_key: uuid.UUID) -> dict[str, str]:
    roots = Site.get_site_root_paths()
    pages = Page.objects.filter(translation_key=translation_key).live()
    return {
        language: page_url(url_path, roots)
        for language, url_path in pages.values_list("locale__language_code", "url_path")
    }


def parent_link(page: Page) -> tuple[str, str]:
    """Return title and address of the page above, for the way back."""

    def look_up() -> tuple[str, str]:
        parent = page.get_parent()
        return parent.title, page_url(parent.url_path, Site.get_site_root_paths())

    return until_publication(f"parent.{page.path}", look_up)


def home_url(language: str) -> str:
    """Return the path of the home page in `language`."""
    return "/" if language == settings.LANGUAGE_CODE else f"/{language}/"


def active_language() -> str:
    """Return the code of the active language, the default one outside a request."""
    return get_language() or settings.LANGUAGE_CODE


def find_page(path: str) -> Page | None:
    """Find the page at a path below the active language's home, published or not, as its own class.

    The slug is indexed, so the database reads a handful of rows whatever the size of the tree. Returns None where
    several sites share the installation, or where no page has exactly that address.
    """
    roots = Site.get_site_root_paths()  # from the cache
    language = active_language()
    root = next((root for root in roots if root.language_code == language), None)
    if root is None or len({entry.site_id for entry in roots}) > 1:
        return None
    url_path = f"{root.root_path}{path}"
    slug = url_path.rstrip("/").rsplit("/", 1)[-1]
    places = Page.objects.filter(slug=slug, url_path=url_path).values_list("pk", "content_type_id")
    for pk, content_type_id in places.order_by():
        model = ContentType.objects.get_for_id(content_type_id).model_class()
        if model is not None:
            page: Page | None
            page = next(iter(model._default_manager.filter(pk=pk).select_related("locale").order_by()), None)
            return page
    return None


def page_url(url_path: str, roots: Sequence[Any]) -> str:
    """Return the address of a page from its `url_path`, as Wagtail's own `get_url` does for a single site.

    Lists of pages call this instead of `get_url`, which takes an instance and asks the cache for each. `roots` comes
    from `Site.get_site_root_paths()`. Returns an empty string for a page outside the site.
    """
    for root in roots:
        if url_path.startswith(root.root_path):
            return home_url(root.language_code) + url_path.removeprefix(root.root_path)
    return ""


@transaction.atomic
def create_news_pages(home_pages: Mapping[str, HomePage], titles: Mapping[str, str]) -> dict[str, NewsIndexPage]:
    """Create the list of news below each home page, one in all languages, unless it exists; return them by language."""
    pages: dict[str, NewsIndexPage] = {}
    key = uuid.uuid4()
    for code, home in home_pages.items():
        page = NewsIndexPage.objects.child_of(home).first()
        if page is None:
            page = NewsIndexPage(title=titles[code], slug="news", locale=home.locale, translation_key=key)
            home.refresh_from_db()
            home.add_child(instance=page)
            page.save_revision().publish()
        key = page.translation_key
        pages[code] = page
    return pages


@transaction.atomic
def create_home_pages(titles: Mapping[str, str], *, hostname: str, port: int) -> dict[str, HomePage]:
    """Create the site with a home page in each language of settings.LANGUAGES, unless they exist.

    Wagtail's welcome page is removed. `titles` gives the title by language code. Returns the pages by language code.
    """
    root = Page.objects.get(depth=1)
    pages: dict[str, HomePage] = {}
    key = uuid.uuid4()
    for code, _name in settings.LANGUAGES:
        locale, _created = Locale.objects.get_or_create(language_code=code)
        page = HomePage.objects.filter(locale=locale, depth=2).first()
        if page is None:
            slug = "home" if code == settings.LANGUAGE_CODE else f"home-{code}"
            Page.objects.filter(depth=2, slug=slug).exclude(pk__in=HomePage.objects.values("pk")).delete()
            root = Page.objects.get(depth=1)
            page = HomePage(title=titles[code], slug=slug, locale=locale, translation_key=key)
            root.add_child(instance=page)
            page.save_revision().publish()
        key = page.translation_key
        pages[code] = page
    Site.objects.update_or_create(
        is_default_site=True,
        defaults={
            "hostname": hostname,
            "port": port,
            "site_name": settings.WAGTAIL_SITE_NAME,
            "root_page": pages[settings.LANGUAGE_CODE],
        },
    )
    return pages
