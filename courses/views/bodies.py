"""The body of a lesson, printed once for all its readers.

What a block prints does not depend on who reads, but for quizzes. So the printed blocks are kept in the cache, and with
them the little of a quiz that its card shows; a reader's request then parses no StreamField at all. The key holds the
published revision and the version of the site, which changes with every publication: links to other pages stay true.
"""

from dataclasses import dataclass

from django.utils.safestring import SafeString, mark_safe

from courses import services
from courses.models import LessonPage
from pages.services import until_publication


@dataclass(frozen=True)
class BodyPart:
    """A printed block, or a quiz with what is told before it starts."""

    block_id: str
    html: SafeString
    quiz_title: str
    rules: services.QuizRules | None  # None for a block that is not a quiz


def published_body(page: LessonPage) -> list[BodyPart]:
    """Return the body as it is published, in the language of the address, from the cache if it is there."""
    return until_publication(f"courses.body.{page.pk}.{page.live_revision_id}", lambda: print_body(page))


def print_body(page: LessonPage) -> list[BodyPart]:
    """Print the blocks of a page as it is in memory: for the preview of a draft."""
    context = {"page": page}
    return [
        BodyPart(block.id, SafeString(""), block.value["title"], services.quiz_rules(block.value))
        if block.block_type == "quiz"
        else BodyPart(block.id, mark_safe(block.render(context)), "", None)
        for block in page.body
    ]
