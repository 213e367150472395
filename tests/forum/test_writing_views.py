"""Writing pages: without JavaScript, by who may and who may not, and never at the cost of a text."""

import datetime as dt
import json
import uuid

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from forum import services
from forum.choices import Audience, PostState, Right, ThreadKind, ThreadState
from forum.models import Draft, Post, Reaction, Room, Tag, Thread
from forum.rules.text import MOST_CHARACTERS
from members.models import Chapter
from tests.factories.forum import RoomFactory, grant, member, moderator, reply, start
from tests.factories.members import ChapterFactory

pytestmark = pytest.mark.django_db

FORUM = "/en/forum"
DRAFTS = f"{FORUM}/drafts/"
SAVE = f"{FORUM}/drafts/save/"
HOSTILE = '<script>alert(1)</script>\n\njavascript:alert(2) <img src=x onerror=alert(3)>\n\nhttps://x.kz/"onclick=x'


@pytest.fixture
def room() -> Room:
    return RoomFactory(slug="jury")


@pytest.fixture
def writer(client: Client) -> User:
    user = member()
    client.force_login(user)
    return user


@pytest.fixture
def thread(room: Room) -> Thread:
    return start(room)


def new_url(room: Room) -> str:
    return f"{FORUM}/rooms/{room.slug}/new/"


def reply_url(thread: Thread) -> str:
    return f"{FORUM}/threads/{thread.pk}/reply/"


def post_url(post: Post, act: str) -> str:
    return f"{FORUM}/posts/{post.pk}/{act}/"


def opening(**fields: object) -> dict[str, object]:
    return {"title": "Отвод", "kind": "question", "text": "Как быть?", "token": str(uuid.uuid4()), **fields}


def answer(text: str = "Подайте жалобу.", **fields: object) -> dict[str, object]:
    return {"text": text, "token": str(uuid.uuid4()), **fields}


def autosave(client: Client, **data: object) -> tuple[int, dict[str, object]]:
    response = client.post(SAVE, json.dumps(data), content_type="application/json")
    return response.status_code, response.json()


def draft(user: User, scope: str, text: str = "Черновик") -> Draft:
    kept = services.save_draft(author=user, scope=scope, text=text, revision=0, at=timezone.now())
    assert kept is not None
    return kept


def strangers_room() -> tuple[Room, Chapter]:
    """A room of a chapter that is not the writer's."""
    chapter = ChapterFactory(country="UZ")
    room = RoomFactory(rules=False)
    grant(room, Right.START, Audience.CHAPTER, chapter=chapter)
    return room, chapter


# Threads


def test_thread_create_publishes_a_thread(writer: User, room: Room, client: Client) -> None:
    tag = Tag.objects.create(slug="t", name_ru="Присяжные", name_en="Jury")
    Room.objects.filter(pk=room.pk).update(guidelines_en="Write shortly.")
    page = client.get(new_url(room)).content.decode()

    response = client.post(new_url(room), opening(tags=[tag.pk], title="  Отвод \x00 судье "))

    thread = Thread.objects.get()
    assert response.url == f"{FORUM}/threads/{thread.pk}/"  # type: ignore[attr-defined]
    assert (thread.title, thread.kind, list(thread.tags.all())) == ("Отвод судье", ThreadKind.QUESTION, [tag])
    assert "Write shortly." in page
    assert "Jury" in page
    assert "@KZ-00012" in page


def test_thread_create_asks_for_tags_only_where_there_are_some(writer: User, room: Room, client: Client) -> None:
    assert "tags" not in client.get(new_url(room)).context["form"].fields


