import pytest
from django.core.cache import cache

from courses.management.commands.setup_site import CATALOGUE_TITLES, HOME_TITLES
from courses.models import CourseIndexPage
from courses.services import setup
from pages.models import HomePage
from pages.services import create_home_pages


@pytest.fixture(autouse=True)
def empty_cache() -> None:
    """Menus, sessions and Wagtail's site paths live in the cache: no test sees another's."""
    cache.clear()


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
