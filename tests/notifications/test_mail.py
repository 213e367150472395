"""What a letter is made of: headers, both parts, language, and how much of a thing it may say."""

import datetime as dt
import email
import email.policy
import re
from collections.abc import Callable
from email.message import EmailMessage

import pytest
from bs4 import BeautifulSoup
from django.core import mail
from django.db import transaction
from django.test import Client
from django.utils import timezone, translation
from pytest_django import Settings

from accounts.models import User
from notifications import services
from notifications.channels.mail import message_id
from notifications.choices import Channel, DigestFrequency, Floor, MessageState, Mode
from notifications.models import Message, Reader
from notifications.notifications import ACCOUNT_LETTER, SECURITY
from tests.factories.accounts import UserFactory
from tests.factories.notifications import never_quiet, pump, tell
from tests.notifications.kinds import DIGESTED, LOCKED, TEST_KIND, kind

pytestmark = pytest.mark.django_db

SITE = "https://league.example.org"
OTHER_KIND = kind("tests.other", label="Other", reason="You get this because of something else.", action="Open other")
OTHER_DIGESTED = kind("tests.digested_other", group="Other group", modes={Channel.MAIL: Mode.DIGEST})


@pytest.fixture(autouse=True)
def address_of_the_site(settings: Settings) -> None:
    settings.WAGTAILADMIN_BASE_URL = SITE


@pytest.fixture
def person() -> User:
    person = UserFactory(name_native="Aigul", email="aigul@example.org", language="en")
    never_quiet(person)
    return person


@pytest.fixture
def actor() -> User:
    return UserFactory(name_native="Bolat Actor", email="bolat@example.org")


def on_the_wire() -> list[EmailMessage]:
    """Return the letters as a mail program parses what the SMTP backend sends."""
    raw = [letter.message().as_bytes(linesep="\r\n") for letter in mail.outbox]
    letters = [email.message_from_bytes(data, policy=email.policy.SMTP) for data in raw]
    assert all(isinstance(letter, EmailMessage) for letter in letters)
    return letters  # type: ignore[return-value]  # the policy makes this class


def letter_to(person: User, **facts: object) -> EmailMessage:
    mail.outbox.clear()
    tell(person, **facts)  # type: ignore[arg-type]  # passed through
    pump()
    (letter,) = on_the_wire()
    return letter


def digest_to(person: User) -> EmailMessage:
    """Let the digest of a person be due now."""
    mail.outbox.clear()
    services.sweep()
    Reader.objects.filter(user=person).update(digest_due_at=timezone.now())
    pump()
    (letter,) = on_the_wire()
    return letter


def link_of(letter: EmailMessage) -> str:
    """Return the link of the header; a long header may begin on its second line."""
    match = re.fullmatch(r"\s*<(https://[^<>\s]+)>", letter["List-Unsubscribe"])
    assert match, letter["List-Unsubscribe"]
    return match[1]


def text_of(letter: EmailMessage) -> str:
    part = letter.get_body(("plain",))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def html_of(letter: EmailMessage) -> BeautifulSoup:
    part = letter.get_body(("html",))
    assert part is not None
    return BeautifulSoup(part.get_content(), "html.parser")


def assert_nothing_is_tracked(letter: EmailMessage) -> None:
    """No picture, nothing that a mail program would load, and every link is a plain page of the site."""
    page = html_of(letter)
    assert page.select("img, picture, link, script, iframe, object, embed, video, audio, form, [background]") == []
    assert not re.search(r"url\(|@import|@font-face|src=", str(page))
    addresses = [link["href"] for link in page.select("a")] + re.findall(r"https?://\S+", text_of(letter))
    assert addresses
    for address in addresses:
        assert str(address).startswith(f"{SITE}/"), address
        assert not {"?", "#", "@"} & set(str(address)), address


def test_headers_of_a_letter(person: User) -> None:
    letter = letter_to(person)

    message = Message.objects.get()
    assert letter["Message-ID"] == message_id(message)
    assert re.fullmatch(rf"<n{message.pk}\.\d+@league\.example\.org>", letter["Message-ID"])
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter["X-Auto-Response-Suppress"] == "All"
    assert letter["To"] == "aigul@example.org"
    assert letter["Date"].datetime == message.created_at.replace(microsecond=0)
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert re.fullmatch(rf"{SITE}/en/notifications/unsubscribe/[\w:-]+/", link_of(letter))
    for name in ("Message-ID", "Date", "Subject", "To", "From", "List-Unsubscribe", "List-Unsubscribe-Post"):
        assert len(letter.get_all(name, [])) == 1
    for name in ("Cc", "Bcc", "Disposition-Notification-To", "Return-Receipt-To", "References"):
        assert name not in letter


def test_another_try_is_the_same_letter(person: User) -> None:
    first = letter_to(person)
    Message.objects.update(state=MessageState.RETRY, due_at=timezone.now(), sent_at=None)
    Message.objects.get().deliveries.update(verdict="waiting")
    mail.outbox.clear()

    services.deliver_due()

    (second,) = on_the_wire()
    assert (second["Message-ID"], second["Date"]) == (first["Message-ID"], first["Date"])
    assert text_of(second) == text_of(first)


