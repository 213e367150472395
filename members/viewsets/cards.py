"""Member cards in the League's office: who has one, and revoking it."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe
from wagtail.admin.menu import MenuItem
from wagtail.admin.viewsets.base import ViewSet

from accounts.http import UserRequest
from members.models import CardToken, people_in_office
from members.permissions.cpd import can_revoke_cards
from members.services import cards as services
from members.services import office
from members.viewsets.pages import menu_item_for, page_context

PAGE = 50
MOST = 20  # characters of a member's number


@require_safe
def card_index(request: UserRequest) -> HttpResponse:
    """List the current cards of the members whom the office reaches, or find one by number; the look is on record."""
    if not can_revoke_cards(request.user):
        raise PermissionDenied
    number = request.GET.get("number", "").strip().upper()[:MOST]
    office.view_cards(number, actor=request.user, at=timezone.now())
    cards = _cards(request).select_related("membership__user", "membership__chapter").order_by("membership__number")
    if number:
        cards = cards.filter(membership__number=number)
    context = {
        **page_context(_("Member cards"), icon="tag", above=[]),
        "page_obj": Paginator(cards, PAGE).get_page(request.GET.get("page")),
        "number": number,
    }
    return TemplateResponse(request, "members/admin/card_index.html", context)


@require_POST
def card_revoke(request: UserRequest, pk: int) -> HttpResponse:
    """Revoke a card that is misused or was found; the member can have a new one made."""
    if not can_revoke_cards(request.user):
        raise PermissionDenied
    cards = CardToken.objects.filter(membership__in=people_in_office(request.user))
    card = get_object_or_404(cards.select_related("membership"), pk=pk)
    try:
        services.revoke_card(card, actor=request.user, at=timezone.now())
    except services.CardNotCurrent:
        messages.error(request, _("This card was revoked meanwhile."))
    else:
        messages.success(
            request,
            _("The card of %(number)s is revoked. The member can have a new one made.")
            % {"number": card.membership.number},
        )
    return redirect("card_office:index")


def _cards(request: UserRequest) -> Any:
    return CardToken.objects.current().filter(membership__in=people_in_office(request.user))


class CardViewSet(ViewSet):
    name = "card_office"
    url_prefix = "cards"
    icon = "tag"
    menu_label = gettext_lazy("Member cards")

    @property
    def menu_item_class(self) -> type[MenuItem]:
        return menu_item_for(can_revoke_cards)

    def get_urlpatterns(self) -> list[URLPattern]:
        return [
            path("", card_index, name="index"),
            path("<int:pk>/revoke/", card_revoke, name="revoke"),
        ]