def test_thread_create_says_that_a_first_post_waits(writer: User, client: Client) -> None:
    room = RoomFactory(holds_first_posts=True)

    page = client.get(new_url(room)).content.decode()
    response = client.post(new_url(room), opening(), follow=True)

    assert "A moderator reads the first post of a new member before it is published." in page
    assert Thread.objects.get().state == ThreadState.HELD
    assert [str(message) for message in response.context["messages"]] == [
        "Your text is kept. A moderator reads first posts before they are published, and you are told of it."
    ]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"text": " \n"}, "There is no text to read yet."),
        ({"text": "\u200b"}, "There is no text to read yet."),
        ({"text": "я" * (MOST_CHARACTERS + 1)}, "60,000 characters are the most"),
        ({"title": ""}, "This field is required."),
        ({"title": "т" * 161}, "at most 160 characters"),
        ({"kind": "nonsense"}, "Select a valid choice"),
    ],
)
def test_thread_create_keeps_everything_beside_an_error(
    changes: dict[str, object], sentence: str, writer: User, room: Room, client: Client
) -> None:
    sent = opening(**changes)

    response = client.post(new_url(room), sent)

    page = response.content.decode()
    assert response.status_code == 422
    assert sentence in page
    assert response.context["form"]["text"].value() == sent["text"]
    assert response.context["form"]["title"].value() == sent["title"]
    assert response.context["form"]["token"].value() == sent["token"]
    assert not Thread.objects.exists()
    kept = Draft.objects.get(user=writer, scope=f"room:{room.pk}")
    assert kept.title == str(sent["title"])[:160]


def test_thread_create_is_sent_once(writer: User, room: Room, client: Client) -> None:
    sent = opening()

    urls = {client.post(new_url(room), sent)["Location"] for _number in range(2)}

    assert len(urls) == 1
    assert Post.objects.count() == 1


def test_thread_create_shows_a_preview_and_publishes_nothing(writer: User, room: Room, client: Client) -> None:
    response = client.post(new_url(room), opening(text=HOSTILE, preview="1"))

    preview = response.context["preview"]
    assert response.status_code == 200
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in preview
    assert "<script" not in preview
    assert "<img" not in preview
    assert "javascript:alert" in preview
    assert 'href="javascript' not in preview
    assert "<script>alert" not in response.content.decode()
    assert not Thread.objects.exists()
    assert Draft.objects.get(user=writer).source.startswith("<script>")


def test_thread_create_keeps_a_draft_and_goes_on_with_it(writer: User, room: Room, client: Client) -> None:
    response = client.post(new_url(room), opening(text="Начало", save="1"))
    form = client.get(response["Location"]).context["form"]

    assert (form.initial["title"], form.initial["text"], form.initial["revision"]) == ("Отвод", "Начало", 1)
    client.post(new_url(room), opening(revision=1))
    assert not Draft.objects.exists()


def test_thread_create_is_not_for_everybody(writer: User, client: Client) -> None:
    theirs, _chapter = strangers_room()
    readers = RoomFactory(rules=False)
    grant(readers, Right.REPLY)

    assert client.get(new_url(theirs)).status_code == 404
    assert client.post(new_url(theirs), {}).status_code == 404
    assert client.get(new_url(readers)).status_code == 403
    assert client.post(new_url(readers), {"text": " "}).status_code == 403
    assert client.get(f"{FORUM}/rooms/nowhere/new/").status_code == 404
    for room, status in ((theirs, 404), (readers, 403)):
        response = client.post(new_url(room), opening(text="Не потеряйте меня"))
        assert response.status_code == status
        assert "Не потеряйте меня" in response.content.decode()
        assert Draft.objects.get(user=writer, scope=f"room:{room.pk}").source == "Не потеряйте меня"
        assert str(room) not in response.content.decode()
    assert not Thread.objects.exists()


def test_thread_create_in_a_closed_room_keeps_the_text(writer: User, room: Room, client: Client) -> None:
    Room.objects.update(is_archived=True)

    assert client.get(new_url(room)).status_code == 403
    response = client.post(new_url(room), opening(text="Поздно"))

    assert response.status_code == 422
    assert "This room is closed." in response.content.decode()
    assert Draft.objects.get(user=writer).source == "Поздно"


# Replies


def test_post_create_publishes_and_leads_to_the_post(writer: User, thread: Thread, client: Client) -> None:
    response = client.post(reply_url(thread), answer())

    post = Post.objects.get(author=writer)
    assert response["Location"] == f"{FORUM}/posts/{post.pk}/"
    assert (post.no, post.source) == (2, "Подайте жалобу.")


