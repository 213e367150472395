"""Two kinds of mailbox that letters come back to. A letter is marked only when what it says is committed."""

import contextlib
import imaplib
import mailbox
import ssl
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from notifications.services.bounces import MOST_BYTES, Fate, handle_letter

TIMEOUT = 30  # seconds for each answer of an IMAP server
BROKEN_FOLDER = "broken"
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class Command(BaseCommand):
    help = "Count the letters that came back to a maildir or an IMAP folder. Run it every few minutes."

    def add_arguments(self, parser: CommandParser) -> None:
        source = parser.add_mutually_exclusive_group()
        source.add_argument("--maildir", type=Path, help="folder with new/, cur/ and tmp/")
        source.add_argument(
            "--imap",
            default="",
            help="imaps://user:password@host/folder; better in BOUNCES_IMAP_URL, where other users do not see it",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        folder, url = options["maildir"], options["imap"] or settings.BOUNCES_IMAP_URL
        if folder is not None:
            fates = _process_maildir(folder)
        elif url:
            fates = _process_imap(url)
        else:
            raise CommandError("Name a mailbox: --maildir, --imap or BOUNCES_IMAP_URL.")
        for fate in Fate:
            self.stdout.write(f"{fate.name.lower()}: {fates[fate]} ({fate.value})")


def _process_maildir(folder: Path) -> Counter[Fate]:
    """Count what is new; afterwards it is in cur/ as seen, or in the maildir's own folder `broken`."""
    if not (folder / "new").is_dir() or not (folder / "cur").is_dir():
        raise CommandError(f"{folder} is no maildir.")
    box = mailbox.Maildir(folder, create=False)
    fates: Counter[Fate] = Counter()
    for path in _unseen(folder):
        with contextlib.suppress(FileNotFoundError):  # another run was quicker
            fate = (
                Fate.BROKEN if path.stat().st_size > MOST_BYTES else handle_letter(path.read_bytes(), at=timezone.now())
            )
            if fate is Fate.BROKEN:
                box.add_folder(BROKEN_FOLDER)
                _move(path, folder / f".{BROKEN_FOLDER}" / "new" / path.name.partition(":")[0])
            else:
                _move(path, folder / "cur" / _as_seen(path.name))
            fates[fate] += 1
    return fates


def _unseen(folder: Path) -> Iterator[Path]:
    yield from sorted(path for path in (folder / "new").iterdir() if not path.name.startswith("."))
    for path in sorted((folder / "cur").iterdir()):
        if not path.name.startswith(".") and "S" not in _flags(path.name):
            yield path


def _flags(name: str) -> str:
    return name.rpartition(":2,")[2] if ":2," in name else ""


def _as_seen(name: str) -> str:
    """Add the flag S, in the order of the alphabet as maildir wants it."""
    return f"{name.partition(':')[0]}:2,{''.join(sorted({*_flags(name), 'S'}))}"


def _move(path: Path, target: Path) -> None:
    """Rename a letter, never over another one."""
    number = 0
    free = target
    while free.exists():
        number += 1
        free = target.with_name(f"{number}.{target.name}")
    path.rename(free)


def _process_imap(url: str) -> Counter[Fate]:
    """Count what is unseen; afterwards it is seen, and flagged where it could not be read."""
    parts = urlsplit(url)
    if parts.scheme not in {"imap", "imaps"} or not parts.hostname:
        raise CommandError("An IMAP mailbox is imaps://user:password@host/folder.")
    if parts.scheme == "imap" and parts.hostname not in LOOPBACK:
        raise CommandError("A password goes over the network only by imaps://.")
    fates: Counter[Fate] = Counter()
    try:
        with _opened(parts.scheme, parts.hostname, parts.port) as server:
            server.login(unquote(parts.username or ""), unquote(parts.password or ""))
            name = unquote(parts.path.lstrip("/")) or "INBOX"
            _ask(server.select(f'"{name}"'))
            (found,) = _ask(server.uid("SEARCH", "UNSEEN"))
            for uid in (found or b"").split():
                fate = _handle_uid(server, uid.decode())
                marks = r"(\Seen \Flagged)" if fate is Fate.BROKEN else r"(\Seen)"
                _ask(server.uid("STORE", uid.decode(), "+FLAGS.SILENT", marks))
                fates[fate] += 1
    except (imaplib.IMAP4.error, OSError) as error:
        done = sum(fates.values())
        # The server's own words may hold the address of the mailbox; the class says enough.
        raise CommandError(f"The mailbox failed after {done} letters: {type(error).__name__}.") from None
    return fates


@contextlib.contextmanager
def _opened(scheme: str, host: str, port: int | None) -> Iterator[imaplib.IMAP4]:
    """Open a connection and close it, whatever state it is in by then; imaplib's own way leaves a broken one open."""
    server = _connect(scheme, host, port)
    try:
        yield server
        server.logout()
    finally:
        with contextlib.suppress(OSError):
            server.shutdown()


def _connect(scheme: str, host: str, port: int | None) -> imaplib.IMAP4:
    if scheme == "imaps":
        context = ssl.create_default_context()
        return imaplib.IMAP4_SSL(host, port or 993, ssl_context=context, timeout=TIMEOUT)
    return imaplib.IMAP4(host, port or 143, timeout=TIMEOUT)


def _handle_uid(server: imaplib.IMAP4, uid: str) -> Fate:
    """Read one letter without marking it. Of one that is too long only the beginning comes over the network."""
    answer = _ask(server.uid("FETCH", uid, f"(BODY.PEEK[]<0.{MOST_BYTES + 1}>)"))
    raw = next((part[1] for part in answer if isinstance(part, tuple)), None)
    return Fate.BROKEN if raw is None else handle_letter(raw, at=timezone.now())


def _ask(answer: tuple[str, list[Any]]) -> list[Any]:
    """Return what a server answered. Raises imaplib's error where it says no."""
    status, data = answer
    if status != "OK":
        raise imaplib.IMAP4.error(status)
    return data
