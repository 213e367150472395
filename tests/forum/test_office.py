"""The forum in the League's office: rooms with rules, tags, and the jobs of the night."""

import datetime as dt
import logging
from collections.abc import Callable
from io import StringIO

import pytest
from bs4 import BeautifulSoup
from django.core.management import call_command
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks, Settings
from wagtail.users.models import UserProfile

from accounts.models import User
from audit.models import AuditEvent
from courses.models import CourseIndexPage
from forum import tasks
from forum.choices import Audience, Right
from forum.models import Clock, ClockDay, Post, Room, RoomRule, Tag, Thread
from forum.services import approve_post, hide_post, hide_thread
from forum.services import rooms as services
from forum.services.recounting import recount_forum
from members.choices import OfficeRole
from members.models import league_day
from tests.factories.accounts import UserFactory
from tests.factories.committees import CommitteeFactory
from tests.factories.forum import RoomFactory, grant, member, moderator, reply, start
from tests.factories.members import ChapterFactory
from tests.factories.office import holder_of

pytestmark = pytest.mark.django_db

INDEX = "/admin/forum/rooms/"
TAGS = "/admin/forum/tags/"


@pytest.fixture(autouse=True)
def _no_second_factor(catalogues: dict[str, CourseIndexPage], settings: Settings) -> None:
    settings.REQUIRE_STAFF_MFA = False  # tests/accounts/test_second_factor.py proves that door


@pytest.fixture
def registrar() -> User:
    return holder_of(OfficeRole.REGISTRAR)


@pytest.fixture
def office(client: Client, registrar: User) -> Client:
    """A browser of somebody of the League's office who has chosen English for the admin."""
    UserProfile.objects.create(user=registrar, preferred_language="en")
    client.force_login(registrar)
    return client


def rows(*rules: dict[str, object], initial: int = 0) -> dict[str, object]:
    """Return rules as the form sends them."""
    data: dict[str, object] = {"rules-TOTAL_FORMS": len(rules), "rules-INITIAL_FORMS": initial}
    for number, rule in enumerate(rules):
        data |= {f"rules-{number}-{name}": value for name, value in rule.items()}
    return data


def room_data(room: Room | None = None, **changes: object) -> dict[str, object]:
    """Return the fields of a room as its form sends them."""
    named = {"slug": "appeals", "kind": "open", "name_ru": "Апелляция", "name_en": "Appeals"}
    data: dict[str, object] = named | {"position": 0, "level_default": 1, "floor": 1}
    if room is not None:
        data |= {"name_ru": room.name_ru, "name_en": room.name_en, "seen": services.fingerprint(room)}
    return data | changes


def errors(response: HttpResponse) -> str:
    assert response.status_code == 422
    return " ".join(BeautifulSoup(response.content, "html.parser").get_text(" ").split())


MEMBERS_START = {"audience": "members", "right": Right.START}


# Who


@pytest.mark.parametrize("role", [OfficeRole.REGISTRAR, OfficeRole.BOARD])
def test_league_office_keeps_rooms_and_tags(role: OfficeRole, client: Client) -> None:
    client.force_login(holder_of(role))

    assert [client.get(path).status_code for path in (INDEX, f"{INDEX}new/", TAGS, f"{TAGS}new/")] == [200] * 4


@pytest.mark.parametrize("role", [OfficeRole.CHAPTER_OFFICER, OfficeRole.TREASURER, OfficeRole.ETHICS])
def test_other_offices_keep_none(role: OfficeRole, client: Client) -> None:
    room = RoomFactory()
    client.force_login(holder_of(role, ChapterFactory()))

    for path in (INDEX, f"{INDEX}new/", f"{INDEX}{room.pk}/", f"{INDEX}{room.pk}/delete/", TAGS, f"{TAGS}new/"):
        assert client.get(path)["Location"].endswith("/admin/")
    assert client.post(f"{INDEX}{room.pk}/delete/").status_code == 302
    assert Room.objects.filter(pk=room.pk).exists()


def test_who_keeps_rooms_reads_no_more_in_them(client: Client) -> None:
    thread = start(RoomFactory(), title="Тайна совещания", text="Слова, которых контора не видит")
    reply(thread, text="И ответ")
    superuser = UserFactory(is_superuser=True)
    client.force_login(superuser)

    pages = [client.get(path) for path in (INDEX, f"{INDEX}{thread.room_id}/")]

    assert [page.status_code for page in pages] == [200, 200]
    assert not any("Слова" in page.content.decode() or "Тайна" in page.content.decode() for page in pages)
    for person in (superuser, holder_of(OfficeRole.REGISTRAR), holder_of(OfficeRole.BOARD)):
        assert not Room.objects.visible_to(person).exists()
        assert not Thread.objects.visible_to(person).exists()
        assert not Post.objects.visible_to(person).exists()


