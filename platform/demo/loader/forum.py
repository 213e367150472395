"""The forum of the demo world: rows as the services of the forum would leave them, written table by table.

Playing six hundred posts through the services would take a minute and tell people of each. `tests/demo/test_forum.py`
plays a thread through them and compares, and counts everything anew.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import count
from zlib import crc32
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import models, transaction

from accounts.models import User
from demo.loader.book import DAY, OPENS
from demo.sources import Entry, Text, check_keys, choice
from demo.threads import MENTION, Code, ForumFiles, PostText, ThreadText, text_before
from forum.choices import Audience, Level, LevelReason, PostState, Right, RoomKind, ThreadState, Why
from forum.models import (
    ClockDay,
    Mention,
    Post,
    PostVersion,
    Reaction,
    ReaderMark,
    Room,
    RoomRule,
    Tag,
    Thread,
    ThreadRead,
    readers_of,
)
from forum.models.rooms import ROOM_OFFICES
from forum.rules.text import Parsed, References, parse, to_html
from forum.services import close_thread, pin_thread
from forum.services.clock import tick
from members.choices import LISTED_STANDINGS
from members.models import Chapter, Committee, Membership, OfficeTerm
from notifications.choices import Floor

ZONE = ZoneInfo(settings.TIME_ZONE)
BEGINS, WITHIN = dt.time(8), dt.timedelta(hours=12)  # when threads begin on their day
WAKES, SLEEPS = 7, 23  # nobody writes between these hours; what a file puts there is written in the morning
MORNING = dt.timedelta(minutes=100)
BETWEEN = dt.timedelta(minutes=3)  # two posts of a thread at least
REACTS = dt.timedelta(minutes=35)
EDITS = dt.timedelta(minutes=40)
PINNED = 60 * DAY
ALL_READ = 14 * DAY  # everybody marked everything as read so long ago: what came since is unread


def load_forum(files: ForumFiles, *, at: dt.datetime) -> bool:
    """Create the rooms with their threads unless there is a room already; return whether that was done.

    The members must be there. Nobody is told of anything.
    """
    if Room.objects.exists():
        return False
    with transaction.atomic():
        roll = Roll()
        roll.let_join()
        rooms = _load_rooms(files.rooms)
        tags = {row["slug"]: Tag(**row) for row in files.tags}
        Tag.objects.bulk_create(tags.values())
        Writer(roll, rooms, tags, at=at).write(files.threads)
    return True


class Roll:
    """The members by their codes: “KZ 3” is the third of those in good standing, by the numbers of membership.

    A number beyond the last one begins again with the first.
    """

    def __init__(self) -> None:
        members = Membership.objects.filter(user__email__iendswith="@example.org").select_related("user", "chapter")
        self.members = list(members.order_by("number"))
        self.by_country: dict[str, list[Membership]] = defaultdict(list)
        for membership in self.members:
            if membership.standing in LISTED_STANDINGS:
                self.by_country[membership.chapter.country].append(membership)

    def of(self, code: Code, where: Text) -> Membership:
        people = self.by_country[code.country]
        if not people:
            raise where.error(f"“{code.country}” has no members in good standing.")
        return people[(code.number - 1) % len(people)]

    def let_join(self) -> None:
        """Let the accounts be as old as the memberships: to who has joined today, everything before is read."""
        for membership in self.members:
            membership.user.joined_at = dt.datetime.combine(membership.joined_on, OPENS, tzinfo=ZONE)
        User.objects.bulk_update([membership.user for membership in self.members], ["joined_at"])


# Rooms


def _load_rooms(rows: list[Entry]) -> dict[str, Room]:
    """Create the rooms with their rules, what stands above others first."""
    rooms: dict[str, Room] = {}
    for position, row in enumerate(rows, 1):
        known = [slug for slug, room in rooms.items() if room.parent is None]
        room = Room(
            parent=rooms[choice(row, "parent", known)] if "parent" in row else None,
            slug=row["slug"],
            kind=choice(row, "kind", RoomKind),
            position=position,
            level_default=Level[_name(row, "level", Level, "normal")],
            floor=Floor[_name(row, "floor", Floor, "title")],
            holds_first_posts=row.get("holds_first_posts", True),
            **{
                name: str(row.get(name, "")).strip()
                for text in ("name", "description", "guidelines")
                for name in (f"{text}_ru", f"{text}_en")
            },
        )
        if not room.name_ru or not room.name_en:
            raise row.where.error("a room needs its name in Russian and in English.")
        room.save()
        rooms[room.slug] = room
    chapters = {chapter.country: chapter for chapter in Chapter.objects.national()}
    committees = {committee.name_en: committee for committee in Committee.objects.all()}
    RoomRule.objects.bulk_create(
        _rule(rooms[row["slug"]], rule, chapters, committees) for row in rows for rule in row["rules"]
    )
    return rooms


def _rule(room: Room, rule: Entry, chapters: dict[str, Chapter], committees: dict[str, Committee]) -> RoomRule:
    check_keys(rule, "audience", "right", "chapter", "committee")
    known = {Audience.MEMBERS, Audience.CHAPTER, Audience.OFFICERS, Audience.COMMITTEE}
    audience = choice(rule, "audience", sorted(known))
    return RoomRule(
        room=room,
        audience=audience,
        right=Right[_name(rule, "right", Right, "")],
        chapter=chapters[choice(rule, "chapter", chapters)]
        if audience == Audience.CHAPTER or "chapter" in rule
        else None,
        committee=committees[choice(rule, "committee", committees)] if audience == Audience.COMMITTEE else None,
    )


def _name(entry: Entry, key: str, known: type[models.IntegerChoices], default: str) -> str:
    """Return the name of one of the choices that an entry names in small letters."""
    if key not in entry and default:
        return default.upper()
    return choice(entry, key, [name.lower() for name in known.names]).upper()


# Threads


@dataclass
class Written:
    """A post that is to be written, with what belongs to it."""

    text: PostText
    post: Post
    parsed: Parsed
    named: dict[int, int] = field(default_factory=dict)


@dataclass
class Story:
    """A thread that is to be written."""

    text: ThreadText
    thread: Thread
    written: list[Written] = field(default_factory=list)

    @property
    def numbered(self) -> list[Written]:
        return [one for one in self.written if not one.text.is_held]


class Readers:
    """Who reads a room, who replies and who moderates there: asked once, when it is needed."""

    def __init__(self, room: Room) -> None:
        self.room = room

    @cached_property
    def reading(self) -> set[int]:
        return set(readers_of(self.room.pk).values_list("pk", flat=True))

    @cached_property
    def writing(self) -> set[int]:
        return set(readers_of(self.room.pk, Right.REPLY).values_list("pk", flat=True))

    def moderator(self, on: dt.date, where: Text) -> User:
        """Return who has moderated the room for the longest time, by an office."""
        rule = RoomRule.objects.filter(room=self.room, right=Right.MODERATE, audience=Audience.OFFICERS).first()
        if rule is not None:
            terms = OfficeTerm.objects.held(on).filter(role__in=ROOM_OFFICES, chapter=rule.chapter_id)
            term = terms.select_related("user").order_by("starts_on", "pk").first()
            if term is not None:
                return term.user
        raise where.error("nobody moderates this room, so nobody pins or closes a thread.")


class Writer:
    """Collects the threads with what belongs to them, and writes each table once."""

    def __init__(self, roll: Roll, rooms: dict[str, Room], tags: dict[str, Tag], *, at: dt.datetime) -> None:
        self.roll, self.rooms, self.tags, self.at = roll, rooms, tags, at
        self.today = at.astimezone(ZONE).date()
        self.readers = {slug: Readers(room) for slug, room in rooms.items()}
        self.numbers = {membership.number: membership.user for membership in roll.members}
        self.stories: list[Story] = []

    def write(self, threads: list[ThreadText]) -> None:
        self.stories = sorted((self._plan(text) for text in threads), key=lambda story: story.thread.created_at)
        published = self._number()
        Thread.objects.bulk_create(story.thread for story in self.stories)
        self._tag()
        held = [one for story in self.stories for one in story.written if one.text.is_held]
        Post.objects.bulk_create(one.post for one in (*published, *held))
        self._refer()
        self._write_what_hangs_on_posts()
        self._answer()
        self._count_rooms()
        self._note_days(published)
        self._pin_and_close()

    # Plans

    def _plan(self, text: ThreadText) -> Story:
        moments = _moments(text, self.today, self.at)
        state = ThreadState.HELD if text.posts[0].is_held else ThreadState.LIVE
        starter = self._author(text, text.posts[0], moments[0])
        story = Story(
            text,
            Thread(
                room=self.rooms[text.room],
                kind=text.kind,
                title=" ".join(text.title.split()),
                state=state,
                starter=starter,
                created_at=moments[0],
            ),
        )
        for post, moment in zip(text.posts, moments, strict=True):
            parsed = parse(self._with_numbers(post, post.text))
            is_changed = post.is_edited and not post.is_held
            story.written.append(
                Written(
                    post,
                    Post(
                        thread=story.thread,
                        author=self._author(text, post, moment),
                        state=PostState.HELD if post.is_held else PostState.PUBLIC,
                        source=parsed.source,
                        html=to_html(parsed, self._references(text.room, parsed, {})),
                        written_at=moment,
                        published_at=None if post.is_held else moment,
                        edited_at=min(moment + EDITS, self.at) if is_changed else None,
                        version=2 if is_changed else 1,
                    ),
                    parsed,
                )
            )
        return story

    def _author(self, text: ThreadText, post: PostText, moment: dt.datetime) -> User:
        membership = self.roll.of(post.author, post.where)
        if membership.user_id not in self.readers[text.room].writing:
            raise post.where.error(f"{_told(post.author)} may not write in this room.")
        if membership.joined_on > moment.astimezone(ZONE).date():
            raise post.where.error(f"{_told(post.author)} was no member yet on that day.")
        return membership.user

    def _with_numbers(self, post: PostText, text: str) -> str:
        """Return a text that mentions members as people write it, by the numbers of membership."""

        def number(name: str) -> str:
            country, place = name.split()
            return f"@{self.roll.of(Code(country, int(place)), post.where).number}"

        return MENTION.sub(lambda match: number(match[1]), text)

    def _mentioned(self, room: str, parsed: Parsed) -> dict[str, User]:
        """Return the readers of a room whom a text mentions, by the numbers of membership."""
        people = {handle: self.numbers[handle] for handle in sorted(parsed.handles) if handle in self.numbers}
        return {handle: user for handle, user in people.items() if user.pk in self.readers[room].reading}

    def _references(self, room: str, parsed: Parsed, quoted: dict[int, Post]) -> References:
        return References(
            names={handle: user.name_native for handle, user in self._mentioned(room, parsed).items()},
            posts={no: post.kept_address() for no, post in quoted.items()},
        )

    # Rows

    def _number(self) -> list[Written]:
        """Number the public posts within their threads and over all threads; return them in that order."""
        published = [one for story in self.stories for one in story.numbered]
        published.sort(key=lambda one: one.post.published_at or self.at)  # stable: within a thread as they stand
        first = tick(len(published)) - len(published)
        for seq, one in enumerate(published, first + 1):
            thread, post = one.post.thread, one.post
            thread.last_no += 1
            post.no, post.seq = thread.last_no, seq
            thread.last_public_no, thread.last_seq, thread.bump_seq = post.no, seq, seq
            thread.visible_count += 1
            thread.last_at, thread.last_by = post.published_at, post.author
        return published

    def _tag(self) -> None:
        through = Thread.tags.through
        through.objects.bulk_create(
            through(thread_id=story.thread.pk, tag_id=self.tags[slug].pk)
            for story in self.stories
            for slug in dict.fromkeys(story.text.tags)
        )

    def _refer(self) -> None:
        """Point replies and quotations at their posts, which have their ids now, and note whom each post names."""
        changed = []
        for story in self.stories:
            for one in story.written:
                quoted = {no: story.written[no - 1].post for no in one.parsed.quoted if no <= len(story.written)}
                quoted = {no: post for no, post in quoted.items() if (post.seq or 0) < (one.post.seq or 0)}
                if quoted:
                    one.post.html = to_html(one.parsed, self._references(story.text.room, one.parsed, quoted))
                if one.text.reply_to is not None:
                    one.post.reply_to = story.written[one.text.reply_to - 1].post
                if quoted or one.post.reply_to is not None:
                    changed.append(one.post)
                self._name(story, one, quoted)
        Post.objects.bulk_update(changed, ["html", "reply_to"], batch_size=100)

    def _name(self, story: Story, one: Written, quoted: dict[int, Post]) -> None:
        """Note whom a post names, for the strongest reason."""
        one.named = {post.author_id: Why.QUOTE for post in quoted.values()}
        one.named |= {user.pk: Why.MENTION for user in self._mentioned(story.text.room, one.parsed).values()}
        if one.post.reply_to is not None:
            answered = one.post.reply_to.author_id
            one.named[answered] = min(one.named.get(answered, Why.REPLY), Why.REPLY)
        one.named.pop(one.post.author_id, None)

    def _write_what_hangs_on_posts(self) -> None:
        written = [one for story in self.stories for one in story.written]
        Mention.objects.bulk_create(
            Mention(post=one.post, user_id=user, why=why) for one in written for user, why in one.named.items()
        )
        Reaction.objects.bulk_create(reaction for one in written for reaction in self._reactions(one))
        PostVersion.objects.bulk_create(
            PostVersion(
                post=one.post,
                version=1,
                source=parse(self._with_numbers(one.text, text_before(one.text))).source,
                replaced_at=one.post.edited_at,
                replaced_by=one.post.author,
            )
            for one in written
            if one.post.edited_at is not None
        )
        ThreadRead.objects.bulk_create(read for story in self.stories for read in _reads(story))

    def _reactions(self, one: Written) -> Iterator[Reaction]:
        seen, writing = set(), self.readers[one.post.thread.room.slug].writing
        for place, (kind, code) in zip(count(1), one.text.reactions):
            membership = self.roll.of(code, one.text.where)
            if membership.user_id not in writing:
                raise one.text.where.error(f"{_told(code)} may not write in this room.")
            if membership.user_id == one.post.author_id:
                raise one.text.where.error(f"{_told(code)} reacts to a post of their own.")
            if (kind, membership.user_id) in seen:
                raise one.text.where.error(f"{_told(code)} reacts twice in the same way.")
            seen.add((kind, membership.user_id))
            moment = min(_awake(one.post.written_at + place * REACTS), self.at)
            yield Reaction(post=one.post, user_id=membership.user_id, kind=kind, at=moment)

    def _answer(self) -> None:
        answered = [story for story in self.stories if story.text.answer is not None]
        for story in answered:
            story.thread.answer = story.written[(story.text.answer or 0) - 1].post
        Thread.objects.bulk_update([story.thread for story in answered], ["answer"])

    def _count_rooms(self) -> None:
        for room in self.rooms.values():
            live = [story.thread for story in self.stories if story.text.room == room.slug and story.thread.last_seq]
            if live:
                last = max(live, key=lambda thread: thread.last_seq)
                room.thread_count, room.post_count = len(live), sum(thread.visible_count for thread in live)
                room.last_seq, room.last_thread, room.last_at = last.last_seq, last, last.last_at
        counters = ["thread_count", "post_count", "last_seq", "last_thread", "last_at"]
        Room.objects.bulk_update(self.rooms.values(), counters)

    def _note_days(self, published: list[Written]) -> None:
        """Keep where the clock stood as each day began, and mark what is old as read for everybody."""
        if not published:
            return
        moments = [(one.post.published_at or self.at, one.post.seq or 0) for one in published]
        days = (self.today - moments[0][0].astimezone(ZONE).date()).days
        seq, place, noted = moments[0][1] - 1, 0, []
        for day in (self.today - back * DAY for back in range(days, -1, -1)):
            while place < len(moments) and moments[place][0].astimezone(ZONE).date() < day:
                seq, place = moments[place][1], place + 1
            noted.append(ClockDay(day=day, seq=seq))
        ClockDay.objects.bulk_create(noted, update_conflicts=True, unique_fields=["day"], update_fields=["seq"])
        read = max((seq for moment, seq in moments if moment < self.at - ALL_READ), default=0)
        ReaderMark.objects.bulk_create(ReaderMark(user=row.user, read_seq=read) for row in self.roll.members)

    def _pin_and_close(self) -> None:
        for story in self.stories:
            if not story.text.is_pinned and not story.text.closed:
                continue
            actor = self.readers[story.text.room].moderator(self.today, story.text.where)
            if story.text.is_pinned:
                until, moment = self.today + PINNED, min(story.thread.created_at + EDITS, self.at)
                pin_thread(story.thread, actor=actor, until=until, at=moment)
            if story.text.closed:
                moment = min(_awake((story.thread.last_at or self.at) + DAY), self.at)
                close_thread(story.thread, actor=actor, reason=story.text.closed, at=moment)


def _told(code: Code) -> str:
    return f"“{code.country} {code.number}”"


def _reads(story: Story) -> Iterator[ThreadRead]:
    """Yield how far the authors of a thread have read, which is to their last post, and why they follow it."""
    last: dict[int, int] = {}
    for one in story.written:
        last[one.post.author_id] = one.post.no or last.get(one.post.author_id, 0)
    for user, no in last.items():
        is_starter = user == story.thread.starter_id
        yield ThreadRead(
            user_id=user,
            thread=story.thread,
            read_no=no,
            level=Level.WATCHING if is_starter else Level.TRACKING,
            level_reason=LevelReason.STARTED if is_starter else LevelReason.POSTED,
        )


# Hours


def _moments(text: ThreadText, today: dt.date, at: dt.datetime) -> list[dt.datetime]:
    """Return when the posts of a thread were written: by day, each after the one before, and none in the future."""
    spread = crc32(f"{text.where.path.parent.name}/{text.where.path.name}".encode())
    begins = dt.datetime.combine(today - text.days_ago * DAY, BEGINS, tzinfo=ZONE)
    begins += dt.timedelta(seconds=spread % int(WITHIN.total_seconds()))
    while True:
        moments = list(_waking(text, begins))
        if moments[-1] <= at:
            return moments
        begins -= dt.timedelta(hours=1)


def _waking(text: ThreadText, begins: dt.datetime) -> Iterator[dt.datetime]:
    told, last = begins, begins - DAY
    for post in text.posts:
        told += post.after
        last = max(_awake(told), last + BETWEEN)
        yield last


def _awake(moment: dt.datetime) -> dt.datetime:
    """Return a moment by day: a night is pressed into the first hours of the morning, in its order."""
    local = moment.astimezone(ZONE)
    if WAKES <= local.hour < SLEEPS:
        return local
    day = local.date() + (DAY if local.hour >= SLEEPS else 0 * DAY)
    wakes = dt.datetime.combine(day, dt.time(WAKES), tzinfo=ZONE)
    night = dt.timedelta(hours=24 - SLEEPS + WAKES)
    return wakes + (local - (wakes - night)) / night * MORNING
