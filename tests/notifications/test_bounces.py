"""Letters that came back: what counts, how much, and what the member sees of it."""

import datetime as dt
import email
import socket
import threading
from collections.abc import Iterator
from email.message import EmailMessage
from io import StringIO
from pathlib import Path

import pytest
import time_machine
from allauth.account.models import EmailAddress
from bs4 import BeautifulSoup
from django.core import mail
from django.core.management import CommandError, call_command
from django.template.loader import render_to_string
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from notifications import tokens
from notifications.choices import Verdict
from notifications.models import Bounce, Delivery, MailAddress
from notifications.services import bounces
from notifications.services.bounces import Fate, handle_letter, record_bounce
from tests.factories.accounts import UserFactory
from tests.factories.notifications import never_quiet, pump, tell
from tests.notifications.kinds import LOCKED, TEST_KIND

pytestmark = pytest.mark.django_db

MONDAY = dt.datetime(2026, 11, 23, 9, 0, tzinfo=dt.UTC)
DAY, WEEK = dt.timedelta(days=1), dt.timedelta(days=7)


@pytest.fixture
def person() -> User:
    person = UserFactory(email="aigul@example.org", name_native="Aigul", language="en")
    never_quiet(person)
    return person


def bounce(*days: float, status: str = "4.2.2", address: str = "aigul@example.org", name: str = "r") -> MailAddress:
    """Record bounces on days after MONDAY and return what is known of the address."""
    for number, day in enumerate(days):
        record_bounce(address, report_id=f"<{name}{number}>", status=status, at=MONDAY + day * DAY)
    return MailAddress.objects.get(address=address)


# The score


def test_soft_bounce_is_one_point_and_hard_one_three(person: User) -> None:
    assert bounce(0, name="soft").score == 1
    assert bounce(0.1, status="5.1.1", name="hard").score == 4


def test_same_report_counts_once(person: User) -> None:
    first = record_bounce(person.email, report_id="<r1>", status="5.1.1", at=MONDAY)
    again = record_bounce(person.email, report_id="<r1>", status="5.1.1", at=MONDAY + DAY)

    assert first is not None
    assert again is None
    entry = MailAddress.objects.get()
    assert (entry.score, entry.cooling_until, Bounce.objects.count()) == (3, None, 1)


def test_address_of_nobody_is_not_recorded(person: User) -> None:
    assert record_bounce("stranger@example.org", report_id="<r1>", status="5.1.1", at=MONDAY) is None
    assert not MailAddress.objects.exists()


def test_second_address_of_an_account_is_recorded_in_lower_case(person: User) -> None:
    EmailAddress.objects.create(user=person, email="Work@Example.org")

    assert record_bounce(" WORK@example.org", report_id="<r1>", status="5.1.1", at=MONDAY) is not None
    assert MailAddress.objects.get().address == "work@example.org"


@pytest.mark.parametrize(("days", "left"), [(6.9, 3), (7, 2), (13.9, 2), (14, 1), (21, 0), (70, 0)])
def test_each_whole_week_without_a_bounce_takes_a_point(person: User, days: float, left: int) -> None:
    bounce(0, status="5.1.1")

    assert bounces.score_of(person.email, at=MONDAY + days * DAY) == left


def test_score_of_an_address_without_bounces_is_none_at_all(person: User) -> None:
    assert bounces.score_of(person.email, at=MONDAY) == 0


def test_weeks_are_taken_off_before_the_next_bounce_counts(person: User) -> None:
    assert bounce(0, 0.1, 0.2, 15, name="r").score == 3 - 2 + 1


def test_six_points_on_one_day_are_not_enough(person: User) -> None:
    entry = bounce(*(hour / 24 for hour in range(8)))

    assert (entry.score, entry.cooling_until) == (8, None)


def test_six_points_on_two_days_cool(person: User) -> None:
    assert bounce(0, 0.1, 0.2, 0.3, 0.4, name="a").cooling_until is None

    assert bounce(1, name="b").cooling_until == MONDAY + DAY + WEEK


def test_two_hard_bounces_cool_on_the_same_day(person: User) -> None:
    entry = bounce(0, 0.1, status="5.1.1")

    assert entry.cooling_until == MONDAY + 0.1 * DAY + WEEK
    assert (entry.score, entry.coolings) == (0, 1)


def test_two_hard_bounces_a_season_apart_do_not(person: User) -> None:
    entry = bounce(0, 90, status="5.1.1")

    assert (entry.score, entry.cooling_until) == (3, None)


