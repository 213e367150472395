"""The letters that Django's file-based e-mail backend has left in a folder, to be read in the browser."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from pathlib import Path

from django.conf import settings

# The backend ends every letter with 79 dashes. The same line inside a text is no end: a header must follow.
END_OF_LETTER = re.compile(rb"\r?\n-{79}\r?\n(?=\s*\Z|[A-Za-z][A-Za-z-]*: )")


@dataclass(frozen=True)
class Letter:
    message_id: str  # the file's name and the place in it
    sent_at: datetime
    subject: str
    sender: str
    recipients: str
    text: str
    html: str


def _folder() -> Path:
    return Path(settings.EMAIL_FILE_PATH)  # type: ignore[misc]  # only the development overlay sets it


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body(preferencelist=(kind,))
    if part is None:
        return ""
    try:
        return str(part.get_content())
    except (
        LookupError,
        UnicodeDecodeError,
    ):  # an unknown charset, or a letter cut off
        payload = part.get_payload(decode=True)
        return payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""


def _sent_at(message: EmailMessage, path: Path) -> datetime:
    try:
        moment = parsedate_to_datetime(str(message["Date"]))
    except (TypeError, ValueError):
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _letters_in(path: Path) -> Iterator[Letter]:
    for place, raw in enumerate(END_OF_LETTER.split(path.read_bytes())):
        message = message_from_bytes(raw.lstrip(), policy=policy.default)
        if not isinstance(message, EmailMessage) or not message.keys():
            continue
        yield Letter(
            message_id=f"{path.stem}-{place}",
            sent_at=_sent_at(message, path),
            subject=str(message["Subject"] or ""),
            sender=str(message["From"] or ""),
            recipients=str(message["To"] or ""),
            text=_body(message, "plain"),
            html=_body(message, "html"),
        )


def list_letters() -> list[Letter]:
    """Return all letters, the newest first."""
    letters = [letter for path in _folder().glob("*.log") for letter in _letters_in(path)]
    return sorted(letters, key=lambda letter: (letter.sent_at, letter.message_id), reverse=True)


def find_letter(message_id: str) -> Letter | None:
    """Return one letter; the id is compared, never made into a path."""
    return next((letter for letter in list_letters() if letter.message_id == message_id), None)


def empty() -> None:
    """Delete every letter."""
    for path in _folder().glob("*.log"):
        path.unlink(missing_ok=True)
