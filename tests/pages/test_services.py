"""A site from nothing, as a fresh installation sets it up."""

from io import StringIO

import pytest
from django.conf import settings
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.test import Client
from pytest_django import Settings
from wagtail.models import GroupPagePermission, Locale, Page, Site

from courses.models import CourseIndexPage
from courses.services.setup import AUTHORS, OFFICE
from pages.models import HomePage
from pages.services import create_home_pages
from tests.factories.pages import add_standard_page

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("bare_site")]

TITLES = {"ru": "Лига", "en": "League"}


def tree() -> list[tuple[str, str, bool]]:
    pages = Page.objects.order_by("path").values_list("url_path", "locale__language_code", "live")
    return list(pages)


def test_create_home_pages_replaces_the_welcome_page() -> None:
    assert Page.objects.filter(depth=2).exists()

    pages = create_home_pages(TITLES, hostname="league.example.org", port=443)

    assert {code: page.title for code, page in pages.items()} == TITLES
    assert tree() == [("/", "ru", True), ("/home/", "ru", True), ("/home-en/", "en", True)]


def test_create_home_pages_makes_one_page_in_two_languages() -> None:
    pages = create_home_pages(TITLES, hostname="league.example.org", port=443)

    assert pages["ru"].translation_key == pages["en"].translation_key


def test_create_home_pages_sets_the_one_site() -> None:
    pages = create_home_pages(TITLES, hostname="league.example.org", port=443)

    site = Site.objects.get()
    assert (site.hostname, site.port, site.is_default_site) == ("league.example.org", 443, True)
    assert site.site_name == settings.WAGTAIL_SITE_NAME
    assert site.root_page.pk == pages["ru"].pk
    assert pages["en"].get_full_url() == "https://league.example.org/en/"


def test_create_home_pages_twice_changes_nothing_but_the_address() -> None:
    create_home_pages(TITLES, hostname="league.example.org", port=443)
    home = HomePage.objects.get(slug="home")
    add_standard_page(home, "about")
    home.title = "Новое название"
    home.save()
    before = tree()

    pages = create_home_pages(TITLES, hostname="other.example.org", port=80)

    assert tree() == before
    assert pages["ru"].title == "Новое название"
    assert Site.objects.get().hostname == "other.example.org"


def test_create_home_pages_adds_a_missing_language() -> None:
    pages = create_home_pages(TITLES, hostname="league.example.org", port=443)
    Page.objects.get(pk=pages["en"].pk).delete()

    again = create_home_pages(TITLES, hostname="league.example.org", port=443)

    assert again["ru"].pk == pages["ru"].pk
    assert again["en"].translation_key == pages["ru"].translation_key


def test_setup_site_makes_pages_and_roles(settings: Settings, client: Client) -> None:
    settings.WAGTAILADMIN_BASE_URL = "https://league.example.org"

    call_command("setup_site", stdout=StringIO())

    assert set(Group.objects.filter(name__in=[AUTHORS, OFFICE]).values_list("name", flat=True)) == {AUTHORS, OFFICE}
    assert CourseIndexPage.objects.live().count() == len(settings.LANGUAGES)
    assert Site.objects.get().root_url == "https://league.example.org"
    for path in ("/", "/en/", "/courses/", "/en/courses/"):
        assert client.get(path).status_code == 200


def test_setup_site_twice_doubles_nothing(settings: Settings) -> None:
    output = StringIO()
    call_command("setup_site", stdout=output)
    before = (tree(), Locale.objects.count(), Group.objects.count(), GroupPagePermission.objects.count())

    call_command("setup_site", stdout=output)

    after = (tree(), Locale.objects.count(), Group.objects.count(), GroupPagePermission.objects.count())
    assert after == before
    assert output.getvalue().count("The site has its home pages, news, catalogue, roles and reference data.") == 2


def test_setup_site_takes_nothing_away_from_a_role() -> None:
    call_command("setup_site", stdout=StringIO())
    Group.objects.get(name=OFFICE).permissions.clear()

    call_command("setup_site", stdout=StringIO())

    assert Group.objects.get(name=OFFICE).permissions.filter(codename="access_admin").exists()
