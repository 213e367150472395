"""What people read about applications, and the letter to a referee who may have no account."""

import datetime as dt
import re

import pytest
from django.core import mail
from django.utils import timezone, translation

from members.models import Reference
from members.notifications import applications as kinds
from members.services import applications, references
from members.tokens import reference_token
from notifications import services
from notifications.choices import MessageState
from notifications.models import Delivery, Event, Message
from notifications.registry import Notice, Subject
from tests.factories.applications import World, fresh

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def english() -> None:
    translation.activate("en")


@pytest.fixture
def world(db: None) -> World:
    world = World()
    world.applicant.language = "ru"
    world.applicant.save()
    return world


def submit(world: World) -> list[mail.EmailMultiAlternatives]:
    """Submit a draft now and return the letters to the referees."""
    now = timezone.now()
    draft = world.draft(now)
    applications.submit_application(draft, actor=world.applicant, version=draft.version, at=now)
    return letters(world)


def letters(world: World) -> list[mail.EmailMultiAlternatives]:
    mail.outbox.clear()
    Event.objects.filter(kind="members.application_work").delete()
    services.sweep()
    named = {user.email for user in world.referees}
    return [letter for letter in mail.outbox if named & set(letter.to)]


def test_referee_is_written_to_in_the_language_of_the_letter(world: World) -> None:
    first, second = submit(world)

    assert {*first.to, *second.to} == {user.email for user in world.referees}
    assert first.subject == "Dinara Akhmetova asks you for a reference to join the League of Lawyers"
    html = first.alternatives[0][0]
    assert 'lang="en"' in html
    assert "All settings of notifications" not in html
    assert "List-Unsubscribe" not in first.extra_headers
    assert world.applicant.email not in first.body + html


def test_letter_opens_the_reference_and_nothing_stored_does(world: World) -> None:
    letter = submit(world)[0]
    token = re.search(r"/references/([\w-]+)/", letter.body)[1]

    reference = references.find_reference(token, at=timezone.now())

    assert reference.email in letter.to
    assert "/en/membership/" in letter.body
    for model in (Reference, Event, Message, Delivery):
        assert token not in str(list(model.objects.values()))


def test_letter_that_is_tried_again_holds_the_same_link(world: World) -> None:
    letter = submit(world)[0]
    token = re.search(r"/references/([\w-]+)/", letter.body)[1]
    reference = Reference.objects.get(email=letter.to[0])

    assert reference_token(reference) == token


def test_letter_of_a_withdrawn_application_is_not_sent(world: World) -> None:
    now = timezone.now()
    draft = world.draft(now)
    row = applications.submit_application(draft, actor=world.applicant, version=draft.version, at=now)
    applications.withdraw_application(row, actor=world.applicant, version=fresh(row).version, at=now)

    assert letters(world) == []
    assert Message.objects.filter(kind="members.reference_letter", state=MessageState.SENT).count() == 0


def test_letter_names_a_referee_in_russian_where_that_is_wanted(world: World) -> None:
    now = timezone.now()
    draft = world.draft(now)
    Reference.objects.update(language="ru")
    applications.submit_application(draft, actor=world.applicant, version=draft.version, at=now)

    letter = letters(world)[0]

    assert 'lang="ru"' in letter.alternatives[0][0]
    assert "Динара Ахметова" in letter.subject


@pytest.mark.parametrize(
    ("kind", "texts"),
    [
        (kinds.APPLICATION_NEWS, kinds.NEWS),
        (kinds.APPLICATION_DECIDED, kinds.DECIDED),
        (kinds.APPLICATION_WORK, kinds.WORK),
    ],
)
def test_every_line_is_a_sentence_about_the_number_alone(kind: object, texts: dict[str, object]) -> None:
    for what in [*texts, "unknown"]:
        notice = Notice(Subject(title="2026-KZ-A00001", url="/"), actor="Somebody", data={"what": what})

        line = kind.line(notice)

        assert "%(" not in line
        assert "Somebody" not in line
        assert all(text.endswith(".") for text in kind.paragraphs(notice))


def test_applicant_reads_the_news_on_the_site(world: World) -> None:
    now = timezone.now()
    draft = world.draft(now)
    row = applications.submit_application(draft, actor=world.applicant, version=draft.version, at=now)
    loaded = kinds.APPLICATION_NEWS.load(world.applicant, [str(row.pk)])

    assert loaded[str(row.pk)].title == row.number
    assert loaded[str(row.pk)].url == row.get_absolute_url()
    assert kinds.APPLICATION_NEWS.load(world.officer, [str(row.pk)]) == {}
    assert kinds.APPLICATION_WORK.load(world.stranger, [str(row.pk)]) == {}
    assert kinds.APPLICATION_WORK.load(world.applicant, [str(row.pk)]) == {}


def test_reminder_is_told_once_for_each_time(world: World) -> None:
    now = timezone.now()
    world.draft(now - dt.timedelta(days=31))

    applications.remind_and_expire_drafts(now)
    applications.remind_and_expire_drafts(now)

    assert Event.objects.filter(data={"what": "draft_idle"}).count() == 1
