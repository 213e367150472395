"""Who may see which course and read which lesson."""

import datetime as dt

import pytest
from django.contrib.auth.models import AnonymousUser, Group
from django.test import Client
from django.utils import timezone

from accounts.models import User
from courses.choices import TeachingRole
from courses.models import CourseFacilitator, CourseIndexPage, CoursePage, CourseRun, LessonPage
from courses.permissions import can_edit, can_read_lessons, can_teach
from courses.services import setup
from tests.courses.pages import actions_of, said, text_of
from tests.factories.accounts import UserFactory
from tests.factories.courses import EnrolmentFactory, add_lesson, add_module, create_course, publish

pytestmark = pytest.mark.django_db

NOW = timezone.now()
DAY = dt.timedelta(days=1)


def enrol(user: User, page: CoursePage, **fields: object) -> None:
    EnrolmentFactory(user=user, run__course_id=page.translation_key, run__course=None, **fields)


def teach(user: User, page: CoursePage) -> None:
    CourseFacilitator.objects.create(course_page=page, user=user, role=TeachingRole.FACILITATOR, sort_order=1)


def own(user: User, page: CoursePage) -> None:
    CoursePage.objects.filter(pk=page.pk).update(owner=user)


# Courses


@pytest.fixture
def unlisted(catalogues: dict[str, CourseIndexPage]) -> CoursePage:
    page = create_course(catalogues["ru"], "unlisted", is_listed=False)
    add_lesson(page, "hidden")
    return page


def test_course_visible_to_everybody_when_listed(course_page: CoursePage, learner: User) -> None:
    assert list(CoursePage.objects.visible_to(AnonymousUser())) == [course_page]
    assert list(CoursePage.objects.visible_to(learner)) == [course_page]


def test_unlisted_course_visible_to_nobody_else(unlisted: CoursePage, learner: User) -> None:
    enrol(UserFactory(), unlisted)
    enrol(learner, unlisted, withdrawn_at=NOW)

    assert not CoursePage.objects.visible_to(AnonymousUser()).exists()
    assert not CoursePage.objects.visible_to(learner).exists()


@pytest.mark.parametrize("become", [enrol, teach, own])
def test_unlisted_course_visible_to_who_takes_or_teaches_it(
    unlisted: CoursePage, learner: User, become: object
) -> None:
    become(learner, unlisted)

    assert list(CoursePage.objects.visible_to(learner)) == [unlisted]


@pytest.mark.parametrize("become", [enrol, teach, own])
def test_draft_course_visible_to_nobody(catalogues: dict[str, CourseIndexPage], learner: User, become: object) -> None:
    page = create_course(catalogues["ru"])
    become(learner, page)

    page.unpublish()

    assert not CoursePage.objects.visible_to(learner).exists()
    assert not CoursePage.objects.visible_to(AnonymousUser()).exists()


@pytest.mark.parametrize("become", [enrol, teach])
def test_unlisted_course_visible_in_every_language(
    catalogues: dict[str, CourseIndexPage], unlisted: CoursePage, learner: User, become: object
) -> None:
    english = create_course(catalogues["en"], "unlisted", is_listed=False)

    become(learner, unlisted)

    assert set(CoursePage.objects.visible_to(learner)) == {unlisted, english}
    assert list(CoursePage.objects.visible_to(learner).in_language("en")) == [english]


@pytest.mark.parametrize(
    ("become", "status"),
    [(None, 404), (enrol, 200), (teach, 200), (own, 200)],
    ids=["nobody", "learner", "teacher", "owner"],
)
def test_course_detail_of_an_unlisted_course(
    client: Client, unlisted: CoursePage, learner: User, become: object, status: int
) -> None:
    if become:
        become(learner, unlisted)
    assert client.get(unlisted.url).status_code == 404

    client.force_login(learner)

    assert client.get(unlisted.url).status_code == status


# Permissions


def test_can_teach(course_page: CoursePage, learner: User, catalogues: dict[str, CourseIndexPage]) -> None:
    facilitator, author = UserFactory(), UserFactory()
    teach(facilitator, create_course(catalogues["en"]))
    author.groups.add(Group.objects.get(name=setup.AUTHORS))

    assert can_teach(facilitator, course_page)
    assert can_teach(author, course_page)
    assert can_teach(UserFactory(is_superuser=True), course_page)
    assert not can_teach(learner, course_page)
    assert not can_teach(AnonymousUser(), course_page)


