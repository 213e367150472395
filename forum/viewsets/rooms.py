"""Rooms in the League's office: opening, describing, ruling, archiving.

Who keeps a room reads no more in it than before, and no text of a post is shown here.
"""

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_safe

from accounts.http import UserRequest
from accounts.models import User
from forum.models import Room
from forum.services import rooms as services
from forum.viewsets.forms import RoomForm, rules_form
from members.viewsets.office import OfficeViewSet, only_for, page

ICON = "comment"


def can_keep_rooms(user: User) -> bool:
    """Whether somebody opens and changes rooms: by the permissions of the group, never by an office of a chapter."""
    return user.has_perm("forum.change_room")


@require_safe
@only_for(can_keep_rooms)
def room_index(request: UserRequest) -> HttpResponse:
    """List all rooms in their order, those below another one after it, archived ones too."""
    rooms = _in_order(Room.objects.order_by("position", "pk"))
    context = {**page(_("Rooms of the forum"), ICON), "rooms": rooms}
    return TemplateResponse(request, "forum/admin/room_index.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@only_for(can_keep_rooms)
def room_edit(request: UserRequest, pk: int | None = None) -> HttpResponse:
    """Open a room, or change one, together with its rules."""
    room = get_object_or_404(Room, pk=pk) if pk is not None else Room()
    if request.method == "POST" and request.POST.get("seen", "") != services.fingerprint(room):
        return _stale(request, room)
    form = RoomForm(request.POST or None, instance=room)
    rules = rules_form(room, request.POST or None)
    if request.method == "POST" and all([form.is_valid(), rules.is_valid()]):
        if form.cleaned_data["holds_first_posts"] and rules.would_wait_for_ever():
            form.add_error("holds_first_posts", _("First posts would wait for ever: no rule says who moderates."))
        else:
            try:
                saved = services.save_room(
                    form.instance,
                    rules=rules.rules(),
                    seen=form.cleaned_data["seen"],
                    actor=request.user,
                    at=timezone.now(),
                )
            except services.StaleRoom:
                return _stale(request, room)
            messages.success(request, _("The room “%(name)s” is saved.") % {"name": saved})
            return redirect("forum_room:index")
    title = _("Change a room") if pk is not None else _("New room")
    context = {
        **page(title, ICON, _index(), sublabel=str(room) if pk is not None else ""),
        "form": form,
        "rules": rules,
        "room": room,
    }
    status = 422 if form.is_bound else 200
    return TemplateResponse(request, "forum/admin/room_form.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@only_for(can_keep_rooms)
def room_delete(request: UserRequest, pk: int) -> HttpResponse:
    """Ask, and delete a room that never held anything."""
    room = get_object_or_404(Room, pk=pk)
    try:
        if request.method == "POST":
            services.delete_room(room, actor=request.user, at=timezone.now())
            messages.success(request, _("The room “%(name)s” is deleted.") % {"name": room})
            return redirect("forum_room:index")
        services.refuse_if_used(room)
    except services.RoomInUse as used:
        messages.error(request, _refusal(used))
        return redirect("forum_room:edit", pk)
    context = {**page(_("Delete a room"), ICON, _index(), sublabel=str(room)), "room": room}
    return TemplateResponse(request, "forum/admin/room_delete.html", context)


def _stale(request: UserRequest, room: Room) -> HttpResponse:
    messages.error(request, _("Somebody changed this room meanwhile. Nothing was saved: look and repeat."))
    return redirect("forum_room:edit", room.pk) if room.pk is not None else redirect("forum_room:index")


def _refusal(used: services.RoomInUse) -> str:
    if used.threads:
        return ngettext(
            "This room holds %(count)d thread and cannot be deleted. Archive it: nobody writes there any more, and "
            "what was written stays.",
            "This room holds %(count)d threads and cannot be deleted. Archive it: nobody writes there any more, and "
            "what was written stays.",
            used.threads,
        ) % {"count": used.threads}
    return _("Other rooms stand below this one. Move them or delete them first.")


def _in_order(rooms: QuerySet[Room]) -> list[Room]:
    """Return rooms with those below each one right after it."""
    every = list(rooms)
    below: dict[int | None, list[Room]] = {}
    for room in every:
        below.setdefault(room.parent_id, []).append(room)
    return [one for room in below.get(None, []) for one in (room, *below.get(room.pk, []))]


def _index() -> tuple[str, str]:
    return reverse("forum_room:index"), _("Rooms of the forum")


class RoomViewSet(OfficeViewSet):
    name = "forum_room"
    url_prefix = "forum/rooms"
    icon = ICON
    menu_label = gettext_lazy("Rooms")
    may_open = staticmethod(can_keep_rooms)

    def get_urlpatterns(self) -> list[URLPattern]:
        return [
            path("", room_index, name="index"),
            path("new/", room_edit, name="add"),
            path("<int:pk>/", room_edit, name="edit"),
            path("<int:pk>/delete/", room_delete, name="delete"),
        ]
