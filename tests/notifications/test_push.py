"""Push to browsers: who may be subscribed, what is sent, and what each answer of a push service means."""

import base64
import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from typing import Any

import http_ece
import pytest
from bs4 import BeautifulSoup
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.core.management import call_command
from django.template.loader import render_to_string
from django.test import Client
from django.utils import timezone, translation
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import User
from notifications import services
from notifications.channels import push
from notifications.channels.outcomes import Outcome, Result
from notifications.choices import Channel, Floor, MessageState, Verdict
from notifications.models import Attempt, Delivery, Message, PushSubscription
from notifications.services import delivery, pushing
from tests.factories.accounts import UserFactory
from tests.factories.notifications import never_quiet, pump, tell
from tests.notifications.kinds import PUSHED

pytestmark = pytest.mark.django_db

ENDPOINT = "https://push.services.example.net/wpush/v2/abc"
FIREFOX = "Mozilla/5.0 (Android 14; Mobile; rv:142.0) Gecko/142.0 Firefox/142.0"


def text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


class Browser:
    """The keys that a browser makes for itself; what is encrypted for it only it can read."""

    def __init__(self, endpoint: str = ENDPOINT) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        point = self.key.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )
        self.endpoint, self.secret = endpoint, os.urandom(16)
        self.keys = {"p256dh": text(point), "auth": text(self.secret)}

    @property
    def subscription(self) -> dict[str, Any]:
        return {"endpoint": self.endpoint, "expirationTime": None, "keys": dict(self.keys)}

    def store(self, user: User) -> PushSubscription:
        return PushSubscription.objects.create(
            user=user, endpoint=self.endpoint, device="Firefox", created_at=timezone.now(), **self.keys
        )

    def read(self, body: bytes) -> dict[str, Any]:
        plain = http_ece.decrypt(body, private_key=self.key, auth_secret=self.secret, version="aes128gcm")
        return json.loads(plain)


@pytest.fixture(autouse=True)
def keys(settings: Settings) -> dict[str, str]:
    """Use a pair of keys as the command makes it."""
    out = StringIO()
    call_command("make_vapid_keys", stdout=out)
    pair = dict(line.split("=", 1) for line in out.getvalue().splitlines())
    settings.VAPID_PUBLIC_KEY, settings.VAPID_PRIVATE_KEY = pair["VAPID_PUBLIC_KEY"], pair["VAPID_PRIVATE_KEY"]
    return pair


@pytest.fixture
def person() -> User:
    person = UserFactory(name_native="Aigul", language="en")
    never_quiet(person)
    return person


@pytest.fixture
def member(client: Client, person: User) -> Client:
    client.force_login(person)
    return client


def add(client: Client, subscription: object, **headers: str) -> Any:
    return client.post(
        "/en/notifications/push/", json.dumps(subscription), content_type="application/json", headers=headers
    )


# The keys


def test_command_makes_a_new_pair_that_belongs_together(keys: dict[str, str]) -> None:
    secret = base64.urlsafe_b64decode(keys["VAPID_PRIVATE_KEY"] + "=")
    point = base64.urlsafe_b64decode(keys["VAPID_PUBLIC_KEY"] + "=")

    key = ec.derive_private_key(int.from_bytes(secret, "big"), ec.SECP256R1())

    assert set(keys) == {"VAPID_PUBLIC_KEY", "VAPID_PRIVATE_KEY"}
    assert (len(secret), len(point)) == (32, 65)
    assert point == key.public_key().public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
    )
    out = StringIO()
    call_command("make_vapid_keys", stdout=out)
    assert keys["VAPID_PRIVATE_KEY"] not in out.getvalue()


# Subscribing


def test_browser_is_stored_with_its_name(member: Client, person: User) -> None:
    response = add(member, Browser().subscription, **{"User-Agent": FIREFOX})

    stored = PushSubscription.objects.get()
    assert (response.status_code, response.json()) == (201, {"id": stored.pk})
    assert (stored.user, stored.endpoint, stored.device) == (person, ENDPOINT, "Firefox, Android")