def test_coolings_grow_to_thirty_days(person: User) -> None:
    lengths, day = [], 0.0
    for number in range(4):
        entry = bounce(day, day + 0.1, status="5.1.1", name=f"r{number}-")
        assert entry.cooling_until is not None
        length = entry.cooling_until - (MONDAY + (day + 0.1) * DAY)
        lengths.append(length.days)
        day += length.days + 1

    assert lengths == [7, 14, 30, 30]


def test_what_returns_while_an_address_cools_is_noted_and_not_counted(person: User) -> None:
    until = bounce(0, 0.1, status="5.1.1").cooling_until

    entry = bounce(1, 2, 3, status="5.1.1", name="late")

    assert (entry.cooling_until, entry.coolings, entry.score) == (until, 1, 0)
    assert Bounce.objects.count() == 5
    assert bounce(8, status="5.1.1", name="after").cooling_until == until


# While it cools


def test_nothing_but_security_is_sent_to_an_address_that_cools(person: User) -> None:
    with time_machine.travel(MONDAY + DAY, tick=False):
        bounce(0, 0.1, status="5.1.1")

        tell(person)
        tell(person, kind=LOCKED)
        pump()

    assert len(mail.outbox) == 1
    verdicts = dict(Delivery.objects.filter(channel="mail").values_list("event__kind", "verdict"))
    assert verdicts == {TEST_KIND.name: Verdict.COOLING, LOCKED.name: Verdict.SENT}


def test_notice_shows_only_while_the_address_cools(person: User) -> None:
    until = bounce(0, 0.1, status="5.1.1").cooling_until
    assert until is not None

    cooling = bounces.cooling_of(person, MONDAY + DAY)
    text = render_to_string("notifications/_cooling.html", {"cooling": cooling})

    assert cooling is not None
    assert "aigul@example.org" in text
    assert bounces.cooling_of(person, until) is None
    assert bounces.cooling_of(UserFactory(), MONDAY + DAY) is None
    assert render_to_string("notifications/_cooling.html", {"cooling": None}).strip() == ""


def test_button_of_the_notice_lets_letters_go_again(client: Client, person: User) -> None:
    now = timezone.now()
    for number in range(2):
        record_bounce(person.email, report_id=f"<{number}>", status="5.1.1", at=now)
    notice = render_to_string("notifications/_cooling.html", {"cooling": bounces.cooling_of(person, timezone.now())})
    form = BeautifulSoup(notice, "html.parser").select_one("form")
    assert form is not None
    client.force_login(person)

    response = client.post(form["action"])

    assert response.status_code == 302
    assert bounces.cooling_of(person, timezone.now()) is None
    tell(person)
    pump()
    assert len(mail.outbox) == 1
    # What came back before counts no more, what comes back now does, and for longer.
    later = timezone.now() + DAY
    record_bounce(person.email, report_id="<a>", status="5.1.1", at=later)
    assert bounces.cooling_of(person, later) is None
    record_bounce(person.email, report_id="<b>", status="5.1.1", at=later)
    entry = bounces.cooling_of(person, later)
    assert entry is not None
    assert entry.cooling_until == later + 2 * WEEK


def test_button_is_for_oneself_signed_in_and_by_post(client: Client, person: User) -> None:
    for number in range(2):
        record_bounce(person.email, report_id=f"<{number}>", status="5.1.1", at=timezone.now())
    url = "/notifications/address/"

    assert client.post(url).status_code == 302
    client.force_login(UserFactory())
    assert client.post(url).status_code == 302
    assert client.get(url).status_code == 405
    assert bounces.cooling_of(person, timezone.now()) is not None


# Reports


def sent_letter(person: User, **facts: object) -> EmailMessage:
    """Send a letter and return it as a mailbox gets it."""
    mail.outbox.clear()
    tell(person, **facts)  # type: ignore[arg-type]  # passed through
    pump()
    (letter,) = mail.outbox
    return letter.message()  # type: ignore[return-value]  # Django's own class of letter


