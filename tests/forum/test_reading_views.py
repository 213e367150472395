"""The reading side: rooms, lists, pages of a thread, marks and levels; what nobody may see stays unseen."""

import datetime as dt
import re

import pytest
from bs4 import BeautifulSoup, Tag
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from forum import services
from forum.choices import Level, LevelReason, Right, ThreadKind
from forum.models import Post, ReaderMark, Room, RoomMark, Thread, ThreadRead
from forum.models import Tag as Subject
from forum.templatetags.forum import moment as brief
from forum.templatetags.forum import word_diff
from members.choices import Audience
from members.models import Profile, league_day
from tests.factories.forum import RoomFactory, grant, member, moderator, reply, start

pytestmark = pytest.mark.django_db

FORUM = "/en/forum/"
WORDS = "Какой срок считать разумным?"


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def see(client: Client, path: str) -> BeautifulSoup:
    response = client.get(path)
    assert response.status_code == 200, (path, response.status_code)
    return BeautifulSoup(response.content, "html.parser")


def text(tag: Tag | None) -> str:
    assert tag is not None
    return re.sub(r"\s+", " ", tag.get_text(" ")).strip()


def address(thread: Thread) -> str:
    return f"{FORUM}threads/{thread.pk}/"


def moment() -> dict[str, dt.datetime]:
    return {"at": timezone.now()}


@pytest.fixture
def reader() -> User:
    return member()


@pytest.fixture
def browser(reader: User) -> Client:
    return client_of(reader)


@pytest.fixture
def room() -> Room:
    return RoomFactory(name_en="Evidence", description_en="Proof and its limits.")


# The door


def pages_of(thread: Thread, post: Post) -> list[str]:
    return [
        f"{FORUM}rooms/{thread.room.slug}/",
        f"{FORUM}rooms/{thread.room.slug}/guidelines/",
        address(thread),
        f"{address(thread)}new/",
        f"{address(thread)}1/",
        f"{FORUM}posts/{post.pk}/",
        f"{FORUM}posts/{post.pk}/history/",
    ]


def test_pages_of_a_closed_room_are_not_there_for_outsiders(browser: Client) -> None:
    room = RoomFactory(rules=False)
    owner = moderator(room)
    thread = start(room, author=owner, title="Дело Ирис", text=WORDS)
    post = Post.objects.get()

    for path in pages_of(thread, post):
        assert browser.get(path).status_code == 404, path
        assert client_of(owner).get(path).status_code in {200, 302}, path
    for path in (FORUM, f"{FORUM}unread/", f"{FORUM}unread/?tab=all"):
        content = browser.get(path).content.decode()
        assert "Ирис" not in content
        assert str(room) not in content


def test_pages_ask_visitors_to_sign_in(room: Room) -> None:
    thread = start(room)

    for path in [FORUM, f"{FORUM}unread/", *pages_of(thread, Post.objects.get())]:
        response = Client().get(path)
        assert response.status_code == 302, path
        assert "/login/" in response["Location"]


def test_pages_are_kept_out_of_indexes_and_shared_caches(browser: Client, room: Room) -> None:
    thread = start(room)

    for path in (FORUM, f"{FORUM}unread/", *pages_of(thread, Post.objects.get())):
        response = browser.get(path)
        assert "noindex" in response["X-Robots-Tag"], path
        assert "private" in response["Cache-Control"], path


def test_room_that_may_be_known_shows_no_threads(browser: Client) -> None:
    room = RoomFactory(rules=False, name_en="Ethics", description_en="What it is for.")
    grant(room, Right.SEE)
    thread = start(room, author=moderator(room), title="Дело Ирис")

    index = browser.get(FORUM).content.decode()
    page = browser.get(f"{FORUM}rooms/{room.slug}/").content.decode()

    for content in (index, page):
        assert "Ethics" in content
        assert "What it is for." in content
        assert "Ирис" not in content
    assert f'href="{FORUM}rooms/{room.slug}/"' not in index
    assert browser.get(address(thread)).status_code == 404
    assert browser.post(f"{FORUM}rooms/{room.slug}/read/", {"seq": 1}).status_code == 404


# The first page