def test_post_create_is_sent_once_and_says_when_a_page_sends_another_text(
    writer: User, thread: Thread, client: Client
) -> None:
    sent = answer()
    for _number in range(2):
        assert client.post(reply_url(thread), sent).status_code == 302
    assert Post.objects.filter(author=writer).count() == 1

    response = client.post(reply_url(thread), {**sent, "text": "Другое"})

    assert response.status_code == 422
    assert "This page has sent a text already" in response.content.decode()
    again = response.context["form"]["token"].value()
    assert again != sent["token"]
    assert Draft.objects.get(user=writer).source == "Другое"
    client.post(reply_url(thread), {"text": "Другое", "token": again})
    assert Post.objects.filter(author=writer).count() == 2


@pytest.mark.parametrize("token", ["", "x", "\x00", "1" * 5000, "{" * 32])
def test_forged_token_sends_the_text_all_the_same(token: str, writer: User, thread: Thread, client: Client) -> None:
    assert client.post(reply_url(thread), answer(token=token)).status_code == 302
    assert len(Post.objects.get(author=writer).client_token) == 36


def test_token_of_somebody_else_finds_nothing(writer: User, thread: Thread, client: Client) -> None:
    theirs = reply(thread, token=str(uuid.uuid4()), text="Чужое")

    client.post(reply_url(thread), answer(token=theirs.client_token))

    assert Post.objects.get(author=writer).source == "Подайте жалобу."


def test_post_create_answers_and_quotes(writer: User, thread: Thread, client: Client) -> None:
    other = reply(thread, text="Довод первый.\n\n> №1\n> старое")
    elsewhere = reply(start(thread.room))
    draft(writer, f"thread:{thread.pk}", "Начато")

    form = client.get(reply_url(thread), {"quote": other.pk}).context["form"]
    assert form.initial["text"] == "Начато\n\n> №2\n> Довод первый.\n\n"
    page = client.get(reply_url(thread), {"reply_to": other.pk})
    assert page.context["quoted"] == other
    assert f'name="reply_to" value="{other.pk}"' in page.content.decode()
    for spoilt in ("x", "9" * 30, "-1", "²", str(elsewhere.pk), "\x00"):
        page = client.get(reply_url(thread), {"reply_to": spoilt, "quote": spoilt})
        assert page.context["quoted"] is None
        assert page.context["form"].initial["text"] == "Начато"

    client.post(reply_url(thread), answer(reply_to=other.pk))
    client.post(reply_url(thread), answer("Ещё", reply_to="nonsense"))

    assert list(Post.objects.filter(author=writer).order_by("no").values_list("reply_to", flat=True)) == [
        other.pk,
        None,
    ]


def test_post_create_shows_a_preview_with_the_answered_post(writer: User, thread: Thread, client: Client) -> None:
    other = reply(thread)

    response = client.post(reply_url(thread), answer(f"{HOSTILE}\n\n> №2", preview="1", reply_to=other.pk))

    page = response.content.decode()
    assert f'href="{FORUM}/posts/{other.pk}/">№2</a>' in page
    assert "<script>alert" not in page
    assert '"onclick' not in page
    assert response.context["quoted"] == other
    assert Post.objects.count() == 2
    assert Draft.objects.get(user=writer, scope=f"thread:{thread.pk}").source.startswith("<script>")


def test_published_post_is_escaped(writer: User, thread: Thread, client: Client) -> None:
    client.post(reply_url(thread), answer(f"{HOSTILE}\x00"))

    html = Post.objects.get(author=writer).html
    assert "<script" not in html
    assert "<img" not in html
    assert "\x00" not in html


