from dataclasses import dataclass

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.http import UserRequest
from accounts.models import User
from notifications import services
from notifications.choices import FINAL_STATES, Channel, Mode, Verdict
from notifications.models import Delivery
from notifications.registry import all_kinds
from notifications.services import sentences
from notifications.services.sentences import Sentence
from notifications.views.paging import Cursor, read_cursor

ROWS = 30
SENT = "sent"
TONES = {Verdict.SENT: "ok", Verdict.REFUSED: "bad", Verdict.BROKEN: "bad", Verdict.COOLING: "bad"}


@dataclass(frozen=True)
class Row:
    delivery: Delivery
    sentence: Sentence
    tone: str

    @property
    def is_waiting(self) -> bool:
        """Whether the message is still to go out, at the time that it is due."""
        message = self.delivery.message
        return self.delivery.verdict == Verdict.WAITING and message is not None and message.state not in FINAL_STATES


@login_required
@require_safe
def deliveries(request: UserRequest) -> HttpResponse:
    """Say of everything that a person was to be told what became of it, and why they did not get it."""
    user = request.user
    cursor = read_cursor(request.GET.get("after", ""), kinds=(SENT,))
    rows = Delivery.objects.visible_to(user).for_page()
    if cursor is not None:
        rows = rows.before(cursor.moment, cursor.pk)
    found = list(rows[: ROWS + 1])
    shown = found[:ROWS]
    told = sentences.sentences_for(user, [sentences.fact_of_delivery(delivery) for delivery in shown])
    last = shown[-1] if len(found) > ROWS else None
    context = {
        "rows": [
            Row(delivery, sentence, TONES.get(Verdict(delivery.verdict), ""))
            for delivery, sentence in zip(shown, told, strict=True)
        ],
        "earlier": f"?after={Cursor(SENT, last.created_at, last.pk)}" if last is not None else "",
        "is_first": cursor is None,
        "silent": silent_kinds(user),
        "reader": services.reader_of(user),
    }
    return render(request, "notifications/deliveries.html", context)


def silent_kinds(user: User) -> list[tuple[str, list[str]]]:
    """Return the kinds that leave no trace on a channel: off for everybody who did not ask for them."""
    modes = services.matrix(user)
    silent = []
    for kind in all_kinds():
        channels = [
            str(Channel(channel).label)
            for channel in kind.channels
            if kind.modes[channel] == Mode.OFF and modes.get((kind.name, channel.value)) == Mode.OFF
        ]
        if channels:
            silent.append((str(kind.label), channels))
    return silent
