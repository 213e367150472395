from functools import partial

from django.apps import apps
from django.core.files.storage import Storage
from django.db import transaction
from django.db.models import FileField, Model, Q
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
from forum.models import Clock, Post, Reaction
from pages.models import HomePage, SiteText

# Members and applicants who are no accounts of the list.
FICTIONAL = r"^([a-z]{2}[0-9]{3}|applicant-[a-z]{2}[0-9]{2})@example\.org$"


OURS = "@example.org"


class StrangersAreHere(Exception):
    """Raised when people outside the demo have records: those are not the demo's to remove."""

    def __init__(self, count: int) -> None:
        super().__init__(count)
        self.count = count


class StrangersLearnHere(StrangersAreHere):
    """Raised for learning records."""


class StrangersWriteHere(StrangersAreHere):
    """Raised for what somebody wrote in the forum, or said to it with a reaction."""


@transaction.atomic
def remove_demo(emails: list[str]) -> None:
    """Remove the site's pages, the forum, every record of learning and membership, the chapters and the accounts named.

    Records point at each other with PROTECT, so they go in order: what points before what it points at. Accounts that
    somebody made by hand stay. Raises StrangersLearnHere or StrangersWriteHere with nothing removed.
    """
    _refuse_for_strangers()
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
    _empty([Unit, Course, SiteText])
    _empty_app("forum")
    Clock.objects.create(pk=Clock.ONLY)
    _empty_app("members")
    User.objects.filter(Q(email__in=emails) | Q(email__regex=FICTIONAL)).delete()


def _refuse_for_strangers() -> None:
    learners = set(Enrolment.objects.exclude(user__email__iendswith=OURS).values_list("user", flat=True))
    if learners:
        raise StrangersLearnHere(len(learners))
    writers = set(Post.objects.exclude(author__email__iendswith=OURS).values_list("author", flat=True))
    writers |= set(Reaction.objects.exclude(user__email__iendswith=OURS).values_list("user", flat=True))
    if writers:
        raise StrangersWriteHere(len(writers))


def _empty_app(label: str) -> None:
    """Remove every row of an app, whatever protects it: they all go, and the database checks at the commit.

    Their files go once that is done.
    """
    for model in apps.get_app_config(label).get_models(include_auto_created=True):
        for field in model._meta.local_fields:
            if isinstance(field, FileField):
                names = list(model._base_manager.exclude(**{field.name: ""}).values_list(field.name, flat=True))
                transaction.on_commit(partial(_delete_files, field.storage, names))
        model._base_manager.all()._raw_delete(model._base_manager.db)


def _delete_files(storage: Storage, names: list[str]) -> None:
    for name in names:
        storage.delete(name)


def _empty(models: list[type[Model]]) -> None:
    for model in models:
        model._default_manager.all().delete()