@pytest.mark.parametrize("text", ["", " \r\n ", "ы" * (MOST_CHARACTERS + 1)])
def test_post_create_keeps_a_text_that_cannot_be_sent(text: str, writer: User, thread: Thread, client: Client) -> None:
    for extra in ({}, {"preview": "1"}):
        response = client.post(reply_url(thread), answer(text, **extra))

        assert response.context["form"].has_error("text")
        assert response.context["form"]["text"].value() == text
    assert not Post.objects.filter(author=writer).exists()
    assert Draft.objects.filter(user=writer).exists() is bool(text.strip())


def test_reply_to_a_thread_that_closed_meanwhile_is_kept(writer: User, thread: Thread, client: Client) -> None:
    services.close_thread(thread, actor=member(), reason="Решено", at=timezone.now())

    refused = client.get(reply_url(thread))
    assert refused.status_code == 403
    assert "This thread takes no replies any more." in refused.content.decode()
    response = client.post(reply_url(thread), answer("Не потеряйте меня"))

    page = response.content.decode()
    assert response.status_code == 422
    assert "This thread was closed meanwhile." in page
    assert "The thread is closed: Решено" in page
    assert Draft.objects.get(user=writer, scope=f"thread:{thread.pk}").source == "Не потеряйте меня"


def test_reply_to_a_thread_that_went_out_of_sight_is_kept(writer: User, thread: Thread, client: Client) -> None:
    Thread.objects.update(state=ThreadState.HIDDEN)
    addresses = [reply_url(thread), f"{FORUM}/threads/999999/reply/"]

    assert [client.get(url).status_code for url in addresses] == [404, 404]
    assert [client.post(url, answer(" ")).status_code for url in addresses] == [404, 404]
    pages = [client.post(url, answer("Не потеряйте меня")) for url in addresses]

    assert [page.status_code for page in pages] == [404, 404]
    assert all("Не потеряйте меня" in page.content.decode() for page in pages)
    assert thread.title not in pages[0].content.decode()
    assert Draft.objects.filter(user=writer, source="Не потеряйте меня").count() == 2


def test_reply_by_who_only_reads_is_kept(writer: User, client: Client) -> None:
    room = RoomFactory(rules=False)
    grant(room, Right.READ)
    thread = start(room)

    assert client.get(reply_url(thread)).status_code == 403
    assert client.post(reply_url(thread), answer()).status_code == 403
    assert Draft.objects.get(user=writer).source == "Подайте жалобу."
    assert not Post.objects.filter(author=writer).exists()


def test_reply_to_a_merged_thread_is_offered_to_the_other_one(writer: User, thread: Thread, client: Client) -> None:
    target = start(thread.room, title="Куда слили")
    services.merge_threads(thread, target=target, actor=member(), at=timezone.now())

    assert client.get(reply_url(thread))["Location"] == reply_url(target)
    response = client.post(reply_url(thread), answer("Не потеряйте меня"))

    page = response.content.decode()
    assert response.status_code == 409
    assert "This thread was merged into another one meanwhile." in page
    assert f'action="{reply_url(target)}"' in page
    assert Draft.objects.get(user=writer, scope=f"thread:{target.pk}").source == "Не потеряйте меня"


def test_draft_of_another_window_is_shown_and_not_overwritten(writer: User, thread: Thread, client: Client) -> None:
    draft(writer, f"thread:{thread.pk}", "Другое окно")

    response = client.post(reply_url(thread), answer("Это окно", save="1", revision=0))

    page = response.content.decode()
    assert response.status_code == 409
    assert "Другое окно" in page
    assert "Это окно" in page
    assert Draft.objects.get().source == "Другое окно"
    known = response.context["form"]["revision"].value()
    client.post(reply_url(thread), answer("Это окно", save="1", revision=known))
    assert Draft.objects.get().source == "Это окно"


def test_member_of_another_chapter_finds_no_thread_and_no_post(writer: User, client: Client) -> None:
    room, chapter = strangers_room()
    author = member(chapter=chapter)
    thread = start(room, author=author)
    post = thread.posts.get()

    for url in (reply_url(thread), *[post_url(post, act) for act in ("edit", "delete")]):
        assert client.get(url).status_code == 404
    for act in ("edit", "delete", "react", "accept"):
        assert client.post(post_url(post, act), {"kind": "useful"}).status_code == 404
    client.force_login(author)
    assert client.get(reply_url(thread)).status_code == 200