def test_index_shows_rooms_of_two_levels_with_what_is_new(browser: Client, reader: User, room: Room) -> None:
    below = RoomFactory(name_en="Experts", parent=room)
    quiet = RoomFactory(name_en="Quiet")
    thread = start(below, title="Аудиозапись")

    page = see(browser, FORUM)

    assert [text(one) for one in page.select("main :is(h2, h3)")] == ["Evidence", "Experts", "Quiet"]
    assert page.select_one(f'h2 a[href="{FORUM}rooms/{room.slug}/"]') is not None
    unread = page.select(".room.is-unread .title")
    assert [text(one) for one in unread] == ["Experts"]
    assert "Аудиозапись" in text(page.select_one("section .room"))
    assert "no threads yet" in text(page.select(".room")[1])
    services.mark_read(thread, reader=reader, up_to=1)
    assert not see(browser, FORUM).select(".room.is-unread")
    services.set_room_level(quiet, reader=reader, level=Level.MUTED)
    start(quiet)
    assert not see(browser, FORUM).select(".room.is-unread")


def test_index_without_rooms_says_so(browser: Client) -> None:
    assert "No rooms for you yet" in text(see(browser, FORUM).main)


def test_index_leads_moderators_to_what_waits(browser: Client, room: Room) -> None:
    held = f"{FORUM}held/"

    assert not see(browser, FORUM).select(f'a[href="{held}"]')
    assert see(client_of(moderator(room)), FORUM).select(f'main a[href="{held}"]')


def test_all_read_marks_what_the_page_showed_and_no_more(browser: Client, reader: User, room: Room) -> None:
    start(room)
    form = see(browser, FORUM).select_one(f'form[action="{FORUM}read/"]')
    assert form is not None
    later = start(room, title="Потом")

    response = browser.post(f"{FORUM}read/", fields(form))

    assert response.status_code == 302
    assert response["Location"] == FORUM
    assert ReaderMark.objects.get(user=reader).read_seq == later.last_seq - 1
    assert [text(one) for one in see(browser, f"{FORUM}unread/?tab=all").select(".thread .title")] == ["Потом"]


def fields(form: Tag) -> dict[str, str]:
    return {str(one["name"]): str(one["value"]) for one in form.select("input[name]")}


# A room


def test_room_lists_threads_by_their_last_publication(browser: Client, reader: User, room: Room) -> None:
    first = start(room, title="Первая", kind=ThreadKind.QUESTION, author=member(user__name_native="Азамат"))
    start(room, title="Вторая")
    answer = reply(first, author=member(user__name_native="Чолпон"))
    services.accept_answer(answer, actor=first.starter, **moment())
    services.close_thread(first, actor=first.starter, reason="Решено", **moment())

    page = see(browser, f"{FORUM}rooms/{room.slug}/")

    rows = page.select(".thread")
    assert [text(row.select_one(".title")) for row in rows] == ["Первая", "Вторая"]
    assert all("is-unread" in row["class"] for row in rows)
    first_row = text(rows[0])
    for words in ("solved", "closed", "Азамат", "Чолпон", "2 posts"):
        assert words in first_row, words
    link = rows[0].select_one(".title a")
    assert link is not None
    assert link["href"] == f"{address(first)}new/"
    services.mark_room_read(Room.objects.get(pk=room.pk), reader=reader, up_to=10**9)
    read = see(browser, f"{FORUM}rooms/{room.slug}/")
    assert not read.select(".is-unread")
    link = read.select_one(".thread .title a")
    assert link is not None
    assert link["href"] == address(first)


def test_room_pins_threads_on_the_first_page_unless_dismissed(browser: Client, room: Room) -> None:
    threads = [start(room, title=f"Тема {number}") for number in range(7)]
    today = league_day()
    for thread in threads[:6]:
        services.pin_thread(thread, actor=thread.starter, until=today, **moment())
    services.pin_thread(threads[6], actor=threads[6].starter, until=today - dt.timedelta(days=1), **moment())
    path = f"{FORUM}rooms/{room.slug}/"

    rows = see(browser, path).select(".thread")
    pinned = [row for row in rows if "pinned until" in text(row)]

    assert len(rows) == 7
    assert [text(row.select_one(".title")) for row in pinned] == [f"Тема {number}" for number in (5, 4, 3, 2, 1)]
    form = pinned[0].select_one("form")
    assert form is not None
    assert browser.post(str(form["action"]), fields(form))["Location"] == path
    rows = see(browser, path).select(".thread")
    assert [text(row.select_one(".title")) for row in rows][:5] == [f"Тема {number}" for number in (4, 3, 2, 1, 0)]
    assert len(rows) == 7


