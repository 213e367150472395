"""Readers report posts; moderators look at them, leave them, hide them or warn, and everybody concerned is told."""

import datetime as dt

import pytest
from bs4 import BeautifulSoup
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from audit.models import AuditEvent
from forum import services
from forum.choices import ReportOutcome, ReportReason
from forum.models import Post, PostWarning, Report, Room
from forum.notifications import (
    REPORT_CLOSED,
    REPORTED,
    WARNED,
    load_own_reports,
    load_own_warnings,
    load_reported_posts,
    moderators,
)
from members.services.personal_data import erase_person
from notifications.models import Event
from notifications.registry import Notice
from tests.factories.forum import RoomFactory, member, moderator, reply, start

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]

FORUM = "/en/forum"
QUEUE = f"{FORUM}/reports/"
WARNINGS = f"{FORUM}/warnings/"
BODY = {"reason": "names", "text": "Названа доверительница"}


@pytest.fixture
def room() -> Room:
    return RoomFactory(slug="jury")


@pytest.fixture
def post(room: Room) -> Post:
    return reply(start(room), text="Гражданка Н. сказала")


@pytest.fixture
def judge(room: Room, client: Client) -> User:
    """A moderator of the room, signed in."""
    user = moderator(room)
    client.force_login(user)
    return user


def now() -> dt.datetime:
    return timezone.now()


def url(post: Post, act: str) -> str:
    return f"{FORUM}/posts/{post.pk}/{act}/"


def report(post: Post, reporter: User | None = None, **fields: object) -> Report:
    facts = {"reason": ReportReason.NAMES, "text": "Названа доверительница", "at": now()} | fields
    return services.report_post(post, reporter=reporter or member(), **facts)  # type: ignore[arg-type]


def events(kind: str) -> list[Event]:
    return list(Event.objects.filter(kind=kind).order_by("pk"))


# Reporting


def test_report_is_told_to_moderators_by_number_alone(post: Post, room: Room) -> None:
    judge, reporter = moderator(room), member()

    made = report(post, reporter)

    (event,) = events(REPORTED.name)
    assert (event.subject_id, event.recipients, event.data) == (str(post.pk), None, {})
    assert list(moderators(event.subject_id)) == [judge]
    subject = load_reported_posts(judge, [str(post.pk)])[str(post.pk)]
    assert subject.url == f"{QUEUE}#post-{post.pk}" or subject.url == f"/forum/reports/#post-{post.pk}"
    assert load_reported_posts(reporter, [str(post.pk)]) == {}
    assert load_reported_posts(member(), [str(post.pk)]) == {}
    assert made.closed_at is None
    assert not AuditEvent.objects.filter(person_id=post.author_id, actor_id=reporter.pk).exists()


def test_moderator_hears_nothing_of_reports_about_himself(room: Room) -> None:
    judge = moderator(room)
    post = reply(start(room), author=judge)
    report(post)

    assert load_reported_posts(judge, [str(post.pk)]) == {}
    assert set(load_reported_posts(moderator(room), [str(post.pk)])) == {str(post.pk)}


def test_person_has_one_open_report_about_a_post(post: Post) -> None:
    reporter = member()
    report(post, reporter)

    with pytest.raises(services.PostRefused, match="already"):
        report(post, reporter)
    with pytest.raises(IntegrityError), transaction.atomic():
        Report.objects.create(post=post, reporter=reporter, reason=ReportReason.OTHER, at=now())
    report(post)
    assert Report.objects.open().count() == 2

    Report.objects.update(closed_at=now())
    report(post, reporter)
    assert Report.objects.open().count() == 1


def test_report_is_refused(post: Post) -> None:
    with pytest.raises(services.PostRefused, match="your own post"):
        report(post, post.author)
    with pytest.raises(services.PostRefused, match="sentence"):
        report(post, text="  ")
    services.delete_post(post, actor=post.author, at=now())
    with pytest.raises(services.PostRefused, match="not public"):
        report(post)
    assert not Report.objects.exists()
    assert not events(REPORTED.name)


# Deciding


def test_dismissed_reports_are_closed_and_reporters_learn_it(post: Post, room: Room) -> None:
    judge, first, second = moderator(room), member(), member()
    reports = [report(post, first), report(post, second)]

    assert services.dismiss_reports(post, actor=judge, note="Имя вымышленное", at=now()) == 2

    assert [(row.outcome, row.closed_by, row.note) for row in Report.objects.order_by("pk")] == [
        (ReportOutcome.DISMISSED, judge, "Имя вымышленное")
    ] * 2
    told = events(REPORT_CLOSED.name)
    assert [(event.subject_id, event.recipients) for event in told] == [
        (str(reports[0].pk), [first.pk]),
        (str(reports[1].pk), [second.pk]),
    ]
    assert told[0].data == {"what": "dismissed"}
    subject = load_own_reports(first, [str(reports[0].pk)])[str(reports[0].pk)]
    assert REPORT_CLOSED.line(Notice(subject, data=told[0].data)).endswith("stays")
    assert load_own_reports(second, [str(reports[0].pk)]) == {}
    audited = AuditEvent.objects.get(action="forum.report_dismiss")
    assert audited.detail == {"thread": post.thread_id, "reports": 2}
    assert audited.person_id == post.author_id
    assert load_reported_posts(judge, [str(post.pk)]) == {}

    assert services.dismiss_reports(post, actor=judge, note="Ещё раз", at=now()) == 0
    assert AuditEvent.objects.filter(action="forum.report_dismiss").count() == 1


