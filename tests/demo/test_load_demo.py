"""The command on a world in miniature: what it makes, twice, and from the start again."""

from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django import Settings
from wagtail.models import Page, Site

from accounts.models import User
from courses.models import (
    Certificate,
    Course,
    CoursePage,
    CourseRun,
    Enrolment,
    LessonPage,
    ModulePage,
    Unit,
    UnitProgress,
)
from courses.services.setup import AUTHORS
from demo.files import identity
from demo.loader.people import DEMO_PASSWORD
from demo.loader.reset import FICTIONAL
from forum.models import Post, Room, Thread
from members.models import Application, Chapter, OfficeTerm, Profile
from pages.models import HomePage, NewsPage, SiteText, StandardPage
from tests.demo.conftest import Load
from tests.factories.accounts import UserFactory
from tests.factories.courses import CertificateFactory, CourseRunFactory, EnrolmentFactory
from tests.factories.forum import reply

pytestmark = pytest.mark.django_db


def census() -> dict[str, Any]:
    """Count and name everything of the demo world."""
    models = (User, Chapter, Profile, OfficeTerm, Course, CourseRun, Unit, SiteText, Site, Group, Room, Post)
    return {
        **{model.__name__: model.objects.count() for model in models},
        "pages": sorted(Page.objects.values_list("url_path", flat=True)),
    }


def identities() -> dict[str, str]:
    """Return what records and links hang on: keys of pages, units and blocks."""
    kinds = (StandardPage, NewsPage, CoursePage, ModulePage, LessonPage)
    pages = [page for kind in kinds for page in kind.objects.all()]
    blocks = {
        f"{lesson.url_path} {place}": block.id
        for lesson in LessonPage.objects.all()
        for place, block in enumerate(lesson.body)
    }
    return {
        **{page.url_path: str(page.translation_key) for page in pages},
        **blocks,
        **{f"unit {unit.title}": str(unit.key) for unit in Unit.objects.all()},
    }


def test_load_demo_makes_pages_runs_and_people(load: Load, client: Client) -> None:
    output = load()

    course = Course.objects.get()
    assert str(course.pk) == identity("course", "mini")
    assert [(unit.kind, unit.title) for unit in course.units.order_by("position")] == [
        ("lesson", "Первый урок"),
        ("quiz", "Проверка"),
    ]
    for path in ("/", "/en/", "/courses/mini/", "/en/courses/mini/", "/news/autumn-school/"):
        assert client.get(path).status_code == 200
    assert "The demo world is loaded: mini." in output
    assert f"Accounts, all with the password “{DEMO_PASSWORD}”:" in output


@pytest.mark.parametrize(
    "email", ["advocate@example.org", "author@example.org", "officer@example.org", "admin@example.org"]
)
def test_demo_account_signs_in(email: str, load: Load, client: Client) -> None:
    load()

    response = client.post("/account/login/", {"login": email, "password": DEMO_PASSWORD})

    assert response.status_code == 302
    assert client.session["_auth_user_id"] == str(User.objects.get(email=email).pk)


def test_demo_accounts_have_their_offices(load: Load) -> None:
    load()

    def opens_office(email: str) -> bool:
        return User.objects.get(email=email).has_perm("wagtailadmin.access_admin")

    assert User.objects.filter(groups__name=AUTHORS).values_list("email", flat=True).get() == "author@example.org"
    assert not opens_office("advocate@example.org")
    assert not opens_office("applicant@example.org")
    assert all(opens_office(term.user.email) for term in OfficeTerm.objects.select_related("user"))
    assert list(User.objects.filter(is_superuser=True).values_list("email", flat=True)) == ["admin@example.org"]
    accounts = OfficeTerm.objects.exclude(user__email__regex=FICTIONAL)
    assert sorted(accounts.values_list("user__email", "role", "chapter__country")) == [
        ("board2@example.org", "board", None),
        ("board3@example.org", "board", None),
        ("board@example.org", "board", None),
        ("ethics@example.org", "ethics", None),
        ("officer@example.org", "chapter_officer", "KZ"),
        ("registrar@example.org", "registrar", None),
        ("reviewer@example.org", "chapter_reviewer", "KZ"),
        ("treasurer@example.org", "treasurer", None),
    ]
    assert sorted(Chapter.objects.national().values_list("country", flat=True)) == ["KG", "KZ", "TJ", "TM", "UZ"]


def test_load_demo_twice_doubles_nothing(load: Load) -> None:
    load()
    before = census(), identities()

    output = load()

    assert (census(), identities()) == before
    assert "The demo world is there already." in output


