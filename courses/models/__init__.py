from courses.models.certificates import Certificate, CertificateCounter
from courses.models.learning import Enrolment, UnitProgress
from courses.models.outlines import Outline, OutlineLesson, OutlineModule, load_outline
from courses.models.pages import (
    CourseCountry,
    CourseFacilitator,
    CourseIndexPage,
    CoursePage,
    LessonPage,
    ModulePage,
)
from courses.models.quizzes import AttemptAnswer, QuizAttempt
from courses.models.runs import OPEN_STATES, Course, CourseRun, RunDates, Unit, run_state

__all__ = [
    "OPEN_STATES",
    "AttemptAnswer",
    "Certificate",
    "CertificateCounter",
    "Course",
    "CourseCountry",
    "CourseFacilitator",
    "CourseIndexPage",
    "CoursePage",
    "CourseRun",
    "Enrolment",
    "LessonPage",
    "ModulePage",
    "Outline",
    "OutlineLesson",
    "OutlineModule",
    "QuizAttempt",
    "RunDates",
    "Unit",
    "UnitProgress",
    "load_outline",
    "run_state",
]
