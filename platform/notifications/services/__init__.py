from notifications.services.delivery import deliver_due, recover, retry_message, settle, site_floor
from notifications.services.digests import make_due_digests
from notifications.services.expansion import expand, retry_event
from notifications.services.keeping import forget_old
from notifications.services.outbox import NotInTransaction, TooManyRecipients, cancel, notify
from notifications.services.preferences import (
    LockedChannel,
    allowed_modes,
    matrix,
    mute,
    reader_of,
    reset_preferences,
    save_preferences,
    save_reader,
    save_settings,
    unmute,
)
from notifications.services.reading import (
    count_unread,
    forget_pulled,
    mark_all_read,
    mark_pulled_seen,
    mark_read,
    pulled_for,
)
from notifications.services.sweeping import sweep

__all__ = [
    "LockedChannel",
    "NotInTransaction",
    "TooManyRecipients",
    "allowed_modes",
    "cancel",
    "count_unread",
    "deliver_due",
    "expand",
    "forget_old",
    "forget_pulled",
    "make_due_digests",
    "mark_all_read",
    "mark_pulled_seen",
    "mark_read",
    "matrix",
    "mute",
    "notify",
    "pulled_for",
    "reader_of",
    "recover",
    "reset_preferences",
    "retry_event",
    "retry_message",
    "save_preferences",
    "save_reader",
    "save_settings",
    "settle",
    "site_floor",
    "sweep",
    "unmute",
]