@pytest.mark.parametrize("method", ["get", "post"])
def test_nobody_writes_without_signing_in(method: str, thread: Thread, client: Client) -> None:
    post = thread.posts.get()
    acts = ["edit", "delete", "react", "accept"]
    urls = [new_url(thread.room), reply_url(thread), DRAFTS, *[post_url(post, act) for act in acts]]

    for url in urls:
        response = getattr(client, method)(url)
        assert response.status_code == 302
        assert "/account/login/" in response["Location"]


# Changing


def test_post_edit_changes_a_post(writer: User, thread: Thread, client: Client) -> None:
    post = reply(thread, author=writer, text="Было")
    form = client.get(post_url(post, "edit")).context["form"]
    assert (form.initial["text"], form.initial["version"]) == ("Было", 1)

    response = client.post(post_url(post, "edit"), {"text": "Стало", "version": 1})

    post.refresh_from_db()
    assert response["Location"] == f"{FORUM}/posts/{post.pk}/"
    assert (post.source, post.version) == ("Стало", 2)
    again = client.post(post_url(post, "edit"), {"text": "Стало", "version": 1})
    assert again.status_code == 302  # the same press of a button, sent twice


def test_post_edit_of_a_stale_page_shows_both_texts(writer: User, thread: Thread, client: Client) -> None:
    post = reply(thread, author=writer, text="Было")
    services.edit_post(post, actor=writer, text="Другое окно", version=1, at=timezone.now())

    response = client.post(post_url(post, "edit"), {"text": "Это окно", "version": 1})

    page = response.content.decode()
    assert response.status_code == 409
    assert "The post was changed meanwhile in another window." in page
    assert "Другое окно" in page
    assert "Это окно" in page
    assert Draft.objects.get(scope=f"post:{post.pk}").source == "Это окно"
    form = response.context["form"]
    hidden = {name: form[name].value() for name in ("version", "revision")}
    client.post(post_url(post, "edit"), {"text": "Это окно", **hidden})
    post.refresh_from_db()
    assert (post.source, post.version) == ("Это окно", 3)
    assert not Draft.objects.exists()


def test_earlier_versions_are_taken_away_by_the_author_and_nobody_else(
    writer: User, thread: Thread, client: Client
) -> None:
    post = reply(thread, author=writer, text="Гражданин Сидоров молчал")
    services.edit_post(post, actor=writer, text="Подзащитный молчал", version=1, at=timezone.now())
    path = post_url(post, "history")
    reader = Client()
    reader.force_login(member())
    assert "Сидоров" in reader.get(path).content.decode()
    assert reader.post(f"{path}forget/").status_code == 403

    page = client.post(f"{path}forget/", follow=True).content.decode()

    assert "The earlier versions were taken away" in page
    assert "Сидоров" not in reader.get(path).content.decode()


def test_post_edit_goes_on_with_a_draft_and_shows_what_changed_since(
    writer: User, thread: Thread, client: Client
) -> None:
    post = reply(thread, author=writer, text="Было")
    draft(writer, f"post:{post.pk}", "Мой черновик")
    assert client.get(post_url(post, "edit")).context["form"].initial["text"] == "Мой черновик"

    later = timezone.now() + dt.timedelta(minutes=1)
    services.edit_post(post, actor=member(), text="Правка модератора", version=1, at=later)

    page = client.get(post_url(post, "edit")).content.decode()
    assert "Правка модератора" in page
    assert "Мой черновик" in page


@pytest.mark.parametrize("text", ["", "ж" * (MOST_CHARACTERS + 1)])
def test_post_edit_keeps_a_text_that_cannot_be_saved(text: str, writer: User, thread: Thread, client: Client) -> None:
    post = reply(thread, author=writer, text="Было")

    response = client.post(post_url(post, "edit"), {"text": text, "version": 1})

    assert response.status_code == 422
    assert response.context["form"]["text"].value() == text
    post.refresh_from_db()
    assert post.source == "Было"


