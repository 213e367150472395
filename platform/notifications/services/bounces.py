"""Letters that came back (RFC 3464): counted once; after some of them nothing is sent there for a while.

Anybody can write to the mailbox of returned letters. A report counts only if it returns the head of a letter that we
really sent to the person whose address it names; otherwise a stranger could silence a member.
"""

import datetime as dt
import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from email import policy
from email.errors import MessageError
from email.message import EmailMessage, MIMEPart
from email.parser import BytesParser
from email.utils import parseaddr, parsedate_to_datetime
from enum import Enum
from urllib.parse import unquote, urlsplit

from allauth.account.models import EmailAddress
from django.db import transaction

from accounts.models import User
from notifications import tokens
from notifications.models import Bounce, MailAddress, Message

HARD, SOFT = 3, 1
WEEK = dt.timedelta(days=7)
LIMIT = 6  # on at least so many different days:
LEAST_DAYS = 2
MOST_HARD = 2
COOLINGS = (dt.timedelta(days=7), dt.timedelta(days=14), dt.timedelta(days=30))

MOST_BYTES = 5_000_000
OLDEST = dt.timedelta(days=30)  # an older date of a report is not believed
STATUS = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
POLICY = "5.7."  # refused for what we are or what the letter is, not for the address
OUR_ID = re.compile(r"<n(\d{1,18})\.(\d{1,12})@[^<>\s]+>")
TOKEN = re.compile(r"<(https?://[^<>\s]+)>")


class Unreadable(ValueError):
    """Raised for a letter that says it is a report and cannot be understood."""


class Fate(Enum):
    """What became of one letter of the mailbox."""

    COUNTED = "counted"
    KNOWN = "counted before"
    IGNORED = "about no letter of ours, or no refusal of an address"
    BROKEN = "unreadable"


@dataclass(frozen=True)
class Returned:
    """One recipient of a report: who, why, and what the head of the letter that came back says of it."""

    addresses: tuple[str, ...]  # by the report's own words the original one, the final one, then that of the letter
    status: str
    message_id: str
    links: str


def handle_letter(raw: bytes, *, at: dt.datetime) -> Fate:
    """Read a letter of the mailbox of returned letters and count what it reports."""
    try:
        report = _parse(raw)
        returned = list(_read(report))
        report_id = str(report.get("Message-ID", "")).strip() or f"sha256:{hashlib.sha256(raw).hexdigest()}"
        received_at = min(max(_date_of(report, at), at - OLDEST), at)
    except (Unreadable, MessageError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return Fate.BROKEN
    fates = [_count(entry, report_id, number, received_at) for number, entry in enumerate(returned)]
    return next((fate for fate in (Fate.COUNTED, Fate.KNOWN) if fate in fates), Fate.IGNORED)


def _parse(raw: bytes) -> EmailMessage:
    if len(raw) > MOST_BYTES:
        raise Unreadable("too long")
    report = BytesParser(policy=policy.default).parsebytes(raw)
    if not isinstance(report, EmailMessage) or not report.keys():
        raise Unreadable("no head")
    return report


def _read(report: EmailMessage) -> Iterator[Returned]:
    """Yield the recipients that refused for good or after every try; a delay is no refusal. Raises Unreadable."""
    if report.get_content_type() != "multipart/report" or report.get_param("report-type") != "delivery-status":
        return
    parts = list(report.iter_parts()) if report.is_multipart() else []
    statuses = [part for part in parts if part.get_content_type() in STATUS_TYPES]
    if not statuses:
        raise Unreadable("no status")
    letter = next((head for part in parts if (head := _returned_head(part)) is not None), EmailMessage())
    blocks = [block for part in statuses for block in _blocks(part) if block.get("Final-Recipient")]
    if not blocks:
        raise Unreadable("no recipient")
    for block in blocks:
        status = STATUS.search(str(block.get("Status", "")))
        if status is None:
            raise Unreadable("no code")
        if str(block.get("Action", "")).strip().lower() != "failed" or status[0].startswith(("2.", POLICY)):
            continue
        # A forwarded letter is refused at an address that we never heard of: then the one we wrote to counts.
        named = [_address(str(block.get(name, ""))) for name in ("Original-Recipient", "Final-Recipient")]
        named.append(_address(str(letter.get("To", ""))))
        yield Returned(
            addresses=tuple(address for address in named if address),
            status=status[0],
            message_id=str(letter.get("Message-ID", "")),
            links=str(letter.get("List-Unsubscribe", "")),
        )


STATUS_TYPES = frozenset({"message/delivery-status", "message/global-delivery-status"})


def _blocks(part: MIMEPart) -> list[EmailMessage]:
    """Return the groups of fields of a status; the parser makes a message of each."""
    payload = part.get_payload()
    return [block for block in payload if isinstance(block, EmailMessage)] if isinstance(payload, list) else []


def _returned_head(part: MIMEPart) -> EmailMessage | None:
    """Return the head of the letter that came back, which a report holds whole or by its head alone."""
    kind = part.get_content_type()
    if kind in {"message/rfc822", "message/global"}:
        payload = part.get_payload()
        first = payload[0] if isinstance(payload, list) and payload else None
        return first if isinstance(first, EmailMessage) else None
    content = part.get_payload(decode=True)
    if kind in {"text/rfc822-headers", "message/global-headers"} and isinstance(content, bytes):
        head = BytesParser(policy=policy.default).parsebytes(content, headersonly=True)
        return head if isinstance(head, EmailMessage) else None
    return None


def _address(field: str) -> str:
    """Return the address of a field such as `rfc822; person@example.org`."""
    return parseaddr(field.rpartition(";")[2].strip())[1].lower()


def _date_of(report: EmailMessage, at: dt.datetime) -> dt.datetime:
    try:
        moment = parsedate_to_datetime(str(report.get("Date", "")))
    except (ValueError, TypeError, OverflowError):
        return at
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=dt.UTC)


