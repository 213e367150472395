"""Every block of the public pages, rendered on a page and in the editors' preview."""

from typing import Any

import pytest
from bs4 import BeautifulSoup, Tag
from django.test import Client
from wagtail.blocks import Block

from accounts.models import User
from pages.blocks import ArticleStream, FooterColumnBlock, HomeStream, LinkBlock
from pages.models import HomePage, SiteDocument, SiteImage, StandardPage
from tests.factories.pages import (
    SiteDocumentFactory,
    SiteImageFactory,
    add_news,
    add_news_index,
    add_standard_page,
    compose,
    link,
)
from tests.pages.conftest import Reader

pytestmark = pytest.mark.django_db


def items(*values: Any) -> list[dict[str, Any]]:
    return [{"type": "item", "id": str(place), "value": value} for place, value in enumerate(values)]


@pytest.fixture
def show(home: HomePage, read: Reader) -> Any:
    """Put one section on the home page and return what a visitor sees of it."""

    def do(block_type: str, value: Any) -> Tag:
        compose(home, [{"type": block_type, "value": value}])
        return read("/").main

    return do


@pytest.fixture
def show_article(home: HomePage, read: Reader) -> Any:
    """Put one block on a page of text and return what a visitor sees of it."""

    def do(block_type: str, value: Any) -> Tag:
        compose(add_standard_page(home, "article"), [{"type": block_type, "value": value}])
        return read("/article/").select_one(".article")

    return do


def hero(**fields: Any) -> dict[str, Any]:
    empty = {"kicker": "", "note": "", "agenda_heading": "", "agenda": []}
    return {
        **empty,
        "heading": "Мастерство защиты",
        "lede": "Учимся вместе",
        "primary": link("Курсы", url="/courses/"),
        "secondary": link("Войти", url="/account/login/"),
        **fields,
    }


# Sections of the home page


def test_hero_offers_two_buttons(show: Any) -> None:
    section = show("hero", hero(kicker="Пять стран", note="Бесплатно"))

    assert section.h1.text == "Мастерство защиты"
    assert section.select_one(".kicker").text == "Пять стран"
    assert [(a.text.strip(), a["href"], a.get("data-kind")) for a in section.select("a.btn")] == [
        ("Курсы", "/courses/", None),
        ("Войти", "/account/login/", "second"),
    ]
    assert section.find("ol") is None


def test_hero_without_second_button_has_one(show: Any) -> None:
    section = show("hero", hero(secondary=link("Войти")))

    assert [a.text.strip() for a in section.select("a.btn")] == ["Курсы"]


def test_hero_shows_its_agenda(show: Any, home: HomePage) -> None:
    about = add_standard_page(home, "about")
    agenda = items(
        {"on": "2026-12-14", "text": "Начинает группа", "page": about.pk},
        {"on": "2026-12-25", "text": "Последний день", "page": None},
    )

    section = show("hero", hero(agenda_heading="Зима", agenda=agenda))

    assert section.h2.text == "Зима"
    assert [time["datetime"] for time in section.select("li time")] == ["2026-12-14", "2026-12-25"]
    assert [a["href"] for a in section.select("li a")] == ["/about/"]


def test_features_show_icon_heading_and_text(show: Any) -> None:
    values = items(
        {"icon": "gavel", "heading": "Суд", "text": "Речь"}, {"icon": "scale", "heading": "Право", "text": "Статьи"}
    )

    section = show("features", {"heading": "Что внутри", "items": values})

    assert section.h2.text == "Что внутри"
    assert [h3.text.strip() for h3 in section.select("li h3")] == ["Суд", "Право"]
    assert [use["href"].partition("#")[2] for use in section.select("li use")] == ["i-gavel", "i-scale"]


def test_statement_shows_figures_for_eye_and_ear(show: Any) -> None:
    value = {
        "heading": "Одна профессия",
        "text": "<p>Пять <b>стран</b></p>",
        "figures": items({"value": "5", "text": "отделений"}),
    }

    section = show("statement", value)

    assert section.select_one(".prose b").text == "стран"
    assert section.dt.text == "отделений"
    assert section.dd.b.text == "5"


def test_statement_without_figures_has_no_list(show: Any) -> None:
    section = show("statement", {"heading": "Одна профессия", "text": "<p>Пять</p>", "figures": []})

    assert section.dl is None


def test_steps_are_an_ordered_list(show: Any) -> None:
    steps = items({"heading": "Запишитесь", "text": "Сейчас"}, {"heading": "Читайте", "text": "Дома"})

    section = show("steps", {"heading": "Как начать", "steps": steps, "link": link("Начать", url="/courses/")})

    assert [h3.text for h3 in section.select("ol > li > h3")] == ["Запишитесь", "Читайте"]
    assert section.select_one("a.btn")["href"] == "/courses/"


def test_latest_news_shows_as_many_as_asked(show: Any, home: HomePage) -> None:
    index = add_news_index(home)
    for number in range(4):
        add_news(index, f"n{number}", title=f"Известие {number}")

    section = show("news", {"heading": "Новости", "count": 2})

    assert [h3.text for h3 in section.select("li h3")] == ["Известие 3", "Известие 2"]
    assert section.h2.text == "Новости"


