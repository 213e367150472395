"""Words of the office's list stop nothing: the post is published, and a moderator looks at it."""

import datetime as dt

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from audit.models import AuditEvent
from courses.models import CourseIndexPage
from forum import services
from forum.choices import ReportReason
from forum.models import FlaggedWord, Report, Room
from forum.notifications import REPORTED
from members.choices import OfficeRole
from notifications.models import Event
from tests.factories.forum import RoomFactory, member, moderator, reply, start
from tests.factories.office import holder_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]

WORDS = "/admin/forum/words/"


@pytest.fixture
def room() -> Room:
    FlaggedWord.objects.create(word="взятка")
    FlaggedWord.objects.create(word="елка")
    return RoomFactory(slug="jury")


def now() -> dt.datetime:
    return timezone.now()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Это ВЗЯТКА, коллеги.", "взятка"),
        ("**взятка**", "взятка"),
        ("Ёлка и взятка", "взятка, елка"),
        ("Речь о взятках и взяткам", ""),
        ("антивзятка", ""),
        ("Ничего такого", ""),
    ],
)
def test_whole_words_are_found_whatever_their_capitals(text: str, found: str, room: Room) -> None:
    post = reply(start(room), text=text)

    assert post.is_public
    assert [report.text for report in Report.objects.all()] == ([found] if found else [])


def test_flagged_post_is_published_and_stands_in_the_queue(room: Room, client: Client) -> None:
    judge = moderator(room)
    thread = start(room, text="Была взятка")

    report = Report.objects.get()
    assert (report.post.no, report.reporter, report.reason) == (1, None, ReportReason.WORD)
    event = Event.objects.get(kind=REPORTED.name)
    assert (event.subject_id, event.actor, event.data) == (str(report.post_id), None, {})
    client.force_login(judge)
    assert "a word of the office" in client.get("/en/forum/reports/").text
    assert services.dismiss_reports(report.post, actor=judge, note="По делу", at=now()) == 1
    assert thread.visible_count == 1
    assert not Event.objects.filter(kind="forum.report_closed").exists()


def test_changed_text_is_looked_at_once_until_somebody_did(room: Room) -> None:
    author = member()
    post = reply(start(room), author=author, text="Спокойно")
    assert not Report.objects.exists()
    for version, text in enumerate(["Это взятка", "Это взятка и ещё взятка"], 1):
        services.edit_post(post, actor=author, text=text, version=version, at=now())
    assert Report.objects.count() == 1
    services.dismiss_reports(post, actor=moderator(room), note="По делу", at=now())
    services.edit_post(post, actor=author, text="Опять взятка", version=3, at=now())
    assert Report.objects.open().count() == 1


def test_post_that_waits_is_not_reported(room: Room) -> None:
    thread = start(room)
    Room.objects.update(holds_first_posts=True)
    post = reply(thread, text="Это взятка")
    services.approve_post(post, actor=moderator(room), at=now())
    assert not Report.objects.exists()


def test_people_cannot_say_that_it_is_a_word_of_the_list(room: Room, client: Client) -> None:
    post = reply(start(room))
    client.force_login(member())
    url = f"/en/forum/posts/{post.pk}/report/"
    assert 'value="word"' not in client.get(url).text
    assert client.post(url, {"reason": "word", "text": "Так"}).status_code == 422


def test_office_keeps_the_list_with_a_record_of_each_change(
    client: Client, catalogues: dict[str, CourseIndexPage], settings: Settings
) -> None:
    settings.REQUIRE_STAFF_MFA = False  # tests/accounts/test_second_factor.py proves that door
    client.force_login(holder_of(OfficeRole.REGISTRAR))

    assert client.post(f"{WORDS}new/", {"word": "два слова"}).status_code == 200
    client.post(f"{WORDS}new/", {"word": " Взятка "})
    word = FlaggedWord.objects.get()
    assert word.word == "взятка"
    assert client.post(f"{WORDS}new/", {"word": "ВЗЯТКА"}).status_code == 200
    client.post(f"{WORDS}edit/{word.pk}/", {"word": "откат"})
    assert "откат" in client.get(WORDS).text
    client.post(f"{WORDS}delete/{word.pk}/")

    assert not FlaggedWord.objects.exists()
    actions = AuditEvent.objects.filter(action__startswith="forum.word").order_by("pk")
    assert [event.action for event in actions] == ["forum.word_added", "forum.word_changed", "forum.word_removed"]
