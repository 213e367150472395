import datetime as dt

import pytest
from bs4 import BeautifulSoup
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from accounts.models import User
from courses import services
from courses.choices import Subject
from courses.models import CourseIndexPage, CoursePage, LessonPage
from courses.views.courses import PAGE_SIZE
from members.choices import Country
from tests.courses.pages import actions_of, links_of, main_of, text_of
from tests.factories.accounts import UserFactory
from tests.factories.courses import (
    CourseRunFactory,
    EnrolmentFactory,
    add_lesson,
    add_module,
    create_course,
    unit_of,
)

pytestmark = pytest.mark.django_db

NOW = timezone.now()
DAY = dt.timedelta(days=1)


def titles_in(response: HttpResponse) -> list[str]:
    return [heading.get_text() for heading in main_of(response).select("article h3")]


@pytest.fixture
def three(catalogues: dict[str, CourseIndexPage]) -> CourseIndexPage:
    """The English catalogue with three courses: a jury one of two countries, a leadership one, a jury one."""
    catalogue = catalogues["en"]
    create_course(catalogue, "a", subject=Subject.JURY_TRIALS, countries=[Country.KAZAKHSTAN, Country.KYRGYZSTAN])
    create_course(catalogue, "b", subject=Subject.LEADERSHIP, countries=[Country.KAZAKHSTAN])
    create_course(catalogue, "c", subject=Subject.JURY_TRIALS)
    return catalogue


# Catalogue


def test_course_index_lists_courses_of_its_language(
    client: Client, course_page: CoursePage, three: CourseIndexPage
) -> None:
    response = client.get(three.url)

    assert titles_in(response) == ["Course a", "Course b", "Course c"]
    assert titles_in(client.get(course_page.get_parent().url)) == ["Курс jury"]


def test_course_index_leaves_out_what_the_reader_may_not_see(
    signed_in: Client, learner: User, catalogues: dict[str, CourseIndexPage], three: CourseIndexPage
) -> None:
    create_course(three, "draft", is_draft=True)
    page = create_course(three, "unlisted", is_listed=False, subject=Subject.STRATEGIC_LITIGATION)

    assert "Course unlisted" not in signed_in.get(three.url).content.decode()
    assert "Strategic litigation" not in text_of(signed_in.get(three.url))
    assert "Course draft" not in signed_in.get(three.url).content.decode()

    EnrolmentFactory(user=learner, run__course_id=page.translation_key, run__course=None)
    assert titles_in(signed_in.get(three.url)) == ["Course a", "Course b", "Course c", "Course unlisted"]


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("subject=jury_trials", ["Course a", "Course c"]),
        ("subject=jury_trials&subject=leadership", ["Course a", "Course b", "Course c"]),
        ("country=KZ", ["Course a", "Course b"]),
        ("country=KG&country=KZ", ["Course a", "Course b"]),
        ("subject=jury_trials&country=KZ", ["Course a"]),
        ("subject=leadership&country=KG", []),
        ("country=TM", []),
        ("subject=no-such-subject", ["Course a", "Course b", "Course c"]),
        ("page=99", ["Course a", "Course b", "Course c"]),
        ("page=nonsense&country=", ["Course a", "Course b", "Course c"]),
    ],
)
def test_course_index_filters(client: Client, three: CourseIndexPage, query: str, titles: list[str]) -> None:
    response = client.get(f"{three.url}?{query}")

    assert response.status_code == 200
    assert titles_in(response) == titles


def test_course_index_counts_the_courses_behind_each_filter(client: Client, three: CourseIndexPage) -> None:
    page = BeautifulSoup(client.get(f"{three.url}?country=KG&country=TM").content, "html.parser")

    boxes = {
        box.input["value"]: (box.find_all("span")[-1].get_text(), box.input.has_attr("checked"))
        for box in page.select(".facet label")
    }
    assert boxes == {
        "jury_trials": ("2", False),
        "leadership": ("1", False),
        "KZ": ("2", False),
        "KG": ("1", True),
        "TM": ("0", True),
    }


def test_course_index_without_courses(client: Client, catalogues: dict[str, CourseIndexPage]) -> None:
    text = text_of(client.get(catalogues["en"].url))

    assert "Courses appear here as soon as they are published." in text
    assert "Clear all filters" not in text


def test_course_index_with_filters_that_nothing_fits(client: Client, three: CourseIndexPage) -> None:
    response = client.get(f"{three.url}?country=TM")

    assert "No course fits all of these filters at once." in text_of(response)
    assert three.url in links_of(response)


def test_course_index_pages_keep_the_filters(client: Client, three: CourseIndexPage) -> None:
    for number in range(PAGE_SIZE):
        create_course(three, f"z{number:02}")

    first, second = (client.get(f"{three.url}?subject=jury_trials&page={number}") for number in (1, 2))

    assert len(titles_in(first)) == PAGE_SIZE
    assert titles_in(second) == ["Course z10", "Course z11"]
    assert any("subject=jury_trials" in link and "page=2" in link for link in links_of(first))


def test_course_index_says_how_far_one_got(
    signed_in: Client, learner: User, english: CoursePage, lesson: LessonPage
) -> None:
    enrolment = EnrolmentFactory(user=learner, run__course_id=english.translation_key, run__course=None)
    services.complete_lesson(enrolment, unit_of(lesson), language="ru", at=NOW)

    text = text_of(signed_in.get(english.get_parent().url))

    assert "You are enrolled" in text
    assert "33" in text


