"""Attempts: started, saved and submitted on the server.

The paper of an attempt holds the key. What a page may show before submission comes from `served_questions`, which has
no way to it.
"""

import datetime as dt
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from courses.choices import AttemptState, QuestionKind
from courses.models import AttemptAnswer, Enrolment, LessonPage, QuizAttempt, Unit
from courses.services.progress import WorkClosed, record_completion, record_result

logger = logging.getLogger(__name__)

OVERDUE_BATCH = 500


class QuizGone(Exception):
    """Raised when no published lesson holds the quiz any more."""


class NoAttemptsLeft(Exception):
    """Raised when the learner has used every attempt."""


class AttemptClosed(Exception):
    """Raised when answers come for an attempt that was submitted or whose run has ended."""


class ForeignAnswer(Exception):
    """Raised for an answer to a question, or with an option, that the attempt does not contain."""


@dataclass(frozen=True)
class QuizRules:
    """What a learner is told before starting."""

    question_count: int
    pass_mark: int  # per cent
    attempt_limit: int | None  # None: without limit


def quiz_rules(block_value: Mapping[str, Any]) -> QuizRules:
    return QuizRules(len(block_value["questions"]), block_value["pass_mark"], block_value["attempt_limit"] or None)


def _published_quiz(unit: Unit) -> dict[str, Mapping[str, Any]]:
    """Find the quiz's block in each language in which its lesson is published."""
    pages = LessonPage.objects.live().filter(translation_key=unit.lesson_id).select_related("locale")
    return {page.locale.language_code: value for page in pages for key, value in page.quizzes() if key == unit.pk}


def _take_paper(blocks: Mapping[str, Mapping[str, Any]], language: str) -> dict[str, Any]:
    """Copy the quiz with its texts in every language; questions and key are those of the language of the page."""
    main = blocks.get(language) or blocks.get(settings.LANGUAGE_CODE) or next(iter(blocks.values()))
    texts = {
        code: {question.id: question.value for question in block["questions"].bound_blocks}
        for code, block in blocks.items()
    }

    def in_languages(question_id: str, field: str) -> dict[str, str]:
        return {code: by_id[question_id][field] for code, by_id in texts.items() if question_id in by_id}

    def option_texts(question_id: str, option_id: str) -> dict[str, str]:
        return {
            code: option.value["text"]
            for code, by_id in texts.items()
            if question_id in by_id
            for option in by_id[question_id]["options"].bound_blocks
            if option.id == option_id
        }

    return {
        "title": {code: block["title"] for code, block in blocks.items()},
        "pass_mark": main["pass_mark"],
        "questions": [
            {
                "id": question.id,
                "kind": question.value["kind"],
                "text": in_languages(question.id, "text"),
                "explanation": in_languages(question.id, "explanation"),
                "source": in_languages(question.id, "source"),
                "options": [
                    {
                        "id": option.id,
                        "text": option_texts(question.id, option.id),
                        "is_correct": bool(option.value["is_correct"]),
                    }
                    for option in question.value["options"].bound_blocks
                ],
            }
            for question in main["questions"].bound_blocks
        ],
    }


def start_attempt(enrolment: Enrolment, unit: Unit, *, language: str, at: dt.datetime) -> QuizAttempt:
    """Start an attempt, or go on with the one that is open.

    Attempts are counted when they start. Raises WorkClosed, QuizGone or NoAttemptsLeft.
    """
    if not enrolment.accepts_work(at):
        raise WorkClosed
    attempts = QuizAttempt.objects.filter(enrolment=enrolment, unit=unit)
    if (existing := attempts.open().first()) is not None:
        return existing
    blocks = _published_quiz(unit)
    if not blocks:
        raise QuizGone
    paper = _take_paper(blocks, language)
    limit = _attempt_limit(blocks)
    last = attempts.aggregate(last=Max("number"))["last"] or 0
    if limit is not None and last >= limit:
        raise NoAttemptsLeft
    try:
        with transaction.atomic():
            return QuizAttempt.objects.create(
                enrolment=enrolment, unit=unit, number=last + 1, language=language, paper=paper, started_at=at
            )
    except IntegrityError:  # two taps at once: the other one started it
        return attempts.open().get()


