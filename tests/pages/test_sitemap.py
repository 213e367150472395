from xml.etree import ElementTree

import pytest
from django.test import Client
from wagtail.models import PageViewRestriction

from courses.models import CourseIndexPage
from pages.models import HomePage, NewsIndexPage
from tests.factories.courses import add_lesson, add_module, create_course
from tests.factories.pages import add_news, add_standard_page

pytestmark = pytest.mark.django_db

NAMES = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9", "x": "http://www.w3.org/1999/xhtml"}


def read_sitemap(client: Client) -> dict[str, dict[str, str]]:
    """Return the alternates of each address in the sitemap."""
    response = client.get("/sitemap.xml")
    assert response.status_code == 200
    root = ElementTree.fromstring(response.content)  # noqa: S314 -- our own sitemap
    return {
        url.findtext("s:loc", namespaces=NAMES): {
            link.get("hreflang"): link.get("href") for link in url.findall("x:link", NAMES)
        }
        for url in root.findall("s:url", NAMES)
    }


def paths(client: Client) -> list[str]:
    return sorted(location.removeprefix("http://testserver") for location in read_sitemap(client))


def test_sitemap_lists_public_pages(home: HomePage, news_index: NewsIndexPage, client: Client) -> None:
    add_standard_page(add_standard_page(home, "about"), "rules")
    add_news(news_index, "opening")

    listed = paths(client)

    assert {"/", "/about/", "/about/rules/", "/news/", "/news/opening/"} <= set(listed)


def test_sitemap_lists_pages_of_every_language(home: HomePage, english_home: HomePage, client: Client) -> None:
    add_standard_page(english_home, "only-english")

    assert {"/", "/en/", "/en/only-english/"} <= set(paths(client))


def test_sitemap_names_the_other_languages_of_a_page(home: HomePage, english_home: HomePage, client: Client) -> None:
    russian = add_standard_page(home, "about")
    add_standard_page(english_home, "about-us", translation_key=russian.translation_key)
    add_standard_page(home, "only-russian")

    sitemap = read_sitemap(client)

    both = {"ru": "http://testserver/about/", "en": "http://testserver/en/about-us/"}
    assert sitemap["http://testserver/about/"] == both
    assert sitemap["http://testserver/en/about-us/"] == both
    assert sitemap["http://testserver/only-russian/"] == {}


def test_sitemap_leaves_out_drafts_and_restricted_pages(home: HomePage, client: Client) -> None:
    add_standard_page(home, "draft", is_draft=True)
    restricted = add_standard_page(home, "restricted")
    add_standard_page(restricted, "inside")
    PageViewRestriction.objects.create(page=restricted, restriction_type=PageViewRestriction.LOGIN)

    assert paths(client) == ["/", "/courses/", "/en/", "/en/courses/"]


def test_sitemap_alternates_name_no_draft(home: HomePage, english_home: HomePage, client: Client) -> None:
    russian = add_standard_page(home, "about")
    add_standard_page(english_home, "about", translation_key=russian.translation_key, is_draft=True)

    assert read_sitemap(client)["http://testserver/about/"] == {}


def test_sitemap_holds_courses_but_no_lessons(catalogues: dict[str, CourseIndexPage], client: Client) -> None:
    course = create_course(catalogues["ru"], "jury")
    add_lesson(add_module(course, "basics"), "model")

    listed = paths(client)

    assert "/courses/jury/" in listed
    assert [path for path in listed if path.startswith("/courses/jury/") and path != "/courses/jury/"] == []


def test_sitemap_holds_no_course_outside_the_public_catalogue(
    catalogues: dict[str, CourseIndexPage], client: Client
) -> None:
    create_course(catalogues["ru"], "private", is_listed=False)

    assert "/courses/private/" not in paths(client)


def test_robots_names_the_sitemap_and_what_is_not_for_search_engines(home: HomePage, client: Client) -> None:
    response = client.get("/robots.txt")

    lines = response.content.decode().splitlines()
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert lines[0] == "User-agent: *"
    assert lines[-1] == "Sitemap: http://testserver/sitemap.xml"
    for path in ("/admin/", "/account/", "/home/", "/verify/", "/en/account/", "/en/home/", "/en/verify/"):
        assert f"Disallow: {path}" in lines