def test_post_edit_shows_a_preview_and_saves_a_draft(writer: User, thread: Thread, client: Client) -> None:
    post = reply(thread, author=writer)

    response = client.post(post_url(post, "edit"), {"text": f"**да** {HOSTILE}", "version": 1, "preview": "1"})
    assert "<b>да</b>" in response.context["preview"]
    assert "<script>alert" not in response.content.decode()
    response = client.post(post_url(post, "edit"), {"text": "Позже", "version": 1, "save": "1", "revision": 1})

    assert response["Location"] == post_url(post, "edit")
    assert Draft.objects.get().source == "Позже"
    client.post(post_url(post, "edit"), {"text": "", "version": 1, "save": "1", "revision": 2})
    assert not Draft.objects.exists()


def test_post_edit_is_for_its_author_and_moderators(writer: User, thread: Thread, client: Client) -> None:
    theirs, own = reply(thread), reply(thread, author=writer)

    assert client.get(post_url(theirs, "edit")).status_code == 403
    assert client.post(post_url(theirs, "edit"), {"text": "Взлом", "version": 1}).status_code == 403
    services.close_thread(thread, actor=member(), reason="Решено", at=timezone.now())
    assert client.get(post_url(own, "edit")).status_code == 403
    response = client.post(post_url(own, "edit"), {"text": "Поздно", "version": 1})
    assert response.status_code == 403
    assert "Поздно" in response.content.decode()
    assert Draft.objects.get(scope=f"post:{own.pk}").source == "Поздно"

    client.force_login(moderator(thread.room))
    page = client.get(post_url(theirs, "edit")).content.decode()
    assert "You change a post of" in page
    client.post(post_url(theirs, "edit"), {"text": "Без имени доверителя", "version": 1})
    theirs.refresh_from_db()
    assert theirs.source == "Без имени доверителя"


def test_post_delete_asks_first(writer: User, thread: Thread, client: Client) -> None:
    post, theirs = reply(thread, author=writer), reply(thread)

    assert post.source in client.get(post_url(post, "delete")).content.decode()
    post.refresh_from_db()
    assert post.is_public
    response = client.post(post_url(post, "delete"))

    post.refresh_from_db()
    assert post.state == PostState.DELETED
    assert response["Location"] == f"{FORUM}/threads/{thread.pk}/"
    assert client.get(post_url(post, "delete")).status_code == 404
    assert client.post(post_url(theirs, "delete")).status_code == 403


def test_post_delete_of_a_thread_that_waits_leads_to_the_room(writer: User, client: Client) -> None:
    thread = start(RoomFactory(slug="waiting", holds_first_posts=True), author=writer)

    assert client.post(post_url(thread.posts.get(), "delete"))["Location"] == f"{FORUM}/rooms/waiting/"


def test_post_react_goes_on_and_off(writer: User, thread: Thread, client: Client) -> None:
    post, own = reply(thread), reply(thread, author=writer)

    response = client.post(post_url(post, "react"), {"kind": "useful"})
    assert response["Location"] == f"{FORUM}/threads/{thread.pk}/#post-{post.pk}"
    assert Reaction.objects.get().kind == "useful"
    client.post(post_url(post, "react"), {"kind": "useful"})
    assert not Reaction.objects.exists()
    assert client.post(post_url(post, "react"), {"kind": "hate"}).status_code == 400
    assert client.get(post_url(post, "react")).status_code == 405
    assert client.post(post_url(own, "react"), {"kind": "useful"}).status_code == 403


def test_post_accept_goes_on_and_off(writer: User, client: Client) -> None:
    thread = start(author=writer, kind=ThreadKind.QUESTION)
    post = reply(thread)

    client.post(post_url(post, "accept"))
    thread.refresh_from_db()
    assert thread.answer == post
    client.post(post_url(post, "accept"))
    thread.refresh_from_db()
    assert thread.answer is None
    response = client.post(post_url(thread.posts.get(no=1), "accept"), follow=True)
    assert "Only a reply to a question can be its answer." in response.content.decode()
    assert client.get(post_url(post, "accept")).status_code == 405
    client.force_login(member())
    assert client.post(post_url(post, "accept")).status_code == 403


