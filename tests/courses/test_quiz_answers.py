"""Saving, submitting and marking answers."""

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone

from courses import services, tasks
from courses.choices import AttemptState, QuestionKind
from courses.models import AttemptAnswer, Enrolment, QuizAttempt, Unit, UnitProgress
from tests.factories.courses import (
    EnrolmentFactory,
    LessonUnitFactory,
    QuizAttemptFactory,
    QuizUnitFactory,
    answers_to,
    option_id,
    paper,
    question,
    question_id,
)

pytestmark = pytest.mark.django_db

NOW = timezone.now()
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def unit(db: None) -> Unit:
    """A quiz of a course that has another lesson to do."""
    lesson = LessonUnitFactory()
    LessonUnitFactory(course=lesson.course)
    return QuizUnitFactory(lesson=lesson)


@pytest.fixture
def enrolment(unit: Unit) -> Enrolment:
    """Somebody in a run that ends in an hour."""
    return EnrolmentFactory(run__course=unit.course, run__ends_at=NOW + HOUR)


@pytest.fixture
def attempt(enrolment: Enrolment, unit: Unit) -> QuizAttempt:
    """An open attempt: “a” single, “b” several (the first two), “c” true or false."""
    return QuizAttemptFactory(
        enrolment=enrolment,
        unit=unit,
        paper=paper(
            question("a"),
            question("b", kind=QuestionKind.MULTIPLE, right=[0, 1], options=4),
            question("c", kind=QuestionKind.TRUE_FALSE, right=[1]),
        ),
    )


def save(attempt: QuizAttempt, answers: dict[str, list[str]], at: dt.datetime = NOW) -> None:
    services.save_answers(attempt, answers, at=at)


def submit(attempt: QuizAttempt, answers: dict[str, list[str]], at: dt.datetime = NOW) -> QuizAttempt:
    return services.submit_attempt(attempt, answers, language="ru", at=at)


RIGHT = {
    question_id("a"): [option_id("a", 0)],
    question_id("b"): [option_id("b", 0), option_id("b", 1)],
    question_id("c"): [option_id("c", 1)],
}


# Saving


def test_save_answers(attempt: QuizAttempt) -> None:
    save(attempt, answers_to("a", option=2))

    assert services.saved_answers(attempt) == answers_to("a", option=2)
    assert AttemptAnswer.objects.get().saved_at == NOW


def test_save_answers_changes_what_is_named_and_keeps_the_rest(attempt: QuizAttempt) -> None:
    save(attempt, {**answers_to("a"), **answers_to("b", option=3)})

    save(attempt, {question_id("b"): [option_id("b", 1), option_id("b", 0)]}, NOW + HOUR / 2)

    assert services.saved_answers(attempt) == {
        **answers_to("a"),
        question_id("b"): [option_id("b", 0), option_id("b", 1)],
    }


def test_save_answers_clears_a_question(attempt: QuizAttempt) -> None:
    save(attempt, answers_to("a"))

    save(attempt, {question_id("a"): []})

    assert services.saved_answers(attempt) == {question_id("a"): []}


@pytest.mark.parametrize(
    "answers",
    [
        answers_to("z"),
        {question_id("a"): [option_id("b", 0)]},
        {question_id("a"): ["no such option"]},
        {question_id("a"): [option_id("a", 0), option_id("a", 1)]},
        {question_id("c"): [option_id("c", 0), option_id("c", 1)]},
        {question_id("b"): [option_id("b", 0), option_id("a", 0)]},
    ],
    ids=["question", "option of another", "option", "two for single", "two for true or false", "mixed"],
)
@pytest.mark.parametrize("act", [save, submit])
def test_foreign_answers_change_nothing(attempt: QuizAttempt, answers: dict[str, list[str]], act: Any) -> None:
    save(attempt, answers_to("a", option=1))

    with pytest.raises(services.ForeignAnswer):
        act(attempt, {**answers_to("b", option=2), **answers})

    attempt.refresh_from_db()
    assert attempt.state == AttemptState.OPEN
    assert services.saved_answers(attempt) == answers_to("a", option=1)


def test_unanswered_questions_are_numbered_from_one(attempt: QuizAttempt) -> None:
    assert services.unanswered(attempt, {}) == [1, 2, 3]
    assert services.unanswered(attempt, {**answers_to("b"), question_id("c"): []}) == [1, 3]
    assert services.unanswered(attempt, RIGHT) == []


@pytest.mark.parametrize("at", [NOW + HOUR, NOW + 2 * HOUR], ids=["at the end", "after it"])
def test_save_answers_after_the_end_of_the_run(attempt: QuizAttempt, at: dt.datetime) -> None:
    with pytest.raises(services.AttemptClosed):
        save(attempt, answers_to("a"), at)

    assert services.saved_answers(attempt) == {}