def test_can_edit(course_page: CoursePage, learner: User) -> None:
    facilitator = UserFactory()
    teach(facilitator, course_page)

    assert can_edit(UserFactory(is_superuser=True), course_page)
    assert not can_edit(facilitator, course_page)
    assert not can_edit(learner, course_page)
    assert not can_edit(AnonymousUser(), course_page)


@pytest.mark.parametrize(
    ("fields", "can_read"),
    [
        ({"run__starts_at": NOW}, True),
        ({"run__starts_at": NOW + DAY}, False),
        ({"run__starts_at": None}, False),
        ({"run__starts_at": NOW - DAY, "run__ends_at": NOW - DAY / 2}, True),
        ({"run__starts_at": NOW - DAY, "withdrawn_at": NOW}, False),
    ],
)
def test_can_read_lessons(fields: dict[str, object], can_read: bool) -> None:
    assert can_read_lessons(EnrolmentFactory.build(**fields), at=NOW) is can_read
    assert can_read_lessons(None, at=NOW) is False


# Lessons


@pytest.fixture
def english_lesson(english: CoursePage, lesson: LessonPage) -> LessonPage:
    """The first lesson in English, whose messages are those of the source."""
    return LessonPage.objects.get(locale=english.locale, translation_key=lesson.translation_key)


def test_lesson_sends_visitors_to_sign_in(client: Client, lesson: LessonPage) -> None:
    response = client.get(lesson.url)

    assert response.status_code == 302
    assert response.url == f"/account/login/?next={lesson.url}"


def test_lesson_sends_members_to_the_course(signed_in: Client, english: CoursePage, english_lesson: LessonPage) -> None:
    response = signed_in.get(english_lesson.url)

    assert (response.status_code, response.url) == (302, english.url)
    assert said(response) == ["Enrol in the course to read its lessons."]


def test_lesson_before_the_start_sends_to_the_course(
    signed_in: Client, learner: User, english: CoursePage, english_lesson: LessonPage
) -> None:
    enrol(learner, english, run__starts_at=NOW + DAY)

    response = signed_in.get(english_lesson.url)

    assert (response.status_code, response.url) == (302, english.url)
    assert said(response) == ["The lessons open on the first day of your group."]


def test_lesson_for_a_learner(
    signed_in: Client, learner: User, english: CoursePage, english_lesson: LessonPage
) -> None:
    enrol(learner, english)

    response = signed_in.get(english_lesson.url)

    assert response.status_code == 200
    assert "Prose first" in text_of(response)
    assert "Lesson 1 of 2" in text_of(response)
    assert len(actions_of(response)) == 1


def test_lesson_after_the_end_can_be_read_but_not_worked_on(
    signed_in: Client, learner: User, english: CoursePage, english_lesson: LessonPage
) -> None:
    enrol(learner, english, run__ends_at=NOW)
    second = LessonPage.objects.get(locale=english.locale, slug="second")

    for page in (english_lesson, second):
        response = signed_in.get(page.url)

        assert response.status_code == 200
        assert "This group has ended" in text_of(response)
        assert actions_of(response) == []


def test_lesson_after_withdrawal(
    signed_in: Client, learner: User, english: CoursePage, english_lesson: LessonPage
) -> None:
    enrol(learner, english, withdrawn_at=NOW)

    response = signed_in.get(english_lesson.url)

    assert (response.status_code, response.url) == (302, english.url)


def test_lesson_for_who_teaches(
    signed_in: Client, learner: User, course_page: CoursePage, english_lesson: LessonPage
) -> None:
    teach(learner, course_page)

    response = signed_in.get(english_lesson.url)

    assert response.status_code == 200
    assert "because you teach or edit the course" in text_of(response)
    assert actions_of(response) == []


def test_lesson_for_an_author(signed_in: Client, learner: User, lesson: LessonPage) -> None:
    learner.groups.add(Group.objects.get(name=setup.AUTHORS))

    assert signed_in.get(lesson.url).status_code == 200