def test_latest_news_without_news_takes_no_room(show: Any) -> None:
    assert show("news", {"heading": "Новости", "count": 2}).text.strip() == ""


# Blocks of an article


def test_prose_keeps_what_editors_may_write(show_article: Any) -> None:
    article = show_article("prose", "<h2>Состав</h2><p><b>Один</b> судья</p><ul><li>десять</li></ul>")

    assert [tag.name for tag in article.select_one(".prose").find_all(recursive=False)] == ["h2", "p", "ul"]
    assert article.select_one(".prose")["lang"] == "ru"


def test_prose_link_leads_to_the_page(show_article: Any, home: HomePage) -> None:
    about = add_standard_page(home, "about")

    article = show_article("prose", f'<p><a linktype="page" id="{about.pk}">О Лиге</a></p>')

    assert article.a["href"] == "/about/"


def test_image_names_two_sizes_and_its_description(show_article: Any) -> None:
    image: SiteImage = SiteImageFactory(credit="А. Иванова")

    article = show_article("image", {"image": image.pk, "alt": "Зал суда", "caption": "Алматы"})

    assert article.img["alt"] == "Зал суда"
    assert article.img["src"].endswith(".webp")
    assert article.img["loading"] == "lazy"
    assert (article.img["width"], article.img["height"]) == ("640", "480")
    assert "640w" in article.img["srcset"]
    assert article.figcaption.text == "Алматы © А. Иванова"


def test_image_of_no_meaning_has_an_empty_description(show_article: Any) -> None:
    article = show_article("image", {"image": SiteImageFactory().pk, "alt": "", "caption": ""})

    assert article.img["alt"] == ""
    assert article.figcaption is None


def test_document_says_type_and_size(show_article: Any) -> None:
    document: SiteDocument = SiteDocumentFactory()

    article = show_article("document", {"document": document.pk, "note": "Образец"})

    assert article.a["href"] == document.url
    assert article.a.text == "Образец ходатайства"
    assert [span.text.replace("\xa0", " ") for span in article.select(".meta span")] == ["TXT", "2 КБ", "Образец"]


def test_callout_stands_out(show_article: Any) -> None:
    article = show_article("callout", {"kicker": "Важно", "heading": "Срок", "text": "<p>Десять дней</p>"})

    assert article.h3.text == "Срок"
    assert "Важно" in article.text
    assert "Десять дней" in article.text


# Links


@pytest.mark.parametrize("is_given", [True, False])
def test_link_prefers_the_page(is_given: bool, home: HomePage) -> None:
    page: StandardPage | None = add_standard_page(home, "about") if is_given else None

    html = LinkBlock().render(LinkBlock().to_python(link("О Лиге", page=page, url="/elsewhere/")))

    assert BeautifulSoup(html, "html.parser").a["href"] == ("/about/" if is_given else "/elsewhere/")


def test_link_to_nothing_is_nothing() -> None:
    assert LinkBlock().render(LinkBlock().to_python(link("О Лиге"))).strip() == ""


def test_footer_column_lists_its_links() -> None:
    value = {"heading": "Лига", "links": items(link("Курсы", url="/courses/"))}

    column = BeautifulSoup(FooterColumnBlock().render(FooterColumnBlock().to_python(value)), "html.parser")

    assert column.h2.text == "Лига"
    assert column.select_one("li a")["href"] == "/courses/"


# All of them

BLOCKS: dict[str, Block] = {
    f"{stream.__name__}.{name}": block
    for stream in (HomeStream, ArticleStream)
    for name, block in stream().child_blocks.items()
}


@pytest.mark.parametrize("name", sorted(BLOCKS))
def test_block_has_a_template_an_icon_and_a_name(name: str) -> None:
    meta = BLOCKS[name].meta

    assert meta.template.startswith("pages/blocks/")
    assert meta.icon != "placeholder"
    assert str(BLOCKS[name].label)


@pytest.mark.parametrize("name", sorted(BLOCKS))
def test_block_has_a_preview(name: str, home: HomePage, superuser: User, client: Client) -> None:
    add_news(add_news_index(home))
    SiteImageFactory()
    SiteDocumentFactory()
    client.force_login(superuser)

    response = client.get("/admin/block-preview/", {"id": BLOCKS[name].definition_prefix})

    assert BLOCKS[name].is_previewable
    assert response.status_code == 200
    page = BeautifulSoup(response.content, "html.parser")
    assert page.main.text.strip()
    assert page.head.find("link", href="/static/ui/css/site.css")


@pytest.mark.parametrize("name", ["ArticleStream.image", "ArticleStream.document"])
def test_block_whose_file_is_gone_is_nothing(name: str) -> None:
    block = BLOCKS[name]

    assert block.render(block.get_preview_value()).strip() == ""


@pytest.mark.parametrize("name", sorted(BLOCKS))
def test_block_needs_nothing_of_the_page_around_it(name: str, home: HomePage) -> None:
    """Feeds, previews and searches render a block alone."""
    SiteImageFactory()
    SiteDocumentFactory()
    block = BLOCKS[name]

    assert isinstance(block.render(block.get_preview_value()), str)
