import gc
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.models import Group
from django.core.cache import cache
from django.db import connection
from django.utils import translation
from pytest_django import DjangoDbBlocker
from wagtail.models import Page, Site

from courses.management.commands.setup_site import CATALOGUE_TITLES, HOME_TITLES
from courses.models import CourseIndexPage
from courses.services import setup
from pages.models import HomePage
from pages.services import create_home_pages
from tests.databases import create_test_database, database_beside


def pytest_collection_finish() -> None:
    """Take what was imported out of the rounds of the garbage collector, and let it go round less often.

    Code and collected tests are hundreds of thousands of objects that live to the end: a twentieth of the time went
    into looking at them again and again.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(200_000, 50, 100)


def pytest_report_header() -> str:
    """Say which engines the suite runs on."""
    return f"engines: {engines()}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say it again at the end, where it is read."""
    terminalreporter.write_line(f"These tests ran on {engines()}.")


def engines() -> str:
    """Name the database and the broker of this run."""
    database = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}[connection.vendor]
    return f"{database} and {'Redis' if settings.REDIS_URL else 'the filesystem broker'}"


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None, django_db_modify_db_settings: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[None]:
    """A copy of the migrated template, in the place of pytest-django's migrating for every process."""
    name = connection.settings_dict["NAME"]
    with django_db_blocker.unblock():
        create_test_database(furnish)
    yield
    with django_db_blocker.unblock():
        connection.creation.destroy_test_db(name, verbosity=0)


def furnish() -> None:
    """Give every test the home pages, the catalogues and the roles: to make them takes longer than most tests."""
    setup.create_roles(setup.create_catalogue(_home_pages(), CATALOGUE_TITLES))


def _home_pages() -> dict[str, HomePage]:
    return create_home_pages(HOME_TITLES, hostname="testserver", port=80)


@pytest.fixture(autouse=True)
def empty_cache() -> None:
    """Menus, sessions and Wagtail's site paths live in the cache: no test sees another's."""
    cache.clear()


@pytest.fixture(autouse=True)
def default_language() -> None:
    """A request leaves its language active in the process that served it: no test begins in another's."""
    translation.activate(settings.LANGUAGE_CODE)


@pytest.fixture
def english() -> Iterator[None]:
    """The sentences of services in the language of the code."""
    with translation.override("en"):
        yield


@pytest.fixture
def committed(db: None, tmp_path: Path) -> Iterator[None]:
    """A database of the test's own in which threads see each other's rows, for races."""
    with database_beside(tmp_path):
        yield


@pytest.fixture
def home_pages(db: None) -> dict[str, HomePage]:
    """The home page in Russian and English, by language."""
    return _home_pages()


@pytest.fixture
def bare_site(db: None) -> None:
    """What migrations leave: no home pages, catalogues and roles, but the welcome page of Wagtail."""
    welcome = Page(title="Welcome", slug="welcome")
    Page.objects.get(depth=1).add_child(instance=welcome)
    Site.objects.update(root_page=welcome)
    for page in Page.objects.filter(depth=2).exclude(pk=welcome.pk):
        page.delete()
    Page.objects.filter(pk=welcome.pk).update(slug="home", url_path="/home/")
    Group.objects.exclude(name__in=["Moderators", "Editors"]).delete()


@pytest.fixture
def catalogues(home_pages: dict[str, HomePage]) -> dict[str, CourseIndexPage]:
    """The course catalogue in Russian and English, by language; the roles that work on it exist."""
    return setup.create_catalogue(home_pages, CATALOGUE_TITLES)
