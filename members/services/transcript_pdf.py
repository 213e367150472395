"""The printed transcript of professional development. How it looks is in `members/typst/transcript.typ`."""

import datetime as dt
from zoneinfo import ZoneInfo

from django.conf import settings

from members.models import Transcript
from members.services.cpd import verification_address
from members.services.typesetting import plain, qr_svg, render_pdf

# The words stand here and not in the translation catalogue: what a paper says must not change because a catalogue did.
WORDS = {
    "ru": {
        "league": "Центральноазиатская лига юристов",
        "heading": "Выписка о профессиональном развитии",
        "title": "Выписка {code}",
        "period": "За период с {first} по {last}",
        "total": "Учтено: {hours} ч",
        "caution": (
            "Лига подтверждает учтённые часы. Выполнены ли требования к повышению квалификации, решает только "
            "адвокатское объединение страны."
        ),
        "columns": ["Дата", "Занятие", "Организатор", "Часы"],
        "nothing": "За этот период записей нет.",
        "verification": "Действительна без подписи; проверяется по адресу:",
        "fingerprint": "Контрольная сумма содержания (SHA-256): {sha256}",
        "footer": "Выписка {code}, выдана {day}",
        "qr": "QR-код с адресом проверки выписки",
        "point": ",",
    },
    "en": {
        "league": "Central Asian League of Lawyers",
        "heading": "Transcript of professional development",
        "title": "Transcript {code}",
        "period": "For the period from {first} to {last}",
        "total": "Recorded: {hours} h",
        "caution": (
            "The League confirms the hours that were recorded. Whether a duty of professional development has been "
            "met is decided by the bar of the country alone."
        ),
        "columns": ["Date", "Activity", "Provider", "Hours"],
        "nothing": "There are no entries of this period.",
        "verification": "Valid without a signature; verify it at:",
        "fingerprint": "Fingerprint of the content (SHA-256): {sha256}",
        "footer": "Transcript {code}, issued on {day}",
        "qr": "QR code with the verification address of this transcript",
        "point": ".",
    },
}


def render_transcript(transcript: Transcript) -> bytes:
    """Render a transcript as a PDF; the same transcript always gives the same bytes. Raises TextNotPrintable."""
    code = transcript.language if transcript.language in WORDS else "ru"
    words = WORDS[code]
    url = verification_address(transcript)
    issued_on = transcript.issued_at.astimezone(ZoneInfo(settings.TIME_ZONE)).date()
    point = str(words["point"])
    printed = {
        "language": code,
        "title": str(words["title"]).format(code=transcript.public_id),
        "league": words["league"],
        "heading": words["heading"],
        "holder": plain(transcript.holder_name),
        "period": str(words["period"]).format(first=_day(transcript.starts_on), last=_day(transcript.ends_on)),
        "total": str(words["total"]).format(hours=_hours(transcript.total_minutes, point)),
        "caution": words["caution"],
        "columns": words["columns"],
        "rows": [
            {
                "date": _day(dt.date.fromisoformat(row["on"])),
                "title": plain(row["title"]),
                "kind": plain(row["kind"]),
                "provider": plain(row["provider"]),
                "hours": _hours(row["minutes"], point),
            }
            for row in transcript.entries
        ],
        "nothing": words["nothing"],
        "verification": words["verification"],
        "url": url,
        "address": url.removeprefix("https://").removeprefix("http://"),
        "fingerprint": str(words["fingerprint"]).format(sha256=transcript.sha256),
        "footer": str(words["footer"]).format(code=transcript.public_id, day=_day(issued_on)),
        "qr": qr_svg(url),
        "alternative": words["qr"],
    }
    return render_pdf("transcript.typ", printed, on=issued_on)


def _day(day: dt.date) -> str:
    return f"{day:%d.%m.%Y}"


def _hours(minutes: int, point: str) -> str:
    """Return hours in quarters without needless zeros, a real minus before a correction."""
    whole, rest = divmod(abs(minutes), 60)
    fraction = {0: "", 15: "25", 30: "5", 45: "75"}[rest]
    number = f"{whole}{point}{fraction}" if fraction else str(whole)
    return f"−{number}" if minutes < 0 else number
