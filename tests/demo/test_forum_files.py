"""A mistake in a file of the forum is told with its file and line, and no room is made."""

import datetime as dt
import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.db import transaction

from demo.loader import load_forum
from demo.loader.forum import Roll
from demo.sources import ContentError, Text
from demo.threads import Code, ThreadText, read_forum, read_thread, text_before
from forum.models import Post, Room, Tag
from tests.demo.content import THREAD, line_of, write

ROOMS, TAGS = "site/rooms.yaml", "site/tags.yaml"
OF_CHAPTER = "forum/chapter-kg/01-mini.yaml"  # the same thread among members of one chapter


@dataclass
class Mistake:
    """`old` becomes `new` in a file; the message names the line that then holds `at`, else `line`."""

    name: str
    old: str
    new: str
    says: str
    at: str = ""
    line: int = 1
    path: str = THREAD


MISTAKES = [
    Mistake("unknown key of a thread", "days_ago: 3", "days: 3", "“days” is unknown here"),
    Mistake("no title", "title: Сколько ждать эксперта?\n", "", "“title” is missing"),
    Mistake("title too long", "эксперта?", "эксперта" * 30, "longer than 160"),
    Mistake("unknown kind", "kind: question", "kind: poll", "“kind” is “poll”"),
    Mistake("days in words", "days_ago: 3", "days_ago: давно", "“days_ago” must be a whole number"),
    Mistake("unknown tag", "tags: [expert]", "tags: [experts]", "“experts” is unknown under “tags”"),
    Mistake("no posts", "posts:\n", "posts: []\nclosed: |\n", "must be a list of posts"),
    Mistake("author of no country", "author: KZ 1", "author: RU 1", "“RU 1” is no member"),
    Mistake("author of no number", "author: KG 5", "author: KG", "“KG” is no member", at="author: KG"),
    Mistake("post without author", "  - author: KG 5\n    after", "  - after", "“author” is missing", at="- after: 2h"),
    Mistake("author of the first post", "  - text", "  - author: KZ 1\n    text", "stand above", at="  - author: KZ 1"),
    Mistake("unknown key of a post", "    after: 2h", "    later: 2h", "“later” is unknown", at="author: KG 5"),
    Mistake("time in words", "after: 2h", "after: скоро", "“after” is “скоро”", at="author: KG 5"),
    Mistake("thread into the future", "after: 1d", "after: 3d", "would be in the future", at="author: UZ 2"),
    Mistake("reply to a post below", "reply_to: 1", "reply_to: 2", "whole number from 1 to 1", at="author: KG 5"),
    Mistake("quotation of nothing", "quotes: 2", "quotes: 3", "number of a post above", at="author: UZ 2"),
    Mistake("quotation that is not literal", "> Два месяца", "> Два года", "stand in post 2", at="author: UZ 2"),
    Mistake("unknown reaction", "{useful: [KZ 1]}", "{like: [KZ 1]}", "“like” is no reaction", at="author: KG 5"),
    Mistake("reactions in a line", "{useful: [KZ 1]}", "{useful: KZ 1}", "must be a list", at="author: KG 5"),
    Mistake("mention of nobody", "@[KZ 1]", "@[Айгуль]", "“Айгуль” is no member", at="author: UZ 2"),
    Mistake("edited in words", "edited: true", "edited: да", "“true” or “false”", at="author: UZ 2"),
    Mistake("answer to no question", "kind: question", "kind: case", "only a public reply to a question"),
    Mistake("answer is the question", "answer: 2", "answer: 1", "whole number from 2 to 3"),
    Mistake("answer that waits", "edited: true\nanswer: 2", "held: true\nanswer: 3", "only a public reply"),
    Mistake("public after held", "after: 2h", "after: 2h\n    held: true", "waits for a moderator", at="author: UZ 2"),
    Mistake("unknown key of a room", "  floor: bare", "  flor: bare", "“flor” is unknown", at="chapter-tj", path=ROOMS),
    Mistake("unknown key of a tag", "name_en: jury", "english: jury", "“english” is unknown", at="jury", path=TAGS),
]
# Told when the forum is loaded: what depends on members, chapters and committees.
ROWS = [
    Mistake(
        "author who may not write", "author: KG 5", "author: KZ 2", "may not write", at="author: KZ 2", path=OF_CHAPTER
    ),
    Mistake(
        "author who was no member yet",
        "author: KG 1\ndays_ago: 3",
        "author: KG 22\ndays_ago: 30",
        "no member yet",
        at="- text",
        path=OF_CHAPTER,
    ),
    Mistake("reaction to the own post", "[KG 1]", "[KG 5]", "post of their own", at="author: KG 5", path=OF_CHAPTER),
    Mistake(
        "the same reaction twice", "[KG 1]", "[KG 1, KG 1]", "twice in the same way", at="author: KG 5", path=OF_CHAPTER
    ),
    Mistake("reaction from elsewhere", "[KG 1]", "[KZ 1]", "may not write", at="author: KG 5", path=OF_CHAPTER),
    Mistake("room below nothing", "parent: topics", "parent: themes", "“parent” is “themes”", at="al-def", path=ROOMS),
    Mistake("room without a name", "  name_ru: Темы\n", "  name_ru: ''\n", "its name in R", at="slug: top", path=ROOMS),
    Mistake("unknown right", "right: start}", "right: write}", "“right” is “write”", at="right: write", path=ROOMS),
    Mistake("unknown level", "level: tracking", "level: all", "“level” is “all”", at="slug: chapter-kz", path=ROOMS),
    Mistake("unknown chapter", "chapter: TM, right: s", "chapter: RU, right: s", "is “RU”", at="RU", path=ROOMS),
    Mistake(
        "rule without chapter",
        "chapter: TM, right: s",
        "right: s",
        "“chapter” is m",
        at="{audience: chapter, r",
        path=ROOMS,
    ),
    Mistake(
        "unknown committee",
        "committee: Committee on",
        "committee: Council of",
        "“committee” is",
        at="Council of",
        path=ROOMS,
    ),
    Mistake(
        "unknown audience",
        "audience: members, right: see",
        "audience: all, right: see",
        "is “all”",
        at="all, r",
        path=ROOMS,
    ),
]


