"""Pages of the app, by noun."""

from notifications.views.addresses import clear_cooling
from notifications.views.centre import centre, mute_item, open_item, pulse, read_all, read_item, read_pulled
from notifications.views.deliveries import deliveries
from notifications.views.preferences import settings, unmute
from notifications.views.push import add_browser, push_worker, remove_browser
from notifications.views.unsubscribing import unsubscribe

__all__ = [
    "add_browser",
    "centre",
    "clear_cooling",
    "deliveries",
    "mute_item",
    "open_item",
    "pulse",
    "push_worker",
    "read_all",
    "read_item",
    "read_pulled",
    "remove_browser",
    "settings",
    "unmute",
    "unsubscribe",
]