# Drafts


@pytest.mark.parametrize("count", [1, 3])
def test_draft_list_says_where_drafts_belong(
    count: int, writer: User, client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    hidden, _chapter = strangers_room()
    for number in range(count):
        room = RoomFactory()
        thread = start(room, title=f"Тема {number}")
        post = reply(thread, author=writer)
        for scope in (f"room:{room.pk}", f"thread:{thread.pk}", f"post:{post.pk}"):
            draft(writer, scope, f"Слова для {scope}")
    draft(writer, f"room:{hidden.pk}", "Недоступно целиком")
    draft(member(), f"room:{room.pk}", "Чужое")
    client.get(DRAFTS)

    with django_assert_num_queries(7):
        response = client.get(DRAFTS)

    page = response.content.decode()
    assert f"a reply in “Тема {count - 1}”" in page
    assert f'href="{new_url(room)}"' in page
    assert f'href="{reply_url(thread)}"' in page
    assert f'href="{post_url(post, "edit")}"' in page
    assert "a place that is not open to you any more" in page
    assert str(hidden) not in page
    assert "Чужое" not in page
    assert len(response.context["rows"]) == 3 * count + 1


def test_draft_list_of_a_closed_thread_shows_the_whole_text(writer: User, thread: Thread, client: Client) -> None:
    text = "слово " * 100 + "конец"
    draft(writer, f"thread:{thread.pk}", text)
    assert text not in client.get(DRAFTS).content.decode()

    services.close_thread(thread, actor=member(), reason="Решено", at=timezone.now())

    assert text in client.get(DRAFTS).content.decode()


def test_draft_list_deletes_a_draft(writer: User, thread: Thread, client: Client) -> None:
    mine, scope = draft(writer, "thread:1"), "thread:1"
    theirs = draft(member(), scope)

    stale = client.post(DRAFTS, {"scope": scope, "revision": 7}, follow=True)
    assert "This draft was changed in another window meanwhile." in stale.content.decode()
    assert client.post(DRAFTS, {"scope": "nonsense"}).status_code == 400
    client.post(DRAFTS, {"scope": scope, "revision": mine.revision})

    assert list(Draft.objects.all()) == [theirs]
    assert "There are no drafts" in client.get(DRAFTS).content.decode()


def test_draft_save_counts_revisions(writer: User, client: Client) -> None:
    scope = "thread:12"

    status, first = autosave(client, scope=scope, text="Раз\r\nдва\x00\ud800", revision=0)
    assert (status, first["revision"]) == (200, 1)
    assert Draft.objects.get().source == "Раз\nдва?"
    assert autosave(client, scope=scope, text="Три", revision=1)[1]["revision"] == 2
    assert autosave(client, scope=scope, text="Из другого окна", revision=1) == (
        409,
        {"title": "", "text": "Три", "revision": 2},
    )
    assert Draft.objects.get().source == "Три"
    assert autosave(client, scope=scope, text="", revision=2)[1]["revision"] == 0
    assert not Draft.objects.exists()


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b"\xff", b"[" * 100_000, b'{"scope": "user:1", "text": "x"}', b'{"text": "x"}'],
)
def test_draft_save_refuses_nonsense(body: bytes, writer: User, client: Client) -> None:
    assert client.post(SAVE, body, content_type="application/json").status_code == 400
    assert not Draft.objects.exists()


def test_draft_save_says_that_one_is_signed_out(client: Client) -> None:
    assert autosave(client, scope="thread:1", text="Слова", revision=0)[0] == 401
    assert client.get(SAVE).status_code == 405
    assert not Draft.objects.exists()


def test_draft_save_wants_a_token_of_the_site(writer: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(writer)

    assert strict.post(SAVE, b"{}", content_type="application/json").status_code == 403