# The list


def test_list_shows_kind_counters_and_archive_under_the_room_above(office: Client) -> None:
    RoomFactory(name_en="Second", position=2, is_archived=True)
    above = RoomFactory(name_en="First", position=1)
    below = RoomFactory(name_en="Below the first", position=9, parent=above)
    reply(start(below))

    page = BeautifulSoup(office.get(INDEX).content, "html.parser")

    cells = [
        [cell.get_text(strip=True) for cell in row.find_all("td")] for row in page.select("table.listing tbody tr")
    ]
    assert [row[0] for row in cells] == ["First", "—Below the first", "Second"]
    assert cells[1][1:4] == ["for all members", "1", "2"]
    assert cells[1][4]
    assert [row[5] for row in cells] == ["No", "No", "Yes"]


@pytest.mark.parametrize("count", [1, 3])
def test_list_costs_the_same(office: Client, count: int, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    for _number in range(count):
        start(RoomFactory(parent=RoomFactory()))
    office.get(INDEX)

    with django_assert_num_queries(10):
        office.get(INDEX)


# Opening and changing


def test_room_is_opened_with_its_rules(office: Client, registrar: User) -> None:
    chapter, committee = ChapterFactory(), CommitteeFactory()
    data = room_data(description_en="Of appeals") | rows(
        {"audience": "chapter", "chapter": chapter.pk, "right": Right.START},
        {"audience": "officers", "chapter": chapter.pk, "right": Right.MODERATE},
        {"audience": "committee", "committee": committee.pk, "right": Right.READ},
        {},
    )

    response = office.post(f"{INDEX}new/", data)

    assert response["Location"] == INDEX
    room = Room.objects.get()
    assert (room.slug, room.description_en, room.holds_first_posts) == ("appeals", "Of appeals", False)
    assert set(room.rules.values_list("audience", "chapter", "committee", "right")) == {
        ("chapter", chapter.pk, None, Right.START),
        ("officers", chapter.pk, None, Right.MODERATE),
        ("committee", None, committee.pk, Right.READ),
    }
    event = AuditEvent.objects.about(room).get()
    assert (event.action, event.actor_id) == ("forum.room_added", registrar.pk)
    assert len(event.detail["rules"]) == 3


def test_room_is_changed_and_only_the_change_is_on_record(office: Client) -> None:
    room = RoomFactory()
    start(room)
    data = room_data(room, name_en="Renamed", is_archived="on") | rows(
        {"audience": "members", "right": Right.READ}, {}, initial=1
    )

    response = office.post(f"{INDEX}{room.pk}/", data)

    assert response["Location"] == INDEX
    before, room = room, Room.objects.get()
    assert (room.name_en, room.is_archived, room.slug) == ("Renamed", True, before.slug)
    assert (room.thread_count, room.post_count) == (1, 1)
    assert room.rules.get().right == Right.READ
    detail = AuditEvent.objects.about(room).get(action="forum.room_changed").detail
    assert detail.keys() == {"name_en", "is_archived", "rules"}
    assert detail["rules"] == [
        [["members", Right.START, None, None, None]],
        [["members", Right.READ, None, None, None]],
    ]


def test_saving_nothing_new_records_nothing_and_keeps_the_rules(office: Client) -> None:
    room = RoomFactory()
    rule = room.rules.get()
    data = room_data(room) | rows(MEMBERS_START, initial=1)

    office.post(f"{INDEX}{room.pk}/", data)

    assert room.rules.get() == rule
    assert not AuditEvent.objects.about(room).exists()


def test_rule_is_taken_away(office: Client) -> None:
    room = RoomFactory()
    data = room_data(room) | rows({**MEMBERS_START, "DELETE": "on"}, initial=1)

    office.post(f"{INDEX}{room.pk}/", data)

    assert not room.rules.exists()
    assert not Room.objects.visible_to(member()).exists()


def test_counters_of_a_publication_meanwhile_stay(registrar: User) -> None:
    room = RoomFactory()
    loaded = Room.objects.get(pk=room.pk)
    seen = services.fingerprint(loaded)
    start(room)
    loaded.name_en = "Renamed"

    services.save_room(loaded, rules=room.rules.all(), seen=seen, actor=registrar, at=timezone.now())

    room.refresh_from_db()
    assert (room.name_en, room.thread_count, room.post_count) == ("Renamed", 1, 1)


def test_page_that_somebody_overtook_saves_nothing(office: Client, registrar: User) -> None:
    room = RoomFactory()
    data = room_data(room, name_en="Mine") | rows(MEMBERS_START, initial=1)
    grant(room, Right.MODERATE, Audience.OFFICERS)

    response = office.post(f"{INDEX}{room.pk}/", data, follow=True)

    assert "Somebody changed this room meanwhile" in response.content.decode()
    assert Room.objects.get().name_en == room.name_en
    assert room.rules.count() == 2
    with pytest.raises(services.StaleRoom):
        services.save_room(room, rules=[], seen="another", actor=registrar, at=timezone.now())


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        ({"audience": "chapter"}, "Name the chapter whose members the rule is about."),
        ({"audience": "committee"}, "Name the committee or working group that the rule is about."),
        ({"audience": "group"}, "Name the group of the site that the rule is about."),
        ({"audience": "members", "chapter": "chapter"}, "“all members in good standing” does not need this"),
        ({"audience": "seats", "chapter": "chapter"}, "“people with a seat in the room” does not need this"),
        ({"chapter": "chapter"}, "This field is required."),
    ],
)
def test_rule_says_what_it_lacks(rule: dict[str, object], sentence: str, office: Client) -> None:
    if "chapter" in rule:
        rule = rule | {"chapter": ChapterFactory().pk}

    response = office.post(f"{INDEX}new/", room_data() | rows({**rule, "right": Right.READ}))

    assert sentence in errors(response)
    assert not Room.objects.exists()


