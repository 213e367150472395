"""The editors' area: each editor opens, wears the League's colours and saves."""

import pytest
from bs4 import BeautifulSoup
from django.test import Client

from accounts.models import User
from courses.models import CourseIndexPage
from pages.models import HomePage, NewsIndexPage, NewsPage
from tests.factories.accounts import UserFactory
from tests.factories.courses import add_lesson, create_course, quiz_block
from tests.factories.pages import SiteTextFactory, add_news, add_news_index, add_standard_page

pytestmark = pytest.mark.django_db


@pytest.fixture
def editor(client: Client, superuser: User) -> Client:
    client.force_login(superuser)
    return client


@pytest.fixture
def pages(catalogues: dict[str, CourseIndexPage], home: HomePage) -> dict[str, int]:
    """One page of each kind, by kind."""
    index = add_news_index(home)
    course = create_course(catalogues["ru"], countries=["KZ"])
    kinds = {
        "home": home,
        "standard": add_standard_page(home),
        "news index": index,
        "news": add_news(index),
        "catalogue": catalogues["ru"],
        "course": course,
        "lesson": add_lesson(course, body=[quiz_block()]),
    }
    return {kind: page.pk for kind, page in kinds.items()}


KINDS = ["home", "standard", "news index", "news", "catalogue", "course", "lesson"]


@pytest.mark.parametrize("kind", KINDS)
def test_page_editor_opens(kind: str, pages: dict[str, int], editor: Client) -> None:
    response = editor.get(f"/admin/pages/{pages[kind]}/edit/")

    assert response.status_code == 200
    assert BeautifulSoup(response.content, "html.parser").find(id="id_title")["value"]


@pytest.mark.parametrize("kind", KINDS)
def test_page_preview_opens(kind: str, pages: dict[str, int], editor: Client) -> None:
    response = editor.get(f"/admin/pages/{pages[kind]}/view_draft/")

    assert response.status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/admin/",
        "/admin/pages/",
        "/admin/images/",
        "/admin/documents/",
        "/admin/users/",
        "/admin/snippets/pages/sitetext/",
        "/admin/snippets/pages/sitetext/add/",
        "/admin/reports/site-history/",
        "/admin/redirects/",
        "/admin/locales/",
    ],
)
def test_admin_page_opens(path: str, pages: dict[str, int], editor: Client) -> None:
    assert editor.get(path).status_code == 200


def test_admin_wears_the_league_colours(pages: dict[str, int], editor: Client) -> None:
    page = BeautifulSoup(editor.get("/admin/").content, "html.parser")

    assert page.head.find("link", href="/static/pages/admin.css")


def test_admin_is_named_after_the_league(pages: dict[str, int], editor: Client) -> None:
    assert "Central Asian League of Lawyers" in editor.get("/admin/").content.decode()


def test_site_text_is_listed_and_edited(pages: dict[str, int], editor: Client) -> None:
    text = SiteTextFactory(name="Лига юристов Азии")

    listing = editor.get("/admin/snippets/pages/sitetext/").content.decode()

    assert "Лига юристов Азии" in listing
    assert editor.get(f"/admin/snippets/pages/sitetext/edit/{text.pk}/").status_code == 200


def test_news_page_is_written_and_published(news_index: NewsIndexPage, editor: Client) -> None:
    response = editor.post(
        f"/admin/pages/add/pages/newspage/{news_index.pk}/",
        {
            "title": "Платформа открыта",
            "slug": "opening",
            "published_on": "2026-11-24",
            "summary": "Кратко",
            "image": "",
            "body-count": "1",
            "body-0-deleted": "",
            "body-0-order": "0",
            "body-0-type": "prose",
            "body-0-id": "",
            "body-0-value": '{"blocks": [{"key": "a", "text": "Входите", "type": "unstyled", "depth": 0,'
            ' "inlineStyleRanges": [], "entityRanges": []}], "entityMap": {}}',
            "comments-TOTAL_FORMS": "0",
            "comments-INITIAL_FORMS": "0",
            "action-publish": "action-publish",
        },
    )

    assert response.status_code == 302, response.context["form"].errors
    page = NewsPage.objects.get(slug="opening")
    assert page.live
    assert "Входите" in Client().get("/news/opening/").content.decode()


def test_translation_of_a_page_can_be_started(pages: dict[str, int], editor: Client) -> None:
    response = editor.get(f"/admin/localize/submit/page/{pages['news index']}/")

    assert response.status_code == 200


@pytest.mark.parametrize("path", ["/admin/", "/admin/snippets/pages/sitetext/"])
def test_admin_is_closed_to_members(path: str, home: HomePage, client: Client) -> None:
    client.force_login(UserFactory())

    assert client.get(path).status_code == 403


def test_admin_asks_visitors_to_sign_in(home: HomePage, client: Client) -> None:
    response = client.get("/admin/")

    assert response.status_code == 302
    assert response["Location"].endswith("/account/login/?next=/admin/")