def test_dismissing_is_refused(room: Room) -> None:
    judge = moderator(room)
    own = reply(start(room), author=judge)
    report(own)

    with pytest.raises(services.PostRefused, match="why"):
        services.dismiss_reports(own, actor=moderator(room), note=" ", at=now())
    with pytest.raises(services.PostRefused, match="your own post"):
        services.dismiss_reports(own, actor=judge, note="Всё верно", at=now())
    assert Report.objects.open().count() == 1


@pytest.mark.parametrize(("act", "outcome"), [("hide", ReportOutcome.HIDDEN), ("delete", ReportOutcome.GONE)])
def test_reports_end_with_the_post(act: str, outcome: ReportOutcome, post: Post, room: Room) -> None:
    made = report(post)

    if act == "hide":
        services.hide_post(post, actor=moderator(room), reason="Имена", at=now())
    else:
        services.delete_post(post, actor=post.author, at=now())

    made.refresh_from_db()
    assert made.outcome == outcome
    (event,) = events(REPORT_CLOSED.name)
    assert made.reporter is not None
    subject = load_own_reports(made.reporter, [str(made.pk)])[str(made.pk)]
    line = REPORT_CLOSED.line(Notice(subject, data=event.data))
    assert ("taken back" in line) == (act == "delete")
    assert "Срок задержания" in line


def test_reporter_who_lost_the_room_learns_nothing(post: Post, room: Room) -> None:
    made = report(post)
    room.rules.all().delete()

    assert made.reporter is not None
    assert load_own_reports(made.reporter, [str(made.pk)]) == {}


def test_warning_reaches_the_author_alone(post: Post, room: Room) -> None:
    judge = moderator(room)
    made = report(post)

    warning = services.warn_author(post, actor=judge, text=" Без имён, пожалуйста ", at=now())

    post.refresh_from_db()
    made.refresh_from_db()
    assert post.is_public
    assert (made.outcome, warning.text) == (ReportOutcome.WARNED, "Без имён, пожалуйста")
    (event,) = events(WARNED.name)
    assert (event.subject_id, event.recipients, event.data) == (str(warning.pk), [post.author_id], {})
    assert load_own_warnings(post.author, [str(warning.pk)])[str(warning.pk)].url.endswith("/forum/warnings/")
    assert load_own_warnings(judge, [str(warning.pk)]) == {}
    audited = AuditEvent.objects.get(action="forum.post_warn")
    assert (audited.detail, audited.person_id) == ({"thread": post.thread_id, "reports": 1}, post.author_id)


def test_warning_is_refused(post: Post, room: Room) -> None:
    judge = moderator(room)
    with pytest.raises(services.PostRefused, match="Write the warning"):
        services.warn_author(post, actor=judge, text=" ", at=now())
    with pytest.raises(services.PostRefused, match="your own post"):
        services.warn_author(post, actor=post.author, text="Себе", at=now())
    services.delete_post(post, actor=post.author, at=now())
    with pytest.raises(services.PostRefused, match="not there"):
        services.warn_author(post, actor=judge, text="Поздно", at=now())
    assert not PostWarning.objects.exists()


# Pages


def test_member_reports_on_a_page(post: Post, client: Client) -> None:
    assert client.get(url(post, "report")).status_code == 302  # to sign in
    reporter = member()
    client.force_login(reporter)

    thread_page = client.get(post.thread.get_absolute_url(), headers={"accept-language": "en"}, follow=True)
    assert url(post, "report").removeprefix("/en") in thread_page.text
    assert client.get(url(post, "report")).status_code == 200
    assert client.post(url(post, "report"), {"reason": "unknown", "text": "x"}).status_code == 422
    assert client.post(url(post, "report"), BODY).status_code == 302
    again = client.post(url(post, "report"), BODY)

    assert again.status_code == 422
    assert "already" in again.text
    made = Report.objects.get()
    assert (made.reporter, made.reason, made.text) == (reporter, ReportReason.NAMES, "Названа доверительница")


def test_own_post_is_not_reported(post: Post, client: Client) -> None:
    client.force_login(post.author)
    assert client.get(url(post, "report")).status_code == 403
    assert client.post(url(post, "report"), BODY).status_code == 403


@pytest.mark.parametrize("act", ["report", "dismiss", "warn"])
def test_acts_are_not_there_for_outsiders(act: str, post: Post, room: Room, client: Client) -> None:
    client.force_login(member())
    if act != "report":
        assert client.get(url(post, act)).status_code == 403
        assert client.post(url(post, act), {"reason": "Так надо"}).status_code == 403
    room.rules.all().delete()
    assert client.get(url(post, act)).status_code == 404
    assert client.post(url(post, act), BODY).status_code == 404
    assert not Report.objects.exists()
    assert not PostWarning.objects.exists()


