"""The figures of admission: how many references, which documents, which deadlines. Pages state them from here."""

import datetime as dt
from typing import NamedTuple

from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from members.choices import ApplicationKind, DocumentKind

REFERENCES_NEEDED = 2
MOST_REFERENCES = 10  # with those that were declined, expired or replaced
MOST_DOCUMENTS = 20
REFERENCE_DAYS = 21  # to answer a letter
DRAFT_REMINDERS = (dt.timedelta(days=30), dt.timedelta(days=50))  # idle for so long
DRAFT_EXPIRES = dt.timedelta(days=60)
ANSWER_EXPIRES = dt.timedelta(days=45)
DUES_REMINDERS = (dt.timedelta(days=15), dt.timedelta(days=30), dt.timedelta(days=50))
DUES_EXPIRE = dt.timedelta(days=60)
BETWEEN_REMINDERS = dt.timedelta(days=7)  # and after the last one, however late it was sent
CHAPTER_TIME = dt.timedelta(days=30)  # the chapter's clock
APPEAL_WINDOW = dt.timedelta(days=30)
REAPPLY_MONTHS = 12  # after a final rejection
REINSTATE_MONTHS = 24  # after an expulsion
REVIVE_MONTHS = 6  # after the approval
VOTES_DECIDE = 2  # equal votes of the board on an appeal


class Motive(NamedTuple):
    """How an applicant is asked for the reasons, and what is said while they are missing."""

    question: StrOrPromise
    missing: StrOrPromise


MOTIVES = {
    ApplicationKind.JOIN: Motive(_("Why you want to join"), _("Write why you want to join.")),
    ApplicationKind.REINSTATE: Motive(_("Why you want to come back"), _("Write why you want to come back.")),
    ApplicationKind.TIER: Motive(
        _("Why you ask for another kind of membership"), _("Write why you ask for another kind of membership.")
    ),
}


def references_needed(kind: str) -> int:
    """Return how many members answer for an applicant; who only changes the kind of membership is known."""
    return 0 if kind == ApplicationKind.TIER else REFERENCES_NEEDED


def documents_needed(*, needs_licence: bool) -> tuple[DocumentKind, ...]:
    """Return the documents without which an application for a kind of membership is not complete."""
    if needs_licence:
        return (DocumentKind.IDENTITY, DocumentKind.LICENCE)
    return (DocumentKind.IDENTITY,)
