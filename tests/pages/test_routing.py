"""A page is found at any depth in one look-up; what is answered is what Wagtail's own way answers."""

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks, Settings
from wagtail.models import Page, PageViewRestriction, Site

from pages import services
from pages.models import HomePage
from tests.factories.pages import add_page, add_standard_page

pytestmark = pytest.mark.django_db


@pytest.fixture
def nested(home: HomePage) -> Page:
    """`/about/rules/procedure/`."""
    about = add_standard_page(home, "about")
    rules = add_standard_page(about, "rules")
    return add_standard_page(rules, "procedure")


@pytest.mark.parametrize("path", ["/", "/about/", "/about/rules/", "/about/rules/procedure/"])
def test_route_finds_pages_at_any_depth(path: str, nested: Page, client: Client) -> None:
    response = client.get(path)

    assert response.status_code == 200
    assert response.context["page"].get_url() == path


@pytest.mark.parametrize(
    "path",
    [
        "/nothing/",
        "/about/nothing/",
        "/rules/",  # the slug of a page that lies deeper
        "/procedure/",
        "/about/procedure/",  # a level left out
        "/rules/about/",  # levels in the wrong order
        "/about/about/",
        "/about/rules/procedure/more/",
        "/home/about/",  # the slug of the home page is no part of its address
    ],
)
def test_route_refuses_what_is_no_address(path: str, nested: Page, client: Client) -> None:
    response = client.get(path)

    assert response.status_code == 404


def test_route_hides_a_draft(home: HomePage, client: Client) -> None:
    add_standard_page(home, "draft", is_draft=True)

    response = client.get("/draft/")

    assert response.status_code == 404


def test_route_hides_a_page_that_was_withdrawn(nested: Page, client: Client) -> None:
    nested.unpublish()

    response = client.get("/about/rules/procedure/")

    assert response.status_code == 404


def test_route_finds_a_published_page_below_a_draft(home: HomePage, client: Client) -> None:
    """As Wagtail does: publishing is a matter of each page."""
    draft = add_standard_page(home, "draft", is_draft=True)
    add_standard_page(draft, "inside")

    response = client.get("/draft/inside/")

    assert response.status_code == 200


def test_route_adds_a_missing_slash(nested: Page, client: Client) -> None:
    response = client.get("/about/rules?word=1")

    assert response.status_code == 301
    assert response["Location"] == "/about/rules/?word=1"


def test_route_keeps_languages_apart(home: HomePage, english_home: HomePage, client: Client) -> None:
    add_standard_page(home, "only-russian")
    add_standard_page(english_home, "only-english")

    statuses = [
        client.get(path).status_code
        for path in ("/only-russian/", "/en/only-english/", "/en/only-russian/", "/only-english/")
    ]

    assert statuses == [200, 200, 404, 404]


def test_route_follows_a_renamed_branch(
    nested: Page, client: Client, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    about = Page.objects.get(slug="about").specific
    about.slug = "league"
    with django_capture_on_commit_callbacks(execute=True):
        about.save_revision().publish()

    old = client.get("/about/rules/procedure/")

    assert client.get("/league/rules/procedure/").status_code == 200
    assert (old.status_code, old["Location"]) == (301, "/league/rules/procedure/")


def test_route_follows_a_moved_branch(home: HomePage, nested: Page, client: Client) -> None:
    other = add_standard_page(home, "other")
    Page.objects.get(slug="rules").move(Page.objects.get(pk=other.pk), pos="last-child")

    old = client.get("/about/rules/procedure/")

    assert client.get("/other/rules/procedure/").status_code == 200
    assert (old.status_code, old["Location"]) == (301, "/other/rules/procedure/")


def test_route_asks_visitors_of_a_restricted_branch_to_sign_in(nested: Page, client: Client) -> None:
    PageViewRestriction.objects.create(page=Page.objects.get(slug="about"), restriction_type=PageViewRestriction.LOGIN)

    response = client.get("/about/rules/procedure/")

    assert response.status_code == 302
    assert response["Location"] == "/account/login/?next=/about/rules/procedure/"


def test_route_asks_for_the_password_of_a_page(nested: Page, client: Client) -> None:
    about = Page.objects.get(slug="about")
    restriction = PageViewRestriction.objects.create(
        page=about, restriction_type=PageViewRestriction.PASSWORD, password="three quiet words"
    )
    form = client.get("/about/rules/").context["action_url"]

    refused = client.post(form, {"password": "wrong", "return_url": "/about/rules/"})
    accepted = client.post(form, {"password": restriction.password, "return_url": "/about/rules/"})

    assert refused.status_code == 200
    assert (accepted.status_code, accepted["Location"]) == (302, "/about/rules/")


@pytest.mark.parametrize("depth", [0, 1, 2, 4])
def test_find_page_costs_the_same_at_any_depth(
    depth: int, home: HomePage, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    page: Page = home
    for level in range(depth):
        page = add_standard_page(page, f"level{level}")
    services.find_page("")

    with django_assert_num_queries(2):  # the row of the tree and the page's own
        found = services.find_page("".join(f"level{level}/" for level in range(depth)))

    assert found == page


def test_find_page_leaves_several_sites_to_wagtail(nested: Page, settings: Settings, client: Client) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    second = Site.objects.create(hostname="chapter.example.org", root_page=Page.objects.get(slug="about"))

    assert services.find_page("about/") is None
    assert client.get("/about/rules/").status_code == 200
    assert client.get("/rules/", headers={"host": second.hostname}).status_code == 200


def test_page_types_say_where_they_belong(home: HomePage) -> None:
    about = add_standard_page(home, "about")

    assert add_page(about, type(about)(title="Внутри", slug="inside")).get_parent().pk == about.pk