def test_queue_is_for_moderators(post: Post, client: Client) -> None:
    assert client.get(QUEUE).status_code == 302  # to sign in
    client.force_login(member())
    assert client.get(QUEUE).status_code == 403


def test_queue_shows_open_reports_by_post_the_oldest_first(room: Room, judge: User, client: Client) -> None:
    thread = start(room)
    posts = [reply(thread, text=f"Сообщение {number}") for number in range(3)]
    for hours, post in [(1, posts[0]), (3, posts[1]), (2, posts[0])]:
        report(post, text=f"{hours} ч", at=now() - dt.timedelta(hours=hours))
    report(posts[2])
    services.dismiss_reports(posts[2], actor=judge, note="Нет", at=now())
    report(reply(thread, author=judge, text="Своё"))
    report(reply(start(RoomFactory()), text="Чужой раздел"))

    page = client.get(QUEUE)

    articles = BeautifulSoup(page.text, "html.parser").select("article.post")
    assert [article["id"] for article in articles] == [f"post-{posts[1].pk}", f"post-{posts[0].pk}"]
    assert "Сообщение 0" in articles[1].text
    assert [row.text.strip() for row in articles[1].select("li p:last-child")] == ["2 ч", "1 ч"]
    reporter = Report.objects.filter(post=posts[1]).get().reporter
    assert reporter is not None
    assert reporter.name_native in articles[0].text


def test_moderator_decides_from_the_queue(post: Post, judge: User, client: Client) -> None:
    report(post)
    for act in ["dismiss", "warn"]:
        assert client.get(url(post, act)).status_code == 200
        assert client.post(url(post, act), {"reason": ""}).status_code == 422

    answer = client.post(f"{url(post, 'warn')}?from=reports", {"reason": "Без имён"})
    assert answer["Location"] == QUEUE
    report(post)
    assert client.post(url(post, "dismiss"), {"reason": "Имя вымышленное"})["Location"] == QUEUE
    assert client.post(url(post, "dismiss"), {"reason": "Имя вымышленное"})["Location"] == QUEUE
    report(post)
    assert client.post(f"{url(post, 'hide')}?from=reports", {"reason": "Имена"})["Location"] == QUEUE

    assert not Report.objects.open().exists()
    outcomes = list(Report.objects.order_by("pk").values_list("outcome", flat=True))
    assert outcomes == [ReportOutcome.WARNED, ReportOutcome.DISMISSED, ReportOutcome.HIDDEN]
    assert AuditEvent.objects.filter(action="forum.report_dismiss").count() == 1


def test_moderator_does_not_judge_himself(room: Room, judge: User, client: Client) -> None:
    own = reply(start(room), author=judge)
    report(own)
    for act in ["dismiss", "warn"]:
        assert client.post(url(own, act), {"reason": "Всё хорошо"}).status_code == 403
    assert Report.objects.open().count() == 1


def test_author_reads_own_warnings(post: Post, room: Room, client: Client) -> None:
    services.warn_author(post, actor=moderator(room), text="Без имён, пожалуйста", at=now())
    assert client.get(WARNINGS).status_code == 302  # to sign in

    client.force_login(post.author)
    assert "Без имён, пожалуйста" in client.get(WARNINGS).text
    client.force_login(member())
    assert "Без имён, пожалуйста" not in client.get(WARNINGS).text


@pytest.mark.parametrize("count", [1, 3])
def test_queries_of_the_queue(
    count: int, room: Room, judge: User, client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _number in range(count):
        post = reply(start(room))
        for _reporter in range(count):
            report(post)
    client.get(QUEUE)

    with django_assert_num_queries(6):  # session, person, whether one moderates, number of posts, posts, reports
        client.get(QUEUE)


@pytest.mark.parametrize("count", [1, 3])
def test_queries_of_warnings(
    count: int, post: Post, room: Room, client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _number in range(count):
        services.warn_author(post, actor=moderator(room), text="Без имён", at=now())
    client.force_login(post.author)
    client.get(WARNINGS)

    with django_assert_num_queries(6):  # session, person, number, warnings, bans, rooms of these
        client.get(WARNINGS)


# A person's data


def test_erasure_takes_the_words_of_reports_and_leaves_open_ones_for_moderators(post: Post, room: Room) -> None:
    reporter, judge = member(), moderator(room)
    closed = report(post, reporter)
    services.dismiss_reports(post, actor=judge, note="Нет", at=now())
    left_open = report(post, reporter)
    own = reply(post.thread, author=reporter)
    services.warn_author(own, actor=judge, text="Без имён", at=now())

    erase_person(reporter, actor=reporter, at=now())

    assert not Report.objects.filter(pk=closed.pk).exists()
    left_open.refresh_from_db()
    assert (left_open.reporter, left_open.text, left_open.closed_at) == (None, "", None)
    assert not PostWarning.objects.exists()
