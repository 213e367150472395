from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

FOLDER = Path(__file__).parents[2] / "static" / "ui" / "css"

# Within a cascade layer the later of two equal rules wins, so the order is part of the design:
# things that carry a tone stand before the tones, and what refines another component after it.
PARTS = (
    "layers",
    "tokens",
    "reset",
    "elements",
    "primitives",
    "masthead",
    "heads",
    "footer",
    "tabbar",
    "mark",
    "notice",
    "panel",
    "option",
    "tone",
    "button",
    "chip",
    "row",
    "progress",
    "home",
    "course",
    "search",
    "pager",
    "tabs",
    "form",
    "steps",
    "prose",
    "media",
    "fold",
    "article",
    "statute",
    "reflection",
    "lesson",
    "prevnext",
    "quiz",
    "certificate",
    "entrance",
    "mailbox",
    "ballot",
    "stages",
    "forum",
    "table",
    "chart",
    "empty",
    "skeleton",
    "contrast",
    "utilities",
    "print",
)


def stylesheet() -> str:
    """Return all parts as one stylesheet: a first visit pays for one request, not for forty."""
    parts = [(FOLDER / "parts" / f"{name}.css").read_text() for name in PARTS]
    # The parts lie one folder deeper than what they become.
    return "/* Made of parts/ by `manage.py build_css`: change those. */\n" + "".join(parts).replace(
        "url(../../", "url(../"
    )


class Command(BaseCommand):
    help = "Joins the stylesheets of the components into the one that pages load."

    def handle(self, *args: Any, **options: Any) -> None:
        target = FOLDER / "site.css"
        target.write_text(stylesheet())
        self.stdout.write(f"{target}: {target.stat().st_size} bytes")
