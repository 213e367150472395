"""The printed card, of the size of a bank card. How it looks is in `members/typst/card.typ`."""

import datetime as dt

from members.models import CardToken, Membership
from members.services.cards import CardState, card_address
from members.services.typesetting import plain, qr_svg, render_pdf

# The words stand here and not in the translation catalogue: a card must not change because a catalogue did.
WORDS = {
    "ru": {
        "league": "Центральноазиатская лига юристов",
        "heading": "Членский билет",
        "number": "Номер",
        "tier": "Вид членства",
        "chapter": "Отделение",
        "until": "Действителен до",
        "check": "Проверьте, действителен ли билет: наведите камеру на код",
        "qr": "QR-код с адресом страницы проверки",
    },
    "en": {
        "league": "Central Asian League of Lawyers",
        "heading": "Membership card",
        "number": "Number",
        "tier": "Kind of membership",
        "chapter": "Chapter",
        "until": "Valid until",
        "check": "Check whether this card is valid: point a camera at the code",
        "qr": "QR code with the address of the page for checking",
    },
}


def render_card(card: CardToken, *, membership: Membership, state: CardState, language: str, on: dt.date) -> bytes:
    """Render the card of an active member in one language, without a photograph. Raises TextNotPrintable."""
    code = language if language in WORDS else "ru"
    words = WORDS[code]
    user = membership.user
    facts = [
        (words["number"], membership.number),
        (words["tier"], membership.tier.name_in(code)),
        (words["chapter"], membership.chapter.name_in(code)),
    ]
    if state.until is not None:
        facts.append((words["until"], f"{state.until:%d.%m.%Y}"))
    url = card_address(card)
    printed = {
        "language": code,
        "title": f"{words['heading']} {membership.number}",
        "league": words["league"],
        "heading": words["heading"],
        "holder": plain(user.name_for_english if code == "en" else user.name_native),
        "facts": [{"label": label, "text": plain(text)} for label, text in facts],
        "check": words["check"],
        "url": url,
        "qr": qr_svg(url),
        "alternative": words["qr"],
    }
    return render_pdf("card.typ", printed, on=on)
