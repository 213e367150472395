"""No more letters, by a link in a letter. The client here is written from RFC 8058, not from our view."""

import email
import email.policy
import re
from dataclasses import dataclass
from email.message import EmailMessage
from urllib.parse import urlsplit

import pytest
from bs4 import BeautifulSoup
from django.core import mail
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from notifications import services, tokens
from notifications.choices import Channel, DigestFrequency, Mode, Verdict
from notifications.models import Delivery, Preference, Reader
from notifications.services import unsubscribing
from tests.factories.accounts import UserFactory
from tests.factories.notifications import never_quiet, pump, tell
from tests.notifications.kinds import DIGESTED, LOCKED, SITE_ONLY, TEST_KIND

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def address_of_the_site(settings: Settings) -> None:
    settings.WAGTAILADMIN_BASE_URL = "https://testserver"


@pytest.fixture
def person() -> User:
    person = UserFactory(name_native="Aigul Secret", email="aigul.secret@example.org", language="en")
    never_quiet(person)
    return person


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    cookies: list[str]
    text: str


class MailProgram:
    """A receiver as RFC 8058, section 3.2, describes it: HTTPS, POST, no cookie, no redirect followed."""

    def __init__(self, raw: bytes) -> None:
        letter = email.message_from_bytes(raw, policy=email.policy.SMTP)
        assert isinstance(letter, EmailMessage)
        # Section 3.1: both headers, one of them with at least one HTTPS URI, the other exactly so.
        assert len(letter.get_all("List-Unsubscribe", [])) == 1
        assert letter.get_all("List-Unsubscribe-Post") == ["List-Unsubscribe=One-Click"]
        uris = re.findall(r"<([^>]*)>", letter["List-Unsubscribe"])
        (self.uri,) = [uri for uri in uris if urlsplit(uri).scheme == "https"]

    def unsubscribe(self, *, multipart: bool = False) -> Answer:
        client = Client(enforce_csrf_checks=True)  # a fresh one has no cookie
        body, content_type = b"List-Unsubscribe=One-Click", "application/x-www-form-urlencoded"
        if multipart:
            content_type = "multipart/form-data; boundary=---FormBoundaryjWmhtjORrn"
            body = (
                b"-----FormBoundaryjWmhtjORrn\r\n"
                b'Content-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n'
                b"-----FormBoundaryjWmhtjORrn--\r\n"
            )
        response = client.post(urlsplit(self.uri).path, data=body, content_type=content_type, secure=True)
        return Answer(response.status_code, dict(response.headers), list(response.cookies), response.content.decode())


def letter_to(person: User, **facts: object) -> bytes:
    """Send a letter through the whole of the outbox and return it as it goes over the wire."""
    mail.outbox.clear()
    tell(person, **facts)  # type: ignore[arg-type]  # passed through
    pump()
    (letter,) = mail.outbox
    return letter.message().as_bytes(linesep="\r\n")  # as the SMTP backend does


def mode(person: User) -> str:
    return services.matrix(person)[TEST_KIND.name, Channel.MAIL]


def path_of(person: User, kind: str = TEST_KIND.name) -> str:
    return tokens.unsubscribe_path(person, kind)


@pytest.mark.parametrize("multipart", [False, True])
def test_one_click_turns_off_without_cookie_token_or_redirect(person: User, multipart: bool) -> None:
    program = MailProgram(letter_to(person))

    first, second = program.unsubscribe(multipart=multipart), program.unsubscribe(multipart=multipart)

    assert (first.status, second.status) == (200, 200)
    assert "Location" not in first.headers
    assert first.cookies == second.cookies == []
    assert mode(person) == Mode.OFF
    assert Preference.objects.count() == 1
    mail.outbox.clear()
    tell(person)
    pump()
    assert mail.outbox == []
    assert Delivery.objects.filter(verdict=Verdict.OFF, channel=Channel.MAIL).count() == 1


def test_letter_that_waits_is_not_sent_after_one_click(person: User) -> None:
    program = MailProgram(letter_to(person))
    tell(person)
    services.sweep()
    mail.outbox.clear()

    program.unsubscribe()
    pump()

    assert mail.outbox == []


