from django.db import models
from django.utils.translation import gettext_lazy as _


class Subject(models.TextChoices):
    COURTROOM_ADVOCACY = "courtroom_advocacy", _("Courtroom advocacy")
    JURY_TRIALS = "jury_trials", _("Jury trials")
    STRATEGIC_LITIGATION = "strategic_litigation", _("Strategic litigation")
    LEADERSHIP = "leadership", _("Leadership")


class TeachingRole(models.TextChoices):
    AUTHOR = "author", _("author")
    FACILITATOR = "facilitator", _("facilitator")


class Pace(models.TextChoices):
    SELF_PACED = "self", _("At your own pace")
    TUTORED = "tutored", _("With a facilitator")


class UnitKind(models.TextChoices):
    LESSON = "lesson", _("lesson")
    QUIZ = "quiz", _("quiz")


class QuestionKind(models.TextChoices):
    SINGLE = "single", _("one right answer")
    MULTIPLE = "multiple", _("several right answers")
    TRUE_FALSE = "truefalse", _("true or false")


class AttemptState(models.TextChoices):
    OPEN = "open", _("in progress")
    SUBMITTED = "submitted", _("submitted")


class RunState(models.TextChoices):
    """What a run's four dates and the moment say; computed by `courses.models.run_state`, stored nowhere."""

    TO_BE_SCHEDULED = "to_be_scheduled", _("dates to be announced")
    FUTURE_NOT_YET_OPEN = "future_not_yet_open", _("enrolment has not opened yet")
    FUTURE_OPEN = "future_open", _("enrolment is open")
    FUTURE_CLOSED = "future_closed", _("enrolment is closed, starts soon")
    ONGOING_OPEN = "ongoing_open", _("running, enrolment is open")
    ONGOING_CLOSED = "ongoing_closed", _("running, enrolment is closed")
    ARCHIVED_OPEN = "archived_open", _("ended, materials stay open")
    ARCHIVED_CLOSED = "archived_closed", _("ended")


class CertificateStatus(models.TextChoices):
    VALID = "valid", _("Valid")
    REVOKED = "revoked", _("Revoked")
    SUPERSEDED = "superseded", _("Superseded")
