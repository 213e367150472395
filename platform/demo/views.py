from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from demo import mailbox

# A letter may bring its own styles and pictures of its own, but no script and nothing from elsewhere.
LETTER_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"


def _letter_or_404(message_id: str) -> mailbox.Letter:
    letter = mailbox.find_letter(message_id)
    if letter is None:
        raise Http404
    return letter


@require_safe
@never_cache
def mailbox_index(request: HttpRequest) -> HttpResponse:
    return render(request, "demo/mailbox_index.html", {"letters": mailbox.list_letters()})


@require_safe
@never_cache
def mailbox_message(request: HttpRequest, message_id: str) -> HttpResponse:
    return render(request, "demo/mailbox_message.html", {"letter": _letter_or_404(message_id)})


@require_safe
@never_cache
def mailbox_html(request: HttpRequest, message_id: str) -> HttpResponse:
    """Answer with a letter's HTML part alone, under a policy that lets it do nothing."""
    letter = _letter_or_404(message_id)
    if not letter.html:
        raise Http404
    return HttpResponse(letter.html, headers={"Content-Security-Policy": LETTER_POLICY})


@require_POST
def mailbox_empty(request: HttpRequest) -> HttpResponse:
    mailbox.empty()
    messages.success(request, _("The mailbox is empty."))
    return redirect("mailbox:index")
