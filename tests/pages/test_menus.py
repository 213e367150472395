"""Names and menus of the frame: read once, kept, forgotten when something changes."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import translation
from pytest_django import DjangoAssertNumQueries
from wagtail.models import Locale

from accounts.models import User
from pages import services
from pages.models import HomePage, SiteText, StandardPage
from tests.factories.pages import SiteTextFactory, add_page, add_standard_page, footer, link, menu
from tests.pages.conftest import Reader

pytestmark = pytest.mark.django_db


@pytest.fixture
def about(home: HomePage) -> StandardPage:
    return add_standard_page(home, "about")


@pytest.fixture
def text(about: StandardPage) -> SiteText:
    """Names and menus in Russian: a page, a path, a whole address; the page in the footer too."""
    return SiteTextFactory(
        menu=menu(
            link("О Лиге", page=about),
            link("Курсы", url="/courses/"),
            link("Партнёр", url="https://partner.example.org/"),
        ),
        footer=footer("Лига", link("О нас", page=about)),
    )


def menu_links(language: str = "ru") -> list[tuple[str, str]]:
    with translation.override(language):
        return [(entry["label"], entry["url"]) for entry in services.site_furniture()["menu"]]


def test_furniture_holds_names_menu_and_footer(text: SiteText) -> None:
    furniture = services.site_furniture()

    assert furniture["text"]["short_name"] == "Лига"
    assert menu_links() == [
        ("О Лиге", "/about/"),
        ("Курсы", "/courses/"),
        ("Партнёр", "https://partner.example.org/"),
    ]
    assert furniture["footer"] == [{"heading": "Лига", "links": [{"label": "О нас", "url": "/about/"}]}]


def test_furniture_without_text_is_empty(db: None) -> None:
    furniture = services.site_furniture()

    assert furniture.pop("version")
    assert furniture == {"text": None, "menu": [], "footer": [], "news_url": ""}


def test_furniture_of_a_language_without_text_is_the_default_one(text: SiteText) -> None:
    assert menu_links("en") == menu_links("ru")


def test_furniture_of_each_language_is_its_own(text: SiteText) -> None:
    SiteTextFactory(language="en", short_name="League", menu=menu(link("Courses", url="/en/courses/")))

    assert menu_links("en") == [("Courses", "/en/courses/")]
    assert menu_links("ru")[1] == ("Курсы", "/courses/")


def test_furniture_is_read_once(text: SiteText, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(
        6
    ):  # the list of news, the texts, the pages of menu and footer, the paths of the site
        services.site_furniture()

    with django_assert_num_queries(0):
        services.site_furniture()


def test_furniture_leaves_out_a_draft(text: SiteText, about: StandardPage) -> None:
    about.unpublish()

    assert menu_links() == [("Курсы", "/courses/"), ("Партнёр", "https://partner.example.org/")]
    assert services.site_furniture()["footer"] == [{"heading": "Лига", "links": []}]


def test_furniture_survives_a_deleted_page(text: SiteText, about: StandardPage) -> None:
    menu_links()

    about.delete()

    assert [label for label, _url in menu_links()] == ["Курсы", "Партнёр"]


def test_furniture_follows_a_page_that_is_published_again(text: SiteText, about: StandardPage) -> None:
    about.unpublish()
    menu_links()

    about.save_revision().publish()

    assert menu_links()[0] == ("О Лиге", "/about/")


def test_furniture_follows_a_new_slug(text: SiteText, about: StandardPage) -> None:
    menu_links()

    about.slug = "league"
    about.save_revision().publish()

    assert menu_links()[0] == ("О Лиге", "/league/")


def test_furniture_follows_a_move(text: SiteText, about: StandardPage, home: HomePage) -> None:
    other = add_page(home, StandardPage(title="Другая", slug="other"))
    menu_links()

    about.refresh_from_db()
    about.move(other, pos="last-child")

    assert menu_links()[0] == ("О Лиге", "/other/about/")


def test_furniture_follows_an_edit_in_the_admin(text: SiteText, superuser: User, client: Client) -> None:
    client.force_login(superuser)
    menu_links()

    response = client.post(
        f"/admin/snippets/pages/sitetext/edit/{text.pk}/",
        {
            "name": "Лига юристов",
            "short_name": "Новое имя",
            "contact_email": "office@example.org",
            "menu-count": "1",
            "menu-0-deleted": "",
            "menu-0-order": "0",
            "menu-0-type": "link",
            "menu-0-id": "",
            "menu-0-value-label": "Новости",
            "menu-0-value-page": "",
            "menu-0-value-url": "/news/",
            "footer-count": "0",
        },
    )

    assert response.status_code == 302
    assert menu_links() == [("Новости", "/news/")]
    assert services.site_furniture()["text"]["short_name"] == "Новое имя"


def test_furniture_shows_on_the_page(text: SiteText, read: Reader) -> None:
    page = read("/about/")

    current = page.select_one("header.masthead nav a[aria-current]")
    assert (current.text.strip(), current["href"]) == ("О Лиге", "/about/")
    assert page.select_one("footer h2").text == "Лига"
    assert page.title.text.strip().endswith("· Лига юристов")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/", ["/"]),
        ("/courses/", ["/courses/"]),
        ("/courses/jury/lesson/", ["/courses/"]),
        ("/courses/new/", ["/courses/new/"]),
        ("/coursesx/", ["/"]),
        ("/en/", ["/"]),
    ],
)
def test_mark_current_marks_the_nearest_above(path: str, expected: list[str]) -> None:
    links = [{"label": url, "url": url} for url in ("/", "/courses/", "/courses/new/", "https://example.org/")]

    marked = services.mark_current(links, path)

    assert [entry["url"] for entry in marked if entry["is_current"]] == expected


def test_mark_current_marks_a_link_on_every_page_of_its_section() -> None:
    links = [
        {"label": "Членство", "url": "/membership/mine/", "section": "/membership/"},
        {"label": "Участники", "url": "/members/"},
    ]

    marked = services.mark_current(links, "/membership/dues/")

    assert [link["is_current"] for link in marked] == [True, False]


def test_mark_current_marks_nothing_where_nothing_fits() -> None:
    marked = services.mark_current([{"label": "Курсы", "url": "/courses/"}], "/news/")

    assert [entry["is_current"] for entry in marked] == [False]


def test_site_text_stands_once_in_a_language(text: SiteText) -> None:
    second = SiteText(
        locale=Locale.objects.get(language_code="ru"), name="a", short_name="a", contact_email="a@example.org"
    )

    with pytest.raises(ValidationError, match=r"in this language exists already|на этом языке"):
        second.full_clean()
    with pytest.raises(IntegrityError), transaction.atomic():
        second.save()


def test_site_text_may_stand_in_two_languages(text: SiteText) -> None:
    SiteTextFactory(language="en", translation_key=text.translation_key)

    assert SiteText.objects.count() == 2


def test_until_publication_makes_a_value_once(text: SiteText, about: StandardPage) -> None:
    made = iter(["first", "second"])

    values = [services.until_publication("value", lambda: next(made)) for _number in range(2)]
    about.save_revision().publish()
    values.append(services.until_publication("value", lambda: next(made)))

    assert values == ["first", "first", "second"]


def test_until_publication_keeps_languages_apart(text: SiteText) -> None:
    with translation.override("ru"):
        services.until_publication("value", lambda: "Лига")

    with translation.override("en"):
        assert services.until_publication("value", lambda: "League") == "League"


def test_until_publication_keeps_an_empty_value(text: SiteText) -> None:
    assert services.until_publication("value", dict) == {}
    assert services.until_publication("value", lambda: {"a": 1}) == {}


def test_forget_furniture_forgets_again_at_commit(
    home: HomePage, django_capture_on_commit_callbacks: Callable[..., AbstractContextManager[object]]
) -> None:
    """Another request may keep the old state between a change and its commit."""
    with django_capture_on_commit_callbacks(execute=True):
        services.forget_furniture()
        services.until_publication("value", lambda: "old")

    assert services.until_publication("value", lambda: "new") == "new"