def report(
    letter: object,
    *,
    to: str = "aigul@example.org",
    status: str = "5.1.1",
    action: str = "failed",
    name: str = "<report1@mx.example>",
    head_only: bool = False,
    original: str = "",
    date: str = "Mon, 23 Nov 2026 09:00:00 +0000",
) -> bytes:
    """Write a report as Postfix does (RFC 3464, appendix E)."""
    source = letter.as_bytes().decode("ascii", "surrogateescape")  # type: ignore[attr-defined]  # a letter
    head = source.partition("\n\n")[0] + "\n"
    returned, kind = (head, "text/rfc822-headers") if head_only else (source, "message/rfc822")
    original_line = f"Original-Recipient: rfc822;{original}\n" if original else ""
    return (
        "Return-Path: <>\n"
        "From: MAILER-DAEMON@mx.example (Mail Delivery System)\n"
        "To: noreply@example.org\n"
        "Subject: Undelivered Mail Returned to Sender\n"
        f"Date: {date}\n"
        f"Message-ID: {name}\n"
        "Auto-Submitted: auto-replied\n"
        "MIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="B/1"\n\n'
        "--B/1\nContent-Type: text/plain\n\nI'm sorry to have to inform you.\n\n"
        "--B/1\nContent-Type: message/delivery-status\n\n"
        "Reporting-MTA: dns; mx.example\nArrival-Date: Mon, 23 Nov 2026 08:59:00 +0000\n\n"
        f"{original_line}Final-Recipient: rfc822; {to}\nAction: {action}\nStatus: {status}\n"
        "Diagnostic-Code: smtp; 550 5.1.1 <aigul@example.org>: Recipient address rejected\n\n"
        f"--B/1\nContent-Type: {kind}\n\n{returned}\n--B/1--\n"
    ).encode("ascii", "surrogateescape")


@pytest.mark.parametrize("head_only", [False, True])
@pytest.mark.parametrize(("status", "score"), [("5.1.1", 3), ("4.2.2", 1)])
def test_report_about_our_letter_counts(person: User, head_only: bool, status: str, score: int) -> None:
    raw = report(sent_letter(person), head_only=head_only, status=status)

    assert handle_letter(raw, at=MONDAY + DAY) is Fate.COUNTED
    assert handle_letter(raw, at=MONDAY + DAY) is Fate.KNOWN
    entry = MailAddress.objects.get()
    assert (entry.address, entry.score) == ("aigul@example.org", score)
    assert Bounce.objects.get().received_at == MONDAY


def test_letter_without_a_link_is_known_by_its_message_id(person: User) -> None:
    letter = sent_letter(person, kind=LOCKED)
    assert "List-Unsubscribe" not in letter

    assert handle_letter(report(letter), at=MONDAY) is Fate.COUNTED


def test_letter_is_known_by_its_link_where_a_relay_changed_its_message_id(person: User) -> None:
    letter = sent_letter(person)
    del letter["Message-ID"]
    letter["Message-ID"] = "<0100018f@relay.example>"

    assert handle_letter(report(letter), at=MONDAY) is Fate.COUNTED


@pytest.mark.parametrize("original", ["", "aigul@example.org"])
def test_forwarded_letter_counts_for_the_address_we_wrote_to(person: User, original: str) -> None:
    raw = report(sent_letter(person), to="elsewhere@forward.example", original=original)

    assert handle_letter(raw, at=MONDAY) is Fate.COUNTED
    assert MailAddress.objects.get().address == "aigul@example.org"


def test_forged_report_counts_nothing(person: User) -> None:
    other = UserFactory(email="bolat@example.org")
    letter = sent_letter(person)
    forged = EmailMessage()
    forged["To"], forged["Message-ID"] = person.email, "<n1.1@127.0.0.1>"
    tampered = EmailMessage()
    tampered["To"] = person.email
    tampered["List-Unsubscribe"] = f"<https://x.example{tokens.unsubscribe_path(person, '')[:-3]}/>"

    assert handle_letter(report(forged), at=MONDAY) is Fate.IGNORED
    assert handle_letter(report(EmailMessage(), name="<0>"), at=MONDAY) is Fate.IGNORED
    assert handle_letter(report(tampered, name="<2>"), at=MONDAY) is Fate.IGNORED
    # Our letter, and nothing that says which of the person's addresses it was.
    nowhere = email.message_from_bytes(letter.as_bytes())
    del nowhere["To"]
    assert handle_letter(report(nowhere, to="x@forward.example", name="<4>"), at=MONDAY) is Fate.IGNORED
    # Somebody returns his own letter and names another member: it counts for himself alone.
    handle_letter(report(letter, to=other.email, name="<3>"), at=MONDAY)
    assert list(MailAddress.objects.values_list("address", flat=True)) == ["aigul@example.org"]


@pytest.mark.parametrize(
    ("action", "status"), [("delayed", "4.4.1"), ("delivered", "2.0.0"), ("relayed", "2.0.0"), ("failed", "5.7.1")]
)
def test_what_is_no_refusal_of_an_address_is_ignored(person: User, action: str, status: str) -> None:
    assert handle_letter(report(sent_letter(person), action=action, status=status), at=MONDAY) is Fate.IGNORED
    assert not Bounce.objects.exists()


