"""Reading: rooms, lists of threads, pages of a thread. A GET never moves a mark: `forum.views.following` does."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import (
    Exists,
    F,
    FilteredRelation,
    OuterRef,
    Prefetch,
    Q,
    Subquery,
    prefetch_related_objects,
)
from django.db.models.functions import Coalesce
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from accounts.http import UserRequest
from accounts.models import User
from forum import services
from forum.choices import Level, LevelReason, Right, ThreadKind, ThreadState
from forum.forms import reply_form
from forum.models import (
    PAGE,
    Clock,
    Post,
    PostRedirect,
    Room,
    RoomQuerySet,
    Tag,
    Thread,
    ThreadQuerySet,
)
from forum.models.threads import HORIZON
from forum.permissions import (
    can_moderate,
    can_reply,
    can_start_thread,
    has_right,
)
from forum.templatetags.forum import is_unread
from forum.views import window
from forum.views.places import whole_number
from members.models import league_day

ROWS = 30  # threads of a list
MOST_PINNED = 5
MOST_COUNTED = 100  # new posts; above it the page says “99+”
LATEST = 2**62  # before this place on the clock stands everything; larger numbers no database holds

View = Callable[..., HttpResponse]

LEVELS = [
    (Level.WATCHING, gettext_lazy("every new post is told to you")),
    (Level.TRACKING, gettext_lazy("new posts come in the digest and in your unread list")),
    (Level.NORMAL, gettext_lazy("you are told when somebody mentions or answers you")),
    (Level.MUTED, gettext_lazy("nothing is told to you, and nothing counts as unread")),
]
KINDS = [
    (ThreadKind.DISCUSSION, gettext_lazy("Discussions")),
    (ThreadKind.QUESTION, gettext_lazy("Questions")),
    (ThreadKind.CASE, gettext_lazy("Case discussions")),
]


def private_page(view: View) -> View:
    """Keep a page of members among members: no index and no shared cache has it."""

    @wraps(view)
    def kept(request: UserRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        response.headers.setdefault("X-Robots-Tag", "noindex, nofollow")
        patch_cache_control(response, private=True)
        return response

    return login_required(require_safe(kept))


# Rooms


@dataclass
class Branch:
    """A room of the first level with those below it."""

    room: Room
    rooms: list[Room] = field(default_factory=list)

    @property
    def is_open(self) -> bool:
        """Whether the reader may read the upper room, which may be no more than a heading."""
        return has_right(self.room, Right.READ)


@private_page
def room_index(request: UserRequest) -> HttpResponse:
    """List the rooms that a person may know of, with what is new in them."""
    rooms = _with_marks(Room.objects.for_index(request.user), request.user)
    found = list(rooms.select_related("last_thread"))
    context = {
        "branches": _branches(found),
        "clock": vars(found[0])["clock"] if found else 0,
        "has_unread": any(vars(room)["has_unread"] for room in found),
        "is_moderator": any(has_right(room, Right.MODERATE) for room in found),
        "here": request.path,
    }
    return render(request, "forum/room_index.html", context)


@private_page
def room_detail(request: UserRequest, slug: str) -> HttpResponse:
    """List the threads of a room, the latest first; who may only know of it learns what it is for."""
    rooms = _with_marks(Room.objects.visible_to(request.user).with_right(request.user), request.user)
    room = get_object_or_404(rooms.select_related("parent"), slug=slug)
    context: dict[str, Any] = {"room": room, "crumbs": crumbs_of(room.parent), "can_read": has_right(room, Right.READ)}
    if not context["can_read"]:
        return render(request, "forum/room_detail.html", context)
    tags = list(Tag.objects.order_by("name_en" if request.LANGUAGE_CODE == "en" else "name_ru", "pk"))
    kind = request.GET.get("kind", "")
    kind = kind if kind in ThreadKind else ""
    tag = next((one for one in tags if one.slug == request.GET.get("tag")), None)
    before = _cursor(request)
    threads = _threads(request.user).filter(room=room.pk).select_related("starter", "last_by")
    head: list[Thread] = []
    if before == LATEST and not kind and tag is None:
        head = _head(threads, request.user)
    listed = threads.live().filter(bump_seq__lt=before)
    listed = listed.filter(kind=kind) if kind else listed
    listed = listed.filter(tags=tag.pk) if tag is not None else listed
    listed = listed.exclude(pk__in=[thread.pk for thread in head]) if head else listed
    rows, older = _page_of(listed.order_by("-bump_seq", "-pk"), "bump_seq")
    _fetch_tags([*head, *rows])
    kept = {name: value for name, value in (("kind", kind), ("tag", tag.slug if tag else "")) if value}
    context |= {
        "head": head,
        "threads": rows,
        "kinds": [(value, label, f"?{urlencode(kept | {'kind': value})}") for value, label in KINDS],
        "all_kinds_url": f"?{urlencode({name: kept[name] for name in kept if name != 'kind'})}",
        "kind": kind,
        "tags": tags,
        "tag": tag,
        "is_filtered": bool(kept),
        "next_url": f"?{urlencode(kept | {'before': older})}" if older else "",
        "first_url": f"?{urlencode(kept)}" if before != LATEST else "",
        "can_start": can_start_thread(room),
        "can_moderate": can_moderate(room),
        "levels": LEVELS,
        "here": request.get_full_path(),
    }
    return render(request, "forum/room_detail.html", context)


@private_page
def room_guidelines(request: UserRequest, slug: str) -> HttpResponse:
    """Show how to write in a room."""
    room = get_object_or_404(Room.objects.visible_to(request.user).select_related("parent"), slug=slug)
    return render(request, "forum/room_guidelines.html", {"room": room, "crumbs": crumbs_of(room.parent, room)})


@private_page
def unread_list(request: UserRequest) -> HttpResponse:
    """List what is unread: in threads that a person follows closely, or in all of them."""
    tab = "all" if request.GET.get("tab") == "all" else "followed"
    threads = _threads(request.user).live().unread().select_related("room", "starter", "last_by")
    if tab == "followed":
        threads = threads.filter(my_level__gte=Level.TRACKING)  # type: ignore[misc]  # annotated
    before = _cursor(request)
    threads = threads.annotate(clock=_clock()).filter(last_seq__lt=before)
    rows, older = _page_of(threads.order_by("-last_seq", "-pk"), "last_seq")
    context = {
        "tab": tab,
        "threads": rows,
        "clock": vars(rows[0])["clock"] if rows else 0,
        "next_url": f"?{urlencode({'tab': tab, 'before': older})}" if older else "",
        "first_url": f"?tab={tab}" if before != LATEST else "",
        "horizon": HORIZON.days,
        "here": request.get_full_path(),
        "crumbs": crumbs_of(),
    }
    return render(request, "forum/unread_list.html", context)


# A thread


@private_page
def thread_detail(request: UserRequest, thread_id: int) -> HttpResponse:
    """Show a page of a thread: a window of twenty numbers, whatever became of the posts."""
    user = request.user
    thread = _open(user, thread_id)
    if thread is None:
        return redirect(_moved_to(user, thread_id))
    page = Paginator(range(thread.last_no), PAGE).get_page(request.GET.get("page"))
    end = min(page.number * PAGE, thread.last_no)
    posts = window.posts_on(thread, user, page)
    posts_shown = window.shown([post for post in posts if post.no is not None], thread, user)
    new_here = sum(one.is_unread for one in posts_shown)
    new_later = 0
    if page.has_next() and is_unread(thread):
        new_later = Post.objects.unread_in(thread).filter(no__gt=end)[:MOST_COUNTED].count()
    has_earlier = is_unread(thread) and not new_here and not new_later
    answer = thread.answer if thread.answer is not None and thread.answer.is_public else None
    context = {
        "thread": thread,
        "room": thread.room,
        "crumbs": crumbs_of(thread.room.parent, thread.room),
        "tags": list(thread.tags.all()),
        "entries": [*window.entries(thread, user, posts_shown, page)],
        "waiting": window.shown([post for post in posts if post.no is None], thread, user),
        "page_obj": page,
        "pages": list(page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1)),
        "read_up_to": end if new_here else 0,
        "new_here": new_here,
        "new_later": new_later,
        "new_elsewhere": has_earlier,
        "answer": answer,
        "answer_url": thread.address_of(answer) if answer is not None else "",
        "can_reply": can_reply(thread),
        "form": reply_form(user, thread) if can_reply(thread) else None,
        "waits": can_reply(thread) and services.must_wait(user, thread.room),
        "can_moderate": can_moderate(thread),
        "is_held": thread.state == ThreadState.HELD,
        "is_hidden": thread.state == ThreadState.HIDDEN,
        "levels": LEVELS,
        "reason": _reason(thread),
        "here": request.get_full_path(),
        "next_url": f"?page={page.next_page_number()}" if page.has_next() else "",
    }
    return render(request, "forum/thread_detail.html", context)


@private_page
def thread_first_unread(request: UserRequest, thread_id: int) -> HttpResponse:
    """Lead to the first post that a person has not read, else to the end."""
    thread = _open(request.user, thread_id)
    if thread is None:
        return redirect(_moved_to(request.user, thread_id))
    first = Post.objects.unread_in(thread).only("no", "thread").first()
    if first is not None:
        return redirect(thread.address_of(first))
    last = thread.page_count
    return redirect(f"{thread.get_absolute_url()}{f'?page={last}' if last > 1 else ''}#end")


@private_page
def post_detail(request: UserRequest, post_id: int) -> HttpResponse:
    """Lead to where a post is now."""
    return redirect(_place(request.user, Q(pk=post_id)))


@private_page
def post_by_number(request: UserRequest, thread_id: int, no: int) -> HttpResponse:
    """Lead to a post by its number in a thread, wherever it was moved since."""
    if max(thread_id, no) > LATEST:
        raise Http404
    moved = PostRedirect.objects.filter(thread=thread_id, no=no).values("post")
    try:
        return redirect(_place(request.user, Q(thread=thread_id, no=no) | Q(pk__in=moved)))
    except Http404:
        return redirect(_moved_to(request.user, thread_id))


# What the pages are made of


def _with_marks(rooms: RoomQuerySet, user: User) -> RoomQuerySet:
    """Annotate what a reader's list of rooms shows, with the clock of the same moment: one query."""
    unread = Thread.objects.live().filter(room=OuterRef("pk")).with_reading(user, league_day()).unread()
    # No post is behind the bump of its thread: the index of the room's list bounds the search.
    unread = unread.filter(bump_seq__gt=F("my_mark"))
    return rooms.annotate(own=FilteredRelation("marks", condition=Q(marks__user=user.pk))).annotate(
        my_own_level=F("own__level"),
        my_level=Coalesce(F("own__level"), F("level_default")),
        has_unread=Exists(unread),
        clock=_clock(),
    )