def test_room_pages_by_the_clock(browser: Client, room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("forum.views.reading.ROWS", 2)
    for number in range(5):
        start(room, title=f"Тема {number}")

    seen, path = [], f"{FORUM}rooms/{room.slug}/"
    next_path: str | None = path
    while next_path is not None:
        page = see(browser, next_path)
        seen.append([text(one) for one in page.select(".thread .title")])
        link = page.select_one('a[rel="next"]')
        next_path = f"{path}{link['href']}" if link is not None else None

    assert seen == [["Тема 4", "Тема 3"], ["Тема 2", "Тема 1"], ["Тема 0"]]


@pytest.mark.parametrize("query", ["?before=x", "?before=-1", f"?before={'9' * 30}", "?kind=x", "?tag=x", "?before=²"])
def test_room_takes_a_spoilt_address_as_none(browser: Client, room: Room, query: str) -> None:
    start(room, title="Тема")

    assert text(see(browser, f"{FORUM}rooms/{room.slug}/{query}").select_one(".thread .title")) == "Тема"


def test_room_filters_by_kind_and_subject(browser: Client, room: Room) -> None:
    article = Subject.objects.create(slug="art-98", name_ru="Статья 98", name_en="Article 98")
    start(room, title="Вопрос", kind=ThreadKind.QUESTION)
    start(room, title="Со статьёй", tags=[article])

    def titles(query: str) -> list[str]:
        return [text(one) for one in see(browser, f"{FORUM}rooms/{room.slug}/{query}").select(".thread .title")]

    assert titles("?kind=question") == ["Вопрос"]
    assert titles("?tag=art-98") == ["Со статьёй"]
    assert titles("?kind=question&tag=art-98") == []
    assert "Article 98" in text(see(browser, f"{FORUM}rooms/{room.slug}/").select_one(".thread .meta"))


def test_room_offers_a_new_thread_by_right(browser: Client, room: Room) -> None:
    silent = RoomFactory(rules=False)
    grant(silent, Right.REPLY)

    assert see(browser, f"{FORUM}rooms/{room.slug}/").select(f'a[href="{FORUM}rooms/{room.slug}/new/"]')
    assert not see(browser, f"{FORUM}rooms/{silent.slug}/").select(f'a[href="{FORUM}rooms/{silent.slug}/new/"]')


def test_room_shows_a_held_thread_to_its_author_alone(browser: Client) -> None:
    room = RoomFactory(holds_first_posts=True)
    author = member()
    thread = start(room, author=author, title="Ждёт")
    path = f"{FORUM}rooms/{room.slug}/"

    assert not see(browser, path).select(".thread")
    assert "waits for a moderator" in text(see(client_of(author), path).select_one(".thread"))
    assert browser.get(address(thread)).status_code == 404
    page = text(see(client_of(author), address(thread)).main)
    assert "This thread waits for a moderator." in page
    assert "С какого часа считать срок?" in page


def test_guidelines_are_read_where_a_room_may_be_known(browser: Client) -> None:
    room = RoomFactory(guidelines_en="No names.")

    assert "No names." in text(see(browser, f"{FORUM}rooms/{room.slug}/guidelines/").main)
    assert see(browser, f"{FORUM}rooms/{room.slug}/").select(f'a[href="{FORUM}rooms/{room.slug}/guidelines/"]')


# A thread


def test_thread_shows_windows_of_twenty_numbers(browser: Client, room: Room) -> None:
    thread = start(room, replies=44)

    pages = [see(browser, f"{address(thread)}?page={number}") for number in (1, 2, 3)]

    assert [len(page.select("article.post")) for page in pages] == [20, 20, 5]
    assert pages[1].select_one('nav a[rel="prev"]')["href"] == "?page=1"  # type: ignore[index]  # there is one
    assert pages[1].select_one('nav a[rel="next"]')["href"] == "?page=3"  # type: ignore[index]  # there is one
    assert len(pages[1].select("nav.pager [aria-current]")) == 2
    assert len(see(browser, f"{address(thread)}?page=99").select("article.post")) == 5
    assert len(see(browser, f"{address(thread)}?page=x").select("article.post")) == 20


def test_thread_shows_who_wrote_and_what_it_answers(browser: Client, room: Room) -> None:
    author = member(user__name_native="Азамат Турдубаев")
    profile = author.profile
    thread = start(room, author=author)
    answered = Post.objects.get()
    shy = member(user__name_native="Чолпон")
    Profile.objects.filter(user=shy).update(name_audience=Audience.NOBODY)
    post = reply(thread, author=shy, reply_to=answered)
    services.edit_post(post, actor=post.author, text="Иначе", version=1, **moment())

    page = see(browser, address(thread))

    first, second = page.select("article.post")
    link = first.select_one("h3 a")
    assert link is not None
    assert link["href"] == f"/en/members/{profile.public_id}/"
    assert str(profile.chapter) in text(first.select_one(".post-head"))
    assert second.select_one("h3 a") is None  # who hides from the directory is not linked to it
    assert str(shy.membership.chapter) not in text(second.select_one(".post-head"))
    head = text(second.select_one(".post-head"))
    assert "in reply to №1" in head
    assert "№2" in head
    assert second.select_one(f'a[href="#post-{answered.pk}"]') is not None
    assert second.select_one(f'a[href="{FORUM}posts/{post.pk}/history/"]') is not None
    assert second.select_one("time")["datetime"]  # type: ignore[index]  # there is one
    assert "Иначе" in text(second.select_one(".post-body"))


def test_thread_folds_what_is_gone_into_lines(browser: Client, room: Room) -> None:
    thread = start(room, replies=7)
    posts = {post.no: post for post in Post.objects.filter(thread=thread)}
    for no in (2, 3):
        services.delete_post(posts[no], actor=posts[no].author, **moment())
    services.hide_post(posts[5], actor=moderator(room), reason="Имя", **moment())
    made = services.split_thread(
        thread, post_ids=[posts[7].pk, posts[8].pk], title="Новая тема", actor=moderator(room), **moment()
    )

    page = see(browser, address(thread))

    assert [text(one) for one in page.select(".gap")] == [
        "№2–3 were deleted by their authors.",
        "№5 was hidden by a moderator.",
        "№7–8 were moved to another thread. Новая тема",
    ]
    assert [one["id"] for one in page.select("article.post")] == [f"post-{posts[no].pk}" for no in (1, 4, 6)]
    assert browser.get(f"{address(thread)}7/")["Location"] == f"{address(made)}#post-{posts[7].pk}"
    assert browser.get(f"{address(thread)}2/")["Location"] == address(thread)
    assert browser.get(f"{address(thread)}9/").status_code == 404


def test_gap_names_no_thread_that_the_reader_may_not_open(browser: Client, room: Room) -> None:
    thread = start(room, replies=2)
    moved = Post.objects.get(thread=thread, no=2)
    made = services.split_thread(thread, post_ids=[moved.pk], title="Дело Ирис", actor=moderator(room), **moment())
    services.move_thread(made, room=RoomFactory(rules=False), actor=moderator(room), **moment())

    page = see(browser, address(thread))

    assert text(page.select_one(".gap")) == "№2 was moved to another thread."
    assert browser.get(f"{address(thread)}2/").status_code == 404
    assert browser.get(f"{FORUM}posts/{moved.pk}/").status_code == 404


def test_hidden_post_is_read_by_its_author_and_moderators(browser: Client, room: Room) -> None:
    author, judge = member(), moderator(room)
    thread = start(room)
    post = reply(thread, author=author, text="Имя доверителя")
    services.hide_post(post, actor=judge, reason="Имя", **moment())

    assert "Имя доверителя" not in browser.get(address(thread)).content.decode()
    assert browser.get(f"{FORUM}posts/{post.pk}/history/").status_code == 404
    for person in (author, judge):
        article = see(client_of(person), address(thread)).select_one(f"#post-{post.pk}")
        assert "Имя доверителя" in text(article)
        assert "Hidden by a moderator" in text(article)


def test_held_post_stands_after_the_last_page_for_its_author(browser: Client) -> None:
    room = RoomFactory(holds_first_posts=True)
    judge = moderator(room)
    thread = start(room, author=judge, replies=20)
    author = member()
    post = reply(thread, author=author, text="Первое сообщение")

    assert post.no is None
    own = client_of(author)
    assert "Первое сообщение" not in text(see(own, address(thread)).main)
    assert "Waits for a moderator" in text(see(own, f"{address(thread)}?page=2").select_one(f"#post-{post.pk}"))
    assert "Первое сообщение" not in browser.get(f"{address(thread)}?page=2").content.decode()
    assert own.get(f"{FORUM}posts/{post.pk}/")["Location"] == f"{address(thread)}?page=2#post-{post.pk}"


def test_thread_leads_from_the_question_to_its_answer(browser: Client, room: Room) -> None:
    thread = start(room, kind=ThreadKind.QUESTION, replies=25)
    answer = Post.objects.get(thread=thread, no=24)
    services.accept_answer(answer, actor=thread.starter, **moment())

    first = see(browser, address(thread)).select_one("article.post")

    assert first is not None
    link = first.select_one(f'a[href$="?page=2#post-{answer.pk}"]')
    assert text(link) == "The accepted answer is №24"
    marked = see(browser, f"{address(thread)}?page=2").select('article[data-tone="ok"]')
    assert [one["id"] for one in marked] == [f"post-{answer.pk}"]


def test_reactions_are_counted_and_the_readers_own_marked(browser: Client, reader: User, room: Room) -> None:
    thread = start(room)
    post = Post.objects.get()
    services.react(post, reader=reader, kind="useful", **moment())
    services.react(post, reader=member(), kind="useful", **moment())

    chips = see(browser, address(thread)).select("article .chip")

    assert [(text(chip), chip["aria-pressed"]) for chip in chips] == [
        ("Useful 2", "true"),
        ("I agree", "false"),
        ("Thank you", "false"),
    ]
    own = see(client_of(post.author), address(thread)).select("article .chip")
    assert [(one.name, text(one)) for one in own] == [("span", "Useful 2")]


def test_thread_marks_where_the_unread_begins(browser: Client, reader: User, room: Room) -> None:
    thread = start(room, replies=24)
    services.mark_read(thread, reader=reader, up_to=15)

    page = see(browser, address(thread))

    line = page.select_one("#unread")
    assert line is not None
    after = line.find_next("article")
    assert isinstance(after, Tag)
    assert after["id"] == f"post-{Post.objects.get(thread=thread, no=16).pk}"
    hints = [text(one) for one in page.select(".hints a")]
    assert hints == ["5 new posts below", "5 new posts on later pages", "To the first unread post"]
    form = page.select_one("[data-read-here]")
    assert form is not None
    assert fields(form)["no"] == "20"
    assert fields(form)["next"] == f"{address(thread)}?page=2"


def test_first_unread_leads_to_its_place(browser: Client, reader: User, room: Room) -> None:
    thread = start(room, replies=24)
    path = f"{address(thread)}new/"

    assert browser.get(path)["Location"] == f"{address(thread)}#post-{Post.objects.get(thread=thread, no=1).pk}"
    services.mark_read(thread, reader=reader, up_to=21)
    no_22 = Post.objects.get(thread=thread, no=22)
    assert browser.get(path)["Location"] == f"{address(thread)}?page=2#post-{no_22.pk}"
    services.mark_read(thread, reader=reader, up_to=25)
    assert browser.get(path)["Location"] == f"{address(thread)}?page=2#end"


def test_get_moves_no_mark(browser: Client, room: Room) -> None:
    thread = start(room, replies=24)

    for path in (address(thread), f"{address(thread)}?page=2", f"{address(thread)}new/", FORUM):
        browser.get(path)

    assert not ThreadRead.objects.exclude(user=thread.starter).exists()
    assert not RoomMark.objects.exists()


def test_merged_thread_leads_to_the_other(browser: Client, room: Room) -> None:
    gone, kept = start(room, replies=1), start(room)
    moved = Post.objects.get(thread=gone, no=2)
    services.merge_threads(gone, target=kept, actor=moderator(room), **moment())

    assert browser.get(address(gone))["Location"] == address(kept)
    assert browser.get(f"{address(gone)}new/")["Location"] == address(kept)
    assert browser.get(f"{address(gone)}2/")["Location"] == f"{address(kept)}#post-{moved.pk}"
    assert browser.get(f"{FORUM}posts/{moved.pk}/")["Location"] == f"{address(kept)}#post-{moved.pk}"
    outside = RoomFactory(rules=False)
    services.move_thread(kept, room=outside, actor=moderator(room), **moment())
    assert browser.get(address(gone)).status_code == 404
    assert browser.get(f"{address(gone)}2/").status_code == 404


@pytest.mark.parametrize("path", ["threads/{}/", "threads/{}/new/", "threads/{}/1/", "posts/{}/", "posts/{}/history/"])
@pytest.mark.parametrize("number", ["0", "999999", "9" * 30])
def test_pages_of_nothing_are_not_there(browser: Client, path: str, number: str) -> None:
    assert browser.get(FORUM + path.format(number)).status_code == 404


# What readers tell


def test_thread_read_raises_the_mark(browser: Client, reader: User, room: Room) -> None:
    thread = start(room, replies=3)
    path = f"{address(thread)}read/"

    assert browser.post(path, {"no": 3, "next": f"{address(thread)}?page=1"})["Location"] == f"{address(thread)}?page=1"
    assert ThreadRead.objects.get(user=reader).read_no == 3
    assert browser.post(path, {"no": 2, "beacon": 1}).status_code == 204
    assert ThreadRead.objects.get(user=reader).read_no == 3
    assert browser.post(path, {"no": 10**9, "beacon": 1}).status_code == 204
    assert ThreadRead.objects.get(user=reader).read_no == 4


@pytest.mark.parametrize("sent", ["", "x", "-1", "1.5", "²", "9" * 40])
def test_thread_read_refuses_what_is_no_number(browser: Client, room: Room, sent: str) -> None:
    thread = start(room)

    assert browser.post(f"{address(thread)}read/", {"no": sent}).status_code == 400


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", ""])
def test_marks_lead_back_to_our_own_pages_only(browser: Client, room: Room, target: str) -> None:
    thread = start(room)

    assert browser.post(f"{address(thread)}read/", {"no": 1, "next": target})["Location"] == address(thread)


def test_room_read_marks_what_the_page_showed(browser: Client, reader: User, room: Room) -> None:
    thread = start(room)
    path = f"{FORUM}rooms/{room.slug}/"
    form = see(browser, path).select_one(f'form[action="{path}read/"]')
    assert form is not None
    start(room, title="Потом")

    assert browser.post(f"{path}read/", fields(form))["Location"] == path

    assert RoomMark.objects.get(user=reader).read_seq == thread.last_seq
    assert [text(one) for one in see(browser, path).select(".is-unread .title")] == ["Потом"]


def test_level_of_a_thread_is_chosen_and_given_back(browser: Client, reader: User, room: Room) -> None:
    thread = start(room)
    path = f"{address(thread)}level/"

    browser.post(path, {"level": "3"})
    row = ThreadRead.objects.get(user=reader)
    assert (row.level, row.level_reason) == (Level.WATCHING, LevelReason.CHOSEN)
    assert "you chose it" in text(see(browser, address(thread)).select_one(".page-head"))
    assert browser.post(path, {"level": ""})["Location"] == address(thread)
    assert ThreadRead.objects.get(user=reader).level is None
    assert browser.post(path, {"level": "9"}).status_code == 400
    assert browser.post(path, {"level": "x"}).status_code == 400


def test_level_of_a_room_is_chosen_and_given_back(browser: Client, reader: User, room: Room) -> None:
    path = f"{FORUM}rooms/{room.slug}/"

    browser.post(f"{path}level/", {"level": "0"})
    assert RoomMark.objects.get(user=reader).level == Level.MUTED
    assert "Muted" in text(see(browser, path).select_one("details.watch summary"))
    browser.post(f"{path}level/", {"level": ""})
    assert RoomMark.objects.get(user=reader).level is None


def test_nobody_marks_what_he_may_not_read(browser: Client) -> None:
    room = RoomFactory(rules=False)
    thread = start(room, author=moderator(room))
    posts = [
        (f"{address(thread)}read/", {"no": 1}),
        (f"{address(thread)}level/", {"level": 3}),
        (f"{address(thread)}unpin/", {}),
        (f"{FORUM}rooms/{room.slug}/read/", {"seq": 1}),
        (f"{FORUM}rooms/{room.slug}/level/", {"level": 3}),
    ]

    for path, data in posts:
        assert browser.post(path, data).status_code == 404, path
        assert browser.get(path).status_code == 405, path


# What is unread


def test_unread_list_parts_the_followed_from_all(browser: Client, reader: User, room: Room) -> None:
    followed, other, muted = start(room, title="Слежу"), start(room, title="Прочее"), start(room, title="Тихо")
    services.set_level(followed, reader=reader, level=Level.TRACKING)
    services.set_level(muted, reader=reader, level=Level.MUTED)
    path = f"{FORUM}unread/"

    def titles(query: str) -> list[str]:
        return [text(one) for one in see(browser, f"{path}{query}").select(".thread .title")]

    assert titles("") == titles("?tab=followed") == ["Слежу"]
    assert titles("?tab=all") == ["Прочее", "Слежу"]
    assert "90 days" in text(see(browser, path).select_one(".lede"))
    services.mark_read(followed, reader=reader, up_to=1)
    services.mark_read(other, reader=reader, up_to=1)
    assert titles("") == titles("?tab=all") == []


def test_unread_list_pages_by_the_clock(
    browser: Client, reader: User, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("forum.views.reading.ROWS", 2)
    for number in range(3):
        start(room, title=f"Тема {number}")

    page = see(browser, f"{FORUM}unread/?tab=all")
    assert [text(one) for one in page.select(".thread .title")] == ["Тема 2", "Тема 1"]
    link = page.select_one('a[rel="next"]')
    assert link is not None
    older = see(browser, f"{FORUM}unread/{link['href']}")
    assert [text(one) for one in older.select(".thread .title")] == ["Тема 0"]


# How a post was changed


def test_history_does_not_compare_books(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("forum.templatetags.forum.MOST_COMPARED", 3)

    assert word_diff("один <b>", "два") == "<del>один &lt;b&gt;</del>\n\n<ins>два</ins>"


def test_lists_say_briefly_when_something_was() -> None:
    translation.activate("en")
    now = timezone.localtime()

    assert ">today, " in brief(now)
    assert ">yesterday, " in brief(now - dt.timedelta(days=1))
    assert brief(now.replace(year=2020, month=3, day=5)).endswith(">5 March 2020</time>")


def test_history_shows_the_words_that_changed(browser: Client, room: Room) -> None:
    thread = start(room, text="Срок считают с <доставления> в отдел")
    post = Post.objects.get()
    assert "never changed" in text(see(browser, f"{FORUM}posts/{post.pk}/history/").main)
    services.edit_post(
        post, actor=post.author, text="Срок считают с задержания, а не с доставления в отдел", version=1, **moment()
    )

    page = see(browser, f"{FORUM}posts/{post.pk}/history/")

    change, first = page.select(".change .diff")
    assert "задержания" in "".join(one.get_text() for one in change.select("ins"))
    assert "<" in "".join(one.get_text() for one in change.select("del"))
    assert first.get_text() == "Срок считают с <доставления> в отдел"
    assert "by the author" in text(page.main)
    assert address(thread) in str(page.select_one(".crumbs"))


# Queries: the person and the number at the bell are two on every page


def test_queries_of_a_page_without_anything_of_its_own(
    browser: Client, room: Room, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    path = f"{FORUM}rooms/{room.slug}/guidelines/"
    browser.get(path)

    with django_assert_num_queries(3):  # the room
        browser.get(path)


@pytest.mark.parametrize("count", [1, 3])
def test_queries_of_the_index(count: int, browser: Client, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    for _number in range(count):
        start(RoomFactory(parent=RoomFactory()))
    browser.get(FORUM)

    with django_assert_num_queries(3):  # rooms with marks, the clock and the latest threads
        assert len(see(browser, FORUM).select("main :is(h2, h3)")) == 2 * count


@pytest.mark.parametrize("count", [1, 3])
def test_queries_of_a_room(
    count: int, browser: Client, room: Room, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _number in range(count):
        tag = Subject.objects.create(slug=f"tag-{_number}", name_ru="Статья", name_en="Article")
        start(room, tags=[tag])
        pinned = start(room, tags=[tag])
        services.pin_thread(pinned, actor=pinned.starter, until=league_day(), **moment())
    path = f"{FORUM}rooms/{room.slug}/"
    browser.get(path)

    with django_assert_num_queries(7):  # the room, subjects, pinned threads, threads, their subjects
        assert len(see(browser, path).select(".thread")) == 2 * count


@pytest.mark.parametrize("count", [1, 3])
def test_queries_of_a_thread(
    count: int, browser: Client, room: Room, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    tags = [
        Subject.objects.create(slug=f"tag-{number}", name_ru="Статья", name_en="Article") for number in range(count)
    ]
    thread = start(room, tags=tags, kind=ThreadKind.QUESTION)
    for _number in range(count):
        post = reply(thread, author=member(), reply_to=Post.objects.get(thread=thread, no=1))
        services.react(post, reader=member(), kind="useful", **moment())
    services.accept_answer(post, actor=thread.starter, **moment())
    Room.objects.update(holds_first_posts=True)
    browser.get(address(thread))

    # the thread with room, marks and answer; the reader’s membership and the countries’ rules, which decide whose names
    # lead to the directory; posts with authors; reactions; subjects; the draft; whether the reader’s reply would wait
    # for a moderator, which takes two for who has written nothing yet
    with django_assert_num_queries(11):
        assert len(see(browser, address(thread)).select("article.post")) == count + 1


@pytest.mark.parametrize("count", [1, 3])
def test_queries_of_a_thread_with_gaps_and_later_pages(
    count: int, browser: Client, room: Room, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    thread = start(room, replies=20 + count)
    for post in Post.objects.filter(thread=thread, no__in=range(2, 2 + count)):
        services.delete_post(post, actor=post.author, **moment())
    browser.get(address(thread))

    with django_assert_num_queries(12):  # also the states of what is gone, where posts went, and what is new later
        browser.get(address(thread))


@pytest.mark.parametrize("count", [1, 3])
def test_queries_of_the_unread_list(
    count: int, browser: Client, room: Room, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _number in range(count):
        start(RoomFactory())
    path = f"{FORUM}unread/?tab=all"
    browser.get(path)

    with django_assert_num_queries(3):  # one for the list
        assert len(see(browser, path).select(".thread")) == count


def test_quotation_leads_on_in_the_language_of_its_reader(browser: Client, room: Room) -> None:
    thread = start(room)
    first = thread.posts.get()
    reply(thread, text="> №1\n> С какого часа\n\nС первого.")

    for prefix in ("", "/en"):
        link = see(browser, f"{prefix}/forum/threads/{thread.pk}/").select_one("blockquote a")
        assert link is not None
        assert link["href"] == f"{prefix}/forum/posts/{first.pk}/"


@pytest.mark.parametrize("count", [1, 3])
def test_queries_of_a_history(
    count: int, browser: Client, room: Room, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    start(room)
    post = Post.objects.get()
    for number in range(count):
        services.edit_post(post, actor=post.author, text=f"Иначе {number}", version=number + 1, **moment())
    path = f"{FORUM}posts/{post.pk}/history/"
    browser.get(path)

    with django_assert_num_queries(5):  # the post, its versions, the thread with the reader's right
        assert len(see(browser, path).select(".change")) == count + 1


def test_first_unread_takes_two_queries_of_its_own(browser: Client, room: Room) -> None:
    thread = start(room, replies=2)
    browser.get(f"{address(thread)}new/")

    with CaptureQueriesContext(connection) as queries:
        browser.get(f"{address(thread)}new/")

    assert len(queries) == 3  # the person, the thread, the post