def test_two_rules_about_the_same_people_are_refused(office: Client) -> None:
    data = room_data() | rows(MEMBERS_START, {"audience": "members", "right": Right.READ})

    assert "Two rules are about the same people (all members in good standing)" in errors(
        office.post(f"{INDEX}new/", data)
    )


def test_first_posts_need_somebody_who_moderates(office: Client) -> None:
    data = room_data(holds_first_posts="on")

    refused = office.post(f"{INDEX}new/", data | rows(MEMBERS_START))
    heading = office.post(f"{INDEX}new/", data | rows({"audience": "members", "right": Right.SEE}))

    assert "First posts would wait for ever: no rule says who moderates." in errors(refused)
    assert heading.status_code == 302


def test_groups_of_offices_are_no_audience(office: Client) -> None:
    moderator(RoomFactory(slug="known"))

    page = BeautifulSoup(office.get(f"{INDEX}new/").content, "html.parser")

    names = [option.text for option in page.select("[name=rules-0-group] option")]
    assert "Moderators of known" in names
    assert not {"League office", "Board", "Chapter officers"} & set(names)


def test_rooms_have_two_levels(office: Client) -> None:
    above = RoomFactory()
    below = RoomFactory(parent=above)
    another = RoomFactory()

    third = office.post(f"{INDEX}new/", room_data(parent=below.pk) | rows())
    pushed = office.post(f"{INDEX}{above.pk}/", room_data(above, parent=another.pk) | rows())
    own = office.post(f"{INDEX}{another.pk}/", room_data(another, parent=another.pk) | rows())

    assert "choose a room that stands on the first" in errors(third)
    assert "Other rooms stand below this one" in errors(pushed)
    assert "not the room itself" in errors(own)


# Deleting


def test_room_without_threads_is_deleted(office: Client) -> None:
    room = RoomFactory()

    asked = office.get(f"{INDEX}{room.pk}/delete/")
    response = office.post(f"{INDEX}{room.pk}/delete/")

    assert asked.status_code == 200
    assert response["Location"] == INDEX
    assert not Room.objects.exists()
    assert AuditEvent.objects.get(action="forum.room_removed").subject_id == str(room.pk)


@pytest.mark.parametrize("method", ["get", "post"])
def test_room_with_threads_is_archived_instead(method: str, office: Client) -> None:
    thread = start(RoomFactory())
    hide_thread(thread, actor=thread.starter, reason="Not for here", at=timezone.now())
    with_rooms = RoomFactory(parent=RoomFactory()).parent

    response = getattr(office, method)(f"{INDEX}{thread.room_id}/delete/", follow=True)
    below = getattr(office, method)(f"{INDEX}{with_rooms.pk}/delete/", follow=True)

    assert "This room holds 1 thread and cannot be deleted." in response.content.decode()
    assert "Other rooms stand below this one." in below.content.decode()
    assert Room.objects.count() == 3


# Tags


def test_tags_are_kept_with_a_record_of_each_change(office: Client) -> None:
    office.post(f"{TAGS}new/", {"slug": "article-6", "name_ru": "Статья 6", "name_en": "Article 6"})
    tag = Tag.objects.get()
    thread = start(tags=[tag])

    office.post(f"{TAGS}edit/{tag.pk}/", {"slug": "article-6", "name_ru": "Статья 6", "name_en": "Art. 6"})
    office.post(f"{TAGS}delete/{tag.pk}/")

    assert not Tag.objects.exists()
    assert Thread.objects.filter(pk=thread.pk).exists()
    actions = AuditEvent.objects.filter(subject_type="forum.tag").order_by("pk")
    assert [event.action for event in actions] == ["forum.tag_added", "forum.tag_changed", "forum.tag_removed"]
    assert actions[1].detail == {"name_en": ["Article 6", "Art. 6"]}