def _clock() -> Subquery:
    return Subquery(Clock.objects.filter(pk=Clock.ONLY).values("seq")[:1])


def _branches(rooms: list[Room]) -> list[Branch]:
    """Put rooms under those above them; one whose parent is not there stands on the first level."""
    there = {room.pk for room in rooms}
    branches = {room.pk: Branch(room) for room in rooms if room.parent_id not in there}
    for room in rooms:
        if room.parent_id in branches and room.pk not in branches:
            branches[room.parent_id].rooms.append(room)
    return list(branches.values())


def crumbs_of(*rooms: Room | None) -> list[tuple[str, str]]:
    """Return the way from the forum's first page down to the last of some rooms."""
    above = [(str(room), room.get_absolute_url()) for room in rooms if room is not None]
    return [(_("Forum"), reverse("forum:room_index")), *above]


def _threads(user: User) -> ThreadQuerySet:
    """Return the threads that a person may open, with all that concerns the person."""
    threads = Thread.objects.visible_to(user).with_right(user).with_reading(user, league_day())
    return threads.annotate(
        my_own_level=F("mine__level"),
        my_reason=F("mine__level_reason"),
        my_dismissed=F("mine__is_pin_dismissed"),
    )


def _cursor(request: UserRequest) -> int:
    """Return the place on the clock before which a page of a list begins."""
    before = whole_number(request.GET.get("before"))
    return LATEST if before is None else before


