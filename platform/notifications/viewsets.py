"""The office of notifications in Wagtail's admin: how the queue is, what was given up, which kinds there are.

Nothing here shows a text of anybody, and a person only to those who may manage people.
"""

from collections.abc import Callable
from functools import cached_property, wraps
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Count, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_safe
from wagtail.admin.menu import MenuItem
from wagtail.admin.viewsets.base import ViewSet, ViewSetGroup

from accounts.http import UserRequest
from notifications import services
from notifications.choices import Channel
from notifications.models import Event, Message
from notifications.permissions import can_retry, can_see_people, can_see_queue
from notifications.registry import all_kinds
from notifications.services import health

PAGE = 25
EVENTS, MESSAGES = "events", "messages"

View = Callable[..., HttpResponse]


def for_the_office(view: View) -> View:
    """Open a page only to those who may see the queue."""

    @wraps(view)
    def guarded(request: UserRequest, **kwargs: object) -> HttpResponse:
        if not can_see_queue(request.user):
            raise PermissionDenied
        return view(request, **kwargs)

    return guarded


def _page(title: str, icon: str, *, above: tuple[str, str] | None = None) -> dict[str, object]:
    crumbs = [{"url": above[0], "label": above[1]}] if above is not None else []
    return {
        "page_title": title,
        "header_title": title,
        "header_icon": icon,
        "breadcrumbs_items": [*crumbs, {"url": "", "label": title}],
    }


@for_the_office
@require_safe
def queue(request: UserRequest) -> HttpResponse:
    """Show how long what is due has waited, and what became of the last day's tries."""
    context = {**_page(_("Queue health"), "history"), "health": health.queue_health(timezone.now())}
    return TemplateResponse(request, "notifications/admin/queue.html", context)


@for_the_office
@require_safe
def kinds(request: UserRequest) -> HttpResponse:
    """List every kind with its urgency and what holds for those who never chose."""
    rows = [
        {
            "kind": kind,
            "modes": [
                (kind.modes[channel].label if channel in kind.modes else "", channel in kind.locked)
                for channel in Channel
            ],
        }
        for kind in all_kinds()
    ]
    context = {**_page(_("Kinds of notifications"), "list-ul"), "channels": Channel.labels, "rows": rows}
    return TemplateResponse(request, "notifications/admin/kinds.html", context)


def _given_up(what: str) -> QuerySet[Any]:
    if what == EVENTS:
        return Event.objects.given_up()
    if what == MESSAGES:
        return Message.objects.given_up()
    raise Http404


@for_the_office
@require_safe
def dead_letters(request: UserRequest, what: str = MESSAGES) -> HttpResponse:
    """List the events or messages that were given up, the latest first, and count them by error."""
    rows = _given_up(what)
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    codes = list(rows.order_by().values_list("error_code").annotate(number=Count("pk")).order_by("-number")[:PAGE])
    may_retry = can_retry(request.user)
    context = {
        **_page(_("Dead letters"), "warning"),
        "what": what,
        "page_obj": page,
        "codes": [
            (code, number, f"{reverse('dead-letters:retry_code', args=[what])}?{urlencode({'code': code})}")
            for code, number in codes
        ],
        "may_retry": may_retry,
        "may_see_people": can_see_people(request.user),
    }
    return TemplateResponse(request, "notifications/admin/dead_letters.html", context)


@for_the_office
def retry_one(request: UserRequest, what: str, pk: int) -> HttpResponse:
    """Ask once more, and give one event or message another chance."""
    if not can_retry(request.user):
        raise PermissionDenied
    thing = get_object_or_404(_given_up(what), pk=pk)
    if request.method == "POST":
        if isinstance(thing, Event):
            services.retry_event(thing, at=timezone.now())
        else:
            services.retry_message(thing, at=timezone.now())
        messages.success(request, _("It will be tried again within seconds."))
        return redirect("dead-letters:list", what=what)
    is_doubtful = isinstance(thing, Message) and thing.is_ambiguous
    return _confirm(request, what, code=thing.error_code, number=1, is_doubtful=is_doubtful)


@for_the_office
def retry_code(request: UserRequest, what: str) -> HttpResponse:
    """Ask once more, and give everything that was given up for one error another chance."""
    if not can_retry(request.user):
        raise PermissionDenied
    code = request.GET.get("code", "")
    rows = _given_up(what).filter(error_code=code)
    if request.method == "POST":
        retry = health.retry_events if what == EVENTS else health.retry_messages
        number = retry(code, at=timezone.now())
        text = ngettext("%(count)s will be tried again.", "%(count)s will be tried again.", number)
        messages.success(request, text % {"count": number})
        return redirect("dead-letters:list", what=what)
    doubtful = rows.filter(is_ambiguous=True).count() if what == MESSAGES else 0
    return _confirm(request, what, code=code, number=rows.count() - doubtful, doubtful=doubtful)


def _confirm(
    request: HttpRequest, what: str, *, code: str, number: int, doubtful: int = 0, is_doubtful: bool = False
) -> HttpResponse:
    back = reverse("dead-letters:list", args=[what])
    context = {
        **_page(_("Try again"), "repeat", above=(back, _("Dead letters"))),
        "what": what,
        "code": code,
        "number": number,
        "doubtful": doubtful,
        "is_doubtful": is_doubtful,
        "most": health.MOST_RETRIED,
        "back": back,
    }
    return TemplateResponse(request, "notifications/admin/retry_confirm.html", context)


class OfficeViewSet(ViewSet):
    """A page of the office with its line in the menu, for those who may see the queue."""

    @cached_property
    def menu_item_class(self) -> type[MenuItem]:
        def is_shown(_self: MenuItem, request: UserRequest) -> bool:
            return can_see_queue(request.user)

        return type(f"{type(self).__name__}MenuItem", (MenuItem,), {"is_shown": is_shown})


class QueueViewSet(OfficeViewSet):
    name = "notification-queue"
    icon = "history"
    menu_label = gettext_lazy("Queue health")

    def get_urlpatterns(self) -> list[URLPattern]:
        return [path("", queue, name="index")]


class DeadLettersViewSet(OfficeViewSet):
    name = "dead-letters"
    icon = "warning"
    menu_label = gettext_lazy("Dead letters")

    def get_urlpatterns(self) -> list[URLPattern]:
        return [
            path("", dead_letters, name="index"),
            path("<str:what>/", dead_letters, name="list"),
            path("<str:what>/retry/", retry_code, name="retry_code"),
            path("<str:what>/<int:pk>/retry/", retry_one, name="retry_one"),
        ]


class KindsViewSet(OfficeViewSet):
    name = "notification-kinds"
    icon = "list-ul"
    menu_label = gettext_lazy("Kinds")

    def get_urlpatterns(self) -> list[URLPattern]:
        return [path("", kinds, name="index")]


class NotificationsViewSetGroup(ViewSetGroup):
    menu_label = gettext_lazy("Notifications")
    menu_icon = "mail"
    menu_order = 310
    items = (QueueViewSet, DeadLettersViewSet, KindsViewSet)
