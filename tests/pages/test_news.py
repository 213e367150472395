import datetime as dt
from xml.etree import ElementTree

import pytest
from django.test import Client
from django.utils import translation
from pytest_django import DjangoAssertNumQueries
from wagtail.models import PageViewRestriction

from pages.models import HomePage, NewsIndexPage, NewsPage
from pages.services import forget_furniture
from tests.factories.pages import SiteTextFactory, add_news, add_news_index, compose
from tests.pages.conftest import Reader

pytestmark = pytest.mark.django_db

ATOM = {"a": "http://www.w3.org/2005/Atom"}
FEEDS = {"ru": "/news/feed.xml", "en": "/en/news/feed.xml"}


@pytest.fixture
def english_index(english_home: HomePage) -> NewsIndexPage:
    return add_news_index(english_home, title="News")


def add_days(index: NewsIndexPage, count: int) -> list[NewsPage]:
    """Add a piece of news for each of the first days of October, titled by its day."""
    first = dt.date(2026, 10, 1)
    return [
        add_news(index, f"day-{day}", title=f"Day {day}", published_on=first + dt.timedelta(days=day - 1))
        for day in range(1, count + 1)
    ]


def titles(read: Reader, path: str) -> list[str]:
    return [heading.text for heading in read(path).select("main .rows h2")]


def read_feed(client: Client, language: str = "ru") -> ElementTree.Element:
    response = client.get(FEEDS[language])
    assert response.status_code == 200
    assert response["Content-Type"].startswith("application/atom+xml")
    return ElementTree.fromstring(response.content)  # noqa: S314 -- our own feed


# The list


def test_news_index_lists_the_latest_first(news_index: NewsIndexPage, read: Reader) -> None:
    add_days(news_index, 3)

    assert titles(read, "/news/") == ["Day 3", "Day 2", "Day 1"]


def test_news_index_of_one_day_lists_the_last_written_first(news_index: NewsIndexPage, read: Reader) -> None:
    add_news(news_index, "morning", title="Morning")
    add_news(news_index, "evening", title="Evening")

    assert titles(read, "/news/") == ["Evening", "Morning"]


def test_news_index_without_news_says_so(news_index: NewsIndexPage, read: Reader) -> None:
    page = read("/news/")

    assert page.select("main .rows") == []
    assert page.select_one("main h2") is not None


def test_news_index_turns_pages(news_index: NewsIndexPage, read: Reader) -> None:
    add_days(news_index, NewsIndexPage.PAGE_SIZE + 1)

    first, second = titles(read, "/news/"), titles(read, "/news/?page=2")

    assert first == [f"Day {day}" for day in range(13, 1, -1)]
    assert second == ["Day 1"]
    assert read("/news/").main.find("a", href="?page=2") is not None


@pytest.mark.parametrize(("number", "shown"), [("0", "Day 1"), ("99", "Day 1"), ("abc", "Day 13"), ("", "Day 13")])
def test_news_index_shows_something_for_any_number(
    number: str, shown: str, news_index: NewsIndexPage, read: Reader
) -> None:
    add_days(news_index, NewsIndexPage.PAGE_SIZE + 1)

    assert titles(read, f"/news/?page={number}")[0] == shown


def test_news_index_refuses_post(news_index: NewsIndexPage, client: Client) -> None:
    assert client.post("/news/").status_code == 405


def test_news_index_keeps_languages_apart(
    news_index: NewsIndexPage, english_index: NewsIndexPage, read: Reader
) -> None:
    add_news(news_index, title="Открытие")
    add_news(english_index, title="Opening")

    assert titles(read, "/news/") == ["Открытие"]
    assert titles(read, "/en/news/") == ["Opening"]


def test_news_index_leaves_out_drafts_and_restricted_news(news_index: NewsIndexPage, read: Reader) -> None:
    add_news(news_index, "public", title="Public")
    add_news(news_index, "draft", title="Draft", is_draft=True)
    restricted = add_news(news_index, "restricted", title="Restricted")
    PageViewRestriction.objects.create(page=restricted, restriction_type=PageViewRestriction.LOGIN)

    assert titles(read, "/news/") == ["Public"]


def test_news_index_forgets_its_print_at_once(news_index: NewsIndexPage, read: Reader) -> None:
    page = add_news(news_index, "secret", title="Secret")
    assert titles(read, "/news/") == ["Secret"]

    restriction = PageViewRestriction.objects.create(page=page, restriction_type=PageViewRestriction.LOGIN)
    assert titles(read, "/news/") == []

    restriction.delete()
    assert titles(read, "/news/") == ["Secret"]

    page.unpublish()
    assert titles(read, "/news/") == []


