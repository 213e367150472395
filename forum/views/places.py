"""What the pages of the forum share: how a thread, a post or a room is found for a person, and what a form sent."""

from collections.abc import Mapping

from django.core.exceptions import PermissionDenied
from django.forms import BaseForm
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, render

from accounts.http import UserRequest
from accounts.models import User
from forum.choices import Right, ThreadState
from forum.models import Post, Room, RoomQuerySet, Thread, ThreadQuerySet
from forum.permissions import can_moderate


def open_threads(user: User) -> ThreadQuerySet:
    """Return the threads that a person may open, with the person's right; a merged one only leads to another."""
    threads = Thread.objects.visible_to(user).exclude(state=ThreadState.MOVED)
    return threads.with_right(user).select_related("room")


def find_post(user: User, post_id: int) -> Post | None:
    """Return a visible post in its thread, which knows the person's right."""
    post = Post.objects.visible_to(user).select_related("author").filter(pk=post_id).first()
    thread = open_threads(user).filter(pk=post.thread_id).first() if post is not None else None
    if post is None or thread is None:
        return None
    post.thread = thread
    return post


def get_post(user: User, post_id: int) -> Post:
    """Return a visible post in its thread. Raises Http404."""
    post = find_post(user, post_id)
    if post is None:
        raise Http404
    return post


def moderated_thread(user: User, thread_id: int) -> Thread:
    """Return a thread that a person moderates. Raises Http404 for one that is not visible, PermissionDenied."""
    thread = get_object_or_404(open_threads(user), pk=thread_id)
    if not can_moderate(thread):
        raise PermissionDenied
    return thread


def moderated_rooms(user: User) -> RoomQuerySet:
    """Return the rooms that a person moderates. Raises PermissionDenied where there are none."""
    rooms = Room.objects.permitting(user, Right.MODERATE)
    if not rooms.exists():
        raise PermissionDenied
    return rooms


def sent(request: UserRequest) -> QueryDict | None:
    """Return what a form sent, None where the page is only opened."""
    return request.POST if request.method == "POST" else None


def ask(
    request: UserRequest, thread: Thread, form: BaseForm, words: Mapping[str, str], *, post: Post | None = None
) -> HttpResponse:
    """Show the page that asks for what an act needs, or what is wrong with it."""
    context = {**words, "thread": thread, "post": post, "form": form}
    return render(request, "forum/_confirm.html", context, status=422 if form.is_bound else 200)


def whole_number(text: str | None, digits: int = 18) -> int | None:
    """Return a number that an address or a form names; a spoilt one, or one of more digits, is none."""
    if not text or not text.isascii() or not text.isdigit() or len(text) > digits:
        return None
    return int(text)
