"""Words of the office's list: they stop nothing, a moderator looks at the post."""

import datetime as dt

from forum.choices import ReportReason
from forum.models import FlaggedWord, Post, Report
from forum.rules.text import words_of
from forum.services import telling

MOST_TEXT = 300  # what a report holds


def flag_words(post: Post, *, at: dt.datetime) -> Report | None:
    """Report a public post that holds a word of the list, once while nobody has looked at it: in nobody's name."""
    if not post.is_public:
        return None
    found = words_of(post.source) & set(FlaggedWord.objects.values_list("word", flat=True))
    if not found or Report.objects.open().filter(post=post, reporter__isnull=True).exists():
        return None
    words = ", ".join(sorted(found))[:MOST_TEXT]
    report = Report.objects.create(post=post, reporter=None, reason=ReportReason.WORD, text=words, at=at)
    telling.tell_reported(report, at=at)
    return report
