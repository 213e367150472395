"""The member's own start page."""

import datetime as dt
import uuid
from typing import Any

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from courses.models import CourseIndexPage, CoursePage, CourseRun, Enrolment, UnitProgress
from pages.models import HomePage
from tests.factories.accounts import UserFactory
from tests.factories.courses import (
    CertificateFactory,
    CourseRunFactory,
    EnrolmentFactory,
    add_lesson,
    create_course,
    unit_of,
)
from tests.factories.pages import add_news, add_news_index

pytestmark = pytest.mark.django_db


@pytest.fixture
def person(db: None) -> User:
    return UserFactory(name_native="Айгуль Нурпеисова", name_latin="Aigul Nurpeissova")


@pytest.fixture
def member(client: Client, person: User) -> Client:
    """The person's browser."""
    client.force_login(person)
    return client


def see(client: Client, path: str = "/home/") -> BeautifulSoup:
    response = client.get(path)
    assert response.status_code == 200
    return BeautifulSoup(response.content, "html.parser")


def text_of(page: BeautifulSoup, selector: str) -> list[str]:
    return [" ".join(tag.text.split()) for tag in page.select(selector)]


def enrol(person: User, page: CoursePage, run: dict[str, Any] | None = None, **fields: Any) -> Enrolment:
    group: CourseRun = CourseRunFactory(course=None, course_id=page.translation_key, **(run or {}))
    return EnrolmentFactory(user=person, run=group, **fields)


def course_with_lessons(catalogue: CourseIndexPage, slug: str, lessons: int = 2) -> CoursePage:
    page = create_course(catalogue, slug)
    for number in range(lessons):
        add_lesson(page, f"{slug}-{number}")
    return page


def finish(enrolment: Enrolment, page: CoursePage, count: int) -> None:
    """Complete the first lessons of a course."""
    for lesson in page.get_children().specific()[:count]:
        UnitProgress.objects.create(
            enrolment=enrolment,
            unit=unit_of(lesson),
            first_seen_at=timezone.now(),
            completed_at=timezone.now(),
        )


# Who sees it


@pytest.mark.parametrize(("path", "door"), [("/home/", "/account/login/"), ("/en/home/", "/en/account/login/")])
def test_home_asks_visitors_to_sign_in(path: str, door: str, home_pages: dict[str, HomePage], client: Client) -> None:
    response = client.get(path)

    assert (response.status_code, response["Location"]) == (302, f"{door}?next={path}")


def test_home_refuses_post(home_pages: dict[str, HomePage], member: Client) -> None:
    assert member.post("/home/").status_code == 405


def test_home_greets_in_the_language_of_the_address(home_pages: dict[str, HomePage], member: Client) -> None:
    assert "Айгуль Нурпеисова" in see(member).h1.text
    assert "Aigul Nurpeissova" in see(member, "/en/home/").h1.text


# Courses


def test_home_without_courses_offers_the_catalogue(catalogues: dict[str, CourseIndexPage], member: Client) -> None:
    page = see(member)

    assert page.select(".panel[data-tone=brand]") == []
    assert [a["href"] for a in page.select("main a.btn")] == ["/courses/"]
    assert [a["href"] for a in see(member, "/en/home/").select("main a.btn")] == ["/en/courses/"]


def test_home_without_catalogue_still_answers(home_pages: dict[str, HomePage], member: Client) -> None:
    for catalogue in CourseIndexPage.objects.all():
        catalogue.delete()

    assert see(member).select("main a.btn") == []


def test_home_offers_the_first_lesson_of_a_new_course(
    catalogues: dict[str, CourseIndexPage], person: User, member: Client
) -> None:
    enrolment = enrol(person, course_with_lessons(catalogues["ru"], "jury"))

    page = see(member)

    current = page.select_one("article.panel")
    assert current.select_one(".kicker").text == "Курс jury"
    assert {a["href"] for a in current.select("a")} == {f"/learn/{enrolment.pk}/continue/"}
    assert current.progress["value"] == "0"


