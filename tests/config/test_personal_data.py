"""Every model that points at a person is part of a copy of the data, or says here why it is not."""

from collections.abc import Iterator

import pytest
from django.apps import apps
from django.db import models
from wagtail.models import Page

from accounts.models import User
from members.registry.personal_data import all_exports
from members.services import personal_data  # noqa: F401 -- declares the tables of the copy
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db

# What people did in their work for the League: it is in the log of what they did, not in their own data.
WORK = {
    "courses.CourseFacilitator",
    "members.Announcement",
    "members.CardToken",
    "members.DuplicateCase",
    "members.HardshipRequest",
    "members.ImportBatch",
    "members.MemberExport",
    "members.MergeRecord",
    "members.Transfer",
    "members.AppealVote",
    "members.Decision",
    "members.ExpulsionVote",
    "members.InformationRequest",
    "members.LicenceCheck",
    "members.Payment",
    "members.ReviewNote",
    "members.Waiver",
}
# Hashes by which the same person is found twice; a copy would say nothing.
PLUMBING_OF_DUPLICATES = {"members.IdentityIndex", "members.IdentityKey"}
# Lines of files whose contents are in the records they made.
# What happened, of which `notifications.Item` and `notifications.Message` are the person's own part.
PLUMBING = {"notifications.Event", "notifications.Delivery", "members.ImportRow"} | PLUMBING_OF_DUPLICATES
OURS = ("accounts", "courses", "forum", "members", "notifications", "account", "mfa", "usersessions")


def pointing_at_people() -> Iterator[type[models.Model]]:
    for model in apps.get_models():
        if model._meta.app_label in OURS and not issubclass(model, User | Page):
            fields = [field for field in model._meta.concrete_fields if field.related_model is User]
            if fields:
                yield model


def test_every_model_about_a_person_is_in_the_copy() -> None:
    person = UserFactory()
    copied = {export.collect(person).model for export in all_exports()}

    missing = {model._meta.label for model in pointing_at_people() if model._meta.label not in copied | WORK | PLUMBING}

    assert missing == set()