def test_save_answers_after_submission(attempt: QuizAttempt) -> None:
    submit(attempt, RIGHT)

    with pytest.raises(services.AttemptClosed):
        save(attempt, answers_to("a", option=2))

    assert services.saved_answers(attempt) == RIGHT


# Submitting


def test_submit_attempt(attempt: QuizAttempt) -> None:
    result = submit(attempt, RIGHT)

    assert result == QuizAttempt.objects.get()
    assert (result.state, result.submitted_at) == (AttemptState.SUBMITTED, NOW)
    assert (result.percent, result.is_passed) == (100, True)
    row = UnitProgress.objects.get(unit=attempt.unit)
    assert (row.completed_at, row.best_percent) == (NOW, 100)
    assert UnitProgress.objects.get(unit=attempt.unit.lesson).completed_at == NOW


def test_submit_attempt_marks_saved_and_last_answers_together(attempt: QuizAttempt) -> None:
    save(attempt, {**RIGHT, **answers_to("a", option=1)})

    assert submit(attempt, answers_to("a")).percent == 100


def test_submit_attempt_that_fails_keeps_the_result_and_completes_nothing(attempt: QuizAttempt) -> None:
    result = submit(attempt, answers_to("a"))

    assert (result.percent, result.is_passed) == (33, False)
    row = UnitProgress.objects.get()
    assert (row.unit, row.completed_at, row.best_percent) == (attempt.unit, None, 33)


def test_submit_attempt_twice_counts_once(attempt: QuizAttempt) -> None:
    submit(attempt, answers_to("a"))

    again = submit(attempt, RIGHT, NOW + HOUR / 2)

    assert (again.percent, again.submitted_at) == (33, NOW)
    assert services.saved_answers(again) == answers_to("a")
    assert UnitProgress.objects.get().best_percent == 33


def test_submit_attempt_after_the_end_of_the_run_marks_what_was_saved(attempt: QuizAttempt) -> None:
    save(attempt, answers_to("a"))

    result = submit(attempt, RIGHT, NOW + 2 * HOUR)

    assert (result.percent, result.is_passed) == (33, False)
    assert result.submitted_at == NOW + HOUR
    assert services.saved_answers(result) == answers_to("a")


def test_attempt_passed_by_what_was_saved_before_the_end_counts(attempt: QuizAttempt) -> None:
    save(attempt, RIGHT)

    services.close_attempt(attempt, language="ru", at=NOW + 2 * HOUR)

    assert UnitProgress.objects.get(unit=attempt.unit).completed_at == NOW + HOUR


def test_a_worse_attempt_takes_nothing_back(attempt: QuizAttempt) -> None:
    submit(attempt, RIGHT)
    worse = QuizAttemptFactory(enrolment=attempt.enrolment, unit=attempt.unit, number=2, paper=attempt.paper)

    submit(worse, answers_to("a"), NOW + HOUR / 2)

    row = UnitProgress.objects.get(unit=attempt.unit)
    assert (row.completed_at, row.best_percent) == (NOW, 100)


def test_attempt_of_who_left_the_course_waits_for_a_return(attempt: QuizAttempt) -> None:
    save(attempt, answers_to("a"))
    services.withdraw(attempt.enrolment, at=NOW)

    for act in (save, submit):
        with pytest.raises(services.AttemptClosed):
            act(attempt, RIGHT)

    attempt.refresh_from_db()
    assert attempt.is_open
    assert services.saved_answers(attempt) == answers_to("a")


def test_close_attempt_twice_counts_once(attempt: QuizAttempt) -> None:
    submit(attempt, RIGHT)

    closed = services.close_attempt(attempt, language="ru", at=NOW + 2 * HOUR)

    assert (closed.percent, closed.submitted_at) == (100, NOW)


def test_close_attempt_in_a_run_without_end_counts_now(unit: Unit) -> None:
    attempt = QuizAttemptFactory(enrolment__run__course=unit.course, unit=unit)

    assert services.close_attempt(attempt, language="ru", at=NOW).submitted_at == NOW


def test_close_overdue_attempts_closes_those_of_ended_runs_only(unit: Unit) -> None:
    course = unit.course
    ended, ending, going, endless = (
        QuizAttemptFactory(enrolment__run__course=course, enrolment__run__ends_at=ends_at, unit=unit)
        for ends_at in (NOW - HOUR, NOW, NOW + HOUR, None)
    )

    assert services.close_overdue_attempts(at=NOW) == 2
    assert services.close_overdue_attempts(at=NOW) == 0

    assert set(QuizAttempt.objects.submitted()) == {ended, ending}
    assert set(QuizAttempt.objects.open()) == {going, endless}
    ended.refresh_from_db()
    assert (ended.submitted_at, ended.percent, ended.is_passed) == (NOW - HOUR, 0, False)


