"""Applications of the demo world: each is told by its steps, which leave what the services would have left.

A step of the file is a method in `demo.loader.steps`, and mirrors one function of `members.services.applications`,
`references` or `licences`: columns, versions, the chapter's clock, decisions and the audit log.
"""

from collections.abc import Iterable

from demo.loader.steps.applicant import ApplicantSteps
from demo.loader.steps.review import ReviewSteps
from demo.loader.world import World
from demo.sources import Entry, check_keys, choice

KEYS = (
    "email",
    "name_native",
    "name_latin",
    "language",
    "chapter",
    "city",
    "kind",
    "tier",
    "birth_year",
    "areas",
    "languages",
    "motivation",
    "hardship",
    "licence",
    "documents",
    "referees",
    "steps",
)
# What each step may say besides when, what and who.
STEPS: dict[str, tuple[str, ...]] = {
    "start": (),
    "fill": ("without",),
    "submit": (),
    "take": (),
    "confirm": ("referee", "years", "text", "conflict"),
    "decline": ("referee", "text"),
    "replace": ("referee", "with"),
    "expire_reference": ("referee",),
    "check_licence": ("state", "method", "text", "board_note"),
    "ask": ("questions",),
    "answer": ("answers",),
    "write_note": ("text",),
    "declare_conflict": ("text",),
    "recommend": ("text",),
    "advise_against": ("reason", "text"),
    "return": ("text",),
    "approve": ("text", "internal"),
    "reject": ("reason", "text", "internal"),
    "appeal": ("text",),
    "vote": ("is_for", "note", "text"),
    "pay": ("amount", "method", "reference"),
    "waive": ("kind", "text"),
    "remind": (),
    "withdraw": (),
    "expire_draft": (),
    "expire_unanswered": (),
    "expire_unpaid": (),
}


def load_applications(rows: Iterable[Entry], world: World) -> None:
    """Tell the story of each application into the book."""
    for row in rows:
        check_keys(row, *KEYS)
        Story(row, world).tell()


class Story(ApplicantSteps, ReviewSteps):
    """One application, from its first step to the last one of the file."""

    def tell(self) -> None:
        last = None
        for number, step in enumerate(self.entry["steps"]):
            do = choice(step, "do", STEPS)
            check_keys(step, "days_ago", "do", "by", *STEPS[do])
            days_ago = step["days_ago"]
            if not isinstance(days_ago, int) or days_ago < 1 or (last is not None and days_ago > last):
                raise step.where.error("“days_ago” is a whole number from 1 on, and never larger than before.")
            last, self.at = days_ago, self.book.moment(days_ago, number)
            try:
                getattr(self, f"_{do}")(step)
            except (IndexError, AttributeError) as error:
                raise step.where.error(f"“{do}” does not fit here: {error}.") from error