def _count(entry: Returned, report_id: str, number: int, received_at: dt.datetime) -> Fate:
    user = _addressee(entry)
    if user is None:
        return Fate.IGNORED
    own = _addresses_of(user)
    address = next((address for address in entry.addresses if address in own), None)
    if address is None:
        return Fate.IGNORED
    name = report_id if number == 0 else f"{report_id}#{number}"
    bounce = record_bounce(address, report_id=name, status=entry.status, at=received_at)
    return Fate.KNOWN if bounce is None else Fate.COUNTED


def _addressee(entry: Returned) -> User | None:
    """Return to whom we sent a letter, by the signed link in its head or by its Message-ID; None if we did not."""
    for link in TOKEN.findall(entry.links):
        for part in urlsplit(link).path.split("/"):
            try:
                return tokens.read_unsubscribe(unquote(part))[0]
            except tokens.BadToken:
                continue
    match = OUR_ID.search(entry.message_id)
    if match is None:
        return None
    message = Message.objects.select_related("user").filter(pk=int(match[1])).first()
    return message.user if message is not None and int(message.created_at.timestamp()) == int(match[2]) else None


def _addresses_of(user: User) -> set[str]:
    more = EmailAddress.objects.filter(user=user).values_list("email", flat=True)
    return {user.email.lower(), *(address.lower() for address in more)}


@transaction.atomic
def record_bounce(address: str, *, report_id: str, status: str, at: dt.datetime) -> Bounce | None:
    """Note that a letter came back, and let its address cool if that happens too often.

    Six points on two different days (three for a refusal for good, one for any other), or two refusals for good; each
    whole week without a bounce takes a point away. Each cooling is longer than the one before, up to thirty days.
    Returns None for a report that was counted before, and for an address that belongs to no account.
    """
    address = address.strip().lower()
    if not _belongs_to_account(address):
        return None
    entry, _is_new = MailAddress.objects.get_or_create(address=address)
    entry = MailAddress.objects.select_for_update().get(pk=entry.pk)
    bounce, is_new = Bounce.objects.get_or_create(
        report_id=_short(report_id),
        defaults={"address": entry, "status": status[:12], "is_hard": status.startswith("5"), "received_at": at},
    )
    if not is_new:
        return None
    if entry.cooling_until is not None and at < entry.cooling_until:
        return bounce  # sent before it began to cool, or a letter about safety: it is known that nothing arrives
    tally = _tally(_counting(entry), at=at)
    is_over = (tally.score >= LIMIT and tally.days >= LEAST_DAYS) or tally.hard >= MOST_HARD
    if is_over:
        entry.cooling_until = at + COOLINGS[min(entry.coolings, len(COOLINGS) - 1)]
        entry.coolings += 1
    entry.score = 0 if is_over else tally.score
    entry.save()
    return bounce


def _belongs_to_account(address: str) -> bool:
    is_own = User.objects.filter(email__iexact=address).exists()
    return is_own or EmailAddress.objects.filter(email__iexact=address).exists()


def _short(report_id: str) -> str:
    """Return a name that every database can hold, whatever bytes the report had."""
    if len(report_id) <= 255 and report_id.isascii() and report_id.isprintable():
        return report_id
    return f"sha256:{hashlib.sha256(report_id.encode(errors='backslashreplace')).hexdigest()}"


def _counting(entry: MailAddress) -> Iterable[Bounce]:
    """Return what counts, in order: what came since the last cooling ended, or since the person said all is well."""
    rows = Bounce.objects.filter(address=entry).order_by("received_at", "pk")
    return rows.filter(received_at__gte=entry.cooling_until) if entry.cooling_until is not None else rows


@dataclass(frozen=True)
class Tally:
    score: int = 0
    days: int = 0
    hard: int = 0


def _tally(bounces: Iterable[Bounce], *, at: dt.datetime) -> Tally:
    """Add up bounces in their order; once the weeks have taken every point away they are forgotten."""
    score, days, hard = 0, set[dt.date](), 0
    last: dt.datetime | None = None
    for bounce in bounces:
        score = max(0, score - _weeks(last, bounce.received_at))
        if not score:
            days, hard = set(), 0
        score += HARD if bounce.is_hard else SOFT
        hard += bounce.is_hard
        days.add(bounce.received_at.astimezone(dt.UTC).date())
        last = bounce.received_at
    return Tally(max(0, score - _weeks(last, at)), len(days), hard)


def _weeks(since: dt.datetime | None, until: dt.datetime) -> int:
    return 0 if since is None else max(0, (until - since) // WEEK)


def score_of(address: str, *, at: dt.datetime) -> int:
    """Return the points of an address at a moment, with the weeks since its last bounce taken off."""
    entry = MailAddress.objects.filter(address=address.lower()).first()
    return 0 if entry is None else _tally(_counting(entry), at=at).score


def cooling_of(user: User, at: dt.datetime) -> MailAddress | None:
    """Return a person's address if nothing is sent to it at this moment; for `notifications/_cooling.html`."""
    return MailAddress.objects.filter(address=user.email.lower(), cooling_until__gt=at).first()


def clear_cooling(user: User, *, at: dt.datetime) -> bool:
    """Write to a person again who says that the address works. Returns whether it was cooling.

    What came back before no longer counts. If letters come back all the same, the next cooling is longer.
    """
    entries = MailAddress.objects.filter(address=user.email.lower(), cooling_until__gt=at)
    return bool(entries.update(cooling_until=at, score=0))
