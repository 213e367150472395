"""Attempts at quizzes. What was asked is kept with the attempt, so a later edit changes nobody's result."""

import uuid
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from courses.choices import AttemptState
from courses.models.learning import Enrolment
from courses.models.runs import Unit


class QuizAttemptQuerySet(models.QuerySet["QuizAttempt"]):
    def visible_to(self, user: User) -> Self:
        """Keep a person's own attempts."""
        return self.filter(enrolment__user_id=user.pk)

    def open(self) -> Self:
        return self.filter(state=AttemptState.OPEN)

    def submitted(self) -> Self:
        return self.filter(state=AttemptState.SUBMITTED)


class QuizAttempt(models.Model):
    """One go at a quiz, created on the server when the learner starts it.

    `paper` is a snapshot: {"title": {lang: text}, "pass_mark": per cent, "questions": [{"id", "kind", "text": {lang},
    "options": [{"id", "text": {lang}, "is_correct"}], "explanation": {lang}, "source": {lang}}]}. It holds the key, so
    it never leaves the server as it is: see services.quizzes.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    enrolment = models.ForeignKey(Enrolment, on_delete=models.PROTECT, related_name="attempts")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="attempts")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=AttemptState.choices, default=AttemptState.OPEN)
    language = models.CharField(max_length=2)
    paper = models.JSONField()
    started_at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True, blank=True)
    percent = models.PositiveSmallIntegerField(null=True, blank=True)
    is_passed = models.BooleanField(null=True, blank=True)

    objects = QuizAttemptQuerySet.as_manager()

    class Meta:
        verbose_name = _("attempt")
        verbose_name_plural = _("attempts")
        constraints = [
            models.UniqueConstraint(fields=["enrolment", "unit", "number"], name="courses_attempt_number_once"),
            models.UniqueConstraint(
                fields=["enrolment", "unit"],
                condition=Q(state=AttemptState.OPEN),
                name="courses_attempt_one_open",
            ),
            models.CheckConstraint(
                condition=Q(state=AttemptState.OPEN, submitted_at__isnull=True, percent__isnull=True)
                | Q(state=AttemptState.SUBMITTED, submitted_at__isnull=False, percent__isnull=False),
                name="courses_attempt_result_iff_submitted",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.unit_id} #{self.number}"

    @property
    def is_open(self) -> bool:
        return self.state == AttemptState.OPEN


class AttemptAnswer(models.Model):
    """What the learner chose for one question, saved as it is chosen."""

    attempt = models.ForeignKey(QuizAttempt, on_delete=models.CASCADE, related_name="answers")
    question_id = models.CharField(max_length=64)
    option_ids = models.JSONField(default=list)
    saved_at = models.DateTimeField()

    class Meta:
        verbose_name = _("answer")
        verbose_name_plural = _("answers")
        constraints = [
            models.UniqueConstraint(fields=["attempt", "question_id"], name="courses_answer_once_per_question")
        ]

    def __str__(self) -> str:
        return self.question_id