def test_home_continues_where_one_stopped(catalogues: dict[str, CourseIndexPage], person: User, member: Client) -> None:
    older, newer = (course_with_lessons(catalogues["ru"], slug) for slug in ("older", "newer"))
    now = timezone.now()
    enrol(person, older, last_seen_at=now - dt.timedelta(days=2))
    lesson = newer.get_children().first().specific
    enrolment = enrol(person, newer, last_seen_at=now, last_unit=unit_of(lesson))
    finish(enrolment, newer, 1)

    page = see(member)

    current = page.select_one("article.panel")
    assert current.select_one(".kicker").text == "Курс newer"
    assert current.h3.text == lesson.title
    assert (current.progress["value"], current.progress["max"]) == ("1", "2")
    assert text_of(page, "section[aria-labelledby=learning] ul h3") == ["Курс older"]


def test_home_never_continues_a_course_that_has_not_started(
    catalogues: dict[str, CourseIndexPage], person: User, member: Client
) -> None:
    start = timezone.now() + dt.timedelta(days=10)
    enrol(person, create_course(catalogues["ru"], "winter"), {"starts_at": start})

    page = see(member)

    assert page.select("article.panel") == []
    assert text_of(page, "section[aria-labelledby=learning] ul h3") == ["Курс winter"]
    assert str(timezone.localtime(start).year) in page.select_one("section[aria-labelledby=learning] ul .meta").text


def test_home_says_when_dates_are_open(catalogues: dict[str, CourseIndexPage], person: User, member: Client) -> None:
    enrol(person, create_course(catalogues["ru"], "someday"), {"starts_at": None})

    assert text_of(see(member, "/en/home/"), "section[aria-labelledby=learning] ul .meta") == ["Dates to be announced"]


def test_home_names_the_lesson_in_the_language_of_the_address(
    catalogues: dict[str, CourseIndexPage], person: User, member: Client
) -> None:
    page = course_with_lessons(catalogues["ru"], "jury")
    course_with_lessons(catalogues["en"], "jury")
    enrol(person, page, last_unit=unit_of(page.get_children().last().specific))

    titles = [see(member, path).select_one("article.panel h3").text for path in ("/home/", "/en/home/")]

    assert titles == ["Урок jury-1", "Lesson jury-1"]


def test_home_lists_completed_courses_apart(
    catalogues: dict[str, CourseIndexPage], person: User, member: Client
) -> None:
    page = course_with_lessons(catalogues["ru"], "jury", lessons=1)
    finish(enrol(person, page, completed_at=timezone.now()), page, 1)

    shown = see(member)

    assert text_of(shown, "section[aria-labelledby=completed] h3") == ["Курс jury"]
    assert shown.select("section[aria-labelledby=learning] ul") == []
    assert shown.select_one("section[aria-labelledby=completed] a")["href"] == "/courses/jury/"


def test_home_leaves_out_courses_one_left(catalogues: dict[str, CourseIndexPage], person: User, member: Client) -> None:
    enrol(person, create_course(catalogues["ru"], "left"), withdrawn_at=timezone.now())

    assert "Курс left" not in see(member).main.text


def test_home_names_courses_in_the_language_of_the_address(
    catalogues: dict[str, CourseIndexPage], person: User, member: Client
) -> None:
    both = course_with_lessons(catalogues["ru"], "both")
    course_with_lessons(catalogues["en"], "both")
    enrol(person, both, completed_at=timezone.now())
    enrol(person, create_course(catalogues["ru"], "russian"), completed_at=timezone.now())

    russian, english = see(member), see(member, "/en/home/")

    def named(page: BeautifulSoup) -> dict[str, str]:
        return {a.text: a["href"] for a in page.select("section[aria-labelledby=completed] h3 a")}

    assert named(russian) == {"Курс both": "/courses/both/", "Курс russian": "/courses/russian/"}
    assert named(english) == {"Course both": "/en/courses/both/", "Курс russian": "/courses/russian/"}


def test_home_keeps_a_course_whose_page_was_withdrawn(
    catalogues: dict[str, CourseIndexPage], person: User, member: Client
) -> None:
    page = course_with_lessons(catalogues["ru"], "gone")
    enrol(person, page, completed_at=timezone.now())
    page.unpublish()

    entry = see(member).select_one("section[aria-labelledby=completed] h3")

    assert entry.text.strip() == "Курс gone"
    assert [a["href"] for a in entry.select("a")] == []


# Certificates and news