def _page_of(threads: ThreadQuerySet, key: str) -> tuple[list[Thread], int]:
    """Return a page of a list, and the cursor of what follows it; 0 where nothing does."""
    found = list(threads[: ROWS + 1])
    rows = found[:ROWS]
    return rows, getattr(rows[-1], key) if len(found) > ROWS else 0


def _head(threads: ThreadQuerySet, user: User) -> list[Thread]:
    """Return what stands above a room's list: the person's own threads that wait, then pinned ones."""
    pinned = Q(state=ThreadState.LIVE, pinned_until__gte=league_day()) & (
        Q(my_dismissed__isnull=True) | Q(my_dismissed=False)
    )
    waiting = Q(state=ThreadState.HELD, starter=user.pk)
    rows = list(threads.filter(pinned | waiting).order_by("-bump_seq", "-pk")[: 4 * MOST_PINNED])
    held = [thread for thread in rows if thread.state == ThreadState.HELD]
    return [*held, *[thread for thread in rows if thread.state == ThreadState.LIVE][:MOST_PINNED]]


def _fetch_tags(threads: Iterable[Thread]) -> None:
    prefetch_related_objects(list(threads), Prefetch("tags", Tag.objects.order_by("pk")))


def _open(user: User, thread_id: int) -> Thread | None:
    """Return a thread that a person may open, or None; one that was merged is another one now."""
    related = ("room__parent", "starter", "closed_by", "answer__author")
    threads = _threads(user).exclude(state=ThreadState.MOVED).select_related(*related)
    return threads.filter(pk=thread_id).first()


def _moved_to(user: User, thread_id: int) -> Thread:
    """Return the thread into which another one was merged, if the person may open it."""
    merged = Thread.objects.filter(pk=thread_id, state=ThreadState.MOVED)
    return get_object_or_404(Thread.objects.visible_to(user), pk__in=merged.values("moved_to"))


def _place(user: User, which: Q) -> str:
    """Return the address of a post, or of the tombstone that stands in its place. Raises Http404."""
    post = Post.objects.visible_to(user).filter(which).select_related("thread").defer("source", "html").first()
    if post is not None and post.no is not None:
        return post.thread.address_of(post)
    if post is not None:
        last = post.thread.page_count
        return f"{post.thread.get_absolute_url()}{f'?page={last}' if last > 1 else ''}#post-{post.pk}"
    numbered = Post.objects.filter(which, no__isnull=False, thread__in=Thread.objects.visible_to(user))
    gone = get_object_or_404(numbered.select_related("thread").defer("source", "html"))
    page = gone.thread.page_of(gone.no or 0)
    return f"{gone.thread.get_absolute_url()}{f'?page={page}' if page > 1 else ''}"


def _reason(thread: Thread) -> str:
    """Say why a person follows a thread at the level of the page."""
    chosen = vars(thread)["my_reason"]
    if vars(thread)["my_own_level"] is not None and chosen in LevelReason:
        return str(LevelReason(chosen).label)
    return _("so is the room followed")