def test_same_browser_again_is_renewed_and_may_change_its_owner(member: Client) -> None:
    old, new = Browser(), Browser()
    add(member, old.subscription)
    other, other_client = UserFactory(), Client()
    other_client.force_login(other)

    response = add(other_client, new.subscription)

    stored = PushSubscription.objects.get()
    assert response.status_code == 201
    assert (stored.user, stored.p256dh) == (other, new.keys["p256dh"])


def test_eleventh_browser_is_refused_until_one_is_removed(member: Client, person: User) -> None:
    for number in range(10):
        assert add(member, Browser(f"{ENDPOINT}{number}").subscription).status_code == 201

    response = add(member, Browser(f"{ENDPOINT}10").subscription)

    assert response.status_code == 409
    assert "ten browsers" in response.json()["error"]
    assert PushSubscription.objects.count() == 10
    assert add(member, Browser(f"{ENDPOINT}3").subscription).status_code == 201
    member.post(f"/notifications/push/{PushSubscription.objects.order_by('pk')[0].pk}/remove/")
    assert add(member, Browser(f"{ENDPOINT}10").subscription).status_code == 201


PRIVATE_HOSTS = (
    "localhost", "LOCALHOST", "foo.localhost", "127.0.0.1", "127.1", "2130706433", "0x7f.0.0.1", "0177.0.0.1",
    "[::1]", "[::ffff:127.0.0.1]", "[fe80::1]", "10.0.0.8", "192.168.1.1", "172.16.0.1", "169.254.169.254",
    "0.0.0.0",  # noqa: S104 -- to be refused
    "8.8.8.8", "redis", "metadata", "printer.local", "db.internal", "host.lan", "a.b.corp",
    "127.0.0.1.", "localhost.", "bücher.example.net", "a_b.example.net", "-a.example.net", "",
)  # fmt: skip


@pytest.mark.parametrize("host", PRIVATE_HOSTS)
def test_endpoint_in_a_private_network_is_refused(member: Client, host: str) -> None:
    assert add(member, Browser(f"https://{host}/x").subscription).status_code == 400
    assert not PushSubscription.objects.exists()


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://push.services.example.net/x",
        "ftp://push.services.example.net/x",
        "javascript:alert(1)",
        "//push.services.example.net/x",
        "https://user:secret@push.services.example.net/x",
        "https://push.services.example.net:6379/x",
        "https://push.services.example.net:99999/x",
        "https://push.services.example.net\\@127.0.0.1/x",
        "https://push.services.example.net/x y",
        "https://push.services.example.net/x\r\nHost: evil",
        f"https://push.services.example.net/{'x' * 1000}",
        "https://[::1",
        "",
        None,
        7,
        ["https://push.services.example.net/x"],
    ],
)
def test_endpoint_that_no_push_service_has_is_refused(member: Client, endpoint: Any) -> None:
    assert add(member, {**Browser().subscription, "endpoint": endpoint}).status_code == 400
    assert not PushSubscription.objects.exists()


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://fcm.googleapis.com/fcm/send/abc:APA91b_-x",
        "https://updates.push.services.mozilla.com/wpush/v2/gAAAA",
        "https://web.push.apple.com/QGu",
        "https://wns2-par02p.notify.windows.com/w/?token=BQYAAA%3d",
        "https://push.services.example.net:443/x",
    ],
)
def test_endpoints_of_real_services_are_accepted(member: Client, endpoint: str) -> None:
    assert add(member, Browser(endpoint).subscription).status_code == 201


def test_development_may_use_a_server_of_its_own(settings: Settings) -> None:
    settings.DEBUG = True

    assert pushing.check_endpoint("https://127.0.0.1:8443/x") == "https://127.0.0.1:8443/x"


