"""The files of the forum: its rooms and tags, and a file for each thread.

docs/features/demo.md describes the format for authors.
"""

import datetime as dt
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from demo.sources import ContentError, Entry, Text, check_keys, choice, codes, read_yaml, whole_number
from forum.choices import ReactionKind, ThreadKind
from forum.models import Thread
from members.choices import Country

ROOM_KEYS = (
    "slug",
    "parent",
    "kind",
    "name_ru",
    "name_en",
    "description_ru",
    "description_en",
    "guidelines_ru",
    "guidelines_en",
    "level",
    "floor",
    "holds_first_posts",
    "rules",
)
THREAD_KEYS = ("title", "kind", "author", "days_ago", "tags", "posts", "answer", "pinned", "closed")
POST_KEYS = ("author", "after", "text", "reply_to", "quotes", "reactions", "edited", "held")
CODE = re.compile(rf"({'|'.join(Country.values)}) ([1-9]\d?)")
MENTION = re.compile(r"@\[([^\]\n]*)\]")
AFTER = re.compile(r"([1-9]\d{0,3})([mhd])")
UNITS = {"m": "minutes", "h": "hours", "d": "days"}
MOST_DAYS = 400
TITLE = Thread._meta.get_field("title").max_length or 0


@dataclass(frozen=True)
class Code:
    """A member of the demo world: the n-th of a country who is in good standing."""

    country: str
    number: int


@dataclass
class PostText:
    """A post as its file tells it; `after` is the time since the post before it."""

    where: Text
    author: Code
    after: dt.timedelta
    text: str
    reply_to: int | None
    reactions: list[tuple[str, Code]]
    is_edited: bool
    is_held: bool


@dataclass
class ThreadText:
    where: Text
    room: str
    kind: str
    title: str
    days_ago: int
    tags: list[str]
    posts: list[PostText]
    answer: int | None
    is_pinned: bool
    closed: str


@dataclass
class ForumFiles:
    """What the files say about the forum."""

    rooms: list[Entry]
    tags: list[Entry]
    threads: list[ThreadText] = field(default_factory=list)


def read_forum(folder: Path) -> ForumFiles:
    """Read the rooms, the tags and every thread of the forum. Raises ContentError."""
    files = ForumFiles(
        rooms=_read_list(folder / "site" / "rooms.yaml", *ROOM_KEYS),
        tags=_read_list(folder / "site" / "tags.yaml", "slug", "name_ru", "name_en"),
    )
    rooms, tags = {row["slug"] for row in files.rooms}, [row["slug"] for row in files.tags]
    for path in sorted((folder / "forum").glob("*/*.yaml")):
        if path.parent.name not in rooms:
            raise ContentError(path, 1, f"there is no room “{path.parent.name}”.")
        files.threads.append(read_thread(path, tags))
    return files


def _read_list(path: Path, *known: str) -> list[Entry]:
    rows = read_yaml(path)
    if not isinstance(rows, list) or not all(isinstance(row, Entry) for row in rows):
        raise ContentError(path, 1, "the file must be a list of entries.")
    for row in rows:
        check_keys(row, *known)
    return rows


def read_thread(path: Path, tags: list[str]) -> ThreadText:
    """Read a thread and check that what its posts refer to is there. Raises ContentError."""
    entry = read_yaml(path)
    if not isinstance(entry, Entry):
        raise ContentError(path, 1, "the file must be “key: value” lines.")
    check_keys(entry, *THREAD_KEYS)
    days_ago = whole_number(entry.where, entry, "days_ago", least=0, most=MOST_DAYS)
    title = str(entry["title"])
    if len(title) > TITLE:
        raise entry.where.error(f"“title” is longer than {TITLE} characters.")
    kind = choice(entry, "kind", ThreadKind)
    posts = _read_posts(entry)
    if sum((post.after for post in posts), dt.timedelta()) > dt.timedelta(days=days_ago):
        raise posts[-1].where.error(f"this would be in the future: the thread began {days_ago} days ago.")
    answer = None
    if "answer" in entry:
        answer = whole_number(entry.where, entry, "answer", least=2, most=len(posts))
        if kind != ThreadKind.QUESTION or posts[answer - 1].is_held:
            raise entry.where.error("only a public reply to a question can be its answer.")
    return ThreadText(
        where=entry.where,
        room=path.parent.name,
        kind=kind,
        title=title,
        days_ago=days_ago,
        tags=codes(entry, "tags", tags) if "tags" in entry else [],
        posts=posts,
        answer=answer,
        is_pinned=_yes(entry, "pinned"),
        closed=str(entry.get("closed", "")),
    )