@pytest.mark.parametrize(
    ("date", "received"),
    [
        ("Mon, 23 Nov 2026 09:00:00", MONDAY),
        ("nonsense", MONDAY + DAY),
        ("Fri, 01 Jan 2100 00:00:00 +0000", MONDAY + DAY),
        ("Thu, 01 Jan 1970 00:00:00 +0000", MONDAY + DAY - bounces.OLDEST),
    ],
)
def test_date_of_a_report_is_believed_within_reason(person: User, date: str, received: dt.datetime) -> None:
    handle_letter(report(sent_letter(person), date=date), at=MONDAY + DAY)

    assert Bounce.objects.get().received_at == received


def test_report_without_a_message_id_counts_once(person: User) -> None:
    raw = report(sent_letter(person)).replace(b"Message-ID: <report1@mx.example>\n", b"")

    assert handle_letter(raw, at=MONDAY) is Fate.COUNTED
    assert handle_letter(raw, at=MONDAY) is Fate.KNOWN
    assert handle_letter(report(sent_letter(person), name=f"<{'x' * 400}>"), at=MONDAY) is Fate.COUNTED


def test_report_with_strange_bytes_in_its_name_counts_once(person: User) -> None:
    raw = report(sent_letter(person)).replace(b"<report1@", b"<\0\xff\xf0report1@")

    assert handle_letter(raw, at=MONDAY) is Fate.COUNTED
    assert handle_letter(raw, at=MONDAY) is Fate.KNOWN
    assert Bounce.objects.get().report_id.startswith("sha256:")


def garbage(person: User) -> dict[str, bytes]:
    good = report(sent_letter(person))
    return {
        "empty": b"",
        "zeros": b"\0" * 200,
        "no head": b"\n\nhello",
        "cut": good[: good.index(b"Final-Recipient")],
        "no status part": good.replace(b"message/delivery-status", b"text/plain"),
        "no code": good.replace(b"Status: 5.1.1", b"Status: what"),
        "strange code": good.replace(b"Status: 5.1.1", b"Status: 9.9.9"),
        "bad bytes": good.replace(b"Final-Recipient: rfc822; aigul", b"Final-Recipi\xff\xfeent: \xf0aigul"),
        "long": good + b"x" * bounces.MOST_BYTES,
    }


def test_garbage_is_unreadable_and_never_an_error(person: User) -> None:
    fates = {name: handle_letter(raw, at=MONDAY) for name, raw in garbage(person).items()}

    assert set(fates.values()) == {Fate.BROKEN}, fates
    assert not Bounce.objects.exists()


def test_half_of_every_letter_is_survived(person: User) -> None:
    good = report(sent_letter(person))

    for length in range(0, len(good), 37):
        assert isinstance(handle_letter(good[:length], at=MONDAY), Fate)
        assert isinstance(handle_letter(good[length:], at=MONDAY), Fate)


def test_ordinary_letter_is_ignored(person: User) -> None:
    raw = b"From: a@example.org\nTo: noreply@example.org\nSubject: Hello\n\nWho are you?\n"

    assert handle_letter(raw, at=MONDAY) is Fate.IGNORED


# The mailboxes


@pytest.fixture
def maildir(tmp_path: Path) -> Path:
    for name in ("new", "cur", "tmp"):
        (tmp_path / name).mkdir()
    return tmp_path


def run(*arguments: str) -> dict[str, int]:
    """Run the command and return the numbers that it prints."""
    out = StringIO()
    call_command("process_bounces", *arguments, stdout=out)
    pairs = [line.partition(":") for line in out.getvalue().splitlines()]
    return {name: int(rest.split()[0]) for name, _sign, rest in pairs}


def test_maildir_is_worked_through_and_nothing_is_lost(person: User, maildir: Path) -> None:
    letter = sent_letter(person)
    letters = {
        "new/1.a.host": report(letter),
        "new/2.b.host": report(letter),
        "new/3.c.host": b"From: a@example.org\n\nHello",
        "new/4.d.host": b"",
        "cur/5.e.host:2,F": report(letter, name="<r2>"),
        "cur/6.f.host:2,RS": report(letter, name="<r3>"),
    }
    for name, raw in letters.items():
        (maildir / name).write_bytes(raw)

    counts = run("--maildir", str(maildir))

    assert counts == {"counted": 2, "known": 1, "ignored": 1, "broken": 1}
    assert sorted(path.name for path in (maildir / "cur").iterdir()) == [
        "1.a.host:2,S", "2.b.host:2,S", "3.c.host:2,S", "5.e.host:2,FS", "6.f.host:2,RS",
    ]  # fmt: skip
    assert [path.name for path in (maildir / ".broken" / "new").iterdir()] == ["4.d.host"]
    assert list((maildir / "new").iterdir()) == []
    assert Bounce.objects.count() == 2
    assert sum(run("--maildir", str(maildir)).values()) == 0
    (maildir / "new" / "4.d.host").write_bytes(b"")
    assert run("--maildir", str(maildir))["broken"] == 1
    assert len(list((maildir / ".broken" / "new").iterdir())) == 2


