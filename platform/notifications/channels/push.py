"""Browser push (RFC 8030, 8291, 8292): a payload says only how many, the text is on the site.

An endpoint is an address that a member's browser named. What is behind it is not trusted: no redirect is followed, no
connection into a private network is used, and a server that never stops answering is cut off.
"""

import contextlib
import ipaddress
import json
import socket
import threading
import time
from dataclasses import dataclass
from typing import Any

import requests
from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from py_vapid import Vapid
from pywebpush import WebPushException, webpush
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import NewConnectionError

from notifications.channels.outcomes import Line, Outcome, Result
from notifications.models import Message, PushSubscription

TIMEOUT = 10  # seconds for each step of an answer
CONNECT_TIMEOUT = 4  # seconds for each of a host's addresses
MOST_ADDRESSES = 3
LONGEST = 15  # seconds for the whole of it
BUDGET = 12  # seconds after which no further browser is tried; with the last one far below the lease
TTL = 4 * 3600  # seconds that a push service keeps it for a device that is off
GONE = frozenset({404, 410})
TOO_MANY = 429
NAT64 = ipaddress.ip_network("64:ff9b::/96")


@dataclass(frozen=True)
class Parcel:
    user_id: int
    payload: str
    topic: str


def render(message: Message, lines: list[Line]) -> Parcel:
    """Make the payload: a number and the address of the notification centre, the same for every kind."""
    topic = f"n{message.pk}"
    count = sum(line.notice.count for line in lines)
    payload = json.dumps({"id": topic, "count": count, "url": reverse("notifications:centre")})
    return Parcel(message.user_id, payload, topic=topic)


def send(parcel: Parcel) -> Outcome:
    """Send to every browser of the person. One that is gone is forgotten; one success is a success."""
    subscriptions = list(PushSubscription.objects.filter(user=parcel.user_id).order_by("pk"))
    if not subscriptions or not settings.VAPID_PRIVATE_KEY:
        return Outcome(Result.NO_ADDRESS)
    key = Vapid.from_string(settings.VAPID_PRIVATE_KEY)
    start = time.monotonic()
    outcomes = []
    for subscription in subscriptions:
        is_late = time.monotonic() - start > BUDGET
        outcomes.append(Outcome(Result.TEMPORARY, "late") if is_late else _send_to(subscription, parcel, key))
    for result in (Result.SENT, Result.AMBIGUOUS, Result.TEMPORARY, Result.PERMANENT):
        for outcome in outcomes:
            if outcome.result == result:
                return outcome
    return Outcome(Result.NO_ADDRESS, outcomes[0].code)


def _send_to(subscription: PushSubscription, parcel: Parcel, key: Vapid) -> Outcome:
    guard = _Guard()
    try:
        with guard, _session(guard) as session:
            webpush(
                subscription_info={
                    "endpoint": subscription.endpoint,
                    "keys": {"p256dh": subscription.p256dh, "auth": subscription.auth},
                },
                data=parcel.payload,
                vapid_private_key=key,
                vapid_claims={"sub": f"mailto:{settings.VAPID_CONTACT}"},
                ttl=TTL,
                timeout=TIMEOUT,
                headers={"Topic": parcel.topic},
                requests_session=session,
            )
    except WebPushException as error:
        return _refused(subscription, error.status_code)
    except requests.RequestException as error:
        if guard.is_private:
            return Outcome(Result.PERMANENT, "private")
        is_late = guard.is_cut or isinstance(error, requests.Timeout)
        # Without a connection nothing was sent; with one nobody knows.
        result = Result.AMBIGUOUS if guard.is_connected else Result.TEMPORARY
        return Outcome(result, "timeout" if is_late else type(error).__name__)
    except ValueError:
        return Outcome(Result.PERMANENT, "subscription")
    if guard.is_cut:  # an answer that broke off in its head reads like a short one
        return Outcome(Result.AMBIGUOUS, "timeout")
    PushSubscription.objects.filter(pk=subscription.pk).update(used_at=timezone.now())
    return Outcome(Result.SENT, "201")


def _refused(subscription: PushSubscription, status: int | None) -> Outcome:
    """Say what an answer means; without one the subscription itself was of no use."""
    if status is None:
        return Outcome(Result.PERMANENT, "subscription")
    if status in GONE:
        subscription.delete()
        return Outcome(Result.NO_ADDRESS, str(status))
    return Outcome(Result.TEMPORARY if status == TOO_MANY or status >= 500 else Result.PERMANENT, str(status))


class _Guard:
    """Watches one request: where it is connected to, and that it ends.

    A name is looked up once and the connection made to what was found, so that a name which is public for one look and
    private for the next leads nowhere.
    """

    def __init__(self) -> None:
        self.is_connected = self.is_private = self.is_cut = False
        self._socket: socket.socket | None = None
        self._timer = threading.Timer(LONGEST, self._cut)
        self._timer.daemon = True

    def __enter__(self) -> "_Guard":
        self._timer.start()
        return self

    def __exit__(self, *_details: object) -> None:
        self._timer.cancel()
        if self._socket is not None:
            self._socket.close()

    def connect(self, connection: HTTPConnection) -> socket.socket:
        """Connect to one of the first public addresses of a host, or raise as urllib3 does."""
        try:
            found = socket.getaddrinfo(connection.host, connection.port, type=socket.SOCK_STREAM)
        except (socket.gaierror, UnicodeError) as error:
            raise NewConnectionError(connection, "no such name") from error
        hosts = [str(address[0]) for *_rest, address in found if settings.DEBUG or is_public(str(address[0]))]
        self.is_private = bool(found) and not hosts
        reason: OSError | None = None
        for host in hosts[:MOST_ADDRESSES]:
            if self.is_cut:
                break
            try:
                made = socket.create_connection((host, connection.port), timeout=CONNECT_TIMEOUT)
            except OSError as refusal:
                reason = refusal
                continue
            made.settimeout(TIMEOUT)
            self._socket = made.dup()  # TLS takes the connection itself away
            self.is_connected = True
            return made
        raise NewConnectionError(connection, "no connection") from reason

    def _cut(self) -> None:
        """End a connection that drips: each step is in time, the whole never ends."""
        self.is_cut = True
        if self._socket is not None:
            with contextlib.suppress(OSError):  # it has ended by itself
                self._socket.shutdown(socket.SHUT_RDWR)


def is_public(host: str) -> bool:
    """Return whether an IP address is one of the public network; what wraps an older address is judged by that one."""
    address = ipaddress.ip_address(host.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address in NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            address = inner
    return address.is_global and not address.is_multicast


class _Session(requests.Session):
    """Follows no redirect and reads nothing but the head of an answer."""

    def post(self, url: str | bytes, data: Any = None, json: Any = None, **options: Any) -> requests.Response:
        response = super().post(url, data=data, json=json, stream=True, allow_redirects=False, **options)
        response.close()
        response._content = b""  # what webpush would read for the text of its exception
        return response


def _session(guard: _Guard) -> requests.Session:
    """Return a session that uses no proxy, no password file, and only connections that the guard makes."""

    class PlainConnection(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            return guard.connect(self)

    class SecureConnection(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            return guard.connect(self)

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = PlainConnection

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = SecureConnection

    adapter = HTTPAdapter(max_retries=0)
    adapter.poolmanager.pool_classes_by_scheme = {"http": PlainPool, "https": SecurePool}
    session = _Session()
    session.trust_env = False
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session
