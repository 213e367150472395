"""Whoever opens a member's matters in the office leaves one event behind."""

from collections.abc import Callable

import pytest
from django.db import models
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from audit.models import AuditEvent
from courses.models import CourseIndexPage
from members.choices import BatchStatus, Country, OfficeRole
from members.models import DuplicateCase, ImportBatch, Transfer
from tests.factories.accounts import UserFactory
from tests.factories.cpd import CpdClaimFactory
from tests.factories.members import ChapterFactory
from tests.factories.membership import ApplicationFactory, InvoiceFactory, LicenceFactory, MembershipFactory
from tests.factories.office import holder_of

pytestmark = pytest.mark.django_db

Opened = tuple[str, models.Model]  # the address, and what the event is about


def application(_viewer: User) -> Opened:
    made = ApplicationFactory(status="submitted")
    return f"applications/{made.pk}/", made


def membership(_viewer: User) -> Opened:
    made = MembershipFactory()
    return f"memberships/{made.pk}/", made


def licence(_viewer: User) -> Opened:
    made = LicenceFactory(user=MembershipFactory().user)
    return f"licences/{made.pk}/", made


def transfer(_viewer: User) -> Opened:
    member = MembershipFactory()
    there = ChapterFactory(country=Country.UZBEKISTAN)
    made = Transfer.objects.create(
        membership=member, from_chapter=member.chapter, to_chapter=there, asked_at=timezone.now()
    )
    return f"transfers/{made.pk}/", made


def invoice(_viewer: User) -> Opened:
    made = InvoiceFactory(membership=MembershipFactory())
    return f"dues/{made.pk}/", made


def claim(_viewer: User) -> Opened:
    made = CpdClaimFactory(user=MembershipFactory().user)
    return f"cpd/{made.pk}/", made


def ledger(_viewer: User) -> Opened:
    made = MembershipFactory()
    return f"cpd/ledgers/{made.pk}/", made


def batch(viewer: User) -> Opened:
    made = ImportBatch.objects.create(
        uploaded_by=viewer, name="members.csv", status=BatchStatus.CHECKED, created_at=timezone.now()
    )
    return f"memberimport/{made.pk}/", made


def cards(viewer: User) -> Opened:
    return "cards/?number=KZ-00012", viewer


VIEWS: list[tuple[Callable[[User], Opened], str]] = [
    (application, "members.application_viewed"),
    (membership, "members.membership_viewed"),
    (licence, "members.licence_viewed"),
    (transfer, "members.transfer_viewed"),
    (invoice, "members.invoice_viewed"),
    (claim, "members.cpd_claim_viewed"),
    (ledger, "members.cpd_ledger_viewed"),
    (batch, "members.import_viewed"),
    (cards, "members.cards_viewed"),
]


@pytest.mark.parametrize(("make", "action"), VIEWS)
def test_opening_writes_one_event(
    make: Callable[[User], Opened],
    action: str,
    client: Client,
    catalogues: dict[str, CourseIndexPage],
    settings: Settings,
) -> None:
    settings.REQUIRE_STAFF_MFA = False
    registrar = holder_of(OfficeRole.REGISTRAR)
    path, subject = make(registrar)
    before = AuditEvent.objects.count()

    client.force_login(UserFactory(is_superuser=True))
    client.get(f"/admin/{path}")
    assert AuditEvent.objects.count() == before
    client.force_login(registrar)
    assert client.get(f"/admin/{path}").status_code == 200

    assert AuditEvent.objects.count() == before + 1
    event = AuditEvent.objects.about(subject).get(action=action)
    assert event.actor_id == registrar.pk
    if not isinstance(subject, ImportBatch | User):
        assert event.person_id is not None
        assert event.chapter_id is not None


def test_opening_a_duplicate_writes_one_event_for_each_person(
    client: Client, catalogues: dict[str, CourseIndexPage], settings: Settings
) -> None:
    settings.REQUIRE_STAFF_MFA = False
    first, second = UserFactory(), UserFactory()
    case = DuplicateCase.objects.create(first=first, second=second, found_at=timezone.now())
    client.force_login(holder_of(OfficeRole.REGISTRAR))

    assert client.get(f"/admin/duplicate/{case.pk}/").status_code == 200

    events = AuditEvent.objects.filter(action="members.duplicate_viewed")
    assert {event.person_id for event in events} == {first.pk, second.pk}