def test_close_overdue_attempts_goes_on_after_a_failure(unit: Unit, caplog: pytest.LogCaptureFixture) -> None:
    broken, fine = (
        QuizAttemptFactory(enrolment__run__course=unit.course, enrolment__run__ends_at=NOW, unit=unit, paper=kept)
        for kept in ({"questions": [{}], "pass_mark": 70}, paper(question("a")))
    )

    assert services.close_overdue_attempts(at=NOW) == 1

    assert list(QuizAttempt.objects.open()) == [broken]
    assert list(QuizAttempt.objects.submitted()) == [fine]
    assert f"Attempt {broken.pk} could not be marked." in caplog.text


def test_close_overdue_attempts_task(unit: Unit) -> None:
    QuizAttemptFactory(enrolment__run__course=unit.course, enrolment__run__ends_at=NOW, unit=unit)

    assert tasks.close_overdue_attempts() == 1
    assert tasks.close_overdue_attempts() == 0


# Marking

A, B, C = (option_id("q", number) for number in range(3))


@pytest.mark.parametrize(
    ("kind", "right", "chosen", "is_right"),
    [
        (QuestionKind.SINGLE, [0], [A], True),
        (QuestionKind.SINGLE, [0], [B], False),
        (QuestionKind.SINGLE, [0], [], False),
        (QuestionKind.SINGLE, [0], [A, B], False),
        (QuestionKind.MULTIPLE, [0, 2], [A, C], True),
        (QuestionKind.MULTIPLE, [0, 2], [C, A], True),
        (QuestionKind.MULTIPLE, [0, 2], [A], False),
        (QuestionKind.MULTIPLE, [0, 2], [A, B, C], False),
        (QuestionKind.MULTIPLE, [0, 2], [B], False),
        (QuestionKind.MULTIPLE, [0, 2], [], False),
        (QuestionKind.TRUE_FALSE, [0], [A], True),
        (QuestionKind.TRUE_FALSE, [1], [A], False),
        (QuestionKind.TRUE_FALSE, [1], [B], True),
    ],
)
def test_is_right_by_table(kind: QuestionKind, right: list[int], chosen: list[str], is_right: bool) -> None:
    asked = paper(question("q", kind=kind, right=right, options=3))["questions"][0]

    assert services.is_right(asked, chosen) is is_right


@pytest.mark.parametrize(
    ("total", "right", "pass_mark", "percent", "is_passed"),
    [
        (3, 2, 66, 66, True),
        (3, 2, 67, 66, False),
        (3, 3, 100, 100, True),
        (3, 0, 1, 0, False),
        (10, 7, 70, 70, True),
        (10, 6, 70, 60, False),
        (7, 5, 71, 71, True),
        (7, 5, 72, 71, False),
        (1, 1, 1, 100, True),
    ],
)
def test_pass_mark_is_reached_by_whole_per_cent_rounded_down(
    unit: Unit, total: int, right: int, pass_mark: int, percent: int, is_passed: bool
) -> None:
    names = [f"q{number}" for number in range(total)]
    attempt = QuizAttemptFactory(
        enrolment__run__course=unit.course,
        unit=unit,
        paper=paper(*[question(name) for name in names], pass_mark=pass_mark),
    )

    result = submit(attempt, {**answers_to(*names, option=1), **answers_to(*names[:right])})

    assert (result.percent, result.is_passed) == (percent, is_passed)


def test_marked_questions_show_choice_key_and_explanation(attempt: QuizAttempt) -> None:
    result = submit(attempt, {**answers_to("a", option=1), **answers_to("b")})

    single, multiple, true_false = services.marked_questions(result, "ru")

    assert (single["is_right"], single["is_answered"]) == (False, True)
    assert (single["explanation"], single["source"]) == ("Пояснение a", "Статья a")
    assert [(option["is_chosen"], option["is_correct"]) for option in single["options"]] == [
        (False, True),
        (True, False),
        (False, False),
    ]
    assert (multiple["is_right"], multiple["is_answered"]) == (False, True)
    assert (true_false["is_right"], true_false["is_answered"]) == (False, False)


def test_attempts_are_visible_to_their_owner_only(attempt: QuizAttempt) -> None:
    other = QuizAttemptFactory(enrolment__run=attempt.enrolment.run, unit=attempt.unit)

    assert list(QuizAttempt.objects.visible_to(attempt.enrolment.user)) == [attempt]
    assert list(QuizAttempt.objects.visible_to(other.enrolment.user)) == [other]