def break_file(folder: Path, mistake: Mistake) -> tuple[Path, int]:
    """Make a mistake; return the file and the line that the message names."""
    path = folder / mistake.path
    text = path.read_text(encoding="utf-8")
    assert mistake.old in text
    path.write_text(text.replace(mistake.old, mistake.new, 1), encoding="utf-8")
    return path, line_of(path, mistake.at) if mistake.at else mistake.line


@pytest.mark.parametrize("mistake", MISTAKES, ids=[mistake.name for mistake in MISTAKES])
def test_mistake_is_told_with_file_and_line(mistake: Mistake, world_files: Path) -> None:
    path, line = break_file(world_files, mistake)

    with pytest.raises(ContentError) as refusal:
        read_forum(world_files)

    assert str(refusal.value).startswith(f"{path}, line {line}: ")
    assert re.search(mistake.says, str(refusal.value))


@pytest.mark.parametrize("mistake", ROWS, ids=[mistake.name for mistake in ROWS])
@pytest.mark.django_db
def test_mistake_about_members_is_told_with_file_and_line(
    mistake: Mistake, world_files: Path, loaded_at: dt.datetime
) -> None:
    text = (world_files / THREAD).read_text(encoding="utf-8").replace("KZ 1", "KG 1").replace("UZ 2", "KG 2")
    (world_files / THREAD).unlink()
    write(world_files / OF_CHAPTER, text)
    path, line = break_file(world_files, mistake)

    with pytest.raises(ContentError) as refusal, transaction.atomic():
        load_forum(read_forum(world_files), at=loaded_at)

    assert str(refusal.value).startswith(f"{path}, line {line}: "), str(refusal.value)
    assert re.search(mistake.says, str(refusal.value))
    assert not any(model.objects.exists() for model in (Room, Tag, Post))