def test_two_letters_have_two_message_ids(person: User) -> None:
    assert letter_to(person)["Message-ID"] != letter_to(person)["Message-ID"]


def test_both_parts_say_the_same(person: User, actor: User) -> None:
    letter = letter_to(person, actor=actor)

    text, page = text_of(letter), html_of(letter)
    assert letter.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in letter.iter_parts()] == ["text/plain", "text/html"]
    assert letter["Subject"] == "Bolat Actor wrote about Aigul (1)"
    assert page.select_one("h1").get_text() == letter["Subject"]
    for words in (letter["Subject"], "Paragraph about Aigul", "Open it", "You get this because it is a test."):
        assert words in text
        assert words in page.get_text()
    addresses = {str(link["href"]) for link in page.select("a")}
    assert addresses == set(re.findall(r"https?://\S+", text))
    assert f"{SITE}/people/{person.pk}/" in addresses
    assert f"{SITE}/en/notifications/settings/" in addresses
    assert link_of(letter) in addresses


def test_html_part_is_a_page_of_its_own(person: User) -> None:
    page = html_of(letter_to(person))

    assert page.html["lang"] == "en"
    assert page.title.get_text() == page.select_one("h1").get_text()
    assert all(table.get("role") == "presentation" for table in page.select("table"))
    assert "&lt;" not in str(page)


def test_what_people_write_is_escaped(person: User) -> None:
    subject = UserFactory(name_native="<script>alert(1)</script> & “co”")

    letter = letter_to(person, subject=subject)

    assert html_of(letter).select("script") == []
    assert "<script>alert(1)</script> & “co”" in text_of(letter)


def test_line_break_in_a_title_makes_no_header(person: User) -> None:
    subject = UserFactory(name_native="Case\r\nBcc: thief@example.org")

    letter = letter_to(person, subject=subject)

    assert letter["Bcc"] is None
    assert "Case Bcc: thief@example.org" in letter["Subject"]
    assert mail.outbox[0].recipients() == ["aigul@example.org"]


@pytest.mark.parametrize("name", ["Aigul", "Discreet Aigul", "Sealed Aigul"])
def test_letter_is_not_tracked(person: User, name: str) -> None:
    assert_nothing_is_tracked(letter_to(person, subject=UserFactory(name_native=name)))


def test_letter_collects_events_in_one_line(person: User, actor: User) -> None:
    tell(person, actor=actor)
    tell(person, actor=actor)

    letter = letter_to(person, actor=actor)

    assert letter["Subject"] == "Bolat Actor wrote about Aigul (3)"


# Languages


@pytest.mark.parametrize("language", ["en", "ru"])
def test_letter_is_in_the_language_of_the_person(person: User, language: str) -> None:
    User.objects.filter(pk=person.pk).update(language=language)

    letter = letter_to(person)

    with translation.override(language):
        own_words = [str(translation.gettext(words)) for words in ("Central Asian League of Lawyers",)]
    text, page = text_of(letter), html_of(letter)
    prefix = "" if language == "ru" else "/en"
    assert page.html["lang"] == language
    assert f"{SITE}{prefix}/notifications/settings/" in text
    assert all(words in text and words in page.get_text() for words in own_words)
    assert link_of(letter).startswith(f"{SITE}{prefix}/notifications/unsubscribe/")


def test_russian_letter_survives_the_wire(person: User) -> None:
    subject = UserFactory(name_native="Айгүл Нұрпейісова, адвокат коллегии, дело о назначении наказания")

    letter = letter_to(person, subject=subject)

    assert letter["Subject"].strip() == f"News about {subject.name_native} (1)"
    assert f"Paragraph about {subject.name_native}" in text_of(letter)
    assert subject.name_native in html_of(letter).get_text()
    raw = mail.outbox[0].message().as_bytes(linesep="\r\n")
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998  # RFC 5322, 2.1.1


# Floors


def floors(person: User) -> dict[str, EmailMessage]:
    """Return letters about three people, by the first word of their name, written by the same actor."""
    actor = UserFactory(name_native="Bolat Actor")
    return {
        word: letter_to(person, subject=UserFactory(name_native=f"{word} Canary"), actor=actor)
        for word in ("Open", "Discreet", "Sealed")
    }


def test_floor_of_the_subject_decides_what_a_letter_says(person: User) -> None:
    letters = floors(person)

    said = {
        word: (
            "Canary" in letter["Subject"],
            "Bolat" in letter.as_string() or "Bolat" in text_of(letter),
            "Paragraph about" in text_of(letter),
        )
        for word, letter in letters.items()
    }
    assert said == {"Open": (True, True, True), "Discreet": (True, False, False), "Sealed": (False, False, False)}