@pytest.mark.parametrize("method", ["get", "head"])
def test_looking_at_the_link_changes_nothing(person: User, method: str) -> None:
    response = getattr(Client(), method)(path_of(person))

    assert response.status_code == 200
    assert mode(person) == Mode.INSTANT
    assert not Preference.objects.exists()


def test_page_has_one_form_that_is_what_a_mail_program_sends(person: User) -> None:
    client = Client(enforce_csrf_checks=True)

    page = BeautifulSoup(client.get(path_of(person)).content, "html.parser")
    (form,) = page.select("form")
    (button,) = form.select("button")
    answer = client.post(path_of(person), {button["name"]: button["value"]})

    assert (form["method"], button["name"], button["value"]) == ("post", "List-Unsubscribe", "One-Click")
    assert answer.status_code == 200
    assert mode(person) == Mode.OFF


@pytest.mark.parametrize("before", [Mode.INSTANT, Mode.DIGEST])
def test_undo_returns_to_what_there_was(person: User, before: Mode) -> None:
    services.save_preferences(person, {(TEST_KIND.name, Channel.MAIL.value): before.value})
    client = Client(enforce_csrf_checks=True)

    page = BeautifulSoup(client.post(path_of(person), {"List-Unsubscribe": "One-Click"}).content, "html.parser")
    button = page.select_one("form button")
    assert button is not None
    answer = client.post(path_of(person), {button["name"]: button["value"]})

    assert answer.status_code == 200
    assert mode(person) == before


def test_undo_with_an_invented_mode_returns_to_the_default(person: User) -> None:
    client = Client()
    client.post(path_of(person), {"List-Unsubscribe": "One-Click"})

    client.post(path_of(person), {"undo": "everything"})

    assert mode(person) == Mode.INSTANT


def test_kind_that_is_off_by_default_can_be_undone(person: User) -> None:
    services.save_preferences(person, {(TEST_KIND.name, Channel.MAIL.value): Mode.OFF.value})

    page = BeautifulSoup(Client().get(path_of(person)).content, "html.parser")
    button = page.select_one("form button")

    assert button is not None
    assert button["name"] == "undo"
    Client().post(path_of(person), {"undo": button["value"]})
    assert mode(person) == Mode.INSTANT


def test_page_of_a_digest_turns_the_digest_off_and_on(person: User) -> None:
    Reader.objects.update_or_create(user=person, defaults={"digest": DigestFrequency.DAILY})
    tell(person, kind=DIGESTED)
    services.sweep()
    assert Reader.objects.get(user=person).digest_due_at is not None
    client, path = Client(enforce_csrf_checks=True), path_of(person, "")

    assert client.get(path).status_code == 200
    page = BeautifulSoup(client.post(path, {"List-Unsubscribe": "One-Click"}).content, "html.parser")

    reader = Reader.objects.get(user=person)
    assert (reader.digest, reader.digest_due_at) == (DigestFrequency.OFF, None)
    assert set(Delivery.objects.values_list("verdict", flat=True)) == {Verdict.OFF}
    button = page.select_one("form button")
    assert button is not None
    client.post(path, {"undo": button["value"]})
    assert Reader.objects.get(user=person).digest == DigestFrequency.DAILY


def test_digest_of_one_who_never_chose_can_be_turned_off_twice(person: User) -> None:
    Reader.objects.all().delete()

    for _time in range(2):
        assert Client().post(path_of(person, ""), {"List-Unsubscribe": "One-Click"}).status_code == 200

    assert Reader.objects.get(user=person).digest == DigestFrequency.OFF
    Client().post(path_of(person, ""), {"undo": ""})
    assert Reader.objects.get(user=person).digest == DigestFrequency.WEEKLY


@pytest.mark.parametrize("data", [{"List-Unsubscribe": "One-Click"}, {"undo": "off"}])
def test_locked_kind_stays_on_and_says_so(person: User, data: dict[str, str]) -> None:
    path = tokens.unsubscribe_path(person, LOCKED.name)

    for answer in (Client().get(f"/en{path}"), Client().post(f"/en{path}", data)):
        page = BeautifulSoup(answer.content, "html.parser")
        assert answer.status_code == 200
        assert page.select_one("main h1").get_text() == "These letters cannot be turned off"
        assert page.select("form") == []
    assert not Preference.objects.exists()


