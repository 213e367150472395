"""Editors publish, move and delete pages; units follow. People ask about their data: courses answer."""

import uuid
from typing import Any

from django.db.models.signals import post_delete
from django.dispatch import receiver
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from wagtail.models import Page
from wagtail.signals import page_published, page_unpublished, post_page_move

from courses import services
from courses.models import Course, CoursePage, LessonPage, ModulePage, Unit
from courses.services import personal_data
from members.registry.personal_data import register_eraser, register_export


def _sync(*course_keys: uuid.UUID | None) -> None:
    for key in {key for key in course_keys if key is not None}:
        services.sync_course(key, at=timezone.now())


def _course_key(page: Page) -> uuid.UUID | None:
    if isinstance(page, CoursePage):
        return page.translation_key
    return CoursePage.objects.ancestor_of(page).values_list("translation_key", flat=True).first()


@receiver([page_published, page_unpublished])
def sync_after_publication(instance: Page, **_kwargs: Any) -> None:
    if isinstance(instance, CoursePage | ModulePage | LessonPage):
        _sync(_course_key(instance))


@receiver(post_page_move)
def sync_after_move(instance: Page, parent_page_before: Page, parent_page_after: Page, **_kwargs: Any) -> None:
    """A lesson moved to another course leaves one and joins the other."""
    if isinstance(instance.specific, CoursePage | ModulePage | LessonPage):
        _sync(_course_key(instance.specific), _course_key(parent_page_before.specific))


@receiver(post_delete, sender=LessonPage)
def sync_after_lesson_deleted(instance: LessonPage, **_kwargs: Any) -> None:
    """The page is gone, its unit tells the course."""
    _sync(Unit.objects.filter(pk=instance.translation_key).values_list("course_id", flat=True).first())


@receiver(post_delete, sender=CoursePage)
def sync_after_course_deleted(instance: CoursePage, **_kwargs: Any) -> None:
    _sync(Course.objects.filter(pk=instance.translation_key).values_list("pk", flat=True).first())


register_export("courses.enrolments", _("Enrolments"), personal_data.enrolments_of)
register_export("courses.progress", _("Progress in courses"), personal_data.progress_of)
register_export("courses.attempts", _("Attempts at quizzes"), personal_data.attempts_of)
register_export("courses.answers", _("Answers in quizzes"), personal_data.answers_of)
register_export("courses.certificates", _("Certificates"), personal_data.certificates_of)
register_eraser("courses", personal_data.forget_learner)
