"""Letters: text and HTML, in the language of the person, with a Message-ID that the message itself determines."""

import smtplib
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.message import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from notifications import tokens
from notifications.channels.outcomes import Line, Outcome, Result
from notifications.choices import Channel, Floor
from notifications.models import Message
from notifications.registry import OwnLetter, absolute

TEMPORARY_CODES = range(400, 500)
DIGEST_LINES = 40  # a letter that nobody reads to its end tells nobody anything


def message_id(message: Message) -> str:
    """Return the Message-ID: the same for every try, so that a mailbox keeps one of two."""
    host = urlsplit(settings.WAGTAILADMIN_BASE_URL).hostname or "localhost"
    return f"<n{message.pk}.{int(message.created_at.timestamp())}@{host}>"


def render(message: Message, lines: list[Line]) -> EmailMultiAlternatives:
    """Make the letter. Where the floor is bare every letter says the same, whatever its kind."""
    kind, own = lines[0].kind, None
    # A letter that exists nowhere else was asked for and must carry its link, whatever else letters may say.
    if (
        kind.letter is not None
        and not message.period
        and (Channel.SITE not in kind.modes or lines[0].floor > Floor.BARE)
    ):
        own = kind.letter(message.user, lines[0].notice.data)
    language = own.language if own is not None else ""
    with translation.override(language or translation.get_language()):
        return _write(message, lines, own)


def _write(message: Message, lines: list[Line], own: OwnLetter | None) -> EmailMultiAlternatives:
    kind = lines[0].kind
    to, body = message.user.email, ""
    context: dict[str, Any]
    if message.period:
        context = _digest_context(message, lines)
    elif own is not None:
        to, body = own.to, f"{own.body}\n--\n{kind.reason}\n"
        context = {"heading": own.subject, "paragraphs": _own_lines(own.body), "reason": kind.reason}
    else:
        context = _context(lines[0], is_bare=any(line.floor == Floor.BARE for line in lines))
    locked = not message.period and Channel.MAIL in kind.locked
    unsubscribe = (
        "" if locked else absolute(tokens.unsubscribe_path(message.user, "" if message.period else message.kind))
    )
    context |= {
        "person": message.user,
        "site_name": _("Central Asian League of Lawyers"),
        # Who reads a letter in a language of its own may have no account: there is nothing to set.
        "settings_url": "" if own is not None and own.language else absolute(reverse("notifications:settings")),
        "unsubscribe_url": unsubscribe,
    }
    template = "digest" if message.period else "own" if body else "letter"
    letter = EmailMultiAlternatives(
        subject=" ".join(context["heading"].split()),
        body=body or render_to_string(f"notifications/mail/{template}.txt", context),
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[to],
        headers={
            "Message-ID": message_id(message),
            "Date": format_datetime(message.created_at),
            "Auto-Submitted": "auto-generated",
            "X-Auto-Response-Suppress": "All",
        },
    )
    if unsubscribe:
        letter.extra_headers["List-Unsubscribe"] = f"<{unsubscribe}>"
        letter.extra_headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    letter.attach_alternative(render_to_string(f"notifications/mail/{template}.html", context), "text/html")
    return letter


def _own_lines(body: str) -> list[list[tuple[str, bool]]]:
    """Split a text into paragraphs of lines, each with whether it is a link: only a whole line with an address of ours.

    Names that people gave themselves stand in such texts, and a stranger's link must not wear the League's letter.
    """
    ours = f"{settings.WAGTAILADMIN_BASE_URL.rstrip('/')}/"
    paragraphs = (part.strip().splitlines() for part in body.split("\n\n"))
    return [[(line, line.startswith(ours) and " " not in line) for line in lines] for lines in paragraphs if lines]


def _context(line: Line, *, is_bare: bool) -> dict[str, Any]:
    if is_bare:
        return {
            "heading": _("There is news for you at the League"),
            "paragraphs": [
                _("What it is about can be seen on the site only, so that nothing of a case gets into mailboxes.")
            ],
            "action": _("Read it on the site"),
            "url": absolute(reverse("notifications:centre")),
            "reason": _("You get this letter because something concerns you that letters must not tell."),
        }
    return {
        "heading": line.kind.line(line.notice),
        "paragraphs": line.kind.paragraphs(line.notice) if line.floor == Floor.FULL else [],
        "action": line.kind.action,
        "url": absolute(line.notice.subject.url),
        "reason": line.kind.reason,
    }


def _digest_context(message: Message, lines: list[Line]) -> dict[str, Any]:
    """Group the lines by their place in the table of preferences; what is bare or too much is only counted."""
    groups: dict[str, list[dict[str, str]]] = {}
    shown = [line for line in lines if line.floor != Floor.BARE]
    hidden = sum(line.notice.count for line in lines) - sum(line.notice.count for line in shown)
    for line in shown[:DIGEST_LINES]:
        entry = {"text": line.kind.line(line.notice), "url": absolute(line.notice.subject.url)}
        groups.setdefault(str(line.kind.group), []).append(entry)
    total = sum(line.notice.count for line in lines)
    return {
        "heading": ngettext("Your digest: %(count)s piece of news", "Your digest: %(count)s pieces of news", total)
        % {"count": total},
        "groups": list(groups.items()),
        "hidden": hidden,
        "more": len(shown[DIGEST_LINES:]),
        "url": absolute(reverse("notifications:centre")),
    }


def send(letter: EmailMessage) -> Outcome:
    """Hand a letter to the mail server, within EMAIL_TIMEOUT seconds for each answer.

    A connection that breaks before the server is ready to take a letter leaves no doubt; one that breaks later does.
    """
    connection = get_connection(fail_silently=False)
    try:
        connection.open()
    except (OSError, smtplib.SMTPException) as error:
        return Outcome(Result.TEMPORARY, _code(error))
    try:
        connection.send_messages([letter])
    except smtplib.SMTPRecipientsRefused as error:
        code = next(iter(error.recipients.values()))[0]
        return Outcome(Result.TEMPORARY if code in TEMPORARY_CODES else Result.PERMANENT, str(code))
    except smtplib.SMTPResponseException as error:
        is_temporary = error.smtp_code in TEMPORARY_CODES
        return Outcome(Result.TEMPORARY if is_temporary else Result.PERMANENT, str(error.smtp_code))
    except (OSError, smtplib.SMTPException) as error:
        return Outcome(Result.AMBIGUOUS, _code(error))
    finally:
        _close_quietly(connection)
    return Outcome(Result.SENT, "250")


def _close_quietly(connection: object) -> None:
    """Close a connection that may be broken already: the answer to the letter is what counts."""
    try:
        connection.close()  # type: ignore[attr-defined]  # every backend has it
    except (OSError, smtplib.SMTPException):
        return


def _code(error: Exception) -> str:
    return type(error).__name__
