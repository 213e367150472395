"""The guarantee: whatever is due is done by somebody who looks. Any number may look at the same time."""

from collections.abc import Callable

from django.core.cache import cache
from django.utils import timezone

from notifications.models import Event
from notifications.services.delivery import deliver_due, recover
from notifications.services.digests import make_due_digests, remind_of_digests
from notifications.services.expansion import expand

MOST_EVENTS = 100
MOST_MESSAGES = 200
LOOK_SECONDS = 600  # between two looks at digests that nobody has set an hour for


def sweep(
    *, events: int = MOST_EVENTS, messages: int = MOST_MESSAGES, is_over: Callable[[], bool] = lambda: False
) -> dict[str, int]:
    """Recover what dead workers left, tell events, make digests, send messages. Returns how many of each.

    A process that has to stop says so by `is_over`: it finishes the event and the message in hand and no more.
    """
    now = timezone.now()
    if cache.add("notifications.digests.looked", value=True, timeout=LOOK_SECONDS):
        remind_of_digests(at=now)
    recovered = recover(at=now)
    due = list(Event.objects.due(now).values_list("pk", flat=True)[:events])
    told = sum(expand(pk) for pk in due if not is_over())
    return {
        "recovered": recovered,
        "told": told,
        "digests": make_due_digests(at=now),
        "messages": deliver_due(limit=messages, is_over=is_over),
    }