@pytest.mark.parametrize("count", [1, 3, 30])
def test_news_index_query_count(
    count: int, news_index: NewsIndexPage, client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    add_days(news_index, count)
    client.get("/news/")  # menus and the site's paths are in the cache from now on

    with django_assert_num_queries(4):
        client.get("/news/")
    forget_furniture()
    with django_assert_num_queries(9):
        client.get("/news/")


@pytest.mark.parametrize("count", [1, 3, 30])
def test_home_page_query_count(
    count: int,
    home: HomePage,
    news_index: NewsIndexPage,
    client: Client,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    compose(home, [{"type": "news", "value": {"heading": "Новости", "count": 3}}])
    add_days(news_index, count)
    client.get("/")

    with django_assert_num_queries(3):
        response = client.get("/")
    forget_furniture()
    with django_assert_num_queries(8):
        client.get("/")

    assert response.content.count(b"Day ") == min(count, 3)


# Queries of the model


def test_for_list_without_active_language_speaks_russian(
    news_index: NewsIndexPage, english_index: NewsIndexPage
) -> None:
    add_news(news_index, title="Открытие")
    add_news(english_index, title="Opening")

    with translation.override(None):
        found = [page.title for page in NewsPage.objects.for_list()]

    assert found == ["Открытие"]


# The feed


def test_feed_entries_are_the_latest_of_the_language(
    news_index: NewsIndexPage, english_index: NewsIndexPage, client: Client
) -> None:
    add_days(english_index, 21)
    add_news(news_index, title="Открытие")

    russian, english = read_feed(client), read_feed(client, "en")

    assert [title.text for title in russian.findall("a:entry/a:title", ATOM)] == ["Открытие"]
    assert [title.text for title in english.findall("a:entry/a:title", ATOM)] == [
        f"Day {day}" for day in range(21, 1, -1)
    ]


def test_feed_entry_says_what_when_and_where(news_index: NewsIndexPage, client: Client) -> None:
    page = add_news(news_index, "opening", title="Суд & право <2026>", summary="Кратко & ясно")

    entry = read_feed(client).find("a:entry", ATOM)

    assert entry is not None
    assert entry.findtext("a:title", namespaces=ATOM) == "Суд & право <2026>"
    assert entry.findtext("a:summary", namespaces=ATOM) == "Кратко & ясно"
    assert entry.find("a:link", ATOM).get("href") == "http://testserver/news/opening/"
    assert entry.findtext("a:published", namespaces=ATOM) == "2026-10-01T00:00:00+00:00"
    updated = dt.datetime.fromisoformat(entry.findtext("a:updated", namespaces=ATOM))
    assert abs(updated - page.last_published_at) < dt.timedelta(seconds=1)


def test_feed_has_what_the_standard_demands(news_index: NewsIndexPage, client: Client) -> None:
    SiteTextFactory(name="Лига юристов")
    add_news(news_index)

    feed = read_feed(client)

    assert feed.tag == f"{{{ATOM['a']}}}feed"
    assert feed.get("{http://www.w3.org/XML/1998/namespace}lang") == "ru"
    assert feed.findtext("a:title", namespaces=ATOM) == "Лига юристов"
    for parent in [feed, *feed.findall("a:entry", ATOM)]:
        for name in ("id", "title", "updated"):
            assert parent.findtext(f"a:{name}", namespaces=ATOM), name
    rels = {link.get("rel"): link.get("href") for link in feed.findall("a:link", ATOM)}
    assert rels == {"alternate": "http://testserver/", "self": "http://testserver/news/feed.xml"}


def test_feed_in_english_is_named_and_linked_in_english(english_index: NewsIndexPage, client: Client) -> None:
    add_news(english_index)

    feed = read_feed(client, "en")

    assert feed.get("{http://www.w3.org/XML/1998/namespace}lang") == "en"
    assert feed.findtext("a:title", namespaces=ATOM) == "Central Asian League of Lawyers"
    assert feed.findtext("a:subtitle", namespaces=ATOM) == "News of the League"
    rels = {link.get("rel"): link.get("href") for link in feed.findall("a:link", ATOM)}
    assert rels == {"alternate": "http://testserver/en/", "self": "http://testserver/en/news/feed.xml"}


def test_feed_without_news_is_a_feed(home: HomePage, client: Client) -> None:
    feed = read_feed(client)

    assert feed.findall("a:entry", ATOM) == []
    assert feed.findtext("a:updated", namespaces=ATOM)


@pytest.mark.parametrize("count", [1, 3, 30])
def test_feed_query_count(
    count: int, news_index: NewsIndexPage, client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    add_days(news_index, count)
    read_feed(client)

    with django_assert_num_queries(2):
        read_feed(client)


@pytest.mark.parametrize(("path", "feed"), [("/", FEEDS["ru"]), ("/news/", FEEDS["ru"]), ("/en/", FEEDS["en"])])
def test_pages_announce_the_feed(path: str, feed: str, news_index: NewsIndexPage, read: Reader) -> None:
    link = read(path).head.find("link", type="application/atom+xml")

    assert link["href"] == feed
