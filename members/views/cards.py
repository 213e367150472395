from allauth.decorators import rate_limit
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.http import UserRequest, unlisted
from members.choices import Standing
from members.models import Membership
from members.services import cards as services
from members.services.card_pdf import render_card
from members.services.typesetting import TextNotPrintable, qr_data_uri
from pages.services import active_language

CHECKS = {"card_check": "60/m/ip"}


def state_sentence(state: services.CardState) -> str:
    """Say in words what a card stands for on the day."""
    if state.is_active and state.until is not None:
        return _("The holder is an active member of the League.")
    return {
        Standing.SUSPENDED: _("The membership is suspended."),
        Standing.LAPSED: _("The membership has lapsed."),
        Standing.NONE: _("The membership is not in force yet."),
    }.get(state.standing, _("The holder is no longer a member of the League."))


def _own(request: UserRequest) -> Membership | None:
    return Membership.objects.with_facts().select_related("chapter", "user").filter(user=request.user).first()


@login_required
@require_safe
def card_detail(request: UserRequest) -> HttpResponse:
    """Show a member the own card; the first look issues it to who became a member otherwise than by admission."""
    membership = _own(request)
    if membership is None:
        return render(request, "members/cards/card_none.html")
    card = membership.cards.current().first()
    last = None if card else membership.cards.order_by("-pk").first()
    if card is None and last is None:
        try:
            card = services.issue_card(membership, actor=request.user, at=timezone.now())
        except services.CardNotAvailable:
            card = None
    state = services.card_state(membership.facts(), membership.chapter.today())
    address = services.card_address(card) if card else ""
    context = {
        "membership": membership,
        "card": card,
        "last": last,
        "state": state,
        "sentence": state_sentence(state),
        "address": address,
        "qr": qr_data_uri(address) if card else "",
        "may_show_name": services.may_show_name(membership),
        "language": active_language(),
    }
    return render(request, "members/cards/card_detail.html", context)


@login_required
@require_safe
def card_pdf(request: UserRequest) -> HttpResponse:
    """Hand out the printed card to its holder while the membership is active."""
    membership = get_object_or_404(Membership.objects.with_facts().select_related("chapter", "user"), user=request.user)
    card = membership.cards.current().first()
    state = services.card_state(membership.facts(), membership.chapter.today())
    if card is None or not state.is_active:
        messages.error(request, _("A card can be printed while the membership is active and the card is not revoked."))
        return redirect("card:detail")
    try:
        content = render_card(
            card, membership=membership, state=state, language=active_language(), on=membership.chapter.today()
        )
    except TextNotPrintable:
        messages.error(
            request,
            _("The file cannot be made: a name has a letter that cannot be printed. Write to the League’s office."),
        )
        return redirect("card:detail")
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="{membership.number}.pdf"'
    response["Cache-Control"] = "private, no-store"
    return response


@login_required
@require_POST
def card_replace(request: UserRequest) -> HttpResponse:
    """Revoke the own card, which was lost, and make a new one."""
    membership = get_object_or_404(Membership.objects.filter(user=request.user))
    try:
        services.replace_card(membership, actor=request.user, at=timezone.now())
    except services.CardNotAvailable:
        messages.error(request, _("There is no card any more: the membership has ended."))
    else:
        messages.success(request, _("Here is your new card. The code of the old one says that it was revoked."))
    return redirect("card:detail")


@login_required
@require_POST
def card_name(request: UserRequest) -> HttpResponse:
    """Show the own name on the status page, or hide it."""
    membership = get_object_or_404(Membership.objects.filter(user=request.user))
    card = membership.cards.current().first()
    shows_name = request.POST.get("shows_name") == "1"
    try:
        if card is None:
            raise services.CardNotCurrent
        services.set_name_shown(card, shows_name=shows_name, actor=request.user, at=timezone.now())
    except services.CardNotCurrent:
        messages.error(request, _("This card was revoked meanwhile. Have a new one made first."))
    except services.NameNotAllowed:
        messages.error(request, _("In your country the League shows no member’s name to everybody."))
    else:
        messages.success(
            request,
            _("Whoever checks your card sees your name now.")
            if shows_name
            else _("Whoever checks your card does not see your name."),
        )
    return redirect("card:detail")


@unlisted
@rate_limit(action="card_check", config=CHECKS, limit_get=True)
@require_safe
def card_check(request: HttpRequest, token: str) -> HttpResponse:
    """Say to whoever was shown a card whether it is valid now; nothing personal unless the holder chose so."""
    check = services.check_card(token, at=timezone.now())
    if check is None:
        response = render(request, "members/cards/card_unknown.html", status=404)
    else:
        context = {"check": check, "sentence": state_sentence(check.state), "membership": check.card.membership}
        response = render(request, "members/cards/card_check.html", context)
    response["Cache-Control"] = "private, no-store"
    return response