def test_sealed_letter_says_nothing_of_the_thing_anywhere(person: User) -> None:
    subject = UserFactory(name_native="Sealed Canary")

    letter = letter_to(person, subject=subject)

    whole = letter.as_string() + text_of(letter) + str(html_of(letter)) + letter["Subject"]
    for word in ("Sealed", "Canary", f"/people/{subject.pk}/", TEST_KIND.name, str(TEST_KIND.label), "it is a test"):
        assert word not in whole
    assert f"{SITE}/en/notifications/" in text_of(letter)


def test_all_bare_letters_are_the_same_letter(person: User) -> None:
    first = letter_to(person, subject=UserFactory(name_native="Sealed One"))
    second = letter_to(person, kind=OTHER_KIND, subject=UserFactory(name_native="Sealed Two"))

    def said(letter: EmailMessage) -> list[str]:
        link = link_of(letter)
        whole = [letter["Subject"], text_of(letter), str(html_of(letter))]
        return [words.replace(link, "LINK") for words in whole]

    assert said(first) == said(second)


@pytest.mark.parametrize(
    ("site", "own", "says"),
    [
        (Floor.FULL, Floor.FULL, ("Aigul", "Paragraph")),
        (Floor.TITLE, Floor.FULL, ("Aigul", "")),
        (Floor.FULL, Floor.TITLE, ("Aigul", "")),
        (Floor.BARE, Floor.FULL, ("", "")),
        (Floor.FULL, Floor.BARE, ("", "")),
        (Floor.TITLE, Floor.BARE, ("", "")),
    ],
)
def test_lowest_of_all_floors_decides(
    person: User, settings: Settings, site: Floor, own: Floor, says: tuple[str, str]
) -> None:
    settings.NOTIFICATIONS_FLOOR = int(site)
    Reader.objects.filter(user=person).update(mail_floor=own)

    letter = letter_to(person)

    text = text_of(letter)
    assert tuple(word if word in text else "" for word in ("Aigul", "Paragraph")) == says


# Digests


def test_digest_groups_its_lines(person: User) -> None:
    subjects = [UserFactory(name_native=f"Subject{number}") for number in range(3)]
    for subject in subjects:
        tell(person, kind=DIGESTED, subject=subject)
    tell(person, kind=DIGESTED, subject=subjects[0])
    tell(person, kind=OTHER_DIGESTED, subject=subjects[1])

    letter = digest_to(person)

    page, text = html_of(letter), text_of(letter)
    assert letter["Subject"] == "Your digest: 5 pieces of news"
    assert [heading.get_text() for heading in page.select("h2")] == ["Tests", "Other group"]
    lines = [
        "News about Subject0 (2)",
        "News about Subject1 (1)",
        "News about Subject2 (1)",
        "News about Subject1 (1)",
    ]
    entries = page.select("a[href*='/people/']")
    assert [entry.get_text() for entry in entries] == lines
    assert re.findall(r"^- (.*)$", text, re.MULTILINE) == lines
    assert entries[0]["href"] == f"{SITE}/people/{subjects[0].pk}/"
    assert_nothing_is_tracked(letter)


def test_digest_counts_what_is_sealed_and_does_not_name_it(person: User) -> None:
    tell(person, kind=DIGESTED, subject=UserFactory(name_native="Sealed Canary"))
    tell(person, kind=DIGESTED, subject=UserFactory(name_native="Open Subject"))

    letter = digest_to(person)

    for part in (text_of(letter), html_of(letter).get_text()):
        assert "1 piece of confidential news" in part
        assert "Open Subject" in part
        assert "Canary" not in part


def test_digest_has_a_link_that_turns_off_digests(person: User) -> None:
    tell(person, kind=DIGESTED)
    letter = digest_to(person)

    path = link_of(letter).removeprefix(SITE)
    response = Client().post(path, {"List-Unsubscribe": "One-Click"})

    assert response.status_code == 200
    assert Reader.objects.get(user=person).digest == DigestFrequency.OFF
    assert "No more digests" in text_of(letter)


# Letters that cannot be turned off


def security_letter(person: User) -> EmailMessage:
    """Send one of allauth's letters, whose words are its own."""
    with transaction.atomic():
        data = {"letter": "account/email/password_changed", "to": person.email, "at": timezone.now().isoformat()}
        services.notify(SECURITY, subject_id=person.pk, key="test", recipients=[person.pk], data=data)
    pump()
    (letter,) = on_the_wire()
    return letter


@pytest.mark.parametrize("make", [lambda person: letter_to(person, kind=LOCKED), security_letter])
def test_locked_letter_has_no_link_to_turn_it_off(person: User, make: Callable[[User], EmailMessage]) -> None:
    letter = make(person)

    assert "List-Unsubscribe" not in letter
    assert "List-Unsubscribe-Post" not in letter
    assert "unsubscribe" not in text_of(letter)
    assert "unsubscribe" not in str(html_of(letter))
    assert f"{SITE}/en/notifications/settings/" in str(html_of(letter))


def test_letters_that_one_asks_for_are_locked() -> None:
    assert Channel.MAIL in ACCOUNT_LETTER.locked
    assert dt.timedelta(0) == ACCOUNT_LETTER.window