def test_home_counts_this_years_certificates(
    catalogues: dict[str, CourseIndexPage], person: User, member: Client
) -> None:
    page = create_course(catalogues["ru"], "jury")
    today, last_year = timezone.localdate(), timezone.localdate() - dt.timedelta(days=366)
    mine = [
        CertificateFactory(enrolment=enrol(person, page), issued_on=day, cpd_minutes=minutes, course_title=title)
        for day, minutes, title in [(today, 90, "Новый"), (today, 45, "Второй"), (last_year, 600, "Прежний")]
    ]
    CertificateFactory(
        enrolment=enrol(person, page), issued_on=today, revoked_at=timezone.now(), course_title="Отозванный"
    )

    aside = see(member, "/en/home/").aside

    assert aside.select_one(".stat b").text.replace("\xa0", " ") == "2 h 15 min"
    links = [(a.text, a["href"]) for a in aside.select(".rows a")]
    assert links[0] == ("Второй", f"/en/verify/{mine[1].public_id}/")
    assert [title for title, _url in links] == ["Второй", "Новый", "Прежний"]


def test_home_shows_the_three_latest_certificates(
    catalogues: dict[str, CourseIndexPage], person: User, member: Client
) -> None:
    page = create_course(catalogues["ru"], "jury")
    for number in range(4):
        CertificateFactory(
            enrolment=enrol(person, page),
            issued_on=dt.date(2026, 10, 1 + number) + dt.timedelta(days=3),
            course_title=f"Курс {number}",
        )

    assert text_of(see(member), "aside .rows a") == ["Курс 3", "Курс 2", "Курс 1"]


def test_home_of_the_first_hour_of_a_year_starts_at_nothing(
    catalogues: dict[str, CourseIndexPage], person: User, member: Client
) -> None:
    """Almaty celebrates the new year five hours before Greenwich does."""
    page = create_course(catalogues["ru"], "jury")
    CertificateFactory(enrolment=enrol(person, page), issued_on=dt.date(2026, 12, 31), cpd_minutes=90)

    with time_machine.travel(dt.datetime(2026, 12, 31, 18, 30, tzinfo=dt.UTC), tick=False):
        member.force_login(person)
        before = see(member, "/en/home/").select_one(".stat").text
    with time_machine.travel(dt.datetime(2026, 12, 31, 19, 30, tzinfo=dt.UTC), tick=False):
        after = see(member, "/en/home/").select_one(".stat").text

    assert ("30" in before, "2026" in before) == (True, True)
    assert ("30" in after, "2027" in after) == (False, True)


def test_home_shows_the_latest_news_of_the_language(home_pages: dict[str, HomePage], member: Client) -> None:
    index = add_news_index(home_pages["ru"])
    for day in range(1, 5):
        add_news(index, f"day-{day}", title=f"День {day}", published_on=dt.date(2026, 10, day))
    add_news(add_news_index(home_pages["en"]), title="Opening")

    assert text_of(see(member), "section[aria-labelledby=notices] h3") == ["День 4", "День 3", "День 2"]
    assert text_of(see(member, "/en/home/"), "section[aria-labelledby=notices] h3") == ["Opening"]


# What is not one's own


def test_home_shows_nothing_of_others(catalogues: dict[str, CourseIndexPage], person: User, member: Client) -> None:
    other: User = UserFactory(name_native="Чужое Имя")
    page = course_with_lessons(catalogues["ru"], "theirs")
    theirs = enrol(other, page, last_seen_at=timezone.now())
    enrol(other, create_course(catalogues["ru"], "done"), completed_at=timezone.now())
    CertificateFactory(enrolment=theirs, issued_on=timezone.localdate(), course_title="Чужой сертификат")

    shown = see(member)

    for word in ("Чужое", "theirs", "done", "Чужой", f"/learn/{theirs.pk}/"):
        assert word not in str(shown)
    assert shown.select_one(".stat b").text.startswith("0")


@pytest.mark.parametrize("count", [1, 3, 30])
def test_home_query_count(
    count: int,
    catalogues: dict[str, CourseIndexPage],
    person: User,
    member: Client,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    index = add_news_index(catalogues["ru"].get_parent().specific)
    for number in range(count):
        page = course_with_lessons(catalogues["ru"], f"course-{number}", lessons=1)
        done = number % 3 == 2
        enrolment = enrol(person, page, completed_at=timezone.now() if done else None)
        CertificateFactory(enrolment=enrolment, public_id=uuid.uuid4().hex[:16], issued_on=timezone.localdate())
        add_news(index, f"news-{number}")
    see(member)  # menus, the session and the paths of the site are in the cache from now on

    with django_assert_num_queries(11):
        see(member)