@pytest.mark.parametrize(
    "sent",
    [
        None,
        [],
        "x",
        {},
        {"p256dh": text(os.urandom(64)), "auth": text(os.urandom(16))},
        {"p256dh": text(b"\x04" + b"\xff" * 64), "auth": text(os.urandom(16))},
        {"p256dh": Browser().keys["p256dh"], "auth": text(os.urandom(15))},
        {"p256dh": Browser().keys["p256dh"], "auth": "!" * 22},
        {"p256dh": Browser().keys["p256dh"], "auth": 7},
        {"p256dh": Browser().keys["p256dh"] + "ü", "auth": text(os.urandom(16))},
    ],
)
def test_keys_that_no_browser_makes_are_refused(member: Client, sent: Any) -> None:
    assert add(member, {"endpoint": ENDPOINT, "keys": sent}).status_code == 400
    assert not PushSubscription.objects.exists()


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 4000, b'{"a": "' + b"x" * 5000 + b'"}']
)
def test_body_that_is_no_subscription_is_refused(member: Client, body: bytes) -> None:
    response = member.post("/notifications/push/", body, content_type="application/json")

    assert response.status_code == 400
    assert set(response.json()) == {"error"}


def test_subscribing_needs_a_person_a_token_and_a_post(person: User) -> None:
    stranger, guarded = Client(), Client(enforce_csrf_checks=True)
    guarded.force_login(person)

    assert add(stranger, Browser().subscription).status_code == 302
    assert add(guarded, Browser().subscription).status_code == 403
    assert guarded.get("/notifications/push/").status_code == 405
    assert not PushSubscription.objects.exists()


def test_without_keys_there_is_no_push(member: Client, person: User, settings: Settings) -> None:
    settings.VAPID_PRIVATE_KEY = ""

    assert add(member, Browser().subscription).status_code == 404
    section = render_to_string("notifications/_push.html", {"push": pushing.push_settings(person)})
    assert section.strip() == ""


def test_browser_is_removed_by_its_owner_alone(member: Client, person: User) -> None:
    own, foreign = Browser().store(person), Browser(f"{ENDPOINT}2").store(UserFactory())

    assert member.post(f"/notifications/push/{foreign.pk}/remove/").status_code == 404
    assert member.get(f"/notifications/push/{own.pk}/remove/").status_code == 405
    assert member.post(f"/notifications/push/{own.pk}/remove/").status_code == 302
    assert list(PushSubscription.objects.all()) == [foreign]
    assert Client().post(f"/notifications/push/{foreign.pk}/remove/").status_code == 302
    assert PushSubscription.objects.count() == 1


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        (FIREFOX, "Firefox, Android"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0", "Edge, Windows"),
        ("Mozilla/5.0 (Macintosh) AppleWebKit/605.1 Version/18.0 Safari/605.1", "Safari, macOS"),
        ("Mozilla/5.0 (X11; Linux x86_64) Chrome/140 YaBrowser/25 Safari/537", "Yandex Browser, Linux"),
        ("curl/8", ""),
        ("", ""),
    ],
)
def test_device_is_named_as_its_makers_do(user_agent: str, name: str) -> None:
    assert pushing.name_device(user_agent) == name


# The section of the page of settings


