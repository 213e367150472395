from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from pages.models import HomePage, NewsIndexPage
from tests.factories.accounts import UserFactory
from tests.factories.pages import add_news_index

Reader = Callable[[str], BeautifulSoup]


@pytest.fixture(autouse=True)
def uploads(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Pictures and documents of a test are files of that test."""
    settings.MEDIA_ROOT = str(tmp_path / "media")
    # Wagtail leaves the temporary file of a rendition to the garbage collector, which warns about it.
    monkeypatch.setattr("wagtail.images.models.SpooledTemporaryFile", lambda max_size: BytesIO())
    return tmp_path / "media"


@pytest.fixture
def home(home_pages: dict[str, HomePage]) -> HomePage:
    return home_pages["ru"]


@pytest.fixture
def english_home(home_pages: dict[str, HomePage]) -> HomePage:
    return home_pages["en"]


@pytest.fixture
def news_index(home: HomePage) -> NewsIndexPage:
    return add_news_index(home)


@pytest.fixture
def read(client: Client) -> Reader:
    """Open an address as a visitor and return the page."""

    def do(path: str) -> BeautifulSoup:
        response = client.get(path)
        assert response.status_code == 200, response
        return BeautifulSoup(response.content, "html.parser")

    return do


@pytest.fixture
def superuser(db: None, settings: Settings) -> User:
    """Somebody who may do everything; the second factor is tested elsewhere."""
    settings.REQUIRE_STAFF_MFA = False
    return UserFactory(is_superuser=True)
