from django.db import transaction
from django.db.models import Model
from wagtail.models import Page

from accounts.models import User
from courses.models import (
    AttemptAnswer,
    Certificate,
    CertificateCounter,
    Course,
    CourseRun,
    Enrolment,
    QuizAttempt,
    Unit,
    UnitProgress,
)
from members.models import Chapter, OfficeTerm, Profile
from pages.models import HomePage, SiteText


@transaction.atomic
def remove_demo(emails: list[str]) -> None:
    """Remove the site's pages, every record of learning, the chapters and the accounts named.

    Records point at each other with PROTECT, so they go in order: what points before what it points at. Accounts that
    somebody made by hand stay.
    """
    Certificate.objects.update(superseded_by=None)
    records: list[type[Model]] = [
        Certificate,
        CertificateCounter,
        AttemptAnswer,
        QuizAttempt,
        UnitProgress,
        Enrolment,
        CourseRun,
    ]
    _empty(records)
    for home in HomePage.objects.all():
        Page.objects.get(pk=home.pk).delete()
    Unit.objects.filter(lesson__isnull=False).delete()
    _empty([Unit, Course, SiteText, OfficeTerm, Profile, Chapter])
    User.objects.filter(email__in=emails).delete()


def _empty(models: list[type[Model]]) -> None:
    for model in models:
        model._default_manager.all().delete()
