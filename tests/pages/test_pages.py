"""What visitors and crawlers see of the public pages."""

import pytest
from bs4 import BeautifulSoup
from django.test import Client
from pytest_django import Settings

from pages.models import HomePage, NewsIndexPage, SiteImage
from tests.factories.pages import SiteImageFactory, add_news, add_news_index, add_standard_page
from tests.pages.conftest import Reader

pytestmark = pytest.mark.django_db


def alternates(page: BeautifulSoup) -> dict[str, str]:
    """Return the address of each language that the page's head names."""
    return {link["hreflang"]: link["href"] for link in page.head.select("link[hreflang]")}


def sharing(page: BeautifulSoup) -> dict[str, str]:
    return {tag["property"]: tag["content"] for tag in page.head.select("meta[property^=og]")}


@pytest.fixture
def image() -> SiteImage:
    return SiteImageFactory()


def test_home_page_has_a_face_in_each_language(home_pages: dict[str, HomePage], read: Reader) -> None:
    russian, english = read("/"), read("/en/")

    assert russian.html["lang"] == "ru"
    assert russian.h1.text == "Центральноазиатская лига юристов"
    assert english.html["lang"] == "en"
    assert english.h1.text == "Central Asian League of Lawyers"


@pytest.mark.parametrize(("path", "language"), [("/", "ru"), ("/en/", "en")])
def test_home_page_names_itself_and_its_translation(
    path: str, language: str, home_pages: dict[str, HomePage], read: Reader
) -> None:
    page = read(path)

    assert page.find("link", rel="canonical")["href"] == f"http://testserver{path}"
    assert alternates(page) == {"ru": "http://testserver/", "en": "http://testserver/en/"}
    assert sharing(page)["og:url"] == f"http://testserver{path}"
    assert sharing(page)["og:locale"] == language


def test_standard_page_shows_its_text(home: HomePage, read: Reader) -> None:
    body = [("prose", "<h2>Состав</h2><p>Пять отделений.</p>"), ("callout", {"heading": "Важно", "text": "<p>Да</p>"})]
    add_standard_page(home, "about", title="О Лиге", intro="Кто мы", body=body)

    page = read("/about/")

    assert page.title.text.strip().startswith("О Лиге")
    assert page.h1.text == "О Лиге"
    assert page.select_one(".lede").text == "Кто мы"
    assert [heading.text for heading in page.select("main h2, main h3")] == ["Состав", "Важно"]


def test_standard_page_without_translation_names_only_itself(home: HomePage, read: Reader) -> None:
    add_standard_page(home, "about")

    assert alternates(read("/about/")) == {"ru": "http://testserver/about/"}


def test_standard_page_names_its_live_translations_only(home: HomePage, english_home: HomePage, read: Reader) -> None:
    russian = add_standard_page(home, "about")
    english = add_standard_page(english_home, "about-us", translation_key=russian.translation_key)

    assert alternates(read("/about/"))["en"] == "http://testserver/en/about-us/"

    english.unpublish()

    assert "en" not in alternates(read("/about/"))


def test_search_title_and_description_win_over_the_title(home: HomePage, read: Reader) -> None:
    add_standard_page(home, "about", title="О Лиге", seo_title="Лига юристов", search_description="Пять стран.")

    page = read("/about/")

    assert page.title.text.strip().startswith("Лига юристов ·")
    assert page.find("meta", attrs={"name": "description"})["content"] == "Пять стран."
    assert sharing(page)["og:title"] == "Лига юристов"
    assert sharing(page)["og:description"] == "Пять стран."


def test_metadata_is_escaped(home: HomePage, read: Reader) -> None:
    add_standard_page(home, "about", title='"><b>О Лиге', search_description='"><b>Пять')

    page = read("/about/")

    assert sharing(page)["og:title"] == '"><b>О Лиге'
    assert page.find("meta", attrs={"name": "description"})["content"] == '"><b>Пять'
    assert page.head.find("b") is None


def test_social_image_is_a_card(home: HomePage, image: SiteImage, settings: Settings, read: Reader) -> None:
    settings.WAGTAILADMIN_BASE_URL = "https://league.example.org"
    add_standard_page(home, "about", social_image=image)

    page = read("/about/")

    assert sharing(page)["og:image"].startswith("https://league.example.org/media/images/hall")
    assert page.find("meta", attrs={"name": "twitter:card"})["content"] == "summary_large_image"


def test_social_image_survives_a_store_on_another_host(
    home: HomePage, image: SiteImage, settings: Settings, read: Reader
) -> None:
    settings.MEDIA_URL = "https://files.example.org/"
    add_standard_page(home, "about", social_image=image)

    assert sharing(read("/about/"))["og:image"].startswith("https://files.example.org/images/hall")


def test_news_page_shows_date_summary_and_the_way_back(news_index: NewsIndexPage, read: Reader) -> None:
    add_news(news_index, "opening", title="Платформа открыта", body=[("prose", "<p>Входите.</p>")])

    page = read("/news/opening/")

    assert page.h1.text == "Платформа открыта"
    assert page.find("time")["datetime"] == "2026-10-01"
    assert page.select_one(".lede").text == "Кратко opening"
    assert page.main.find("a", href="/news/").text == "Новости"
    assert page.find("meta", property="article:published_time")["content"] == "2026-10-01"


def test_news_page_shows_its_picture(news_index: NewsIndexPage, image: SiteImage, read: Reader) -> None:
    add_news(news_index, "opening", image=image)

    picture = read("/news/opening/").select_one("figure img")

    assert picture["src"].endswith(".webp")
    assert (picture["width"], picture["height"]) == ("640", "480")


def test_news_page_in_english(english_home: HomePage, read: Reader) -> None:
    add_news(add_news_index(english_home, title="News"), "opening", title="The platform is open")

    page = read("/en/news/opening/")

    assert page.html["lang"] == "en"
    assert page.h1.text == "The platform is open"
    assert page.main.find("a", href="/en/news/").text == "News"


@pytest.mark.parametrize("path", ["/", "/about/", "/news/", "/news/opening/"])
def test_public_pages_have_no_inline_script_or_style(
    path: str, home: HomePage, news_index: NewsIndexPage, read: Reader
) -> None:
    add_standard_page(home, "about")
    add_news(news_index, "opening")

    page = read(path)

    assert [script for script in page.find_all("script") if not script.get("src")] == []
    assert page.find_all("style") == []
    assert page.select("[style], [onclick], [onload]") == []


@pytest.mark.parametrize("path", ["/", "/about/", "/news/"])
def test_public_pages_start_no_session(path: str, home: HomePage, news_index: NewsIndexPage, client: Client) -> None:
    add_standard_page(home, "about")

    response = client.get(path)

    assert not response.cookies
