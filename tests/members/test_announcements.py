"""Announcements: to whom they go, who may write them, what happens when they are published and recalled."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group, Permission
from django.core import mail
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings
from wagtail.models import ModelLogEntry

from accounts.models import User
from courses.models import CourseIndexPage
from courses.services.setup import OFFICE
from members.choices import Country, OfficeRole
from members.models import Announcement, Chapter
from members.notifications.announcements import ANNOUNCEMENT, ANNOUNCEMENT_TEST, people_in_segment
from members.services import announcements as services
from notifications.choices import Channel, EventState, Mode, Verdict
from notifications.models import Delivery, Event, Item, Reader
from notifications.services import count_unread, mark_pulled_seen, pulled_for, save_preferences
from tests.factories.accounts import UserFactory
from tests.factories.members import AnnouncementFactory, ChapterFactory, OfficeTermFactory, ProfileFactory
from tests.factories.notifications import never_quiet, pump

pytestmark = pytest.mark.django_db

ADMIN = "/admin/announcement/"


def now() -> dt.datetime:
    return timezone.now()


@pytest.fixture
def kazakhstan() -> Chapter:
    return ChapterFactory()


@pytest.fixture
def kyrgyzstan() -> Chapter:
    return ChapterFactory(country=Country.KYRGYZSTAN)


@pytest.fixture
def people(kazakhstan: Chapter, kyrgyzstan: Chapter) -> dict[str, User]:
    """Six people who differ in chapter, office and language."""
    found = {
        "kz": ProfileFactory(chapter=kazakhstan, user__language="ru").user,
        "kz_en": ProfileFactory(chapter=kazakhstan, user__language="en").user,
        "kz_officer": ProfileFactory(chapter=kazakhstan, user__language="ru").user,
        "kg": ProfileFactory(chapter=kyrgyzstan, user__language="ky").user,
        "kg_former": ProfileFactory(chapter=kyrgyzstan, user__language="ru").user,
        "none": UserFactory(language="ru"),
    }
    ProfileFactory(chapter=kazakhstan, user__is_active=False)
    OfficeTermFactory(user=found["kz_officer"], chapter=kazakhstan)
    OfficeTermFactory(
        user=found["kg_former"], chapter=kyrgyzstan, starts_on=dt.date(2024, 1, 1), ends_on=dt.date(2025, 1, 1)
    )
    return found


SEGMENTS = [
    ([], [], [], {"kz", "kz_en", "kz_officer", "kg", "kg_former", "none"}),
    (["KZ"], [], [], {"kz", "kz_en", "kz_officer"}),
    (["KZ", "KG"], [], [], {"kz", "kz_en", "kz_officer", "kg", "kg_former"}),
    ([], [OfficeRole.CHAPTER_OFFICER], [], {"kz_officer"}),
    ([], [OfficeRole.REGISTRAR], [], set()),
    ([], [OfficeRole.REGISTRAR, OfficeRole.CHAPTER_OFFICER], [], {"kz_officer"}),
    ([], [], ["ru"], {"kz", "kz_officer", "kg_former", "none"}),
    ([], [], ["en", "ky"], {"kz_en", "kg"}),
    (["KZ"], [], ["en"], {"kz_en"}),
    (["KG"], [OfficeRole.CHAPTER_OFFICER], [], set()),
    (["KZ"], [OfficeRole.CHAPTER_OFFICER], ["ru"], {"kz_officer"}),
]


@pytest.mark.parametrize(("chapters", "roles", "languages", "expected"), SEGMENTS)
def test_segment_names_the_same_people_everywhere(
    chapters: list[str], roles: list[str], languages: list[str], expected: set[str], people: dict[str, User]
) -> None:
    announcement = AnnouncementFactory(
        is_published=True,
        chapters=list(Chapter.objects.filter(country__in=chapters)),
        roles=roles,
        languages=languages,
    )

    by_people = {name for name, user in people.items() if user in people_in_segment(announcement)}
    by_person = {
        name for name, user in people.items() if Announcement.objects.addressed_to(user).contains(announcement)
    }
    by_load = {name for name, user in people.items() if ANNOUNCEMENT.load(user, [str(announcement.pk)])}
    among = ANNOUNCEMENT.may_see(str(announcement.pk), list(people.values()))

    assert by_people == by_person == by_load == expected
    assert among == {people[name].pk for name in expected}
    assert services.count_recipients(announcement).total == len(expected)


def test_count_recipients_names_chapters(people: dict[str, User], kazakhstan: Chapter, kyrgyzstan: Chapter) -> None:
    recipients = services.count_recipients(AnnouncementFactory())

    assert recipients.total == 6
    assert recipients.chapters == [(kyrgyzstan, 2), (kazakhstan, 3)]
    assert recipients.without_chapter == 1


@pytest.mark.parametrize("field", ["roles", "languages"])
@pytest.mark.parametrize("value", ["x", ["x"], {"ru": 1}, 3])
def test_segment_takes_only_what_exists(field: str, value: object) -> None:
    announcement = AnnouncementFactory.build(**{field: value})

    with pytest.raises(ValidationError) as caught:
        announcement.full_clean(exclude=["created_by", "published_by"])

    assert field in caught.value.message_dict


# Publishing


def test_publish_twice_tells_once(people: dict[str, User]) -> None:
    actor = people["none"]
    announcement = AnnouncementFactory(with_letter=True)
    before = services.count_recipients(announcement).total

    first = services.publish_announcement(announcement, actor=actor, at=now())
    again = services.publish_announcement(announcement, actor=people["kz"], at=now())
    pump()

    event = Event.objects.get(kind=ANNOUNCEMENT.name)
    assert (event.state, event.told) == (EventState.DONE, before)
    assert Delivery.objects.filter(event=event, channel=Channel.MAIL, verdict=Verdict.DIGEST).count() == before == 6
    assert not Item.objects.exists()
    assert (again.published_at, again.published_by) == (first.published_at, actor)
    assert list(ModelLogEntry.objects.values_list("action", "user")) == [("wagtail.publish", actor.pk)]


def test_publish_without_letter_writes_no_row_for_anybody(people: dict[str, User]) -> None:
    announcement = AnnouncementFactory()

    services.publish_announcement(announcement, actor=people["none"], at=now())

    assert not Event.objects.exists()
    assert [pulled.subject_id for _kind, pulled in pulled_for(people["kz"])] == [str(announcement.pk)]


def test_publish_reaches_the_segment_only(people: dict[str, User], kyrgyzstan: Chapter) -> None:
    announcement = AnnouncementFactory(with_letter=True, chapters=[kyrgyzstan])

    services.publish_announcement(announcement, actor=people["kz"], at=now())
    pump()

    told = set(Delivery.objects.values_list("user", flat=True))
    assert told == {people["kg"].pk, people["kg_former"].pk}


@pytest.mark.parametrize(("language", "words"), [("ru", "Второй абзац."), ("en", "Second paragraph.")])
def test_letter_at_once_has_the_text_in_the_language_of_the_reader(language: str, words: str) -> None:
    reader = UserFactory(language=language)
    never_quiet(reader)
    reader_choices = {(ANNOUNCEMENT.name, Channel.MAIL.value): Mode.INSTANT.value}
    save_preferences(reader, reader_choices)
    announcement = AnnouncementFactory(with_letter=True)

    services.publish_announcement(announcement, actor=reader, at=now())
    pump()

    [letter] = mail.outbox
    assert letter.to == [reader.email]
    assert announcement.title_in(language) in letter.subject
    assert words in str(letter.body)


def test_recall_takes_back_what_waits_and_hides_the_rest(people: dict[str, User], client: Client) -> None:
    announcement = AnnouncementFactory(with_letter=True)
    services.publish_announcement(announcement, actor=people["none"], at=now())
    pump()

    withdrawn = services.recall_announcement(announcement, actor=people["kz"], at=now())
    again = services.recall_announcement(announcement, actor=people["kz"], at=now())

    assert (withdrawn, again) == (6, 0)
    assert set(Delivery.objects.values_list("verdict", flat=True)) == {Verdict.CANCELLED}
    assert not ANNOUNCEMENT.load(people["kz"], [str(announcement.pk)])
    assert ModelLogEntry.objects.filter(action="wagtail.unpublish", user=people["kz"]).count() == 1
    client.force_login(people["kz_en"])
    assert client.get(f"/announcements/{announcement.pk}/").status_code == 404


def test_recall_before_expansion_tells_nobody(people: dict[str, User]) -> None:
    announcement = AnnouncementFactory(with_letter=True)
    services.publish_announcement(announcement, actor=people["none"], at=now())

    services.recall_announcement(announcement, actor=people["none"], at=now())
    pump()

    assert Event.objects.get().state == EventState.CANCELLED
    assert not Delivery.objects.exists()


def test_recall_of_a_draft_changes_nothing(people: dict[str, User]) -> None:
    announcement = AnnouncementFactory()

    assert services.recall_announcement(announcement, actor=people["none"], at=now()) == 0

    announcement.refresh_from_db()
    assert announcement.recalled_at is None


def test_publish_after_recall_is_refused(people: dict[str, User]) -> None:
    announcement = AnnouncementFactory(is_published=True)
    services.recall_announcement(announcement, actor=people["none"], at=now())

    with pytest.raises(services.AnnouncementRecalled):
        services.publish_announcement(announcement, actor=people["none"], at=now())


def test_send_test_reaches_one_person_before_publication(people: dict[str, User]) -> None:
    author = people["none"]
    never_quiet(author)
    announcement = AnnouncementFactory(created_by=author)

    services.send_test(announcement, to=author, at=now())
    services.send_test(announcement, to=author, at=now())
    pump()

    assert [letter.to for letter in mail.outbox] == [[author.email]] * 2
    assert "Второй абзац." in str(mail.outbox[0].body)
    assert set(Item.objects.values_list("user", "kind")) == {(author.pk, ANNOUNCEMENT_TEST.name)}
    announcement.refresh_from_db()
    assert announcement.is_draft


def test_send_test_to_somebody_who_may_not_see_it_says_nothing(people: dict[str, User]) -> None:
    never_quiet(people["kz"])

    services.send_test(AnnouncementFactory(), to=people["kz"], at=now())
    pump()

    assert not mail.outbox
    assert Delivery.objects.get().verdict == Verdict.NOT_VISIBLE


# What is pulled


def test_pulled_is_unread_until_it_was_seen(
    people: dict[str, User], kyrgyzstan: Chapter, django_capture_on_commit_callbacks: Callable[..., object]
) -> None:
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[attr-defined]  # a context manager
        services.publish_announcement(AnnouncementFactory(chapters=[kyrgyzstan]), actor=people["none"], at=now())

    assert (count_unread(people["kg"]), count_unread(people["kz"])) == (1, 0)
    shown = now()
    mark_pulled_seen(people["kg"], shown)
    assert count_unread(people["kg"]) == 0
    mark_pulled_seen(people["kg"], shown - dt.timedelta(days=1))
    assert count_unread(people["kg"]) == 0
    assert Reader.objects.get(user=people["kg"]).pulled_seen_at == shown
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[attr-defined]  # a context manager
        services.publish_announcement(AnnouncementFactory(), actor=people["none"], at=now())
    assert (count_unread(people["kg"]), count_unread(people["kz"])) == (1, 1)


def test_pulled_forgets_what_was_recalled(
    people: dict[str, User], django_capture_on_commit_callbacks: Callable[..., object]
) -> None:
    announcement = AnnouncementFactory(is_published=True)
    assert count_unread(people["kz"]) == 1

    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[attr-defined]  # a context manager
        services.recall_announcement(announcement, actor=people["none"], at=now())

    assert count_unread(people["kz"]) == 0


def test_pulled_leaves_out_what_is_older_than_the_account() -> None:
    AnnouncementFactory(published_at=now() - dt.timedelta(days=2))
    newcomer = UserFactory(joined_at=now() - dt.timedelta(days=1))

    assert pulled_for(newcomer) == []


@pytest.mark.parametrize("count", [1, 3, 300])
def test_count_unread_costs_as_much_for_many_announcements(
    count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    reader = ProfileFactory(user__joined_at=now() - dt.timedelta(days=1)).user
    Announcement.objects.bulk_create(AnnouncementFactory.build_batch(count, is_published=True))

    with django_assert_num_queries(3):
        cold = count_unread(reader)
    with django_assert_num_queries(1):
        warm = count_unread(reader)

    assert cold == warm == min(count, 20)


def test_seen_on_the_site_is_not_sent_in_a_letter() -> None:
    reader = UserFactory()
    never_quiet(reader)
    announcement = AnnouncementFactory(with_letter=True)
    services.publish_announcement(announcement, actor=reader, at=now())
    pump()
    mark_pulled_seen(reader, now())
    Reader.objects.filter(user=reader).update(digest_due_at=now())

    pump()

    assert not mail.outbox
    assert Delivery.objects.get().verdict == Verdict.READ


# The members' pages


def test_announcement_pages_show_a_member_the_own_ones_only(
    people: dict[str, User], kyrgyzstan: Chapter, client: Client, catalogues: dict[str, CourseIndexPage]
) -> None:
    announcement = AnnouncementFactory(is_published=True, chapters=[kyrgyzstan])
    path = f"/announcements/{announcement.pk}/"

    client.force_login(people["kz"])
    assert client.get(path).status_code == 404
    assert announcement.title_ru not in client.get("/announcements/").content.decode()

    client.force_login(people["kg"])
    assert announcement.title_ru in client.get(path).content.decode()
    assert path in client.get("/announcements/").content.decode()


def test_announcement_pages_ask_visitors_to_sign_in(client: Client) -> None:
    for path in ("/announcements/", "/announcements/1/"):
        assert "/account/login/" in client.get(path)["Location"]


def test_announcement_detail_escapes_and_links(client: Client, catalogues: dict[str, CourseIndexPage]) -> None:
    client.force_login(UserFactory())
    announcement = AnnouncementFactory(
        is_published=True, title_en="Fees & <b>dues</b>", text_en="<script>x</script>\n\nSee https://example.org/a."
    )

    page = client.get(f"/en/announcements/{announcement.pk}/").content.decode()

    assert "Fees &amp; &lt;b&gt;dues&lt;/b&gt;" in page
    assert "<script>x" not in page
    assert '<a href="https://example.org/a" rel="nofollow">https://example.org/a</a>.' in page


def test_announcement_detail_hides_drafts(client: Client, catalogues: dict[str, CourseIndexPage]) -> None:
    author = UserFactory()
    draft = AnnouncementFactory(created_by=author)
    path = f"/announcements/{draft.pk}/"

    client.force_login(UserFactory())
    assert client.get(path).status_code == 404
    client.force_login(author)
    assert client.get(path).status_code == 200
    assert draft.title_ru not in client.get("/announcements/").content.decode()


@pytest.mark.parametrize("count", [1, 3, 300])
def test_announcement_list_queries(
    count: int,
    client: Client,
    catalogues: dict[str, CourseIndexPage],
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    client.force_login(ProfileFactory().user)
    Announcement.objects.bulk_create(AnnouncementFactory.build_batch(count, is_published=True))
    client.get("/announcements/")

    with django_assert_num_queries(4):
        response = client.get("/announcements/")

    assert response.content.decode().count('<li class="row">') == min(count, 20)


# The office


@pytest.fixture
def officer(catalogues: dict[str, CourseIndexPage], settings: Settings, client: Client) -> User:
    """Somebody of the office, signed in; the second factor is tested with accounts."""
    settings.REQUIRE_STAFF_MFA = False
    user = UserFactory()
    user.groups.add(Group.objects.get(name=OFFICE))
    client.force_login(user)
    return user


def form_data(**changes: object) -> dict[str, object]:
    return {
        "title_ru": "Собрание",
        "text_ru": "Приходите.",
        "title_en": "Assembly",
        "text_en": "Do come.",
        "chapters": [],
        **changes,
    }


def test_office_writes_tests_publishes_and_recalls(officer: User, client: Client, kyrgyzstan: Chapter) -> None:
    never_quiet(officer)
    ProfileFactory(chapter=kyrgyzstan)

    response = client.post(
        f"{ADMIN}new/", form_data(chapters=[kyrgyzstan.pk], roles=[], languages=["ru"], with_letter="on")
    )
    announcement = Announcement.objects.get()
    preview = f"{ADMIN}{announcement.pk}/"
    assert (response.status_code, response["Location"]) == (302, preview)
    assert announcement.created_by == officer
    assert (announcement.roles, announcement.languages, announcement.is_draft) == ([], ["ru"], True)

    page = client.get(preview)
    assert page.context["recipients"].total == 1
    assert "Приходите." in page.content.decode()
    assert "Do come." in page.content.decode()

    assert client.post(f"{preview}test/").status_code == 302
    pump()
    assert [letter.to for letter in mail.outbox] == [[officer.email]]

    assert client.get(f"{preview}publish/").context["recipients"].total == 1
    assert Announcement.objects.get().is_draft
    client.post(f"{preview}publish/")
    client.post(f"{preview}publish/")
    announcement.refresh_from_db()
    assert (announcement.is_current, announcement.published_by) == (True, officer)
    assert Event.objects.filter(kind=ANNOUNCEMENT.name).count() == 1

    assert client.get(f"{ADMIN}edit/{announcement.pk}/").status_code == 404
    assert client.get(f"{preview}recall/").status_code == 200
    client.post(f"{preview}recall/")
    announcement.refresh_from_db()
    assert announcement.recalled_at is not None
    client.post(f"{preview}publish/")
    assert Announcement.objects.get().recalled_at is not None
    assert client.get(preview).status_code == 200
    assert client.get(f"{preview}publish/").status_code == 302
    assert client.get(f"{preview}recall/").status_code == 302


def test_office_edits_a_draft(officer: User, client: Client) -> None:
    draft = AnnouncementFactory(roles=["registrar"])

    page = client.get(f"{ADMIN}edit/{draft.pk}/")
    response = client.post(f"{ADMIN}edit/{draft.pk}/", form_data(title_ru="Другое"))

    assert page.context["form"]["roles"].value() == ["registrar"]
    assert (response.status_code, response["Location"]) == (302, f"{ADMIN}{draft.pk}/")
    draft.refresh_from_db()
    assert (draft.title_ru, draft.roles) == ("Другое", [])


def test_office_is_told_what_is_missing(officer: User, client: Client) -> None:
    response = client.post(f"{ADMIN}new/", form_data(text_en="", languages=["xx"]))

    assert response.status_code == 200
    assert set(response.context["form"].errors) == {"text_en", "languages"}
    assert not Announcement.objects.exists()


@pytest.mark.parametrize("count", [1, 3, 300])
def test_office_list_queries(
    count: int, officer: User, client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    Announcement.objects.bulk_create(AnnouncementFactory.build_batch(count, created_by=officer))
    client.get(ADMIN)

    with django_assert_num_queries(10):
        response = client.get(ADMIN)

    assert response.status_code == 200


PAGES = ["", "new/", "edit/{pk}/", "{pk}/", "{pk}/publish/", "{pk}/recall/"]
ACTIONS = ["{pk}/test/", "{pk}/publish/", "{pk}/recall/"]


@pytest.mark.parametrize("path", PAGES)
def test_member_may_not_open(path: str, officer: User, client: Client) -> None:
    pk = AnnouncementFactory().pk
    client.force_login(UserFactory())

    assert client.get(ADMIN + path.format(pk=pk)).status_code == 403


@pytest.mark.parametrize("path", [*PAGES, *ACTIONS])
def test_staff_of_another_kind_may_do_nothing(path: str, officer: User, client: Client) -> None:
    announcement = AnnouncementFactory()
    user = UserFactory()
    user.user_permissions.add(Permission.objects.get(codename="access_admin"))
    client.force_login(user)
    method = client.post if path in ACTIONS else client.get

    response = method(ADMIN + path.format(pk=announcement.pk))

    assert (response.status_code, response["Location"]) == (302, "/admin/")
    announcement.refresh_from_db()
    assert announcement.is_draft
    assert not Event.objects.exists()


@pytest.mark.parametrize("action", ["publish", "recall"])
def test_who_only_writes_may_not_publish(action: str, officer: User, client: Client) -> None:
    announcement = AnnouncementFactory()
    user = UserFactory()
    names = ["access_admin", "view_announcement", "change_announcement", "add_announcement"]
    user.user_permissions.set(Permission.objects.filter(codename__in=names))
    client.force_login(user)

    preview = client.get(f"{ADMIN}{announcement.pk}/").content.decode()
    response = client.post(f"{ADMIN}{announcement.pk}/{action}/")

    assert f"/{announcement.pk}/{action}/" not in preview
    assert response.status_code == 302
    announcement.refresh_from_db()
    assert announcement.is_draft


def test_test_letter_is_sent_by_post_only(officer: User, client: Client) -> None:
    assert client.get(f"{ADMIN}{AnnouncementFactory().pk}/test/").status_code == 405