def _read_posts(entry: Entry) -> list[PostText]:
    rows = entry["posts"]
    if not isinstance(rows, list) or not rows or not all(isinstance(row, Entry) for row in rows):
        raise entry.where.error("“posts” must be a list of posts.")
    posts: list[PostText] = []
    for number, row in enumerate(rows, 1):
        check_keys(row, *POST_KEYS)
        if number == 1 and ("author" in row or "after" in row):
            raise row.where.error("author and time of the first post stand above the posts.")
        post = PostText(
            where=row.where,
            author=_author(entry if number == 1 else row),
            after=_after(row) if number > 1 else dt.timedelta(),
            text=str(row["text"]).strip(),
            reply_to=whole_number(row.where, row, "reply_to", least=1, most=number - 1) if "reply_to" in row else None,
            reactions=_read_reactions(row),
            is_edited=_yes(row, "edited"),
            is_held=_yes(row, "held"),
        )
        if posts and posts[-1].is_held and not post.is_held:
            raise row.where.error("the post before it waits for a moderator, and so must this one.")
        _check_mentions(post)
        if "quotes" in row:
            _name_sources(post, row, posts)
        posts.append(post)
        if post.is_edited:
            text_before(post)
    return posts


def _yes(entry: Entry, key: str) -> bool:
    value = entry.get(key, False)
    if not isinstance(value, bool):
        raise entry.where.error(f"“{key}” is “true” or “false”.")
    return value


def _author(entry: Entry) -> Code:
    return _code(entry.where, entry["author"])


def _code(where: Text, value: Any) -> Code:
    match = CODE.fullmatch(str(value))
    if match is None:
        raise where.error(f"“{value}” is no member: write a country and a number, such as “KZ 3”.")
    return Code(match[1], int(match[2]))


def _after(row: Entry) -> dt.timedelta:
    match = AFTER.fullmatch(str(row["after"]))
    if match is None:
        raise row.where.error(f"“after” is “{row['after']}”: write minutes, hours or days, such as “20m”, “3h”, “2d”.")
    return dt.timedelta(**{UNITS[match[2]]: int(match[1])})


def _read_reactions(row: Entry) -> list[tuple[str, Code]]:
    """Return who reacts how; the times of reactions follow their order."""
    found = []
    for kind, people in row.get("reactions", {}).items():
        if kind not in ReactionKind.values:
            raise row.where.error(f"“{kind}” is no reaction; there are: {', '.join(ReactionKind.values)}.")
        if not isinstance(people, list):
            raise row.where.error(f"“{kind}” must be a list.")
        found += [(kind, _code(row.where, person)) for person in people]
    return found


def _check_mentions(post: PostText) -> None:
    for match in MENTION.finditer(post.text):
        _code(post.where, match[1])


def _name_sources(post: PostText, row: Entry, before: list[PostText]) -> None:
    """Write above a quotation from which post it is; the quoted words must stand there literally."""
    numbers = row["quotes"] if isinstance(row["quotes"], list) else [row["quotes"]]
    for number in numbers:
        if not isinstance(number, int) or not 1 <= number <= len(before):
            raise row.where.error(f"“quotes” is “{number}”: it must be the number of a post above.")
        source = _words(before[number - 1].text)
        lines = post.text.split("\n")
        for start, quoted in _quotations(lines):
            if quoted and quoted in source:
                post.text = "\n".join([*lines[:start], f"> №{number}", *lines[start:]])
                break
        else:
            raise row.where.error(f"no words after “>” stand in post {number}.")


def _quotations(lines: list[str]) -> list[tuple[int, str]]:
    """Return the quotations of a text: the place of the first line, and the words."""
    found: list[tuple[int, str]] = []
    is_open = False
    for place, line in enumerate(lines):
        if not line.startswith(">"):
            is_open = False
        elif is_open:
            found[-1] = found[-1][0], _words(f"{found[-1][1]} {line[1:]}")
        else:
            found.append((place, _words(line[1:])))
            is_open = True
    return found


def _words(text: str) -> str:
    return " ".join(text.split())


def text_before(post: PostText) -> str:
    """Return what an edited post said at first: all but its last paragraph, or its last sentence if it has but one."""
    for end, sign in (("\n\n", ""), (". ", ".")):
        head, _end, tail = post.text.rpartition(end)
        if head and tail:
            return head + sign
    raise post.where.error("an edited post needs a second sentence: that is what its author has added.")
