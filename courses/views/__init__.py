"""Pages of the app, by noun."""

from courses.views.certificates import (
    certificate_list,
    certificate_lookup,
    certificate_pdf,
    certificate_verify,
)
from courses.views.courses import course_detail, course_index, module_detail
from courses.views.enrolments import enrolment_continue, enrolment_create, enrolment_withdraw
from courses.views.lessons import lesson_detail, lesson_done, lesson_preview
from courses.views.quizzes import attempt_create, attempt_detail, attempt_save

__all__ = [
    "attempt_create",
    "attempt_detail",
    "attempt_save",
    "certificate_list",
    "certificate_lookup",
    "certificate_pdf",
    "certificate_verify",
    "course_detail",
    "course_index",
    "enrolment_continue",
    "enrolment_create",
    "enrolment_withdraw",
    "lesson_detail",
    "lesson_done",
    "lesson_preview",
    "module_detail",
]