def can_start(enrolment: Enrolment, unit: Unit, *, at: dt.datetime) -> bool:
    """Whether another attempt may be started at that moment."""
    if not enrolment.accepts_work(at) or unit.retired_at is not None:
        return False
    blocks = _published_quiz(unit)
    if not blocks:
        return False
    limit = _attempt_limit(blocks)
    return limit is None or QuizAttempt.objects.filter(enrolment=enrolment, unit=unit).count() < limit


def _attempt_limit(blocks: Mapping[str, Mapping[str, Any]]) -> int | None:
    limits = [block["attempt_limit"] for block in blocks.values()]
    return None if min(limits) == 0 else max(limits)


def served_questions(attempt: QuizAttempt, language: str) -> list[dict[str, Any]]:
    """List the questions as a learner may see them before submission: texts and ids, no key, no explanation."""
    return [
        {
            "id": question["id"],
            "kind": question["kind"],
            "text": _text(question["text"], language, attempt),
            "options": [
                {"id": option["id"], "text": _text(option["text"], language, attempt)} for option in question["options"]
            ],
        }
        for question in attempt.paper["questions"]
    ]


def _text(texts: Mapping[str, str], language: str, attempt: QuizAttempt) -> str:
    return texts.get(language) or texts.get(attempt.language) or next(iter(texts.values()), _("(no text)"))


def attempt_title(attempt: QuizAttempt, language: str) -> str:
    """Return the quiz's title in that language, or in the language of the attempt."""
    return _text(attempt.paper["title"], language, attempt)


def saved_answers(attempt: QuizAttempt) -> dict[str, list[str]]:
    """Return the chosen options by question."""
    return {answer.question_id: answer.option_ids for answer in attempt.answers.all()}


def unanswered(attempt: QuizAttempt, answers: Mapping[str, Sequence[str]]) -> list[int]:
    """List the numbers, from 1, of questions without an answer."""
    return [
        number for number, question in enumerate(attempt.paper["questions"], start=1) if not answers.get(question["id"])
    ]


@transaction.atomic
def save_answers(attempt: QuizAttempt, answers: Mapping[str, Sequence[str]], *, at: dt.datetime) -> None:
    """Keep what was chosen so far; a question that is not named keeps its answer.

    Raises AttemptClosed, or ForeignAnswer with nothing saved.
    """
    attempt = _lock_open(attempt, at=at)
    _write_answers(attempt, answers, at=at)


def _lock(attempt: QuizAttempt) -> QuizAttempt:
    return (
        QuizAttempt.objects.select_for_update(of=("self",))
        .select_related("enrolment__run__course", "enrolment__user", "unit__lesson")
        .get(pk=attempt.pk)
    )


def _lock_open(attempt: QuizAttempt, *, at: dt.datetime) -> QuizAttempt:
    locked = _lock(attempt)
    if not locked.is_open or not locked.enrolment.accepts_work(at):
        raise AttemptClosed
    return locked


def _write_answers(attempt: QuizAttempt, answers: Mapping[str, Sequence[str]], *, at: dt.datetime) -> None:
    questions = {question["id"]: question for question in attempt.paper["questions"]}
    rows = []
    for question_id, option_ids in answers.items():
        question = questions.get(question_id)
        if question is None:
            raise ForeignAnswer
        known = [option["id"] for option in question["options"]]
        chosen = [option_id for option_id in known if option_id in option_ids]
        if len(chosen) != len(set(option_ids)):
            raise ForeignAnswer
        if len(chosen) > 1 and question["kind"] != QuestionKind.MULTIPLE:
            raise ForeignAnswer
        rows.append(AttemptAnswer(attempt=attempt, question_id=question_id, option_ids=chosen, saved_at=at))
    AttemptAnswer.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["attempt", "question_id"],
        update_fields=["option_ids", "saved_at"],
    )