def test_course_index_says_what_is_completed_and_forgets_what_was_left(
    signed_in: Client, learner: User, three: CourseIndexPage
) -> None:
    done, left = CoursePage.objects.get(slug="a"), CoursePage.objects.get(slug="b")
    EnrolmentFactory(user=learner, run__course_id=done.translation_key, run__course=None, completed_at=NOW)
    EnrolmentFactory(user=learner, run__course_id=left.translation_key, run__course=None, withdrawn_at=NOW)

    text = text_of(signed_in.get(three.url))

    assert "Completed" in text
    assert "You are enrolled" not in text


def test_course_index_of_one_person_shows_nothing_of_another(client: Client, three: CourseIndexPage) -> None:
    page = CoursePage.objects.get(slug="a")
    EnrolmentFactory(run__course_id=page.translation_key, run__course=None)
    client.force_login(UserFactory())

    assert "You are enrolled" not in text_of(client.get(three.url))


# Course


def test_course_detail_shows_modules_lessons_and_quizzes(client: Client, english: CoursePage) -> None:
    response = client.get(english.url)

    text = text_of(response)
    assert "2 lessons, 1 quiz" in text
    assert "Lesson first" in text
    assert all("/first/" not in link for link in links_of(response))


def test_course_detail_marks_what_is_not_translated(
    client: Client, course_page: CoursePage, english: CoursePage
) -> None:
    module = add_module(course_page, "extra")
    add_lesson(module, "untranslated", is_required=False)

    text = text_of(client.get(english.url))

    assert "Урок untranslated not translated yet optional" in text
    assert text.count("not translated yet") == 1


def test_course_detail_without_runs(client: Client, english: CoursePage) -> None:
    assert "No group is planned yet." in text_of(client.get(english.url))


@pytest.mark.parametrize(
    ("dates", "phrase"),
    [
        ({"enrolment_opens_at": None, "starts_at": None}, "dates to be announced"),
        ({"enrolment_opens_at": NOW + DAY, "starts_at": NOW + DAY}, "enrolment has not opened yet"),
        ({"enrolment_closes_at": NOW - DAY, "starts_at": NOW + DAY}, "enrolment is closed, starts soon"),
        ({"enrolment_closes_at": NOW - DAY}, "running, enrolment is closed"),
        ({"enrolment_closes_at": NOW - DAY, "ends_at": NOW}, "ended"),
        ({"capacity": 0}, "no places left"),
    ],
)
def test_course_detail_says_why_one_cannot_enrol(
    signed_in: Client, english: CoursePage, dates: dict[str, object], phrase: str
) -> None:
    CourseRunFactory(course_id=english.translation_key, course=None, **dates)

    response = signed_in.get(english.url)

    assert phrase in text_of(response)
    assert actions_of(response) == []


def test_course_detail_offers_each_open_run(signed_in: Client, english: CoursePage) -> None:
    key = english.translation_key
    endless = CourseRunFactory(course_id=key, course=None)
    small = CourseRunFactory(course_id=key, course=None, capacity=3, starts_at=NOW + DAY, enrolment_closes_at=NOW + DAY)
    EnrolmentFactory(run=small)

    response = signed_in.get(english.url)

    assert actions_of(response) == [f"/en/learn/runs/{run.pk}/enrol/" for run in (endless, small)]
    assert "2 places left" in text_of(response)


def test_course_detail_asks_visitors_to_sign_in(client: Client, english: CoursePage) -> None:
    CourseRunFactory(course_id=english.translation_key, course=None)

    response = client.get(english.url)

    assert actions_of(response) == []
    assert f"/en/account/login/?next={english.url}%23enrol" in links_of(response)


def test_course_detail_of_a_learner(signed_in: Client, learner: User, english: CoursePage) -> None:
    enrolment = EnrolmentFactory(user=learner, run__course_id=english.translation_key, run__course=None)

    response = signed_in.get(english.url)

    assert "Done: 0 of 3 lessons and quizzes." in text_of(response)
    assert f"/en/learn/{enrolment.pk}/continue/" in links_of(response)
    assert f"{english.url}first/" in links_of(response)
    assert actions_of(response) == [f"/en/learn/{enrolment.pk}/withdraw/"]


def test_course_detail_before_the_start(signed_in: Client, learner: User, english: CoursePage) -> None:
    EnrolmentFactory(user=learner, run__course_id=english.translation_key, run__course=None, run__starts_at=NOW + DAY)

    response = signed_in.get(english.url)

    assert "The lessons open on" in text_of(response)
    assert all("continue" not in link and "/first/" not in link for link in links_of(response))


def test_module_leads_to_its_place_on_the_page_of_the_course(client: Client, course_page: CoursePage) -> None:
    module = add_module(course_page, "m1")

    response = client.get(module.url)

    assert (response.status_code, response.url) == (302, f"{course_page.url}#m1")


def test_sitemap_lists_courses_and_no_lessons(client: Client, course_page: CoursePage, lesson: LessonPage) -> None:
    add_module(course_page, "m1")

    sitemap = client.get("/sitemap.xml").content.decode()

    assert "/courses/jury/</loc>" in sitemap
    assert "/first/" not in sitemap
    assert "/m1/" not in sitemap