def test_folder_that_is_no_maildir_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="no maildir"):
        run("--maildir", str(tmp_path))
    with pytest.raises(CommandError, match="Name a mailbox"):
        run()


class ImapServer(threading.Thread):
    """As much of RFC 3501 as the command needs, on loopback: one folder, UID SEARCH, FETCH and STORE."""

    def __init__(self, letters: list[bytes], *, dies_at: str = "") -> None:
        super().__init__(daemon=True)
        self.letters, self.dies_at = letters, dies_at
        self.flags: dict[int, str] = {}
        self.lines: list[str] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]

    def run(self) -> None:
        while True:
            try:
                connection, _address = self.listener.accept()
            except OSError:
                return
            with connection, connection.makefile("rwb") as stream:
                stream.write(b"* OK ready\r\n")
                stream.flush()
                for line in stream:
                    if not self.answer(line.decode().strip(), stream):
                        break
                    stream.flush()

    def answer(self, line: str, stream: object) -> bool:
        write = stream.write  # type: ignore[attr-defined]  # a file
        self.lines.append(line)
        tag, _space, rest = line.partition(" ")
        words = rest.split()
        command = " ".join(words[:2]).upper() if words[0].upper() == "UID" else words[0].upper()
        if command == self.dies_at:
            return False
        match command:
            case "CAPABILITY":
                write(b"* CAPABILITY IMAP4rev1\r\n")
            case "LOGIN" if words[2] != '"se cret"' and "se cret" not in rest:
                write(f"{tag} NO wrong\r\n".encode())
                return True
            case "SELECT":
                write(f"* {len(self.letters)} EXISTS\r\n".encode())
            case "UID SEARCH":
                unseen = [str(uid) for uid in range(1, len(self.letters) + 1) if uid not in self.flags]
                write(f"* SEARCH {' '.join(unseen)}\r\n".encode())
            case "UID FETCH":
                raw = self.letters[int(words[2]) - 1]
                write(f"* {words[2]} FETCH (UID {words[2]} BODY[]<0> {{{len(raw)}}}\r\n".encode() + raw + b")\r\n")
            case "UID STORE":
                self.flags[int(words[2])] = rest[rest.index("(") :]
            case "LOGOUT":
                write(f"* BYE\r\n{tag} OK\r\n".encode())
                return True
        write(f"{tag} OK done\r\n".encode())
        return True


@pytest.fixture
def imap(person: User) -> Iterator[ImapServer]:
    server = ImapServer([report(sent_letter(person)), b"", b"From: a@example.org\n\nHello"])
    server.start()
    yield server
    server.listener.close()


def test_imap_folder_is_worked_through(imap: ImapServer, settings: Settings) -> None:
    settings.BOUNCES_IMAP_URL = f"imap://us%40er:se%20cret@127.0.0.1:{imap.port}/Returned"

    counts = run()

    assert counts == {"counted": 1, "known": 0, "ignored": 1, "broken": 1}
    assert imap.flags == {1: r"(\Seen)", 2: r"(\Seen \Flagged)", 3: r"(\Seen)"}
    assert any('SELECT "Returned"' in line for line in imap.lines)
    assert sum(run("--imap", settings.BOUNCES_IMAP_URL).values()) == 0


def test_imap_server_that_dies_loses_nothing(imap: ImapServer) -> None:
    url = f"imap://user:se%20cret@127.0.0.1:{imap.port}/"
    imap.dies_at = "UID STORE"

    with pytest.raises(CommandError, match="failed after 0 letters"):
        run("--imap", url)

    imap.dies_at = ""
    assert run("--imap", url) == {"counted": 0, "known": 1, "ignored": 1, "broken": 1}
    assert Bounce.objects.count() == 1


def test_wrong_password_and_wrong_address_are_named_without_secrets(imap: ImapServer) -> None:
    with pytest.raises(CommandError, match="failed after 0 letters") as caught:
        run("--imap", f"imap://user:other-secret@127.0.0.1:{imap.port}/")
    assert "other-secret" not in str(caught.value)
    for url in ("https://example.org", "imaps:///INBOX", "imap://user:secret@mail.example.org/"):
        with pytest.raises(CommandError) as caught:
            run("--imap", url)
        assert "user:secret" not in str(caught.value)
