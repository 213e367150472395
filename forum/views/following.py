"""What readers tell the forum about their reading: how far they have come, and how closely they follow."""

from django.contrib.auth.decorators import login_required
from django.core.exceptions import BadRequest
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from accounts.http import UserRequest
from forum import services
from forum.choices import Level, Right
from forum.models import Room, Thread
from forum.views.places import whole_number


@login_required
@require_POST
def thread_read(request: UserRequest, thread_id: int) -> HttpResponse:
    """Note that a thread is read up to the last number of the page; a script asks for no page in return."""
    thread = _thread(request, thread_id)
    services.mark_read(thread, reader=request.user, up_to=_number(request, "no"))
    return HttpResponse(status=204) if "beacon" in request.POST else _back(request, thread.get_absolute_url())


@login_required
@require_POST
def room_read(request: UserRequest, slug: str) -> HttpResponse:
    """Note that a room is read up to what the page showed."""
    room = _room(request, slug)
    services.mark_room_read(room, reader=request.user, up_to=_number(request, "seq"))
    return _back(request, room.get_absolute_url())


@login_required
@require_POST
def all_read(request: UserRequest) -> HttpResponse:
    """Note that everything is read up to what the page showed."""
    services.mark_all_read(reader=request.user, up_to=_number(request, "seq"))
    return _back(request, "forum:room_index")


@login_required
@require_POST
def thread_level(request: UserRequest, thread_id: int) -> HttpResponse:
    """Follow a thread at a level, or as its room is followed."""
    thread = _thread(request, thread_id)
    services.set_level(thread, reader=request.user, level=_level(request))
    return _back(request, thread.get_absolute_url())


@login_required
@require_POST
def room_level(request: UserRequest, slug: str) -> HttpResponse:
    """Follow a room at a level, or as the office set it."""
    room = _room(request, slug)
    services.set_room_level(room, reader=request.user, level=_level(request))
    return _back(request, room.get_absolute_url())


@login_required
@require_POST
def pin_dismiss(request: UserRequest, thread_id: int) -> HttpResponse:
    """Keep a pinned thread among the others for this reader."""
    thread = _thread(request, thread_id)
    services.dismiss_pin(thread, reader=request.user)
    return _back(request, thread.room.get_absolute_url())


def _thread(request: UserRequest, thread_id: int) -> Thread:
    return get_object_or_404(Thread.objects.visible_to(request.user).select_related("room"), pk=thread_id)


def _room(request: UserRequest, slug: str) -> Room:
    return get_object_or_404(Room.objects.permitting(request.user, Right.READ), slug=slug)


def _number(request: UserRequest, name: str) -> int:
    """Return a number that one of our own pages sent. Raises BadRequest."""
    number = whole_number(request.POST.get(name))
    if number is None:
        raise BadRequest(name)
    return number


def _level(request: UserRequest) -> Level | None:
    """Return the level of the button that was pressed; None for “as the room”. Raises BadRequest."""
    sent = request.POST.get("level", "")
    try:
        return Level(int(sent)) if sent else None
    except ValueError:
        raise BadRequest("level") from None


def _back(request: UserRequest, otherwise: str) -> HttpResponse:
    """Return to the page on which a button was pressed."""
    here = request.POST.get("next", "")
    is_ours = here.startswith("/") and url_has_allowed_host_and_scheme(here, allowed_hosts=None)
    return redirect(here if is_ours else otherwise)
