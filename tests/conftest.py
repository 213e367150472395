import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.utils import translation

from courses.management.commands.setup_site import CATALOGUE_TITLES, HOME_TITLES
from courses.models import CourseIndexPage
from courses.services import setup
from pages.models import HomePage
from pages.services import create_home_pages


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


@pytest.fixture(autouse=True)
def empty_cache() -> None:
    """Menus, sessions and Wagtail's site paths live in the cache: no test sees another's."""
    cache.clear()


@pytest.fixture(autouse=True)
def default_language() -> None:
    """A request leaves its language active in the process that served it: no test begins in another's."""
    translation.activate(settings.LANGUAGE_CODE)


@pytest.fixture
def home_pages(db: None) -> dict[str, HomePage]:
    """The home page in Russian and English, by language."""
    return create_home_pages(HOME_TITLES, hostname="testserver", port=80)


@pytest.fixture
def catalogues(home_pages: dict[str, HomePage]) -> dict[str, CourseIndexPage]:
    """The course catalogue in Russian and English, by language, with the roles that work on it."""
    catalogues = setup.create_catalogue(home_pages, CATALOGUE_TITLES)
    setup.create_roles(catalogues)
    return catalogues
