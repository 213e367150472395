"""What stands on a page of a thread: posts with what was said to them, and lines where numbers have none."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import groupby

from django.core.paginator import Page
from django.db.models import Count, Exists, F, OuterRef, Q, Subquery
from django.urls import reverse

from accounts.models import User
from forum.choices import PostState, ReactionKind
from forum.models import PAGE, Ignored, Post, PostRedirect, Reaction, Thread
from forum.permissions import can_react
from members.models import Profile


@dataclass(frozen=True)
class Said:
    """How many people said one of the three things to a post, and whether the reader did."""

    kind: str
    label: str
    number: int
    is_mine: bool


@dataclass(frozen=True)
class Shown:
    """A post on a page with what its reader may do."""

    post: Post
    reactions: list[Said]
    profile_url: str
    answers_url: str
    answers_no: int | None
    is_own: bool
    is_ignored: bool
    is_unread: bool
    is_answer: bool
    begins_unread: bool
    can_react: bool


@dataclass(frozen=True)
class Gap:
    """A run of numbers whose posts are not to be read here: taken back, hidden, or moved to another thread."""

    state: str
    first: int = 0
    last: int = 0
    url: str = ""
    title: str = ""

    @property
    def number(self) -> int:
        return self.last - self.first + 1


def posts_on(thread: Thread, user: User, page: "Page[int]") -> list[Post]:
    """Return the posts of a page that a person may read; on the last page also those that wait."""
    wanted = Q(no__gt=(page.number - 1) * PAGE, no__lte=page.number * PAGE)
    if not page.has_next():
        wanted |= Q(state=PostState.HELD) | Q(state=PostState.REFUSED, author=user.pk)
    profiles = Profile.objects.visible_to(user).filter(user=OuterRef("author")).values("public_id")[:1]
    posts = Post.objects.visible_to(user).filter(wanted, thread=thread.pk)
    posts = posts.select_related("author__membership__chapter").annotate(
        author_profile=Subquery(profiles),
        is_ignored=Exists(Ignored.objects.filter(user=user.pk, ignored=OuterRef("author"))),
        answers_no=F("reply_to__no"),
        answers_state=F("reply_to__state"),
        answers_thread=F("reply_to__thread"),
    )
    return list(posts.defer("source").order_by("no", "pk"))


def shown(posts: list[Post], thread: Thread, user: User) -> list[Shown]:
    """Put to posts what people said to them, where they lead and what the reader may do."""
    said = _said(posts, user)
    here = {post.pk for post in posts}
    shown: list[Shown] = []
    has_begun = False
    for post in posts:
        facts = vars(post)
        is_new = post.is_public and (post.no or 0) > vars(thread)["my_read_no"]
        is_new = is_new and (post.seq or 0) > vars(thread)["my_mark"]
        answers = facts["answers_state"] == PostState.PUBLIC and facts["answers_thread"] == thread.pk
        target = "" if not answers else reverse("forum:post_detail", args=[post.reply_to_id])
        profile = facts["author_profile"]
        shown.append(
            Shown(
                post=post,
                reactions=said.get(post.pk, []),
                profile_url=reverse("directory:member_detail", args=[profile]) if profile else "",
                answers_url=f"#post-{post.reply_to_id}" if post.reply_to_id in here else target,
                answers_no=facts["answers_no"] if answers else None,
                is_own=post.author_id == user.pk,
                is_ignored=facts["is_ignored"] and post.author_id != user.pk,
                is_unread=is_new,
                is_answer=post.pk == thread.answer_id and post.is_public,
                begins_unread=is_new and not has_begun,
                can_react=can_react(user, thread, post),
            )
        )
        has_begun = has_begun or is_new
    return shown


def _said(posts: list[Post], user: User) -> dict[int, list[Said]]:
    """Return what people said to each public post: one query for a page."""
    public = [post.pk for post in posts if post.is_public]
    if not public:
        return {}
    rows = (
        Reaction.objects.filter(post__in=public)
        .values("post", "kind")
        .annotate(number=Count("pk"), mine=Count("pk", filter=Q(user=user.pk)))
    )
    counts = {(row["post"], row["kind"]): row for row in rows}
    none = {"number": 0, "mine": 0}
    return {
        pk: [
            Said(kind.value, str(kind.label), row["number"], bool(row["mine"]))
            for kind in ReactionKind
            for row in [counts.get((pk, kind.value), none)]
        ]
        for pk in public
    }


def entries(thread: Thread, user: User, shown: list[Shown], page: "Page[int]") -> Iterable[Shown | Gap]:
    """Return the posts of a page in order, with a line for each run of numbers that cannot be read here."""
    there = {one.post.no: one for one in shown}
    numbers = [place + 1 for place in page.object_list]
    missing = [no for no in numbers if no not in there]
    gaps = _gaps(thread, user, missing) if missing else {}
    for key, run in groupby(numbers, key=lambda no: gaps.get(no)):
        if key is None:
            yield from (there[no] for no in run)
        else:
            folded = list(run)
            yield replace(key, first=folded[0], last=folded[-1])


def _gaps(thread: Thread, user: User, missing: list[int]) -> dict[int, Gap]:
    """Return of each number without a post what became of it; equal neighbours become one line."""
    states: dict[int | None, str] = dict(
        Post.objects.filter(thread=thread.pk, no__in=missing).values_list("no", "state")
    )
    moved: dict[int, Gap] = {}
    lines: dict[int, Gap] = {}  # by the thread to which posts were moved: the line leads to the first of them
    rows = PostRedirect.objects.filter(thread=thread.pk, no__in=missing).order_by("no")
    targets = rows.values_list("no", "post", "post__thread", "post__thread__title")
    for no, post, target, title in targets.filter(post__thread__in=Thread.objects.visible_to(user)):
        lines.setdefault(target, Gap("moved", url=reverse("forum:post_detail", args=[post]), title=title))
        moved[no] = lines[target]
    return {no: moved.get(no) or Gap(states.get(no, "moved")) for no in missing}
