import pytest
from django.contrib.auth.models import Group
from django.core.management import call_command

from accounts.models import User
from courses.models import CourseIndexPage, CoursePage
from courses.permissions import can_edit
from courses.services import setup
from pages.models import HomePage
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db


def member_of(group: str) -> User:
    person = UserFactory()
    person.groups.add(Group.objects.get(name=group))
    return User.objects.get(pk=person.pk)


def test_create_catalogue_gives_one_page_in_all_languages(home_pages: dict[str, HomePage]) -> None:
    catalogues = setup.create_catalogue(home_pages, {"ru": "Курсы", "en": "Courses"})

    assert {code: page.title for code, page in catalogues.items()} == {"ru": "Курсы", "en": "Courses"}
    assert len({page.translation_key for page in catalogues.values()}) == 1
    assert all(page.live and page.show_in_menus for page in catalogues.values())
    assert [page.url for page in catalogues.values()] == ["/courses/", "/en/courses/"]


def test_create_catalogue_again_leaves_it_alone(
    home_pages: dict[str, HomePage], catalogues: dict[str, CourseIndexPage]
) -> None:
    catalogues["ru"].title = "Обучение"
    catalogues["ru"].save_revision().publish()

    again = setup.create_catalogue(home_pages, {"ru": "Курсы", "en": "Courses"})

    assert again == catalogues
    assert again["ru"].title == "Обучение"


def test_create_roles_lets_authors_write_courses_and_nothing_else(
    home_pages: dict[str, HomePage], catalogues: dict[str, CourseIndexPage], course_page: CoursePage
) -> None:
    author = member_of(setup.AUTHORS)

    assert author.has_perm("wagtailadmin.access_admin")
    assert can_edit(author, course_page)
    assert all(page.permissions_for_user(author).can_add_subpage() for page in catalogues.values())
    assert course_page.permissions_for_user(author).can_publish()
    assert not home_pages["ru"].permissions_for_user(author).can_edit()
    assert author.has_perm("courses.view_courserun")
    for permission in ("courses.change_courserun", "courses.view_enrolment", "accounts.view_user"):
        assert not author.has_perm(permission)


def test_create_roles_lets_the_office_keep_runs_and_records(
    catalogues: dict[str, CourseIndexPage], course_page: CoursePage
) -> None:
    officer = member_of(setup.OFFICE)

    assert officer.has_perm("wagtailadmin.access_admin")
    for model in ("courses.{}_courserun", "courses.{}_enrolment", "courses.{}_certificate"):
        assert officer.has_perms([model.format(action) for action in ("add", "change", "view")])
        assert not officer.has_perm(model.format("delete"))
    assert not can_edit(officer, course_page)


def test_create_roles_again_changes_nothing(catalogues: dict[str, CourseIndexPage]) -> None:
    def rights() -> dict[str, tuple[int, int, int]]:
        return {
            group.name: (
                group.permissions.count(),
                group.page_permissions.count(),
                group.collection_permissions.count(),
            )
            for group in Group.objects.all()
        }

    before = rights()

    setup.create_roles(catalogues)

    assert rights() == before


@pytest.mark.parametrize(
    ("address", "host", "port"),
    [("https://members.example.org", "members.example.org", 443), ("http://127.0.0.1:8000", "127.0.0.1", 8000)],
)
def test_setup_site_twice_gives_one_site(
    settings: object, capsys: pytest.CaptureFixture[str], address: str, host: str, port: int
) -> None:
    settings.WAGTAILADMIN_BASE_URL = address

    for _time in range(2):
        call_command("setup_site")

    assert HomePage.objects.count() == CourseIndexPage.objects.count() == 2
    site = HomePage.objects.get(locale__language_code="ru").get_site()
    assert (site.hostname, site.port) == (host, port)
    assert capsys.readouterr().out.count("The site has its home pages") == 2
