"""What courses hold about a learner, and how they forget one."""

import datetime as dt

from accounts.models import User
from courses.models import AttemptAnswer, Certificate, Enrolment, QuizAttempt, UnitProgress
from members.registry.personal_data import Table, table_of


def enrolments_of(user: User) -> Table:
    """Return the rows of a person's enrolments."""
    rows = Enrolment.objects.filter(user=user).select_related("run__course")
    return table_of(rows, "run__course", "language", "enrolled_at", "last_seen_at", "completed_at", "withdrawn_at")


def progress_of(user: User) -> Table:
    """Return how far a person got in each lesson and quiz."""
    rows = UnitProgress.objects.filter(enrolment__user=user).select_related("unit__course")
    return table_of(rows, "unit__course", "unit__title", "first_seen_at", "completed_at", "best_percent")


def attempts_of(user: User) -> Table:
    """Return a person's attempts at quizzes with their results; the paper holds the key and stays here."""
    rows = QuizAttempt.objects.filter(enrolment__user=user).select_related("unit")
    return table_of(rows, "unit__title", "number", "state", "started_at", "submitted_at", "percent", "is_passed")


def answers_of(user: User) -> Table:
    """Return what a person chose in quizzes."""
    rows = AttemptAnswer.objects.filter(attempt__enrolment__user=user).select_related("attempt__unit")
    return table_of(rows, "attempt__unit__title", "attempt__number", "question_id", "option_ids", "saved_at")


def certificates_of(user: User) -> Table:
    """Return a person's certificates with their files."""
    rows = Certificate.objects.filter(enrolment__user=user)
    printed = ("serial", "public_id", "holder_name", "course_title", "cpd_minutes", "completed_on", "issued_on")
    return table_of(rows, *printed, "revoked_at", "revoked_reason", "pdf")


def forget_learner(user: User, at: dt.datetime) -> None:
    """Delete what a person answered and end what is not completed; results and certificates stay, under a number."""
    AttemptAnswer.objects.filter(attempt__enrolment__user=user).delete()
    Enrolment.objects.active().filter(user=user, completed_at__isnull=True).update(withdrawn_at=at)