def test_lesson_of_an_unlisted_course_does_not_exist_for_others(
    client: Client, unlisted: CoursePage, learner: User
) -> None:
    url = LessonPage.objects.child_of(unlisted).get().url
    enrol(learner, unlisted, withdrawn_at=NOW)

    assert client.get(url).status_code == 404
    client.force_login(learner)
    assert client.get(url).status_code == 404


@pytest.mark.parametrize("become", [None, enrol, teach, own])
def test_draft_lesson_does_not_exist(
    signed_in: Client, learner: User, course_page: CoursePage, lesson: LessonPage, become: object
) -> None:
    draft = add_lesson(course_page, "draft", is_draft=True)
    lesson.unpublish()
    if become:
        become(learner, course_page)

    assert signed_in.get(draft.url or f"{course_page.url}draft/").status_code == 404
    assert signed_in.get(lesson.url or f"{course_page.url}first/").status_code == 404


def test_drafts_of_a_lesson_are_not_shown(
    signed_in: Client, learner: User, course_page: CoursePage, lesson: LessonPage
) -> None:
    enrol(learner, course_page)
    lesson.title = "Ещё не опубликовано"
    lesson.save_revision()

    response = signed_in.get(lesson.url)

    assert "Урок first" in text_of(response)
    assert "Ещё не опубликовано" not in response.content.decode()


def test_lesson_of_an_unpublished_course_does_not_exist_for_learners(
    signed_in: Client, learner: User, course_page: CoursePage, lesson: LessonPage
) -> None:
    enrol(learner, course_page)
    url = lesson.url
    course_page.refresh_from_db()
    course_page.unpublish()

    assert signed_in.get(url).status_code == 404

    learner.groups.add(Group.objects.get(name=setup.AUTHORS))
    assert signed_in.get(url).status_code == 200

    publish(course_page)
    learner.groups.clear()
    assert signed_in.get(url).status_code == 200


def test_lesson_of_another_course_stays_closed(
    signed_in: Client, learner: User, course_page: CoursePage, catalogues: dict[str, CourseIndexPage], run: CourseRun
) -> None:
    enrol(learner, course_page)
    other = add_lesson(create_course(catalogues["ru"], "other"))

    assert signed_in.get(other.url).status_code == 302


def test_preview_of_a_draft_lesson(course_page: CoursePage, lesson: LessonPage) -> None:
    draft = add_lesson(course_page, "draft", is_draft=True)

    for page in (draft, lesson):
        response = page.make_preview_request()

        assert response.status_code == 200
        assert f"Текст {page.slug}" in response.content.decode()
        assert response.content.decode().count('method="post"') <= 1


def test_preview_of_a_draft_course(catalogues: dict[str, CourseIndexPage]) -> None:
    page = create_course(catalogues["ru"], is_draft=True, is_listed=False)

    assert page.make_preview_request().status_code == 200


def test_preview_of_a_course_that_is_not_saved_yet(catalogues: dict[str, CourseIndexPage]) -> None:
    catalogue = catalogues["ru"]
    page = CoursePage(title="Новый курс", slug="new", outcomes="Одно", subject="leadership", locale=catalogue.locale)
    page.path, page.depth = f"{catalogue.path}0001", catalogue.depth + 1
    page.set_url_path(catalogue)

    response = page.make_preview_request()

    assert response.status_code == 200
    assert "Новый курс" in response.content.decode()


def test_preview_of_the_catalogue(catalogues: dict[str, CourseIndexPage], course_page: CoursePage) -> None:
    response = catalogues["ru"].make_preview_request()

    assert response.status_code == 200
    assert course_page.title in response.content.decode()


def test_module_has_no_preview(course_page: CoursePage) -> None:
    assert not add_module(course_page).is_previewable()


def test_a_preview_neither_reads_nor_fills_the_printed_parts(client: Client, course_page: CoursePage) -> None:
    client.get(course_page.url)
    course_page.title = "Черновик"
    course_page.outcomes = "Только в черновике"

    preview = course_page.make_preview_request().content.decode()
    page = client.get(course_page.url).content.decode()

    assert preview.count("Черновик") > 1
    assert "Только в черновике" in preview
    assert "Черновик" not in page
    assert "Только в черновике" not in page