def test_load_demo_keeps_what_editors_changed(load: Load) -> None:
    load()
    page = CoursePage.objects.get(slug="mini", locale__language_code="ru")
    page.title = "Правленый курс"
    page.save_revision().publish()
    SiteText.objects.filter(locale__language_code="ru").update(short_name="Правленое имя")
    User.objects.filter(email="advocate@example.org").update(name_native="Другое Имя")

    load()

    page.refresh_from_db()
    assert page.title == "Правленый курс"
    assert SiteText.objects.get(locale__language_code="ru").short_name == "Правленое имя"
    assert User.objects.get(email="advocate@example.org").name_native == "Другое Имя"


def test_load_demo_brings_back_what_is_missing(load: Load) -> None:
    load()
    before = census()
    Application.objects.filter(user__email="applicant@example.org").delete()
    User.objects.get(email="applicant@example.org").delete()
    Page.objects.get(url_path="/home/about/").delete()

    load()

    assert census() == before


def test_reset_gives_the_same_identities(load: Load) -> None:
    load()
    before = census(), identities()

    load("--reset")

    assert (census(), identities()) == before


def test_reset_removes_records_but_no_accounts_of_others(load: Load) -> None:
    load()
    course = Course.objects.get()
    mine: User = UserFactory(email="mine@example.org")
    for user in (mine, User.objects.get(email="advocate@example.org")):
        enrolment = EnrolmentFactory(user=user, run=CourseRunFactory(course=course), last_unit=course.units.first())
        UnitProgress.objects.create(enrolment=enrolment, unit=course.units.first(), first_seen_at=enrolment.enrolled_at)
        old = CertificateFactory(enrolment=enrolment)
        old.superseded_by = CertificateFactory(
            enrolment=EnrolmentFactory(user=user, run=CourseRunFactory(course=course))
        )
        old.save()

    load("--reset")

    assert User.objects.filter(pk=mine.pk).exists()
    assert not Enrolment.objects.exists()
    assert not Certificate.objects.exists()
    assert Course.objects.count() == 1


def test_reset_is_refused_where_others_learn(load: Load) -> None:
    load()
    stranger: User = UserFactory(email="somebody@league.example")
    enrolment = EnrolmentFactory(user=stranger, run=CourseRunFactory(course=Course.objects.get()))
    before = census(), identities()

    with pytest.raises(CommandError, match="Learning records of 1 people outside the demo would be lost"):
        load("--reset")

    assert (census(), identities()) == before
    assert Enrolment.objects.get() == enrolment


def test_reset_is_refused_where_others_write(load: Load) -> None:
    load()
    thread = Thread.objects.get()
    reply(thread, author=UserFactory(email="somebody@league.example"))
    before = census(), Post.objects.count()

    with pytest.raises(CommandError, match="Posts or reactions of 1 people outside the demo would be lost"):
        load("--reset")

    assert (census(), Post.objects.count()) == before


def test_reset_undoes_changes(load: Load) -> None:
    load()
    home = HomePage.objects.get(locale__language_code="ru")
    title = home.title
    home.title = "Испорчено"
    home.save_revision().publish()
    User.objects.filter(email="advocate@example.org").update(name_native="Другое Имя")

    load("--reset")

    assert HomePage.objects.get(locale__language_code="ru").title == title
    assert User.objects.get(email="advocate@example.org").name_native == "Айгуль Нурпеисова"


@pytest.mark.parametrize("arguments", [(), ("--reset",)])
def test_load_demo_is_refused_where_debug_is_off(arguments: tuple[str, ...], settings: Settings) -> None:
    settings.DEBUG = False

    with pytest.raises(CommandError, match="refused where DEBUG is off"):
        call_command("load_demo", *arguments, stdout=StringIO())

    assert not User.objects.exists()


def test_blocks_have_one_identity_in_all_languages(load: Load) -> None:
    load()
    russian, english = (LessonPage.objects.get(slug="one", locale__language_code=language) for language in ("ru", "en"))

    def ids(page: LessonPage) -> list[tuple[str, str]]:
        return [(block.block_type, block.id) for block in page.body]

    def options(page: LessonPage) -> list[str]:
        ((_key, quiz),) = page.quizzes()
        return [option.id for question in quiz["questions"] for option in question["options"].bound_blocks]

    assert russian.translation_key == english.translation_key
    assert ids(russian) == ids(english)
    assert options(russian) == options(english)


def test_lists_of_a_lesson_hold_their_values(load: Load) -> None:
    load()
    lesson = LessonPage.objects.get(slug="one", locale__language_code="ru")

    values = {block.block_type: block.value for block in lesson.body}

    assert list(values["key_points"]["points"]) == ["Одиннадцать голосов.", "Шесть решают."]
    assert values["table"]["data"] == [["Голосов", "Вердикт"], ["6", "виновен"]]
    first, second = values["quiz"]["questions"]
    assert [(option["text"], option["is_correct"]) for option in first["options"]] == [
        ("Десять", True),
        ("Двенадцать", False),
    ]
    assert [(option["text"], option["is_correct"]) for option in second["options"]] == [
        ("Верно", False),
        ("Неверно", True),
    ]