@pytest.mark.parametrize("count", [1, 3])
def test_tags_cost_the_same(office: Client, count: int, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    for number in range(count):
        Tag.objects.create(slug=f"tag-{number}", name_ru="Тег", name_en="Tag")
    office.get(TAGS)

    with django_assert_num_queries(11):
        office.get(TAGS)


# The day and the night


def test_note_day_keeps_where_the_clock_stood_first() -> None:
    thread = start()
    tasks.note_day()
    reply(thread)
    tasks.note_day()

    assert list(ClockDay.objects.values_list("day", "seq")) == [(league_day(), 1)]
    assert Clock.objects.get().seq == 2


def spoil_thread(thread: Thread) -> None:
    Thread.objects.filter(pk=thread.pk).update(visible_count=9, last_public_no=9, last_seq=99, bump_seq=0, last_no=1)


def spoil_room(thread: Thread) -> None:
    Room.objects.filter(pk=thread.room_id).update(thread_count=0, post_count=7, last_seq=0, last_thread=None)


def spoil_clock(_thread: Thread) -> None:
    Clock.objects.update(seq=0)


@pytest.mark.parametrize(("spoil", "label"), [(spoil_thread, "Thread"), (spoil_room, "Room"), (spoil_clock, "Clock")])
def test_recount_puts_right_and_reports_what_is_wrong(
    spoil: Callable[[Thread], None], label: str, caplog: pytest.LogCaptureFixture
) -> None:
    thread = start(replies=2)
    hide_post(Post.objects.get(no=3), actor=thread.starter, reason="Names", at=timezone.now())
    right = [list(model.objects.order_by("pk").values()) for model in (Thread, Room, Clock)]
    spoil(thread)

    with caplog.at_level(logging.ERROR):
        found = recount_forum()

    now = [list(model.objects.order_by("pk").values()) for model in (Thread, Room, Clock)]
    if spoil is spoil_thread:  # where it stood in the list is not known any more: behind its last public post
        right[0][0]["bump_seq"] = 2
    assert now == right
    assert [sentence.split()[0] for sentence in found.faults] == [f"forum.{label}"]
    assert len(caplog.records) == 1
    assert recount_forum().faults == []


def test_recount_finds_nothing_where_nothing_is_wrong(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    room = RoomFactory()
    for _number in range(3):
        start(room, replies=2)
    hidden = start(room)
    hide_thread(hidden, actor=hidden.starter, reason="Off topic", at=timezone.now())
    start(RoomFactory(holds_first_posts=True))
    RoomFactory()

    with django_assert_num_queries(7):
        found = recount_forum()

    assert (found.faults, found.after) == ([], None)


def test_post_that_is_approved_in_a_hidden_thread_counts_for_nothing_in_its_room() -> None:
    room = RoomFactory(holds_first_posts=True)
    guide = moderator(room)
    thread = start(room, author=guide)
    waiting = reply(thread)
    hide_thread(thread, actor=guide, reason="Off topic", at=timezone.now())

    approve_post(waiting, actor=guide, at=timezone.now())

    room.refresh_from_db()
    assert (room.thread_count, room.post_count, room.last_seq) == (0, 0, 0)
    assert recount_forum().faults == []


def test_recount_goes_on_in_the_next_task(
    monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    threads = [start() for _number in range(3)]
    for thread in threads:
        spoil_thread(thread)
    first = recount_forum(most=2)

    assert (len(first.faults), first.after) == (2, threads[1].pk)
    with django_capture_on_commit_callbacks(execute=True):
        tasks.recount_forum(first.after)

    assert list(Thread.objects.values_list("visible_count", flat=True)) == [1, 1, 1]


def test_recount_says_in_the_terminal_what_was_wrong() -> None:
    spoil_thread(start())
    out = StringIO()

    call_command("recount_forum", stdout=out)
    call_command("recount_forum", stdout=out)

    lines = out.getvalue().splitlines()
    assert "visible_count 9 → 1" in lines[0]
    assert lines[1:] == ["1 rows were put right.", "0 rows were put right."]


def test_rules_of_a_room_go_with_it() -> None:
    room = RoomFactory()

    services.delete_room(room, actor=UserFactory(), at=timezone.now() + dt.timedelta(days=1))

    assert not RoomRule.objects.exists()