@pytest.mark.parametrize("count", [1, 3, 300])
def test_section_lists_own_browsers_in_one_query(
    person: User, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    browser = Browser()
    PushSubscription.objects.bulk_create(
        PushSubscription(user=person, endpoint=f"{ENDPOINT}{n}", created_at=timezone.now(), **browser.keys)
        for n in range(count)
    )
    Browser().store(UserFactory())

    with django_assert_num_queries(1):
        section = render_to_string("notifications/_push.html", {"push": pushing.push_settings(person)})

    page = BeautifulSoup(section, "html.parser")
    assert len(page.select("form[action$='/remove/'][method=post]")) == count


def test_section_without_javascript_has_a_sentence_and_no_button(person: User, keys: dict[str, str]) -> None:
    page = BeautifulSoup(
        render_to_string("notifications/_push.html", {"push": pushing.push_settings(person)}), "html.parser"
    )

    switch = page.select_one("push-switch")
    assert switch is not None
    assert switch["data-key"] == keys["VAPID_PUBLIC_KEY"]
    assert keys["VAPID_PRIVATE_KEY"] not in str(page)
    assert switch.select_one("[data-switch]").has_attr("hidden")
    assert not switch.select_one("[data-sentence]").has_attr("hidden")
    assert page.select("script, style, [style], [onclick]") == []


# The worker


@pytest.mark.parametrize("language", ["en", "ru", "xx", ""])
def test_worker_is_a_script_at_the_root_in_the_language_asked_for(client: Client, language: str) -> None:
    response = client.get(f"/push-worker.js?language={language}")

    script = response.content.decode()
    expected = language if language in {"en", "ru"} else "ru"
    assert response.status_code == 200
    assert response["Content-Type"] == "text/javascript; charset=utf-8"
    assert "max-age=0" in response["Cache-Control"]
    assert response["X-Content-Type-Options"] == "nosniff"
    assert list(response.cookies) == []
    assert "Cookie" not in response.get("Vary", "")
    assert f'language: "{expected}"' in script
    assert ("/en/notifications/" if expected == "en" else '"/notifications/"') in script.replace("\\u002D", "-")
    with translation.override(expected):
        assert json.loads(re.search(r'title: ("[^"]*")', script)[1]) == translation.gettext(  # type: ignore[index]
            "Central Asian League of Lawyers"
        )
    assert "{{" not in script
    assert "{%" not in script


RUN = """
const vm = require("node:vm");
const input = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
const handlers = {}, shown = [], opened = [];
const self = {
  location: { origin: "https://league.example.org" },
  registration: {
    getNotifications: async ({ tag }) => shown.filter((one) => one.tag === tag).slice(-1),
    showNotification: async (title, options) => shown.push({ title, ...options }),
  },
  clients: { matchAll: async () => [], openWindow: async (address) => opened.push(address), claim: async () => {} },
  addEventListener: (name, handler) => { handlers[name] = handler; },
  skipWaiting: () => {},
};
vm.runInNewContext(input.script, { self, URL });
(async () => {
  for (const text of input.pushes) {
    let done;
    const data = text === null ? null : { json: () => JSON.parse(text) };
    handlers.push({ data, waitUntil: (promise) => { done = promise; } });
    await done;
  }
  for (const one of shown) {
    let done;
    handlers.notificationclick({ notification: { ...one, close: () => {} }, waitUntil: (p) => { done = p; } });
    await done;
  }
  console.log(JSON.stringify({ shown, opened }));
})();
"""


@pytest.mark.skipif(shutil.which("node") is None, reason="the worker is run by Node")
def test_worker_adds_up_what_is_shown_and_opens_only_the_site(client: Client) -> None:
    pushes = [
        json.dumps({"id": "n1", "count": 2, "url": "/en/notifications/"}),
        json.dumps({"id": "n1", "count": 2, "url": "/en/notifications/"}),  # arrived twice
        json.dumps({"id": "n2", "count": 1, "url": "https://evil.example/"}),
        "no json",
        None,
    ]
    script = client.get("/push-worker.js?language=en").content.decode()

    done = subprocess.run(
        ["node", "-e", RUN],
        input=json.dumps({"script": script, "pushes": pushes}),
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )

    result = json.loads(done.stdout)
    assert [one["body"] for one in result["shown"]] == [
        "You have news on the site: 2.",
        "You have news on the site: 2.",
        "You have news on the site: 3.",
        "You have news on the site: 3.",
        "You have news on the site: 3.",
    ]
    assert {(one["title"], one["tag"], one["lang"]) for one in result["shown"]} == {
        ("Central Asian League of Lawyers", "league-news", "en")
    }
    assert set(result["opened"]) == {"https://league.example.org/en/notifications/"}


# What a push service answers


class PushService(ThreadingHTTPServer):
    """A push service on loopback that answers as its path says: /201/…, /410/…, /never/…, /drip/…, /moved/…"""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.requests: list[tuple[str, dict[str, str], bytes]] = []
        self.over = threading.Event()

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/{path}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Keep quiet about clients that hang up: they are meant to."""


class Handler(BaseHTTPRequestHandler):
    server: PushService

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.requests.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
        what = self.path.split("/")[1]
        if what == "never":
            self.server.over.wait(10)
            return
        if what == "drip":
            self.wfile.write(b"HTTP/1.1 201 Created\r\nX-Long: ")
            while not self.server.over.wait(0.05):
                self.wfile.write(b"x")
            return
        if what == "gone":
            return
        self.send_response(307 if what == "moved" else int(what))
        if what == "moved":
            self.send_header("Location", "/201/after-a-redirect")
        self.send_header("Content-Length", "1000000")  # never sent: an answer is its head
        self.end_headers()

    def log_message(self, *arguments: Any) -> None:
        """Keep quiet."""


@pytest.fixture
def service(settings: Settings) -> Iterator[PushService]:
    settings.DEBUG = True  # loopback is reached only so
    server = PushService()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield server
    server.over.set()
    server.shutdown()
    server.server_close()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same order of time-outs as in earnest, in a fraction of the time."""
    monkeypatch.setattr(push, "TIMEOUT", 0.3)
    monkeypatch.setattr(push, "LONGEST", 0.6)


def parcel_for(user: User) -> push.Parcel:
    return push.Parcel(user.pk, json.dumps({"id": "n1", "count": 2, "url": "/notifications/"}), "n1")


def send_to(service: PushService, user: User, *answers: str) -> Outcome:
    for number, answer in enumerate(answers):
        Browser(service.url(f"{answer}/{number}")).store(user)
    return push.send(parcel_for(user))


@pytest.mark.parametrize(
    ("answer", "result", "code", "stays"),
    [
        ("201", Result.SENT, "201", True),
        ("200", Result.SENT, "201", True),
        ("404", Result.NO_ADDRESS, "404", False),
        ("410", Result.NO_ADDRESS, "410", False),
        ("429", Result.TEMPORARY, "429", True),
        ("500", Result.TEMPORARY, "500", True),
        ("503", Result.TEMPORARY, "503", True),
        ("400", Result.PERMANENT, "400", True),
        ("403", Result.PERMANENT, "403", True),
        ("moved", Result.PERMANENT, "307", True),
        ("gone", Result.AMBIGUOUS, "ConnectionError", True),
    ],
)
def test_answer_of_a_push_service(
    service: PushService, person: User, answer: str, result: Result, code: str, stays: bool
) -> None:
    assert send_to(service, person, answer) == Outcome(result, code)

    assert PushSubscription.objects.exists() is stays
    assert len(service.requests) == 1  # no redirect followed, nothing tried twice
    assert (PushSubscription.objects.filter(used_at=None).exists() is False) == (
        result in {Result.SENT, Result.NO_ADDRESS}
    )


@pytest.mark.parametrize("answer", ["never", "drip"])
def test_service_that_never_finishes_its_answer_is_left(
    service: PushService, impatient: None, person: User, answer: str
) -> None:
    start = time.monotonic()

    outcome = send_to(service, person, answer)

    assert outcome == Outcome(Result.AMBIGUOUS, "timeout")
    assert time.monotonic() - start < 3
    assert PushSubscription.objects.exists()


def test_all_time_outs_together_are_below_the_lease() -> None:
    connecting = push.MOST_ADDRESSES * push.CONNECT_TIMEOUT
    longest_one = connecting + max(push.LONGEST, push.TIMEOUT)

    assert push.TIMEOUT < push.LONGEST
    assert push.BUDGET + longest_one < delivery.LEASE.total_seconds()


def test_no_further_browser_is_tried_when_the_time_is_over(
    service: PushService, person: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(push, "BUDGET", -1)

    assert send_to(service, person, "201", "201") == Outcome(Result.TEMPORARY, "late")
    assert service.requests == []


def test_port_that_nobody_listens_on_is_tried_again(service: PushService, person: User) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    Browser(f"http://127.0.0.1:{port}/x").store(person)

    assert push.send(parcel_for(person)).result == Result.TEMPORARY


@pytest.mark.parametrize(
    ("answers", "result"),
    [
        (("410", "201"), Result.SENT),
        (("500", "201"), Result.SENT),
        (("410", "429"), Result.TEMPORARY),
        (("400", "410"), Result.PERMANENT),
        (("404", "410"), Result.NO_ADDRESS),
    ],
)
def test_one_success_is_a_success(service: PushService, person: User, answers: tuple[str, ...], result: Result) -> None:
    assert send_to(service, person, *answers).result == result

    gone = [answer for answer in answers if answer in {"404", "410"}]
    assert PushSubscription.objects.count() == len(answers) - len(gone)


def test_push_is_signed_encrypted_and_says_only_how_many(
    service: PushService, person: User, keys: dict[str, str]
) -> None:
    browser = Browser(service.url("201/x"))
    browser.store(person)
    tell(person, kind=PUSHED)
    tell(person, kind=PUSHED)

    pump()

    ((_path, headers, body),) = service.requests
    message = Message.objects.get(channel=Channel.PUSH)
    assert browser.read(body) == {"id": f"n{message.pk}", "count": 2, "url": "/en/notifications/"}
    assert (headers["topic"], headers["ttl"], headers["content-encoding"]) == (f"n{message.pk}", "14400", "aes128gcm")
    assert re.fullmatch(rf"vapid t=[\w.-]+,k={keys['VAPID_PUBLIC_KEY']}", headers["authorization"].replace(" k=", "k="))
    assert b"Aigul" not in body
    assert "cookie" not in headers
    assert message.state == MessageState.SENT
    assert set(Delivery.objects.filter(channel=Channel.PUSH).values_list("verdict", flat=True)) == {Verdict.SENT}


@pytest.mark.parametrize("name", ["Sealed Aigul", "Discreet Aigul", "Aigul"])
def test_payload_is_the_same_under_every_floor(service: PushService, person: User, name: str) -> None:
    User.objects.filter(pk=person.pk).update(name_native=name)
    browser = Browser(service.url("201/x"))
    browser.store(person)
    tell(person, kind=PUSHED)

    pump()

    ((_path, _headers, body),) = service.requests
    assert {**browser.read(body), "id": ""} == {"id": "", "count": 1, "url": "/en/notifications/"}
    assert Floor.BARE < Floor.FULL


@pytest.mark.parametrize(
    ("answer", "state", "verdict"),
    [
        ("429", MessageState.RETRY, Verdict.WAITING),
        ("500", MessageState.RETRY, Verdict.WAITING),
        ("410", MessageState.SUPPRESSED, Verdict.NO_ADDRESS),
        ("403", MessageState.FAILED, Verdict.REFUSED),
    ],
)
def test_outbox_ends_or_tries_again_as_the_answer_says(
    service: PushService, person: User, answer: str, state: MessageState, verdict: Verdict
) -> None:
    Browser(service.url(f"{answer}/x")).store(person)
    tell(person, kind=PUSHED)
    services.sweep()
    Message.objects.update(due_at=timezone.now())

    services.deliver_due()

    message = Message.objects.get(channel=Channel.PUSH)
    assert message.state == state
    assert Delivery.objects.get(channel=Channel.PUSH).verdict == verdict
    assert Attempt.objects.get().code == answer
    if state == MessageState.RETRY:
        assert message.due_at > timezone.now()


def test_person_without_a_browser_has_a_reason(person: User) -> None:
    tell(person, kind=PUSHED)

    pump()

    assert Delivery.objects.get(channel=Channel.PUSH).verdict == Verdict.NO_ADDRESS


# Where a name leads


def test_private_address_is_not_connected_to(service: PushService, settings: Settings, person: User) -> None:
    settings.DEBUG = False

    assert send_to(service, person, "201") == Outcome(Result.PERMANENT, "private")
    assert service.requests == []


@pytest.mark.parametrize(
    ("address", "result"),
    [
        ("127.0.0.1", False), ("10.1.2.3", False), ("172.31.0.1", False), ("192.168.0.1", False),
        ("169.254.169.254", False), ("100.64.0.1", False), ("0.0.0.0", False),  # noqa: S104 -- an address to be refused
        ("224.0.0.1", False),
        ("255.255.255.255", False), ("::1", False), ("fe80::1%eth0", False), ("fd00::1", False), ("ff02::1", False),
        ("::ffff:127.0.0.1", False), ("::ffff:10.0.0.1", False), ("2002:7f00:1::", False),
        ("64:ff9b::7f00:1", False), ("64:ff9b::a00:1", False),
        ("142.250.74.106", True), ("2a00:1450:400f:80c::200a", True), ("::ffff:142.250.74.106", True),
        ("64:ff9b::8efa:4a6a", True),
    ],
)  # fmt: skip
def test_public_addresses_are_told_from_private_ones(address: str, result: bool) -> None:
    assert push.is_public(address) is result


def test_name_that_leads_to_loopback_is_not_connected_to(
    service: PushService, settings: Settings, person: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DEBUG = False
    looked_up: list[str] = []

    def resolve(host: str, port: int, **_options: Any) -> list[Any]:
        looked_up.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(push.socket, "getaddrinfo", resolve)
    Browser(f"http://rebinding.example.net:{service.server_address[1]}/201/x").store(person)

    assert push.send(parcel_for(person)) == Outcome(Result.PERMANENT, "private")
    assert looked_up == ["rebinding.example.net"]
    assert service.requests == []


def test_name_that_does_not_exist_is_tried_again(person: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def resolve(*_arguments: Any, **_options: Any) -> list[Any]:
        raise socket.gaierror

    monkeypatch.setattr(push.socket, "getaddrinfo", resolve)
    Browser().store(person)

    assert push.send(parcel_for(person)) == Outcome(Result.TEMPORARY, "ConnectionError")


def test_address_that_does_not_answer_is_tried_again(
    service: PushService, person: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full queue of a listener swallows the beginning of a connection, as a firewall does."""
    monkeypatch.setattr(push, "CONNECT_TIMEOUT", 0.2)
    monkeypatch.setattr(push, "LONGEST", 0.3)
    look_up = socket.getaddrinfo

    def resolve(host: str, *arguments: Any, **options: Any) -> list[Any]:
        return look_up("127.0.0.1", *arguments, **options) * (50 if host == "slow.example.net" else 1)

    monkeypatch.setattr(push.socket, "getaddrinfo", resolve)
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _number in range(3):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        Browser(f"http://slow.example.net:{listener.getsockname()[1]}/x").store(person)
        start = time.monotonic()

        outcome = push.send(parcel_for(person))

    assert outcome == Outcome(Result.TEMPORARY, "timeout")
    assert time.monotonic() - start < 2  # of fifty addresses


def test_proxy_and_password_file_of_the_machine_are_not_used(
    service: PushService, person: User, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login a password b\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")

    assert send_to(service, person, "201").result == Result.SENT
    assert "Basic" not in service.requests[0][1]["authorization"]


def test_stored_keys_without_a_value_concern_one_browser_alone(service: PushService, person: User) -> None:
    browser = Browser(service.url("201/short"))
    browser.keys["p256dh"] = text(b"short")
    browser.store(person)

    assert push.send(parcel_for(person)) == Outcome(Result.PERMANENT, "subscription")


def test_stored_keys_that_are_no_keys_concern_one_browser_alone(service: PushService, person: User) -> None:
    broken = Browser(service.url("201/broken"))
    broken.keys["p256dh"] = text(b"\x04" + b"\xff" * 64)
    broken.store(person)

    assert push.send(parcel_for(person)) == Outcome(Result.PERMANENT, "subscription")
    assert send_to(service, person, "201").result == Result.SENT