@pytest.mark.django_db
def test_pin_in_a_room_that_nobody_moderates_is_named(world_files: Path, loaded_at: dt.datetime) -> None:
    rooms = world_files / ROOMS
    rule = "{audience: officers, chapter: KG, right: moderate}"
    rooms.write_text(rooms.read_text(encoding="utf-8").replace(rule, rule.replace("moderate", "read")))
    write(
        world_files / OF_CHAPTER, "title: Т\nkind: case\nauthor: KG 1\ndays_ago: 1\npinned: true\nposts: [{text: Да.}]"
    )

    with pytest.raises(ContentError, match="line 1: nobody moderates this room"), transaction.atomic():
        load_forum(read_forum(world_files), at=loaded_at)


@pytest.mark.django_db
def test_country_without_members_is_named(loaded_at: dt.datetime, tmp_path: Path) -> None:
    roll = Roll()
    roll.by_country.clear()

    with pytest.raises(ContentError, match="line 3: “KZ” has no members in good standing"):
        roll.of(Code("KZ", 1), Text(tmp_path, 3, ""))


@pytest.mark.parametrize("name", [ROOMS, TAGS])
def test_missing_file_is_named(name: str, world_files: Path) -> None:
    (world_files / name).unlink()

    with pytest.raises(ContentError, match=f"{name}, line 1: the file is missing"):
        read_forum(world_files)


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        (ROOMS, "slug: topics\n", "must be a list of entries"),
        (TAGS, "- jury\n", "must be a list of entries"),
        (THREAD, "- title: Срок\n", "must be “key: value” lines"),
    ],
)
def test_file_of_another_shape_is_named(name: str, text: str, says: str, world_files: Path) -> None:
    write(world_files / name, text)

    with pytest.raises(ContentError, match=f"{name}, line 1: the file {says}"):
        read_forum(world_files)


def test_thread_of_no_room_is_named(world_files: Path) -> None:
    (world_files / THREAD).parent.rename(world_files / "forum/nowhere")

    with pytest.raises(ContentError, match="there is no room “nowhere”"):
        read_forum(world_files)


def thread_of(path: Path, text: str) -> ThreadText:
    write(path, text)
    return read_thread(path, ["expert"])


def test_quotation_gets_the_number_of_its_post(world_files: Path) -> None:
    text = read_thread(world_files / THREAD, ["expert"])

    assert text.posts[2].text.startswith("> №2\n> Два месяца\n\nУ нас три.")


def test_edited_post_lacked_its_last_paragraph(world_files: Path) -> None:
    last = read_thread(world_files / THREAD, ["expert"]).posts[2]

    assert text_before(last) == "> №2\n> Два месяца\n\nУ нас три."


def test_edited_post_of_one_paragraph_lacked_its_last_sentence(tmp_path: Path) -> None:
    posts = "posts:\n  - text: Два месяца. Позже — три.\n    edited: true\n"
    head = "title: Т\nkind: discussion\nauthor: KZ 1\ndays_ago: 1\n"

    assert text_before(thread_of(tmp_path / "room/01.yaml", head + posts).posts[0]) == "Два месяца."
    with pytest.raises(ContentError, match="line 6: an edited post needs a second sentence"):
        thread_of(tmp_path / "room/02.yaml", head + posts.replace("Два месяца. Позже — три.", "Два"))


def test_several_quotations_each_name_their_post(tmp_path: Path) -> None:
    text = thread_of(
        tmp_path / "room/01.yaml",
        """\
title: Т
kind: discussion
author: KZ 1
days_ago: 1
posts:
  - text: Первое слово.
  - {author: KZ 2, after: 1h, text: Второе слово.}
  - author: KZ 3
    after: 1h
    quotes: [1, 2]
    text: |
      > Второе
      > слово.

      Да.
      > Первое слово.

      Нет.

      > Образец ходатайства.
""",
    )

    assert text.posts[2].text == (
        "> №2\n> Второе\n> слово.\n\nДа.\n> №1\n> Первое слово.\n\nНет.\n\n> Образец ходатайства."
    )