@transaction.atomic
def submit_attempt(
    attempt: QuizAttempt, answers: Mapping[str, Sequence[str]], *, language: str, at: dt.datetime
) -> QuizAttempt:
    """Save the last answers and mark the attempt.

    Submitting again changes nothing and returns the result of the first time. After the end of the run what was saved
    before it is marked, and the answers that came late are not. Raises ForeignAnswer, or AttemptClosed for a learner
    who left the course.
    """
    locked = _lock(attempt)
    if not locked.is_open:
        return locked
    if locked.enrolment.run.has_ended(at):
        return close_attempt(locked, language=language, at=at)
    if not locked.enrolment.accepts_work(at):
        raise AttemptClosed
    _write_answers(locked, answers, at=at)
    return _mark(locked, language=language, at=at)


@transaction.atomic
def close_attempt(attempt: QuizAttempt, *, language: str, at: dt.datetime) -> QuizAttempt:
    """Mark an attempt left open at the end of its run by what was saved; the moment counted is the run's end."""
    locked = _lock(attempt)
    if not locked.is_open:
        return locked
    ends_at = locked.enrolment.run.ends_at
    return _mark(locked, language=language, at=min(at, ends_at) if ends_at else at)


def _mark(attempt: QuizAttempt, *, language: str, at: dt.datetime) -> QuizAttempt:
    answers = saved_answers(attempt)
    questions = attempt.paper["questions"]
    right = sum(is_right(question, answers.get(question["id"], [])) for question in questions)
    attempt.percent = 100 * right // len(questions)
    attempt.is_passed = attempt.percent >= attempt.paper["pass_mark"]
    attempt.state = AttemptState.SUBMITTED
    attempt.submitted_at = at
    attempt.save(update_fields=["percent", "is_passed", "state", "submitted_at"])
    if attempt.is_passed:
        record_completion(attempt.enrolment, attempt.unit, percent=attempt.percent, language=language, at=at)
    else:
        record_result(attempt.enrolment, attempt.unit, percent=attempt.percent, at=at)
    return attempt


def is_right(question: Mapping[str, Any], chosen: Sequence[str]) -> bool:
    """Whether exactly the right options are chosen: no partial credit, as the rules before the start say."""
    return set(chosen) == {option["id"] for option in question["options"] if option["is_correct"]}


def marked_questions(attempt: QuizAttempt, language: str) -> list[dict[str, Any]]:
    """List the questions with choices, key, explanation and source. Raises ValueError before submission."""
    if attempt.is_open:
        raise ValueError("The key is not shown before submission.")
    answers = saved_answers(attempt)
    marked = []
    for question, served in zip(attempt.paper["questions"], served_questions(attempt, language), strict=True):
        chosen = answers.get(question["id"], [])
        correct = {option["id"]: option["is_correct"] for option in question["options"]}
        marked.append(
            {
                **served,
                "is_right": is_right(question, chosen),
                "is_answered": bool(chosen),
                "explanation": _text(question["explanation"], language, attempt),
                "source": _text(question["source"], language, attempt),
                "options": [
                    {**option, "is_chosen": option["id"] in chosen, "is_correct": correct[option["id"]]}
                    for option in served["options"]
                ],
            }
        )
    return marked


def close_overdue_attempts(*, at: dt.datetime) -> int:
    """Mark the attempts that their runs' ends left open; return how many.

    Each has a transaction of its own and one failure never stops the rest. At most OVERDUE_BATCH at a time: the beat
    comes back for more.
    """
    overdue = QuizAttempt.objects.open().filter(enrolment__run__ends_at__lte=at).order_by("started_at")
    closed = 0
    for attempt in overdue[:OVERDUE_BATCH]:
        try:
            close_attempt(attempt, language=attempt.language, at=at)
            closed += 1
        except Exception:
            logger.exception("Attempt %s could not be marked.", attempt.pk)
    return closed