def test_services_refuse_locked_letters(person: User) -> None:
    for kind in (LOCKED, SITE_ONLY):
        with pytest.raises(services.LockedChannel):
            unsubscribing.turn_letters_off(person, kind.name, at=timezone.now())
        with pytest.raises(services.LockedChannel):
            unsubscribing.turn_letters_on(person, kind.name, before="")


def bad_tokens(person: User) -> list[str]:
    good = path_of(person).split("/")[-2]
    return ["x", good[:-1], good + "A", f"{good}:{good}", good.replace(":", "."), "a" * 5000]


def test_forged_token_is_a_page_that_says_how_to_go_on(person: User) -> None:
    for token in bad_tokens(person):
        path = f"/en/notifications/unsubscribe/{token}/"
        for answer in (Client().get(path), Client().post(path, {"List-Unsubscribe": "One-Click"})):
            page = BeautifulSoup(answer.content, "html.parser")
            assert answer.status_code == 404
            assert page.select_one("main a[href='/en/notifications/settings/']") is not None
    assert not Preference.objects.exists()


@pytest.mark.parametrize("case", ["kind", "channel", "closed", "deleted"])
def test_stale_token_is_the_same_page(person: User, case: str) -> None:
    path = path_of(person, {"kind": "tests.gone", "channel": SITE_ONLY.name}.get(case, TEST_KIND.name))
    if case == "closed":
        User.objects.filter(pk=person.pk).update(is_active=False)
    if case == "deleted":
        person.delete()

    answer = Client().post(path, {"List-Unsubscribe": "One-Click"})

    assert answer.status_code == 404
    assert not Preference.objects.exists()


@pytest.mark.parametrize("data", [{}, {"List-Unsubscribe": "no"}, {"list-unsubscribe": "One-Click"}])
def test_post_of_anything_else_asks_again_and_changes_nothing(person: User, data: dict[str, str]) -> None:
    answer = Client().post(path_of(person), data)

    assert answer.status_code == 400
    assert mode(person) == Mode.INSTANT


def test_pages_do_not_say_who_the_person_is_nor_who_is_signed_in(person: User) -> None:
    other = UserFactory(name_native="Bolat Other", email="bolat.other@example.org", language="en")
    client = Client()
    client.force_login(other)
    client.get("/account/")
    steps = [{}, {"List-Unsubscribe": "One-Click"}, {"undo": "instant"}]

    for kind in (TEST_KIND.name, "", LOCKED.name):
        for data in steps:
            answer = client.post(path_of(person, kind), data) if data else client.get(path_of(person, kind))
            text = answer.content.decode()
            assert not re.search(r"aigul|secret|bolat|other@|csrfmiddlewaretoken", text, re.IGNORECASE)
            assert list(answer.cookies) == []
            assert "no-store" in answer["Cache-Control"]
            assert (answer["X-Robots-Tag"], answer["Referrer-Policy"]) == ("noindex, nofollow", "no-referrer")
    assert not Preference.objects.filter(user=other).exists()


@pytest.mark.parametrize(("language", "words"), [("en", "Do you want no more"), ("ru", None)])
def test_page_speaks_the_language_of_the_letter(person: User, language: str, words: str | None) -> None:
    User.objects.filter(pk=person.pk).update(language=language)
    person.refresh_from_db()

    program = MailProgram(letter_to(person))
    answer = Client().get(urlsplit(program.uri).path, secure=True)

    assert f'lang="{language}"' in answer.content.decode()
    assert words is None or words in answer.content.decode()


def test_page_has_no_inline_script_or_style(person: User) -> None:
    answer = Client().get(path_of(person))

    page = BeautifulSoup(answer.content, "html.parser")
    assert page.select("style, [style], script:not([src])") == []
    assert "unsafe" not in answer["Content-Security-Policy"]
