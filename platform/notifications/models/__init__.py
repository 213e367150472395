from notifications.models.bounces import Bounce, MailAddress
from notifications.models.events import Event, Item
from notifications.models.messages import Attempt, Delivery, Message
from notifications.models.people import Mute, Preference, PushSubscription, Reader

__all__ = [
    "Attempt",
    "Bounce",
    "Delivery",
    "Event",
    "Item",
    "MailAddress",
    "Message",
    "Mute",
    "Preference",
    "PushSubscription",
    "Reader",
]
