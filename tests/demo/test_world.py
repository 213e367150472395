"""The demo world itself, loaded once: enough lessons and quizzes, substantial texts, no dead link, no dead page.

The tests of this module share the loaded world, which stands in one transaction around theirs and is rolled back at the
end.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import StringIO
from urllib.parse import urlsplit

import pytest
from bs4 import BeautifulSoup
from django.core.management import call_command
from django.db import transaction
from django.test import Client, override_settings
from pytest_django import DjangoDbBlocker
from wagtail.models import Page

from accounts.models import User
from courses.choices import Pace
from courses.models import CourseIndexPage, CoursePage, CourseRun, LessonPage, ModulePage, Unit
from demo.files import CONTENT
from demo.loader import read_demo
from pages.models import HomePage, NewsPage, SiteText, StandardPage
from tests.factories.courses import EnrolmentFactory

pytestmark = pytest.mark.django_db

MINIMUMS = [("jury-trial-kz", 4, 12, 4), ("examination", 0, 8, 3), ("un-complaint", 0, 8, 3)]
LEAST_WORDS, MOST_WORDS = 500, 1200
NO_PAGES = ("/static/", "/media/", "/admin/", "/documents/")


@dataclass
class World:
    """Every published page as somebody sees who may see it, by address."""

    pages: dict[str, BeautifulSoup] = field(default_factory=dict)
    statuses: dict[str, int] = field(default_factory=dict)

    def visit(self, client: Client, url: str) -> None:
        response = client.get(url)
        self.statuses[url] = response.status_code
        self.pages[url] = BeautifulSoup(response.content, "html.parser")


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[World]:
    with django_db_blocker.unblock(), transaction.atomic():
        base_url = "http://testserver"
        with override_settings(DEBUG=True, WAGTAILADMIN_BASE_URL=base_url, ALLOWED_HOSTS=["testserver"]):
            call_command("load_demo", stdout=StringIO())
        world = World()
        visitor, learner = Client(), Client()
        person = User.objects.get(email="advocate@example.org")
        for run in CourseRun.objects.filter(pace=Pace.SELF_PACED):
            EnrolmentFactory(user=person, run=run)
        learner.force_login(person)
        for page in Page.objects.live().filter(depth__gt=1).specific():
            if not isinstance(page, ModulePage):  # a module has no page of its own
                world.visit(learner if isinstance(page, LessonPage) else visitor, page.get_url())
        yield world
        transaction.set_rollback(True)


def lessons() -> list[LessonPage]:
    return list(LessonPage.objects.live().select_related("locale").order_by("path"))


def name_of(lesson: LessonPage) -> str:
    return f"{lesson.locale.language_code} {lesson.url_path}"


def words_of(lesson: LessonPage) -> int:
    """Count the words a reader finds in a lesson, its quizzes apart."""
    html = "".join(block.render() for block in lesson.body if block.block_type != "quiz")
    text = BeautifulSoup(html, "html.parser").get_text(" ")
    return sum(bool(re.search(r"\w", word)) for word in text.split())


# The size that the issue demands


@pytest.mark.parametrize(("slug", "modules", "lesson_count", "quizzes"), MINIMUMS, ids=[row[0] for row in MINIMUMS])
def test_course_is_large_enough(slug: str, modules: int, lesson_count: int, quizzes: int, world: World) -> None:
    page = CoursePage.objects.live().get(slug=slug, locale__language_code="ru")
    units = Unit.objects.in_use().filter(course_id=page.translation_key)

    assert ModulePage.objects.live().descendant_of(page).count() >= modules
    assert units.filter(kind="lesson").count() >= lesson_count
    assert units.filter(kind="quiz").count() >= quizzes


def test_jury_course_is_complete_in_english(world: World) -> None:
    def outline(language: str) -> list[tuple[str, list[str]]]:
        page = CoursePage.objects.live().get(slug="jury-trial-kz", locale__language_code=language)
        found = LessonPage.objects.live().descendant_of(page).order_by("path")
        return [
            (str(lesson.translation_key), [f"{block.block_type} {block.id}" for block in lesson.body])
            for lesson in found
        ]

    assert outline("en") == outline("ru")


def test_there_are_three_courses(world: World) -> None:
    assert sorted(CoursePage.objects.live().filter(locale__language_code="ru").values_list("slug", flat=True)) == [
        "examination",
        "jury-trial-kz",
        "un-complaint",
    ]


def test_lessons_are_substantial(world: World) -> None:
    sizes = {name_of(lesson): words_of(lesson) for lesson in lessons()}

    assert {name: size for name, size in sizes.items() if not LEAST_WORDS <= size <= MOST_WORDS} == {}


def test_lessons_have_an_exercise_or_a_case(world: World) -> None:
    practical = {"case_study", "reflection", "quiz"}

    bare = [name_of(lesson) for lesson in lessons() if not practical & {block.block_type for block in lesson.body}]

    assert bare == []


def test_titles_are_unique_within_a_course(world: World) -> None:
    for course in CoursePage.objects.live():
        titles = list(LessonPage.objects.descendant_of(course).values_list("title", flat=True))
        assert len(titles) == len(set(titles)), course.title


def test_content_files_are_all_loaded(world: World) -> None:
    files = read_demo()
    written = len(list((CONTENT / "courses").rglob("[0-9][0-9]-*.md")))

    assert len(lessons()) == written
    assert NewsPage.objects.count() == 2 * len(files.news)
    assert StandardPage.objects.count() == 2 * len(files.pages)
    assert SiteText.objects.count() == 2


def test_trees_of_both_languages_match(world: World) -> None:
    """Every public page has its translation; courses may be in Russian only so far."""

    def tree(language: str) -> set[tuple[str, str]]:
        home = HomePage.objects.get(locale__language_code=language)
        return {
            (str(page.translation_key), page.url_path.removeprefix(home.url_path))
            for kind in (HomePage, StandardPage, NewsPage, CourseIndexPage)
            for page in kind.objects.live().descendant_of(home, inclusive=True)
        }

    assert tree("en") == tree("ru")


# What readers find


def test_every_page_answers(world: World) -> None:
    assert len(world.statuses) > 50
    assert {url: status for url, status in world.statuses.items() if status != 200} == {}


def test_every_page_has_its_title(world: World) -> None:
    titles = {url: page.h1.text.strip() if page.h1 else "" for url, page in world.pages.items()}

    assert {url for url, title in titles.items() if not title} == set()
    assert {url for url, page in world.pages.items() if len(page.find_all("h1")) != 1} == set()


def test_no_page_shows_the_inside_of_the_machine(world: World) -> None:
    """Raw values, unrendered Markdown and forgotten template tags are mistakes of the loader."""
    marks = re.compile(r"\{'|\{%|\{\{|'type':|:::|\]\(|\*\*|StructValue|<[bp]>")

    found = {url: marks.findall(page.main.get_text(" ")) for url, page in world.pages.items()}

    assert {url: marks for url, marks in found.items() if marks} == {}


def test_every_page_speaks_its_language(world: World) -> None:
    languages = {url: page.html["lang"] for url, page in world.pages.items()}

    assert {
        url for url, language in languages.items() if language != ("en" if url.startswith("/en/") else "ru")
    } == set()


def test_every_link_inside_the_site_leads_somewhere(world: World) -> None:
    visitor = Client()
    links: dict[str, str] = {}
    for url, page in world.pages.items():
        for link in page.select("a[href]"):
            path = urlsplit(link["href"]).path
            if link["href"].startswith("/") and not path.startswith(NO_PAGES):
                links.setdefault(path, url)
    unseen = {path: url for path, url in links.items() if path not in world.pages}

    dead = {path: url for path, url in unseen.items() if visitor.get(path).status_code not in {200, 302}}

    assert len(links) > 50
    assert dead == {}


def test_every_anchor_is_on_its_page(world: World) -> None:
    dead = []
    for url, page in world.pages.items():
        for link in page.select("a[href*='#']"):
            target = urlsplit(link["href"])
            there = world.pages.get(target.path or url)
            if not target.netloc and there is not None and target.fragment:
                dead += [] if there.find(id=target.fragment) else [(url, link["href"])]

    assert dead == []


def test_no_link_is_empty(world: World) -> None:
    empty = [
        (url, str(link)[:120])
        for url, page in world.pages.items()
        for link in page.select("a")
        if not link.get("href")
        or not (link.get_text(strip=True) or link.get("aria-label") or link.select("[aria-label]"))
    ]

    assert empty == []


def test_lessons_are_closed_to_visitors(world: World) -> None:
    visitor = Client()

    answers = {lesson.get_url(): visitor.get(lesson.get_url()).status_code for lesson in lessons()}

    assert set(answers.values()) <= {302, 403, 404}


def test_pictures_of_the_frame_need_no_other_host(world: World) -> None:
    foreign = {
        tag.get("src") or tag.get("href")
        for page in world.pages.values()
        for tag in page.select("script[src], img[src], link[rel=stylesheet], link[rel=preload], iframe, video, audio")
        if urlsplit(tag.get("src") or tag.get("href") or "").netloc
    }

    assert foreign == set()
