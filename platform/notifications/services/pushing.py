"""The browsers in which a person is told: turned on by their own script, listed and removed on the page of settings."""

import base64
import binascii
import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from accounts.models import User
from notifications.models import PushSubscription

MOST_BROWSERS = 10
MOST_CHARACTERS = 1000  # of an endpoint
KEY_BYTES = 65  # a point of P-256, not compressed
SECRET_BYTES = 16
# A public name: several labels, the last one of letters. That leaves out addresses in all their spellings
# (127.0.0.1, 2130706433, 0x7f.1, [::1]) and the names of a local network. What a name leads to is looked at when
# something is sent, by channels.push: it may lead elsewhere tomorrow.
PUBLIC_NAME = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?:[a-z]{2,63}|xn--[a-z0-9-]{2,59})")
LOCAL_ENDS = ("localhost", "local", "internal", "intranet", "lan", "home", "corp", "test", "invalid", "example", "arpa")

BROWSERS = (
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("YaBrowser", "Yandex Browser"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Macintosh", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


class BadSubscription(ValueError):
    """Raised for a subscription that no browser of a public push service makes."""


class TooManyBrowsers(ValueError):
    """Raised for an eleventh browser."""


@dataclass(frozen=True)
class PushSettings:
    """What the section of the page of settings shows, `notifications/_push.html`."""

    key: str  # public; empty where the League has no push
    browsers: QuerySet[PushSubscription]


def push_settings(user: User) -> PushSettings:
    """Return a person's browsers, the latest first, and the key that a further one needs: one query."""
    browsers = PushSubscription.objects.visible_to(user).order_by("-created_at", "-pk")
    return PushSettings(settings.VAPID_PUBLIC_KEY if settings.VAPID_PRIVATE_KEY else "", browsers)


@transaction.atomic
def add_browser(user: User, subscription: Mapping[str, Any], *, user_agent: str, at: dt.datetime) -> PushSubscription:
    """Store a browser's own subscription; once more the same, with whatever is new in it.

    A browser belongs to whoever turned it on last: only the browser itself knows its endpoint.
    Raises BadSubscription, TooManyBrowsers.
    """
    keys = subscription.get("keys")
    if not isinstance(keys, Mapping):
        raise BadSubscription("keys")
    endpoint = check_endpoint(subscription.get("endpoint"))
    p256dh = _check_bytes(keys.get("p256dh"), KEY_BYTES)
    auth = _check_bytes(keys.get("auth"), SECRET_BYTES)
    _check_point(p256dh)
    User.objects.select_for_update().get(pk=user.pk)  # two browsers at once are counted one after the other
    others = PushSubscription.objects.visible_to(user).exclude(endpoint=endpoint)
    if others.count() >= MOST_BROWSERS:
        raise TooManyBrowsers
    stored, _is_new = PushSubscription.objects.update_or_create(
        endpoint=endpoint,
        defaults={"user": user, "p256dh": p256dh, "auth": auth, "device": name_device(user_agent), "created_at": at},
    )
    return stored


def remove_browser(user: User, subscription_id: int) -> bool:
    """Tell a person no longer in one of their own browsers. Returns whether it was there."""
    return bool(PushSubscription.objects.visible_to(user).filter(pk=subscription_id).delete()[0])


def check_endpoint(value: object) -> str:
    """Return the address of a push service. Raises BadSubscription for one that may lead into our own network."""
    if not isinstance(value, str) or len(value) > MOST_CHARACTERS or not value.isascii() or not value.isprintable():
        raise BadSubscription("endpoint")
    try:
        parts = urlsplit(value)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise BadSubscription("endpoint") from None
    if parts.scheme != "https" or not host or "@" in parts.netloc or " " in value or "\\" in value:
        raise BadSubscription("endpoint")
    if not settings.DEBUG and (port not in {None, 443} or not _is_public(host)):
        raise BadSubscription("host")
    return value


def _is_public(host: str) -> bool:
    return PUBLIC_NAME.fullmatch(host) is not None and host.rpartition(".")[2] not in LOCAL_ENDS


def _check_bytes(value: object, length: int) -> str:
    """Return a value in base64url without padding. Raises BadSubscription unless it has just so many bytes."""
    if not isinstance(value, str) or len(value) > 2 * length or not value.isascii():
        raise BadSubscription("keys")
    text = value.rstrip("=").replace("+", "-").replace("/", "_")
    try:
        decoded = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise BadSubscription("keys") from None
    if len(decoded) != length:
        raise BadSubscription("keys")
    return text


def _check_point(p256dh: str) -> None:
    """Raise BadSubscription unless the key is a point of the curve: nothing could ever be encrypted for it."""
    try:
        point = base64.urlsafe_b64decode(p256dh + "=" * (-len(p256dh) % 4))
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    except ValueError:
        raise BadSubscription("keys") from None


def name_device(user_agent: str) -> str:
    """Name a browser and its system as their makers do, such as “Firefox, Android”; empty for one we do not know."""
    found = (next((name for mark, name in marks if mark in user_agent), "") for marks in (BROWSERS, SYSTEMS))
    return ", ".join(name for name in found if name)
